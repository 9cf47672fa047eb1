"""The engine's records as pandas: codes become words, days that never came become missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.engine.world import ACTORS, CAUSES, DONE, EVENTS, STATUSES, TRUCE_STATES

#: Kinds of numbers that can be missing, for those of numpy that cannot.
_NULLABLE = {"i": "Int64", "b": "boolean"}


def outcome_frame(rows: NDArray[np.void]) -> pd.DataFrame:
    """OUTCOME (n,) as n rows; columns in `columns.OUTCOME`.

    A run that failed keeps its status alone: all else is missing, for its numbers mean nothing.
    """
    frame = pd.DataFrame({name: rows[name] for name in rows.dtype.names or ()})
    for name in ("first_violation_day", "first_strike_day", "first_suspension_day"):
        frame[name] = _missing_if_negative(rows[name])
    frame["collapsed"] = rows["collapsed"].astype(bool)
    frame["cause"] = _words(rows["cause"], CAUSES)
    frame["status"] = _words(rows["status"], STATUSES)
    failed = rows["status"] != DONE
    if failed.any():
        for name in frame.columns.drop("status"):
            kind: Any = _NULLABLE.get(frame[name].dtype.kind, frame[name].dtype)
            frame[name] = frame[name].astype(kind).mask(failed)
    return frame


def label_outcome(row: np.void) -> pd.Series:
    """One OUTCOME record as a Series of values with words for codes."""
    return outcome_frame(np.array([row], row.dtype)).iloc[0].rename("outcome")


def series_frame(series: NDArray[np.void]) -> pd.DataFrame:
    """SERIES (days,) as a frame indexed by day; columns in `columns.SERIES`."""
    frame = pd.DataFrame({name: series[name] for name in series.dtype.names or ()})
    frame["status"] = _words(series["status"], TRUCE_STATES)
    frame["in_round"] = series["in_round"].astype(bool)
    frame.index.name = "day"
    return frame


def event_frame(events: NDArray[np.void], mediators: Sequence[str] = ()) -> pd.DataFrame:
    """EVENT (n,) as n rows; columns in `columns.EVENT`; `mediators` are their names in order."""
    frame = pd.DataFrame({name: events[name] for name in events.dtype.names or ()})
    frame["kind"] = _words(events["kind"], EVENTS)
    frame["actor"] = _words(events["actor"], (*ACTORS, *mediators))
    frame["cause"] = _words(events["cause"], CAUSES)
    for name in ("sector", "depth", "band"):
        frame[name] = _missing_if_negative(events[name])
    for name in ("attributed", "cross_border"):
        frame[name] = _missing_if_negative(events[name]).astype("boolean")
    return frame


def _words(codes: NDArray[np.int64], words: Sequence[str]) -> pd.Categorical:
    """Codes as a categorical over all words; negative ones are missing."""
    kind = pd.CategoricalDtype(list(words))
    return pd.Categorical.from_codes(np.maximum(codes, -1).astype(np.int64), dtype=kind)


def _missing_if_negative(values: NDArray[np.int64]) -> pd.Series:
    """Whole numbers, missing where negative."""
    return pd.Series(pd.arrays.IntegerArray(values.copy(), values < 0))
