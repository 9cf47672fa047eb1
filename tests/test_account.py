"""The account of a run agrees with its events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from truce_sim import simulate
from truce_sim.simulation.account import CAUSES, timeline

KINDS = {
    "foiled": ["foiled_by_host", "foiled_at_border", "foiled_inside"],
    "attack": ["attack"],
    "misattributed": ["misattribution"],
    "friction": ["friction"],
}


@pytest.mark.parametrize("memory", [5.0, 200.0])
def test_a_choice_to_strike_names_its_cause_and_where_that_lay(memory: float) -> None:
    """The district whose attributed incidents weigh most that day, older ones less."""
    named_places = 0
    for seed in range(8):
        run = simulate([f"seed={seed}", f"home.grievance_memory_days={memory}"])
        log = run.events.dropna(subset="sector")
        log = log.assign(place=np.array(run.border.home_district)[log["sector"].astype(int)])
        sentences = [text for _, text in timeline(run) if "chooses to strike" in text]
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
