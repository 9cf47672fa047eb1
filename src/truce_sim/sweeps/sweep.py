"""Open a sweep for analysis: its runs, points, daily series and events as tidy pandas objects."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from truce_sim.config.compose import conf_folder
from truce_sim.engine.record import OUTCOME_COLUMNS
from truce_sim.errors import InputError, a_kind, closest
from truce_sim.results import columns
from truce_sim.results.frames import with_dates, with_places
from truce_sim.settings.fields import CHANGES, INTERVENTIONS, field_at
from truce_sim.sweeps.design.design import word_types
from truce_sim.sweeps.folder.files import EVENTS, SERIES
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.places import event_places
from truce_sim.sweeps.summaries.levels import is_number
from truce_sim.sweeps.summaries.summary import survival_table

#: Outcomes that `Sweep.outcome` derives from end_day and collapsed: unit and meaning.
DERIVED = {
    "days": ("days", "days survived, restricted to the horizon"),
    "holds": ("", "share of truces that hold until the horizon"),
    "collapsed": ("", "share of truces that collapse within the horizon"),
}
_SOURCE = {"days": "end_day", "holds": "collapsed"}
#: Number of points shown when a notebook displays a sweep.
_POINTS_SHOWN = 10

_KEEPS = {SERIES: "sweep.series_every_days=1", EVENTS: "sweep.events=true"}
_KEPT_COLUMNS = {SERIES: columns.DAILY, EVENTS: columns.EVENT}
_CELL = ["sector", "depth"]


def open_sweep(path: str | PathLike[str] | Sweep) -> Sweep:
    """Open the folder of a sweep, finished or not.

    Args:
        path: the folder; a sweep that is already open is returned unchanged.

    Raises:
        InputError: the path is not the folder of a sweep.
    """
    if isinstance(path, Sweep):
        return path
    if not isinstance(path, str | PathLike):
        raise InputError(
            f"is not a sweep but {a_kind(path)}", setting="sweep", value=path,
            allowed="what sweep or open_sweep returns, or the path of its folder",
        )  # fmt: skip
    return Sweep(read_folder(Path(path)))


class Sweep:
    """A sweep on disk as pandas objects, each loaded on first use and then cached.

    For sweeps larger than memory, `load` reads only some of the columns. `folder` gives access to
    the folder itself, which leads from a row back to its run.

    Attributes:
        folder: the folder, for reading.
        path: its path.
        manifest: the content of manifest.json.
        factors: the swept settings and config groups.
        runs_new: runs that `sweep()` has just made; 0 for a sweep that was opened.
    """

    def __init__(self, folder: SweepFolder, runs_new: int = 0) -> None:
        self.folder = folder
        self.path = folder.path
        self.runs_new = runs_new
        self.manifest = folder.manifest
        self.factors = folder.factors

    def __repr__(self) -> str:
        return f"<Sweep {self._in_words()}>"

    def _repr_html_(self) -> str:
        head = html.escape(self._in_words())
        if self.manifest["status"] != "done":
            return f"<p>{head}</p>"
        left_out = len(self.points) - _POINTS_SHOWN
        more = f"<p>and {left_out:,} more points: see its <code>points</code></p>"
        return f"<p>{head}</p>{self.points.head(_POINTS_SHOWN).to_html()}" + more * (left_out > 0)

    def _in_words(self) -> str:
        factors = shorten(", ".join(self.factors) or "nothing", 120, placeholder=" …")
        done = "" if self.manifest["status"] == "done" else ", not finished"
        points, runs = self.folder.points, self.runs_done
        return f"{self.path}: {points:,} points over {factors}, {runs:,} runs{done}"

    @property
    def runs_done(self) -> int:
        """Number of runs in the folder, failed ones included."""
        return sum(chunk.runs for chunk in self.folder.chunks())

    @property
    def design(self) -> str:
        """The kind of design: grid, zip, lhs, sobol, halton, morris, saltelli, table, posterior."""
        return str(self.manifest["design"])

    @property
    def horizon(self) -> int:
        """The longest horizon of the points, in days."""
        return self.folder.horizon

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row for each run: point, replicate, seed, factors, status, then `columns.OUTCOME`."""
        return self.load([name for name in self.folder.outcome if name != "status"])

    @cached_property
    def points(self) -> pd.DataFrame:
        """A row for each point (index `point`).

        Columns: factors, runs, failed, horizon, then holds, collapse_share, mean_survival and
        median_survival with their intervals.
        """
        return self._as_categoricals(survival_table(self.folder))

    @property
    def summary(self) -> pd.DataFrame:
        """`points` of a finished sweep, as `summary.parquet` has them."""
        return self.folder.summary

    @property
    def contrasts(self) -> pd.DataFrame | None:
        """A row for each pair of points of a finished sweep, with `sweep.compare`; else None."""
        return self.folder.contrasts

    @cached_property
    def series(self) -> pd.DataFrame:
        """A row for each recorded day of a run: point, replicate, factors, day, `columns.SERIES`.

        Raises:
            InputError: the sweep did not keep daily series.
        """
        return self.load(None, SERIES)

    @cached_property
    def events(self) -> pd.DataFrame:
        """A row for each event: point, replicate, factors, then `columns.EVENT`.

        With the longitude and latitude of its cell, where the border has a course.

        Raises:
            InputError: the sweep did not keep events.
        """
        return self.load(None, EVENTS)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """A row for each failed run so far, with its error."""
        if (self.path / "failures.parquet").is_file():
            return self._as_categoricals(self.folder.failures)
        runs = self.load(["error", "traceback"])
        first = dict.fromkeys(["point", "replicate", "seed", *self.factors])
        names = [*first, "status", "error", "traceback"]
        return runs.loc[runs["status"] != "done", names].reset_index(drop=True)

    @cached_property
    def columns_help(self) -> pd.DataFrame:
        """Unit and meaning of every column (index) of all these tables; where tables share a name,
        the meaning for runs."""
        return self.meanings("runs")

    def meanings(self, table: str) -> pd.DataFrame:
        """Return unit and meaning of every column (index), as "runs", "series" or "events" has it.

        Tables share names: `deaths` is the sum of a run, a day's or an event's.
        """
        first = {SERIES: columns.DAILY, EVENTS: columns.EVENT}.get(table, columns.OUTCOME)
        others = columns.EVENT | columns.DAILY | columns.OUTCOME
        of_factors = {name: _meaning(name) for name in self.factors}
        known = columns.SWEEP | columns.DATE | columns.PLACE | others | first | of_factors
        return pd.DataFrame.from_dict(known, orient="index", columns=["unit", "meaning"])

    def load(
        self,
        names: Sequence[str] | None,
        table: str = "runs",
        points: Sequence[int] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pd.DataFrame:
        """Read some columns of a table.

        Args:
            names: columns to read in addition to point, replicate, the factors and, for runs, seed
                and status; None for all. Dates, and the longitude and latitude of events, are not
                stored but computed.
            table: "runs", "series" or "events".
            points: design points to read; by default all.
            where: values allowed in some columns, for instance `{"kind": ["strike"]}`. Other rows
                of series and events are never held in memory.

        Raises:
            InputError: a column or table is unknown, or the table was not kept.
        """
        if table == "runs":
            more = [name for name in where or () if name in columns.OUTCOME and name != "status"]
            found = self._load_runs(None if names is None else [*names, *more], points)
            for name, values in (where or {}).items():
                _check(name, found.columns, "where", "column")
                found = found[found[name].isin(list(values))]
            return found
        _check(table, ("runs", *_KEEPS), "table", "table")
        return self._load_recorded(names, table, points, where or {})

    def _load_runs(self, names: Sequence[str] | None, points: Sequence[int] | None) -> pd.DataFrame:
        chosen = [n for n in self.folder.outcome if n != "status"] if names is None else list(names)
        if set(chosen) & {"error", "traceback"}:
            tables = [t for _, t in self.folder.tables(["seed", "status", *chosen])]
            names = ["point", "replicate", "seed", "status", *chosen]
            frame = pa.concat_tables(tables).to_pandas() if tables else pd.DataFrame(columns=names)
            values = self.folder.design[list(self.factors)].drop(columns="seed", errors="ignore")
            frame = frame if points is None else frame[frame["point"].isin(list(points))]
            return self._as_categoricals(frame.join(values, on="point"))
        return self._as_categoricals(self.folder.runs(chosen, points))

    def _load_recorded(
        self, names: Sequence[str] | None, table: str, points: Sequence[int] | None,
        where: Mapping[str, Sequence[object]],
    ) -> pd.DataFrame:  # fmt: skip
        if not (self.path / table).is_dir():
            raise InputError(
                f"did not keep {table}", value=str(self.path),
                allowed=f"a sweep with {_KEEPS[table]}; run it again with that setting",
            )  # fmt: skip
        known = _KEPT_COLUMNS[table]
        computed = [*columns.DATE, *(columns.PLACE if table == EVENTS else ())]
        wanted = computed if names is None else [n for n in computed if n in names]
        if "date" in wanted and names is not None and np.isnat(self.folder.first_dates).all():
            raise InputError(
                "day 0 has no date", setting="columns", value="date",
                allowed="day; dates need a sweep with scenario.start_date",
            )  # fmt: skip
        stored = None if names is None else [n for n in names if n not in computed]
        for name in (*(stored or ()), *where):
            _check(name, known, table, "column")
        needed = [*["day"] * ("date" in wanted), *_CELL * bool(columns.PLACE.keys() & wanted)]
        read = None if stored is None else list(dict.fromkeys([*stored, *needed, *where]))
        span = None if points is None else range(min(points, default=0), max(points, default=0) + 1)
        found = [
            self.folder.with_values(_with(rows, where), place=2)
            for _, rows in self.folder.recorded(table, read, span)
        ]
        if not found:
            return pd.DataFrame(columns=["point", "replicate", *self.factors, *(names or known)])
        frame: pd.DataFrame = pa.concat_tables(found, promote_options="permissive").to_pandas()
        frame = frame if points is None else frame[frame["point"].isin(list(points))]
        if columns.PLACE.keys() & wanted:
            frame = self._with_places(frame, asked=names is not None)
            unasked = (columns.PLACE.keys() | set(_CELL)) - {*(names or frame.columns), *where}
            frame = frame.drop(columns=list(unasked), errors="ignore")
        if "date" in wanted:
            frame = with_dates(frame, self.folder.first_dates[frame["point"].to_numpy()])
        return self._as_categoricals(frame)

    def _with_places(self, events: pd.DataFrame, asked: bool) -> pd.DataFrame:
        """Return events with the places of their cells, or without if there are none and none were
        asked for.

        Raises:
            InputError: places were asked for by name, and no border has a course.
        """
        places = event_places(self.folder, events)
        if places is None and asked:
            raise InputError(
                "its border has no course on the earth", setting="columns", value="longitude",
                allowed="sector and depth; places need a border with a line.geojson",
            )  # fmt: skip
        return with_places(events, places)

    def _as_categoricals(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Convert swept words to ordered categoricals, in the order of the design."""
        words = {n: kind for n, kind in self._words.items() if n in frame.columns}
        return frame.assign(**{n: frame[n].astype(kind) for n, kind in words.items()})

    @cached_property
    def _words(self) -> dict[str, Any]:
        return word_types(self.folder.design, self.factors)

    def outcome(self, name: str = "days") -> pd.DataFrame:
        """Return an outcome of the runs that did not fail.

        Args:
            name: "days" (days survived, restricted to the horizon), "holds" or "collapsed" (1.0 or
                0.0), or any numeric outcome of `columns.OUTCOME`.

        Returns:
            A row for each run: point, replicate, seed, factors, and the outcome as `y`, NaN if it
            is missing (for instance the day of a strike that never came).

        Raises:
            InputError: there is no such outcome.
        """
        source = _SOURCE.get(name, name)
        known = [*DERIVED, *(n for n in columns.OUTCOME if n not in ("status", "cause"))]
        _check(name, known, "outcome", "outcome")
        runs = self.load([source])
        runs = runs[runs["status"] == "done"].drop(columns="status")
        y = runs[source].astype(float)
        return runs.drop(columns=source).assign(y=1.0 - y if name == "holds" else y)

    def check_factor(self, name: str) -> str:
        """Return the name of a factor unchanged.

        Raises:
            InputError: it was not swept.
        """
        _check(name, self.factors or ("(nothing is swept)",), "factor", "factor")
        return name

    def is_number(self, factor: str) -> bool:
        """Return whether the levels of a factor are numbers (not words, not true and false)."""
        return is_number(self.folder.design[factor])


def greatest(outcome: str, horizon: int) -> float | None:
    """Return the largest possible value of an outcome; None if unbounded.

    Args:
        outcome: as in `Sweep.outcome`.
        horizon: days of the runs.
    """
    most = 1.0 if outcome == "holds" else OUTCOME_COLUMNS[_SOURCE.get(outcome, outcome)].most
    return float(horizon) if isinstance(most, str) else most


def _with(rows: pa.Table, where: Mapping[str, Sequence[object]]) -> pa.Table:
    """Select rows by the values of columns; words are matched by their codes."""
    for name, values in where.items():
        column = rows[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            words = column.dictionary.to_pylist()
            codes = [i for i, word in enumerate(words) if word in values]
            column, values = column.indices, codes
        rows = rows.filter(pc.is_in(column, pa.array(list(values), column.type)))
    return rows


def _check(name: str, known: Iterable[str], setting: str, what: str) -> None:
    """Raise InputError if a name is unknown."""
    known = list(known)
    if name not in known:
        raise InputError(
            f"the sweep has no such {what}", setting=setting, value=name,
            allowed=", ".join(known), suggestion=closest(name, known),
        )  # fmt: skip


def _meaning(factor: str) -> tuple[str, str]:
    """Unit and meaning of a factor, which is a setting or a config group."""
    info = field_at(factor)
    if info is not None:
        return info.unit, info.meaning
    if factor == INTERVENTIONS:
        return "", CHANGES
    if (conf_folder() / factor).is_dir():
        return "", f"option of the config group {factor}"
    return columns.SWEEP.get(factor, ("", ""))
