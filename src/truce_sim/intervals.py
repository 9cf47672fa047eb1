"""Estimates with their intervals: means, shares, differences, ratios, quantiles.

Replicate r of every point has the same draws, so runs of different points are dependent when they
are pooled: runs that share a seed and a replicate form a *cluster*, and only clusters are
independent. In a sweep over worlds (draws of the settings), all runs of a world form one, since
they share its settings: intervals are then about worlds, and a single world has none. Variances are
therefore sums over clusters (Liang and Zeger 1986), and quantiles are those of Student's t, because
a few clusters estimate their variance poorly. If every cluster has one run, all formulas are the
usual ones.

Functions with plural names take arrays and return (values, lows, highs). `confidence` is the
coverage of an interval, and `clusters` (n,) is the cluster of each run as a code from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy  # its parts are imported on use, which saves a sweep half a second
from numpy.typing import NDArray

#: Confidence level of every printed interval, unless stated otherwise.
CONFIDENCE = 0.95

#: The half-widths at levels in use, in standard errors; with them, these levels need no scipy.
_Z = {0.95: 1.959963984540054}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Estimate(NamedTuple):
    """A value with its interval.

    Attributes:
        value: the estimate; NaN if there is none.
        low: lower end of the interval; NaN if there is none.
        high: upper end.
    """

    value: float
    low: float
    high: float


NO_ESTIMATE = Estimate(math.nan, math.nan, math.nan)


def named(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return an estimate and its interval as columns: `name`, `name`_low, `name`_high."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


#: The column of runs that has their world, if the sweep is over worlds.
WORLD = "world"


def shared_by(runs: pd.DataFrame) -> list[str]:
    """Return the columns in which the runs of a cluster are equal."""
    return [WORLD] if WORLD in runs else ["seed", "replicate"]


def within_world(runs: pd.DataFrame) -> pd.DataFrame:
    """Return runs of one point for estimates *given* its settings, whatever world it lies in."""
    return runs.drop(columns=WORLD, errors="ignore")


def clusters(runs: pd.DataFrame) -> Ints:
    """Return (runs,) the cluster of each run as a code from 0.

    Args:
        runs: with the columns of `shared_by`; runs equal in these share a cluster.
    """
    if WORLD in runs:
        return np.unique(runs[WORLD].to_numpy(np.int64), return_inverse=True)[1]
    replicate = runs["replicate"].to_numpy(np.int64)
    seed = runs["seed"].to_numpy(np.int64)
    if not len(runs) or (seed == seed[0]).all():
        return np.unique(replicate, return_inverse=True)[1]
    seeds = np.unique(seed, return_inverse=True)[1]
    return np.unique(seeds * (int(replicate.max()) + 1) + replicate, return_inverse=True)[1]


# ── quantiles and levels ─────────────────────────────────────────────────────────────────────


def central(confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the shares of draws below the ends of their central interval."""
    return 0.5 - confidence / 2, 0.5 + confidence / 2


def z_quantile(confidence: float = CONFIDENCE) -> float:
    """Return the half-width of a normal interval in standard errors."""
    known = _Z.get(confidence)
    return float(scipy.special.ndtri(0.5 + confidence / 2)) if known is None else known


