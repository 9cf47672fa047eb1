"""Checking a configuration: each setting against its range, then one against another.

The first is pydantic's work, from the schema; what it finds becomes an `InputError`. The second
are the rules below, one function each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from truce_sim.border.border import Border, check_table_choice
from truce_sim.config.branching import check_branching
from truce_sim.engine.params import MAX_CALENDAR, MAX_MEDIATORS
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


# ── one setting against another ──────────────────────────────────────────────────────────────


def check_together(config: Config, border: Border) -> None:
    """Check settings against each other and against the border.

    Raises:
        InputError: with the paths and numbers that do not fit together.
    """
    check_settings(config)
    check_branching(config, border)


def check_settings(config: Config) -> None:
    """Check settings against each other, as far as that needs no border."""
    for rule in _RULES:
        rule(config)


def _check_table(config: Config) -> None:
    check_table_choice(config.scenario)


def _check_sectors(config: Config) -> None:
    radius, sectors = config.home.strike_radius, config.border.sectors
    if radius > 0 and radius >= sectors:
        raise InputError(
            f"reaches beyond the border, which has border.sectors={sectors}",
            setting="home.strike_radius",
            value=radius,
            allowed=f"a whole number below {sectors}",
        )


def _check_staging(config: Config) -> None:
    days = config.militants.staging_days
    if 0 < days < 1:
        raise InputError(
            "a band waits whole days or not at all",
            setting="militants.staging_days",
            value=days,
            allowed="0, or a number from 1",
        )


def _check_belief(config: Config) -> None:
    belief = config.belief
    for name in ("committed_hazard", "uncommitted_hazard"):
        hazard = getattr(belief, name)
        if belief.perceived_capability * hazard >= 1:
            raise InputError(
                f"times belief.{name}={hazard:g} is "
                f"{belief.perceived_capability * hazard:g}, which must stay below 1",
                setting="belief.perceived_capability",
                value=belief.perceived_capability,
                allowed=f"a number from 0, below {1 / hazard:g}",
            )


def _check_window(config: Config) -> None:
    window, horizon = config.truce.window_days, config.run.horizon_days
    if window > horizon:
        raise InputError(
            f"is longer than the run, run.horizon_days={horizon}",
            setting="truce.window_days",
            value=window,
            allowed=f"a whole number from 1 up to {horizon}",
        )


def _check_calendar(config: Config) -> None:
    days, horizon = config.mediation.calendar, config.run.horizon_days
    length = config.mediation.round_days
    if len(days) > MAX_CALENDAR:
        raise _calendar(f"has {len(days)} rounds", days, f"at most {MAX_CALENDAR} rounds")
    for i, day in enumerate(days):
        if day >= horizon:
            raise InputError(
                f"is outside the run, run.horizon_days={horizon}",
                setting=f"mediation.calendar[{i}]",
                value=day,
                allowed=f"a day from 0 up to {horizon - 1}",
            )
    for before, after in pairwise(sorted(days)):
        if after - before < length:
            problem = f"rounds of days {before} and {after} overlap, mediation.round_days={length}"
            raise _calendar(problem, days, f"rounds at least {length} days apart")


def _calendar(problem: str, days: list[int], allowed: str) -> InputError:
    return InputError(problem, setting="mediation.calendar", value=days, allowed=allowed)


def _check_mediators(config: Config) -> None:
    names = config.mediation.mediators
    check_number_of_mediators(list(names))
    for name in names:
        if not name or "." in name or "[" in name:
            raise InputError(
                "is no name for a mediator",
                setting="mediation.mediators",
                value=name,
                allowed="a name without dots and brackets",
            )


def check_number_of_mediators(names: Sequence[str]) -> None:
    """Refuse more mediators than a run has places for.

    Raises:
        InputError: naming them.
    """
    if len(names) > MAX_MEDIATORS:
        raise InputError(
            f"{len(names)} mediators are too many",
            setting="mediation.mediators",
            value=", ".join(names),
            allowed=f"at most {MAX_MEDIATORS}",
        )


_RULES: tuple[Callable[[Config], None], ...] = (
    _check_table,
    _check_sectors,
    _check_staging,
    _check_belief,
    _check_window,
    _check_calendar,
    _check_mediators,
)


# ── self-excitation must die out ─────────────────────────────────────────────────────────────
