"""Stretches: how many sectors are laid over them is of no consequence, exactly on even ground."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from theory.spec import TWO_MEDIATORS, Settings, border, recorded, spec
from truce_sim.config.load import load_config
from truce_sim.config.setup import set_up
from truce_sim.engine.movement import learn
from truce_sim.engine.params import HOME
from truce_sim.engine.regime import prepare
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world, reset
from truce_sim.simulation.spec import make_spec

#: A line of 1,000 km in ten stretches.
STRETCHES = 10
PIECES: Settings = {
    **TWO_MEDIATORS, "border.terrain": 0.0, "border.stretch_km": 100.0,
    "militants.attempts_per_day": 1.5, "militants.excitation": 0.8, "militants.evasion": 0.5,
    "militants.risk_aversion": 4.0, "militants.learning_rate": 0.3, "home.adaptivity": 0.8,
    "host.adaptivity": 0.7, "home.strike_kill": 0.9, "home.threshold": 5.0,
    "mediation.verification.enabled": True, "run.horizon_days": 200,
}  # fmt: skip


def laid_over(per_stretch: int) -> NDArray[np.void]:
    """The same uneven line with that many sectors in each stretch, and a crossing in the fourth."""
    weights = np.repeat(1.0 + np.arange(STRETCHES) % 4, per_stretch) / per_stretch
    return border(weights, ruggedness=0.5, crossings=(3 * per_stretch,))


@pytest.mark.parametrize("per_stretch", [2, 3, 8])
def test_a_finer_grid_makes_the_same_runs(per_stretch: int) -> None:
    """Every column of the outcome and every day of the series, of 40 runs: counts exactly, numbers
    to rounding, since draws that choose a sector choose it within the same stretch."""
    coarse, fine = (recorded(spec(PIECES, on=laid_over(n)), 40) for n in (1, per_stretch))
    assert sum(run.outcome["collapsed"] for run in coarse) > 10
    assert sum(run.outcome["destroyed"] for run in coarse) > 0
    for one, other in zip(coarse, fine, strict=True):
        for name in one.series.dtype.names or ():
            assert other.series[name] == pytest.approx(one.series[name], rel=1e-9, abs=1e-12), name
        for name in one.outcome.dtype.names or ():
            assert other.outcome[name] == pytest.approx(one.outcome[name], rel=1e-9), name


def test_without_stretches_a_finer_grid_makes_others() -> None:
    """So the test above can fail."""
    apart = {**PIECES, "border.stretch_km": 0.0}
    coarse, fine = (outcomes(spec(apart, on=laid_over(n)), range(40)) for n in (1, 3))
    assert (coarse["attempts"] != fine["attempts"]).any()


@pytest.mark.parametrize(
    ("km", "sectors", "expected"),
    [(0.0, 45, 1), (50.0, 45, 1), (50.0, 90, 2), (50.0, 180, 4), (150.0, 45, 3), (150.0, 15, 1),
     (10.0, 15, 1), (20000.0, 45, 45)],
)  # fmt: skip
def test_sectors_of_a_stretch_on_the_durand_table(km: float, sectors: int, expected: int) -> None:
    """The nearest whole number of sectors, at least one, at most all."""
    run = make_spec(set_up(load_config({"border.stretch_km": km, "border.sectors": sectors})))
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    assert w["regime"]["stretch"] == expected


def test_at_the_length_of_a_sector_it_is_neutral() -> None:
    """To the last bit, on the default border of 45 sectors of 49.8 km."""
    usual, stretched = (
        outcomes(make_spec(set_up(load_config(change))), range(30))
        for change in ({}, {"border.stretch_km": 49.8})
    )
    assert usual.tobytes() == stretched.tobytes()


def test_what_is_learnt_is_shared_along_the_stretch_alone() -> None:
    """Of eleven sectors by threes, the last stretch has two."""
    run = spec({"border.stretch_km": 273.0}, on=border(np.ones(11)))
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    assert w["regime"]["stretch"] == 3
    assert w["sectors"]["part"][:11] == pytest.approx([1 / 3] * 9 + [1 / 2] * 2)
    learn(p, w, 10, 1.0)
    learn(p, w, 3, 0.0)
    risk = w["sectors"]["risk"][:11]
    assert risk == pytest.approx([0.4] * 3 + [0.36] * 3 + [0.4] * 3 + [0.46] * 2)
    assert w["sectors"]["ratio"][HOME, :11] == pytest.approx(np.ones(11))
