"""Compare policies run by run: what a level of a factor changes against a baseline.

Replicate r of every point has the same draws, so two points are compared run by run, and whatever
the policy does not affect cancels out. The points compared differ in one factor alone; the levels
of the other factors are the *context* (a scenario). Intervals are simultaneous over all rows of a
table (Bonferroni). Without common random numbers the method still holds, with wider intervals.
"""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import Where, finished_runs, level_in, restrict_runs
from truce_sim.analysis.opened import opened
from truce_sim.analysis.survival import shortest_horizon
from truce_sim.errors import InputError, command
from truce_sim.intervals import (
    Estimate,
    clusters,
    cut,
    mean_interval,
    named,
    share_difference,
    share_interval,
    simultaneous,
    t_interval,
    t_intervals,
    variance_of_mean,
)
from truce_sim.settings.written import written
from truce_sim.sweeps.summaries.contrasts import (
    describe_multiplicity,
    describe_pair,
    holds_columns,
    left_out_in_words,
    more_replicates,
)
from truce_sim.sweeps.summaries.levels import MAX_LEVELS
from truce_sim.sweeps.sweep import Sweep

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Comparison:
    """The levels of a factor compared with a baseline.

    Attributes:
        factor: name of the factor.
        levels: its levels.
        baseline: index of the baseline in `levels`.
        horizon: number of days counted.
        contexts: levels of the other factors, a row for each context.
        days: (contexts, replicates, levels) days survived, capped at `horizon`; NaN where there is
            no run or the run failed.
        draws: (contexts, replicates) the cluster to which the runs belong; statements about a
        single context are conditional on it, and within it replicates are independent.
        why: returns the reason why the factor has no effect in a context, given by its index; "" if
        it may have one.
        left_out: which points are not compared, and why; "" if all are.
    """

    factor: str
    levels: tuple[object, ...]
    baseline: int
    horizon: int
    contexts: pd.DataFrame
    days: Floats
    draws: NDArray[np.int64]
    why: Callable[[int], str] = field(default=lambda context: "", repr=False)
    left_out: str = ""

    def __repr__(self) -> str:
        return f"<Comparison {self._in_words()}>"

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(line)}</li>" for line in self.sentences(pooled=True))
        return f"<p>Comparison {html.escape(self._in_words())}</p><ul>{said}</ul>"

    def _in_words(self) -> str:
        others = [str(self.levels[i]) for i in self._others]
        levels = shorten(", ".join(others), 100, placeholder=" …")
        of = " and ".join(self.contexts.columns)
        contexts = f", at {len(self.contexts):,} settings of {of}" if of else ""
        return f"of {self.factor}: {levels} with {self.levels[self.baseline]}{contexts}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """The comparison in each context: a row for each context and level.

        Columns: the other factors, the factor, baseline and n (pairs); `days`, the difference in
        restricted mean survival, and `holds`, the difference in the share that holds, both with
        intervals; the shares themselves, `holds_share` and `holds_share_baseline`, with intervals;
        `collapse`, `collapse_share` and `collapse_share_baseline`, likewise for the share that
        collapses; `longer`, the share of pairs in which the level outlasts the baseline, with its
        interval; `same`, the share of ties; `alone`, how many runs have no partner, because it
        failed or was not run; `more`, how many additional replicates it would take to detect a
        difference as large as the one observed.
        """
        level = simultaneous(len(self.contexts) * (len(self.levels) - 1))
        return pd.DataFrame([
            self.contexts.iloc[c].to_dict() | self._row(slice(c, c + 1), other, level)
            for c, other in self._compared
        ])  # fmt: skip

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """The comparison averaged over the contexts in which both were run: a row for each level.

        Columns as in `table`, without the other factors.
        """
        return pd.DataFrame(self._pooled_rows())

    def _pooled_rows(self) -> list[dict[str, object]]:
        level = simultaneous(len(self.levels) - 1)
        return [self._row(slice(None), other, level) for other in self._others]

    @cached_property
    def interactions(self) -> pd.DataFrame:
        """How far a change depends on another factor: a row for each pair of levels of both.

        Columns: the factor and baseline; `by`, the other factor, with its level and the level
        `against` which it is compared (its first); n; `days`, the difference of the differences in
        mean survival, in days, between runs with the same draws, with its interval (simultaneous
        over all rows); `change` and `change_against`, the two differences, with intervals
        (simultaneous over all of them). Averaged over the remaining factors; factors with more than
        a dozen levels are left out.
        """
        gaps = list(self._gaps())
        of_gaps, of_changes = simultaneous(len(gaps)), simultaneous(2 * len(gaps))
        rows: list[dict[str, object]] = []
        for about, ours, theirs, draws in gaps:
            both = np.isfinite(ours - theirs)
            if not both.any():
                continue
            shared = np.unique(draws[both], return_inverse=True)[1]
            row = about | {"n": int(both.sum())}
            for name, values, level, most in (
                ("days", ours - theirs, of_gaps, 2.0 * self.horizon),
                ("change", ours, of_changes, self.horizon),
                ("change_against", theirs, of_changes, self.horizon),
            ):
                row |= named(name, cut(mean_interval(values[both], shared, level), -most, most))
            rows.append(row)
        return pd.DataFrame(rows)

    def _gaps(self) -> Iterator[tuple[dict[str, object], Floats, Floats, NDArray[np.int64]]]:
        """Yield what is compared, the differences at two levels of another factor, and their
        draws."""
        for name in self.contexts.columns:
            levels = list(dict.fromkeys(self.contexts[name]))
            if not 2 <= len(levels) <= MAX_LEVELS:
                continue
            rest = self.contexts.drop(columns=name).astype(str).agg(" ".join, axis=1)
            first = {rest[c]: c for c in self.contexts.index[self.contexts[name] == levels[0]]}
            for level, other in itertools.product(levels[1:], self._others):
                ours = [c for c in self.contexts.index[self.contexts[name] == level]
                        if rest[c] in first]  # fmt: skip
                theirs = [first[rest[c]] for c in ours]
                about = {
                    self.factor: self.levels[other], "baseline": self.levels[self.baseline],
                    "by": str(name), "level": level, "against": levels[0],
                }  # fmt: skip
                gap = self.days[:, :, other] - self.days[:, :, self.baseline]
                yield about, gap[ours], gap[theirs], self.draws[ours]

    @cached_property
    def longest(self) -> tuple[object, ...]:
        """The levels with the longest mean survival that cannot be told apart, best first.

        A level is left out only if truces clearly last longer with the best one, averaged over the
        contexts in which both were run (Bonferroni over the other levels), or if it was not run.
        """
        there = np.isfinite(self.days)
        total = np.where(there, self.days, 0.0).sum(axis=(0, 1))
        count = there.sum(axis=(0, 1))
        return self._tied(np.where(count > 0, total / np.maximum(count, 1), -math.inf).tolist())

    @cached_property
    def largest_changes(self) -> tuple[object, ...]:
        """The levels whose difference from the baseline cannot be told from the largest one.

        Largest first; only levels that differ in the same direction, and clearly. Empty if none
        does.
        """
        table = self.pooled
        clear = table[(table["days_low"] > 0) | (table["days_high"] < 0)]
        if clear.empty:
            return ()
        top = clear.iloc[int(clear["days"].abs().to_numpy().argmax())]
        sign = math.copysign(1.0, top["days"])
        marks = dict(zip(clear[self.factor], sign * clear["days"], strict=True))
        tied = self._tied([float(marks.get(level, -math.inf)) for level in self.levels], sign)
        return tuple(level for level in tied if level in marks)

    def _tied(self, marks: list[float], sign: float = 1.0) -> tuple[object, ...]:
        """The levels that cannot be told from the one with the highest mark, by decreasing mark."""
        best = int(np.argmax(marks))
        level = simultaneous(len(self.levels) - 1)
        found = []
        for i in np.argsort([-mark for mark in marks], kind="stable").tolist():
            gap = sign * (self.days[:, :, best] - self.days[:, :, i])
            there = np.isfinite(gap)
            shared = np.unique(self.draws[there], return_inverse=True)[1]
            clear = i != best and mean_interval(gap[there], shared, level).low > 0.0
            if there.any() and not clear:
                found.append(self.levels[i])
        return tuple(found)

    @property
    def _compared(self) -> Iterator[tuple[int, int]]:
        """The contexts and levels for which there are pairs of runs."""
        return (
            (c, other)
            for c in range(len(self.contexts))
            for other in self._others
            if np.isfinite(self._difference(slice(c, c + 1), other)).any()
        )

    def why_nowhere(self) -> str:
        """Say why the factor can have no effect, if it has none in any context for one reason."""
        reasons = {self.why(c) for c in range(len(self.contexts))}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def _others(self) -> Iterator[int]:
        return (i for i in range(len(self.levels)) if i != self.baseline)

    def _difference(self, some: slice, other: int) -> Floats:
        return self.days[some, :, other] - self.days[some, :, self.baseline]

    def _row(self, some: slice, other: int, level: float) -> dict[str, object]:
        days = self._difference(some, other)
        pairs = np.isfinite(days)
        alone = int((np.isfinite(self.days[some][..., [self.baseline, other]]).sum(-1) == 1).sum())
        draws = self.draws[some]
        if len(draws) == 1:  # given a context, its replicates are independent
            draws = np.arange(draws.size)[None]
        days, draws = days[pairs], np.unique(draws[pairs], return_inverse=True)[1]
        base, ours = (
            (self.days[some, :, i][pairs] < self.horizon).astype(float)
            for i in (self.baseline, other)
        )
        found = cut(mean_interval(days, draws, level), -self.horizon, self.horizon)
        row: dict[str, object] = {
            self.factor: self.levels[other], "baseline": self.levels[self.baseline], "n": days.size
        }  # fmt: skip
        row |= named("days", found)
        row |= named("collapse", _share_difference(ours - base, draws, level))
        row |= {"collapse_share": _mean(ours), "collapse_share_baseline": _mean(base)}
        row |= holds_columns(row, level)
        row |= named("holds_share", share_interval(ours < 0.5, draws, level))
        row |= named("holds_share_baseline", share_interval(base < 0.5, draws, level))
        row |= named("longer", share_interval(days > 0.0, draws, level))
        row["same"] = _mean(days == 0.0)
        row["alone"] = alone
        row["more"] = more_replicates(days.size, *found, level) / max(len(self.contexts[some]), 1)
        return row

    @cached_property
    def regret(self) -> pd.DataFrame:
        """The largest regret of each level: a row for each level.

        Columns: `regret`, the largest shortfall of its mean survival from that of the best level
        in any context, in days (Savage 1951), with an interval that covers at least 95 %; `worst`,
        the context of that shortfall; `best_in`, the number of contexts in which it does
        clearly better than every other level; `contexts`, the number of contexts compared.

        The interval is the range that simultaneous intervals for all differences allow. It is
        missing if the regret is the same in every run, since that puts no bound on rare events.
        Contexts in which some level was not run are left out.
        """
        k, c = len(self.levels), len(self.contexts)
        level = simultaneous(c * k * (k - 1) // 2)
        mean, low, high = (np.zeros((c, k, k)) for _ in range(3))
        for a, b in itertools.permutations(range(k), 2):
            found: Any = _mean_intervals(self.days[:, :, b] - self.days[:, :, a], level)
            mean[:, a, b], low[:, a, b], high[:, a, b] = np.clip(found, -self.horizon, self.horizon)
        whole = np.flatnonzero(np.isfinite(mean).all(axis=(1, 2)))
        rows = []
        for a, name in enumerate(self.levels) if whole.size else ():
            short = mean[whole, a].max(axis=1)
            found = (short.max(), low[whole, a].max(), high[whole, a].max())
            others = np.arange(k) != a
            same = (low[whole, a] == high[whole, a]) & (mean[whole, a] == found[0])
            if found[1] == found[2] and same[:, others].any():
                found = (found[0], math.nan, math.nan)
            better = np.delete(high[whole, a], a, axis=1) < 0.0
            rows.append(
                {self.factor: name}
                | named("regret", Estimate(*map(float, found)))
                | {"worst": _in_context(self.contexts.iloc[whole[short.argmax()]])}
                | {"best_in": int(better.all(axis=1).sum()), "contexts": whole.size}
            )
        return pd.DataFrame(rows)

    def sentences(self, pooled: bool = False) -> list[str]:
        """Describe each row in a sentence.

        Nothing is called longer or shorter if its interval includes zero.

        Args:
            pooled: describe the averages over contexts instead of each context.
        """
        rows = (self.pooled if pooled else self.table).to_dict("records")
        places = [] if pooled else [c for c, _ in self._compared]
        for i, row in enumerate(rows):
            if row["days_low"] == row["days_high"]:
                row["why"] = self.why(places[i]) if places else self.why_nowhere()
        sentences = [describe_pair(row, self.factor, f"{self.horizon} days") for row in rows]
        if not pooled or len(self.contexts) < 2:
            return sentences
        average = f"Averaged over the {len(self.contexts)} settings of "
        average += " and ".join(self.contexts.columns)
        return [f"{average}, {sentence}" for sentence in sentences]

    @staticmethod
    def describe_multiplicity(table: pd.DataFrame) -> str:
        """State how the intervals of `table` or `pooled` allow for their number."""
        return describe_multiplicity(len(table))


@opened
def compare(
    sweep: Sweep, factor: str = "", baseline: object = None, where: Where = None
) -> Comparison:
    """Compare the levels of a factor with one of them, run by run.

    Args:
        sweep: the sweep to analyse.
        factor: the factor to compare; by default that of `sweep.compare`, the only one, or the
            second of two.
        baseline: the level to compare with; by default the first.
        where: levels at which other factors are held fixed.

    Raises:
        InputError: a factor or level was not swept, or no two points differ in the factor alone.
    """
    factor = sweep.check_factor(factor or default_factor(sweep))
    runs = restrict_runs(finished_runs(sweep.load(["end_day", "collapsed"])), sweep, where or {})
    levels = list(dict.fromkeys(sweep.folder.design[factor]))
    known = [level for level in levels if level in set(runs[factor].unique())]
    first = 0 if baseline is None and known else level_in(known, baseline, factor)
    contexts, place = _contexts(sweep, runs, factor)
    columns = pd.Index(known).get_indexer(pd.Index(runs[factor].astype(object)))
    pairs = np.bincount(place * len(known) + columns, minlength=len(contexts) * len(known)) > 0
    pairs = pairs.reshape(len(contexts), len(known))
    kept = pairs[:, first] & (pairs.sum(axis=1) > 1)
    if not kept.any():
        raise InputError(
            "no two points with runs differ in this factor alone", setting="factor", value=factor,
            allowed="a factor whose levels are combined with those of the others; or any two "
            f"points: {command('compare', sweep.path, '--point', 1, '--against', 0)}, or "
            "compare_points in Python",
        )  # fmt: skip
    found = _arrange(sweep, runs, factor, known, first, contexts, place, columns, kept)
    there = sweep.folder.design.loc[np.sort(runs["point"].unique()), list(sweep.factors)]
    return replace(found, left_out=left_out_in_words(there, factor, known[first]))


@opened
def default_factor(sweep: Sweep) -> str:
    """Return the factor to compare: that of `sweep.compare`, or the only one with few levels.

    If two factors are crossed, it is the second: does its effect depend on the first?

    Raises:
        InputError: there are several such factors, or none.
    """
    if sweep.folder.settings.compare:
        return str(sweep.folder.settings.compare)
    few = [n for n in sweep.factors if sweep.folder.design[n].nunique() <= MAX_LEVELS]
    if len(few) == 1 or len(few) == len(sweep.factors) == 2:
        return few[-1]
    raise InputError(
        "no factor to compare was chosen", setting="factor", value="",
        allowed=", ".join(sweep.factors) or "(nothing is swept)",
    )  # fmt: skip


def _contexts(
    sweep: Sweep, runs: pd.DataFrame, factor: str
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The combinations of the other factors, a row each, and (runs,) the index of each run's."""
    others = [name for name in sweep.factors if name != factor]
    design = sweep.folder.design
    design = design.loc[np.sort(runs["point"].unique()), others]
    if not others:
        return pd.DataFrame(index=[0]), np.zeros(len(runs), np.int64)
    number = design.groupby(others, sort=False, observed=True).ngroup()
    contexts = design.assign(number=number).drop_duplicates("number")
    place = np.asarray(number.reindex(runs["point"]), np.int64)
    return contexts.drop(columns="number").reset_index(drop=True), place


