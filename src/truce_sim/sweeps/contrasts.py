"""Paired comparison of one factor's levels under common random numbers.

Replicate r of every point shares its draws, so the difference between two points is taken run by
run: what the policy does not touch cancels. Intervals are simultaneous (Bonferroni over all pairs).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

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
        self.baseline = design.points[0].values[factor]
        self._points = len(design.points)
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
        `days` (restricted survival, days) and `collapse` (share of runs), with intervals."""
        rows = []
        level = 1.0 - (1.0 - CONFIDENCE) / max(len(self.pairs), 1)
        for pair, sums in zip(self.pairs, self._sums, strict=True):
            row: dict[str, object] = {**pair.context, self.factor: pair.level}
            row |= {"baseline": self.baseline, "n": int(sums[0, 0])}
            for name, (n, total, squares) in zip(("days", "collapse"), sums, strict=True):
                mean, half = _mean_and_half_width(n, total, squares, level)
                row |= {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}
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
    first = design.points[0].values[factor]
    others = [name for name in design.factors if name != factor]

    def context(point: int) -> tuple[object, ...]:
        return tuple(design.points[point].values[name] for name in others)

    indices = range(len(design.points))
    is_first = [design.points[i].values[factor] == first for i in indices]
    baselines = {context(i): i for i in indices if is_first[i]}
    return [
        Pair(baselines[context(i)], i, dict(zip(others, context(i), strict=True)),
             design.points[i].values[factor])
        for i in itertools.compress(indices, [not flag for flag in is_first])
    ]  # fmt: skip


def _mean_and_half_width(
    n: float, total: float, squares: float, level: float
) -> tuple[float, float]:
    """Mean and half width of its t interval, from sums."""
    if n < 2:
        return (total / n if n else math.nan), math.nan
    mean = total / n
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    return mean, float(stats.t.ppf(0.5 + level / 2, n - 1)) * math.sqrt(variance / n)


def in_words(row: pd.Series, factor: str, horizon: int) -> str:
    """One pair as a sentence; never "longer" or "shorter" when the interval crosses zero."""
    names = list(row.index[: row.index.get_loc(factor)])
    where = "With " + ", ".join(f"{n}={row[n]}" for n in names) + ", " if names else ""
    who = f"{where}{factor}={row[factor]} rather than {row['baseline']}"
    days = f"[{row['days_low']:+.1f}, {row['days_high']:+.1f}]"
    points = f"[{100 * row['collapse_low']:+.1f}, {100 * row['collapse_high']:+.1f}]"
    if not math.isfinite(row["days_low"]):
        return f"{who}: too few runs to say."
    if row["days_low"] <= 0.0 <= row["days_high"]:
        return (
            f"{who}: cannot be told apart in days survived at n = {row['n']:,}: "
            f"{row['days']:+.1f} days {days}."
        )
    direction = "longer" if row["days"] > 0.0 else "shorter"
    return (
        f"{who}: the truce lasts {abs(row['days']):.1f} days {direction} {days} within {horizon} "
        f"days; collapse changes by {100 * row['collapse']:+.1f} points {points}."
    )
