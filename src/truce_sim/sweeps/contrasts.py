"""Paired comparison of one factor's levels under common random numbers.

Replicate r of every point shares its draws, so the difference between two points is taken run by
run: what the policy does not touch cancels. Intervals are simultaneous (Bonferroni over all pairs).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from truce_sim.errors import InputError

from .design import Design
from .execute import ChunkResult
from .summary import CONFIDENCE


@dataclass(frozen=True)
class Pair:
    """Two points that differ in one factor alone."""

    baseline: int
    other: int
    context: dict[str, object]
    level: object


class Contrasts:
    """Sums of paired differences, collected block by block of replicates."""

    def __init__(self, design: Design, factor: str) -> None:
        self.factor = factor
        self.pairs = find_pairs(design, factor)
        self.baseline = design.values[factor].iloc[0]
        self._points = len(design.values)
        self._blocks: dict[int, NDArray[np.float64]] = {}
        self._left: dict[int, int] = {}
        # per pair and outcome (days, collapse): n, Σd, Σd²
        self._sums = np.zeros((len(self.pairs), 2, 3))

    def add(self, result: ChunkResult) -> None:
        """Take in a chunk; a block is counted and dropped once all its points are there."""
        chunk = result.chunk
        shape = (2, self._points, chunk.count)
        block = self._blocks.setdefault(chunk.first, np.full(shape, math.nan))
        rows = slice(chunk.points.start, chunk.points.stop)
        for which, values in enumerate((result.end_day, result.collapsed)):
            block[which, rows] = np.where(result.failed, math.nan, values).reshape(-1, chunk.count)
        self._left[chunk.first] = self._left.get(chunk.first, self._points) - len(chunk.points)
        if self._left[chunk.first] == 0:
            self._count(self._blocks.pop(chunk.first))

    def _count(self, block: NDArray[np.float64]) -> None:
        for i, pair in enumerate(self.pairs):
            difference = block[:, pair.other] - block[:, pair.baseline]
            good = np.isfinite(difference)
            kept = np.where(good, difference, 0.0)
            self._sums[i] += np.stack([good.sum(1), kept.sum(1), (kept**2).sum(1)], axis=1)

    def table(self) -> pd.DataFrame:
        """One row a pair: context, level, n, and the mean paired difference to the baseline of
        `days` (restricted to the horizon) and `collapse` (share of runs), with intervals."""
        rows = []
        level = 1.0 - (1.0 - CONFIDENCE) / max(len(self.pairs), 1)
        for pair, sums in zip(self.pairs, self._sums, strict=True):
            row: dict[str, object] = {**pair.context, self.factor: pair.level}
            row |= {"baseline": self.baseline, "n": int(sums[0, 0])}
            for name, interval, (size, total, squares) in (
                ("days", mean_difference, sums[0]),
                ("collapse", share_difference, sums[1]),
            ):
                mean, low, high = interval(size, total, squares, level)
                row |= {name: mean, f"{name}_low": low, f"{name}_high": high}
            row |= {"point": pair.other, "baseline_point": pair.baseline}
            rows.append(row)
        return pd.DataFrame(rows)


def find_pairs(design: Design, factor: str) -> list[Pair]:
    """Every point paired with the one that differs from it in having the factor's first level."""
    if factor not in design.factors:
        raise InputError(
            setting="sweep.compare", value=factor, problem="that setting is not swept",
            allowed=f"one of {', '.join(design.factors) or 'the swept settings (there are none)'}",
        )  # fmt: skip
    others = [name for name in design.factors if name != factor]
    levels = design.values[factor].tolist()
    columns = [design.values[name].tolist() for name in others]
    contexts = list(zip(*columns, strict=True)) if columns else [()] * len(levels)
    is_first = [level == levels[0] for level in levels]
    baselines = {context: i for i, context in enumerate(contexts) if is_first[i]}
    return [
        Pair(baselines[context], i, dict(zip(others, context, strict=True)), levels[i])
        for i, context in enumerate(contexts)
        if not is_first[i] and context in baselines
    ]


def mean_difference(
    n: float, total: float, squares: float, level: float
) -> tuple[float, float, float]:
    """Mean of n differences with its t interval, from their sum and sum of squares."""
    if n < 2:
        return (total / n if n else math.nan), math.nan, math.nan
    mean = total / n
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * math.sqrt(variance / n)
    return mean, mean - half, mean + half


def share_difference(
    n: float, total: float, squares: float, level: float
) -> tuple[float, float, float]:
    """Difference of two paired shares with the interval of Agresti and Min (2005): Wald's with half
    a run added to each of the four cells, so that it has a width where no pair differs."""
    if n == 0:
        return math.nan, math.nan, math.nan
    size, discordant = n + 2, squares + 1
    centre = total / size
    variance = (discordant / size - centre**2) / size
    half = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt(variance)
    return total / n, max(centre - half, -1.0), min(centre + half, 1.0)


def in_words(row: Mapping[Hashable, Any], factor: str, summary: pd.DataFrame, horizon: int) -> str:
    """One pair as a sentence; never "longer" or "shorter" when the interval crosses zero."""
    names = [name for name in summary.columns if name in row and name != factor]
    where = "With " + ", ".join(f"{name}={row[name]}" for name in names) + ", " if names else ""
    who = f"{where}{factor}={row[factor]} rather than {row['baseline']}"
    low, high = row["days_low"], row["days_high"]
    if not math.isfinite(low):
        return f"{who}: too few runs to say."
    if low <= 0.0 <= high:
        same = "no run differs in days survived" if low == high else "cannot be told apart"
        interval = f"{row['days']:+.1f} days [{low:+.1f}, {high:+.1f}]"
        return f"{who}: {same} at n = {row['n']:,} ({interval})."
    word, (low, high) = ("longer", (low, high)) if low > 0.0 else ("shorter", (-high, -low))
    ours, theirs = (summary.loc[row[p], "collapse_share"] for p in ("point", "baseline_point"))
    points = f"[{100 * row['collapse_low']:+.1f}, {100 * row['collapse_high']:+.1f}]"
    return (
        f"{who}: the truce lasts {abs(row['days']):.1f} days {word} [{low:.1f}, {high:.1f}] on "
        f"average; {100 * ours:.1f} % of runs collapse within {horizon} days instead of "
        f"{100 * theirs:.1f} % ({100 * row['collapse']:+.1f} points {points})."
    )
