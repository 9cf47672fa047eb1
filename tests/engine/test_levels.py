"""Levels and shares that the rules act at: what each does to a run, and that a default is neutral.

They stood as numbers in the rules of 0.1.0, whose outcomes the frozen baselines keep.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from truce_sim import simulate
from truce_sim.simulation.run import Simulation

#: Two mediators whom nothing keeps from calling, and a group that gives them cause.
TALKS = {
    "frailty": "none", "belief.threshold_effect": 0.0, "mediation.calendar": [],
    "mediation.mediators.qatar.call": 1.0, "mediation.mediators.turkiye.call": 0.0,
}  # fmt: skip
#: No rounds at all, but a joint body that looks into every attack.
VERIFIED = {
    **TALKS, "mediation.mediators.qatar.call": 0.0, "mediation.verification.enabled": True,
    "mediation.verification.coverage": 1.0, "home.threshold": 1e6, "host.threshold": 1e6,
    "home.initial_grievance": 0.0, "host.will_relaxation_per_day": 0.0,
}  # fmt: skip


def run(settings: dict[str, object], **more: object) -> Simulation:
    return simulate(settings | {key.replace("__", "."): value for key, value in more.items()})


def kinds(found: Simulation, *names: str) -> list[int]:
    """Days of events of these kinds."""
    events = found.events
    return events["day"][events["kind"].isin(names)].tolist()


@pytest.mark.parametrize("level", [0.2, 0.5, 0.9])
def test_the_truce_is_strained_from_a_level_and_eases_below_another(level: float) -> None:
    levels = {"truce.strained_at": level, "truce.eased_below": level / 2}
    events = pd.concat([run(levels | {"replicate": r}).events for r in range(5)])
    strained, eased = (events[events["kind"] == kind] for kind in ("strained", "eased"))
    assert len(strained)
    assert (strained["grievance"] >= level * strained["threshold"]).all()
    assert (eased["grievance"] < level / 2 * eased["threshold"]).all()


@pytest.mark.parametrize("floor", [0.0, 0.5, 1.0])
def test_no_state_decides_below_the_floor(floor: float) -> None:
    levels = []
    for replicate in range(20):
        noisy = {"home.decision_noise": 3.0, "home.decision_floor": floor, "replicate": replicate}
        events = run(noisy).events
        chosen = events[(events["kind"] == "strike_chosen") & (events["actor"] == "home")]
        levels += (chosen["grievance"] / chosen["threshold"]).tolist()
    assert min(levels) >= floor
    assert min(levels) < floor + 0.5


def test_a_threshold_never_falls_below_a_twentieth() -> None:
    distrust = {"belief.threshold_effect": 10.0, "belief.prior": 0.9, "frailty": "none"}
    found = run(distrust, home__threshold=5.0)
    assert found.series["threshold_home"].min() == 0.05 * 5.0


def test_mediators_call_above_a_level() -> None:
    first = [kinds(run(TALKS, mediation__call_floor=x), "round_called")[0] for x in (0.0, 0.5, 1.0)]
    assert first[0] == 0
    assert first == sorted(first)
    assert first[2] > first[0]


@pytest.mark.parametrize("c", [0.0, 0.3, 1.0])
def test_how_far_mediation_reassures_without_a_round(c: float) -> None:
    found = run(TALKS, mediation__quiet_reassurance=c, home__threshold=5.0)
    quiet = found.series[~found.series["in_round"]]
    assert quiet["threshold_home"].iloc[0] == pytest.approx(5.0 * (1 + 0.5 * c))


def test_full_fatigue_lengthens_the_way_to_a_round() -> None:
    tired = {**TALKS, "mediation.mediators.qatar.skill": 0.0, "mediation.fatigue": 1.0}
    waits = []
    for factor in (0.0, 2.0):
        found = run(tired | {"mediation.mediators.qatar.call": 1.0}, mediation__lead_fatigue=factor)
        called, failed = kinds(found, "round_called"), kinds(found, "round_failed")
        waits.append([end - start for start, end in zip(called, failed, strict=False)][:2])
    lead, length = 7, 3
    assert waits[0][0] == waits[1][0] == lead + length - 1
    # A mediator as tired as this calls no more: the first wait is all there is.
    assert len(waits[1]) == 1


def test_a_tired_mediator_needs_longer_in_proportion() -> None:
    tired = {**TALKS, "mediation.mediators.qatar.skill": 0.0, "mediation.fatigue": 0.2}
    found = run(tired, mediation__lead_fatigue=5.0)
    called, failed = kinds(found, "round_called"), kinds(found, "round_failed")
    waits = [end - start - 2 for start, end in zip(called, failed, strict=False)]
    fatigue = [min(0.2 * i, 1.0) for i in range(len(waits))]
    assert waits[:3] == [int(np.floor(7.0 * (1 + 5.0 * f) + 0.5)) for f in fatigue[:3]]


def test_success_is_certain_with_enough_skill_and_base() -> None:
    sure = {**TALKS, "mediation.mediators.qatar.skill": 1.0, "mediation.success_base": 1.0}
    found = run(sure, mediation__fatigue_penalty=0.0)
    assert found.outcome["rounds_succeeded"] > 0
    assert found.outcome["rounds_failed"] == 0
    never = run(sure, mediation__success_base=0.0, belief__prior=0.001, belief__persistence=0.0,
                belief__reference_rate=0.0, belief__perceived_capability=0.0)  # fmt: skip
    assert never.outcome["rounds_succeeded"] <= 1  # at most by a chance of 0.001 a round


def test_fatigue_takes_from_the_chance_of_success() -> None:
    """Once all are worn out, scheduled rounds fail under the full penalty, and succeed without."""
    worn = {**TALKS, "mediation.mediators.qatar.skill": 1.0, "mediation.success_base": 1.0,
            "mediation.fatigue": 1.0, "mediation.fatigue_kept": 1.0,
            "mediation.mediators.qatar.call": 0.0, "mediation.calendar": [50, 60, 70],
            "home.threshold": 50.0}  # fmt: skip
    verified = {"mediation.verification.enabled": True, "mediation.verification.coverage": 1.0,
                "mediation.verification.sensitivity": 0.0, "mediation.verification.doubt": 1.0,
                "mediation.verification.fatigue_share": 1.0,
                "mediation.verification.lag_days": 0}  # fmt: skip
    for penalty, succeeds in ((0.0, True), (1.0, False)):
        found = run(worn | verified, mediation__fatigue_penalty=penalty)
        tired = found.series.index[found.series["fatigue"] == 1.0][0]
        ended = found.events[found.events["kind"].isin(["round_succeeded", "round_failed"])]
        later = ended[ended["day"] > tired]["kind"].astype(str)
        assert len(later)
        assert set(later) == {"round_succeeded" if succeeds else "round_failed"}


def test_what_is_left_of_fatigue_after_a_success() -> None:
    for kept in (0.0, 0.5):
        compared = 0
        for replicate in range(20):
            found = run(TALKS | {"replicate": replicate, "mediation.fatigue_kept": kept})
            fatigue, other = found.series["fatigue"], kinds(found, "saved", "round_failed")
            for day in set(kinds(found, "round_succeeded")) - {0, *other}:
                assert fatigue[day] == pytest.approx(kept * fatigue[day - 1])
                compared += fatigue[day - 1] > 0
        assert compared


@pytest.mark.parametrize("relief", [0.0, 0.5, 1.0])
def test_what_saving_the_truce_takes_from_grievance(relief: float) -> None:
    """The save comes after the day's strike; nothing else changes grievance that day."""
    saving = {**TALKS, "mediation.save": 1.0, "truce.collapse_strikes": 1.0}
    for replicate in range(10):
        found = run(saving | {"replicate": replicate}, mediation__save_relief=relief)
        days = kinds(found, "saved")
        if days:
            break
    before = run(saving | {"replicate": replicate}, mediation__save_relief=0.0)
    first = days[0]
    left = found.series["grievance_host"].iloc[first]
    assert left == pytest.approx((1 - relief) * before.series["grievance_host"].iloc[first])


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_a_confirmed_case_presses_the_host_by_its_share(part: float) -> None:
    sure = {**VERIFIED, "mediation.verification.sensitivity": 1.0, "mediation.pressure": 1e-4,
            "mediation.verification.specificity": 1.0}  # fmt: skip
    found = run(sure, mediation__verification__pressure_share=part)
    reports = found.events[found.events["kind"] == "verification"]
    confirmed = int(reports["attributed"].sum())
    assert confirmed > 0
    risen = found.outcome["final_will"] - found.outcome["drawn_will"]
    assert risen == pytest.approx(confirmed * part * 1e-4)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_a_disbelieved_report_tires_the_mediators_by_its_share(part: float) -> None:
    wrong = {
        **VERIFIED, "mediation.verification.sensitivity": 0.0, "mediation.fatigue": 1e-4,
        "mediation.verification.doubt": 1.0, "mediation.verification.specificity": 1.0,
    }  # fmt: skip
    found = run(wrong, mediation__verification__fatigue_share=part)
    reports = found.events[found.events["kind"] == "verification"]
    disbelieved = int(reports["cross_border"].sum())
    assert disbelieved > 0
    assert found.series["fatigue"].iloc[-1] == pytest.approx(disbelieved * part * 1e-4)
