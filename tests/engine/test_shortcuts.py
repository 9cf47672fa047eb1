"""Every shortcut of the rules decides as the long way does, which stands here in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from theory.configurations import random_spec
from theory.spec import TWO_MEDIATORS, border, spec
from truce_sim.engine import ahead, draws
from truce_sim.engine.arithmetic import exp
from truce_sim.engine.attribution import is_attack_attributed, is_public, update_activity
from truce_sim.engine.codes import BAND_ATTACK, FAR, FOILED_BY_HOST, FRICTION_CLASH, NEVER
from truce_sim.engine.draws import Key, poisson, uniform
from truce_sim.engine.incidents import draw_deaths_exactly
from truce_sim.engine.launch import (
    APPEAL_ERROR,
    EXPOSURE_ERROR,
    depth_in_cells,
    draw_depth,
    exposure,
    note_risk,
    sure_pick,
    sure_poisson,
    weigh_sectors,
)
from truce_sim.engine.mediation import fading_by, first_start
from truce_sim.engine.movement import learn
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.posture import effort, hazard, review_posture, surely_intercepted
from truce_sim.engine.regime import prepare
from truce_sim.engine.run import outcomes
from truce_sim.engine.steps import look_up, normal_probability
from truce_sim.engine.world import make_world, new_incident, new_incident_of, reset

KEYS = [Key(0, 0), Key(2**63 - 1, 2**32 - 1), Key(0x1234_5678_9ABC_DEF0, 77)]

UNIFORMS = st.integers(0, 2**52 - 1).map(lambda k: (k + 0.5) / 2.0**52)


def world_of(settings: dict[str, Any] | None = None, sectors: int = 12) -> tuple[Any, Any]:
    """Parameters and a world as a run begins, on sectors of uneven weight."""
    run = spec(settings or {}, on=border(np.random.default_rng(3).dirichlet(np.ones(sectors))))
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    return p, w


@cache
def shared_world() -> tuple[Any, Any]:
    """One that tests of settings share: whatever they set follows from `prepare`."""
    return world_of({"border.host_depth": 5, "border.home_depth": 10})


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
        (ahead.AT_DEATHS, draws.DEATHS), (ahead.AT_ATTRIBUTION, draws.ATTRIBUTION),
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
        for which, stream in (
            (ahead.FOR_DEATHS, draws.DOMESTIC_DEATHS),
            (ahead.FOR_ATTRIBUTION, draws.DOMESTIC_ATTRIBUTION),
        ):
            for slot in (0, 1, 5):
                drawn = ahead.first_uniform(w, key, which, stream, day, slot)
                assert drawn == uniform(key, stream, draws.entity_of(day, slot), 0)


@pytest.mark.parametrize("depth", range(22))
def test_where_luck_turns_a_band_keeps_the_cells_it_has(depth: int) -> None:
    """The first four, and eights from there on; later cells, and whether its attack is attributed,
    are of the new luck. A second turn leaves it what it has."""
    _, w = world_of()
    w["band_count"], band, entity = 1, w["bands"][0], 77
    band["entity"] = entity
    ahead.draw_band(w, KEYS[0], band)
    for cell in range(depth + 1):
        if cell >= band["drawn_to"]:
            ahead.draw_cells(w, KEYS[0], band, cell)
        band["depth"] = cell
    ahead.turn_luck(w, KEYS[0], KEYS[1])
    ahead.turn_luck(w, KEYS[1], now := KEYS[2])
    kept = 4 if depth < 4 else depth - (depth - 4) % 8 + 8
    for cell in range(depth, 30):
        if cell >= band["drawn_to"]:
            ahead.draw_cells(w, now, band, cell)
        key = KEYS[0] if cell < kept else now
        assert ahead.sidestep_uniform(w, band, cell) == uniform(key, draws.SIDESTEP, entity, cell)
        assert ahead.interdiction_uniform(w, band, cell) == uniform(
            key, draws.INTERDICTION, entity, cell
        )
    drawn = w["draws"][band["slot"], ahead.AT_ATTRIBUTION]
    assert drawn == uniform(now, draws.ATTRIBUTION, entity, 0)


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
            assert surely_intercepted(u, e) in (-1, u < chance), (u, e)
    unsure = [surely_intercepted(u, 0.05) < 0 for u in rng.random(20_000)]
    assert np.mean(unsure) < 0.01


def test_hazard_is_effort_but_for_rounding() -> None:
    """In every cell, whatever the activity that a review finds, and after an intervention."""
    p, w = world_of({"host.will": 0.3, "host.withholding": 0.4, "border.terrain": 0.5})
    rng = np.random.default_rng(8)
    w["sectors"]["ruggedness"][:12] = rng.random(12)
    for step in range(20):
        if step % 5 == 0:
            p["states"]["capacity"] = rng.random(2)
            prepare(p, w)
        w["sectors"]["activity"][:12] = rng.dirichlet(np.ones(12))
        for who in (HOME, HOST):
            review_posture(p, w, -int(p["run"]["warmup_days"]), who)
        w["truce"], w["will"] = rng.integers(0, 3), rng.random()
        for s in range(12):
            for depth in range(int(p["border"]["host_depth"] + p["border"]["home_depth"])):
                near_by = hazard(p, w, s, depth)
                assert near_by == pytest.approx(effort(p, w, s, depth), rel=1e-14)


@given(
    u=UNIFORMS, mu=st.floats(-5, 8), sigma=st.floats(0, 3), cell_km=st.floats(1, 50),
    mean=st.floats(1, 60), rate=st.floats(0, 50),
)  # fmt: skip
def test_tables_say_what_quantiles_say(
    u: float, mu: float, sigma: float, cell_km: float, mean: float, rate: float
) -> None:
    """Or that they cannot tell: anywhere, and next to the edges of a bucket."""
    p, w = shared_world()
    p["militants"]["depth_mu"] = p["militants"]["deaths_mu"] = mu
    p["militants"]["depth_sigma"] = p["militants"]["deaths_sigma"] = sigma
    p["border"]["cell_km"], p["militants"]["staging_days"] = cell_km, mean
    p["attribution"]["domestic_per_day"] = rate
    prepare(p, w)
    tables, edge = w["tables"], round(u * 256) / 256
    for draw in (u, *near(min(max(edge, 1e-12), 1.0 - 1e-12))):
        for table, least, exact in (
            (tables["cells"], 1, depth_in_cells(p, draw_depth(p, draw))),
            (tables["deaths"], 1, draw_deaths_exactly(p, draw)),
            (tables["wait"], 1, draws.geometric(draw, mean)),
            (tables["domestic"], 0, poisson(draw, rate)),
        ):
            told = look_up(table, draw)
            assert told in (-1, exact - least)


def test_tables_tell_most() -> None:
    """Of default draws, nine in ten; of steps of a normal law, each is where scipy has it."""
    _, w = world_of()
    for name in ("cells", "deaths", "wait", "domestic"):
        assert np.mean(w["tables"][name]["number"] >= 0) > 0.85
    for z in (-9.0, -7.5, -2.0, -0.1, 0.0, 1e-9, 0.7, 5.0, 8.5):
        assert normal_probability(z) == pytest.approx(ndtr(z), rel=0, abs=1e-15)


@given(u=UNIFORMS, depth=st.floats(1e-3, 200), scale=st.floats(1, 300))
def test_attacks_are_attributed_as_by_the_exponential(u: float, depth: float, scale: float) -> None:
    """With the chance of its cell, where that tells, as with that of its very depth."""
    p, w = shared_world()
    p["attribution"]["attack_decay_km"], p["border"]["cell_km"] = scale, 10.0
    prepare(p, w)
    band, chance = w["bands"][0], p["attribution"]["attack"] * exp(-depth / scale)
    cells = depth_in_cells(p, depth)
    w["band_count"], band["target_km"], band["slot"] = 1, depth, 0
    band["depth"] = p["border"]["host_depth"] + cells - 1
    for draw in (u, *near(chance)):
        w["incident_count"], w["draws"][0, ahead.AT_ATTRIBUTION] = 0, draw
        new_incident_of(w, BAND_ATTACK, 0, 1)
        assert is_attack_attributed(p, w, w["incidents"][0]) == (draw < chance)


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


@given(u=UNIFORMS, n=st.sampled_from([2, 31, 32, 33, 45, 500]), seed=st.integers(0, 99))
def test_a_sure_pick_is_that_of_all_sums_near(u: float, n: int, seed: int) -> None:
    """Or it says that it cannot tell: next to a sum, or where sums are as small as their errors."""
    rng = np.random.default_rng(seed)
    exact = np.cumsum(rng.random(n) ** rng.choice([1, 20]) / n)
    padded = np.full(-(-n // 32) * 32, np.inf)
    padded[:n] = exact + rng.uniform(-0.4, 0.4, n) * APPEAL_ERROR
    for draw in (u, *near(min(exact[rng.integers(n)] / exact[-1], 1.0 - 1e-12))):
        told = sure_pick(draw, padded, n, padded.size)
        assert told in (-1, draws.pick(draw, exact, n))
    if exact[-1] > 0.1:
        assert sure_pick(0.123456, padded, n, padded.size) >= 0


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


@pytest.mark.parametrize("stretch_km", [0.0, 250.0])
def test_sums_kept_up_to_date_are_those_from_the_start_but_for_rounding(stretch_km: float) -> None:
    """After ten thousand lessons, far within the error that a pick allows for."""
    n = 40
    p, w = world_of({"militants.risk_aversion": 3.0, "border.stretch_km": stretch_km}, sectors=n)
    rng = np.random.default_rng(4)
    for _ in range(10_000):
        learn(p, w, int(rng.integers(n)), float(rng.integers(2)))
    assert w["sectors"]["near_appeal"][:n] == pytest.approx(plain_appeal(p, w, n), abs=1e-11)
    assert np.isinf(w["sectors"]["near_appeal"][n:64]).all()


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
