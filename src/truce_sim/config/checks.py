"""Checking each setting by itself: its type and its range, from the schema.

It is pydantic's work; what it finds becomes an `InputError`. What must hold between settings stands
in `rules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import by_path, field_at
from truce_sim.settings.schema import Config

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

_KINDS = {
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
    "string_type": "is not text",
    "list_type": "is not a list",
    "dict_type": "is not a mapping",
    "dataclass_type": "is a single value where a group of settings belongs",
    "unexpected_keyword_argument": "no such setting",
}


# ── each setting by itself ───────────────────────────────────────────────────────────────────


def typed(plain: Mapping[str, Any]) -> Config:
    """Return nested mappings of plain values as a Config, with the schema's defaults for the rest.

    Raises:
        InputError: an unknown setting, a wrong type, a value out of range, NaN.
    """
    from pydantic import ValidationError

    refuse_targets(plain)
    try:
        return _adapter().validate_python(plain)
    except ValidationError as error:
        raise from_pydantic(error) from None


@cache
def _adapter() -> TypeAdapter[Config]:
    from pydantic import TypeAdapter

    return TypeAdapter(Config)


def from_pydantic(error: ValidationError) -> InputError:
    """Return the first thing that pydantic found as an InputError."""
    first = error.errors(include_url=False)[0]
    path, value, kind = dotted(first["loc"]), first["input"], first["type"]
    if kind == "unexpected_keyword_argument":
        return unknown(path)
    info = field_at(path.split("[", 1)[0])
    problem = _KINDS.get(kind) or _range_problem(first, value)
    allowed = info.allowed if info else "settings of that group"
    suggestion = closest(str(value), info.options) if info else ""
    return InputError(
        problem, setting=path, value=_given(value), allowed=allowed, suggestion=suggestion
    )


def _given(value: object) -> object:
    return "null" if value is None else value


def _range_problem(first: Mapping[str, Any], value: object) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "is not a number"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return "is out of range"


def dotted(location: Iterable[str | int]) -> str:
    """Return a location as a path: ("mediation", "calendar", 1) is "mediation.calendar[1]"."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def unknown(path: str, options: Iterable[str] = ()) -> InputError:
    """Return the error for a setting that does not exist, with the most similar that do.

    `options` are further names that would have been right, such as config groups.
    """
    if path.rsplit(".", 1)[-1].startswith("_") and path.endswith("_"):
        return target(path)
    known = [p for p in by_path() if "<name>" not in p]
    return InputError("no such setting", setting=path, suggestion=closest(path, [*known, *options]))


# ── nothing is executed ──────────────────────────────────────────────────────────────────────


def refuse_targets(node: object, path: str = "") -> None:
    """Refuse a configuration that holds a `_target_`, wherever it is.

    Raises:
        InputError: with the path of the first one.
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            where = f"{path}.{key}".removeprefix(".")
            if "_target_" in str(key):
                raise target(where)
            refuse_targets(value, where)
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            refuse_targets(value, f"{path}[{i}]")


def target(path: str) -> InputError:
    """Return the error for an instruction to Hydra in the place of a setting."""
    return InputError(
        "is refused: a configuration holds values, nothing in it is executed",
        setting=path,
        allowed="settings only",
    )
