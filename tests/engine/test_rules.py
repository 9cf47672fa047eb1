"""Single rules of the model, called on a world: the branches that closed forms do not reach.

Chances are 0 or 1 wherever a test wants one branch, so that nothing here depends on a draw.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.spec import (
    FLAT,
    NO_BANDS,
    NO_FRAILTY,
    TWO_MEDIATORS,
    Settings,
    border,
    recorded,
    replicates,
    spec,
)
from truce_sim.engine import codes as names
from truce_sim.engine.ahead import draw_band
from truce_sim.engine.attribution import attribute, is_public, update_activity, weight_of
from truce_sim.engine.draws import FRICTION, Key, poisson, uniform
from truce_sim.engine.grievance import (
    add_incidents,
    add_weight,
    fade,
    scale_grievance,
    violation_evidence,
)
from truce_sim.engine.incidents import make_attacks, make_friction
from truce_sim.engine.launch import attempt_rate, depth_in_cells, deterred, weigh_sectors
from truce_sim.engine.mediation import (
    call_round,
    conclude_round,
    end_rounds,
    follow_calendar,
    mediate,
    round_pending,
    save_truce,
)
from truce_sim.engine.movement import learn_and_leave, least_risky, move_bands
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.posture import effort, interception_chance, review_posture
from truce_sim.engine.regime import prepare
from truce_sim.engine.relaxation import relax
from truce_sim.engine.state import total_grievance
from truce_sim.engine.strikes import (
    decide_strike,
    execute_strike,
    main_cause,
    most_active,
    strike_probability,
)
from truce_sim.engine.threshold import update_thresholds
from truce_sim.engine.truce import update_truce
from truce_sim.engine.verification import verify
from truce_sim.engine.world import make_world, new_incident, open_truce, reset

KEY = Key(1, 0)


class Stage:
    """Parameters and a world as they stand when day 0 begins, on a border of five equal sectors."""

    def __init__(self, settings: Settings | None = None, sectors: int = 5) -> None:
        run = spec(
            {**NO_FRAILTY, "home.initial_grievance": 0.0, **(settings or {})},
            on=border(np.ones(sectors)),
        )
        self.params = run.params
        self.p: Any = run.params[0]
        self.w: Any = make_world(recorded=True)
        reset(self.p, self.w, run.border)
        prepare(self.p, self.w)
        open_truce(self.p, self.w)
        self.w["states"]["threshold"] = self.p["states"]["threshold"]

    @property
    def home(self) -> Any:
        return self.w["states"][HOME]

    @property
    def host(self) -> Any:
        return self.w["states"][HOST]

    @property
    def tally(self) -> Any:
        return self.w["tally"][names.TODAY]

    @property
    def kinds(self) -> list[str]:
        """The event log so far, by name."""
        events = self.w["events"][1 : self.w["event_count"] + 1]
        return [names.EVENTS[kind] for kind in events["kind"]]

    def band(self, sector: int, depth: int, status: int, target: int = 8, wait: int = 0) -> Any:
        """One more band."""
        i = int(self.w["band_count"])
        band = self.w["bands"][i]
        band["entity"], band["sector"], band["depth"] = i, sector, depth
        band["target"], band["target_km"], band["wait"] = target, 10.0 * target, wait
        band["crossed"], band["status"] = sector, status
        draw_band(self.w, KEY, band)
        self.w["band_count"] += 1
        self.w["leaving"] |= status >= names.STOPPED
        return band

    def incident(self, kind: int, sector: int = 0, deaths: int = 10) -> Any:
        """One more incident today."""
        i = int(self.w["incident_count"])
        new_incident(self.w, kind, i, sector, 6, deaths)
        return self.w["incidents"][i]

    def blamed(self, kind: int, weight: float, sector: int = 0) -> Any:
        """One more attributed incident."""
        incident = self.incident(kind, sector)
        incident["attributed"], incident["weight"] = 1, weight
        return incident

    def struck(self, *days: int, state: int = HOME, cause: int = names.ATTACK) -> None:
        """Strikes executed on these days."""
        for day in days:
            strike = self.w["strikes"][self.w["strike_count"]]
            strike["day"], strike["state"], strike["cause"] = day, state, cause
            self.w["strike_count"] += 1


# ── step 2: posture ──────────────────────────────────────────────────────────────────────────


def test_posture_follows_activity_up_to_the_cap() -> None:
    """ratio = min(((1-a) w + a activity) / w, cap), each state with its own a."""
    stage = Stage({
        "home.adaptivity": 1.0, "host.adaptivity": 0.5, "border.ratio_cap": 2.5,
        "run.warmup_days": 0,
    })  # fmt: skip
    stage.w["sectors"]["activity"][:5] = [0.6, 0.4, 0.0, 0.0, 0.0]
    for who in (HOME, HOST):
        review_posture(stage.p, stage.w, 7, who)
    ratio = stage.w["sectors"]["ratio"][:, :5]
    assert ratio[HOME] == pytest.approx([2.5, 2.0, 0.0, 0.0, 0.0])
    assert ratio[HOST] == pytest.approx([2.0, 1.5, 0.5, 0.5, 0.5])


@pytest.mark.parametrize("warmup", [0, 10])
def test_posture_is_reviewed_on_the_first_day_and_every_review_days(warmup: int) -> None:
    """Between reviews ratios stand; the first day is that of the warm-up."""
    stage = Stage({"run.warmup_days": warmup, "run.review_days": 7, "home.adaptivity": 1.0})
    reviewed = []
    for day in range(-warmup, 20):
        stage.w["sectors"]["ratio"][:, :5] = -1.0
        review_posture(stage.p, stage.w, day, HOME)
        if stage.w["sectors"]["ratio"][HOME, 0] != -1.0:
            reviewed.append(day)
    assert reviewed == list(range(-warmup, 20, 7))
    assert (stage.w["sectors"]["ratio"][HOST, :5] == -1.0).all()


def test_effort_of_each_cell() -> None:
    """ratio times k_H ω/host_depth and k_D forward, both times 1 - terrain g, and behind the border
    cell k_D (1-forward)/(home_depth-1), where terrain does not matter."""
    stage = Stage({
        "border.host_depth": 4, "border.home_depth": 6, "border.terrain": 0.5, "host.will": 0.5,
        "host.capacity": 2.0, "home.capacity": 3.0, "home.forward": 0.6,
    })  # fmt: skip
    sectors = stage.w["sectors"]
    sectors["ruggedness"][2], sectors["ratio"][:, 2] = 0.4, (1.5, 0.7)
    prepare(stage.p, stage.w)
    expected = [2.0 * 0.5 * 0.7 * 0.8 / 4] * 4 + [3.0 * 0.6 * 1.5 * 0.8]
    expected += [3.0 * 0.4 * 1.5 / 5] * 5
    assert [effort(stage.p, stage.w, 2, d) for d in range(10)] == pytest.approx(expected)
    stage.w["will"] = 0.25
    assert effort(stage.p, stage.w, 2, 0) == pytest.approx(expected[0] / 2)
    assert interception_chance(stage.p, stage.w, 2, 4) == pytest.approx(-math.expm1(-expected[4]))


@pytest.mark.parametrize(("share", "left"), [(0.0, 1.0), (0.4, 0.6), (1.0, 0.0), (-0.5, 1.5)])
def test_the_host_withholds_effort_while_the_truce_is_strained_or_suspended(
    share: float, left: float
) -> None:
    stage = Stage({"host.withholding": share})
    prepare(stage.p, stage.w)
    calm = [effort(stage.p, stage.w, 0, d) for d in (0, 5, 6)]  # host, border cell, inside
    for state in (names.STRAINED, names.SUSPENDED):
        stage.w["truce"] = state
        tense = [effort(stage.p, stage.w, 0, d) for d in (0, 5, 6)]
        assert tense == pytest.approx([left * calm[0], *calm[1:]])


# ── step 3: launch ───────────────────────────────────────────────────────────────────────────


def test_attempt_rate() -> None:
    """λ0 N (1+σS) exp(-δ(R-R0)) + n_h (1-β_h) A, R = Σ activity q."""
    stage = Stage({
        "militants.attempts_per_day": 2.0, "militants.spoiler_strength": 1.5,
        "militants.deterrence": 0.7, "militants.risk_prior": 0.4, "militants.excitation": 0.5,
        "militants.excitation_memory_days": 10.0,
    })  # fmt: skip
    assert attempt_rate(stage.p, stage.w, deterred(stage.p, stage.w)) == pytest.approx(2.0)
    stage.w["strength"], stage.w["spoiler_motive"], stage.w["excitement"] = 0.8, 0.5, 3.0
    stage.w["sectors"]["activity"][:5] = [0.5, 0.5, 0.0, 0.0, 0.0]
    stage.w["sectors"]["risk"][:5] = [0.9, 0.5, 0.1, 0.1, 0.1]
    own = 2.0 * 0.8 * 1.75 * math.exp(-0.7 * (0.7 - 0.4))
    excited = 0.5 * (1 - math.exp(-0.1)) * 3.0
    rate = attempt_rate(stage.p, stage.w, deterred(stage.p, stage.w))
    assert rate == pytest.approx(own + excited)


def test_sectors_are_weighed_by_risk() -> None:
    """w exp(-β q)."""
    stage = Stage({"militants.risk_aversion": 2.0})
    stage.w["sectors"]["risk"][:5] = [0.0, 0.25, 0.5, 0.75, 1.0]
    prepare(stage.p, stage.w)
    weigh_sectors(stage.w)
    shares = np.diff(stage.w["sectors"]["sum_appeal"][:5], prepend=0.0)
    assert shares == pytest.approx(0.2 * np.exp(-2.0 * np.linspace(0, 1, 5)))


@pytest.mark.parametrize(
    ("km", "cells"),
    [
        (1e-9, 1), (9.99, 1), (10.0, 1), (10.01, 2), (99.9, 10), (101.0, 10), (1e18, 10),
        (1e20, 10),
    ],
)  # fmt: skip
def test_depth_in_cells(km: float, cells: int) -> None:
    """Rounded up to whole cells and clipped to the home side."""
    assert depth_in_cells(Stage().p, km) == cells


def test_too_many_attempts_fail_the_run() -> None:
    """A rate that no daily Poisson draw takes ends the run with a status, not with a number."""
    run = spec({
        **TWO_MEDIATORS, **NO_FRAILTY, "militants.attempts_per_day": 20.0,
        "militants.spoiler_strength": 10.0, "militants.deterrence": 3.0,
        "militants.risk_prior": 1.0, "militants.learning_rate": 1.0, "militants.excitation": 0.0,
        "home.capacity": 0.0, "host.capacity": 0.0, "militants.staging_days": 0.0,
    })  # fmt: skip
    from truce_sim.engine.run import outcomes

    assert names.STATUSES[outcomes(run, [0])["status"][0]] == "too_many_attempts"


# ── step 4: movement ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("risks", "start", "chosen"),
    [
        ([0.4, 0.4, 0.4], 1, 1),  # all alike: stay
        ([0.3, 0.4, 0.3], 1, 0),  # both sides alike: the lower index
        ([0.3, 0.4, 0.2], 1, 2),
        ([0.3, 0.3, 0.5], 1, 1),  # the lower one no better: stay
        ([0.5, 0.3, 0.3], 1, 1),  # the upper one no better: stay
        ([0.3, 0.2, 0.1], 0, 1),  # one step only, and no wrap
        ([0.1, 0.2, 0.3], 2, 1),
    ],
)
def test_sidestep(risks: list[float], start: int, chosen: int) -> None:
    """The least risky of s-1, s, s+1; ties: stay, then the lower index."""
    stage = Stage({"home.strike_radius": 0}, sectors=3)
    stage.w["sectors"]["risk"][:3] = risks
    assert least_risky(stage.w, start) == chosen


def test_first_step_is_without_a_sidestep() -> None:
    """A band enters (s, 0) where it was launched; each later step may be a sidestep first."""
    stage = Stage({
        "militants.evasion": 1.0, "militants.pace_cells_per_day": 3, "home.capacity": 0.0,
        "host.capacity": 0.0, "militants.excitation": 0.0,
    })  # fmt: skip
    stage.w["sectors"]["risk"][:5] = [0.1, 0.2, 0.3, 0.4, 0.5]
    band = stage.band(4, -1, names.MOVING)
    move_bands(stage.p, stage.w, KEY, 0)
    assert (band["depth"], band["sector"]) == (2, 2)


@pytest.mark.parametrize(("depth", "kind"), [(0, 0), (4, 0), (5, 1), (6, 2), (14, 2)])
def test_where_a_band_is_foiled(depth: int, kind: int) -> None:
    """On the host side by the host, in the border cell at the border, behind it inside; entering
    the border cell is a crossing even so; the group loses a band's share of its strength."""
    stage = Stage({
        **FLAT, "host.capacity": 20.0, "host.will": 1.0, "home.capacity": 20.0,
        "militants.pace_cells_per_day": 1, "militants.band_size": 0.01, "border.host_depth": 5,
        "home.forward": 0.05,
    })  # fmt: skip
    stage.w["sectors"]["ratio"][:, :5] = 1e6
    prepare(stage.p, stage.w)
    band = stage.band(3, depth - 1, names.MOVING, target=14)
    move_bands(stage.p, stage.w, KEY, 0)
    assert band["status"] == names.STOPPED
    counts = [int(stage.tally[n]) for n in ("foiled_by_host", "foiled_at_border", "foiled_inside")]
    assert counts == [int(kind == i) for i in range(3)]
    assert stage.tally["crossings"] == (depth == 5)
    assert stage.w["incidents"][0]["kind"] == kind
    assert stage.w["strength"] == pytest.approx(0.99)


