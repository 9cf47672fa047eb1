"""How sure the theory tests are: every comparison with a closed form goes through here.

One comparison fails by chance, with the engine right, less than once in 10^9 (`ALPHA`, two-sided,
6.1 standard errors for a mean); the suite makes fewer than 500 of them, so that it fails by chance
less than once in 10^6. As seeds are fixed, chance plays once, when a draw of the engine changes.
The tests say what deviation they would detect; as a rule of thumb a comparison of n runs sees a
shift of 8 standard errors with probability 0.97.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

ALPHA = 1e-9

#: Cells of a chi-square expecting fewer are pooled with their neighbours.
LEAST_EXPECTED = 20.0


def sure(p_value: float, what: str = "") -> None:
    """Fail where the data would be this far from the claim less than once in 10^9."""
    assert p_value > ALPHA, f"{what or 'the claim'}: p = {p_value:.2g}"


def mean_is(sample: ArrayLike, mean: float, sd: float | None = None) -> None:
    """The sample's mean, by the normal law of a mean; `sd` of one value if it is known."""
    x = np.asarray(sample, float)
    error = (x.std(ddof=1) if sd is None else sd) / math.sqrt(x.size)
    z = (x.mean() - mean) / error
    sure(2 * stats.norm.sf(abs(z)), f"mean {x.mean():.6g}, expected {mean:.6g} ± {error:.2g}")


def variance_is(sample: ArrayLike, mean: float, variance: float) -> None:
    """The variance about a known mean, with the sample's own fourth moment for its error."""
    squares = (np.asarray(sample, float) - mean) ** 2
    mean_is(squares, variance)


def share_is(successes: int, trials: int, probability: float) -> None:
    """A binomial count, exactly."""
    p = stats.binomtest(int(successes), int(trials), probability).pvalue
    sure(p, f"share {successes / trials:.6g} of {trials}, expected {probability:.6g}")


def poisson_is(count: int, mean: float) -> None:
    """A Poisson count, exactly."""
    law = stats.poisson(mean)
    sure(2 * min(law.cdf(count), law.sf(count - 1)), f"count {count}, expected {mean:.6g}")


def counts_are(observed: ArrayLike, expected: ArrayLike, *, fixed_total: bool = True) -> None:
    """Chi-square of counts: multinomial, or independent Poisson with `fixed_total=False`."""
    seen, due = np.asarray(observed, float), np.asarray(expected, float)
    assert (seen[due < ALPHA] == 0).all(), "something impossible was seen"
    if fixed_total:
        assert math.isclose(seen.sum(), due.sum(), rel_tol=1e-9), "totals differ"
    seen, due = pool(seen, due)
    if fixed_total and due.size == 1:
        return
    statistic = float(((seen - due) ** 2 / due).sum())
    sure(stats.chi2.sf(statistic, due.size - fixed_total), f"chi-square of {seen} against {due}")


def pool(seen: np.ndarray, due: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring cells joined until each expects enough."""
    pooled: list[list[float]] = [[0.0, 0.0]]
    for one, other in zip(seen, due, strict=True):
        if pooled[-1][1] >= LEAST_EXPECTED:
            pooled.append([0.0, 0.0])
        pooled[-1][0] += one
        pooled[-1][1] += other
    if len(pooled) > 1 and pooled[-1][1] < LEAST_EXPECTED:
        last = pooled.pop()
        pooled[-1][0] += last[0]
        pooled[-1][1] += last[1]
    table = np.array(pooled)
    return table[:, 0], table[:, 1]


def days_follow(days: ArrayLike, reached_by: Callable[[np.ndarray], np.ndarray]) -> None:
    """Chi-square of days, all of them, against P(day <= t) for t = 0, 1, …"""
    seen = np.bincount(np.asarray(days, np.int64))
    reached = reached_by(np.arange(seen.size))
    due = np.diff(reached, prepend=0.0)
    due = np.append(due, 1.0 - reached[-1]) * seen.sum()
    counts_are(np.append(seen, 0), due)


def above(differences: ArrayLike, least: float = 0.0) -> None:
    """Paired differences have a mean above `least`."""
    x = np.asarray(differences, float)
    z = (x.mean() - least) / (x.std(ddof=1) / math.sqrt(x.size))
    sure_of = stats.norm.sf(z)
    assert sure_of < ALPHA, f"mean difference {x.mean():.4g} is not above {least}: z = {z:.2f}"
