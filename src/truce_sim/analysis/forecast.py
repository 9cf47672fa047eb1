"""How well a forecast did, once the day has come: rank, CRPS, log score, Brier score.

A forecast is a set of runs, or an exact law, of a day; runs that contradict what is known are left
out (rejection), and the rest is the forecast given what is known. All scores here are proper: a
forecaster does best, on average, by saying what it holds to be true (Gneiting and Raftery 2007).
They are losses: less is better. Scores of runs are estimates, with 95 % intervals of the
simulation; one score of one case says little about a model: see `cases_needed`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from truce_sim.intervals import NO_ESTIMATE, Estimate, mean_interval, share_interval

Days = NDArray[np.float64]
Clusters = NDArray[np.int64]


def effective_runs(clusters: Clusters) -> float:
    """How many independent runs these are worth if runs that share draws (equal clusters) are all
    alike: (Σ n)² / Σ n² over the sets (Kish 1965). Without sharing, their number."""
    size = np.bincount(clusters).astype(float)
    return float(size.sum() ** 2 / (size @ size)) if size.size else 0.0


def rank(days: Days, recorded: float, clusters: Clusters) -> Estimate:
    """Where the recorded day falls: the share of runs before it, and half of those on it (the
    probability integral transform at mid-rank; over many cases it is uniform if forecasts are
    right). Days that never came are infinite.

    The interval goes from the lowest share before that day to the highest by its end.
    """
    before = share_interval(days < recorded, clusters)
    by_then = share_interval(days <= recorded, clusters)
    return Estimate((before.value + by_then.value) / 2, before.low, by_then.high)


def crps(days: Days, recorded: float, clusters: Clusters) -> Estimate:
    """Continuous ranked probability score E|X - y| - E|X - X'| / 2, in days, for finite days (n,).

    Estimated without bias where runs are independent ("fair", Ferro 2014); the interval is that of
    its linear part. NaN for fewer than two runs.
    """
    if days.size < 2:
        return NO_ESTIMATE
    apart, missed = _distances(days), np.abs(days - recorded)
    score = float(missed.mean() - apart.mean() / 2)
    linear = mean_interval(missed - apart, clusters)
    half = linear.high - linear.value
    return Estimate(score, max(score - half, 0.0), score + half)


def _distances(days: Days) -> Days:
    """(n,) the mean distance of each value from the others."""
    n, order = days.size, np.argsort(days)
    x = days[order]
    below = np.concatenate([[0.0], np.cumsum(x)])
    i = np.arange(n)
    sums = x * (2 * i - n + 1) - below[:-1] + below[-1] - below[1:]
    apart = np.empty(n)
    apart[order] = sums / (n - 1)
    return apart


def crps_of_law(beyond: Days, recorded: float) -> float:
    """The same of an exact law of whole days, both cut at H: beyond[d] = P(T > d), d = 0 … H-1."""
    return float(((beyond - (recorded > np.arange(beyond.size))) ** 2).sum())


def log_score(share: Estimate) -> Estimate:
    """-ln of the probability that was given to what came (Good 1952), in nats; ∞ for none."""
    value, low, high = (math.inf if p == 0.0 else -math.log(p) for p in share)
    return Estimate(value, high, low)


def brier_score(share: Estimate, came: bool) -> Estimate:
    """Square of the distance of a probability from what came (Brier 1950): 0 to 1."""
    value, *ends = ((p - came) ** 2 for p in share)
    return Estimate(value, min(ends), max(ends))


def cases_needed(gains: Days, clusters: Clusters, errors: float = 2.0) -> Estimate:
    """How many independent cases it takes until the mean gain of one forecast over another is so
    many standard errors.

    gains: (n,) of runs of the forecast that is taken for true, by how much the other one's score is
    worse, were that run the case. The interval is that of the mean gain; ∞ where it may be 0.
    """
    gain, spread = mean_interval(gains, clusters), float(gains.std())
    needed = [math.inf if g <= 0.0 else (errors * spread / g) ** 2 for g in gain]
    return Estimate(needed[0], needed[2], needed[1])
