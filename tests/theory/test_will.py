"""What moves the host's will besides talks and strikes: quiet, the cost of enforcing, moral hazard.

The will follows from the day's events without a draw of its own, so every check is exact.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from theory.spec import (
    NO_BANDS,
    NO_FRAILTY,
    NO_MEDIATORS,
    NO_STRIKES,
    TWO_MEDIATORS,
    Settings,
    recorded,
    spec,
)
from truce_sim.engine.codes import FRICTION_CLASH, STRIKE_CHOSEN, STRIKE_EXECUTED
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.run import RunResult

WILL, SPEED = 0.4, 0.05
QUIET: Settings = {
    **NO_FRAILTY, **NO_STRIKES, "host.will": WILL, "host.will_relaxation_per_day": SPEED,
    "home.backlash": 0.0, "mediation.pressure": 0.0, "run.horizon_days": 200,
}  # fmt: skip


def test_quiet_raises_the_will_by_the_payoff() -> None:
    """ω' = ω + ρ(ω̄ + y(1 - exp(-n/τ_Q)) - ω) from day 0 on, for there is no strike; 1 at most."""
    payoff, memory, will = 0.7, 40.0, WILL
    peace = {**QUIET, **NO_MEDIATORS, **NO_BANDS,
             "host.peace_payoff": payoff, "host.peace_days": memory}  # fmt: skip
    run = recorded(spec(peace), 1)[0]
    for day in range(200):
        wanted = min(WILL + payoff * (1 - math.exp(-day / memory)), 1.0)
        will += SPEED * (wanted - will)
        assert run.series["will"][day] == pytest.approx(will, abs=1e-12)


def test_a_strike_ends_the_quiet() -> None:
    """The days count from the last strike of either state: the will falls after one."""
    payoff, memory = 0.5, 10.0
    warlike: Settings = {
        **QUIET, **NO_MEDIATORS, "home.threshold": 1.0, "host.threshold": 2.0, "run.warmup_days": 0,
        "truce.collapse_strikes": math.inf, "host.peace_payoff": payoff, "host.peace_days": memory,
        "host.resolve": 1.0,
    }  # fmt: skip
    run = recorded(spec(warlike), 1)[0]
    struck = (run.series["strikes_by_home"] + run.series["strikes_by_host"]) > 0
    will, since = WILL, 0
    for day in range(200):
        since = day if struck[day] else since
        will += SPEED * (WILL + payoff * (1 - math.exp(-(day - since) / memory)) - will)
        assert run.series["will"][day] == pytest.approx(will, abs=1e-12)
    assert struck.sum() > 5


def test_each_band_stopped_costs_will() -> None:
    """ω falls by the cost for each, not below 0, and relaxes on the same day."""
    cost = 0.03
    run = recorded(spec({**QUIET, **NO_MEDIATORS, "host.enforcement_cost": cost}), 1)[0]
    will = WILL
    for day, stopped in enumerate(run.series["foiled_by_host"]):
        for _ in range(int(stopped)):
            will = max(will - cost, 0.0)
        will += SPEED * (WILL - will)
        assert run.series["will"][day] == pytest.approx(will, abs=1e-12)
    assert run.series["foiled_by_host"].sum() > 20


def test_reassurance_costs_will_by_moral_hazard() -> None:
    """Rested mediators who call no round reassure by c = quiet_reassurance on every day, so that
    the will approaches ω̄(1 - m c); without mediators it stays at ω̄."""
    hazard, c = 0.6, 0.5
    idle = {"mediation.calendar": [], "mediation.quiet_reassurance": c, "mediation.save": 0.0}
    asked = {**QUIET, **NO_BANDS, "host.moral_hazard": hazard, "mediation.call_floor": 1.0,
             "home.initial_grievance": 0.0, "attribution.domestic_per_day": 0.0,
             "attribution.friction_per_day": 0.0}  # fmt: skip
    watched = recorded(spec({**asked, **TWO_MEDIATORS, **idle}), 1)[0].series["will"]
    alone = recorded(spec({**asked, **NO_MEDIATORS}), 1)[0].series["will"]
    fading = (1 - SPEED) ** np.arange(1, 201)
    assert watched == pytest.approx(WILL * (1 - hazard * c * (1 - fading)), abs=1e-12)
    assert alone == pytest.approx(np.full(200, WILL), abs=1e-12)


