"""Incidents in one form, from the events of a sweep or from a UCDP GED or ACLED event file.

`micro` applies the same measures to both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.opened import opened
from truce_sim.border.course import read_course
from truce_sim.border.folder import find_folder
from truce_sim.border.projection import keep_beside, place_beside, project, refuse_far
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError, a_kind
from truce_sim.events.rules import read_events, refuse_none
from truce_sim.files import BORDERS
from truce_sim.intervals import clusters
from truce_sim.sweeps.sweep import Sweep

Floats = NDArray[np.float64]
P = ParamSpec("P")
R = TypeVar("R")

#: Kinds of events that are attacks; a domestic one that is blamed on the host has its own kind.
BY_BANDS, DOMESTIC = ("attack",), ("domestic_attack", "misattribution")


@dataclass(frozen=True)
class Incidents:
    """Incidents of one or many runs; a data set counts as one run.

    Attributes:
        frame: a row for each incident: run (0, 1, …), day (from 0), km_along (from the start of the
            line), km_depth (distance from the line), deaths; incidents of the model also have
            attributed and cross_border.
        days: (runs,) number of days observed.
        draws: (runs,) codes of shared draws.
        line_km: length of the line.
        account: for a data set, how many rows count and why others do not, then remarks on what
            looks wrong.
    """

    frame: pd.DataFrame
    days: NDArray[np.int64]
    draws: NDArray[np.int64]
    line_km: float
    account: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.days.size

    def where(self, keep: NDArray[np.bool_]) -> Incidents:
        """Select incidents by flags; the days observed stay the same."""
        return replace(self, frame=self.frame[keep])


@opened
def sweep_incidents(sweep: Sweep, domestic: bool = False, strike_free: int = 0) -> Incidents:
    """Return the lethal attacks of a sweep on the home side, as an event file would list them.

    They are placed at the middle of their sector and cell.

    Args:
        sweep: a sweep that kept events.
        domestic: include domestic attacks, besides those by bands.
        strike_free: 0 takes whole runs; otherwise a run is cut at every day with a strike, and each
            stretch of at least this many days without one becomes a separate run.

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
    frame["km_along"], frame["km_depth"] = placed(setup, frame["sector"], frame["depth"])
    days = runs["end_day"].to_numpy(np.int64) + runs["collapsed"].to_numpy(bool)
    names = ["run", "day", "km_along", "km_depth", "deaths", "attributed", "cross_border"]
    found = Incidents(frame[names], days, clusters(runs), line_length(setup))
    if not strike_free:
        return found
    strikes = sweep.load(["day"], "events", where={"kind": ["strike"]})
    strikes = strikes.merge(runs[["point", "replicate", "run"]], on=["point", "replicate"])
    return between(found, strikes, strike_free)


def placed(setup: Setup, sector: ArrayLike, depth: ArrayLike) -> tuple[Floats, Floats]:
    """Return how far along the line, and how far from it, the centres of cells lie, km."""
    border, cells = setup.border, setup.config.border
    middle = (np.asarray(border.km_from) + np.asarray(border.km_to)) / 2
    along = middle[np.asarray(sector, int)] - float(border.km_from[0])
    return along, (np.asarray(depth, int) - cells.host_depth + 0.5) * cells.cell_km


def line_length(setup: Setup) -> float:
    """Return the length of the line of a configuration, km."""
    return float(setup.border.km_to[-1] - setup.border.km_from[0])


