"""Means and shares over runs that share draws, with their intervals.

Replicate r of every point has the same draws, so runs of different points are dependent when they
are pooled: those that share a seed and a replicate form a *cluster*, and only clusters are
independent. Variances are therefore sums over clusters (Liang and Zeger 1986), and quantiles are
those of Student's t, for few clusters tell their variance badly. Where every cluster has one run,
all formulas are the usual ones.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

#: Level of every interval that is printed, unless it says another.
CONFIDENCE = 0.95

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A value with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


def clusters(runs: pd.DataFrame) -> NDArray[np.int64]:
    """(runs,) the cluster of each run, as codes from 0: runs of equal seed and replicate."""
    replicate = runs["replicate"].to_numpy(np.int64)
    seed = runs["seed"].to_numpy(np.int64)
    if not len(runs) or (seed == seed[0]).all():
        return np.unique(replicate, return_inverse=True)[1]
    seeds = np.unique(seed, return_inverse=True)[1]
    return np.unique(seeds * (int(replicate.max()) + 1) + replicate, return_inverse=True)[1]


def variance_of_mean(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> float:
    """Variance of the mean of values (n,), by clusters; NaN where there is but one cluster."""
    sums = np.bincount(clusters, values - values.mean())
    groups = sums.size
    return groups / (groups - 1) * float(sums @ sums) / values.size**2 if groups > 1 else math.nan


def mean_interval(
    values: NDArray[np.float64], clusters: NDArray[np.int64], confidence: float = CONFIDENCE
) -> Estimate:
    """The mean of values (n,) with its t interval, of one less degree of freedom than clusters."""
    if not values.size:
        return Estimate(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    spread = math.sqrt(variance_of_mean(values, clusters))
    half = float(special.stdtrit(int(clusters.max()), 0.5 + confidence / 2)) * spread
    return Estimate(mean, mean - half, mean + half)


def interval_of_parts(
    value: float, parts: NDArray[np.float64], confidence: float = CONFIDENCE
) -> Estimate:
    """A value with its t interval, from what each of independent sets of runs contributes to its
    error (n,), to first order; no interval for fewer than two."""
    sets = parts.size
    if sets < 2 or not math.isfinite(value):
        return Estimate(value, math.nan, math.nan)
    spread = math.sqrt(sets / (sets - 1) * float(parts @ parts))
    half = float(special.stdtrit(sets - 1, 0.5 + confidence / 2)) * spread
    return Estimate(value, value - half, value + half)


def share_interval(
    flags: NDArray[np.bool_], clusters: NDArray[np.int64], confidence: float = CONFIDENCE
) -> Estimate:
    """The share of true flags (n,) with its Wilson interval at the effective number of runs.

    That number is p(1-p) over the variance by clusters, n itself where every cluster has one run
    (Korn and Graubard 1998, with their allowance for few clusters; Wilson 1927), and the number of
    clusters where all flags are equal.
    """
    n, groups = flags.size, int(clusters.max()) + 1 if flags.size else 0
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    share = float(flags.mean())
    size: float = n
    if groups < n:
        variance = variance_of_mean(flags.astype(float), clusters)
        size = effective_size(share, variance, groups) / allowance(groups) ** 2
    return wilson(share, size, confidence)


def allowance(clusters: int, confidence: float = CONFIDENCE) -> float:
    """How much wider an interval must be whose variance is that of so many clusters: the quantile
    of Student's t over the normal one; 1 where there is no variance at all."""
    if clusters < 2:
        return 1.0
    level = 0.5 + confidence / 2
    return float(special.stdtrit(clusters - 1, level) / special.ndtri(level))


def effective_size(share: float, variance: float, least: float) -> float:
    """How many independent runs would give a share this variance; `least` where that is 0 but for
    rounding, 0 where there is none."""
    if math.isnan(variance):
        return 0.0
    spread = share * (1 - share)
    return spread / variance if variance > 1e-14 * spread else least


def wilson_intervals(
    successes: NDArray[Any], n: NDArray[Any], confidence: float = CONFIDENCE
) -> tuple[Floats, Floats, Floats]:
    """Shares with their Wilson intervals (Wilson 1927); missing for n = 0. n may be an effective
    number of runs."""
    z = float(special.ndtri(0.5 + confidence / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / n
        centre = (successes + z**2 / 2) / (n + z**2)
        half = z / (n + z**2) * np.sqrt(n * share * (1 - share) + z**2 / 4)
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    low, high = np.where(successes == 0, 0.0, low), np.where(successes == n, 1.0, high)
    empty = np.asarray(n) == 0
    return tuple(np.where(empty, math.nan, x) for x in (share, low, high))  # type: ignore[return-value]


def count_interval(successes: int, n: int) -> Estimate:
    """A share of n independent runs with its Wilson interval; NaN for n = 0."""
    share, low, high = wilson_intervals(np.array([successes]), np.array([n]))
    return Estimate(float(share[0]), float(low[0]), float(high[0]))


def wilson(share: float, size: float, confidence: float = CONFIDENCE) -> Estimate:
    """A share of an effective number of runs with its Wilson interval; NaN for size 0."""
    _, low, high = wilson_intervals(np.array([share * size]), np.array([size]), confidence)
    return Estimate(share, float(low[0]), float(high[0]))


def named(name: str, values: tuple[float, float, float]) -> dict[str, float]:
    """An estimate and its interval as columns: name, name_low, name_high."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def mean_difference(
    n: float, total: float, squares: float, level: float
) -> tuple[float, float, float]:
    """Mean of n differences with its t interval, from their sum and sum of squares."""
    if n < 2:
        return (total / n if n else math.nan), math.nan, math.nan
    mean = total / n
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * math.sqrt(variance / n)
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
    half = float(special.ndtri(0.5 + level / 2)) * math.sqrt(variance)
    return total / n, max(centre - half, -1.0), min(centre + half, 1.0)


def more_replicates(n: int, mean: float, low: float, high: float, level: float) -> float:
    """How many replicates more would tell a difference as large as the one seen from none, in four
    cases of five; 0 where this many do, NaN where there is no difference or no interval.

    From the width of the interval at that level: the usual formula for power 0.8, with normal
    quantiles (a planning figure: the difference seen is itself uncertain).
    """
    if not math.isfinite(low) or mean == 0.0:
        return math.nan
    if low > 0.0 or high < 0.0:
        return 0.0
    z = float(special.ndtri(0.5 + level / 2))
    needed = n * ((high - low) / 2 * (1 + float(special.ndtri(0.8)) / z) / abs(mean)) ** 2
    return float(max(math.ceil(needed) - n, 1))
