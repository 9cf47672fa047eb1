"""A sweep opened for analysis: its runs, points, daily series and events as tidy pandas objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from truce_sim.config.compose import conf_folder
from truce_sim.errors import InputError, closest
from truce_sim.results import columns
from truce_sim.settings.fields import field_at
from truce_sim.sweeps.folder.folder import EVENTS, SERIES, SweepFolder, read_folder
from truce_sim.sweeps.summaries.levels import is_number
from truce_sim.sweeps.summaries.summary import survival_table

#: What `Sweep.outcome` makes of end_day and collapsed, and how it is called.
DERIVED = {
    "days": ("days", "days survived, restricted to the horizon"),
    "holds": ("", "share of truces that hold until the horizon"),
    "collapsed": ("", "share of truces that collapse within the horizon"),
}
_KEEPS = {SERIES: "sweep.series_every_days=1", EVENTS: "sweep.events=true"}
_KEPT_COLUMNS = {SERIES: columns.SERIES, EVENTS: columns.EVENT}


def open_sweep(path: str | Path) -> Sweep:
    """Open a sweep's folder, finished or not. Raises InputError for what is none."""
    return Sweep(read_folder(path))


class Sweep:
    """A sweep on disk as pandas objects, each read when it is first asked for, and then kept.

    `load` reads some columns alone, for sweeps that are larger than memory; `folder` is the folder
    itself, which leads from a row back to its run.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self.path = folder.path
        self.manifest = folder.manifest
        self.factors = folder.factors

    def __repr__(self) -> str:
        factors = ", ".join(self.factors) or "nothing"
        return f"<Sweep {self.path}: {self.folder.points:,} points over {factors}>"

    @property
    def design(self) -> str:
        """The kind of its design: grid, zip, lhs, sobol, halton, morris, saltelli or table."""
        return str(self.manifest["design"])

    @property
    def horizon(self) -> int:
        """Days of the longest run."""
        return self.folder.horizon

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row a run: point, replicate, seed, factors, status, then `columns.OUTCOME`."""
        return self.load([name for name in self.folder.outcome if name != "status"])

    @cached_property
    def points(self) -> pd.DataFrame:
        """A row a point (index `point`): factors, runs, failed, horizon, then collapse_share,
        mean_survival and median_survival with their intervals."""
        return self._as_categoricals(survival_table(self.folder))

    @cached_property
    def series(self) -> pd.DataFrame:
        """A row a day of each run: point, replicate, factors, day, then `columns.SERIES`.

        Raises InputError where none were kept.
        """
        return self.load(None, SERIES)

    @cached_property
    def events(self) -> pd.DataFrame:
        """A row an event: point, replicate, factors, then `columns.EVENT`.

        Raises InputError where none were kept.
        """
        return self.load(None, EVENTS)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """A row a failed run, with its error; of a sweep under way, of what is there."""
        if (self.path / "failures.parquet").is_file():
            return self._as_categoricals(self.folder.failures)
        runs = self.load(["error", "traceback"])
        first = dict.fromkeys(["point", "replicate", "seed", *self.factors])
        names = [*first, "status", "error", "traceback"]
        return runs.loc[runs["status"] != "done", names].reset_index(drop=True)

    @cached_property
    def columns_help(self) -> pd.DataFrame:
        """Unit and meaning of every column (index) of all these."""
        factors = {name: _meaning(name) for name in self.factors}
        known = columns.SWEEP | columns.EVENT | columns.SERIES | columns.OUTCOME | factors
        return pd.DataFrame.from_dict(known, orient="index", columns=["unit", "meaning"])

    def load(
        self,
        names: Sequence[str] | None,
        table: str = "runs",
        points: Sequence[int] | None = None,
        where: Mapping[str, Sequence[object]] | None = None,
    ) -> pd.DataFrame:
        """Read some columns of a table: of "runs", "series" or "events".

        names: beside point, replicate, the factors, and of runs seed and status; None for all.
        points: of these design points alone. where: rows in which columns have one of some values
        (`{"kind": ["strike"]}`); of series and events the others are never held in memory.

        Raises InputError for an unknown column, or where that table was not kept.
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
        wanted = [n for n in self.folder.outcome if n != "status"] if names is None else list(names)
        if set(wanted) & {"error", "traceback"}:
            tables = [t for _, t in self.folder.tables(["seed", "status", *wanted])]
            names = ["point", "replicate", "seed", "status", *wanted]
            frame = pa.concat_tables(tables).to_pandas() if tables else pd.DataFrame(columns=names)
            values = self.folder.design[list(self.factors)].drop(columns="seed", errors="ignore")
            frame = frame if points is None else frame[frame["point"].isin(list(points))]
            return self._as_categoricals(frame.join(values, on="point"))
        return self._as_categoricals(self.folder.runs(wanted, points))

    def _load_recorded(
        self, names: Sequence[str] | None, table: str, points: Sequence[int] | None,
        where: Mapping[str, Sequence[object]],
    ) -> pd.DataFrame:  # fmt: skip
        if not (self.path / table).is_dir():
            raise InputError(
                f"keeps no {table}", value=str(self.path),
                allowed=f"a sweep with {_KEEPS[table]}: run it anew with that",
            )  # fmt: skip
        known = {"day": columns.EVENT["day"]} | _KEPT_COLUMNS[table]
        for name in (*(names or ()), *where):
            _check(name, known, table, "column")
        read = None if names is None else [*names, *where]
        span = None if points is None else range(min(points, default=0), max(points, default=0) + 1)
        found = [
            self.folder.with_values(_with(rows, where), place=2)
            for _, rows in self.folder.recorded(table, read, span)
        ]
        if not found:
            return pd.DataFrame(columns=["point", "replicate", *self.factors, *(names or known)])
        frame: pd.DataFrame = pa.concat_tables(found, promote_options="permissive").to_pandas()
        return self._as_categoricals(
            frame if points is None else frame[frame["point"].isin(list(points))]
        )

    def _as_categoricals(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Swept words as ordered categoricals, in the order of the design."""
        words = {n: kind for n, kind in self._words.items() if n in frame.columns}
        return frame.astype(words)

    @cached_property
    def _words(self) -> dict[str, Any]:
        design = self.folder.design
        return {
            name: pd.CategoricalDtype(list(dict.fromkeys(design[name])), ordered=True)
            for name in self.factors
            if not pd.api.types.is_numeric_dtype(design[name])
        }

    def outcome(self, name: str = "days") -> pd.DataFrame:
        """The runs that did not fail: point, replicate, seed, factors and the outcome as `y`.

        name: "days" (survived, restricted to the horizon), "holds" or "collapsed" (1.0 or 0.0), or
        any number of `columns.OUTCOME`; runs in which it is missing (a strike that never came) have
        NaN. Raises InputError for another.
        """
        source = {"days": "end_day", "holds": "collapsed"}.get(name, name)
        known = [*DERIVED, *(n for n in columns.OUTCOME if n not in ("status", "cause"))]
        _check(name, known, "outcome", "outcome")
        runs = self.load([source])
        runs = runs[runs["status"] == "done"].drop(columns="status")
        y = runs[source].astype(float)
        return runs.drop(columns=source).assign(y=1.0 - y if name == "holds" else y)

    def check_factor(self, name: str) -> str:
        """Return the name of a factor. Raises InputError where that is not swept."""
        _check(name, self.factors or ("(nothing is swept)",), "factor", "factor")
        return name

    def is_number(self, factor: str) -> bool:
        """Whether a factor's levels are numbers (not words, and not true and false)."""
        return is_number(self.folder.design[factor])


def _with(rows: pa.Table, where: Mapping[str, Sequence[object]]) -> pa.Table:
    """The rows in which columns have one of these values; words are looked up by their codes."""
    for name, values in where.items():
        column = rows[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            words = column.dictionary.to_pylist()
            codes = [i for i, word in enumerate(words) if word in values]
            column, values = column.indices, codes
        rows = rows.filter(pc.is_in(column, pa.array(list(values), column.type)))
    return rows


def _check(name: str, known: Iterable[str], setting: str, what: str) -> None:
    """Raise InputError for a name that is not known."""
    known = list(known)
    if name not in known:
        raise InputError(
            f"the sweep has no such {what}", setting=setting, value=name,
            allowed=", ".join(known), suggestion=closest(name, known),
        )  # fmt: skip


def _meaning(factor: str) -> tuple[str, str]:
    """Unit and meaning of a factor: of a setting, or a config group."""
    info = field_at(factor)
    if info is not None:
        return info.unit, info.meaning
    if (conf_folder() / factor).is_dir():
        return "", f"which options of the group {factor}"
    return columns.SWEEP.get(factor, ("", ""))