def t_quantile(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Return the half-width of a t interval in standard errors; NaN without degrees of freedom."""
    return float(scipy.special.stdtrit(freedom, 0.5 + confidence / 2))


def simultaneous(number: int, confidence: float = CONFIDENCE) -> float:
    """Return the level for each of `number` intervals to cover jointly (Bonferroni)."""
    return 1.0 - (1.0 - confidence) / max(number, 1)


def allowance(clusters: int, confidence: float = CONFIDENCE) -> float:
    """Return the factor by which an interval must be wider if its variance is from few clusters.

    It is the quantile of Student's t over the normal one; 1 for fewer than two.

    Args:
        clusters: number of clusters.
        confidence: of the interval.
    """
    if clusters < 2:
        return 1.0
    level = 0.5 + confidence / 2
    return float(scipy.special.stdtrit(clusters - 1, level) / scipy.special.ndtri(level))


# ── means ────────────────────────────────────────────────────────────────────────────────────


def t_interval(
    value: float, error: float, freedom: float, confidence: float = CONFIDENCE
) -> Estimate:
    """Return a value with the t interval that follows from its standard error.

    Args:
        value: the estimate.
        error: its standard error.
        freedom: degrees of freedom.
        confidence: of the interval.
    """
    half = t_quantile(freedom, confidence) * error
    return Estimate(value, value - half, value + half)


def t_intervals(
    values: Floats, errors: Floats, freedom: Ints | int, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats, Floats]:
    """Return values (n,) with their t intervals, as `t_interval`; NaN without freedom."""
    half = scipy.special.stdtrit(freedom, 0.5 + confidence / 2) * errors
    return values, values - half, values + half


def variance_of_mean(values: Floats, clusters: Ints) -> float:
    """Return the variance of the mean of values (n,), by clusters; NaN for a single cluster."""
    sums = np.bincount(clusters, values - values.mean())
    groups = sums.size
    return groups / (groups - 1) * float(sums @ sums) / values.size**2 if groups > 1 else math.nan


def mean_interval(values: Floats, clusters: Ints, confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean of values (n,) with its t interval (clusters - 1 degrees of freedom)."""
    if not values.size:
        return NO_ESTIMATE
    error = math.sqrt(variance_of_mean(values, clusters))
    return t_interval(float(values.mean()), error, int(clusters.max()), confidence)


def cut(found: Estimate, low: float, high: float) -> Estimate:
    """Cut an interval at the ends of the range in which the true value must lie.

    It covers that value exactly as often as before.
    """
    return Estimate(found.value, *(min(max(end, low), high) for end in found[1:]))


def means_within(
    mean: Floats,
    variance: Floats,
    groups: Floats | Ints,
    most: Floats | Ints,
    confidence: float = CONFIDENCE,
) -> tuple[Floats, Floats, Floats]:
    """Return means (k,) of outcomes from 0 to `most` with intervals that stay within that range.

    A mean is treated as a share of its range: the interval is Wilson's at the number of runs whose
    share would have the same variance, reduced by as much as a t interval is wider than a normal
    one. Where nothing varies, that number is the number of independent runs.

    Args:
        mean: (k,) means.
        variance: (k,) their variances.
        groups: (k,) numbers of independent runs; fewer than two give no interval.
        most: (k,) the largest possible values.
        confidence: of the intervals.
    """
    level = 0.5 + confidence / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = mean / most
        spread = share * (1 - share)
        varies = variance / most**2 > 1e-14 * spread
        size = np.where(varies, spread * most**2 / variance, groups)
        size *= (scipy.special.ndtri(level) / scipy.special.stdtrit(groups - 1.0, level)) ** 2
        size = np.where(np.isfinite(size) & np.isfinite(share), size, 0.0)
        _, low, high = wilson_intervals(share * size, size, confidence)
    return mean, most * low, most * high


def mean_within(
    values: Floats, clusters: Ints, most: float | None, confidence: float = CONFIDENCE
) -> Estimate:
    """Return the mean of values (n,) that cannot be below 0, as `value_within`."""
    if not values.size:
        return NO_ESTIMATE
    variance = variance_of_mean(values, clusters)
    return value_within(float(values.mean()), variance, int(clusters.max()) + 1, most, confidence)


def value_within(
    value: float, variance: float, groups: int, most: float | None, confidence: float = CONFIDENCE
) -> Estimate:
    """Return a mean or a rate with an interval of possible values.

    Args:
        value: the estimate, at least 0.
        variance: its variance.
        groups: number of independent runs.
        most: the largest possible value: the interval is that of `means_within`. None if unbounded:
        the t interval, cut at 0; no interval if nothing varies, since zero variance puts no bound
        on rare events.
        confidence: of the interval.
    """
    if most is not None:
        mean, spread, size, end = (np.array([x], float) for x in (value, variance, groups, most))
        _, low, high = means_within(mean, spread, size, end, confidence)
        return Estimate(value, float(low[0]), float(high[0]))
    if not variance > 0.0:
        return Estimate(value, math.nan, math.nan)
    return cut(t_interval(value, math.sqrt(variance), groups - 1, confidence), 0.0, math.inf)


def column_means(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the means of columns (n, k) with their t intervals."""
    n, mean = len(x), x.mean(axis=0)
    half = t_quantile(n - 1) * x.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def column_deviations(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the standard deviations of columns (n, k) with jackknife t intervals on a log scale.

    The interval is 0 to 0 where nothing varies, and NaN where n is too small.
    """
    n, squares = len(x), (x - x.mean(axis=0)) ** 2
    total = squares.sum(axis=0)
    sigma = np.sqrt(total / (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        without = 0.5 * np.log((total - squares * n / (n - 1)) / total)
        error = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half = t_quantile(n - 1) * np.where(total > 0.0, error, 0.0)
    return sigma, sigma * np.exp(-half), sigma * np.exp(half)


def interval_of_parts(value: float, parts: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Return a value with its t interval from the contributions of independent sets of runs.

    Args:
        value: the estimate.
        parts: (n,) contribution of each set to the error, to first order; there is no interval for
            fewer than two.
        confidence: of the interval.
    """
    sets = parts.size
    if sets < 2 or not math.isfinite(value):
        return Estimate(value, math.nan, math.nan)
    error = math.sqrt(sets / (sets - 1) * float(parts @ parts))
    return t_interval(value, error, sets - 1, confidence)


def mean_difference(n: float, total: float, squares: float, level: float) -> Estimate:
    """Return the mean of n differences with its t interval.

    Args:
        n: how many there are.
        total: their sum.
        squares: sum of their squares.
        level: confidence of the interval.
    """
    if n < 2:
        return Estimate(total / n if n else math.nan, math.nan, math.nan)
    mean = total / n
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    return t_interval(mean, math.sqrt(variance / n), n - 1, level)


# ── shares ───────────────────────────────────────────────────────────────────────────────────


def share_interval(
    flags: NDArray[np.bool_], clusters: Ints, confidence: float = CONFIDENCE
) -> Estimate:
    """Return the share of true flags (n,) with a Wilson interval at the effective number of runs.

    That number is p(1-p) over the variance by clusters: n if every cluster has one run (Korn and
    Graubard 1998, with their allowance for few clusters; Wilson 1927), and the number of clusters
    if all flags are equal.
    """
    n, groups = flags.size, int(clusters.max()) + 1 if flags.size else 0
    if not n:
        return NO_ESTIMATE
    share = float(flags.mean())
    size: float = n
    if groups < n:
        variance = variance_of_mean(flags.astype(float), clusters)
        size = effective_size(share, variance, groups) / allowance(groups) ** 2
    return wilson(share, size, confidence)


def effective_size(share: float, variance: float, least: float) -> float:
    """Return the number of independent runs whose share would have this variance.

    Args:
        share: the share.
        variance: its variance; NaN if there is none, which returns 0.
        least: returned where the variance is 0 apart from rounding.
    """
    if math.isnan(variance):
        return 0.0
    spread = share * (1 - share)
    return spread / variance if variance > 1e-14 * spread else least


def wilson_intervals(
    successes: NDArray[Any], n: NDArray[Any], confidence: float = CONFIDENCE
) -> tuple[Floats, Floats, Floats]:
    """Return shares with their Wilson intervals (Wilson 1927); NaN for n = 0.

    Args:
        successes: (k,) how many runs have the property.
        n: (k,) how many runs there are; may be effective numbers.
        confidence: of the intervals.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share, low, high = _score_interval(successes, n, confidence)
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    low, high = np.where(successes == 0, 0.0, low), np.where(successes == n, 1.0, high)
    empty = np.asarray(n) == 0
    return tuple(np.where(empty, math.nan, x) for x in (share, low, high))  # type: ignore[return-value]


def _score_interval(successes: Any, n: Any, confidence: float) -> tuple[Any, Any, Any]:
    """Shares, of numbers or arrays, with their Wilson intervals before these are cut at 0 and 1."""
    z = z_quantile(confidence)
    share = successes / n
    centre = (successes + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(n * share * (1 - share) + z**2 / 4)
    return share, centre - half, centre + half


def wilson(share: float, size: float, confidence: float = CONFIDENCE) -> Estimate:
    """Return a share of an effective number of runs with its Wilson interval; NaN for size 0."""
    if size == 0:
        return Estimate(share, math.nan, math.nan)
    successes, n = float(share * size), float(size)
    _, low, high = _score_interval(successes, n, confidence)
    low, high = max(float(low), 0.0), min(float(high), 1.0)
    return Estimate(share, 0.0 if successes == 0 else low, 1.0 if successes == n else high)


def count_interval(successes: int, n: int) -> Estimate:
    """Return the share of n independent runs with its Wilson interval; NaN for n = 0."""
    share, low, high = wilson_intervals(np.array([successes]), np.array([n]))
    return Estimate(float(share[0]), float(low[0]), float(high[0]))


def log_log_interval(
    share: Floats, variance: Floats, watched: Floats, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats]:
    """Return (lows, highs) of shares (n,), symmetric in log(-log(share)).

    Args:
        share: the shares.
        variance: (n,) their variances.
        watched: (n,) number of runs observed, for the Wilson interval at shares of 0 and 1.
        confidence: of the intervals.
    """
    z = z_quantile(confidence)
    inside = (share > 0.0) & (share < 1.0)
    log = np.log(np.where(inside, share, 0.5))
    step = np.exp(z * np.sqrt(variance) / (np.where(inside, share, 0.5) * log))
    low, high = np.exp(log / step), np.exp(log * step)
    watched = np.where(np.isnan(variance), 0.0, watched)
    _, *edge = wilson_intervals(np.where(share > 0.5, watched, 0.0), watched, confidence)
    return np.where(inside, low, edge[0]), np.where(inside, high, edge[1])


def share_difference(n: float, total: float, squares: float, level: float) -> Estimate:
    """Return the difference of two paired shares with the interval of Agresti and Min (2005).

    It is Wald's interval with half a run added to each of the four cells, so that it has a width
    even where no pair differs.

    Args:
        n: number of pairs.
        total: sum of the differences.
        squares: sum of their squares.
        level: confidence of the interval.
    """
    if n == 0:
        return NO_ESTIMATE
    size, discordant = n + 2, squares + 1
    centre = total / size
    variance = (discordant / size - centre**2) / size
    half = z_quantile(level) * math.sqrt(variance)
    return Estimate(total / n, max(centre - half, -1.0), min(centre + half, 1.0))


def differ_from_first(share: Floats, n: Floats) -> NDArray[np.bool_]:
    """Return which shares of independent runs, (k,), clearly differ from the first one.

    The interval of a difference combines the distances to the ends of both Wilson intervals
    (Newcombe 1998); it allows for the number of comparisons (Bonferroni). Shared draws make the
    runs of two points alike, so it is then too wide rather than too narrow.
    """
    _, low, high = wilson_intervals(share * n, n, simultaneous(share.size - 1))
    up = share - share[0] - np.hypot(share - low, high[0] - share[0])
    down = share[0] - share - np.hypot(share[0] - low[0], high - share)
    return np.asarray((up > 0.0) | (down > 0.0))


def rate_ratio(ratio: float, counts: Sequence[int]) -> Estimate:
    """Return the ratio of two Poisson rates with its interval; `counts` are their events."""
    half = z_quantile() * math.sqrt(sum(1 / n for n in counts))
    return Estimate(ratio, ratio * math.exp(-half), ratio * math.exp(half))


# ── quantiles of outcomes ────────────────────────────────────────────────────────────────────


def quantile_interval(values: Floats, clusters: Ints, q: float) -> Estimate:
    """Return quantile q of values (n,) with its interval (Woodruff 1952).

    The ends are the quantiles at the ends of the interval of the share of values below it.
    """
    if not values.size:
        return NO_ESTIMATE
    x = np.sort(values)
    at = _ordered_quantile(x, q)
    below = (values <= at).astype(float)
    groups = int(clusters.max()) + 1
    variance = variance_of_mean(below, clusters)
    size = effective_size(float(below.mean()), variance, groups) / allowance(groups) ** 2
    _, low, high = wilson(q, size)
    if math.isnan(low):
        return Estimate(at, math.nan, math.nan)
    return Estimate(at, _ordered_quantile(x, low), _ordered_quantile(x, high))


def _ordered_quantile(ordered: Floats, q: float) -> float:
    return float(ordered[min(max(math.ceil(q * ordered.size) - 1, 0), ordered.size - 1)])


def median_days(*curves: Floats) -> tuple[Floats, ...]:
    """Return the first day on which survival is at most one half, in each curve (..., days).

    For a curve and its band, these are median survival and the ends of its interval (Brookmeyer and
    Crowley 1982). Where the curve is exactly one half, that day counts, not the middle of the step.
    NaN if a curve stays above one half.
    """
    found = []
    for curve in curves:
        low = curve <= 0.5 + 1e-9  # a product of shares may miss one half by rounding
        found.append(np.where(low.any(axis=-1), low.argmax(axis=-1), math.nan))
    return tuple(found)


# ── resampling ───────────────────────────────────────────────────────────────────────────────


def jackknife(sums: Floats, measure: Callable[[Floats], Floats], log: bool = False) -> Estimate:
    """Return a measure of sums with its t interval from leaving out each piece in turn.

    Args:
        sums: (pieces, columns).
        measure: takes sums (..., columns) and returns a value for each.
        log: whether to work on a log scale, for ratios, which are skewed.
    """
    n = len(sums)
    if not n:
        return NO_ESTIMATE
    total = sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, without = float(measure(total)), measure(total - sums)
        centre, others = (np.log(value), np.log(without)) if log else (value, without)
        half = t_quantile(n - 1) * math.sqrt(n - 1) * others.std()
    if n < 2 or not math.isfinite(half):
        return Estimate(value, math.nan, math.nan)
    ends = centre - half, centre + half
    low, high = np.exp(ends) if log else ends
    return Estimate(value, float(low), float(high))


def fieller_interval(pair: Floats, without: Floats) -> Estimate:
    """Return the second of a pair of values over the first, with its interval (Fieller 1954).

    The interval contains every ratio r for which second - r · first may be 0; there is none if the
    first may itself be 0.

    Args:
        pair: (2,) the values.
        without: (pieces, 2) the pair with each piece left out in turn.
    """
    n, ratio = len(without), float(pair[1] / pair[0])
    if n < 2 or not np.isfinite(without).all():
        return Estimate(ratio, math.nan, math.nan)
    spread = (n - 1) * np.cov(without.T, bias=True) * t_quantile(n - 1) ** 2
    (a, b), (_, c) = np.outer(pair, pair) - spread
    if a <= 0:
        return Estimate(ratio, math.nan, math.nan)
    half = math.sqrt(b * b - a * c)
    return Estimate(ratio, float((b - half) / a), float((b + half) / a))


def percentile_interval(draws: Floats, clusters: int) -> tuple[float, float]:
    """Return the central interval of resampled values, widened for few clusters (Hesterberg 2015).

    Args:
        draws: sorted values of the resamples; some may be infinite.
        clusters: number of clusters that were resampled.
    """
    wide = math.sqrt(clusters / (clusters - 1)) * t_quantile(clusters - 1)
    tail = float(scipy.special.ndtr(-wide))
    low, high = math.floor(tail * (draws.size - 1)), math.ceil((1 - tail) * (draws.size - 1))
    return float(draws[low]), float(draws[high])
