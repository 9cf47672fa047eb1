"""The days before the one shown, which fade on the picture, so that a quiet day is not blank."""

from __future__ import annotations

from typing import Any, NamedTuple

from truce_sim.viewer.state.picture import (
    Incident,
    band_places,
    day_incidents,
    layer_data,
    list_ways,
    striking_states,
    struck_sectors,
)
from truce_sim.viewer.state.replay import Replay

#: Number of days shown: today, and those that fade.
DAYS = 7

Place = tuple[int, int]


class Struck(NamedTuple):
    """Sectors that a strike of the home state reached: the first, the last, and how long ago."""

    first: int
    last: int
    age: int


class Week:
    """What a run's map showed on the days before today, newest last."""

    def __init__(self) -> None:
        # Replaced as a whole: a player notes days in its thread while a page reads them.
        self._days: tuple[tuple[dict[int, Place], Place | None], ...] = ()

    def note(self, model: Replay) -> None:
        """Note the model's day, which is over."""
        self._days = (*self._days, (band_places(model), struck_sectors(model)))[1 - DAYS :]

    def catch_up(self, model: Replay, day: int) -> None:
        """Run a model to a day, noting the map on that day and on those just before it."""
        self._days = ()
        for each in range(max(day - DAYS + 2, -1), day + 1):
            model.run_to(each)
            self.note(model)

    def trail(self, band: int) -> list[Place]:
        """Where a band was on these days, oldest first."""
        return [places[band] for places, _ in self._days if band in places]

    def strikes(self) -> list[Struck]:
        """The strikes of these days, oldest first."""
        days = self._days
        ago = range(len(days), 0, -1)
        return [Struck(*struck, age) for (_, struck), age in zip(days, ago, strict=True) if struck]


def fading(age: int) -> float:
    """How visible something from `age` days ago is, as a share."""
    return 0.6 * (1 - age / DAYS)


def past_incidents(model: Replay) -> list[tuple[Incident, int]]:
    """List the located incidents of the days before today, oldest first, each with how many days
    ago it was."""
    return [
        (incident, age)
        for age in range(DAYS - 1, 0, -1)
        for incident in day_incidents(model, model.day - age)
    ]


def frame_data(model: Replay, layer: str, highest: float, week: Week) -> dict[str, Any]:
    """Return all that the canvas needs for a day.

    Args:
        model: The run, on that day.
        layer: The layer to colour, one of `LAYERS`; sent as bytes.
        highest: The layer's value that becomes 255.
        week: The days before.
    """
    return {
        "day": model.day,
        "layer": layer_data(model, layer, highest),
        "bands": [(*band, week.trail(band[0])) for band in list_ways(model)],
        "incidents": day_incidents(model, model.day),
        "past": [(*incident, age) for incident, age in past_incidents(model)],
        "struck": struck_sectors(model),
        "struckBefore": week.strikes(),
        "strikes": striking_states(model),
        "truce": model.truce,
    }
