"""Self-excitation of daily counts, fitted in the model's form: a discrete Hawkes (INGARCH) process.

Given the past, the attacks of day t are Poisson with mean

    λ_t = μ_t + n Σ_k d_k (1 - φ) A_(t-k),    A_t = φ A_(t-1) + y_(t-1),    φ = exp(-1/τ)

which is how the launches of the model (docs/model.md, 7.5) appear to those who see only attacks:
launches are Poisson, each band passes with some probability and attacks k days later with
probability d_k, and thinned and delayed Poisson counts are Poisson. n is the branching ratio,
attacks that an attack triggers; μ_t, the rate of attacks that none triggered, is constant or has
one level for each stretch of days (a year), because a rate that drifts looks like excitation.

Ferland, Latour and Oraichi 2006, *Journal of Time Series Analysis* 27(6); Hawkes 1971.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.signal import lfilter
from scipy.special import gammaln, pdtr
from scipy.stats import chi2

from truce_sim.errors import InputError
from truce_sim.intervals import CONFIDENCE, Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Upper bound of the branching ratio, and the range of the memory (days), in the search.
MOST_BRANCHING = 1.5
MEMORIES = (0.5, 365.0)
#: Fewer events, or fewer days with events, say nothing about excitation.
LEAST_EVENTS, LEAST_DAYS = 30, 10
_STARTS = (3.0, 14.0, 60.0)
_LEAST_RATE = 1e-9


@dataclass(frozen=True, eq=False)
class Series:
    """Daily counts, and assumptions about how they arise.

    Attributes:
        counts: (days,) events of each day.
        stretch: (days,) which level of the rate a day has, from 0.
        delay: (k,) probability that an attack follows its launch after 0, 1, … days.
    """

    counts: Ints
    stretch: Ints
    delay: Floats

    @cached_property
    def sizes(self) -> Floats:
        """(stretches,) days in each."""
        return np.bincount(self.stretch).astype(float)

    def excited(self, memory: float) -> Floats:
        """Return (days,) Σ_k d_k (1 - φ) A_(t-k): what the past adds to the rate where n is 1."""
        kept = math.exp(-1.0 / memory)
        before = np.concatenate([[0.0], self.counts[:-1]])
        memory_of = lfilter([1.0 - kept], [1.0, -kept], before)
        if self.delay.size == 1:
            return np.asarray(memory_of * self.delay[0])
        return np.convolve(memory_of, self.delay)[: self.counts.size]


@dataclass(frozen=True, eq=False)
class Excitation:
    """A fitted process.

    Attributes:
        series: the counts it was fitted to.
        branching: n.
        memory: τ, days.
        rates: (stretches,) μ of each stretch, a day.
        log_likelihood: of the series.
    """

    series: Series
    branching: float
    memory: float
    rates: Floats
    log_likelihood: float

    @property
    def means(self) -> Floats:
        """(days,) λ."""
        own = self.rates[self.series.stretch]
        return own + self.branching * self.series.excited(self.memory)


def daily(
    days: Ints, length: int, stretch_days: int = 0, delay: Sequence[float] | Floats = (1.0,)
) -> Series:
    """Return the counts of some events by day.

    Args:
        days: (events,) day of each, from 0.
        length: days observed.
        stretch_days: days of a stretch with its own rate; 0: the rate is constant.
        delay: probability that an attack follows its launch after 0, 1, … days.

    Raises:
        InputError: too few events, or on too few days, to say anything about excitation.
    """
    counts = np.bincount(days, minlength=length).astype(np.int64)
    if counts.sum() < LEAST_EVENTS or (counts > 0).sum() < LEAST_DAYS:
        raise InputError(
            f"{counts.sum()} events on {(counts > 0).sum()} days say nothing about excitation",
            setting="events",
            allowed=f"at least {LEAST_EVENTS} events on at least {LEAST_DAYS} days",
        )
    last = max(length // stretch_days, 1) if stretch_days else 1
    stretch = np.minimum(np.arange(length) // (stretch_days or length), last - 1)
    return Series(counts, stretch, np.asarray(delay, float))


def fit(
    series: Series, branching: float | None = None, memory: float | None = None,
    near: Excitation | None = None,
) -> Excitation:  # fmt: skip
    """Fit the process by maximum likelihood.

    Args:
        series: the counts.
        branching: fixed at this value; None: fitted.
        memory: fixed at this value, days; None: fitted.
        near: a similar fit to start from; None: start from several memories.
    """
    mean = float(series.counts.mean())
    if near is not None:
        starts = [(near.rates / mean, near.branching, near.memory)]
    else:
        own = np.full(series.sizes.size, 0.6)
        starts = [(own, 0.4, start) for start in (_STARTS if memory is None else (memory,))]
    bounds = [(_LEAST_RATE, math.inf)] * series.sizes.size
    bounds += [(0.0, MOST_BRANCHING) if branching is None else (branching, branching)]
    ends = MEMORIES if memory is None else (memory, memory)
    bounds += [(math.log(ends[0]), math.log(ends[1]))]
    fits = [_fit_from(series, mean, [*own, n, math.log(days)], bounds) for own, n, days in starts]
    return max(fits, key=lambda found: found.log_likelihood)


def _fit_from(
    series: Series, mean: float, start: list[float], bounds: list[tuple[float, float]]
) -> Excitation:
    """Fit from one start: the rates as shares of the mean, n, and the logarithm of τ."""
    low, high = np.array(bounds).T
    free = low[-1] < high[-1]
    found = minimize(  # unlike L-BFGS-B, it uses no BLAS threads, which wait for one another
        _loss(series, mean, free), np.clip(start, low, high), jac=True, method="TNC",
        bounds=bounds, options={"maxfun": 400, "ftol": 1e-8, "xtol": 1e-6},
    )  # fmt: skip
    n, memory = float(found.x[-2]), math.exp(float(found.x[-1]))
    constant = float(gammaln(series.counts + 1.0).sum())
    return Excitation(series, n, memory, found.x[:-2] * mean, -float(found.fun) - constant)


def _loss(series: Series, mean: float, free: bool) -> Callable[[Floats], tuple[float, Floats]]:
    """The negative log-likelihood, up to a constant, with its gradient."""
    counts, stretch = series.counts, series.stretch
    step = 1e-4
    kept: dict[float, Floats] = {}

    def excited(log_memory: float) -> Floats:
        if log_memory not in kept:
            kept.clear()
            kept[log_memory] = series.excited(math.exp(log_memory))
        return kept[log_memory]

    def loss(x: Floats) -> tuple[float, Floats]:
        past = excited(float(x[-1]))
        means = np.maximum(mean * x[:-2][stretch] + x[-2] * past, _LEAST_RATE * mean)
        pull = 1.0 - counts / means
        slope = 0.0
        if free and x[-2] > 0:
            after = series.excited(math.exp(float(x[-1]) + step))
            slope = float((pull * (after - past)).sum() * x[-2] / step)
        own = np.bincount(stretch, pull) * mean
        value = float((means - counts * np.log(means)).sum())
        return value, np.concatenate([own, [float((pull * past).sum()), slope]])

    return loss


# ── intervals ────────────────────────────────────────────────────────────────────────────────


def branching_interval(found: Excitation, confidence: float = CONFIDENCE) -> Estimate:
    """Return n with its interval by profile likelihood."""
    return _profile(
        found, found.branching, (0.0, MOST_BRANCHING), confidence,
        lambda value: fit(found.series, branching=value, near=found),
    )  # fmt: skip


def memory_interval(found: Excitation, confidence: float = CONFIDENCE) -> Estimate:
    """Return τ in days with its interval by profile likelihood.

    An end that the likelihood does not bound within `MEMORIES` is 0 or infinite.
    """
    lowest, highest = map(math.log, MEMORIES)
    inside = _profile(
        found, math.log(found.memory), (lowest, highest), confidence,
        lambda value: fit(found.series, memory=math.exp(value), near=found),
    )  # fmt: skip
    low = 0.0 if inside.low <= lowest else math.exp(inside.low)
    high = math.inf if inside.high >= highest else math.exp(inside.high)
    return Estimate(found.memory, low, high)


def _profile(
    found: Excitation, value: float, ends: tuple[float, float], confidence: float,
    refit: Callable[[float], Excitation],
) -> Estimate:  # fmt: skip
    """The values, between two bounds, that a likelihood-ratio test does not reject."""
    most = float(chi2.ppf(confidence, 1)) / 2.0

    def gap(at: float) -> float:
        return found.log_likelihood - refit(at).log_likelihood - most

    def end(outer: float) -> float:
        if abs(outer - value) < 1e-6 or gap(outer) <= 0:
            return outer
        low, high = sorted((outer, value))
        return float(brentq(gap, low, high, xtol=2e-4, maxiter=40))

    return Estimate(value, end(ends[0]), end(ends[1]))


# ── does it fit? ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Goodness:
    """How well a fitted process describes its series: p-values by parametric bootstrap.

    Attributes:
        counts: of the distribution of daily counts, by the mean probability integral transform
            (Czado, Gneiting and Held 2009, *Biometrics* 65(4)).
        course: of the course over time, by the largest cumulative sum of counts minus means.
        draws: simulated series, each fitted again.
    """

    counts: float
    course: float
    draws: int


def goodness(found: Excitation, draws: int = 99, seed: int = 1) -> Goodness:
    """Compare a series with series of the fitted process, each fitted again.

    Args:
        found: the fitted process.
        draws: number of simulated series.
        seed: of their random numbers.
    """
    rng = np.random.default_rng(seed)
    seen = _misfits(found)
    other = np.array([
        _misfits(fit(simulate_like(found, rng), near=found))
        for _ in range(draws)
    ])  # fmt: skip
    above = (other >= seen).sum(axis=0)
    share = (1 + above) / (1 + draws)
    return Goodness(float(share[0]), float(share[1]), draws)


def simulate_like(found: Excitation, rng: np.random.Generator) -> Series:
    """Return a series of the fitted process, as long as its own."""
    series, kept = found.series, math.exp(-1.0 / found.memory)
    own = found.rates[series.stretch]
    counts = np.zeros(series.counts.size, np.int64)
    excitement = np.zeros(series.counts.size)
    level, weights = 0.0, found.branching * (1.0 - kept) * series.delay
    for t in range(counts.size):
        level = kept * level + (counts[t - 1] if t else 0)
        excitement[t] = level
        past = excitement[max(t - weights.size + 1, 0) : t + 1][::-1]
        counts[t] = rng.poisson(own[t] + weights[: past.size] @ past)
    return Series(counts, series.stretch, series.delay)


def _misfits(found: Excitation) -> Floats:
    """The two statistics of `Goodness`."""
    means = np.maximum(found.means, _LEAST_RATE)
    counts = found.series.counts
    upto = pdtr(counts, means)
    below = np.where(counts > 0, pdtr(np.maximum(counts - 1, 0), means), 0.0)
    at = np.linspace(0.05, 0.95, 19)
    transform = np.clip((at[:, None] - below) / (upto - below), 0.0, 1.0).mean(axis=1)
    course = np.abs(np.cumsum(counts - means)).max() / math.sqrt(means.sum())
    return np.array([np.abs(transform - at).max(), course])
