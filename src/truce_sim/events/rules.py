"""The rules that decide which rows of an event file count; each reports how many rows it leaves
out.

A row is left out for the first reason that applies. Nothing is guessed: a cell that should be a
date or number but is something else is an error; an empty one leaves out the row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.errors import InputError
from truce_sim.events.files import lacks, numbers, refuse
from truce_sim.events.layouts import Layout, read_layout

if TYPE_CHECKING:
    import pandas as pd

#: What to do with rows that are not one event of a day or two: count them on their first day, on
#: one of their days, or leave them out.
COARSE = ("first", "spread", "drop")
_SHORT = 2
#: Fractional parts of its multiples fill 0 to 1 evenly, however many there are.
_GOLDEN = 0.6180339887498949
#: Years that event data may be about.
_YEARS = (1945, 2100)
#: Shares of events at one place, and on first days of months, that are more than chance, and the
#: fewest events for a remark; the fewest weeks for one about weekdays.
_ON_ONE_PLACE, _ON_FIRST_DAYS, _ENOUGH, _WEEKS = 0.2, 0.2, 8, 6


@dataclass
class Events:
    """The events of a file, and an account of the rows that do not count.

    Attributes:
        frame: date, deaths, longitude, latitude of each event; km_along and km_depth if the file
            has them (`km_from_northeast`, `km_to_line`).
        source: the data set and the file.
        rows: number of rows of the file.
        dropped: reason -> number of rows left out for it.
        remarks: what looks wrong or was decided, in sentences.
        since: first day observed.
        until: last day observed.
    """

    frame: pd.DataFrame
    source: str
    rows: int
    since: pd.Timestamp
    until: pd.Timestamp
    dropped: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def keep(self, kept: pd.Series, reason: str) -> None:
        """Leave out the other events, and count them."""
        lost = int((~kept).sum())
        if lost:
            self.dropped[reason] = self.dropped.get(reason, 0) + lost
            self.frame = self.frame[kept]

    def account(self) -> str:
        """Return how many rows count and why the others do not, in one line."""
        text = f"{self.source}: {len(self.frame):,} of {self.rows:,} rows count"
        reasons = [f"{number:,} {reason}" for reason, number in self.dropped.items()]
        return f"{text}; {', '.join(reasons)}" if reasons else text


def read_events(
    path: str | Path, since: str = "", until: str = "", actor: str = "", country: str = "",
    lethal: bool = True, coarse: str = "first",
) -> Events:  # fmt: skip
    """Read an event file in the layout of UCDP GED or ACLED.

    Left out are, in this order: repeated ids, rows without a date or a place, events dated or
    placed too imprecisely (beyond a few days or a district for UCDP, a day or a town's surroundings
    for ACLED) or of unknown precision, other actors and countries, events without deaths, and other
    dates. Events of several days and summaries of several events count on their first day, or as
    `coarse` says.

    Args:
        path: the file.
        since: first date, YYYY-MM-DD; by default that of the first event.
        until: last date, YYYY-MM-DD; by default that of the last event.
        actor: keep only events in which a side's name contains this text.
        country: keep only events in this country.
        lethal: keep only events with deaths.
        coarse: what to do with events of more than two days, and with those that UCDP marks as
            summaries of several events (event_clarity 2): "first" counts them on their first day,
            "spread" once each on one of the days that they cover, evenly over these events, "drop"
            leaves them out.

    Raises:
        InputError: the file or an argument is bad, or no event is left, with the reasons.
    """
    if coarse not in COARSE:
        raise InputError("no such rule", setting="coarse", value=coarse, allowed=", ".join(COARSE))
    first, last = _watched("since", since), _watched("until", until)
    table, layout = read_layout(Path(path))
    found = _cells_as_values(table, layout, path)
    events = Events(found, f"{layout.name}, {Path(path).name}", len(table), found["date"].min(),
                    found["date"].max())  # fmt: skip
    _leave_out_unusable(events, table, layout, path)
    for columns, word, what in ((layout.actors, actor, "other actors"),
                                (("country",), country, "in other countries")):  # fmt: skip
        if word:
            events.keep(_mentions(table, columns, word, path)[events.frame.index], what)
    if lethal:
        events.keep(events.frame["deaths"].gt(0), "without deaths")
    _coarse(events, table, coarse, path)
    events.since = found["date"].min() if first is None else first
    latest = max(found["date"].max(), events.frame["date"].max())  # one may have been moved
    events.until = latest if last is None else last
    if events.until < events.since:
        name, text = ("until", until) if until else ("since", since)
        raise InputError(
            "leaves no days", setting=name, value=text, allowed="since at or before until; the "
            f"events are of {found['date'].min():%Y-%m-%d} to {found['date'].max():%Y-%m-%d}",
        )  # fmt: skip
    inside = events.frame["date"].between(events.since, events.until)
    events.keep(inside, "at other dates")
    refuse_none(events, path)
    events.remarks += suspicions(events.frame)
    return events


def refuse_none(events: Events, path: str | Path) -> None:
    """Refuse a file in which no event is left.

    Raises:
        InputError: with the account of why.
    """
    if events.frame.empty:
        raise InputError(f"has no such event: {events.account().partition(': ')[2]}",
                         value=str(path), allowed="other dates, actor or distance")  # fmt: skip


def iso_date(setting: str, text: str) -> pd.Timestamp | None:
    """Return a date given as YYYY-MM-DD, None for "".

    Raises:
        InputError: it is something else: 01/02/2018 could be two days.
    """
    import pandas as pd

    if not text:
        return None
    found = pd.to_datetime(text, errors="coerce", format="%Y-%m-%d")
    if pd.isna(found) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise InputError("is not a date", setting=setting, value=text, allowed="YYYY-MM-DD")
    return pd.Timestamp(found)


def _watched(setting: str, text: str) -> pd.Timestamp | None:
    """Return the first or last date observed; one such as 0018-01-01, which would add 700,000 quiet
    days, is refused."""
    found = iso_date(setting, text)
    if found is not None and not _YEARS[0] <= found.year <= _YEARS[1]:
        raise InputError("is not in a year of event data", setting=setting, value=text,
                         allowed=f"a date of the years {_YEARS[0]} to {_YEARS[1]}")  # fmt: skip
    return found


def _cells_as_values(table: pd.DataFrame, layout: Layout, path: str | Path) -> pd.DataFrame:
    import pandas as pd

    columns = {"date": _dates(table[layout.date], path),
               "deaths": numbers(table, layout.deaths, path)}  # fmt: skip
    given = {"km_along": "km_from_northeast", "km_depth": "km_to_line"}
    if set(given.values()) <= set(table.columns):
        columns |= {name: numbers(table, column, path) for name, column in given.items()}
    if not given.keys() <= columns.keys() or {"longitude", "latitude"} <= set(table.columns):
        columns |= {name: numbers(table, name, path) for name in ("longitude", "latitude")}
    if layout.end and layout.end in table:
        columns["end"] = _dates(table[layout.end], path)
    return pd.DataFrame(columns)


def _dates(values: pd.Series, path: str | Path) -> pd.Series:
    """Parse dates as UCDP writes them (the time of day is ignored) or ACLED; NaT if empty."""
    import pandas as pd

    row, distinct = pd.factorize(values.str.strip())  # many events share a day: parse it once
    text = pd.Series(distinct, dtype=str)
    day = text.str.split("[ T]", regex=True).str[0]
    found = pd.to_datetime(day, errors="coerce", format="%Y-%m-%d")
    for form in ("%d %B %Y", "%d-%B-%Y", "%d %b %Y", "%d-%b-%Y"):  # ACLED: 02 April 2021
        found = found.fillna(pd.to_datetime(text, errors="coerce", format=form))
    year = found.dt.year.fillna(pd.to_numeric(day.str.extract(r"^(\d{4})-")[0], errors="coerce"))

    def of_rows(column: pd.Series) -> pd.Series:
        return column.take(row).set_axis(values.index)

    implausible = of_rows(year.lt(_YEARS[0]) | year.gt(_YEARS[1]))
    refuse(implausible, values, path, "is not in a year of event data",
           f"years from {_YEARS[0]} on, in four digits")  # fmt: skip
    refuse(of_rows(found.isna() & text.ne("")), values, path, "is not a date",
           "YYYY-MM-DD, or a form like 2 April 2021")  # fmt: skip
    return of_rows(found)


def _leave_out_unusable(
    events: Events, table: pd.DataFrame, layout: Layout, path: str | Path
) -> None:
    """Leave out repeated ids, rows without a date or place, and impossible or imprecise ones."""
    ids = next((table[name].str.strip() for name in layout.ids if name in table), None)
    if ids is not None:
        events.keep(~(ids.duplicated() & ids.ne("")), f"repeated ({ids.name} seen before)")
    elif alike := int(table.duplicated().sum()):
        events.remarks.append(
            f"{alike:,} rows are the same as an earlier one, but without a column {layout.ids[0]} "
            "nothing tells whether they are the same event: they count"
        )
    events.keep(events.frame["date"].notna(), "without a date")
    events.keep(events.frame["deaths"].notna(), f"without a number in {layout.deaths}")
    places = [
        name for name in ("km_along", "km_depth", "longitude", "latitude") if name in events.frame
    ]
    events.keep(events.frame[places].notna().all(axis=1), "without a place")
    if "latitude" in places:
        _refuse_off_the_earth(events.frame, table, path)
    if "end" in events.frame:
        backwards = events.frame["end"].lt(events.frame["date"])
        events.keep(~backwards, "that end before they begin")
    for name, (most, what) in layout.precision.items():
        if name in table:
            code = numbers(table, name, path)[events.frame.index]
            events.keep(code.notna(), f"with a blank {name}")
            events.keep(code[events.frame.index].le(most), what)


def _refuse_off_the_earth(frame: pd.DataFrame, table: pd.DataFrame, path: str | Path) -> None:
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        bad = frame[name].abs().gt(most)
        if bad.any():
            many = name == "latitude" and bad.mean() > 0.5
            hint = "longitude and latitude may be swapped" if many else ""
            row = int(bad.index[int(bad.to_numpy().argmax())])
            raise InputError(
                f"is not on the earth ({int(bad.sum())} of {len(bad)} rows)", setting=name,
                value=str(table[name].iloc[row]), allowed=f"-{most:g} to {most:g} degrees",
                origin=f"{path}, row {row + 1}", suggestion=hint,
            )  # fmt: skip


def _mentions(
    table: pd.DataFrame, columns: tuple[str, ...], word: str, path: str | Path
) -> pd.Series:
    """Whether one of these columns contains a word."""
    known = [name for name in columns if name in table]
    if not known:
        raise lacks(table, columns[0], path)
    names = table[known].agg(" ".join, axis=1)
    return names.str.contains(word, case=False, regex=False).astype(bool)


def _coarse(events: Events, table: pd.DataFrame, rule: str, path: str | Path) -> None:
    """Deal with events of several days and with summaries, and say how many there are."""
    kinds = {}
    if "end" in events.frame:
        days = (events.frame.pop("end") - events.frame["date"]).dt.days + 1
        kinds[f"cover more than {_SHORT} days (up to {days.max():g})"] = days.gt(_SHORT)
        if rule == "spread":
            _spread(events, days)
    if "event_clarity" in table:
        clarity = numbers(table, "event_clarity", path)[events.frame.index]
        kinds["are summaries of several events (event_clarity 2)"] = clarity.gt(1)
    where = "once, on one of their days" if rule == "spread" else "on their first day"
    for what, these in kinds.items():
        of_these = these[events.frame.index]
        if rule == "drop":
            events.keep(~of_these, what.replace("are ", "").replace("cover", "that cover"))
        elif of_these.any():
            number = int(of_these.sum())
            events.remarks.append(f"{number:,} events {what}: they count {where}")


def _spread(events: Events, days: pd.Series) -> None:
    """Move each event of more than two days to one of its days, by multiples of the golden ratio.

    So all days of such events are used about equally often, and the same file gives the same dates.
    An event is not split over its days, because its parts would look like a series of attacks.
    """
    import numpy as np
    import pandas as pd

    long = days.index[days.gt(_SHORT)]
    share = (np.arange(1, len(long) + 1) * _GOLDEN) % 1.0
    moved = events.frame["date"].copy()
    moved[long] += pd.to_timedelta((share * days[long]).astype(int), unit="D")
    events.frame = events.frame.assign(date=moved)


def suspicions(frame: pd.DataFrame) -> list[str]:
    """Return signs that rows are not single events, in sentences.

    Args:
        frame: date, longitude and latitude of events.
    """
    n, found = len(frame), []
    weekdays = frame["date"].dt.day_name()
    weeks = frame["date"].dt.to_period("W").nunique()
    if weekdays.nunique() == 1 and weeks >= _WEEKS:
        found.append(f"all {n} events are on a {weekdays.iloc[0]}: they may be sums of weeks")
    firsts = int(frame["date"].dt.day.eq(1).sum())
    if firsts > _ON_FIRST_DAYS * n and firsts >= _ENOUGH:
        found.append(f"{firsts} of {n} events are on the first of a month: their dates may be "
                     "those of months")  # fmt: skip
    if "longitude" in frame and n >= _ENOUGH:
        at = frame.groupby(["longitude", "latitude"]).size().sort_values(ascending=False)
        if at.iloc[0] > _ON_ONE_PLACE * n and at.iloc[0] >= _ENOUGH:
            east, north = (float(degree) for degree in at.index[0])
            found.append(f"{at.iloc[0]} of {n} events lie on one place, {east:g}, {north:g} "
                         "(longitude, latitude): it may stand for a region")  # fmt: skip
    return found
