"""Summarize a sweep point by point: share that holds, mean and median survival, with intervals.

Runs are censored only at the horizon, so survival curves are plain shares, and everything here
follows from one table of counts: how many runs of each point ended on each day.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.intervals import (
    Floats,
    count_interval,
    log_log_interval,
    means_within,
    median_days,
    named,
    wilson_intervals,
)
from truce_sim.sweeps.folder.folder import SweepFolder

_POINTS_AT_ONCE = 2000


def survival_table(folder: SweepFolder) -> pd.DataFrame:
    """Return one row per point of a sweep.

    The columns are the swept values, runs, failed and horizon, then holds (the share of truces that
    hold to the horizon), collapse_share (the rest), mean_survival and median_survival (days), each
    with its 95 % interval in `<name>_low` and `<name>_high`. The
    mean is restricted to the horizon. The median is the first day by which half of the runs have
    collapsed, and is missing if fewer did; so is its upper end if the interval reaches the horizon.

    Raises:
        store.Damaged: if a part is damaged.
    """
    starts = range(0, folder.points, _POINTS_AT_ONCE)
    slices = [range(a, min(a + _POINTS_AT_ONCE, folder.points)) for a in starts]
    table = pd.concat([_slice_table(folder, points) for points in slices])
    return folder.design[list(folder.factors)].join(table.rename_axis("point"))


def _slice_table(folder: SweepFolder, points: range) -> pd.DataFrame:
    survival = Survival(points, folder.horizons[points.start : points.stop])
    for _, table in folder.tables(["status", "end_day", "collapsed"], points):
        survival.add(table)
    return survival.table()


def days_watched(horizons: pd.Series) -> str:
    """Return how long runs were observed, in words: `365 days`, `30 to 365 days`."""
    low, high = int(horizons.min()), int(horizons.max())
    return f"{high} days" if low == high else f"{low} to {high} days"


def horizon_in_words(horizons: pd.Series) -> str:
    """Return the horizon in words: `365 days`, `the horizon (30 to 365 days)`."""
    days = days_watched(horizons)
    return days if horizons.nunique() == 1 else f"the horizon ({days})"


class Survival:
    """Counts of runs by point and day of collapse; the last column counts truces that held.

    Args:
        points: the points to count.
        horizons: (points,) days.
    """

    def __init__(self, points: range, horizons: NDArray[np.int64]) -> None:
        self._points = points
        self._horizons = horizons
        self._counts = np.zeros((len(points), int(horizons.max()) + 1), np.int64)
        self._failed = np.zeros(len(points), np.int64)

    def add(self, table: pa.Table) -> None:
        """Count those rows of a part that belong to these points."""
        point, days, collapsed, good = day_columns(table)
        point = point - self._points.start
        ours = (point >= 0) & (point < len(self._points))
        days = np.where(collapsed, days, self._counts.shape[1] - 1)
        np.add.at(self._counts, (point[ours & good], days[ours & good]), 1)
        np.add.at(self._failed, point[ours & ~good], 1)

    def table(self) -> pd.DataFrame:
        """Return the columns of `survival_table`, without the swept values."""
        n = self._counts.sum(axis=1)
        collapsed = n - self._counts[:, -1]
        columns: dict[str, NDArray[Any]] = {
            "runs": n, "failed": self._failed, "horizon": self._horizons
        }  # fmt: skip
        columns |= named("holds", wilson_intervals(n - collapsed, n))
        columns |= named("collapse_share", wilson_intervals(collapsed, n))
        columns |= named("mean_survival", _mean(self._counts, n, self._horizons))
        columns |= named("median_survival", _median(self._counts, n))
        return pd.DataFrame(columns, index=pd.RangeIndex(self._points.start, self._points.stop))


def day_columns(
    table: pa.Table,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (point, end_day, collapsed, good) of rows; 0 and False for runs that are not good."""
    good = np.asarray(table["end_day"].is_valid())
    return (
        table["point"].to_numpy(),
        table["end_day"].fill_null(0).to_numpy().astype(np.int64),
        table["collapsed"].fill_null(False).to_numpy(),
        good,
    )


def _mean(
    counts: NDArray[np.int64], n: NDArray[np.int64], horizons: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return mean survival with its interval, which is missing for n < 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (counts[:, :-1] @ np.arange(counts.shape[1] - 1) + counts[:, -1] * horizons) / n
        variance, some = np.full(n.shape, np.nan), n > 1
        days = np.minimum(np.arange(counts.shape[1]), horizons[some, None]).astype(float)
        squares = counts[some] * (days - mean[some, None]) ** 2
        variance[some] = squares.sum(axis=1) / (n[some] - 1) / n[some]
    return means_within(mean, variance, n, horizons)


def _median(counts: NDArray[np.int64], n: NDArray[np.int64]) -> tuple[Floats, ...]:
    """Return median survival with its interval, as `analysis.survival.curve_median` does."""
    dead = counts[:, :-1].cumsum(axis=1)
    found = np.empty((3, len(n)))
    for size in np.unique(n):
        rows = n == size
        for days, enough in zip(found, collapses_to_half(int(size)), strict=True):
            reached = dead[rows] >= enough
            days[rows] = np.where(reached[:, -1], reached.argmax(axis=1), np.nan)
    return tuple(found)


def collapses_to_half(n: int) -> tuple[Floats, ...]:
    """Return how many of n truces must collapse until the share that holds, and the lower and upper
    ends of its interval, are at most one half; NaN for an end that stays above it.

    All three fall with every collapse, and depend on nothing else, as nothing is censored before
    the horizon: Greenwood's variance is that of a share.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1.0 - np.arange(n + 1) / n
        variance = share * (1.0 - share) / n
        return median_days(share, *log_log_interval(share, variance, np.full(share.shape, n)))


wilson = count_interval  #: Its name in 0.1.