def test_strength_does_not_fall_below_zero() -> None:
    """A group of no strength has none to lose."""
    stage = Stage({"militants.band_size": 0.6, "home.strike_kill": 1.0})
    for _ in range(3):
        stage.band(0, 1, names.MOVING)
    stage.home["strike_due"] = 0
    execute_strike(stage.p, stage.w, KEY, 0, HOME)
    assert stage.w["strength"] == pytest.approx(0.02)  # 0, less 5 %, and 0.02 of recruits


@pytest.mark.parametrize(("staging", "days"), [(0.0, 0), (1.0, 1)])
def test_wait_at_the_target(staging: float, days: int) -> None:
    """Mean 0: attacks on the day it arrives; mean 1: always one day later."""
    stage = Stage({
        "home.capacity": 0.0, "host.capacity": 0.0, "militants.staging_days": staging,
        "militants.excitation": 0.0, "militants.lethal_share": 1.0,
    })  # fmt: skip
    band = stage.band(1, 7, names.MOVING, target=8)
    for day in range(days + 1):
        assert stage.tally["attacks"] == 0
        move_bands(stage.p, stage.w, KEY, day)
        make_attacks(stage.p, stage.w)
    assert stage.tally["attacks"] == stage.tally["lethal_attacks"] == 1
    assert stage.w["attacks_yesterday"] == 1
    assert band["status"] == names.SPENT
    assert stage.w["incidents"][0]["band"] == 0


def test_learning_in_band_order_at_the_end_of_the_day() -> None:
    """q += α(1[foiled]-q) for each band in order: where it was foiled, or where an attacker
    crossed; who is destroyed teaches nothing; who is under way stays, in order."""
    stage = Stage({"militants.learning_rate": 0.25, "militants.risk_prior": 0.4})
    stage.band(0, 5, names.STOPPED)
    stage.band(2, 3, names.MOVING)
    attacker = stage.band(3, 8, names.SPENT)
    attacker["crossed"] = 0
    stage.band(4, 2, names.DESTROYED)
    stage.band(1, 8, names.WAITING)
    stage.band(0, 6, names.STOPPED)
    learn_and_leave(stage.p, stage.w)
    q = 0.4
    for foiled in (1.0, 0.0, 1.0):
        q += 0.25 * (foiled - q)
    assert stage.w["sectors"]["risk"][:5] == pytest.approx([q, 0.4, 0.4, 0.4, 0.4])
    assert stage.w["bands"]["entity"][: stage.w["band_count"]].tolist() == [1, 4]


