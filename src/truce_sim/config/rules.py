"""Rules between settings, each written once, for single configurations and for columns.

A rule names the settings it reads, decides whether their values are compatible, and makes the error
if they are not. `check` applies `RULES` to one configuration, `valid_points` to many points. To add
a rule, add it to `RULES`. The range of a single setting is in the schema.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import inf
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border
from truce_sim.border.dates import first_date
from truce_sim.config.branching import branching
from truce_sim.engine.params import MAX_CALENDAR, MAX_MEDIATORS
from truce_sim.errors import InputError
from truce_sim.settings.fields import by_path, seasonal
from truce_sim.settings.schema import Config, ScenarioConfig

Columns = Mapping[str, NDArray[Any]]

#: What rules read besides settings: the border's records, mediators' names, the whole scenario.
SECTORS, MEDIATORS, SCENARIO = "<sectors>", "<mediators>", "<scenario>"


@dataclass(frozen=True)
class Rule:
    """A condition on several settings.

    Attributes:
        reads: dotted paths of the settings that it reads, or `SECTORS`, `MEDIATORS`, `SCENARIO`.
        holds: takes their values in that order and returns whether they are compatible. Settings
            that a sweep fills in by column (numbers and flags) come as numbers or as arrays, so
            write it with & | ~ and numpy, never with `and`, `or`, `if`.
        refusal: makes the error for single values that are incompatible.
    """

    reads: tuple[str, ...]
    holds: Callable[..., Any]
    refusal: Callable[..., InputError]


def check(config: Config, border: Border, changed: Iterable[str] | None = None) -> None:
    """Check settings against each other and against the border.

    Args:
        config: each of its settings is in range.
        border: its border.
        changed: the only settings in which it differs from a checked one with the same border;
            None: check everything.

    Raises:
        InputError: naming the incompatible settings and their values.
    """
    rules = RULES if changed is None else _reading(frozenset(changed))
    for rule in rules:
        values = [_value(config, border, name) for name in rule.reads]
        if not rule.holds(*values):
            raise _blame(rule, values)


@lru_cache(maxsize=256)
def _reading(changed: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that read any of these settings."""
    return tuple(rule for rule in RULES if changed.intersection(rule.reads))


def valid_points(config: Config, border: Border, columns: Columns) -> NDArray[np.bool_]:
    """Return which of many points satisfy all rules.

    Args:
        config: a checked point.
        border: its border.
        columns: setting -> values (points,), each in the setting's range; the only settings in
            which the points differ from the checked one.

    Returns:
        bool (points,). If a rule reads a whole group that contains one of the columns, all are
        False: the points must then be checked one by one.
    """
    fits = np.ones(len(next(iter(columns.values()))), bool)
    for rule in RULES:
        if any(column.startswith(f"{name}.") for name in rule.reads for column in columns):
            return np.zeros_like(fits)
        if columns.keys() & rule.reads:
            values = [
                columns[name] if name in columns else _value(config, border, name)
                for name in rule.reads
            ]
            fits &= rule.holds(*values)
    return fits


def _blame(rule: Rule, values: Sequence[Any]) -> InputError:
    """Return the error of a broken rule, about a setting that the user changed.

    If the setting that the rule blames has its default, but another one does not, and the rule
    would hold if it did, that other one is at fault.
    """
    error = rule.refusal(*values)
    named = error.setting.partition("[")[0]
    blamed = by_path().get(named)
    if blamed is None or values[rule.reads.index(named)] != blamed.default:
        return error
    for i, (path, value) in enumerate(zip(rule.reads, values, strict=True)):
        info = by_path().get(path)
        if path == named or info is None or value == info.default:
            continue

        def holds(other: Any, i: int = i) -> bool:
            return bool(rule.holds(*values[:i], other, *values[i + 1 :]))

        if holds(info.default):
            return InputError(
                f"does not go with {error.setting}={_short(error.value)}: {error.problem}",
                setting=path, value=value,
                allowed=f"{_allowed(info.default, value, holds)}; or {error.setting}: "
                f"{error.allowed}",
            )  # fmt: skip
    return error


