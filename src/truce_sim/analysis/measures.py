"""Measure any outcome by group, as a mean or a rate, and how a factor changes it.

A rate is a ratio of totals (for instance violations over days lived), so runs that end early carry
only the weight of the days they lived. Its variance is that of its linear part (the delta method;
for ratios Cochran 1977, section 6.5), summed over sets of runs that share draws. A change is
measured between runs with the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import By, Where, finished_runs, groups, level_in, names_in
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError, closest
from truce_sim.intervals import (
    CONFIDENCE,
    Estimate,
    cut,
    interval_of_parts,
    named,
    shared_by,
    simultaneous,
    value_within,
)
from truce_sim.results import columns
from truce_sim.sweeps.sweep import Sweep, greatest

Floats = NDArray[np.float64]

#: The denominator of daily rates: the days that a truce lasted, including that of its collapse.
DAYS_LIVED = "days_lived"


class Measured(NamedTuple):
    """The value of a group, with its uncertainty.

    Attributes:
        value: the mean or rate.
        share: contribution of each cluster of runs to the error; they sum to 0.
        runs: number of runs that have the outcome.
        of: number of runs that did not fail.
    """

    value: float
    share: pd.Series
    runs: int
    of: int

    def interval(self, most: float | None = None) -> Estimate:
        """Return the value with its interval, which stays within what is possible.

        Args:
            most: the largest possible value; None if unbounded.
        """
        parts = self.share.to_numpy(float)
        sets = parts.size
        variance = sets / (sets - 1) * float(parts @ parts) if sets > 1 else math.nan
        return value_within(self.value, variance, sets, most)

    def less(self, other: Measured, confidence: float = CONFIDENCE) -> Estimate:
        """Return the difference from another group, between runs with the same draws."""
        parts = self.share.sub(other.share, fill_value=0.0).to_numpy(float)
        return interval_of_parts(self.value - other.value, parts, confidence)


@opened
def measure(
    sweep: Sweep, part: str, whole: str = "", by: By = (), where: Where = None
) -> pd.DataFrame:
    """Measure an outcome in each group.

    Args:
        sweep: the sweep to analyse.
        part: an outcome of `columns.OUTCOME`.
        whole: "" for the mean of `part` over the runs that have one; another outcome, or
            `DAYS_LIVED`, for the ratio of the totals.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group: its levels; `runs`, how many have the outcome (an event may not happen
        in every run), and `of`, how many did not fail; and `value` with its interval.

    Raises:
        InputError: an outcome is not numeric, or a factor was not swept.
    """
    found = _by_group(sweep, part, whole, by, where)
    most = None if whole else greatest(part, sweep.horizon)
    rows = [
        levels | {"runs": ours.runs, "of": ours.of} | named("value", ours.interval(most))
        for levels, ours in found
    ]
    return pd.DataFrame(rows)


@opened
def change(
    sweep: Sweep, factor: str, part: str, whole: str = "", baseline: object = None,
    by: By = (), where: Where = None,
) -> pd.DataFrame:  # fmt: skip
    """Measure how each level of a factor changes an outcome, against a baseline level.

    Args:
        sweep: the sweep to analyse.
        factor: the factor whose levels are compared.
        part: the outcome, as in `measure`.
        whole: the denominator, as in `measure`.
        baseline: the level to compare with; by default the first.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group and level: columns as in `measure`, and `baseline`. Intervals are
        simultaneous over the rows (Bonferroni).

    Raises:
        InputError: an outcome is not numeric, or a factor or level was not swept.
    """
    found: dict[tuple[object, ...], list[tuple[object, Measured]]] = {}
    outer = names_in(by)
    for levels, ours in _by_group(sweep, part, whole, [*outer, factor], where):
        context = tuple(levels[name] for name in outer)
        found.setdefault(context, []).append((levels[factor], ours))
    pairs = [
        (context, level, base, ours, theirs)
        for context, rows in found.items()
        for base, theirs in [rows[_place(rows, factor, baseline)]]
        for level, ours in rows
        if level != base
    ]
    confidence = simultaneous(len(pairs))
    most = (None if whole else greatest(part, sweep.horizon)) or math.inf
    rows = []
    for context, level, base, ours, theirs in pairs:
        rows.append(
            dict(zip(outer, context, strict=True))
            | {factor: level, "baseline": base, "runs": ours.runs, "of": ours.of}
            | named("value", cut(ours.less(theirs, confidence), -most, most))
        )
    return pd.DataFrame(rows)


def _place(rows: Sequence[tuple[object, Measured]], factor: str, baseline: object) -> int:
    return 0 if baseline is None else level_in([level for level, _ in rows], baseline, factor)


def _by_group(
    sweep: Sweep, part: str, whole: str, by: By, where: Where
) -> list[tuple[dict[str, object], Measured]]:
    outcomes = [_check(sweep, name) for name in (part, whole) if name not in ("", DAYS_LIVED)]
    names = list(dict.fromkeys([*outcomes, "end_day", "collapsed"]))
    return [
        (levels, measure_runs(finished_runs(runs), part, whole))
        for levels, runs in groups(sweep, names, by, where)
    ]


def _check(sweep: Sweep, name: str) -> str:
    if name in sweep.factors:
        raise InputError("is a factor, not an outcome", setting="part or whole", value=name,
                         allowed=f"by={name!r}, to measure at each of its levels")  # fmt: skip
    known = [n for n in columns.OUTCOME if n not in ("status", "cause")]
    if name not in known:
        raise InputError("is not a numeric outcome", setting="part or whole", value=name,
                         allowed=", ".join(known), suggestion=closest(name, known))  # fmt: skip
    return name


def measure_runs(runs: pd.DataFrame, part: str, whole: str = "") -> Measured:
    """Measure an outcome in one group of runs.

    Args:
        runs: a row for each run that did not fail: the columns to measure, and those that say
            which runs are dependent (`intervals.clusters`).
        part: the outcome, as in `measure`.
        whole: the denominator, as in `measure`.
    """
    of, runs = len(runs), runs[runs[part].notna()]
    over = _denominator(runs, whole)
    total = float(over.sum())
    value = float(runs[part].astype(float).sum()) / total if total else math.nan
    linear = (runs[part].astype(float) - value * over) / total if total else over * math.nan
    shares = linear.groupby([runs[name] for name in shared_by(runs)]).sum()
    return Measured(value, shares, len(runs), of)


def _denominator(runs: pd.DataFrame, whole: str) -> pd.Series:
    if not whole:
        return pd.Series(1.0, runs.index)
    if whole == DAYS_LIVED:
        return (runs["end_day"] + runs["collapsed"]).astype(float)
    return runs[whole].astype(float)


measured = measure_runs  #: Its name in 0.1.
