"""Paired comparison of one factor's levels under common random numbers.

Replicate r of every point shares its draws, so the difference between two points is taken run by
run, and whatever the policy does not affect cancels. Intervals are simultaneous (Bonferroni over
all pairs).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.intervals import (
    CONFIDENCE,
    cut,
    mean_difference,
    named,
    share_difference,
    simultaneous,
    wilson,
    z_quantile,
)
from truce_sim.settings.written import written
from truce_sim.sweeps.folder.folder import SweepFolder

#: Replicates compared at a time.
_STRIP = 256


@dataclass(frozen=True)
class Pair:
    """Two points that differ in one factor only.

    Attributes:
        baseline: the point with the factor's first level.
        other: the other point.
        context: factor -> level of all other factors.
        level: the factor's level at the other point.
    """

    baseline: int
    other: int
    context: dict[str, object]
    level: object


class Contrasts:
    """Sums of paired differences, accumulated over blocks of replicates.

    Args:
        folder: the sweep.
        factor: the factor whose levels are compared with its first.
    """

    def __init__(self, folder: SweepFolder, factor: str) -> None:
        values = folder.design[list(folder.factors)]
        self.factor = factor
        self.pairs = find_pairs(values, folder.factors, factor)
        self.baseline = values[factor].iloc[0]
        self._horizon = float(folder.horizon)
        # Per pair and outcome (days, collapse): n, Σd, Σd².
        self._sums = np.zeros((len(self.pairs), 2, 3))
        # Per pair: collapsed runs of the level, of the baseline.
        self._collapsed = np.zeros((len(self.pairs), 2))
        for strip in strips(folder, ["end_day", "collapsed"]):
            self._count(strip)

    def _count(self, strip: NDArray[np.float64]) -> None:
        for i, pair in enumerate(self.pairs):
            difference = strip[:, pair.other] - strip[:, pair.baseline]
            good = np.isfinite(difference)
            kept = np.where(good, difference, 0.0)
            self._sums[i] += np.stack([good.sum(1), kept.sum(1), (kept**2).sum(1)], axis=1)
            both = strip[1][[pair.other, pair.baseline]]
            self._collapsed[i] += both[:, good[1]].sum(axis=1)

    def table(self) -> pd.DataFrame:
        """Return one row per pair of points.

        The columns are the context, the level, n; the mean paired difference from the baseline in
        `days` (restricted to the horizon) and in the shares of runs, `holds` and `collapse`, with
        intervals; the shares `holds_share` and `holds_share_baseline` with intervals,
        `collapse_share` and `collapse_share_baseline`; and `more`, the additional
        replicates needed to establish a difference in days as large as the one observed.
        """
        rows = []
        level = simultaneous(len(self.pairs))
        for pair, sums, collapsed in zip(self.pairs, self._sums, self._collapsed, strict=True):
            row: dict[str, object] = {**pair.context, self.factor: pair.level}
            row |= {"baseline": self.baseline, "n": int(sums[0, 0])}
            for name, interval, most, (size, total, squares) in (
                ("days", mean_difference, self._horizon, sums[0]),
                ("collapse", share_difference, 1.0, sums[1]),
            ):
                found = interval(size, total, squares, level)
                row |= named(name, cut(found, -most, most))
            days = (row["days"], row["days_low"], row["days_high"])
            shares = collapsed / sums[0, 0] if sums[0, 0] else (math.nan, math.nan)
            row |= {"collapse_share": float(shares[0]), "collapse_share_baseline": float(shares[1])}
            row |= holds_columns(row, level)
            row["more"] = more_replicates(int(sums[0, 0]), *days, level)  # type: ignore[arg-type]
            row |= {"point": pair.other, "baseline_point": pair.baseline}
            rows.append(row)
        return pd.DataFrame(rows)


def strips(folder: SweepFolder, names: Sequence[str]) -> Iterator[NDArray[np.float64]]:
    """Yield outcomes block by block of replicates.

    Args:
        folder: the sweep.
        names: outcome columns.

    Yields:
        (names, points, replicates) values; NaN if the run is missing or failed.

    Raises:
        store.Damaged: if a part is damaged.
    """
    waiting: dict[int, NDArray[np.float64]] = {}
    shape = (len(names), folder.points, _STRIP)
    for chunk, table in folder.tables(names):
        for block in [b for b in waiting if (b + 1) * _STRIP <= chunk.replicates.start]:
            yield waiting.pop(block)
        values = np.stack([as_floats(table, name) for name in names])
        block, place = np.divmod(table["replicate"].to_numpy(), _STRIP)
        for number in np.unique(block).tolist():
            strip = waiting.setdefault(number, np.full(shape, math.nan))
            ours = block == number
            strip[:, table["point"].to_numpy()[ours], place[ours]] = values[:, ours]
    yield from waiting.values()


def as_floats(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column of numbers or flags as floats; NaN for missing values."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), float)


def find_pairs(values: pd.DataFrame, factors: Sequence[str], factor: str) -> list[Pair]:
    """Pair every point with the one that differs only in having the factor's first level.

    Args:
        values: one row per point, one column per factor.
        factors: the names of all factors.
        factor: the factor to compare.

    Raises:
        InputError: if the factor is not swept.
    """
    if factor not in factors:
        raise InputError(
            "that setting is not swept",
            setting="sweep.compare",
            value=factor,
            allowed=f"one of {', '.join(factors) or 'the swept settings (there are none)'}",
        )
    others = [name for name in factors if name != factor]
    levels = values[factor].tolist()
    columns = [values[name].tolist() for name in others]
    contexts = list(zip(*columns, strict=True)) if columns else [()] * len(levels)
    is_first = [level == levels[0] for level in levels]
    baselines = {context: i for i, context in enumerate(contexts) if is_first[i]}
    return [
        Pair(baselines[context], i, dict(zip(others, context, strict=True)), levels[i])
        for i, context in enumerate(contexts)
        if not is_first[i] and context in baselines
    ]


#: Points that are left out of a comparison are named up to this number.
_MOST_NAMED = 4


def left_out_in_words(values: pd.DataFrame, factor: str, baseline: object = None) -> str:
    """Say which points a comparison of a factor's levels leaves out, and why; "" if none.

    Args:
        values: one row per point, one column per factor.
        factor: the factor that is compared.
        baseline: the level to compare with; None for the first.
    """
    first = values[factor].iloc[0] if baseline is None else baseline
    others = [str(name) for name in values if name != factor]
    is_base = (values[factor] == first).to_numpy()
    context = values.groupby(others, sort=False, dropna=False).ngroup().to_numpy() if others else 0
    context = np.broadcast_to(context, len(values))
    paired = np.isin(context, context[is_base]) & np.isin(context, context[~is_base])
    alone = np.flatnonzero(~paired)
    if not alone.size:
        return ""
    named = [
        f"{values.index[i]} ({', '.join(f'{n}={written(values[n].iloc[i])}' for n in values)})"
        for i in alone[:_MOST_NAMED]
    ]
    more = f" and {alone.size - len(named):,} more" if alone.size > len(named) else ""
    one = alone.size == 1
    return (
        f"Left out: {'point' if one else 'points'} {', '.join(named)}{more}, because no point "
        f"differs from {'it' if one else 'them'} in {factor} alone (one point of a pair has "
        f"{factor}={written(first)})"
    )


def more_replicates(n: int, mean: float, low: float, high: float, level: float) -> float:
    """Return how many more replicates would detect the observed difference with power 0.8.

    It is the usual formula with normal quantiles, from the width of the interval; a planning
    figure, because the observed difference is itself uncertain.

    Args:
        n: number of replicates so far.
        mean: the observed difference.
        low: lower end of its interval.
        high: upper end of its interval.
        level: confidence of that interval.

    Returns:
        0 if the interval already excludes 0; NaN without a difference or an interval.
    """
    if not math.isfinite(low) or mean == 0.0:
        return math.nan
    if low > 0.0 or high < 0.0:
        return 0.0
    z = z_quantile(level)
    needed = n * ((high - low) / 2 * (1 + float(scipy.special.ndtri(0.8)) / z) / abs(mean)) ** 2
    return float(max(math.ceil(needed) - n, 1))


def holds_columns(row: Mapping[Any, Any], level: float = CONFIDENCE) -> dict[str, Any]:
    """Return the share that holds as columns, from those of the share that collapses.

    Args:
        row: with n, collapse and its interval, collapse_share and collapse_share_baseline.
        level: confidence of the intervals of the two shares.
    """
    collapse = (row["collapse"], row["collapse_high"], row["collapse_low"])
    found = named("holds", [0.0 - x for x in collapse])
    for end in ("", "_baseline"):
        share = 1.0 - row[f"collapse_share{end}"]
        found |= named(f"holds_share{end}", wilson(share, row["n"], level))
    return found


#: A larger number of additional replicates is not reported: the difference is practically zero.
_MOST_MORE = 1_000_000


def describe_multiplicity(comparisons: int) -> str:
    """State how the intervals of a table allow for the number of its comparisons."""
    if comparisons == 1:
        return "95 %"
    return f"95 % for all {comparisons:,} comparisons together (Bonferroni)"


def describe_pair(row: Mapping[Hashable, Any], factor: str, within: str) -> str:
    """Describe a pair in a sentence; never as "longer" or "shorter" if the interval includes zero.

    Args:
        row: a row of `Contrasts.table`.
        factor: the factor in which the two points differ.
        within: the horizon in words (`365 days`).
    """
    others = list(row)[: list(row).index(factor)]
    at = ", ".join(f"{name}={written(row[name])}" for name in others)
    where = f"With {at}, " if others else ""
    who = f"{where}{factor}={written(row[factor])} rather than {written(row['baseline'])}"
    low, high = row["days_low"], row["days_high"]
    if not math.isfinite(low):
        return f"{who}: too few runs to say."
    if low <= 0.0 <= high:
        return f"{who}: {_describe_undecided(row)}."
    word, (low, high) = ("longer", (low, high)) if low > 0.0 else ("shorter", (-high, -low))
    return (
        f"{who}: the truce lasts {abs(row['days']):.1f} days {word} [{low:.1f}, {high:.1f}] on "
        f"average{holding(row, within)}; n = {pairs(row)}."
    )


def holding(row: Mapping[Hashable, Any], within: str) -> str:
    """Continue a sentence about a pair with the shares that hold, stated as a result only if they
    clearly differ.

    Args:
        row: a row of `Contrasts.table`.
        within: the horizon in words.
    """
    row = holds_columns(row) | dict(row)  # a folder of 0.1 has only the share that collapses
    points = [with_sign(100 * row[f"holds{end}"]) for end in ("", "_low", "_high")]
    gap = f"({points[0]} points [{points[1]}, {points[2]}])"
    ours, theirs = (_percent(row, f"holds_share{end}") for end in ("", "_baseline"))
    if row["holds_low"] <= 0.0 <= row["holds_high"]:
        return (
            f"; no difference can be shown in the share that holds for {within}, {ours} against "
            f"{theirs} {gap}"
        )
    return f", and holds for {within} in {ours} of runs instead of {theirs} {gap}"


def pairs(row: Mapping[Hashable, Any]) -> str:
    """Say how many pairs of runs a comparison rests on, and which runs are in none.

    Args:
        row: with n and perhaps `alone`, the number of runs whose partner failed or was not run.
    """
    alone = int(row.get("alone") or 0)
    none = f" ({alone:,} more runs have no partner, which failed or was not run)" if alone else ""
    return f"{int(row['n']):,} pairs{none}"


def with_sign(number: float) -> str:
    """Format a difference, never as -0.0; a dash if it is missing."""
    return f"{round(number, 1) + 0.0:+,.1f}" if math.isfinite(number) else "–"


def _percent(row: Mapping[Hashable, Any], name: str) -> str:
    share, low, high = (100 * row[name + end] for end in ("", "_low", "_high"))
    return f"{share:.1f} % [{low:.1f}, {high:.1f}]"


def _describe_undecided(row: Mapping[Hashable, Any]) -> str:
    """Say why no difference can be established, and what would establish one."""
    low, high, more = row["days_low"], row["days_high"], row["more"]
    if low == high:
        return f"this {no_effect(row)}"
    interval = f"{with_sign(row['days'])} days [{with_sign(low)}, {with_sign(high)}]"
    verdict = f"the two cannot be told apart ({interval}; n = {pairs(row)})"
    if not 0 < more <= _MOST_MORE:
        return f"{verdict}; a difference of more than {max(-low, high):.1f} days is ruled out"
    return (
        f"{verdict}; about {_round_up(more):,} more replicates would show a difference this large"
    )


def no_effect(row: Mapping[Hashable, Any]) -> str:
    """Say that two levels are equal in every pair of runs, and why, if that is known.

    Args:
        row: with n, the shares that collapse, and `why` if the schema says it.
    """
    why = row.get("why") or "so far as survival goes, it never came into play"
    if not row.get("why") and not (row["collapse_share"] or row["collapse_share_baseline"]):
        why = "no truce collapsed with either"
    return f"had no effect in any run on the days survived (n = {pairs(row)}): {why}"


def _round_up(number: float) -> int:
    """Round up to two significant digits, as suits a planning figure."""
    unit = 10 ** max(len(str(int(number))) - 2, 0)
    return int(math.ceil(number / unit) * unit)
