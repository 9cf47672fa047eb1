"""The controls: every setting as the schema describes it, and the parsing of visitors' input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from truce_sim.config.effects import Effects
from truce_sim.errors import InputError
from truce_sim.settings.fields import FieldInfo, field_at, fields
from truce_sim.settings.nested import at, put
from truce_sim.settings.quantities import Flag
from truce_sim.viewer.state.presets import matching_option, options

_NO_LEVERS = ("output.", "sweep.")

#: The main levers of policy, shown first.
KEY_LEVERS = (
    "home.threshold", "home.capacity", "host.capacity", "host.will", "militants.attempts_per_day",
    "militants.spoiler_strength", "attribution.false_positive", "mediation.verification.enabled",
    "mediation.relief", "truce.collapse_strikes",
)  # fmt: skip

_TITLES = {"": "Draw", "militants": "Militant group", "host": "Host state", "home": "Home state"}


def controls(plain: dict[str, Any], include: Callable[[str], bool]) -> list[dict[str, Any]]:
    """List the controls in groups, as the browser draws them.

    Args:
        plain: A nested configuration, from which the values come.
        include: Whether to show the setting with this path.
    """
    listed = [
        (path, info)
        for info in fields()
        if not info.path.startswith(_NO_LEVERS)
        for path in _paths(info, plain)
        if include(path)
    ]
    groups: dict[str, list[dict[str, Any]]] = {"Key levers": []}
    for path, info in listed:
        entry = _control(path, info, plain)
        if path in KEY_LEVERS:
            groups["Key levers"].append(entry | {"label": f"{_title(path)}: {entry['label']}"})
        groups.setdefault(_title(path), []).append(entry)
    return [{"title": title, "controls": entries} for title, entries in groups.items()]


def without_effect(plain: dict[str, Any]) -> dict[str, str]:
    """Map the settings that have no effect in a nested configuration to the reason."""
    effects = Effects(plain)
    paths = [path for info in fields() for path in _paths(info, plain)]
    return {path: effects.reason(path) for path in paths if not effects.effective(path)}


def choices(plain: dict[str, Any]) -> list[dict[str, Any]]:
    """List the presets, each with the option that a configuration matches ("" for none)."""
    return [
        {"group": group, "options": list(names), "value": matching_option(plain, group)}
        for group, names in options().items()
    ]


def put_text(path: str, text: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Put the text entered for a setting into a nested configuration, in place, and return it.

    Raises:
        InputError: There is no such setting, or the text is not a value of its type.
    """
    info = field_at(path)
    if info is None:
        raise InputError("no such setting", setting=path)
    put(plain, path, _value(info, path, text.strip()))
    return plain


def brief(error: InputError, path: str) -> str:
    """Return an error as shown beside the control for `path`."""
    about = "" if error.setting in ("", path) else f"{error.setting}: "
    allowed = f"; allowed: {error.allowed}" if error.allowed else ""
    return f"{about}{error.problem}{allowed}"


def as_text(value: object) -> str:
    """Return a value as a visitor would enter it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _control(path: str, info: FieldInfo, plain: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": path,
        "label": _label(path),
        "text": as_text(at(plain, path)),
        "unit": info.unit,
        "help": info.meaning + (f" ({info.symbol})" if info.symbol else ""),
        "allowed": info.allowed,
        "source": info.source,
        "options": ["true", "false"] if isinstance(info.meta, Flag) else list(info.options),
    }


def _paths(info: FieldInfo, plain: dict[str, Any]) -> list[str]:
    if "<name>" not in info.path:
        return [info.path]
    return [info.path.replace("<name>", name) for name in plain["mediation"]["mediators"]]


def _title(path: str) -> str:
    group = path.split(".")[0] if "." in path else ""
    return _TITLES.get(group) or group.capitalize()


def _label(path: str) -> str:
    """The last part in words, after the name of its mediator or subgroup."""
    *way, last = path.split(".")
    words = last.replace("_", " ")
    return f"{way[-1]}: {words}" if len(way) > 1 else words


def _value(info: FieldInfo, path: str, text: str) -> object:
    """Text as a value of the setting's type; the configuration checks ranges."""
    if info.type == "bool":
        return text == "true"
    if info.type == "str":
        return text
    try:
        if info.type == "list[int]":
            return [int(part) for part in text.split(",") if part.strip()]
        return int(text) if info.type == "int" else _number(text)
    except ValueError:
        whole = "a whole number" if "int" in info.type else "a number"
        raise InputError(
            f"is not {whole}", setting=path, value=text, allowed=info.allowed
        ) from None


def _number(text: str) -> float:
    return math.inf if text in (".inf", "∞") else float(text)
