"""Bands that follow an attack set out near it: the law of their sector, what it leaves alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from theory import bounds
from theory.spec import (
    FLAT,
    INSTANT,
    NO_FRAILTY,
    NO_INTERDICTION,
    NO_MEDIATORS,
    NO_STRIKES,
    STEADY_GROUP,
    Settings,
    recorded,
    spec,
    uneven_border,
)
from theory.test_bands import OWN_LAUNCHES, count_moments
from truce_sim.engine import codes as names
from truce_sim.engine.offspring import sector_near_attack
from truce_sim.engine.regime import prepare
from truce_sim.engine.world import make_world, reset
from truce_sim.errors import InputError

OWN, MEMORY, DAYS, WARMUP = 0.6, 3.0, 300, 80
SECTORS = 8

#: Every band attacks on its day, in the sector where it set out; one brings about 0.6 others.
CONTAGIOUS: Settings = {
    **NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY, **STEADY_GROUP, **INSTANT, **NO_INTERDICTION,
    "militants.attempts_per_day": OWN_LAUNCHES, "militants.excitation": OWN,
    "militants.excitation_memory_days": MEMORY, "militants.lethal_share": 0.0,
    "run.horizon_days": DAYS, "run.warmup_days": WARMUP,
}  # fmt: skip


def by_sector(km: float, runs: int) -> NDArray[np.float64]:
    """Attacks in each sector over all days, (runs, sectors)."""
    made = spec({**CONTAGIOUS, "militants.offspring_km": km}, on=uneven_border(SECTORS))
    return np.array([
        np.bincount(run.events["sector"][run.events["kind"] == names.BAND_ATTACK],
                    minlength=SECTORS)
        for run in recorded(made, runs)
    ], float)  # fmt: skip


def test_right_beside_their_parents_sectors_are_processes_of_their_own() -> None:
    """At a spread of a metre each sector is an INGARCH process with its share of λ0, independent of
    the others: mean and variance are its shares of V5's, and nothing is shared. 1,500 runs detect
    2 % in the mean and 15 % in the variance of the largest sector; anywhere, the default, the
    variance is about half, and neighbours are correlated."""
    share = uneven_border(SECTORS)["weight"]
    mean, variance = count_moments(OWN, MEMORY, DAYS, WARMUP)
    near, far = by_sector(1e-3, 1500), by_sector(math.inf, 1500)
    for s in range(SECTORS):
        bounds.mean_is(near[:, s], mean * share[s])
        bounds.variance_is(near[:, s], mean * share[s], variance * share[s])
        bounds.mean_is(far[:, s], mean * share[s])
    gap = near - mean * share
    bounds.mean_is(gap[:, -1] * gap[:, -2], 0.0)
    gap = far - mean * share
    bounds.above(gap[:, -1] * gap[:, -2])


def test_how_many_set_out_does_not_depend_on_where() -> None:
    """The same launches day by day, exactly, at any spread."""
    runs = {
        km: recorded(spec({**CONTAGIOUS, "militants.offspring_km": km}, on=uneven_border()), 5)
        for km in (1e-3, 60.0, math.inf)
    }
    for near, middle, far in zip(*runs.values(), strict=True):
        assert far.outcome["attempts"] > 50
        for other in (near, middle):
            assert (other.series["attempts"] == far.series["attempts"]).all()


def test_the_law_of_the_sector() -> None:
    """P(s) = Σ_a (a/A) appeal_s K(s-a) / Σ_j appeal_j K(j-a), K = exp(-½ (km/h)²); a grid of
    uniforms is in these proportions to the width of its cells."""
    run = spec({"militants.offspring_km": 150.0}, on=uneven_border(SECTORS))
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    assert p["sector_km"] == 1000 / SECTORS
    attacks = np.array([0, 2.5, 0, 0, 0.5, 0, 1, 0])
    w["sectors"]["attacks"][:SECTORS] = attacks
    s = np.arange(SECTORS)
    kernel = np.exp(-0.5 * ((s[:, None] - s) * 125.0 / 150.0) ** 2)
    law = run.border["weight"] * kernel
    law = (attacks / attacks.sum()) @ (law / law.sum(axis=1, keepdims=True))
    grid = (np.arange(200) + 0.5) / 200
    drawn = [sector_near_attack(p, w, u, v) for u in grid for v in grid]
    assert np.bincount(drawn, minlength=SECTORS) / 200**2 == pytest.approx(law, abs=4 / 200)


def test_from_an_intervention_on_only_later_attacks_have_a_place() -> None:
    """Days before are the same to the bit; afterwards sectors differ, numbers do not."""
    on = uneven_border()
    base = spec(CONTAGIOUS, on=on)
    later = spec(CONTAGIOUS, on=on, interventions=[(40, {"militants.offspring_km": 1.0})])
    moved = 0
    for one, other in zip(recorded(later, 5), recorded(base, 5), strict=True):
        early = (one.events["day"] < 40).sum()
        assert (one.events[:early]["sector"] == other.events[:early]["sector"]).all()
        assert (one.series["attempts"] == other.series["attempts"]).all()
        moved += (one.events["sector"] != other.events["sector"]).sum()
    assert moved > 0


def test_contagion_must_die_out_where_passing_is_easiest() -> None:
    """With offspring beside their parents the mean over sectors does not do: rugged ones count."""
    rugged = {**FLAT, "border.terrain": 0.9, "home.forward": 1.0, "home.capacity": 1.0}
    on = uneven_border()  # ruggedness from 0 to 1
    most = math.exp(0.1)  # 1 / P(pass) in the last sector
    accepted = {**rugged, "militants.excitation": 1.2}
    spec(accepted, on=on)
    with pytest.raises(InputError, match=r"n_eff = 1\.0"):
        spec({**accepted, "militants.offspring_km": 50.0}, on=on)
    spec({**rugged, "militants.excitation": 0.999 * most, "militants.offspring_km": 50.0}, on=on)