def test_nothing_is_learnt_during_the_day() -> None:
    """Sidesteps look at the risks of the morning."""
    stage = Stage({**FLAT, "host.capacity": 20.0, "host.will": 1.0, "militants.evasion": 0.0})
    stage.w["sectors"]["ratio"][:, :5] = 1e6
    prepare(stage.p, stage.w)
    stage.band(2, -1, names.MOVING)
    move_bands(stage.p, stage.w, KEY, 0)
    assert stage.tally["foiled_by_host"] == 1
    assert (stage.w["sectors"]["risk"][:5] == 0.4).all()


# ── steps 5 to 7: incidents, attribution, the public record ──────────────────────────────────


def test_friction_while_suspended() -> None:
    """`suspended_friction` times as likely while the truce is suspended, on the same draw."""
    stage = Stage({"attribution.friction_per_day": 0.4, "truce.suspended_friction": 5.0})
    for status, mean in ((names.IN_FORCE, 0.4), (names.STRAINED, 0.4), (names.SUSPENDED, 2.0)):
        stage.w["truce"] = status
        for day in range(50):
            stage.w["incident_count"] = 0
            make_friction(stage.p, stage.w, KEY, day)
            drawn = poisson(uniform(KEY, FRICTION, 0, day), mean)
            assert stage.w["incident_count"] == drawn


@pytest.mark.parametrize(
    ("kind", "deaths", "weight"),
    [
        (names.FOILED_AT_BORDER, 0, 0.25), (names.FOILED_INSIDE, 0, 0.25),
        (names.BAND_ATTACK, 1, 0.1), (names.BAND_ATTACK, 39, 3.9), (names.BAND_ATTACK, 41, 4.0),
        (names.DOMESTIC_ATTACK, 25, 2.5), (names.DOMESTIC_ATTACK, 1000, 4.0),
    ],
)  # fmt: skip
def test_weights(kind: int, deaths: int, weight: float) -> None:
    """w_foiled for a band foiled, min(deaths/d0, w_max) for an attack."""
    stage = Stage()
    assert weight_of(stage.p, stage.incident(kind, deaths=deaths)) == pytest.approx(weight)


def test_attribution_of_each_kind() -> None:
    """With every chance 1: home's interdictions and lethal attacks are violations, a domestic one
    a false one; a band that the host intercepted, a harmless attack and friction are none."""
    stage = Stage({
        "attribution.foiled": 1.0, "attribution.attack": 1.0, "attribution.false_positive": 1.0,
        "attribution.attack_decay_km": math.inf, "attribution.friction_weight": 1.5,
    })  # fmt: skip
    stage.incident(names.FOILED_BY_HOST)
    stage.incident(names.FOILED_AT_BORDER)
    stage.incident(names.FOILED_INSIDE)
    stage.incident(names.BAND_ATTACK, deaths=0)
    stage.incident(names.BAND_ATTACK, deaths=5)
    stage.incident(names.DOMESTIC_ATTACK, deaths=5)
    stage.incident(names.FRICTION_CLASH, deaths=0)
    attribute(stage.p, stage.w, KEY, 3)
    incidents = stage.w["incidents"][:7]
    assert incidents["attributed"].tolist() == [0, 1, 1, 0, 1, 1, 0]
    assert incidents["weight"] == pytest.approx([0, 0.25, 0.25, 0, 0.5, 0.5, 1.5])
    assert [is_public(incident) for incident in incidents] == [0, 1, 1, 0, 1, 1, 0]
    assert (stage.tally["violations"], stage.tally["false_violations"]) == (4, 1)
    assert stage.tally["first_violation_day"] == 3
    assert stage.kinds == [
        "foiled_by_host", "foiled_at_border", "foiled_inside", "attack", "attack",
        "misattribution", "friction",
    ]  # fmt: skip
    add_incidents(stage.p, stage.w)
    assert stage.home["grievance"] == pytest.approx([0, 0.5, 0.5, 0.5, 1.5, 0])
    assert stage.host["grievance"] == pytest.approx([0, 0, 0, 0, 1.5, 0])


def test_activity_moves_towards_the_shares_of_the_day() -> None:
    """By 1-φ(τ_A), on days with public incidents only; cleared ones are not public, interceptions
    are, whether attributed or not."""
    stage = Stage({"attribution.activity_memory_days": 10.0})
    update_activity(stage.p, stage.w)
    assert stage.w["sectors"]["activity"][:5] == pytest.approx([0.2] * 5)
    stage.blamed(names.BAND_ATTACK, 1.0, sector=1)
    stage.incident(names.FOILED_INSIDE, sector=1)
    stage.blamed(names.DOMESTIC_ATTACK, 1.0, sector=3)
    stage.blamed(names.DOMESTIC_ATTACK, 1.0, sector=4)["cleared"] = 1
    stage.incident(names.BAND_ATTACK, sector=2)
    stage.incident(names.DOMESTIC_ATTACK, sector=2)
    stage.incident(names.FRICTION_CLASH, sector=2)
    stage.incident(names.FOILED_BY_HOST, sector=2)
    update_activity(stage.p, stage.w)
    shares = np.array([0, 2, 0, 1, 0]) / 3
    expected = 0.2 + (1 - math.exp(-0.1)) * (shares - 0.2)
    assert stage.w["sectors"]["activity"][:5] == pytest.approx(expected)


# ── step 7: verification ─────────────────────────────────────────────────────────────────────


def verifying(**changes: Any) -> Stage:
    """Verification that takes up every case, reports after 5 days and finds the truth."""
    verification = {
        "enabled": True, "coverage": 1.0, "sensitivity": 1.0, "specificity": 1.0, "lag_days": 5,
        "doubt": 0.0, **changes,
    }  # fmt: skip
    prefixed = {f"mediation.verification.{name}": value for name, value in verification.items()}
    return Stage({
        **TWO_MEDIATORS, **prefixed, "mediation.pressure": 0.2, "mediation.fatigue": 0.2,
        "home.grievance_memory_days": 8.0, "belief.persistence": 0.9,
    })  # fmt: skip


def pass_days(stage: Stage, first: int, last: int) -> None:
    """Steps 7 and 8 of quiet days."""
    for day in range(first, last + 1):
        stage.w["incident_count"] = 0
        fade(stage.p, stage.w)
        verify(stage.p, stage.w, KEY, day)
        add_incidents(stage.p, stage.w)


def accuse(stage: Stage, kind: int, weight: float = 2.0) -> None:
    """Day 0 with one attributed attack."""
    fade(stage.p, stage.w)
    stage.blamed(kind, weight)
    verify(stage.p, stage.w, KEY, 0)
    add_incidents(stage.p, stage.w)


def quiet_belief(stage: Stage, days: int) -> float:
    """logit b after so many days without any violation."""
    x = prior = math.log(0.45 / 0.55)
    for _ in range(days):
        x = prior + 0.9 * (x - prior) + 0.8 * 0.6 * (0.7 - 0.15)
    return x


def test_cleared_case_leaves_nothing_behind() -> None:
    """Five days after the incident, what is left of its weight and of its count is taken out: G
    and b are then those of a state that never blamed the host."""
    stage = verifying()
    accuse(stage, names.DOMESTIC_ATTACK)
    pass_days(stage, 1, 4)
    assert total_grievance(stage.home) == pytest.approx(2.0 * math.exp(-4 / 8))
    assert stage.w["case_count"] == 1
    pass_days(stage, 5, 5)
    assert total_grievance(stage.home) == pytest.approx(0.0, abs=1e-15)
    assert stage.w["belief_logit"] == pytest.approx(quiet_belief(stage, 6))
    assert stage.w["case_count"] == 0
    assert stage.tally["cleared_violations"] == 1
    assert stage.w["will"] == pytest.approx(0.3)


