"""Every shortcut of the rules decides as the long way does, which stands here in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from theory.configurations import random_spec
from theory.spec import TWO_MEDIATORS, border, spec
from truce_sim.engine import ahead, draws
from truce_sim.engine.arithmetic import exp
from truce_sim.engine.attribution import is_public, update_activity
from truce_sim.engine.codes import FAR, FOILED_BY_HOST, FRICTION_CLASH, NEVER
from truce_sim.engine.draws import Key, poisson, uniform
from truce_sim.engine.launch import (
    EXPOSURE_ERROR,
    exposure,
    note_risk,
    sure_poisson,
    weigh_sectors,
)
from truce_sim.engine.mediation import fading_by, first_start
from truce_sim.engine.posture import is_intercepted
from truce_sim.engine.regime import prepare
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world, new_incident, reset

KEYS = [Key(0, 0), Key(2**63 - 1, 2**32 - 1), Key(0x1234_5678_9ABC_DEF0, 77)]

UNIFORMS = st.integers(0, 2**52 - 1).map(lambda k: (k + 0.5) / 2.0**52)


def world_of(settings: dict[str, Any] | None = None, sectors: int = 12) -> tuple[Any, Any]:
    """Parameters and a world as a run begins, on sectors of uneven weight."""
    run = spec(settings or {}, on=border(np.random.default_rng(3).dirichlet(np.ones(sectors))))
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    return p, w


# ── draws ahead of need ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("entity", [0, 1, 0xFFFF_FFFF, (200 << 16) | 3])
def test_draws_of_a_band_are_the_uniforms_of_their_streams(key: Key, entity: int) -> None:
    """What comes once, and every cell of a walk across a deep border."""
    _, w = world_of()
    band = w["bands"][0]
    band["entity"] = entity
    ahead.draw_band(w, key, band)
    u = w["draws"][band["slot"]]
    for place, stream in (
        (ahead.AT_SECTOR, draws.LAUNCH_SECTOR), (ahead.AT_DEPTH, draws.TARGET_DEPTH),
        (ahead.AT_WAIT, draws.WAITING), (ahead.AT_LETHALITY, draws.LETHALITY),
        (ahead.AT_DEATHS, draws.DEATHS),
    ):  # fmt: skip
        assert u[place] == uniform(key, stream, entity, 0)
    for depth in range(150):
        if depth >= band["drawn_to"]:
            ahead.draw_cells(w, key, band, depth)
        assert ahead.sidestep_uniform(w, band, depth) == uniform(key, draws.SIDESTEP, entity, depth)
        assert ahead.interdiction_uniform(w, band, depth) == uniform(
            key, draws.INTERDICTION, entity, depth
        )
    for place, stream in ((ahead.AT_WAIT, draws.WAITING), (ahead.AT_DEATHS, draws.DEATHS)):
        assert u[place] == uniform(key, stream, entity, 0)


@pytest.mark.parametrize("key", KEYS)
def test_daily_draws_are_the_uniforms_of_their_streams(key: Key) -> None:
    """Of the warm-up too, whose days are negative; asked for in any order."""
    _, w = world_of()
    streams = (
        (ahead.FOR_LAUNCHES, draws.LAUNCHES), (ahead.FOR_DOMESTIC, draws.DOMESTIC_ATTACKS),
        (ahead.FOR_FRICTION, draws.FRICTION),
    )  # fmt: skip
    for day in [*range(-61, 40), 3650, 0, 17]:
        for which, stream in streams:
            assert ahead.daily_uniform(w, key, which, day) == uniform(key, stream, 0, day)


def test_no_two_bands_share_a_place_for_their_draws() -> None:
    """Whoever comes and goes, in whatever order."""
    _, w = world_of()
    rng, held = np.random.default_rng(5), []
    for _ in range(2000):
        if held and rng.random() < 0.48:
            ahead.give_slot(w, held.pop(int(rng.integers(len(held)))))
        else:
            held.append(int(ahead.take_slot(w)))
        assert len(set(held)) == len(held)
    assert w["slots_used"] < 200


# ── decisions by bounds ──────────────────────────────────────────────────────────────────────


def near(u: float) -> list[float]:
    """A number, its neighbours, and others next to it."""
    steps = [u]
    for _ in range(3):
        steps = [math.nextafter(steps[0], 0.0), *steps, math.nextafter(steps[-1], 1.0)]
    return [*steps, u - 1e-15, u + 1e-15, u * (1 - 1e-9), u * (1 + 1e-9)]


def test_interdiction_is_decided_as_by_the_exponential() -> None:
    """On exponents over all magnitudes, with draws anywhere and next to the chance and its
    bounds."""
    rng = np.random.default_rng(1)
    exponents = [0.0, -0.0, math.inf, math.nan, -1e-20, *(10.0 ** rng.uniform(-18, 2, 3000))]
    for e in exponents:
        chance = 1.0 - exp(-e)
        for u in [*rng.random(3), *near(chance), *near(e), *near(e - 0.5 * e * e), 2.0**-53]:
            assert is_intercepted(u, e) == (u < chance), (u, e)


@given(u=UNIFORMS, mean=st.floats(0, 800), error=st.sampled_from([0.0, 1e-12, 1e-8]))
def test_a_sure_count_is_the_quantile_of_every_mean_near(
    u: float, mean: float, error: float
) -> None:
    """Or it says that it cannot tell."""
    count = sure_poisson(u, mean, error)
    if count >= 0:
        assert mean < 700
        for other in (mean, max(mean - error, 0.0), mean + error):
            assert poisson(u, other) == count


def test_a_count_next_to_a_step_is_left_to_the_quantile() -> None:
    """Within rounding of a value of the distribution function; elsewhere it is sure."""
    rng = np.random.default_rng(2)
    for mean in rng.uniform(0.01, 30, 200):
        term = total = exp(-mean)
        for k in range(1, 6):
            for u in near(total)[:9]:
                count = sure_poisson(u, mean, 0.0)
                assert count in (-1, poisson(u, mean))
            assert sure_poisson(total, mean, 0.0) == -1
            term *= mean / k
            total += term
    unsure = [sure_poisson(u, 2.5, 1e-10) < 0 for u in rng.random(20_000)]
    assert not any(unsure)


@given(x=st.floats(0, 2000) | st.just(math.inf) | st.just(math.nan))
def test_fading(x: float) -> None:
    """exp(-x), which underflows to 0 before the shortcut begins."""
    plain = exp(-x)
    assert fading_by(x) == plain or (math.isnan(x) and math.isnan(fading_by(x)))


# ── sums that go on from what changed ────────────────────────────────────────────────────────


def linear_pick(u: float, cumulative: Sequence[float], n: int) -> int:
    """The first of n with cumulative[i] > u * cumulative[n-1]."""
    goal = u * cumulative[n - 1]
    return next((i for i in range(n - 1) if cumulative[i] > goal), n - 1)


@given(
    u=UNIFORMS,
    weights=st.lists(st.one_of(st.just(0.0), st.floats(0, 10), st.floats(0, 1e-12)), min_size=1),
)
def test_pick_finds_what_a_search_from_the_first_finds(u: float, weights: list[float]) -> None:
    """With weights of 0 and sums that do not grow."""
    cumulative = np.cumsum(weights)
    assert draws.pick(u, cumulative, len(weights)) == linear_pick(u, cumulative, len(weights))


def plain_appeal(p: Any, w: Any, n: int) -> NDArray[np.float64]:
    """Running sums of w_s exp(-β q_s), all of them anew and in order."""
    at, total, sums = w["sectors"], 0.0, []
    for s in range(n):
        total += at["weight"][s] * exp(-p["militants"]["risk_aversion"] * at["risk"][s])
        sums.append(total)
    return np.array(sums)


def test_running_sums_of_appeal_are_those_from_the_start() -> None:
    """To the bit, whichever sectors have changed, and after an intervention."""
    n = 40
    p, w = world_of({"militants.risk_aversion": 3.0}, sectors=n)
    rng = np.random.default_rng(4)
    for step in range(300):
        for s in rng.integers(0, n, rng.integers(0, 3)):
            w["sectors"]["risk"][s] = rng.random()
            note_risk(p, w, s)
        if step == 150:
            p["militants"]["risk_aversion"] = 0.5
            prepare(p, w)
        weigh_sectors(w)
        assert (w["sectors"]["sum_appeal"][:n] == plain_appeal(p, w, n)).all()


@pytest.mark.parametrize("seed", range(5000, 5030))
def test_the_exposure_that_is_kept_up_is_the_sum_but_for_rounding(seed: int) -> None:
    """At the end of long runs, far within the error that a count allows for."""
    run, w = (
        random_spec(seed, horizon=1500, change={"truce.collapse_strikes": math.inf}),
        make_world(),
    )
    outcomes(run, [0], w)
    assert abs(w["exposure"] - exposure(w)) < 0.01 * EXPOSURE_ERROR


def test_activity_moves_as_sector_by_sector() -> None:
    """To the bit: (1-φ) (share - activity), share = the sector's public incidents of all."""
    n = 12
    p, w = world_of(sectors=n)
    rng = np.random.default_rng(6)
    step = 1.0 - exp(-1.0 / p["attribution"]["activity_memory_days"])
    expected = w["sectors"]["activity"][:n].copy()
    for _ in range(200):
        w["incident_count"] = 0
        public = np.zeros(n)
        for i in range(rng.integers(0, 6)):
            sector = int(rng.integers(n))
            new_incident(w, int(rng.integers(FOILED_BY_HOST, FRICTION_CLASH + 1)), i, sector, 3, 1)
            incident = w["incidents"][i]
            incident["attributed"], incident["cleared"] = rng.integers(0, 2, 2)
            public[sector] += is_public(incident)
        update_activity(p, w)
        if public.sum() > 0:
            expected += step * (public / public.sum() - expected)
        assert (w["sectors"]["activity"][:n] == expected).all()
        assert not w["sectors"]["count"][:n].any()
        assert not w["sectors"]["share"][:n].any()


# ── the calendar ─────────────────────────────────────────────────────────────────────────────


def test_the_next_start_is_that_of_the_calendar() -> None:
    """Whether it is looked up anew or known from an earlier day."""
    days = [3, 9, 20, 21, 50]
    p, w = world_of({**TWO_MEDIATORS, "mediation.calendar": days, "mediation.round_days": 1})
    assert w["next_start"] == NEVER
    for day in range(60):
        expected = next((start for start in days if start >= day), FAR)
        assert first_start(p, w, day) == expected
        later = next((start for start in days if start > day), FAR)
        w["next_start"] = first_start(p, w, day)
        assert first_start(p, w, day + 1) == later
