"""Counts of how the runs of a group ended, and the variance of estimates based on them.

If an estimate depends only on the counts of runs by end state, its variance is, to first order,
that of the sum over runs of its derivatives by the weight of each run (the infinitesimal
jackknife, Efron 1982). For the Kaplan-Meier curve this is exactly Greenwood's formula. Runs that
share draws are summed first (Lin and Wei 1989), so pooled points are not treated as independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truce_sim.intervals import allowance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: How a run ended on its last day: censored, with the event of interest, or with a competing event.
CENSORED, EVENT, COMPETING = 0, 1, 2

#: With fewer products than this, pairs of runs are counted without a sparse table.
_DENSE = 1_000_000


@dataclass(frozen=True)
class Ends:
    """Runs counted by end state.

    Attributes:
        day: (states,) the last day on which the runs were observed.
        event: (states,) what happened then: `CENSORED`, `EVENT` or `COMPETING`.
        count: (states,) number of runs.
        clusters: number of sets of shared draws.
        shared: (states, states) number of pairs of runs in the same cluster with these end states;
            None if every cluster has one run.
    """

    day: Ints
    event: Ints
    count: Ints
    clusters: int
    shared: Floats | None

    @property
    def runs(self) -> int:
        """Number of runs."""
        return int(self.count.sum())

    @property
    def allowance(self) -> float:
        """Factor by which intervals are widened because few clusters estimate the variance."""
        return 1.0 if self.shared is None else allowance(self.clusters)

    def by_day(self, event: int, days: int) -> Ints:
        """Return how many runs ended on each day with that event, (days,)."""
        chosen = self.event == event
        return np.bincount(self.day[chosen], self.count[chosen], days).astype(np.int64)

    def at_risk(self, days: int) -> Ints:
        """Return how many runs had not ended before each day, (days,)."""
        ended = np.bincount(self.day, self.count, days)
        return (self.runs - np.concatenate([[0.0], ended.cumsum()[:-1]])).astype(np.int64)

    def watched(self, days: int) -> Floats:
        """Return the largest number of independent runs observed on each day, (days,).

        This is the number of clusters, or fewer once runs have been censored.
        """
        censored = self.by_day(CENSORED, days).cumsum()
        left = self.runs - np.concatenate([[0.0], censored[:-1]])
        return np.asarray(np.minimum(self.clusters, left))

    def variance(self, derivatives: Floats) -> Floats:
        """Return the variance of estimates from their derivatives.

        Args:
            derivatives: (states, ...) derivatives by the weight of a run of each state.

        Returns:
            (...) variances; NaN if all runs share their draws.
        """
        if self.shared is None:
            return np.asarray(np.tensordot(self.count, derivatives**2, 1))
        if self.clusters < 2:
            return np.full(derivatives.shape[1:], np.nan)
        sums = ((self.shared @ derivatives) * derivatives).sum(axis=0)
        return np.asarray(self.clusters / (self.clusters - 1) * np.maximum(sums, 0.0))

    def variance_of_share(self, share: Floats, derivatives: Floats) -> Floats:
        """Return the variance of shares by day (days,), allowing for few clusters.

        Where all clusters happen to agree, it is that of as many independent runs as there are
        clusters, as in `intervals.share_interval`: agreement doesn't make a share certain.

        Args:
            share: (days,) the shares.
            derivatives: (states, days) their derivatives, as in `variance`.
        """
        found, spread = self.variance(derivatives), share * (1.0 - share)
        agree = found <= 1e-14 * spread
        least = spread / np.maximum(self.watched(share.size), 1)
        return np.asarray(np.where(agree, least, found) * self.allowance**2)


def count_ends(day: Ints, event: Ints, clusters: Ints) -> Ends:
    """Count runs by end state.

    Args:
        day: (runs,) last day of each run.
        event: (runs,) what happened then.
        clusters: (runs,) codes of shared draws.
    """
    code = 3 * day + event
    found = np.flatnonzero(np.bincount(code))
    place = np.searchsorted(found, code)
    n = int(clusters.max()) + 1 if clusters.size else 0
    count = np.bincount(place, minlength=found.size)
    shared = None if n == clusters.size else _shared_counts(place, clusters, (n, found.size))
    return Ends(found // 3, found % 3, count, n, shared)


def _shared_counts(place: Ints, clusters: Ints, shape: tuple[int, int]) -> Floats:
    groups, states = shape
    if groups * states**2 < _DENSE:
        code = clusters * states + place
        counts = np.bincount(code, minlength=groups * states).reshape(shape).astype(float)
        return np.asfortranarray(counts.T @ counts)  # as that of a sparse table
    from scipy import sparse

    table = sparse.csr_array((np.ones(place.size), (clusters, place)), shape)
    return np.asarray((table.T @ table).todense())