def test_confirmed_case_presses_the_host() -> None:
    """ω += pressure/2; grievance and belief stay."""
    stage = verifying()
    accuse(stage, names.BAND_ATTACK)
    pass_days(stage, 1, 5)
    assert total_grievance(stage.home) == pytest.approx(2.0 * math.exp(-5 / 8))
    said = violation_evidence(stage.p) * 0.9**5
    assert stage.w["belief_logit"] == pytest.approx(quiet_belief(stage, 6) + said)
    assert stage.w["will"] == pytest.approx(0.3 + 0.1)
    assert stage.tally["cleared_violations"] == 0


def test_wrong_clearing_believed() -> None:
    """A true case cleared by mistake goes as a false one would."""
    stage = verifying(sensitivity=0.0)
    accuse(stage, names.BAND_ATTACK)
    pass_days(stage, 1, 5)
    assert total_grievance(stage.home) == pytest.approx(0.0, abs=1e-15)
    assert stage.w["belief_logit"] == pytest.approx(quiet_belief(stage, 6))
    assert (stage.w["fatigue"][:2] == 0).all()


def test_wrong_clearing_disbelieved() -> None:
    """Nothing is taken out, and every mediator tires by fatigue/2."""
    stage = verifying(sensitivity=0.0, doubt=1.0)
    accuse(stage, names.BAND_ATTACK)
    pass_days(stage, 1, 5)
    assert total_grievance(stage.home) == pytest.approx(2.0 * math.exp(-5 / 8))
    assert stage.w["fatigue"][:3] == pytest.approx([0.1, 0.1, 0.0])
    assert stage.w["will"] == pytest.approx(0.3)
    assert stage.tally["cleared_violations"] == 0


def test_right_clearing_is_never_disbelieved() -> None:
    """Doubt is about wrong clearings."""
    stage = verifying(doubt=1.0)
    accuse(stage, names.DOMESTIC_ATTACK)
    pass_days(stage, 1, 5)
    assert total_grievance(stage.home) == pytest.approx(0.0, abs=1e-15)


def test_unspecific_verification_confirms_a_false_case() -> None:
    """Specificity 0: what others did is confirmed against the host, and presses it."""
    stage = verifying(specificity=0.0)
    accuse(stage, names.DOMESTIC_ATTACK)
    pass_days(stage, 1, 5)
    assert total_grievance(stage.home) == pytest.approx(2.0 * math.exp(-5 / 8))
    assert stage.w["will"] == pytest.approx(0.4)


def test_clearing_after_release_and_relief() -> None:
    """What was released or relieved in between is not taken out twice: other grievance stays."""
    stage = verifying()
    accuse(stage, names.DOMESTIC_ATTACK, 2.0)
    add_weight(stage.w, HOME, names.MISATTRIBUTED, 3.0)
    scale_grievance(stage.w, HOME, 0.65)
    pass_days(stage, 1, 2)
    scale_grievance(stage.w, HOME, 0.4)
    scale_grievance(stage.w, HOST, 0.1)
    pass_days(stage, 3, 5)
    left = 3.0 * 0.65 * 0.4 * math.exp(-5 / 8)
    assert stage.home["grievance"][names.MISATTRIBUTED] == pytest.approx(left)


def test_grievance_never_falls_below_zero() -> None:
    """A cause that somehow holds less than what is cleared ends at 0."""
    stage = verifying()
    accuse(stage, names.DOMESTIC_ATTACK, 2.0)
    stage.home["grievance"][names.MISATTRIBUTED] = 0.5
    stage.home["grievance"][names.ATTACK] = 1.0
    pass_days(stage, 1, 5)
    assert stage.home["grievance"][names.MISATTRIBUTED] == 0.0
    assert stage.home["grievance"][names.ATTACK] == pytest.approx(math.exp(-5 / 8))


@pytest.mark.parametrize(("resumes", "cleared"), [(4, True), (5, True), (6, False)])
def test_a_report_lapses_while_suspended(resumes: int, cleared: bool) -> None:
    """Due on a day of suspension it lapses; due after it, it comes."""
    stage = verifying()
    accuse(stage, names.DOMESTIC_ATTACK)
    stage.w["truce"] = names.SUSPENDED
    pass_days(stage, 1, resumes - 1)
    stage.w["truce"] = names.IN_FORCE
    pass_days(stage, resumes, 9)
    assert (total_grievance(stage.home) < 1e-12) == cleared
    assert stage.w["case_count"] == 0
    assert ("verification" in stage.kinds) == cleared


def test_nothing_is_taken_up_while_suspended_or_unverifiable() -> None:
    """Not while suspended, nor without coverage, nor unattributed, nor an intercepted band."""
    for stage in (verifying(coverage=0.0), verifying(enabled=False)):
        accuse(stage, names.BAND_ATTACK)
        assert stage.w["case_count"] == 0
    stage = verifying()
    stage.w["truce"] = names.SUSPENDED
    accuse(stage, names.BAND_ATTACK)
    assert stage.w["case_count"] == 0
    stage.w["truce"] = names.STRAINED
    stage.blamed(names.FOILED_INSIDE, 0.25)
    stage.incident(names.BAND_ATTACK)
    stage.incident(names.DOMESTIC_ATTACK)
    stage.w["incident_count"], first = 4, stage.w["incidents"][0]
    first["attributed"] = 0
    verify(stage.p, stage.w, KEY, 1)
    assert stage.w["case_count"] == 0


def test_no_lag_clears_at_once() -> None:
    """With lag 0 a cleared incident never enters G, b or the public record, and is not added."""
    stage = verifying(lag_days=0)
    accuse(stage, names.DOMESTIC_ATTACK)
    assert stage.w["incidents"][0]["cleared"] == 1
    assert total_grievance(stage.home) == 0.0
    assert stage.home["added"] == 0.0
    assert stage.w["belief_logit"] == pytest.approx(quiet_belief(stage, 1))
    assert not is_public(stage.w["incidents"][0])


# ── step 8: belief and threshold ─────────────────────────────────────────────────────────────


@given(
    capable=st.floats(0, 1.0), committed=st.floats(0, 0.99), uncommitted=st.floats(0, 0.99),
)  # fmt: skip
def test_violation_evidence(capable: float, committed: float, uncommitted: float) -> None:
    """ln((1-κe_C)/(1-κe_U)): against commitment if a committed host would have prevented more."""
    params = spec({
        "belief.perceived_capability": capable, "belief.committed_hazard": committed,
        "belief.uncommitted_hazard": uncommitted,
    }).params  # fmt: skip
    evidence = violation_evidence(params[0])
    expected = math.log((1 - capable * committed) / (1 - capable * uncommitted))
    assert evidence == pytest.approx(expected)
    assert (evidence < 0) == (capable * committed > capable * uncommitted) or evidence == 0


def threshold_stage(belief: float, mediators: Settings | None = None) -> Stage:
    """A home state that believes so much; its threshold is 6, the host's 1.5."""
    stage = Stage({**(mediators or {}), "belief.threshold_effect": 0.8, "belief.prior": 0.45})
    stage.w["belief_logit"] = math.log(belief / (1 - belief))
    return stage


def test_threshold_rises_with_belief_for_the_home_state_only() -> None:
    """θ (1 + t_b (b - b0)); t_b = 0 for the host; c = 0 without mediators."""
    stage = threshold_stage(0.7)
    update_thresholds(stage.p, stage.w, 0)
    assert stage.home["threshold"] == pytest.approx(6.0 * (1 + 0.8 * 0.25))
    assert stage.host["threshold"] == pytest.approx(1.5)