def _allowed(default: Any, value: Any, holds: Callable[[Any], bool]) -> str:
    """Say how far a number may move from its default towards a value that breaks a rule."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{_short(default)}, the default"
    good, bad, whole = default, value, isinstance(default, int)
    if math.isinf(default):  # bisection starts from a number
        good = next((good for k in range(1, 60) if holds(good := value * 2.0**k)), default)
        if math.isinf(good) or good == value:
            return f"{_short(default)}, the default"
    for _ in range(60):
        middle = (good + bad) // 2 if whole else (good + bad) / 2
        if middle in (good, bad):
            break
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    if not whole:  # three digits, on the safe side
        unit = 10.0 ** (math.floor(math.log10(max(abs(good), 1e-300))) - 2)
        good = (math.ceil if bad < good else math.floor)(good / unit) * unit
    return f"{good:.6g} or {'more' if value < default else 'less'}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(config: Config, border: Border, name: str) -> Any:
    if name == SECTORS:
        return border.sectors
    if name == MEDIATORS:
        return list(config.mediation.mediators)
    if name == SCENARIO:
        return config.scenario
    return _getter(name)(config)


@cache
def _getter(name: str) -> Callable[[Config], Any]:
    return attrgetter(name)


# ── the rules ────────────────────────────────────────────────────────────────────────────────


def _strike_beyond_border(radius: int, sectors: int) -> InputError:
    return InputError(
        f"reaches beyond the border (border.sectors={sectors})",
        setting="home.strike_radius",
        value=radius,
        allowed=f"a whole number below {sectors}",
    )


def _part_of_a_day(days: float) -> InputError:
    return InputError(
        "a band waits at least a day or not at all",
        setting="militants.staging_days",
        value=days,
        allowed="0, or a number from 1 up",
    )


def _belief(hazard: str) -> Rule:
    """A rule: the share that the host is believed to prevent is a probability under either
    belief."""

    def refusal(capability: float, value: float) -> InputError:
        return InputError(
            f"times {hazard}={value:g} is {capability * value:g}, which must stay below 1",
            setting="belief.perceived_capability",
            value=capability,
            allowed=f"a number from 0 up to, but not including, {1 / value:g}",
        )

    reads = ("belief.perceived_capability", hazard)
    return Rule(reads, lambda capability, value: capability * value < 1, refusal)


def _window_beyond_run(window: int, horizon: int) -> InputError:
    return InputError(
        f"is longer than the run (run.horizon_days={horizon})",
        setting="truce.window_days",
        value=window,
        allowed=f"a whole number from 1 up to {horizon}",
    )


def _eased_above_strain(eased: float, strained: float) -> InputError:
    return InputError(
        f"the strain would ease before it begins (truce.strained_at={strained:g})",
        setting="truce.eased_below",
        value=eased,
        allowed=f"a number from 0 up to {strained:g}",
    )


def _too_many_rounds(days: list[int]) -> InputError:
    return _calendar(f"has {len(days)} rounds", days, f"at most {MAX_CALENDAR} rounds")


def _round_beyond_run(days: list[int], horizon: int) -> InputError:
    i = next(i for i, day in enumerate(days) if day >= horizon)
    return InputError(
        f"is outside the run (run.horizon_days={horizon})",
        setting=f"mediation.calendar[{i}]",
        value=days[i],
        allowed=f"a day from 0 up to {horizon - 1}",
    )


def _least_gap(days: list[int]) -> float:
    """Days between the two closest scheduled rounds."""
    return min((after - before for before, after in pairwise(sorted(days))), default=inf)


def _rounds_overlap(days: list[int], length: int) -> InputError:
    near = next((a, b) for a, b in pairwise(sorted(days)) if b - a < length)
    problem = f"the rounds on days {near[0]} and {near[1]} overlap (mediation.round_days={length})"
    return _calendar(problem, days, f"rounds at least {length} days apart")


def _calendar(problem: str, days: list[int], allowed: str) -> InputError:
    return InputError(problem, setting="mediation.calendar", value=days, allowed=allowed)


def too_many_mediators(names: Sequence[str]) -> InputError:
    """Return the error for more mediators than a run has slots."""
    return InputError(
        f"{len(names)} mediators are too many",
        setting="mediation.mediators",
        value=", ".join(names),
        allowed=f"at most {MAX_MEDIATORS}",
    )


def _is_name(name: str) -> bool:
    return bool(name) and "." not in name and "[" not in name


def _bad_name(names: Sequence[str]) -> InputError:
    return InputError(
        "is not a valid name for a mediator",
        setting="mediation.mediators",
        value=next(name for name in names if not _is_name(name)),
        allowed="a name without dots or brackets",
    )


def _endless_attacks(excitation: float, mu: float, sigma: float, capacity: float,
                     *rest: Any) -> InputError:  # fmt: skip
    n_eff = float(branching(excitation, mu, sigma, capacity, *rest))
    passing = n_eff / excitation
    return InputError(
        f"attacks would multiply without end: each sends {excitation:g} bands, and if the host "
        f"does nothing, {100 * passing:.4g} % get past the home state "
        f"(home.capacity={capacity:g}, home.forward={rest[0]:g}), for n_eff = {n_eff:.4g} further "
        "attacks; it must be below 1",
        setting="militants.excitation",
        value=excitation,
        allowed=f"a number below {1 / passing:.4g}, or a higher home.capacity",
    )


def _season(path: str) -> Rule:
    """A rule: a setting with a season needs the date of day 0."""

    def refusal(value: float, scenario: ScenarioConfig) -> InputError:
        return InputError(
            "needs the day of the year, but day 0 has no date",
            setting=path,
            value=value,
            allowed="0; or scenario.start_date=YYYY-MM-DD, the date of day 0",
        )

    return Rule(
        (path, SCENARIO),
        lambda value, scenario: (value == 0) | (first_date(scenario) is not None),
        refusal,
    )


_BRANCHING = (
    "militants.excitation", "militants.depth_mu", "militants.depth_sigma", "home.capacity",
    "home.forward", "militants.offspring_km", "border.effort_per_km", "border.ratio_cap",
    "border.cell_km", "border.home_depth", "border.terrain", SECTORS,
)  # fmt: skip

#: Checked in this order; the first that is broken is reported.
RULES: tuple[Rule, ...] = (
    Rule(
        ("home.strike_radius", "border.sectors"),
        lambda radius, sectors: (radius == 0) | (radius < sectors),
        _strike_beyond_border,
    ),
    Rule(("militants.staging_days",), lambda days: (days == 0) | (days >= 1), _part_of_a_day),
    _belief("belief.committed_hazard"),
    _belief("belief.uncommitted_hazard"),
    Rule(
        ("truce.window_days", "run.horizon_days"),
        lambda window, horizon: window <= horizon,
        _window_beyond_run,
    ),
    Rule(
        ("truce.eased_below", "truce.strained_at"),
        lambda eased, strained: eased <= strained,
        _eased_above_strain,
    ),
    Rule(("mediation.calendar",), lambda days: len(days) <= MAX_CALENDAR, _too_many_rounds),
    Rule(
        ("mediation.calendar", "run.horizon_days"),
        lambda days, horizon: max(days, default=-1) < horizon,
        _round_beyond_run,
    ),
    Rule(
        ("mediation.calendar", "mediation.round_days"),
        lambda days, length: length <= _least_gap(days),
        _rounds_overlap,
    ),
    Rule((MEDIATORS,), lambda names: len(names) <= MAX_MEDIATORS, too_many_mediators),
    Rule((MEDIATORS,), lambda names: all(map(_is_name, names)), _bad_name),
    Rule(_BRANCHING, lambda *values: branching(*values) < 1, _endless_attacks),
    *map(_season, seasonal()),
)
