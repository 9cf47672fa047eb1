"""Random draws as pure functions: (seed, replicate, stream, entity, index) -> one uniform.

Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") maps a 64-bit key
(the seed) and a 128-bit counter (index, entity, stream, replicate) to 128 random bits. Nothing is
carried from one draw to the next, so a draw does not depend on what else was drawn: two runs that
differ in a policy share every draw that the policy does not touch. Every variate is the quantile
of one uniform, hence monotone in its parameter.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from truce_sim.engine.arithmetic import exp, log, log1p
from truce_sim.engine.compile import rule, rule_apart


class Key(NamedTuple):
    """Identifies a run's random stream: `seed` in [0, 2^63), `replicate` in [0, 2^32)."""

    seed: int
    replicate: int


# One stream for each decision. The entity is a band, an incident, a state, a mediator or 0; the
# index is a day or a cell, whatever makes the decision unique for its entity. (Codes are numpy
# integers here and elsewhere: for a Python integer numba compiles every rule anew for each value.)
(
    LAUNCHES, LAUNCH_SECTOR, TARGET_DEPTH, SIDESTEP, INTERDICTION, WAITING,
    LETHALITY, DEATHS, DOMESTIC_ATTACKS, DOMESTIC_SECTOR, DOMESTIC_DEPTH, DOMESTIC_DEATHS,
    FRICTION, FRICTION_SECTOR, ATTRIBUTION, DOMESTIC_ATTRIBUTION,
    COVERAGE, VERDICT, DOUBT, STRIKE_CHOICE, STRIKE_RESOLVE, STRIKE_KILL,
    SAVE, CALL, ROUND, FRAILTY, TEMPO, OFFSPRING, SIGNAL,
) = np.arange(29)  # fmt: skip

#: Largest mean a daily Poisson draw takes; beyond it a run is reported as failed.
MAX_POISSON_MEAN = 700.0

_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLY_0, _MULTIPLY_2 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_6, _26, _32 = np.uint64(6), np.uint64(26), np.uint64(32)
_2_TO_MINUS_52 = 2.0**-52


@rule
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32 on the counter (c0, c1, c2, c3) under the key (k0, k1): four words.

    Words are 32-bit values held in unsigned 64-bit integers, so that products need no carry.
    """
    for _ in range(10):
        left = _MULTIPLY_0 * c0
        right = _MULTIPLY_2 * c2
        c0 = (right >> _32) ^ c1 ^ k0
        c1 = right & _MASK
        c2 = (left >> _32) ^ c3 ^ k1
        c3 = left & _MASK
        k0 = (k0 + _WEYL_0) & _MASK
        k1 = (k1 + _WEYL_1) & _MASK
    return c0, c1, c2, c3


@rule
def uniform(key, stream, entity, index):
    """One uniform in the open interval (0, 1), of 52 bits. A warm-up day is a negative index."""
    a, b, _, _ = philox4x32(
        word(index), word(entity), word(stream), word(key.replicate),
        word(key.seed), word(key.seed >> 32),
    )  # fmt: skip
    return to_uniform(a, b)


@rule
def to_uniform(a, b):
    """The 26 high bits of each of two words as a number in (0, 1). (Signed, because 52 bits fit and
    processors convert signed integers to floats faster.)"""
    return (float(np.int64(((a >> _6) << _26) | (b >> _6))) + 0.5) * _2_TO_MINUS_52


@rule
def happens(probability, key, stream, entity, index):
    """Whether an event of this probability happens: never at 0, always at 1."""
    return uniform(key, stream, entity, index) < probability


@rule
def entity_of(day, slot):
    """The identity of the `slot`-th band or domestic incident of a day."""
    return ((day & 0xFFFF) << 16) | (slot & 0xFFFF)


@rule_apart
def poisson(u, mean):
    """Poisson quantile by sequential search, for mean <= MAX_POISSON_MEAN."""
    return poisson_from(u, mean, exp(-mean))


@rule_apart
def poisson_from(u, mean, none):
    """Poisson quantile, given exp(-mean), the probability of none."""
    term = none
    total = term
    k = 0
    while u > total and (k <= mean or total + term > total):
        k += 1
        term *= mean / k
        total += term
    return k


@rule
def geometric(u, mean):
    """Geometric quantile on 1, 2, … with the given mean >= 1; 0 for mean 0."""
    if mean == 0.0:
        return 0
    if mean == 1.0:
        return 1
    return 1 + int(log1p(-u) / log1p(-1.0 / mean))


@rule
def lognormal(u, mu, sigma):
    """Lognormal quantile: exp(mu + sigma z)."""
    return exp(mu + sigma * normal(u))


@rule
def pick(u, cumulative, n):
    """Categorical quantile: the first of n with cumulative[i] > u * cumulative[n-1]; found by
    bisection, since running sums of weights never fall. (The number of steps depends on n alone,
    and no branch has to be predicted.)"""
    goal = u * cumulative[n - 1]
    first = 0
    while n > 1:
        half = n >> 1
        first += 0 if cumulative[first + half - 1] > goal else half
        n -= half
    return first


@rule
def logistic(x):
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


@rule
def normal(u):
    """Standard normal quantile to about 1e-16 (Wichura 1988, algorithm AS 241, PPND16)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        return _normal_centre(q)
    tail = math.sqrt(-log(u if q < 0.0 else 1.0 - u))
    z = _normal_shoulder(tail - 1.6) if tail <= 5.0 else _normal_tail(tail - 5.0)
    return -z if q < 0.0 else z


@rule
def word(x):
    """The low 32 bits of a whole number, negative ones in two's complement."""
    return np.uint64(x) & _MASK


@rule
def _normal_centre(q):
    r = 0.180625 - q * q
    a = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
        + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
        + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
        + 1.3314166789178437745e2) * r + 3.3871328727963666080e0  # fmt: skip
    b = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
        + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
        + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
        + 4.2313330701600911252e1) * r + 1.0  # fmt: skip
    return q * a / b


@rule
def _normal_shoulder(r):
    a = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
        + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
        + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
        + 4.63033784615654529590e0) * r + 1.42343711074968357734e0  # fmt: skip
    b = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
        + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
        + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
        + 2.05319162663775882187e0) * r + 1.0  # fmt: skip
    return a / b


@rule
def _normal_tail(r):
    a = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
        + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
        + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
        + 5.46378491116411436990e0) * r + 6.65790464350110377720e0  # fmt: skip
    b = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
        + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
        + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
        + 5.99832206555887937690e-1) * r + 1.0  # fmt: skip
    return a / b