@pytest.mark.parametrize(("day", "c"), [(9, 0.5), (10, 1.0), (12, 1.0), (13, 0.5)])
def test_threshold_rises_with_mediation(day: int, c: float) -> None:
    """(1 + t_m (1-f̄) c): c = 1 on the days of a round, ½ on others, f̄ the mean fatigue."""
    stage = threshold_stage(0.45, TWO_MEDIATORS)
    stage.w["fatigue"][:2] = 0.1, 0.3
    stage.w["rounds"]["start"][names.CALLED], stage.w["rounds"]["end"][names.CALLED] = 10, 12
    update_thresholds(stage.p, stage.w, day)
    factor = 1 + 0.5 * 0.8 * c
    assert stage.home["threshold"] == pytest.approx(6.0 * factor)
    assert stage.host["threshold"] == pytest.approx(1.5 * factor)


def test_a_twentieth_of_a_threshold_is_always_left() -> None:
    """Never below 0.05 θ."""
    stage = Stage({"belief.threshold_effect": 10.0, "belief.prior": 0.9})
    stage.w["belief_logit"] = -5.0
    update_thresholds(stage.p, stage.w, 0)
    assert stage.home["threshold"] == pytest.approx(0.05 * 6.0)


@pytest.mark.parametrize(("threshold", "grievance"), [(math.inf, 0.0), (6.0, 4.2), (1e-6, 0.7e-6)])
def test_initial_grievance(threshold: float, grievance: float) -> None:
    """G0 is a share of θ, cause initial; 0 if θ is infinite; the host starts with 0."""
    stage = Stage({"home.threshold": threshold, "home.initial_grievance": 0.7})
    assert stage.home["grievance"] == pytest.approx([grievance, 0, 0, 0, 0, 0])
    assert (stage.host["grievance"] == 0).all()


def test_initial_grievance_follows_the_threshold_of_the_run() -> None:
    """With frailty G0 is a share of the run's own θ."""
    run = spec({**NO_BANDS, "frailty.threshold_cv": 0.8, "home.decision_noise": 0.0,
                "attribution.friction_per_day": 0.0, "attribution.false_positive": 0.0,
                "belief.threshold_effect": 0.0, "run.warmup_days": 0})  # fmt: skip
    thresholds = []
    for result in recorded(run, 5):
        row = result.series[0]
        assert row["grievance_home"] / row["threshold_home"] == pytest.approx(
            0.5 * math.exp(-1 / 30)
        )
        thresholds.append(float(row["threshold_home"]))
    assert len(set(thresholds)) == 5


# ── step 9: decisions and strikes ────────────────────────────────────────────────────────────


def deciding(grievance: float, settings: Settings | None = None, *, added: float = 1.0) -> Stage:
    """A home state of threshold 4 that is sharp and resolute, with so much grievance."""
    stage = Stage({
        "home.decision_noise": 0.0, "home.resolve": 1.0, "home.lag_days": 2, "home.release": 0.4,
        **(settings or {}),
    })  # fmt: skip
    stage.home["threshold"], stage.home["added"] = 4.0, added
    stage.home["grievance"][names.ATTACK] = grievance
    return stage


def test_a_choice_to_strike() -> None:
    """G·release goes, the strike is due `lag` days later, with the cause of the choice."""
    stage = deciding(5.0)
    stage.home["grievance"][names.STRIKE] = 9.0
    decide_strike(stage.p, stage.w, KEY, 10, HOME)
    assert stage.home["strike_due"] == 12
    assert stage.home["strike_cause"] == names.ATTACK
    assert stage.home["last_decision"] == 10
    assert stage.home["grievance"] == pytest.approx([0, 0, 3.0, 0, 0, 5.4])
    assert stage.kinds == ["strike_chosen"]


def test_choice_without_resolve() -> None:
    """Chosen, and so released, but not carried out; the next decision comes after the lag."""
    stage = deciding(5.0, {"home.resolve": 0.0})
    decide_strike(stage.p, stage.w, KEY, 10, HOME)
    assert stage.home["strike_due"] < 0
    assert total_grievance(stage.home) == pytest.approx(3.0)
    assert stage.home["last_decision"] == 10


@pytest.mark.parametrize(
    ("grievance", "added", "decides", "strikes"),
    [
        (9.0, 0.0, False, False),  # nothing added today
        (1.999, 1.0, False, False),  # below half the threshold
        (2.0, 1.0, True, False),  # at half: decides, but not to strike
        (3.999, 1.0, True, False),
        (4.0, 1.0, True, True),  # without noise: at the threshold
    ],
)
def test_when_a_state_decides(grievance: float, added: float, decides: bool, strikes: bool) -> None:
    """Only on a day that added weight, with G >= ½θ_eff."""
    stage = deciding(grievance, added=added)
    decide_strike(stage.p, stage.w, KEY, 10, HOME)
    assert (stage.home["last_decision"] == 10) == decides
    assert (stage.home["strike_due"] == 12) == strikes


@pytest.mark.parametrize(("day", "decides"), [(10, False), (12, False), (13, True)])
def test_no_decision_within_the_lag(day: int, decides: bool) -> None:
    """Not within `lag_days` = 2 after the last decision, made on day 10."""
    stage = deciding(5.0)
    stage.home["last_decision"] = 10
    decide_strike(stage.p, stage.w, KEY, day, HOME)
    assert (stage.home["strike_due"] == day + 2) == decides


@pytest.mark.parametrize(("due", "decides"), [(13, True), (14, False), (20, False)])
def test_no_decision_while_a_strike_is_pending(due: int, decides: bool) -> None:
    """A strike due today or later comes first (its lag may have been changed on the way)."""
    stage = deciding(5.0)
    stage.home["strike_due"] = due
    decide_strike(stage.p, stage.w, KEY, 14, HOME)
    assert (stage.home["last_decision"] == 14) == decides


def test_infinite_threshold_never_decides() -> None:
    """θ = ∞: no grievance is half of it."""
    stage = deciding(1e12)
    stage.home["threshold"] = math.inf
    decide_strike(stage.p, stage.w, KEY, 10, HOME)
    assert stage.home["last_decision"] < 0


@given(excess=st.floats(-50, 50), noise=st.floats(1e-3, 10))
def test_strike_probability(excess: float, noise: float) -> None:
    """logistic((G-θ_eff)/s): even odds at the threshold."""
    x = excess / noise
    expected = 1 / (1 + math.exp(-x)) if x > -700 else 0.0
    assert strike_probability(excess, noise) == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert strike_probability(0.0, noise) == 0.5
    assert strike_probability(excess, 0.0) == (excess >= 0)


@pytest.mark.parametrize(
    ("grievance", "cause"),
    [
        ([1, 2, 3, 0, 0, 9], "attack"), ([2, 2, 0, 0, 0, 0], "initial"),
        ([0, 0, 0, 1, 1, 0], "misattributed"), ([0, 0, 0, 0, 0, 5], "strike"),
        ([0, 0, 0, 0, 0.1, 5], "friction"),
    ],
)  # fmt: skip
def test_main_cause(grievance: list[float], cause: str) -> None:
    """The largest component, strikes excluded; `strike` if nothing else is there."""
    stage = Stage()
    stage.home["grievance"] = grievance
    assert names.CAUSES[main_cause(stage.home)] == cause


