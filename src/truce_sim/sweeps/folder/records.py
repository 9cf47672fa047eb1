"""Collect daily series and event logs of a sweep's runs as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.params import MAX_MEDIATORS
from truce_sim.engine.record import EVENT, SERIES
from truce_sim.results import columns
from truce_sim.results.store import to_table

if TYPE_CHECKING:
    import pandas as pd

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
        from truce_sim.results.frames import series_frame

        kept = self._series.values()
        rows = [row for _, row in kept]
        frame = series_frame(np.concatenate([np.zeros(0, SERIES), *rows]))
        frame = frame.reset_index(drop=True)
        days = np.concatenate([np.zeros(0, np.int64), *(days for days, _ in kept)])
        frame.insert(0, "day", days)
        runs = [(*run, len(row)) for run, (_, row) in self._series.items()]
        return _table(frame, runs, columns.DAILY)

    def _events_table(self) -> pa.Table:
        from truce_sim.results.frames import event_frame

        rows = list(self._events.values())
        names = [f"mediator {i + 1}" for i in range(MAX_MEDIATORS)]
        frame = event_frame(np.concatenate([np.zeros(0, EVENT), *rows]), names)
        runs = [(*run, len(log)) for run, log in self._events.items()]
        return _table(frame, runs, columns.EVENT)


def _table(
    frame: pd.DataFrame, runs: list[tuple[int, int, int]], meanings: dict[str, tuple[str, str]]
) -> pa.Table:
    """Prepend the columns point and replicate to a frame; runs: (point, replicate, rows)."""
    counts = [count for *_, count in runs]
    frame.insert(0, "point", np.repeat(np.array([p for p, *_ in runs], np.int64), counts))
    frame.insert(1, "replicate", np.repeat(np.array([r for _, r, _ in runs], np.int64), counts))
    return to_table(frame, meanings | columns.SWEEP)