def _arrange(
    sweep: Sweep, runs: pd.DataFrame, factor: str, levels: list[object], baseline: int,
    contexts: pd.DataFrame, place: NDArray[np.int64], columns: NDArray[np.int64],
    kept: NDArray[np.bool_],
) -> Comparison:  # fmt: skip
    """Arrange the runs of the contexts kept as arrays."""
    horizon = shortest_horizon(sweep)
    row = np.cumsum(kept) - 1
    ours = kept[place]
    c, r, k = row[place[ours]], runs["replicate"].to_numpy(np.int64)[ours], columns[ours]
    shape = (int(kept.sum()), int(r.max()) + 1, len(levels))
    end = runs["end_day"].to_numpy(float)[ours]
    days, draws = np.full(shape, np.nan), np.zeros(shape[:2], int)
    days[c, r, k] = np.minimum(end, horizon)  # end_day is whole days survived
    shared = clusters(runs)[ours]
    base = k == baseline
    draws[c[base], r[base]] = shared[base]
    points = np.zeros(shape[0], np.int64)
    points[c] = runs["point"].to_numpy(np.int64)[ours]
    return Comparison(
        factor, tuple(levels), baseline, horizon, contexts[kept].reset_index(drop=True), days,
        draws, lambda context: sweep.folder.why_no_effect(factor, int(points[context])),
    )  # fmt: skip


