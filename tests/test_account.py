"""The account of a run agrees with its events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from theory.spec import spec
from truce_sim import simulate
from truce_sim.cli.printing.run import COLOURS
from truce_sim.engine.codes import EVENTS
from truce_sim.engine.grievance import fade
from truce_sim.engine.params import HOME
from truce_sim.engine.regime import prepare
from truce_sim.engine.world import make_world, reset
from truce_sim.simulation.account import CAUSES, faded, timeline

KINDS = {
    "foiled": ["foiled_by_host", "foiled_at_border", "foiled_inside"],
    "attack": ["attack"],
    "misattributed": ["misattribution"],
    "friction": ["friction"],
}


def test_interventions_stand_in_the_account_before_the_events_of_their_day() -> None:
    changes = [
        {"day": 60, "set": {"mediation.mediators": {}, "home.threshold": 4}},
        {"day": 20, "set": {"mediation.verification.enabled": True}},
        {"day": 300, "set": {"host.will": 0.9}},
    ]
    run = simulate({"interventions": changes})
    assert run.outcome["end_day"] < 300
    lines = [line[:2] for line in timeline(run)]
    told = [(day, text) for day, text in lines if text.startswith("intervention: ")]
    assert told == [
        (20, "intervention: mediation.verification.enabled is true from now on, not false"),
        (60, "intervention: home.threshold is 4 from now on, not 4.5"),
        (60, "intervention: mediation.mediators.qatar is removed"),
        (60, "intervention: mediation.mediators.turkiye is removed"),
    ]
    assert [day for day, _ in lines] == sorted(day for day, _ in lines)
    assert all(not text.startswith("interv") for _, text, _ in timeline(simulate()))
    added = {"day": 2, "set": {"mediation.mediators.oman": {"call": 0.5}}}
    made = simulate({"interventions": [added], "run.horizon_days": 20})
    told = [line[:2] for line in timeline(made)]
    assert (2, "intervention: mediation.mediators.oman is added (call 0.5, skill 0.55)") in told


@pytest.mark.parametrize("memory", [5.0, 200.0])
def test_a_choice_to_strike_names_its_cause_and_where_that_lay(memory: float) -> None:
    """The district whose attributed incidents weigh most that day, older ones less."""
    named_places = 0
    for seed in range(8):
        run = simulate([f"seed={seed}", f"home.grievance_memory_days={memory}"])
        log = run.events.dropna(subset="sector")
        log = log.assign(place=np.array(run.border.home_district)[log["sector"].astype(int)])
        sentences = [text for _, text, _ in timeline(run) if "chooses to strike" in text]
        chosen = run.events[run.events["kind"] == "strike_chosen"]
        for choice, text in zip(chosen.itertuples(), sentences, strict=True):
            assert f"largest cause: {CAUSES[choice.cause]}" in text
            if choice.actor == "home" and choice.cause in KINDS:
                past = log[log["kind"].isin(KINDS[choice.cause]) & (log.index < choice.Index)]
                faded = past["weight"] * np.exp(-(choice.day - past["day"]) / memory)
                by_place: pd.Series = faded.groupby(past["place"]).sum()
                named = text.rpartition("lately mostly in ")[2]
                assert by_place[named] == pytest.approx(by_place.max())
                named_places += 1
    assert named_places > 10


def test_a_border_without_names_of_districts_has_its_sectors_named() -> None:
    run = simulate({"scenario": "line_of_control"})
    first = next(text for _, text, _ in timeline(run) if text.startswith("first violation"))
    attributed = run.events["attributed"].eq(True).fillna(False)
    sector = int(run.events.loc[attributed, "sector"].iloc[0])
    km = f"{run.border.km_from[sector]:.0f}–{run.border.km_to[sector]:.0f}"
    assert first == f"first violation of the clause, in sector {sector} (km {km})"


def test_a_line_has_the_colour_of_the_event_that_it_tells_of() -> None:
    """Whatever its words: a collapse after strikes, or a setting with them in its name, is none."""
    assert set(COLOURS) <= set(EVENTS)
    change = {"day": 1, "set": {"truce.collapse_strikes": 2}}
    seen = 0
    for seed in range(20):
        run = simulate({"seed": seed, "interventions": [change]})
        kinds = pd.Series([line.kind for line in timeline(run)]).value_counts()
        assert kinds["intervention"] == 1
        for kind in COLOURS:
            assert kinds.get(kind, 0) == (run.log["kind"] == kind).sum()
            seen += kinds.get(kind, 0) > 0
    assert seen > 60


@pytest.mark.parametrize("memory", [5.0, 200.0])
def test_weights_are_told_to_fade_as_grievance_does(memory: float) -> None:
    run = spec({"home.grievance_memory_days": memory})
    p, w = run.params[0], make_world()
    reset(p, w, run.border)
    prepare(p, w)
    w["states"][HOME]["grievance"][0] = 2.5
    for _ in range(30):
        fade(p, w)
    assert w["states"][HOME]["grievance"][0] == pytest.approx(faded(2.5, 30, memory))