def between(incidents: Incidents, cuts: pd.DataFrame, least: int = 1) -> Incidents:
    """Cut runs at some of their days, and make a run of each stretch between two cuts.

    Args:
        incidents: the incidents to divide; those on a day of a cut are left out.
        cuts: days to cut at, by run: columns run and day.
        least: shortest stretch to keep, days.

    Returns:
        The incidents by stretch, days counted from its first; stretches of a run share its draws.
    """
    row = int(incidents.days.max(initial=0)) + 2  # days in a line, runs one after another
    begin = np.arange(incidents.runs) * row
    cut = np.unique(cuts["run"].to_numpy(np.int64) * row + cuts["day"].to_numpy(np.int64))
    first = np.unique(np.concatenate([begin, cut + 1]))
    ends = np.sort(np.concatenate([cut, begin + incidents.days]))
    length = ends[np.searchsorted(ends, first)] - first
    first, length = first[length >= max(least, 1)], length[length >= max(least, 1)]
    at = incidents.frame["run"].to_numpy(np.int64) * row + incidents.frame["day"].to_numpy(np.int64)
    number = np.searchsorted(first, at, side="right") - 1
    day = at - first[np.maximum(number, 0)] if first.size else at
    inside = (number >= 0) & (day < length[np.maximum(number, 0)]) if first.size else at < 0
    frame = incidents.frame[inside].assign(run=number[inside], day=day[inside])
    return Incidents(frame, length, incidents.draws[first // row], incidents.line_km)


def measured(
    function: Callable[Concatenate[Incidents, P], R],
) -> Callable[Concatenate[Incidents | Sweep | str | PathLike[str], P], R]:
    """Decorate a function of incidents, so that it also accepts a sweep that kept events, or its
    path.

    Anything else is an InputError before the function starts.
    """

    @wraps(function)
    def measure(
        incidents: Incidents | Sweep | str | PathLike[str], *more: P.args, **named: P.kwargs
    ) -> R:
        found = incidents
        if isinstance(found, Sweep | str | PathLike):
            found = sweep_incidents(found)
        if not isinstance(found, Incidents):
            raise InputError(
                f"are not incidents but {a_kind(found)}", setting="incidents", value=found,
                allowed="what sweep_incidents or read_incidents returns, or a sweep or the path of "
                "its folder",
            )  # fmt: skip
        return function(found, *more, **named)

    return measure  # type: ignore[return-value]


def _same_border(sweep: Sweep) -> None:
    for name in sweep.factors:
        if name.split(".")[0] in ("border", "scenario"):
            raise InputError("varies the border: its incidents lie in different places",
                             setting=name, allowed="a sweep of one border")  # fmt: skip


def read_incidents(
    path: str | Path, since: str = "", until: str = "", within_km: float = 150.0, actor: str = "",
    country: str = "", lethal: bool = True, border: str | Path = "durand", side: str = "",
    coarse: str = "first",
) -> Incidents:  # fmt: skip
    """Read an event file in UCDP GED or ACLED layout, which is recognised by its columns.

    Rows that are repeated, imprecise or not asked for are left out, and counted by reason in the
    account of the result, under the rules of `events.rules.read_events`. Events are projected onto
    the line of the border; for the Durand line, the columns km_from_northeast and km_to_line are
    used instead if the file has them.

    Args:
        path: the file.
        since: first date, YYYY-MM-DD; by default the first in the file.
        until: last date, YYYY-MM-DD; by default the last in the file.
        within_km: leave out events farther than this from the line.
        actor: keep only events in which a side's name contains this text.
        country: keep only events in this country.
        lethal: keep only events with deaths.
        border: the name of a border that comes with the program, or the path of a border folder.
        side: keep only events on the "home" or the "host" side of the line; "" keeps both.
        coarse: what to do with events that span several days and with summaries, as in
            `read_events`.

    Raises:
        InputError: the file cannot be read, has neither layout, has a bad date or number (reported
            with its row), or holds no such event; there is no such border.
    """
    if side not in ("", "home", "host"):
        raise InputError("is not a side", setting="side", value=side, allowed="home, host")
    folder = find_folder(border)
    span = folder.span
    course = read_course(folder.line, span)
    events = read_events(path, since, until, actor, country, lethal, coarse)
    given = folder.path == BORDERS / "durand" and "km_along" in events.frame
    if not given:
        place_beside(events, course)
    elif side:
        _, away = project(course, events.frame["longitude"], events.frame["latitude"])
        events.frame["km_depth"] *= np.sign(away)
    if side:
        here = events.frame["km_depth"].gt(0) == (side == "home")
        events.keep(here, f"not on the {side} side")
    if events.frame["km_depth"].abs().gt(within_km).all():
        refuse_far(events, course, within_km, path)
    keep_beside(events, course, within_km, at_ends=not given)
    refuse_none(events, path)
    frame = events.frame.sort_values("date", kind="stable").reset_index(drop=True)
    frame["day"] = (frame.pop("date") - events.since).dt.days
    frame = frame.assign(
        run=0, km_along=frame["km_along"] - span[0], km_depth=frame["km_depth"].abs()
    )
    days = np.array([(events.until - events.since).days + 1])
    return Incidents(frame, days, np.zeros(1, np.int64), span[1] - span[0],
                     (events.account(), *events.remarks))  # fmt: skip


incidents_of = sweep_incidents  #: Its name in 0.1.