def _mean_intervals(values: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Means over replicates of values (contexts, replicates), ignoring NaN, with t intervals."""
    there = np.isfinite(values)
    n = there.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=1) / n
        squares = (np.where(there, values - mean[:, None], 0.0) ** 2).sum(axis=1)
        return t_intervals(mean, np.sqrt(squares / (n - 1) / n), n - 1, level)


def _share_difference(difference: Floats, draws: NDArray[np.int64], level: float) -> Estimate:
    """Mean of paired differences between flags (-1, 0, 1), with its interval.

    Agresti and Min's interval if every pair has its own draws; else a t interval over clusters, or
    Agresti and Min's at the number of clusters if no pair differs.
    """
    groups = int(draws.max()) + 1 if draws.size else 0
    if groups == difference.size or not difference.any():
        squares = float((difference**2).sum())
        _, low, high = share_difference(groups, float(difference.sum()), squares, level)
        return Estimate(float(difference.mean()) if groups else math.nan, low, high)
    error = math.sqrt(variance_of_mean(difference, draws))
    mean, low, high = t_interval(float(difference.mean()), error, groups - 1, level)
    return Estimate(mean, max(low, -1.0), min(high, 1.0))


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else math.nan


def _in_context(values: Mapping[Hashable, Any] | pd.Series) -> str:
    return ", ".join(f"{name}={written(value)}" for name, value in values.items())
