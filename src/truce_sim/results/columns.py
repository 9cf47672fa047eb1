"""Unit and meaning of every column of a result: outcomes, daily values and event fields.

`truce_sim.engine.record` declares them, with their types; here are the columns that a sweep adds.
"""

from __future__ import annotations

from truce_sim.engine.record import EVENT_COLUMNS, OUTCOME_COLUMNS, SERIES_COLUMNS, Column

#: Columns of a table: name -> (unit, meaning).
Meanings = dict[str, tuple[str, str]]


def _meanings(declared: dict[str, Column]) -> Meanings:
    return {name: (column.unit, column.meaning) for name, column in declared.items()}


OUTCOME = _meanings(OUTCOME_COLUMNS)
SERIES = _meanings(SERIES_COLUMNS)
EVENT = _meanings(EVENT_COLUMNS)
#: The daily series of a sweep, which have the day as a column.
DAILY: Meanings = {"day": ("day", "day of the truce"), **SERIES}

#: What series and events have on reading, where day 0 has a date (`scenario.start_date`).
DATE: Meanings = {"date": ("", "date of the day, where day 0 has one; it is not stored")}

#: What events have on reading, where the border has a course (`border/course.py`).
PLACE: Meanings = {
    "longitude": ("degrees", "longitude of the middle of the cell (WGS84); it is not stored"),
    "latitude": ("degrees", "latitude of the middle of the cell (WGS84); it is not stored"),
}

SWEEP: Meanings = {
    "point": ("", "number of the design point, from 0"),
    "replicate": ("", "number of the run under its seed"),
    "seed": ("", "seed of the run's draws"),
    "error": ("", "what went wrong, where the run failed"),
    "traceback": ("", "where in the program it went wrong, if in the program"),
    "base": ("", "which of the manifest's configurations the point starts from"),
    "row": ("", "trajectory (morris), base row (saltelli) or world: its points share a seed"),
    "world": ("", "number of the draw, in a sweep over worlds; it is not stored"),
    "key": ("", "digest of parameters, border, interventions, seed and rules; identifies the run"),
}