@pytest.mark.parametrize("share", [0.6, -0.5])
def test_withholding_is_less_capacity_while_the_truce_is_not_in_force(share: float) -> None:
    """A truce that is strained from the end of day 0 on and never eases makes, count by count, the
    runs of a host whose capacity is (1 - h) k_H from day 1 on."""
    capacity = 1.5
    strained: Settings = {
        **NO_FRAILTY, **TWO_MEDIATORS, "home.threshold": 1e6, "host.threshold": math.inf,
        "truce.strained_at": 0.0, "truce.eased_below": 0.0, "host.capacity": capacity,
        "home.backlash": 0.0, "run.horizon_days": 200,
    }  # fmt: skip
    withheld = recorded(spec({**strained, "host.withholding": share}), 20)
    less = [(1, {"host.capacity": capacity * (1 - share)})]
    weak = recorded(spec(strained, interventions=less), 20)
    usual = recorded(spec(strained), 20)
    for one, other in zip(withheld, weak, strict=True):
        assert one.outcome["days_strained"] == 200
        for name in ("attempts", "foiled_by_host", "crossings", "attacks"):
            assert (one.series[name] == other.series[name]).all(), name
    stopped = [sum(run.outcome["foiled_by_host"] for run in runs) for runs in (withheld, usual)]
    assert (stopped[0] < 0.8 * stopped[1]) if share > 0 else (stopped[0] > 1.1 * stopped[1])


def test_a_host_withholds_nothing_while_the_truce_is_in_force() -> None:
    """With a strain that is never reached and no strike, runs are to the last bit as without."""
    calm: Settings = {**NO_FRAILTY, "home.threshold": 1e6, "host.threshold": math.inf,
                      "truce.strained_at": 1.0, "run.horizon_days": 100}  # fmt: skip
    usual, withheld = (recorded(spec({**calm, "host.withholding": share}), 5) for share in (0, 1))
    for one, other in zip(usual, withheld, strict=True):
        assert one.series.tobytes() == other.series.tobytes()
        assert one.outcome.tobytes() == other.outcome.tobytes()


def choices(run: RunResult) -> list[int]:
    """Days on which the home state chose to strike."""
    chosen = (run.events["kind"] == STRIKE_CHOSEN) & (run.events["actor"] == HOME)
    return [int(day) for day in run.events["day"][chosen]]


def weight_added(run: RunResult, day: int) -> float:
    """To the home state's grievance on a day: attributed incidents, clashes, the strikes of the day
    before."""
    of = run.events
    today = (of["day"] == day) & ((of["attributed"] == 1) | (of["kind"] == FRICTION_CLASH))
    struck = (of["day"] == day - 1) & (of["kind"] == STRIKE_EXECUTED) & (of["actor"] == HOST)
    return float(of["weight"][today | struck].sum())


def test_a_choice_needs_its_trigger() -> None:
    """On every day of a choice by the home state the incidents of the day, and strikes suffered the
    day before, weigh at least the trigger; without one, some choices come on lighter days."""
    light = {}
    for trigger in (0.0, 0.6):
        runs = recorded(spec({**NO_FRAILTY, **NO_MEDIATORS, "home.trigger": trigger}), 60)
        added = [weight_added(run, day) for run in runs for day in choices(run)]
        light[trigger] = [weight for weight in added if weight < 0.6]
        assert len(added) > 50
    assert light[0.0]
    assert not light[0.6]
