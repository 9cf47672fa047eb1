"""The tempo of launches: a lognormal autoregression of mean one, against its closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from theory import bounds
from theory.spec import (
    INSTANT,
    NO_FRAILTY,
    NO_INTERDICTION,
    NO_MEDIATORS,
    NO_STRIKES,
    STEADY_GROUP,
    Settings,
    recorded,
    series,
    spec,
)

RATE, CV, MEMORY, DAYS = 4.0, 0.8, 7.0, 56

PACED: Settings = {
    **NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY, **STEADY_GROUP, **INSTANT, **NO_INTERDICTION,
    "militants.attempts_per_day": RATE, "militants.tempo_cv": CV, "militants.tempo_days": MEMORY,
    "run.horizon_days": DAYS, "run.warmup_days": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def launches() -> NDArray[np.float64]:
    """Launches a day, (runs, days), from the first day of the process on."""
    return series(spec(PACED), 6000, "attempts")


def covariance(lag: int) -> float:
    """Of the tempo on two days: exp(s² φ^lag) - 1, where exp(s²) = 1 + CV²."""
    return float((1 + CV**2) ** math.exp(-lag / MEMORY) - 1)


def test_its_mean_is_one(launches: NDArray[np.float64]) -> None:
    """On the first day and on all others. Detects 4 % on the first day, 3 % over all."""
    bounds.mean_is(launches[:, 0], RATE)
    bounds.mean_is(launches.mean(axis=1), RATE)


@pytest.mark.parametrize("lag", [0, 1, 3, 7, 21])
def test_its_autocovariance(launches: NDArray[np.float64], lag: int) -> None:
    """Of launches: λ² times that of the tempo, and λ more on the same day (they are Poisson given
    the tempo). Detects 15 % at lags up to 3."""
    gap = launches - RATE
    product = (gap[:, : DAYS - lag] * gap[:, lag:]).mean(axis=1)
    bounds.mean_is(product, RATE**2 * covariance(lag) + (RATE if lag == 0 else 0.0))


@pytest.mark.parametrize("window", [1, 7, 28])
def test_the_fano_factor_of_a_window(launches: NDArray[np.float64], window: int) -> None:
    """Variance over mean of counts in windows of n days: 1 + λ/n ΣΣ cov(|i - j|)."""
    counts = launches[:, : DAYS // window * window].reshape(len(launches), -1, window).sum(axis=2)
    pairs = sum(covariance(abs(i - j)) for i in range(window) for j in range(window))
    fano = 1 + RATE / window * pairs
    bounds.mean_is(((counts - window * RATE) ** 2).mean(axis=1), window * RATE * fano)


def test_only_launches_of_its_own_follow_it() -> None:
    """Nothing else is drawn from its stream: domestic attacks and clashes stay where they were."""
    paced, even = (recorded(spec({**PACED, "militants.tempo_cv": cv}), 20) for cv in (CV, 0.0))
    for one, other in zip(paced, even, strict=True):
        for name in ("domestic_attacks", "friction_clashes", "domestic_deaths"):
            assert one.outcome[name] == other.outcome[name]
        assert (one.series["attempts"] != other.series["attempts"]).any()


def test_an_intervention_may_start_it() -> None:
    """Days before are the same to the bit, and it starts from its stationary law."""
    day, change = 20, {"militants.tempo_cv": CV}
    base: Settings = {**PACED, "militants.tempo_cv": 0.0}
    later = spec(base, interventions=[(day, change)])
    for one, other in zip(recorded(later, 20), recorded(spec(base), 20), strict=True):
        assert (one.series[:day] == other.series[:day]).all()
    counts = series(later, 3000, "attempts")[:, day]
    bounds.mean_is(counts, RATE)
    bounds.mean_is((counts - RATE) ** 2, RATE + RATE**2 * covariance(0))