def test_a_home_strike() -> None:
    """The other's grievance rises, as weight of tomorrow; bands on the host side within the
    radius of the most active sector are destroyed; ω and N change."""
    stage = Stage({
        "home.strike_weight": 3.0, "home.strike_kill": 1.0, "home.strike_radius": 1,
        "home.backlash": 0.08, "home.strike_loss": 0.1, "home.strike_recruits": 0.04,
        "militants.band_size": 0.01,
    })  # fmt: skip
    stage.w["sectors"]["activity"][:5] = [0.1, 0.1, 0.1, 0.6, 0.1]
    hit = [stage.band(2, 0, names.MOVING), stage.band(4, 4, names.MOVING)]
    spared = [
        stage.band(1, 2, names.MOVING),  # too far along the line
        stage.band(3, 5, names.MOVING),  # across the line
        stage.band(3, 8, names.WAITING),
    ]
    stopped = stage.band(3, 2, names.STOPPED)
    stage.home["strike_due"], stage.home["strike_cause"] = 4, names.FOILED
    execute_strike(stage.p, stage.w, KEY, 3, HOME)
    assert stage.w["strike_count"] == 0
    execute_strike(stage.p, stage.w, KEY, 4, HOME)
    assert [b["status"] for b in hit] == [names.DESTROYED] * 2
    assert [b["status"] for b in spared] == [names.MOVING, names.MOVING, names.WAITING]
    assert stopped["status"] == names.STOPPED
    assert stage.tally["destroyed"] == 2
    assert stage.w["strength"] == pytest.approx(0.98 * 0.9 + 0.04)
    assert stage.w["will"] == pytest.approx(0.3 - 0.08)
    assert stage.host["grievance"][names.STRIKE] == 3.0
    assert (stage.host["added"], stage.host["added_overnight"]) == (0.0, 3.0)
    assert stage.w["strikes"][0].tolist() == (4, HOME, names.FOILED)
    assert (stage.tally["strikes_by_home"], stage.tally["first_strike_day"]) == (1, 4)
    execute_strike(stage.p, stage.w, KEY, 4, HOME)
    assert stage.w["strike_count"] == 1
    fade(stage.p, stage.w)
    assert (stage.host["added"], stage.host["added_overnight"]) == (3.0, 0.0)
    assert stage.host["grievance"][names.STRIKE] == pytest.approx(3.0 * math.exp(-1 / 10))


def test_a_host_strike_hits_no_one_else() -> None:
    """It adds to the home state's grievance and to the window, and that is all."""
    stage = Stage({"host.strike_weight": 1.5, "home.strike_kill": 1.0})
    band = stage.band(0, 1, names.MOVING)
    stage.host["strike_due"], stage.host["strike_cause"] = 7, names.FRICTION
    execute_strike(stage.p, stage.w, KEY, 7, HOST)
    assert band["status"] == names.MOVING
    assert (stage.w["will"], stage.w["strength"]) == (0.3, 1.0)
    assert stage.home["grievance"] == pytest.approx([0, 0, 0, 0, 0, 1.5])
    assert stage.w["strikes"][0].tolist() == (7, HOST, names.FRICTION)
    assert (stage.tally["strikes_by_home"], stage.tally["strikes_by_host"]) == (0, 1)


@pytest.mark.parametrize(("backlash", "will"), [(-0.2, 0.5), (-1.0, 1.0), (0.5, 0.0)])
def test_backlash_has_either_sign(backlash: float, will: float) -> None:
    """ω -= backlash, clipped at once: coercion works where it is negative."""
    stage = Stage({"home.backlash": backlash, "home.strike_kill": 0.0})
    band = stage.band(0, 1, names.MOVING)
    stage.home["strike_due"] = 0
    execute_strike(stage.p, stage.w, KEY, 0, HOME)
    assert stage.w["will"] == pytest.approx(will)
    assert band["status"] == names.MOVING


def test_most_active_sector() -> None:
    """The lowest of equals."""
    stage = Stage()
    assert most_active(stage.w) == 0
    stage.w["sectors"]["activity"][:5] = [0.1, 0.3, 0.2, 0.3, 0.1]
    assert most_active(stage.w) == 1


def test_both_decide_before_either_strikes() -> None:
    """On one day, with no lag, the home state's strike is no part of what the host decides on: it
    is answered on the next day at the earliest (step 9)."""
    settings = {
        **NO_BANDS, **NO_FRAILTY, "attribution.false_positive": 1.0, "run.warmup_days": 0,
        "attribution.domestic_per_day": 30.0, "attribution.friction_per_day": 0.0,
        "home.threshold": 0.5, "host.threshold": 0.5, "home.lag_days": 0, "host.lag_days": 0,
        "home.decision_noise": 0.0, "host.decision_noise": 0.0, "host.resolve": 1.0,
        "truce.collapse_strikes": math.inf,
    }  # fmt: skip
    row = recorded(spec(settings), 1)[0].series
    assert row["strikes_by_home"][0] == 1
    assert row["strikes_by_host"][:2].tolist() == [0, 1]


# ── step 10: the truce ───────────────────────────────────────────────────────────────────────


def test_strain_and_ease() -> None:
    """STRAINED at G >= 0.5 θ_eff, back below 0.4 θ_eff."""
    stage = Stage()
    stage.home["threshold"] = 10.0
    path = []
    for grievance in (4.9, 5.0, 4.1, 4.0, 3.999, 4.9, 5.0):
        stage.home["grievance"][names.ATTACK] = grievance
        update_truce(stage.p, stage.w, KEY, 3)
        path.append(int(stage.w["truce"]))
    assert path == [0, 1, 1, 1, 0, 0, 1]
    assert stage.kinds == ["strained", "eased", "strained"]


def test_suspension_runs_from_the_last_strike() -> None:
    """14 days from the last strike of any state, then IN_FORCE: one suspension, one renewal."""
    stage = Stage({"truce.collapse_strikes": math.inf})
    status = []
    for day in range(40):
        if day in (3, 10):
            stage.struck(day, state=HOST if day == 10 else HOME)
        update_truce(stage.p, stage.w, KEY, day)
        status.append(int(stage.w["truce"]))
    suspended = [day for day in range(40) if status[day] == names.SUSPENDED]
    assert suspended == list(range(3, 24))
    assert stage.kinds == ["suspension", "renewal"]
    assert (stage.tally["renewals"], stage.tally["first_suspension_day"]) == (1, 3)


@pytest.mark.parametrize(
    ("days", "over"),
    [((0, 5, 13), True), ((0, 5, 14), False), ((1, 5, 14), True), ((14, 14), False)],
)
def test_the_window(days: tuple[int, ...], over: bool) -> None:
    """The third strike within 14 days, the day itself included, ends it, whoever made them."""
    stage = Stage({"truce.collapse_strikes": 3.0, "truce.window_days": 14})
    for i, day in enumerate(days):
        stage.struck(day, state=i % 2)
    update_truce(stage.p, stage.w, KEY, days[-1])
    assert (stage.w["truce"] == names.COLLAPSED) == over
    assert stage.tally["collapsed"] == over


def test_cause_of_a_collapse_is_that_of_the_first_strike_in_the_window() -> None:
    """Not of an earlier one, nor of the last."""
    stage = Stage({"truce.collapse_strikes": 3.0, "truce.window_days": 14})
    for day, state, cause in (
        (1, HOME, names.INITIAL), (20, HOST, names.FRICTION), (25, HOME, names.ATTACK),
        (30, HOST, names.STRIKE),
    ):  # fmt: skip
        stage.struck(day, state=state, cause=cause)
    update_truce(stage.p, stage.w, KEY, 30)
    assert (stage.tally["end_day"], stage.tally["cause"]) == (30, names.FRICTION)
    last = stage.w["events"][stage.w["event_count"]]
    assert (last["kind"], last["actor"], last["cause"]) == (names.COLLAPSE, HOST, names.FRICTION)


def test_a_save() -> None:
    """The window is cleared, both grievances halved, a round called and led by the least fatigued,
    every mediator tires; the truce stays suspended and pending strikes survive."""
    stage = Stage({**TWO_MEDIATORS, "mediation.save": 1.0, "mediation.calendar": []})
    stage.w["fatigue"][:2] = 0.3, 0.0
    stage.p["mediation"]["save"] = 2.0  # so that 1 - f̄ does not matter
    stage.home["grievance"][names.ATTACK], stage.host["grievance"][names.STRIKE] = 4.0, 2.0
    stage.host["strike_due"] = 12
    stage.struck(8, 9, 10)
    update_truce(stage.p, stage.w, KEY, 10)
    assert stage.w["truce"] == names.SUSPENDED
    assert stage.tally["collapsed"] == 0
    assert (total_grievance(stage.home), total_grievance(stage.host)) == (2.0, 1.0)
    called = stage.w["rounds"][names.CALLED]
    assert called.tolist() == (17, 19, 1)
    assert stage.w["fatigue"][:2] == pytest.approx([0.45, 0.15])
    assert stage.host["strike_due"] == 12
    assert stage.kinds == ["suspension", "saved", "round_called"]
    stage.p["mediation"]["save"] = 0.0
    for day, over in ((11, False), (12, False), (13, True)):
        stage.struck(day)
        update_truce(stage.p, stage.w, KEY, day)
        assert (stage.w["truce"] == names.COLLAPSED) == over


