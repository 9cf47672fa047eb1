"""Effort by the kilometre: what a sector costs a band, and that withdrawing effort can be used."""

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
    NO_MEDIATORS,
    NO_STRIKES,
    STEADY_GROUP,
    Settings,
    recorded,
    replicates,
    spec,
    uneven_border,
)
from truce_sim.config.branching import (
    branching,
    effective_branching,
    passing_with_host,
    target_shares,
)
from truce_sim.config.load import load_setup
from truce_sim.config.places import home_capacities
from truce_sim.engine import codes as names
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.posture import effort, review_posture
from truce_sim.engine.regime import prepare
from truce_sim.engine.world import make_world, reset
from truce_sim.simulation.spec import make_spec

FORWARD = 1.1

#: Interception at the border alone; bands set out by w and keep to their sector.
AT_THE_LINE: Settings = {
    **NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY, **STEADY_GROUP, **INSTANT, **FLAT,
    "militants.attempts_per_day": 8.0, "home.capacity": FORWARD, "home.forward": 1.0,
    "host.capacity": 0.0, "run.horizon_days": 400, "run.warmup_days": 0,
}  # fmt: skip


def ratios(settings: Settings, activity: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Posture of the home state after its first review."""
    run = spec(settings, on=uneven_border())
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    if activity is not None:
        w["sectors"]["activity"][: activity.size] = activity
    review_posture(p, w, -int(p["run"]["warmup_days"]), HOME)
    return np.array(w["sectors"]["ratio"][HOME, : run.border.size])


@pytest.mark.parametrize("x", [0.3, 1.0])
def test_passing_by_sector(x: float) -> None:
    """exp(-k ((1-x) + x w_s / Σw²)) pass in sector s, each band for itself: counts of both fates
    are Poisson. 16,000 bands detect 10 % of the effort in the largest sector."""
    w = uneven_border()["weight"]
    runs = recorded(spec({**AT_THE_LINE, "border.effort_per_km": x}, on=uneven_border()), 5)
    events = np.concatenate([run.events for run in runs])
    passing = np.exp(-FORWARD * (1 - x + x * w / (w @ w)))
    due = 8.0 * 400 * 5 * w
    for kind, share in ((names.BAND_ATTACK, passing), (names.FOILED_AT_BORDER, 1 - passing)):
        seen = np.bincount(events["sector"][events["kind"] == kind], minlength=w.size)
        bounds.counts_are(seen, due * share, fixed_total=False)


@pytest.mark.parametrize("x", [0.0, 0.4, 1.0])
def test_what_bands_meet_on_average_does_not_depend_on_it(x: float) -> None:
    """Σ w ratio = 1 where shares are w: only who meets it changes."""
    w = uneven_border()["weight"]
    ratio = ratios({"home.adaptivity": 0.0, "border.effort_per_km": x})
    assert w @ ratio == pytest.approx(1.0, rel=1e-12)
    assert ratio == pytest.approx(1 - x + x * w / (w @ w), rel=1e-12)


def test_effort_is_conserved_along_the_line() -> None:
    """By the kilometre the sum over sectors is the same wherever it stands, as long as the cap does
    not bind; for the traffic expected it is Σ w ratio."""
    free = {"home.adaptivity": 0.9, "border.ratio_cap": 1000.0}
    w = uneven_border()["weight"]
    for sector in (0, 7, 11):
        activity = np.zeros(w.size)
        activity[sector] = 1.0
        by_km = ratios({**free, "border.effort_per_km": 1.0}, activity)
        assert by_km.sum() == pytest.approx(1 / (w @ w), rel=1e-12)
        assert w @ ratios(free, activity) == pytest.approx(1.0, rel=1e-12)


def test_contagion_is_judged_by_what_sectors_are_left_with() -> None:
    """n_eff with ratios (1-x) + x w / Σw², cut at the cap, written out."""
    on, x, cap = uneven_border(), 1.0, 1.5
    w, terrain = on["weight"], 0.3
    ratio = np.minimum(w / (w @ w), cap)
    border = 0.85 * 0.8 * (1 - terrain * on["ruggedness"]) * ratio
    lone = np.exp(-border)  # every target in the border cell
    for offspring, expected in ((math.inf, w @ lone), (50.0, lone.max())):
        found = branching(
            1.0, math.log(5.0), 0.0, 0.85, 0.8, offspring, x, cap, 10.0, 4, terrain, on
        )
        assert found == pytest.approx(expected, rel=1e-12)
    deep = np.exp(-border - 0.85 * 0.2 * ratio)  # every target in the last cell
    found = branching(1.0, 8.0, 0.0, 0.85, 0.8, math.inf, x, cap, 10.0, 4, terrain, on)
    assert found == pytest.approx(w @ deep, rel=1e-12)


@pytest.mark.parametrize(("x", "stretch"), [(0.0, 0.0), (0.6, 0.0), (0.6, 1.9)])
def test_what_is_reckoned_to_pass_is_what_the_rules_let_pass(x: float, stretch: float) -> None:
    """n_eff, and the share that passes both states, from the rules' effort cell by cell."""
    settings = {
        "home.adaptivity": 0.0, "host.adaptivity": 0.0, "border.effort_per_km": x,
        "militants.excitation": 0.7, "scenario": "line_of_control",
    }  # fmt: skip
    placed = {"day": 0, "where": {"km": [0, 200]}, "set": {"home.capacity": stretch}}
    setup = load_setup(settings | ({"interventions": [placed]} if stretch else {}))
    config, on, run = setup.config, setup.border, make_spec(setup)
    p, w = run.params[-1], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    for who in (HOME, HOST):
        review_posture(p, w, -int(p["run"]["warmup_days"]), who)
    host_depth, home_depth = config.border.host_depth, config.border.home_depth
    cells = [[effort(p, w, s, d) for d in range(host_depth + home_depth)]
             for s in range(on.sectors.size)]  # fmt: skip
    hazard, m, weight = np.array(cells), config.militants, on.sectors["weight"]
    bound = target_shares(m.depth_mu, m.depth_sigma, config.border.cell_km, home_depth)
    home = np.exp(-hazard[:, host_depth:].cumsum(axis=1)) @ bound
    local = home_capacities(config, 0, on) if stretch else None
    assert effective_branching(config, on, local) == pytest.approx(0.7 * float(weight @ home))
    if x == 0.0:  # the estimate from events is for effort that follows traffic
        both = np.exp(-hazard[:, :host_depth].sum(axis=1)) * home
        assert passing_with_host(config, on) == pytest.approx(float(weight @ both))


def stopped(settings: Settings) -> NDArray[np.float64]:
    """Share of each run's bands that the home state stops."""
    rows = replicates(spec(settings, on=uneven_border(24)), 400)
    return (rows["foiled_at_border"] + rows["foiled_inside"]) / rows["attempts"]


def test_evasion_and_avoidance_pay_where_effort_thins_out() -> None:
    """By the kilometre a group that sidesteps, or avoids risk, is stopped less often; a state that
    follows the record stops more. Paired runs; the differences seen are 0.03 to 0.06."""
    base = {
        **NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY, "militants.attempts_per_day": 2.0,
        "militants.excitation": 0.5, "militants.deterrence": 0.0, "home.adaptivity": 0.5,
        "border.effort_per_km": 1.0, "militants.risk_aversion": 0.0, "militants.evasion": 0.0,
        "home.capacity": 1.5,
    }  # fmt: skip
    still = stopped(base)
    bounds.above(still - stopped({**base, "militants.evasion": 0.8}), 0.01)
    bounds.above(still - stopped({**base, "militants.risk_aversion": 6.0}), 0.01)
    evading = {**base, "militants.evasion": 0.8, "militants.risk_aversion": 6.0}
    following = stopped({**evading, "home.adaptivity": 0.8})
    bounds.above(following - stopped({**evading, "home.adaptivity": 0.0}), 0.01)
