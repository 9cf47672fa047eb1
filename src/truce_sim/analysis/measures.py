"""Any outcome group by group, as a mean over runs or as a rate, and what a factor changes in it.

A rate is a ratio of totals (violations over days lived, say), so that runs that end early do not
weigh more than they lived. Its variance is that of its linear part (the delta method; for ratios
Cochran 1977, section 6.5), summed over sets of runs that share draws. A change is taken between
runs with the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import By, Where, finished_runs, groups, level_in, names_in
from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError, closest
from truce_sim.intervals import CONFIDENCE, Estimate, interval_of_parts, named, simultaneous
from truce_sim.results import columns

Floats = NDArray[np.float64]

#: Days that a truce lasted, the day of its collapse among them: what rates a day are over.
DAYS_LIVED = "days_lived"


class Measured(NamedTuple):
    """A group's value and what each set of shared draws contributes to its error (sums to 0)."""

    value: float
    share: pd.Series  # by (seed, replicate)
    runs: int

    def interval(self, confidence: float = CONFIDENCE) -> Estimate:
        """The value with its interval."""
        return interval_of_parts(self.value, self.share.to_numpy(float), confidence)

    def less(self, other: Measured) -> Measured:
        """The difference to another group, between runs with the same draws."""
        share = self.share.sub(other.share, fill_value=0.0)
        return Measured(self.value - other.value, share, self.runs)


def measure(
    sweep: Sweep, part: str, whole: str = "", by: By = (), where: Where = None
) -> pd.DataFrame:
    """A row a group: its levels, `runs`, and `value` with its interval.

    part: an outcome of `columns.OUTCOME`. whole: "" for the mean of `part` over runs (those that
    have one), else another outcome or DAYS_LIVED for the rate of one over the other. by, where: as
    in `groups.groups`.

    Raises InputError for an outcome that is no number, or a factor that is not swept.
    """
    rows = [
        levels | {"runs": found.runs} | named("value", found.interval())
        for levels, found in _by_group(sweep, part, whole, by, where)
    ]
    return pd.DataFrame(rows)


def change(
    sweep: Sweep, factor: str, part: str, whole: str = "", baseline: object = None,
    by: By = (), where: Where = None,
) -> pd.DataFrame:  # fmt: skip
    """What each level of a factor changes in a measure, against one of its levels (by default the
    first), for each group of `by`; columns as in `measure`, and `baseline`.

    Intervals are simultaneous over the rows (Bonferroni).
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
    rows = []
    for context, level, base, ours, theirs in pairs:
        rows.append(
            dict(zip(outer, context, strict=True))
            | {factor: level, "baseline": base, "runs": ours.runs}
            | named("value", ours.less(theirs).interval(confidence))
        )
    return pd.DataFrame(rows)


def _place(rows: Sequence[tuple[object, Measured]], factor: str, baseline: object) -> int:
    return 0 if baseline is None else level_in([level for level, _ in rows], baseline, factor)


def _by_group(
    sweep: Sweep, part: str, whole: str, by: By, where: Where
) -> list[tuple[dict[str, object], Measured]]:
    named_ones = [name for name in (part, whole) if name not in ("", DAYS_LIVED)]
    wanted = list(dict.fromkeys([*map(_check, named_ones), "end_day", "collapsed"]))
    return [
        (levels, measured(finished_runs(runs), part, whole))
        for levels, runs in groups(sweep, wanted, by, where)
    ]


def _check(name: str) -> str:
    known = [n for n in columns.OUTCOME if n not in ("status", "cause")]
    if name not in known:
        raise InputError("is no outcome that is a number", setting="part or whole", value=name,
                         allowed=", ".join(known), suggestion=closest(name, known))  # fmt: skip
    return name


def measured(runs: pd.DataFrame, part: str, whole: str = "") -> Measured:
    """The ratio of totals of one group of runs, and its linear part by shared draws.

    Args:
        runs: a row a run that did not fail: seed, replicate and the columns that are measured.
        part, whole: as in `measure`.
    """
    runs = runs[runs[part].notna()]
    over = _denominator(runs, whole)
    total = float(over.sum())
    value = float(runs[part].astype(float).sum()) / total if total else math.nan
    linear = (runs[part].astype(float) - value * over) / total if total else over * math.nan
    return Measured(value, linear.groupby([runs["seed"], runs["replicate"]]).sum(), len(runs))


def _denominator(runs: pd.DataFrame, whole: str) -> pd.Series:
    if not whole:
        return pd.Series(1.0, runs.index)
    if whole == DAYS_LIVED:
        return (runs["end_day"] + runs["collapsed"]).astype(float)
    return runs[whole].astype(float)