def test_nobody_saves_without_mediators_or_when_all_are_worn_out() -> None:
    """p_save (1-f̄), and someone to do it."""
    alone = Stage({"mediation.save": 1.0})
    worn = Stage({**TWO_MEDIATORS, "mediation.save": 1.0})
    worn.w["fatigue"][:2] = 1.0
    assert not save_truce(alone.p, alone.w, KEY, 5)
    assert not save_truce(worn.p, worn.w, KEY, 5)
    worn.w["fatigue"][:2] = 0.0
    assert save_truce(worn.p, worn.w, KEY, 5)


def test_a_save_with_a_round_pending_calls_no_second_one() -> None:
    """The round on the way is the round; the truce is saved all the same."""
    stage = Stage({**TWO_MEDIATORS, "mediation.save": 1.0})
    stage.w["rounds"][names.CALLED] = (8, 10, 0)
    assert save_truce(stage.p, stage.w, KEY, 5)
    assert stage.w["rounds"][names.CALLED].tolist() == (8, 10, 0)
    assert stage.tally["rounds_called"] == 0


# ── steps 1 and 11: rounds of talks ──────────────────────────────────────────────────────────


def talking(settings: Settings | None = None, **changes: Any) -> Stage:
    """Two mediators who call at once if they may, on a tense day: G is over half of θ."""
    mediators = {"a": {"call": 1.0, "skill": 1.0}, "b": {"call": 1.0, "skill": 1.0}}
    stage = Stage({
        "mediation.mediators": mediators, "mediation.calendar": [],
        **{f"mediation.{name}": value for name, value in changes.items()}, **(settings or {}),
    })  # fmt: skip
    stage.home["threshold"], stage.home["grievance"][names.ATTACK] = 4.0, 2.001
    return stage


def called(stage: Stage, day: int) -> bool:
    """Whether a round is called on this day."""
    before = int(stage.tally["rounds_called"])
    for m in range(2):
        call_round(stage.p, stage.w, KEY, day, m)
    return bool(stage.tally["rounds_called"] > before)


def test_who_calls_and_when() -> None:
    """Over half of θ_eff, or suspended; the first to call leads, the second finds one pending."""
    stage = talking()
    stage.home["grievance"][names.ATTACK] = 2.0
    assert not called(stage, 3)
    stage.w["truce"] = names.SUSPENDED
    assert called(stage, 3)
    assert stage.w["rounds"][names.CALLED].tolist() == (10, 12, 0)
    assert stage.tally["rounds_called"] == 1
    tense = talking()
    tense.w["fatigue"][0] = 1.0
    assert called(tense, 3)
    assert tense.w["rounds"][names.CALLED]["leader"] == 1


@pytest.mark.parametrize(
    ("lead", "fatigue", "days"),
    [(7.0, 0.0, 7), (7.0, 0.15, 9), (7.0, 0.25, 11), (2.5, 0.0, 3), (0.0, 0.5, 0), (0.5, 0.0, 1)],
)
def test_lead_of_a_round(lead: float, fatigue: float, days: int) -> None:
    """round(L_R (1+2f)) days, half days up: 7 × 1.5 = 10.5 makes 11, 2.5 makes 3."""
    stage = talking({"mediation.mediators": {"a": {"call": 1.0, "skill": 1.0}}}, lead_days=lead)
    stage.p["mediators"][0]["call"] = 10.0
    stage.w["fatigue"][0] = fatigue
    call_round(stage.p, stage.w, KEY, 20, 0)
    assert stage.w["rounds"][names.CALLED].tolist() == (20 + days, 22 + days, 0)


@pytest.mark.parametrize(
    ("day", "free"), [(12, True), (13, False), (20, False), (22, False), (23, True)]
)
def test_a_scheduled_round_blocks_calls(day: int, free: bool) -> None:
    """From L_R = 7 days before its first day 20 to its last day 22."""
    stage = talking(calendar=[20])
    for today in range(day + 1):
        follow_calendar(stage.p, stage.w, today)
    assert round_pending(stage.p, stage.w, day) != free
    assert called(stage, day) == free


@pytest.mark.parametrize(("day", "free"), [(9, False), (10, False), (12, False), (13, True)])
def test_a_called_round_blocks_calls(day: int, free: bool) -> None:
    """Until it is over; on its last day too, since endings come after calls."""
    stage = talking()
    stage.w["rounds"][names.CALLED] = (10, 12, 0)
    assert called(stage, day) == free


def test_endings_come_after_calls() -> None:
    """On the last day of a round no other is called, even by those who always call."""
    stage = talking()
    stage.w["rounds"][names.CALLED] = (10, 12, 1)
    mediate(stage.p, stage.w, KEY, 12)
    assert stage.kinds in (["round_succeeded"], ["round_failed"])


def test_success() -> None:
    """Both G lose `relief`, ω gains `pressure`, all fatigue is cut to 0.8, a suspension ends."""
    stage = talking(relief=0.6, pressure=0.04)
    stage.p["mediators"]["skill"][:2] = 100.0  # certain: the chance is clipped to 1
    stage.w["fatigue"][:2] = 0.5, 0.1
    stage.host["grievance"][names.STRIKE] = 1.0
    stage.w["truce"] = names.SUSPENDED
    conclude_round(stage.p, stage.w, KEY, 9, names.CALLED, 0)
    assert total_grievance(stage.home) == pytest.approx(2.001 * 0.4)
    assert total_grievance(stage.host) == pytest.approx(0.4)
    assert stage.w["will"] == pytest.approx(0.34)
    assert stage.w["fatigue"][:2] == pytest.approx([0.4, 0.08])
    assert stage.w["truce"] == names.IN_FORCE
    assert stage.tally["renewals"] == stage.tally["rounds_succeeded"] == 1
    assert stage.kinds == ["round_succeeded", "renewal"]


@pytest.mark.parametrize("status", [names.IN_FORCE, names.STRAINED])
def test_success_renews_nothing_that_is_not_suspended(status: int) -> None:
    """Strain stays until grievance is down."""
    stage = talking()
    stage.p["mediators"]["skill"][:2] = 100.0
    stage.w["truce"] = status
    conclude_round(stage.p, stage.w, KEY, 9, names.CALLED, 0)
    assert stage.w["truce"] == status
    assert stage.tally["renewals"] == 0


def test_failure() -> None:
    """The leader tires, and nothing else changes."""
    stage = talking(fatigue=0.15)
    stage.p["mediators"]["skill"][:2] = 0.0
    stage.w["fatigue"][:2] = 0.9, 0.2
    stage.w["truce"] = names.SUSPENDED
    for leader in (1, 0):
        conclude_round(stage.p, stage.w, KEY, 9, names.CALLED, leader)
    assert stage.w["fatigue"][:2] == pytest.approx([1.0, 0.35])
    assert total_grievance(stage.home) == pytest.approx(2.001)
    assert stage.w["will"] == pytest.approx(0.3)
    assert stage.w["truce"] == names.SUSPENDED
    assert stage.tally["rounds_failed"] == 2


def test_chance_of_success() -> None:
    """skill (0.55+b)(1-f/2), as a share of many days; ten thousand draws, z < 6."""
    stage = talking()
    stage.p["mediators"]["skill"][:2] = 0.7
    stage.p["mediation"]["fatigue"] = stage.p["mediation"]["pressure"] = 0.0
    succeeded = 0
    for day in range(10_000):
        stage.w["fatigue"][:2] = 0.4
        stage.w["event_count"] = 0
        stage.w["belief_logit"] = 0.0
        conclude_round(stage.p, stage.w, KEY, day, names.CALLED, 0)
    succeeded = int(stage.tally["rounds_succeeded"])
    chance = 0.7 * 1.05 * 0.8
    assert abs(succeeded - 10_000 * chance) < 6 * math.sqrt(10_000 * chance * (1 - chance))


