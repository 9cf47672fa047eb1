"""What a sweep came to, point by point: share collapsed, mean and median survival, with intervals.

Runs are censored at the horizon only, so survival curves are plain shares and everything here
follows from one table of counts: how many runs of each point ended on each day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from .execute import ChunkResult

CONFIDENCE = 0.95


class Survival:
    """Counts of runs by point and day of collapse; the last column holds those that survived."""

    def __init__(self, horizons: Sequence[int]) -> None:
        self.horizons = np.asarray(horizons)
        self.counts = np.zeros((len(horizons), int(self.horizons.max()) + 1), np.int64)
        self.failed = np.zeros(len(horizons), np.int64)

    def add(self, result: ChunkResult) -> None:
        """Count the runs of a chunk."""
        points = np.repeat(np.asarray(result.chunk.points), result.chunk.count)
        good = ~result.failed
        days = np.where(result.collapsed, result.end_day, self.counts.shape[1] - 1)
        np.add.at(self.counts, (points[good], days[good]), 1)
        np.add.at(self.failed, points[result.failed], 1)

    def table(self) -> pd.DataFrame:
        """One row a point: runs, failed, collapse_share, mean_survival, median_survival, each with
        its 95 % interval in `<name>_low` and `<name>_high`; days. The mean is restricted to the
        horizon; the median is missing where fewer than half of the runs collapsed."""
        rows = [self._row(point) for point in range(len(self.horizons))]
        return pd.DataFrame(rows).rename_axis("point")

    def _row(self, point: int) -> dict[str, float]:
        counts, horizon = self.counts[point].astype(float), int(self.horizons[point])
        n = int(counts.sum())
        days = np.minimum(np.arange(counts.size, dtype=float), horizon)
        row: dict[str, float] = {"runs": n, "failed": int(self.failed[point]), "horizon": horizon}
        collapsed = n - int(counts[-1])
        row |= _named("collapse_share", *wilson(collapsed, n))
        row |= _named("mean_survival", *mean_interval(counts, days))
        row |= _named("median_survival", *median_interval(counts, days, horizon))
        return row


def wilson(successes: int, n: int) -> tuple[float, float, float]:
    """A share with its 95 % Wilson interval."""
    if n == 0:
        return math.nan, math.nan, math.nan
    interval = stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return successes / n, float(interval.low), float(interval.high)


def mean_interval(
    counts: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Mean of counted values with its 95 % t interval; the interval is missing for n < 2."""
    n = counts.sum()
    if n == 0:
        return math.nan, math.nan, math.nan
    mean = float(counts @ values / n)
    if n < 2:
        return mean, math.nan, math.nan
    variance = float(counts @ (values - mean) ** 2 / (n - 1))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * math.sqrt(variance / n)
    return mean, mean - half, mean + half


def median_interval(
    counts: NDArray[np.float64], days: NDArray[np.float64], horizon: int
) -> tuple[float, float, float]:
    """Median survival with its 95 % order-statistic interval (binomial, distribution-free); missing
    where it lies beyond the horizon."""
    n = int(counts.sum())
    if n == 0:
        return math.nan, math.nan, math.nan
    low, high = stats.binom.interval(CONFIDENCE, n, 0.5)
    below = counts.cumsum()
    ranks = (math.ceil(n / 2), max(int(low), 1), min(int(high) + 1, n))
    found = [int(np.searchsorted(below, rank)) for rank in ranks]
    return tuple(  # type: ignore[return-value]
        float(days[i]) if i < counts.size - 1 and days[i] < horizon else math.nan for i in found
    )


def _named(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}
