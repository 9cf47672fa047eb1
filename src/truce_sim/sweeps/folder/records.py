"""Collect daily series and event logs of a sweep's runs as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.params import MAX_MEDIATORS
from truce_sim.engine.record import EVENT, EVENT_COLUMNS, SERIES, SERIES_COLUMNS
from truce_sim.results import columns
from truce_sim.results.store import make_field
from truce_sim.sweeps.folder.rows import arrow_column, make_schema

if TYPE_CHECKING:
    from truce_sim.settings.schema import SweepConfig


def make_recorder(settings: SweepConfig) -> Recorder | None:
    """Return a recorder of daily series and events; None if the settings keep neither."""
    return Recorder(settings) if settings.series_every_days or settings.events else None


class Recorder:
    """Collects the records of each run of a chunk until they are taken."""

    def __init__(self, settings: SweepConfig) -> None:
        self._every = settings.series_every_days
        self._events_wanted = settings.events
        self._only_if_collapsed = settings.only_if_collapsed
        # By point and replicate: a block in which a run failed is run again in parts.
        self._series: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.void]]] = {}
        self._events: dict[tuple[int, int], NDArray[np.void]] = {}

    def keep(self, point: int, replicate: int, outcome: np.void, world: np.void) -> None:
        """Keep the records of the run that has just ended in `world`, unless it failed.

        Args:
            point: number of the point.
            replicate: number of the replicate.
            outcome: the OUTCOME record of the run.
            world: the engine's state, with its series and events.
        """
        if outcome["status"] != 0 or (self._only_if_collapsed and not outcome["collapsed"]):
            return
        days = int(outcome["end_day"]) + int(outcome["collapsed"])
        if self._every:
            chosen = np.arange(0, days, self._every)
            self._series[point, replicate] = chosen, world["series"][chosen].copy()
        if self._events_wanted:
            log = world["events"][1 : world["event_count"] + 1]
            self._events[point, replicate] = log.copy()

    def take(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield and forget what was kept: pairs of kind and table, with point and replicate first.

        Mediators are named by slot (`mediator 1`, `mediator 2`), as a chunk spans configurations.
        """
        if self._every:
            yield "series", self._series_table()
        if self._events_wanted:
            yield "events", self._events_table()
        self._series, self._events = {}, {}

    def _series_table(self) -> pa.Table:
        kept = self._series.values()
        rows = np.concatenate([np.zeros(0, SERIES), *(row for _, row in kept)])
        days = np.concatenate([np.zeros(0, np.int64), *(days for days, _ in kept)])
        runs = [(*run, len(row)) for run, (_, row) in self._series.items()]
        return _table("series", runs, {"day": days} | {name: rows[name] for name in SERIES_COLUMNS})

    def _events_table(self) -> pa.Table:
        rows = np.concatenate([np.zeros(0, EVENT), *self._events.values()])
        runs = [(*run, len(log)) for run, log in self._events.items()]
        return _table("events", runs, {name: rows[name] for name in EVENT_COLUMNS})


_SLOTS = tuple(f"mediator {i + 1}" for i in range(MAX_MEDIATORS))
_ACTOR = EVENT_COLUMNS["actor"]
#: Kind -> the columns after point and replicate.
_DECLARED = {
    "series": {"day": EVENT_COLUMNS["day"]} | SERIES_COLUMNS,
    "events": EVENT_COLUMNS | {"actor": _ACTOR._replace(words=_ACTOR.words + _SLOTS)},
}
_MEANINGS = {"series": columns.DAILY | columns.SWEEP, "events": columns.EVENT | columns.SWEEP}


@cache
def _schema(kind: str) -> pa.Schema:
    meanings, declared = _MEANINGS[kind], _DECLARED[kind]
    first = [make_field(name, meanings[name], pa.int64()) for name in ("point", "replicate")]
    return make_schema([*first, *(make_field(name, meanings[name]) for name in declared)], declared)


def _table(
    kind: str, runs: list[tuple[int, int, int]], values: Mapping[str, NDArray[Any]]
) -> pa.Table:
    """Return values as a table with point and replicate first; runs: (point, replicate, rows)."""
    schema, counts = _schema(kind), [count for *_, count in runs]
    arrays: dict[str, Any] = {
        "point": np.repeat(np.array([p for p, *_ in runs], np.int64), counts),
        "replicate": np.repeat(np.array([r for _, r, _ in runs], np.int64), counts),
    }
    for name, column in _DECLARED[kind].items():
        arrays[name] = arrow_column(values[name], column, schema.field(name).type)
    return pa.table(arrays, schema=schema)
