"""What differs between runs before the first day: the host's will, attempts, the home threshold.

Each is the quantile of one uniform of the run, so replicate r keeps its rank when a mean or a
spread changes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from truce_sim.engine.arithmetic import exp, log1p
from truce_sim.engine.compile import entry, rule
from truce_sim.engine.draws import FRAILTY, Key, normal, uniform
from truce_sim.engine.params import HOME, record
from truce_sim.engine.quantiles import beta_quantile, gamma_quantile

#: Laws of the factors, as codes of `frailty.law`.
LOGNORMAL, GAMMA = np.arange(2)

#: A run's own values: factors of mean 1, and ω̄.
FACTORS = record(attempts="f8", threshold="f8", will="f8")


def draw_factors(
    params: NDArray[np.void], seed: int, replicates: NDArray[np.int64]
) -> NDArray[np.void]:
    """FACTORS of shape (replicates, regimes) for `params` of shape (regimes,)."""
    return factors_of_points(params[None], np.array([seed], np.int64), replicates)[0]


def factors_of_points(
    params: NDArray[np.void], seeds: NDArray[np.int64], replicates: NDArray[np.int64]
) -> NDArray[np.void]:
    """FACTORS (points, replicates, regimes) for `params` (points, regimes), `seeds` (points,)."""
    points, regimes = params.shape
    factors = np.empty((points, replicates.size, regimes), FACTORS)
    fill_factors(params, seeds, replicates, factors)
    return factors


@entry
def fill_factors(params, seeds, replicates, factors):
    """Draw the factors of each point, replicate and regime."""
    for i in range(seeds.size):
        for r in range(replicates.size):
            key = Key(seeds[i], replicates[r])
            for j in range(params.shape[1]):
                p, drawn = params[i, j], factors[i, r, j]
                law, spread = p.frailty.law, p.frailty
                drawn.attempts = factor(uniform(key, FRAILTY, 0, 0), spread.attempts_cv, law)
                drawn.threshold = factor(uniform(key, FRAILTY, 1, 0), spread.threshold_cv, law)
                will = uniform(key, FRAILTY, 2, 0)
                drawn.will = share(will, p.host.will, spread.will_concentration)


@rule
def factor(u, cv, law):
    """Quantile of a factor with mean 1 and this coefficient of variation."""
    squared = cv * cv
    if 1.0 + squared == 1.0:  # too small to matter, and its inverse could be infinite
        return 1.0
    if law == GAMMA:
        return gamma_quantile(u, 1.0 / squared) * squared
    variance = log1p(squared)
    return exp(math.sqrt(variance) * normal(u) - 0.5 * variance)


@rule
def share(u, mean, concentration):
    """Quantile of Beta(mean c, (1-mean) c); the mean itself where nothing can vary."""
    if math.isinf(concentration) or mean == 0.0 or mean == 1.0:
        return mean
    return beta_quantile(u, mean * concentration, (1.0 - mean) * concentration)


@rule
def apply_factors(p, factors):
    """Put a run's own values into its copy of a regime."""
    p.militants.attempts_per_day *= factors.attempts
    p.states[HOME].threshold *= factors.threshold
    p.host.will = factors.will
