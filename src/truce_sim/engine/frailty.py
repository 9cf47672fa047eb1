"""What differs between runs before the first day: the host's will, attempts, the home threshold.

Each is the quantile of one uniform of the run, so replicate r keeps its rank when a mean or a
spread changes. Vectorised over replicates, with scipy's quantiles: once a run, not once a day.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from truce_sim.engine.compile import entry, rule
from truce_sim.engine.draws import FRAILTY, Key, uniform
from truce_sim.engine.params import HOME, record

#: Laws of the factors, as codes of `frailty.law`.
LOGNORMAL, GAMMA = range(2)

#: A run's own values: factors of mean 1, and ω̄.
FACTORS = record(attempts="f8", threshold="f8", will="f8")


def draw_factors(
    params: NDArray[np.void], seed: int, replicates: NDArray[np.int64]
) -> NDArray[np.void]:
    """FACTORS of shape (replicates, regimes) for `params` of shape (regimes,)."""
    u = np.empty((3, replicates.size))
    fill_uniforms(u, seed, replicates)
    factors = np.empty((replicates.size, params.size), FACTORS)
    for i, p in enumerate(params):
        gamma = p["frailty"]["law"] == GAMMA
        factors["attempts"][:, i] = _mean_one(u[0], p["frailty"]["attempts_cv"], gamma)
        factors["threshold"][:, i] = _mean_one(u[1], p["frailty"]["threshold_cv"], gamma)
        factors["will"][:, i] = _beta(u[2], p["host"]["will"], p["frailty"]["will_concentration"])
    return factors


def _mean_one(u: NDArray[np.float64], cv: float, gamma: bool) -> NDArray[np.float64]:
    """Quantiles of a factor with mean 1 and this coefficient of variation."""
    from scipy.special import gammaincinv, ndtri

    if 1.0 + cv**2 == 1.0:  # nothing to see of it; its inverse could be infinite
        return np.ones_like(u)
    if gamma:
        return np.asarray(gammaincinv(1.0 / cv**2, u) * cv**2)
    variance = math.log1p(cv**2)
    return np.asarray(np.exp(math.sqrt(variance) * ndtri(u) - 0.5 * variance))


def _beta(u: NDArray[np.float64], mean: float, concentration: float) -> NDArray[np.float64]:
    """Quantiles of Beta(mean c, (1-mean) c); the mean itself where nothing can vary."""
    from scipy.special import betaincinv

    if math.isinf(concentration) or mean in (0.0, 1.0):
        return np.full_like(u, mean)
    return np.asarray(betaincinv(mean * concentration, (1.0 - mean) * concentration, u))


@entry
def fill_uniforms(u, seed, replicates):
    """The frailty uniforms of each replicate, one row a factor."""
    for r in range(replicates.size):
        key = Key(seed, replicates[r])
        for which in range(u.shape[0]):
            u[which, r] = uniform(key, FRAILTY, which, 0)


@rule
def apply_factors(p, factors):
    """Put a run's own values into its copy of a regime."""
    p.militants.attempts_per_day *= factors.attempts
    p.states[HOME].threshold *= factors.threshold
    p.host.will = factors.will
