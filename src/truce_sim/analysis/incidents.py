"""Incidents in one form, from a sweep's events or from an event file in UCDP GED or ACLED layout:
`micro` measures model and data with one ruler."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.sweep import Sweep
from truce_sim.border.border import make_border
from truce_sim.errors import InputError
from truce_sim.files import DATA
from truce_sim.intervals import clusters

Floats = NDArray[np.float64]

#: Kinds of events that are attacks; a domestic one that is held against the host has its own.
BY_BANDS, DOMESTIC = ("attack",), ("domestic_attack", "misattribution")
#: Columns by layout: date, deaths, and those that say who acted.
_LAYOUTS = {
    "UCDP GED": ("date_start", "best", ("dyad_name", "side_a", "side_b")),
    "ACLED": ("event_date", "fatalities", ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2")),
}
#: Where UCDP says how precisely an event is dated and placed: at most two days, a district.
_PRECISION = {"date_prec": 2, "where_prec": 3}
_KM_PER_DEGREE = 111.2
_AT_ONCE = 4096
LINE_TABLE = DATA / "durand_line.csv"


@dataclass(frozen=True)
class Incidents:
    """Incidents of one or many runs; a data set counts as one run.

    frame: a row an incident: run (0, 1, …), day (from 0), km_along (from the north-east end of the
    line), km_depth (from the line), deaths; of the model also attributed and cross_border. days:
    (runs,) how long each was watched. draws: (runs,) which runs share their draws. line_km: the
    line's length.
    """

    frame: pd.DataFrame
    days: NDArray[np.int64]
    draws: NDArray[np.int64]
    line_km: float

    @property
    def runs(self) -> int:
        """How many there are."""
        return self.days.size

    def where(self, keep: NDArray[np.bool_]) -> Incidents:
        """Some of the incidents, watched as long."""
        return Incidents(self.frame[keep], self.days, self.draws, self.line_km)


def sweep_incidents(sweep: Sweep, domestic: bool = False) -> Incidents:
    """Lethal attacks on the home side, by bands and, if wanted, domestic ones: what an event file
    would hold of them.

    Places are middles of sectors and cells. Raises InputError where events were not kept, or of
    collapsed runs alone, or where the border differs between points.
    """
    if sweep.folder.settings.only_if_collapsed:
        raise InputError(
            "has events of collapsed runs alone, which would bias every rate",
            value=str(sweep.path), allowed="a sweep with sweep.only_if_collapsed=false",
        )  # fmt: skip
    _same_border(sweep)
    kinds = [*BY_BANDS, *(DOMESTIC if domestic else ())]
    columns = ["day", "sector", "depth", "deaths", "attributed", "cross_border"]
    events = sweep.load(columns, "events", where={"kind": kinds})
    events = events[events["deaths"] > 0]
    runs = finished_runs(sweep.load(["end_day", "collapsed"])).reset_index(drop=True)
    runs["run"] = np.arange(len(runs))
    frame = events.merge(runs[["point", "replicate", "run"]], on=["point", "replicate"])
    config = sweep.folder.config_of(0)
    border = make_border(config)
    middle = (np.asarray(border.km_from) + np.asarray(border.km_to)) / 2
    frame["km_along"] = middle[frame["sector"].to_numpy(int)]
    depth = frame["depth"].to_numpy(int) - config.border.host_depth + 0.5
    frame["km_depth"] = depth * config.border.cell_km
    days = runs["end_day"].to_numpy(np.int64) + runs["collapsed"].to_numpy(bool)
    names = ["run", "day", "km_along", "km_depth", "deaths", "attributed", "cross_border"]
    return Incidents(frame[names], days, clusters(runs), float(border.km_to[-1]))


def _same_border(sweep: Sweep) -> None:
    for name in sweep.factors:
        if name.split(".")[0] in ("border", "scenario"):
            raise InputError("varies the border: its incidents lie in different places",
                             setting=name, allowed="a sweep of one border")  # fmt: skip


def read_incidents(
    path: str | Path, since: str = "", until: str = "", within_km: float = 150.0, actor: str = "",
    country: str = "", lethal: bool = True,
) -> Incidents:  # fmt: skip
    """Read an event file in UCDP GED or ACLED layout; which one its columns tell.

    since, until: first and last date, YYYY-MM-DD; by default those of the file. within_km: events
    farther from the de facto line are left out. actor: only events in which a side's name contains
    it. country: only those in it (say Pakistan, where a file has both sides of the line). lethal:
    only those with deaths. Events that UCDP dates or places too roughly (to more than two days, to
    more than a district) are left out; one of many days counts on its first. km_along and km_depth
    are taken from columns km_from_northeast and km_to_line, or found by `project`.

    Raises InputError for a file that cannot be read, is of neither layout, has a bad date or
    number (with its row), or holds no such event.
    """
    table = _table(Path(path))
    date, deaths, actors = _LAYOUTS[_file_layout(table, path)]
    when = _dates(table[date], path)
    frame = pd.DataFrame({
        "run": 0, "date": when, "deaths": _numbers(table, deaths, path),
        **_places(table, path),
    })  # fmt: skip
    keep = frame["km_depth"].le(within_km) & (frame["deaths"].gt(0) | (not lethal))
    for name, most in _PRECISION.items():
        keep &= pd.to_numeric(table[name], errors="coerce").le(most) if name in table else True
    keep &= _says(table, actors, actor, path) & _says(table, ("country",), country, path)
    first, last = _span(frame["date"], since, until)
    frame = frame[keep & frame["date"].between(first, last)].sort_values("date", kind="stable")
    if frame.empty:
        raise InputError("holds no such event", value=str(path),
                         allowed="other dates, actor or distance")  # fmt: skip
    frame["day"] = (frame.pop("date") - first).dt.days
    days = np.array([(last - first).days + 1])
    return Incidents(frame.reset_index(drop=True), days, np.zeros(1, np.int64), _line()[1][-1])


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, low_memory=False)
    except (OSError, ValueError) as error:  # pandas' errors of parsing are ValueErrors
        raise InputError(f"cannot be read: {error}", value=str(path),
                         allowed="a CSV file of events") from None  # fmt: skip
    if table.empty:
        raise InputError("holds no event", value=str(path), allowed="a CSV file of events")
    return table


def _file_layout(table: pd.DataFrame, path: str | Path) -> str:
    for layout, (date, deaths, _) in _LAYOUTS.items():
        if {date, deaths} <= set(table.columns):
            return layout
    needs = " or ".join(f"{d} and {n} ({layout})" for layout, (d, n, _) in _LAYOUTS.items())
    raise InputError("is of no layout that is known here", value=str(path),
                     allowed=f"columns {needs}, latitude, longitude")  # fmt: skip


def _dates(values: pd.Series, path: str | Path) -> pd.Series:
    """Days, of dates written as UCDP writes them (a time of day is left out) or as ACLED does."""
    text = values.astype(str).str.strip()
    day = text.str.split("[ T]", regex=True).str[0]
    found = pd.to_datetime(day, errors="coerce", format="%Y-%m-%d")
    found = found.fillna(pd.to_datetime(text, errors="coerce", format="%d %B %Y"))
    _refuse(found.isna(), values, path, "is no date", "YYYY-MM-DD, or as in 2 April 2021")
    return found


def _says(
    table: pd.DataFrame, columns: tuple[str, ...], word: str, path: str | Path
) -> pd.Series | bool:
    """Whether one of these columns contains a word; True for none."""
    if not word:
        return True
    known = [name for name in columns if name in table]
    if not known:
        raise InputError("lacks a column", setting=columns[0], value=str(path),
                         allowed=f"a column {columns[0]}")  # fmt: skip
    names = table[known].astype("string").fillna("").agg(" ".join, axis=1)
    return names.str.contains(word, case=False, regex=False).astype(bool)


def _numbers(table: pd.DataFrame, name: str, path: str | Path) -> pd.Series:
    if name not in table:
        raise InputError(
            "lacks a column", setting=name, value=str(path), allowed=f"a column {name}"
        )
    found = pd.to_numeric(table[name], errors="coerce")
    _refuse(found.isna(), table[name], path, "is no number", "a number")
    return found


def _refuse(bad: pd.Series, values: pd.Series, path: str | Path, what: str, allowed: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise InputError(what, setting=str(values.name), value=str(values.iloc[row]),
                         allowed=allowed, origin=f"{path}, row {row + 1}")  # fmt: skip


def _span(dates: pd.Series, since: str, until: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    found = []
    for setting, text, usual in (("since", since, dates.min()), ("until", until, dates.max())):
        when = pd.to_datetime(text, errors="coerce") if text else usual
        if pd.isna(when):
            raise InputError("is no date", setting=setting, value=text, allowed="YYYY-MM-DD")
        found.append(pd.Timestamp(when))
    return found[0], found[1]


def _places(table: pd.DataFrame, path: str | Path) -> dict[str, pd.Series | Floats]:
    if {"km_from_northeast", "km_to_line"} <= set(table.columns):
        return {"km_along": _numbers(table, "km_from_northeast", path),
                "km_depth": _numbers(table, "km_to_line", path)}  # fmt: skip
    where = [_numbers(table, name, path).to_numpy(float) for name in ("longitude", "latitude")]
    along, depth = project(*where)
    return {"km_along": along, "km_depth": depth}


def project(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """(km_along, km_depth) of places: their nearest point of the line, and how far it is.

    On a plane tangent at the place, which is off by less than 0.5 % within 150 km. The course of
    the line has a point every 10 km: of UCDP's events, 99 % come out within 3 km of their distance
    from the whole line, and within 12 km of their place along it.
    """
    places = np.stack([longitude, latitude], axis=1)
    parts = [_project(places[i : i + _AT_ONCE]) for i in range(0, len(places), _AT_ONCE)]
    along, depth = np.concatenate(parts or [np.empty((0, 2))]).T
    return along, depth


def _project(places: Floats) -> Floats:
    """(places, 2): along and depth."""
    course, edges = _line()
    scale = np.stack([np.cos(np.radians(places[:, 1])), np.ones(len(places))], axis=1)
    plane = (course - places[:, None]) * (scale * _KM_PER_DEGREE)[:, None]
    start, step = plane[:, :-1], np.diff(plane, axis=1)
    part = np.clip(-(start * step).sum(-1) / (step**2).sum(-1), 0.0, 1.0)
    distance = np.hypot(*np.moveaxis(start + part[..., None] * step, -1, 0))
    near = distance.argmin(axis=1)
    row = np.arange(len(places))
    along = edges[near] + part[row, near] * np.diff(edges)[near]
    return np.stack([along, distance[row, near]], axis=1)


@cache
def _line() -> tuple[Floats, Floats]:
    """The de facto line: (n, 2) longitude and latitude of its points, and their km along it."""
    table = pd.read_csv(LINE_TABLE)
    course = table[["longitude", "latitude"]].to_numpy(float)
    return course, table["km_from_northeast"].to_numpy(float)


incidents_of = sweep_incidents  #: Its name in 0.1.
