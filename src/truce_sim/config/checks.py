"""Checks of single settings: type and range, as the schema gives them.

pydantic does the work; its errors become an `InputError`. Rules between settings are in `rules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from truce_sim.border.dates import days_for_dates
from truce_sim.config.tokens import plain_value
from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import INTERVENTIONS, by_path, declared, field_at, groups
from truce_sim.settings.gone import GONE, taken_out
from truce_sim.settings.quantities import Quantity
from truce_sim.settings.schema import Config

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

#: What is allowed where no field says so.
_ALLOWED = {
    "mediation.mediators": "a mapping <name>: {call: <number>, skill: <number>}; "
    "{} in an intervention removes all mediators",
    "mediation.mediators.<name>": "{call: <number>, skill: <number>}",
}

_KINDS = {
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
    "string_type": "is not text",
    "list_type": "is not a list",
    "dict_type": "is not a mapping",
    "dataclass_type": "is a single value, but a group of settings is expected",
    "unexpected_keyword_argument": "no such setting",
}


# ── each setting by itself ───────────────────────────────────────────────────────────────────


def build_config(plain: Mapping[str, Any]) -> Config:
    """Build a Config from nested mappings of plain values; missing ones get the schema's default.

    A border from a table is of kind `table`, even if only the table was given, and one from a
    border folder of kind `folder`. Dates of talks and interventions become days.

    Raises:
        InputError: an unknown setting, a wrong type, a value out of range, NaN.
    """
    from pydantic import ValidationError

    try:
        refuse_targets(plain)
        config = _adapter().validate_python(days_for_dates(plain))
    except ValidationError as error:
        raise from_pydantic(error) from None
    except RecursionError:
        raise InputError("is nested too deeply", value=plain) from None
    if config.scenario.kind == "durand" and (config.scenario.path or config.scenario.table):
        config.scenario.kind = "folder" if config.scenario.path else "table"
    return config


KIND = "scenario.kind"
#: The settings that give a border of one's own, and the kind that follows.
_OWN_BORDERS = {"table": "table", "path": "folder"}


def has_own_border(scenario: Mapping[str, object]) -> bool:
    """Say whether settings of a scenario give the table or folder of a border."""
    return any(scenario[name] for name in _OWN_BORDERS)


def refuse_two_borders(given: Mapping[str, object], scenario: Mapping[str, object]) -> None:
    """Refuse the de facto line by name together with the table or folder of another border.

    The table or folder would replace it.

    Args:
        given: what the user gave a value, by setting.
        scenario: the `table` and `path` that apply where `given` has none.

    Raises:
        InputError: both were given.
    """
    if given.get(KIND) != "durand":
        return
    for name, kind in _OWN_BORDERS.items():
        other = given.get(f"scenario.{name}", scenario[name])
        if other is not None and str(other):
            raise InputError(
                f"is the de facto line, but a {kind} of another border is given (scenario.{name})",
                setting=KIND, value="durand",
                allowed=f"{KIND}={kind}, or scenario.{name} alone, or scenario.{name}=''",
            )  # fmt: skip


@cache
def _adapter() -> TypeAdapter[Config]:
    from pydantic import TypeAdapter

    return TypeAdapter(Config)


def from_pydantic(error: ValidationError, part: str = "") -> InputError:
    """Return the first error that pydantic found as an InputError.

    Args:
        error: what pydantic raised.
        part: path of the part of the configuration that was checked; "" for the whole.
    """
    first = error.errors(include_url=False)[0]
    path, value, kind = dotted_path(first["loc"]), first["input"], first["type"]
    path = f"{part}.{path}".removeprefix(".")
    if kind == "unexpected_keyword_argument":
        return unknown_setting(path)
    info = field_at(path.split("[", 1)[0])
    problem = _KINDS.get(kind) or _range_problem(first, value)
    allowed = info.allowed if info else _ALLOWED.get(declared(path), "settings of this group")
    suggestion = closest(str(value), info.options) if info else ""
    return InputError(
        problem, setting=path, value=_given(value), allowed=allowed, suggestion=suggestion
    )


def whole_number(path: str, value: object) -> int:
    """Return the value of a setting that is a whole number, given as a number of any kind.

    Raises:
        InputError: it is not whole or is out of range; true and false are not numbers.
    """
    info = field_at(path)
    assert info is not None
    assert isinstance(info.meta, Quantity)
    number = plain_value(path, value)
    if isinstance(number, bool) or not isinstance(number, int):
        problem = "is not a whole number"
    elif not info.meta.low <= number <= info.meta.high:
        problem = "is out of range"
    else:
        return number
    raise InputError(problem, setting=path, value=_given(number), allowed=info.allowed)


def _given(value: object) -> object:
    return "null" if value is None else value


def _range_problem(first: Mapping[str, Any], value: object) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "is not a number"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return "is out of range"


def dotted_path(location: Iterable[str | int]) -> str:
    """Write a location as a path: ("mediation", "calendar", 1) is "mediation.calendar[1]"."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def unknown_setting(path: str, options: Iterable[str] = ()) -> InputError:
    """Return the error for a setting that does not exist, suggesting the most similar names.

    Args:
        path: the unknown setting.
        options: other valid names, such as config groups.
    """
    if path.rsplit(".", 1)[-1].startswith("_") and path.endswith("_"):
        return refused_target(path)
    if path in GONE:
        return taken_out(path)
    known = [p for p in by_path() if "<name>" not in p]
    return InputError("no such setting", setting=path, suggestion=closest(path, [*known, *options]))


def refuse_index(key: str) -> None:
    """Refuse a single entry of a list as a setting; Hydra accepts one from 1.4 on.

    Args:
        key: what an override sets.

    Raises:
        InputError: with the setting that holds the whole list.
    """
    whole, bracket, _ = key.partition("[")
    if bracket:
        info = field_at(whole)
        single = whole in groups() or (info is not None and not info.type.startswith("list"))
        entry = "is one entry of a list, which can only be set as a whole"
        problem = "is not a list" if single else entry
        raise InputError(problem, setting=key, allowed=how_to_write(whole))


def how_to_write(path: str) -> str:
    """Return how an override gives a setting a value: `home.threshold=<value>`."""
    if path == INTERVENTIONS:
        return f"'{path}=[{{day: 30, set: {{home.threshold: 5}}}}]'"
    info = field_at(path)
    if info is None and path not in groups():
        return "<setting>=<value>"
    if info is None:
        return f"{path}.<setting>=<value>"
    return f"{path}={'[1,2]' if info.type.startswith('list') else '<value>'}"


# ── nothing is executed ──────────────────────────────────────────────────────────────────────


def refuse_targets(node: object, path: str = "") -> None:
    """Refuse a configuration that contains a `_target_` anywhere.

    Args:
        node: a configuration or any part of one.
        path: where `node` is in the whole.

    Raises:
        InputError: with the path of the first one.
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            where = f"{path}.{key}".removeprefix(".")
            if "_target_" in str(key):
                raise refused_target(where)
            refuse_targets(value, where)
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            refuse_targets(value, f"{path}[{i}]")


def refused_target(path: str) -> InputError:
    """Return the error for a `_target_`, which would make Hydra run code."""
    return InputError(
        "is not allowed: a configuration holds only values, and nothing in it is executed",
        setting=path,
        allowed="settings only",
    )
