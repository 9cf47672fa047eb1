"""Bands that wait for a common signal, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from theory import bounds
from theory.spec import (
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

RATE, WAIT, FIRST, DAYS = 2.0, 4.0, 100, 180

WAITING: Settings = {
    **NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY, **STEADY_GROUP, **NO_INTERDICTION,
    "militants.attempts_per_day": RATE, "militants.pace_cells_per_day": 1000,
    "militants.staging_days": WAIT, "run.warmup_days": FIRST, "run.horizon_days": DAYS,
}  # fmt: skip


@pytest.fixture(scope="module")
def attacks() -> NDArray[np.float64]:
    """Attacks a day, (runs, days), of bands that all wait for the signal."""
    return series(spec({**WAITING, "militants.signal_share": 1.0}), 3000, "attacks")


def test_as_many_attack_as_arrive(attacks: NDArray[np.float64]) -> None:
    """The wait has the mean that it has without a signal. Detects 1 %."""
    bounds.mean_is(attacks.mean(axis=1), RATE)


def test_they_attack_together(attacks: NDArray[np.float64]) -> None:
    """On a day of a signal Poisson(ν G), G days after the last, geometric with mean m: E N² = ν +
    ν²(2m - 1), so that the variance is ν + 2ν²(m - 1). Detects 3 %."""
    squares = ((attacks - RATE) ** 2).mean(axis=1)
    bounds.mean_is(squares, RATE + 2 * RATE**2 * (WAIT - 1))


def test_no_attack_without_a_signal(attacks: NDArray[np.float64]) -> None:
    """Days of attacks: one in m has a signal, and then bands wait with probability
    1 - E exp(-ν G)."""
    p = 1 / WAIT
    none_wait = p * np.exp(-RATE) / (1 - (1 - p) * np.exp(-RATE))
    bounds.mean_is((attacks > 0).mean(axis=1), p * (1 - none_wait))


def test_only_attacks_follow_it() -> None:
    """Launches stay as they are, and so does the fate of every band but its day."""
    some, none = (
        recorded(spec({**WAITING, "militants.signal_share": share}), 10) for share in (0.25, 0.0)
    )
    for one, other in zip(some, none, strict=True):
        assert (one.series["attempts"] == other.series["attempts"]).all()
        assert (one.series["attacks"] != other.series["attacks"]).any()
