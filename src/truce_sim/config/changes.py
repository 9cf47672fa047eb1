"""Typed changes to a checked configuration: each new value is checked; nothing is composed again.

`Setup.with_changes` is the entry point. Values are Python's, as rows of a table give them: a numpy
number counts as Python's, and 7.0 as 7 where a whole number is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from truce_sim.config.checks import from_pydantic, unknown_setting
from truce_sim.config.params import is_alone
from truce_sim.config.tokens import group_paths, plain_value
from truce_sim.errors import InputError
from truce_sim.settings.fields import field_at, seasonal
from truce_sim.settings.nested import merge
from truce_sim.settings.schema import Config

#: Parts of the configuration whose values go to PARAMS as they are, and nowhere else.
_IN_PARAMS = ("militants", "home", "host", "attribution", "belief", "mediation", "truce", "frailty")

#: Parts, and settings outside any part, that no rule of the model reads.
_BESIDE = ("seed", "replicate", "output", "sweep")
_START = "scenario.start_date"


def flatten(changes: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, plain value) of every setting and group that a mapping changes.

    Args:
        changes: `{"home.threshold": 5}` or nested, `{"home": {"threshold": 5}}`.
        prefix: path of the part that `changes` belongs to, with a dot.

    Raises:
        InputError: it is not a mapping, or a key is not text.
    """
    if getattr(changes, "ndim", 0) == 1 and hasattr(changes, "to_dict"):  # a row of a table
        changes = changes.to_dict()
    if not isinstance(changes, Mapping):
        raise InputError(
            "is not a mapping", setting="changes", value=changes,
            allowed='{"home.threshold": 5}, or a row of a table',
        )  # fmt: skip
    for key, value in changes.items():
        if not isinstance(key, str):
            raise InputError(
                "is not a setting", value=key, allowed="a dotted path such as home.threshold"
            )
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and path in group_paths():
            yield from flatten(value, f"{path}.")
        else:
            yield path, plain_value(path, value)


def is_beside(path: str) -> bool:
    """Whether no rule of the model reads a setting: seeds, output, the sweep's own, dates."""
    return path.split(".", 1)[0] in _BESIDE or path == _START


def is_quick(config: Config, path: str) -> bool:
    """Whether changing a setting leaves the border, the regimes and the mediators' names
    unchanged."""
    info = field_at(path)
    if info is None or info.type.startswith("list"):
        return False
    if path.startswith("mediation.mediators."):
        return path.split(".")[2] in config.mediation.mediators
    if path == _START:  # rules with a season read it
        return not seasonal()
    return is_beside(path) or (path.split(".", 1)[0] in _IN_PARAMS and is_alone(path))


def change_config(config: Config, values: Mapping[str, Any]) -> Config:
    """Return a configuration with other values, each checked by itself; the old one is unchanged.

    Args:
        config: a checked configuration.
        values: path -> value, of settings for which `is_quick` is true.

    Raises:
        InputError: a wrong type, a value out of range, NaN.
    """
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *way, last = path.split(".")
        place = tree
        for name in way:
            place = place.setdefault(name, {})
        place[last] = value
    changed: Config = _changed(config, tree, "")
    return changed


def _changed(part: Any, tree: Mapping[str, Any], path: str) -> Any:
    """Return a part of a configuration with other values, checked by pydantic."""
    from pydantic import ValidationError

    held = part if isinstance(part, dict) else part.__dict__
    new = {
        name: _changed(held[name], value, f"{path}.{name}".lstrip("."))
        if isinstance(value, dict) else value
        for name, value in tree.items()
    }  # fmt: skip
    if isinstance(part, dict):
        return part | new
    try:
        return replace(part, **new)
    except ValidationError as error:
        raise from_pydantic(error, path) from None


def apply(plain: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Change settings of any kind in nested plain values, in place, merging as Hydra does.

    Raises:
        InputError: there is no such setting.
    """
    for path, value in values.items():
        try:
            merge(plain, path, value)
        except KeyError:
            raise unknown_setting(path) from None
