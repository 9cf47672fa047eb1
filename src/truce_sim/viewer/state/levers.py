"""The controls: every setting as the schema describes it, and the parsing of visitors' input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from truce_sim.config.effects import Effects
from truce_sim.errors import InputError
from truce_sim.settings.fields import FieldInfo, field_at, fields
from truce_sim.settings.nested import at, leaves, put
from truce_sim.settings.quantities import Flag
from truce_sim.viewer.state.presets import defaults, matching_option, options

_NO_LEVERS = ("output.", "sweep.")

#: Settings that name files on the machine that runs the viewer, which no page may choose.
COMMAND_LINE_ONLY = ("scenario.table", "scenario.path")
_ELSEWHERE = "is set on the command line only, because it names a file of the viewer's machine"

#: The main levers, shown first, each with the range and step of its slider (None: a switch). The
#: field next to a slider accepts any value that the setting allows.
KEY_LEVERS: dict[str, tuple[float, float, float] | None] = {
    "militants.attempts_per_day": (0.0, 2.0, 0.05),
    "militants.spoiler_strength": (0.0, 3.0, 0.1),
    "host.capacity": (0.0, 3.0, 0.05),
    "host.will": (0.0, 1.0, 0.05),
    "home.capacity": (0.0, 3.0, 0.05),
    "home.threshold": (0.5, 15.0, 0.5),
    "home.decision_noise": (0.0, 2.0, 0.05),
    "attribution.false_positive": (0.0, 0.5, 0.01),
    "mediation.relief": (0.0, 1.0, 0.05),
    "mediation.save": (0.0, 1.0, 0.05),
    "mediation.verification.enabled": None,
    "truce.collapse_strikes": (1.0, 10.0, 1.0),
}

#: Tags of sources in words.
SOURCES = {"F": "found", "C": "computed", "A": "assumed", "design": "choice"}

_TITLES = {"": "Draw", "militants": "Militant group", "host": "Host state", "home": "Home state"}


def controls(plain: dict[str, Any], include: Callable[[str], bool]) -> list[dict[str, Any]]:
    """List the controls in groups, as the browser draws them.

    Args:
        plain: A nested configuration, from which the values come.
        include: Whether to show the setting with this path.
    """
    order = list(KEY_LEVERS)
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
            groups["Key levers"].append(entry | _slider(path) | {"label": _full_label(path)})
        groups.setdefault(_title(path), []).append(entry)
    groups["Key levers"].sort(key=lambda entry: order.index(entry["path"]))
    return [{"title": title, "controls": entries} for title, entries in groups.items()]


def plain_name(factor: str) -> str:
    """Return the name of a factor of a sweep on a page: a setting with its unit, or a group."""
    info = field_at(factor)
    if info is None or "." not in factor:
        return factor.replace("_", " ").capitalize()
    return f"{_full_label(factor)}{f' ({info.unit})' if info.unit else ''}"


def fork_in_words(entry: Mapping[str, Any]) -> str:
    """Return what a fork changes, and from when on: "from day 30: verification on"."""
    return f"from day {entry['day']}: " + ", ".join(
        _change_in_words(path, value) for path, value in leaves(entry["set"]).items()
    )


def _change_in_words(path: str, value: object) -> str:
    way = path.split(".")
    if isinstance(value, bool):
        return f"{(way[-2] if way[-1] == 'enabled' else way[-1]).replace('_', ' ')} " + (
            "on" if value else "off"
        )
    return f"{_title(path)} {_label(path)} {as_text(value)}"


def without_effect(plain: dict[str, Any]) -> dict[str, str]:
    """Map the settings that have no effect in a nested configuration to the reason."""
    effects = Effects(plain)
    paths = [path for info in fields() for path in _paths(info, plain)]
    idle = {path: effects.reason(path) for path in paths if not effects.effective(path)}
    return idle | {path: _ELSEWHERE for path in COMMAND_LINE_ONLY if path in paths}


def choices(plain: dict[str, Any]) -> list[dict[str, Any]]:
    """List the presets, each with the option that a configuration matches ("" for none)."""
    return [
        {"group": group, "options": list(names), "value": matching_option(plain, group)}
        for group, names in options().items()
    ]


def put_text(path: str, text: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Put the text entered for a setting into a nested configuration, in place, and return it.

    Raises:
        InputError: There is no such setting, no page may set it, or the text is not a value of
            its type.
    """
    info = field_at(path)
    if info is None:
        raise InputError("no such setting", setting=path)
    if path in COMMAND_LINE_ONLY:
        raise InputError(_ELSEWHERE, setting=path)
    put(plain, path, _value(info, path, text.strip()))
    return plain


def brief(error: InputError, path: str) -> str:
    """Return an error as shown next to the control for `path`."""
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
        "help": info.meaning,
        "symbol": info.symbol,
        "allowed": info.allowed,
        "source": SOURCES[info.source],
        "options": ["true", "false"] if isinstance(info.meta, Flag) else list(info.options),
    }


def _slider(path: str) -> dict[str, Any]:
    """The range of a lever's slider, and where the default lies in it, as a share."""
    reach, usual = KEY_LEVERS[path], defaults()[path]
    if reach is None:
        return {}
    low, high, step = reach
    share = (min(max(usual, low), high) - low) / (high - low)
    return {"slider": {"low": low, "high": high, "step": step, "usual": share,
                       "default": as_text(usual)}}  # fmt: skip


def _full_label(path: str) -> str:
    return f"{_title(path)}: {_label(path)}"


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
