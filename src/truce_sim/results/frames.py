"""The engine's records as pandas objects: codes become words, and what never happened is
missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.engine.codes import DONE
from truce_sim.engine.record import EVENT_COLUMNS, OUTCOME_COLUMNS, SERIES_COLUMNS, Column

#: Kind of a numpy type that has no missing value -> the pandas type that has one.
_NULLABLE = {"i": "Int64", "b": "boolean"}


def outcome_frame(rows: NDArray[np.void]) -> pd.DataFrame:
    """Return OUTCOME (n,) as n rows; the columns are in `columns.OUTCOME`.

    A failed run keeps only its status; the rest is missing, because its numbers mean nothing.
    """
    frame = _frame(rows, OUTCOME_COLUMNS)
    failed = rows["status"] != DONE
    if failed.any():
        for name in frame.columns.drop("status"):
            kind: Any = _NULLABLE.get(frame[name].dtype.kind, frame[name].dtype)
            frame[name] = frame[name].astype(kind).mask(failed)
    return frame


def label_outcome(row: np.void) -> pd.Series:
    """Return one OUTCOME record as a Series, with words for codes."""
    if row["status"] != DONE:
        return outcome_frame(np.array([row], row.dtype)).iloc[0].rename("outcome")
    values = [_cell(value, column) for value, column in zip(row.item(), _COLUMNS, strict=True)]
    return pd.Series(values, _NAMES, dtype=object, name="outcome")


_NAMES, _COLUMNS = pd.Index(list(OUTCOME_COLUMNS)), tuple(OUTCOME_COLUMNS.values())


def _cell(value: Any, column: Column) -> Any:
    """One value of a record as `outcome_frame` has it."""
    if column.stored == "word":
        return column.words[value] if value >= 0 else math.nan
    if column.optional and value < 0:
        return pd.NA
    return bool(value) if column.stored == "bool" else value


def series_frame(series: NDArray[np.void]) -> pd.DataFrame:
    """Return SERIES (days,) as a frame indexed by day; the columns are in `columns.SERIES`."""
    return _frame(series, SERIES_COLUMNS).rename_axis(index="day")


def event_frame(events: NDArray[np.void], mediators: Sequence[str] = ()) -> pd.DataFrame:
    """Return EVENT (n,) as n rows; the columns are in `columns.EVENT`.

    Args:
        events: the records.
        mediators: names by slot.
    """
    actor = EVENT_COLUMNS["actor"]
    named = actor._replace(words=(*actor.words, *mediators))
    return _frame(events, EVENT_COLUMNS | {"actor": named})


def with_dates(frame: pd.DataFrame, first: date | NDArray[np.datetime64] | None) -> pd.DataFrame:
    """Return daily series or events with the date of each day, in a column `date` after the day.

    Args:
        frame: with the days as index, or in a column `day`.
        first: the date of day 0, for all rows or for each (rows,); None or NaT where there is none.
            Without any, the frame is returned unchanged.
    """
    given = np.array(first, "datetime64[D]")  # None becomes NaT
    if np.isnat(given).all():
        return frame
    there = "day" in frame.columns
    days = (frame["day"] if there else frame.index.to_series()).to_numpy(np.int64)
    dates = pd.DatetimeIndex(given + days.astype("timedelta64[D]"))
    frame = frame.copy(deep=False)
    frame.insert(list(frame.columns).index("day") + 1 if there else 0, "date", dates)
    return frame


def with_places(
    frame: pd.DataFrame, places: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> pd.DataFrame:
    """Return events with the longitude and latitude of their cells, in columns after the depth.

    Args:
        frame: the events.
        places: a longitude and a latitude for each, in degrees, NaN where there is none; with None
            the frame is returned unchanged.
    """
    if places is None:
        return frame
    frame, at = frame.copy(deep=False), list(frame.columns).index("depth") + 1
    for i, (name, values) in enumerate(zip(("longitude", "latitude"), places, strict=True)):
        frame.insert(at + i, name, values)
    return frame


def _frame(records: NDArray[np.void], declared: dict[str, Column]) -> pd.DataFrame:
    return pd.DataFrame({name: _column(records[name], column) for name, column in declared.items()})


def _column(values: NDArray[Any], column: Column) -> Any:
    if column.stored == "word":
        return _words(values, column.words)
    if column.optional:
        nullable = pd.Series(pd.arrays.IntegerArray(values.copy(), values < 0))
        return nullable.astype("boolean") if column.stored == "bool" else nullable
    return values.astype(bool) if column.stored == "bool" else values


def _words(codes: NDArray[np.int64], words: Sequence[str]) -> pd.Categorical:
    """Return codes as a categorical over all words; negative codes are missing."""
    kind = pd.CategoricalDtype(list(words))
    return pd.Categorical.from_codes(np.maximum(codes, -1).astype(np.int64), dtype=kind)
