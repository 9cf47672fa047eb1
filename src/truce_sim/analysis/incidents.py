"""Incidents in one form, from the events of a sweep or from a UCDP GED or ACLED event file.

`micro` applies the same measures to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.files import DATA
from truce_sim.intervals import clusters
from truce_sim.sweeps.sweep import Sweep

Floats = NDArray[np.float64]

#: Kinds of events that are attacks; a domestic one that is blamed on the host has its own kind.
BY_BANDS, DOMESTIC = ("attack",), ("domestic_attack", "misattribution")
#: Columns by layout: date, deaths, and those that name the actors.
_LAYOUTS = {
    "UCDP GED": ("date_start", "best", ("dyad_name", "side_a", "side_b")),
    "ACLED": ("event_date", "fatalities", ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2")),
}
#: UCDP's columns for the precision of date and place, with the largest value used (two days, a
#: district).
_PRECISION = {"date_prec": 2, "where_prec": 3}
_KM_PER_DEGREE = 111.2
_AT_ONCE = 4096
LINE_TABLE = DATA / "durand_line.csv"


@dataclass(frozen=True)
class Incidents:
    """Incidents of one or many runs; a data set counts as one run.

    Attributes:
        frame: a row for each incident: run (0, 1, …), day (from 0), km_along (from the north-east
            end of the line), km_depth (distance from the line), deaths; incidents of the model also
            have attributed and cross_border.
        days: (runs,) number of days observed.
        draws: (runs,) codes of shared draws.
        line_km: length of the line.
    """

    frame: pd.DataFrame
    days: NDArray[np.int64]
    draws: NDArray[np.int64]
    line_km: float

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.days.size

    def where(self, keep: NDArray[np.bool_]) -> Incidents:
        """Select incidents by flags; the days observed stay the same."""
        return Incidents(self.frame[keep], self.days, self.draws, self.line_km)


@opened
def sweep_incidents(sweep: Sweep, domestic: bool = False) -> Incidents:
    """Return the lethal attacks of a sweep on the home side, as an event file would list them.

    They are placed at the middle of their sector and cell.

    Args:
        sweep: a sweep that kept events.
        domestic: include domestic attacks, besides those by bands.

    Raises:
        InputError: events were not kept, or only those of collapsed runs, or the border differs
            between points.
    """
    if sweep.folder.settings.only_if_collapsed:
        raise InputError(
            "has events of collapsed runs only, which would bias every rate",
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
    setup = sweep.folder.setup_of(0)
    config, border = setup.config, setup.border
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
    """Read an event file in UCDP GED or ACLED layout, which is recognised by its columns.

    Events that UCDP dates or places too imprecisely (by more than two days, or more than a
    district) are left out; an event of several days counts on its first. `km_along` and `km_depth`
    are read from the columns km_from_northeast and km_to_line, or computed by `project`.

    Args:
        path: a CSV file.
        since: first date, YYYY-MM-DD; by default the first in the file.
        until: last date, YYYY-MM-DD; by default the last in the file.
        within_km: leave out events farther than this from the de facto line.
        actor: keep only events in which a side's name contains this text.
        country: keep only events in this country (for instance Pakistan, if a file covers both
            sides of the line).
        lethal: keep only events with deaths.

    Raises:
        InputError: the file cannot be read, has neither layout, has a bad date or number (reported
            with its row), or holds no such event.
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
    keep &= _mentions(table, actors, actor, path) & _mentions(table, ("country",), country, path)
    first, last = _span(frame["date"], since, until)
    frame = frame[keep & frame["date"].between(first, last)].sort_values("date", kind="stable")
    if frame.empty:
        raise InputError("has no such event", value=str(path),
                         allowed="other dates, actor or distance")  # fmt: skip
    frame["day"] = (frame.pop("date") - first).dt.days
    days = np.array([(last - first).days + 1])
    return Incidents(frame.reset_index(drop=True), days, np.zeros(1, np.int64), _line()[1][-1])


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, low_memory=False)
    except (OSError, ValueError) as error:  # parsing errors of pandas are ValueErrors
        raise InputError(f"cannot be read: {error}", value=str(path),
                         allowed="a CSV file of events") from None  # fmt: skip
    if table.empty:
        raise InputError("has no events", value=str(path), allowed="a CSV file of events")
    return table


def _file_layout(table: pd.DataFrame, path: str | Path) -> str:
    for layout, (date, deaths, _) in _LAYOUTS.items():
        if {date, deaths} <= set(table.columns):
            return layout
    needs = " or ".join(f"{d} and {n} ({layout})" for layout, (d, n, _) in _LAYOUTS.items())
    raise InputError("has an unknown layout", value=str(path),
                     allowed=f"columns {needs}, latitude, longitude")  # fmt: skip


def _dates(values: pd.Series, path: str | Path) -> pd.Series:
    """Parse dates as written by UCDP (ignoring the time of day) or by ACLED."""
    text = values.astype(str).str.strip()
    day = text.str.split("[ T]", regex=True).str[0]
    found = pd.to_datetime(day, errors="coerce", format="%Y-%m-%d")
    found = found.fillna(pd.to_datetime(text, errors="coerce", format="%d %B %Y"))
    _refuse(found.isna(), values, path, "is not a date", "YYYY-MM-DD, or a form like 2 April 2021")
    return found


def _mentions(
    table: pd.DataFrame, columns: tuple[str, ...], word: str, path: str | Path
) -> pd.Series | bool:
    """Whether one of these columns contains a word; True if no word is given."""
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
    _refuse(found.isna(), table[name], path, "is not a number", "a number")
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
            raise InputError("is not a date", setting=setting, value=text, allowed="YYYY-MM-DD")
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
    """Project places onto the de facto line.

    The projection uses a plane tangent at the place, which is off by less than 0.5 % within 150 km.
    The course of the line has a point every 10 km: for 99 % of UCDP's events the result is within
    3 km of their distance from the full line, and within 12 km of their place along it.

    Args:
        longitude: (places,) degrees.
        latitude: (places,) degrees.

    Returns:
        km_along (places,), the position of the nearest point along the line, and km_depth
        (places,), the distance to it.
    """
    places = np.stack([longitude, latitude], axis=1)
    parts = [_project(places[i : i + _AT_ONCE]) for i in range(0, len(places), _AT_ONCE)]
    along, depth = np.concatenate(parts or [np.empty((0, 2))]).T
    return along, depth


def _project(places: Floats) -> Floats:
    """(places, 2) km_along and km_depth."""
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
    """The points of the de facto line: (n, 2) longitude and latitude, and (n,) km along it."""
    table = pd.read_csv(LINE_TABLE)
    course = table[["longitude", "latitude"]].to_numpy(float)
    return course, table["km_from_northeast"].to_numpy(float)


incidents_of = sweep_incidents  #: Its name in 0.1.
