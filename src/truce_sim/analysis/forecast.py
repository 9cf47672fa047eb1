"""Score a forecast against the recorded day: rank, CRPS, log score, Brier score.

A forecast of a day is a set of runs or an exact distribution. Runs that contradict what is known
are rejected; the rest are the forecast given what is known. All scores here are proper: on average
a forecaster does best by stating what it believes (Gneiting and Raftery 2007). They are losses, so
lower is better. Scores of runs are estimates, with 95 % intervals of the simulation. One score of
one case says little about a model: see `cases_needed`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from truce_sim.intervals import NO_ESTIMATE, Estimate, mean_interval, share_interval

Days = NDArray[np.float64]
Clusters = NDArray[np.int64]


def effective_runs(clusters: Clusters) -> float:
    """Return the effective number of independent runs, (Σ n)² / Σ n² over clusters (Kish 1965).

    It assumes the worst, that runs of one cluster are all alike. Without shared draws it is the
    number of runs.

    Args:
        clusters: (runs,) codes of shared draws.
    """
    size = np.bincount(clusters).astype(float)
    return float(size.sum() ** 2 / (size @ size)) if size.size else 0.0


def rank(days: Days, recorded: float, clusters: Clusters) -> Estimate:
    """Return where the recorded day falls: the share of runs before it plus half of those on it.

    This is the probability integral transform at mid-rank; over many cases it is uniform if the
    forecasts are right. The interval extends from the lower limit of the share before that day to
    the upper limit of the share by its end.

    Args:
        days: (runs,) day of the event; infinite if it never came.
        recorded: the day on which it came.
        clusters: (runs,) codes of shared draws.
    """
    before = share_interval(days < recorded, clusters)
    by_then = share_interval(days <= recorded, clusters)
    return Estimate((before.value + by_then.value) / 2, before.low, by_then.high)


def crps(days: Days, recorded: float, clusters: Clusters) -> Estimate:
    """Return the continuous ranked probability score E|X - y| - E|X - X'| / 2, in days.

    The estimate is unbiased if runs are independent ("fair", Ferro 2014); the interval is that of
    its linear part. NaN for fewer than two runs.

    Args:
        days: (runs,) finite days.
        recorded: the day on which the event came.
        clusters: (runs,) codes of shared draws.
    """
    if days.size < 2:
        return NO_ESTIMATE
    apart, missed = _distances(days), np.abs(days - recorded)
    score = float(missed.mean() - apart.mean() / 2)
    linear = mean_interval(missed - apart, clusters)
    half = linear.high - linear.value
    return Estimate(score, max(score - half, 0.0), score + half)


def _distances(days: Days) -> Days:
    """(n,) mean distance of each value from the others."""
    n, order = days.size, np.argsort(days)
    x = days[order]
    below = np.concatenate([[0.0], np.cumsum(x)])
    i = np.arange(n)
    sums = x * (2 * i - n + 1) - below[:-1] + below[-1] - below[1:]
    apart = np.empty(n)
    apart[order] = sums / (n - 1)
    return apart


def crps_of_law(beyond: Days, recorded: float) -> float:
    """Return the CRPS of an exact distribution of whole days, capped at a horizon H.

    Args:
        beyond: (H,) P(T > d) for d = 0 … H-1.
        recorded: the day on which the event came.
    """
    return float(((beyond - (recorded > np.arange(beyond.size))) ** 2).sum())


def log_score(share: Estimate) -> Estimate:
    """Return -ln of the probability given to what happened (Good 1952), in nats; ∞ for zero."""
    value, low, high = (math.inf if p == 0.0 else -math.log(p) for p in share)
    return Estimate(value, high, low)


def brier_score(share: Estimate, came: bool) -> Estimate:
    """Return the squared distance of a probability from what happened (Brier 1950), 0 to 1."""
    value, *ends = ((p - came) ** 2 for p in share)
    return Estimate(value, min(ends), max(ends))


def cases_needed(gains: Days, clusters: Clusters, errors: float = 2.0) -> Estimate:
    """Return how many independent cases it takes to tell two forecasts apart.

    This is the number at which the mean gain of one over the other reaches `errors` standard
    errors. The interval is that of the mean gain; ∞ if the gain may be 0.

    Args:
        gains: (runs,) for each run of the forecast that is assumed to be true, by how much the
            score of the other would be worse if that run were the case.
        clusters: (runs,) codes of shared draws.
        errors: the number of standard errors.
    """
    gain, spread = mean_interval(gains, clusters), float(gains.std())
    needed = [math.inf if g <= 0.0 else (errors * spread / g) ** 2 for g in gain]
    return Estimate(needed[0], needed[2], needed[1])
