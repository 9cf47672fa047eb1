"""How the runs of a group ended, counted, and the variance of whatever follows from the counts.

An estimate that depends on the counts of runs by end state alone has, to first order, the variance
of the sum over runs of its derivatives by the weight of each run (the infinitesimal jackknife,
Efron 1982). For the Kaplan-Meier curve that is Greenwood's formula, exactly. Runs that share draws
are summed first (Lin and Wei 1989), so that pooled points do not count as if independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truce_sim.intervals import allowance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What a run came to on its last day: nothing yet, the event asked for, or another one first.
CENSORED, EVENT, COMPETING = 0, 1, 2


@dataclass(frozen=True)
class Ends:
    """Runs counted by end state.

    day, event, count: (states,) the last day on which a run was watched, what came then, and how
    many runs. clusters: how many there are. shared: (states, states) how often two runs of a
    cluster end so; None where every cluster has one run.
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
        """How much wider intervals must be because few clusters tell the variance."""
        return 1.0 if self.shared is None else allowance(self.clusters)

    def by_day(self, event: int, days: int) -> Ints:
        """(days,) how many runs ended on each day with that event."""
        chosen = self.event == event
        return np.bincount(self.day[chosen], self.count[chosen], days).astype(np.int64)

    def at_risk(self, days: int) -> Ints:
        """(days,) how many runs had not ended before each day."""
        ended = np.bincount(self.day, self.count, days)
        return (self.runs - np.concatenate([[0.0], ended.cumsum()[:-1]])).astype(np.int64)

    def watched(self, days: int) -> Floats:
        """(days,) how many independent runs at most tell of each day: clusters, or fewer where
        runs were censored before."""
        censored = self.by_day(CENSORED, days).cumsum()
        left = self.runs - np.concatenate([[0.0], censored[:-1]])
        return np.asarray(np.minimum(self.clusters, left))

    def variance(self, derivatives: Floats) -> Floats:
        """(...) the variance of estimates whose derivatives by a run of each state are given,
        (states, ...); NaN where all runs share their draws."""
        if self.shared is None:
            return np.asarray(np.tensordot(self.count, derivatives**2, 1))
        if self.clusters < 2:
            return np.full(derivatives.shape[1:], np.nan)
        sums = ((self.shared @ derivatives) * derivatives).sum(axis=0)
        return np.asarray(self.clusters / (self.clusters - 1) * np.maximum(sums, 0.0))


def count_ends(day: Ints, event: Ints, clusters: Ints) -> Ends:
    """Count runs by end state. day, event, clusters: (runs,)."""
    code = 3 * day + event
    found = np.flatnonzero(np.bincount(code))
    place = np.searchsorted(found, code)
    n = int(clusters.max()) + 1 if clusters.size else 0
    count = np.bincount(place, minlength=found.size)
    shared = None if n == clusters.size else _shared_counts(place, clusters, (n, found.size))
    return Ends(found // 3, found % 3, count, n, shared)


def _shared_counts(place: Ints, clusters: Ints, shape: tuple[int, int]) -> Floats:
    from scipy import sparse

    table = sparse.csr_array((np.ones(place.size), (clusters, place)), shape)
    return np.asarray((table.T @ table).todense())