def test_scheduled_round_is_led_by_the_least_fatigued() -> None:
    """On its last day only; the calendar's rounds are not counted as called."""
    stage = talking({"mediation.mediators": {
        "a": {"call": 0.0, "skill": 0.0}, "b": {"call": 0.0, "skill": 0.0},
    }}, calendar=[4])  # fmt: skip
    stage.w["fatigue"][:2] = 0.5, 0.3
    for day in range(10):
        follow_calendar(stage.p, stage.w, day)
        end_rounds(stage.p, stage.w, KEY, day)
        assert stage.tally["rounds_failed"] == (day >= 6)
    assert stage.w["fatigue"][:2] == pytest.approx([0.5, 0.45])
    assert stage.tally["rounds_called"] == 0


def test_a_round_whose_leader_has_left() -> None:
    """Is led by the least fatigued of those who stayed, and by nobody if all have left."""
    stage = talking()
    stage.p["mediators"]["skill"][:2] = 0.0
    stage.w["rounds"][names.CALLED] = (10, 12, 0)
    stage.p["mediators"]["active"][0] = 0
    end_rounds(stage.p, stage.w, KEY, 12)
    assert stage.w["fatigue"][:2] == pytest.approx([0.0, 0.15])
    stage.p["mediators"]["active"][1] = 0
    stage.w["rounds"][names.CALLED] = (10, 12, 0)
    end_rounds(stage.p, stage.w, KEY, 12)
    assert stage.tally["rounds_failed"] == 1


@pytest.mark.parametrize("announced", [True, False])
def test_spoiler_motive(announced: bool) -> None:
    """S = exp(-(τ-t)/w_s) before a round, 1 during it, 0 otherwise and where it is secret; a called
    round counts from the day after it was fixed, the nearest one counts."""
    stage = talking(calendar=[20], announced=announced)
    motive = []
    for day in range(30):
        follow_calendar(stage.p, stage.w, day)
        motive.append(float(stage.w["spoiler_motive"]))
        if day == 3:
            stage.w["rounds"][names.CALLED] = (8, 10, 0)
    first = [20] * 4 + [8] * 7 + [20] * 12
    expected = [math.exp(-max(first[t] - t, 0) / 3.0) for t in range(23)] + [0.0] * 7
    assert motive == pytest.approx(expected if announced else [0.0] * 30)


def test_no_calendar_without_mediators() -> None:
    """Scheduled rounds take place while there are mediators: no round, no motive without."""
    stage = Stage({"mediation.calendar": [4], "mediation.mediators": {}})
    for day in range(10):
        follow_calendar(stage.p, stage.w, day)
        assert stage.w["spoiler_motive"] == 0.0
    assert stage.w["rounds"][names.SCHEDULED]["start"] < 0


# ── step 12, and interventions ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("strength", [0.2, 1.0, 1.5])
def test_strength_regrows_towards_one(strength: float) -> None:
    """N += regrowth (1-N), from either side."""
    stage = Stage({"militants.regrowth_per_day": 0.1})
    stage.w["strength"] = strength
    relax(stage.p, stage.w, 0)
    assert stage.w["strength"] == pytest.approx(strength + 0.1 * (1 - strength))


def test_warm_up_leaves_the_states_alone() -> None:
    """No grievance, belief, strike or round before day 0: the first day starts from b0, G0 and ω̄,
    with bands under way and a public record."""
    settings = {
        **TWO_MEDIATORS, "mediation.calendar": [0], "militants.attempts_per_day": 2.0,
        "home.threshold": 0.1, "run.warmup_days": 100, "attribution.friction_per_day": 2.0,
        "mediation.verification.enabled": True, "mediation.pressure": 0.5,
    }  # fmt: skip
    for run in recorded(spec(settings), 10):
        outcome, first = run.outcome, run.series[0]
        assert outcome["under_way_at_start"] > 0
        assert first["bands"] > 0
        today = run.events[run.events["day"] == 0]
        assert (run.events["day"] >= 0).all()
        prior = math.log(0.45 / 0.55)
        said = math.log((1 - 0.6 * 0.7) / (1 - 0.6 * 0.15))
        cleared = ((today["kind"] == names.VERIFICATION) & (today["attributed"] == 0)).sum()
        expected = prior + 0.8 * 0.6 * 0.55 + (first["violations"] - cleared) * said
        assert math.log(first["belief"] / (1 - first["belief"])) == pytest.approx(expected)


def test_interventions_switch_mediators() -> None:
    """Mediators who leave take reassurance and calls with them; who comes back calls again."""
    leave = {"mediation.mediators": {}, "mediation.calendar": []}
    settings = {
        **TWO_MEDIATORS, **NO_BANDS, **NO_FRAILTY, "mediation.calendar": [],
        "attribution.friction_per_day": 0.0, "belief.threshold_effect": 0.0,
        "home.threshold": 1000.0, "host.threshold": 1000.0, "home.initial_grievance": 5.0,
        "home.grievance_memory_days": math.inf, "attribution.false_positive": 0.0,
        "mediation.relief": 0.0,
    }  # fmt: skip
    run = spec(settings, interventions=[(30, leave), (60, dict(TWO_MEDIATORS) | {
        "mediation.calendar": [80],
    })])  # fmt: skip
    for result in recorded(run, 20):
        called_on = result.events["day"][result.events["kind"] == names.ROUND_CALLED]
        assert ((called_on < 30) | (called_on >= 60)).all()
        assert (called_on < 30).any()
        assert (called_on >= 60).any()
        between = result.series[30:60]
        assert between["threshold_home"] == pytest.approx(1000.0)
        assert (result.series["threshold_home"][:30] > 1000.0).all()
        assert (result.series["in_round"][80:83] == 1).all()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("host.capacity", 3.0, 0.1), ("truce.collapse_strikes", 3.0, 1.0),
        ("attribution.domestic_per_day", 0.0, 2.0), ("mediation.threshold_effect", 2.0, 0.0),
    ],
)  # fmt: skip
def test_intervention_on_day_0_without_a_warm_up(path: str, before: float, after: float) -> None:
    """Without a warm-up it is as if the setting had been so from the start."""
    common: Settings = {**TWO_MEDIATORS, "run.warmup_days": 0}
    changed = replicates(spec({**common, path: before}, interventions=[(0, {path: after})]), 30)
    assert (changed == replicates(spec({**common, path: after}), 30)).all()


def test_intervention_on_day_0_sets_the_threshold_of_g0() -> None:
    """Parameters change from the start of the day on; G0 is a share of the θ of day 0, which the
    warm-up does not read: an intervention on day 0 equals the setting itself."""
    common: Settings = {**TWO_MEDIATORS, "home.initial_grievance": 0.5}
    changed = replicates(
        spec({**common, "home.threshold": 6.0}, interventions=[(0, {"home.threshold": 12.0})]), 30
    )
    assert (changed == replicates(spec({**common, "home.threshold": 12.0}), 30)).all()


def test_of_two_rounds_that_end_on_a_day_the_called_one_ends_first() -> None:
    """Both remove grievance; of two that fail, the second is led by who did not lead the first."""
    for skill, left, tired in ((1.0, 10.0 * 0.4**2, [0.0, 0.0]), (0.0, 10.0, [0.15, 0.15])):
        stage = Stage({**TWO_MEDIATORS, "mediation.success_base": 1.0})
        stage.p["mediators"]["skill"] = skill
        stage.home["grievance"][names.FRICTION] = 10.0
        rounds = stage.w["rounds"]
        rounds["start"], rounds["end"], rounds["leader"] = 2, 4, 0
        end_rounds(stage.p, stage.w, KEY, 4)
        assert stage.tally["rounds_succeeded"] + stage.tally["rounds_failed"] == 2
        assert total_grievance(stage.home) == pytest.approx(left)
        assert stage.w["fatigue"][:2] == pytest.approx(tired)
