"""Data sets for a fit, each reduced to a few numbers: summaries.

A data set says how many runs represent it, and computes the same summaries from those runs as from
the data. `Summary.why` says what each is for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.errors import InputError, closest
from truce_sim.inference.cells import MOST_DAYS, AnyTable, date_of, flag, rows_of, whole_days
from truce_sim.inference.measures import MEASURES
from truce_sim.inference.record import SIDES, Entry, read_entries
from truce_sim.inference.summary import Summary
from truce_sim.intervals import z_quantile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Bounds of the windows of days in which truces are counted, as far as the data go.
EDGES = (0, 3, 7, 14, 30, 60, 120, 240, 480, 960, 1920, MOST_DAYS)
#: The columns of a table of truces, and its largest number of rows.
NOTES = "columns ended, days (or start, end), followed, id; others are notes"
MOST_TRUCES = 2000
#: The number of runs whose mean is compared with a pattern.
_RUNS_OF_PATTERN = 20
#: The level at which the range of a pattern is read: sources give 95 %, whichever level this
#: program uses.
_PUBLISHED = 0.95


class Data(Protocol):
    """A data set of a fit, read off the outcomes of runs."""

    @property
    def runs(self) -> int:
        """How many runs represent it."""

    @property
    def horizon(self) -> int:
        """Days that these runs must last."""

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The numbers it is reduced to."""

    @property
    def observed(self) -> Floats:
        """The values of the summaries in the data."""

    @property
    def account(self) -> tuple[str, ...]:
        """What was read, in sentences."""

    def describe(self) -> dict[str, Any]:
        """The data as plain values, which the manifest keeps and by which fits are told apart."""

    def read(self, runs: pd.DataFrame, rng: np.random.Generator) -> Floats:
        """Return (draws, summaries) of runs: `self.runs` for each draw, in order."""


# ── a table of truces ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Truces:
    """Truces whose length is known, or known to exceed a number of days.

    Attributes:
        days: (n,) whole days from start to end, or to the last day followed.
        ended: (n,) whether the truce collapsed then; else it is censored.
        followed: (n,) days after which it would have been censored at the latest.
    """

    days: tuple[int, ...]
    ended: tuple[bool, ...]
    followed: tuple[int, ...]

    @property
    def runs(self) -> int:
        """One for each truce: truces differ by chance and frailty, not by settings."""
        return len(self.days)

    @property
    def horizon(self) -> int:
        """The longest follow-up."""
        return max(self.followed)

    @cached_property
    def _edges(self) -> Floats:
        inner = [edge for edge in EDGES if edge < self.horizon]
        return np.array([*inner, self.horizon + 1], float)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Ends and days at risk by window: sufficient if the hazard is constant in each."""
        spans = [f"{int(low)} to {int(high) - 1}"
                 for low, high in zip(self._edges[:-1], self._edges[1:], strict=True)]  # fmt: skip
        return (
            *(Summary(f"ended, days {span}", "the hazard of the window, with the next",
                      f"days {span}") for span in spans),
            *(Summary(f"days at risk, {span}", "what the ends are out of", f"days {span}")
              for span in spans),
            Summary("mean log length", "the level, where windows are coarse"),
            Summary("deviation of log length", "whether truces differ from the start"),
            Summary("log length of the shortest", "the extremes", fitted=False),
            Summary("log length of the longest", "the extremes", fitted=False),
            Summary("share still in force when last seen", "how it ended", fitted=False),
        )  # fmt: skip

    @property
    def observed(self) -> Floats:
        """The summaries of the table."""
        days, ended = np.array([self.days], float), np.array([self.ended], bool)
        return np.asarray(self._reduce(days, ended)[0], float)

    @property
    def account(self) -> tuple[str, ...]:
        """How many there are."""
        ended = sum(self.ended)
        bound = "" if ended else " None ended: they bound how long truces last from below only."
        return (f"{self.runs:,} truces, {ended:,} of which ended within what was followed; "
                f"{sum(self.days):,} days in all.{bound}",)  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """The columns."""
        return {"days": list(self.days), "ended": list(self.ended), "followed": list(self.followed)}

    def read(self, runs: pd.DataFrame, rng: np.random.Generator) -> Floats:
        """Censor each run as its truce would have been, and summarise."""
        shape = (-1, self.runs)
        end = runs["end_day"].to_numpy(float).reshape(shape)
        fell = runs["collapsed"].to_numpy(bool).reshape(shape)
        limit = np.array(self.followed, float)
        return self._reduce(np.minimum(end, limit), fell & (end <= limit))

    def _reduce(self, days: Floats, ended: Bools) -> Floats:
        """Return (draws, summaries) of (draws, truces)."""
        low, high = self._edges[:-1], self._edges[1:]
        cell = np.searchsorted(self._edges, days, "right") - 1
        counts = [(ended & (cell == k)).sum(axis=1) for k in range(low.size)]
        risk = [np.clip(days - a, 0, b - a).sum(axis=1) for a, b in zip(low, high, strict=True)]
        logs = np.log1p(days)
        rows = [np.sqrt(np.array(counts, float)), np.log1p(np.array(risk, float)),
                logs.mean(axis=1)[None], logs.std(axis=1)[None], logs.min(axis=1)[None],
                logs.max(axis=1)[None], 1 - ended.mean(axis=1)[None]]  # fmt: skip
        return np.concatenate(rows).T


def read_truces(table: AnyTable) -> Truces:
    """Read and check a table of truces.

    Columns: `days` (whole days until the end, or until the last day followed), `ended` (1 or 0),
    and, if known, `followed` (days after which it would have been censored). Or `start` and `end`
    as dates instead of `days`. Other columns are notes. Without `followed`, a truce that ended
    counts as followed for as long as the longest in the table.

    Raises:
        InputError: no rows, a bad or contradictory cell, two rows of one `id`.
    """
    rows = rows_of(table, "truces", ("ended", "days or start"), NOTES)
    if len(rows) > MOST_TRUCES:
        raise InputError(f"has {len(rows):,} rows", setting="truces",
                         allowed=f"up to {MOST_TRUCES:,}")  # fmt: skip
    _refuse_twins(rows)
    days = [_length(row, where) for row, where in rows]
    ended = [flag(row, where) for row, where in rows]
    for (_, where), n, over in zip(rows, days, ended, strict=True):
        if n == 0 and not over:
            raise InputError("was not followed for a day, and says nothing", setting="days",
                             value=0, allowed="at least 1, if it did not end", origin=where,
            )  # fmt: skip
    longest = max(days)
    followed = [_followed(row, where, n, longest, over)
                for (row, where), n, over in zip(rows, days, ended, strict=True)]  # fmt: skip
    return Truces(tuple(days), tuple(ended), tuple(followed))


def _refuse_twins(rows: Sequence[tuple[dict[str, str], str]]) -> None:
    seen: dict[str, str] = {}
    for row, where in rows:
        name = row.get("id", "")
        if name and name in seen:
            raise InputError("is there twice", setting="id", value=name, origin=where,
                             allowed=f"one row for each truce ({seen[name]} has it too)",
            )  # fmt: skip
        seen[name] = where


def _length(row: Mapping[str, str], where: str) -> int:
    if row.get("days", ""):
        return whole_days(row, "days", where)
    start, end = (date_of(row, name, where) for name in ("start", "end"))
    if end < start:
        raise InputError("is before the start of the truce", setting="end", value=row["end"],
                         allowed=f"a date from {row['start']} on", origin=where)  # fmt: skip
    return (end - start).days


def _followed(row: Mapping[str, str], where: str, days: int, longest: int, ended: bool) -> int:
    if not row.get("followed", ""):
        return longest if ended else days
    found = whole_days(row, "followed", where)
    if found < days:
        raise InputError(f"is less than the {days} days it lasted", setting="followed",
                         value=found, allowed=f"at least {days}", origin=where)  # fmt: skip
    if not ended and found != days:
        raise InputError("contradicts days: a truce that did not end was followed just so long",
                         setting="followed", value=found, allowed=f"{days}, or nothing",
                         origin=where)  # fmt: skip
    return found


# ── the record of one case ───────────────────────────────────────────────────────────────────


#: Kinds of rows that a fit does not use: how many are reported depends on who counts.
LEFT_OUT = ("violation", "clash")


@dataclass(frozen=True)
class Case:
    """One truce for which it is known what happened when.

    Attributes:
        last: the day of its collapse, or the last day followed.
        ended: whether it collapsed on that day.
        firsts: kind -> day of the first one, for the kinds on record.
        counts: name of an outcome -> how many, for the kinds on record.
        least_days: horizon of the runs, if the truce ended.
    """

    last: int
    ended: bool
    firsts: Mapping[str, int]
    counts: Mapping[str, int]
    least_days: int = 365

    @property
    def runs(self) -> int:
        """A single truce."""
        return 1

    @property
    def horizon(self) -> int:
        """As long as it was followed; a truce that ended would have been followed longer."""
        return max(self.last, self.least_days) if self.ended else self.last

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Length, first days and counts of the kinds on record."""
        return (
            Summary("log length", "how long it held"),
            Summary("ended", "whether it collapsed or was still in force"),
            *(Summary(f"log day of the first {kind}", "how soon patience ended")
              for kind in self.firsts),
            *(Summary(f"log number, {name}", "how it went on") for name in self.counts),
        )  # fmt: skip

    @property
    def observed(self) -> Floats:
        """The summaries of the record."""
        return np.array([
            math.log1p(self.last), float(self.ended), *map(math.log1p, self.firsts.values()),
            *map(math.log1p, self.counts.values()),
        ])  # fmt: skip

    @property
    def account(self) -> tuple[str, ...]:
        """How it ended, and what of it is used."""
        how = f"collapsed on day {self.last}" if self.ended else f"in force on day {self.last}"
        used = ", ".join([*(f"first {kind} on day {day}" for kind, day in self.firsts.items()),
                          *(f"{name} {n}" for name, n in self.counts.items())])  # fmt: skip
        return (f"One case, {how}{f'; {used}' if used else ''}.",)

    def describe(self) -> dict[str, Any]:
        """Its numbers."""
        return {"last": self.last, "ended": self.ended, "firsts": dict(self.firsts),
                "counts": dict(self.counts)}  # fmt: skip

    def read(self, runs: pd.DataFrame, rng: np.random.Generator) -> Floats:
        """Return these numbers for runs; an event that never happened counts as on the day after
        the last."""
        columns = [np.log1p(runs["end_day"].to_numpy(float)), runs["collapsed"].to_numpy(float)]
        for kind in self.firsts:
            day = runs[f"first_{kind}_day"].to_numpy(float, na_value=self.horizon + 1)
            columns.append(np.log1p(day))
        columns += [np.log1p(runs[name].to_numpy(float)) for name in self.counts]
        return np.column_stack(columns)


def read_case(record: AnyTable, first: date | None, horizon: int = 365) -> Case:
    """Read the record of one truce (`record.py`).

    Rows of violations and clashes are left out, and rows with a probability below 1/2; others
    count. Without a collapse, the last day of those that count is the last day followed.

    Args:
        record: the table.
        first: the date of day 0.
        horizon: of the runs that represent a truce that ended.

    Raises:
        InputError: as `read_entries` does; no row counts, or a day is too late for a run.
    """
    entries = [e for e in read_entries(record, first)
               if e.kind not in LEFT_OUT and e.probability >= 0.5]  # fmt: skip
    if not entries:
        raise InputError(
            "has no rows that can be used", setting="record",
            allowed="at least one of strike, suspension, round, collapse, followed",
        )  # fmt: skip
    last = max(entry.day for entry in entries)
    if last > MOST_DAYS:
        raise InputError("is too long after day 0", setting="record", value=f"day {last:,}",
                         allowed=f"days up to {MOST_DAYS:,}")  # fmt: skip
    firsts = {kind: min(days) for kind in ("strike", "suspension")
              if (days := [e.day for e in entries if e.kind == kind])}  # fmt: skip
    ended = any(entry.kind == "collapse" for entry in entries)
    return Case(last, ended, firsts, _counts(entries), horizon)


def _counts(entries: Sequence[Entry]) -> dict[str, int]:
    """How many strikes of each side, if there are any, and rounds, likewise."""
    strikes = [entry for entry in entries if entry.kind == "strike"]
    found = {f"strikes_by_{side}": int(sum(e.count for e in strikes if e.side == side))
             for side in SIDES if strikes}  # fmt: skip
    rounds = sum(entry.kind == "round" for entry in entries)
    return found | ({"rounds_called": rounds} if rounds else {})


# ── patterns ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pattern:
    """A number known within a range; it is compared with the mean of twenty runs.

    Attributes:
        name: of a measure.
        low: end of its 95 % interval.
        high: the other end.
        days: horizon of the runs.
    """

    name: str
    low: float
    high: float
    days: int = 365

    @property
    def runs(self) -> int:
        """Several, for a mean."""
        return _RUNS_OF_PATTERN

    @property
    def horizon(self) -> int:
        """The horizon of the base."""
        return self.days

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The number itself, as the only summary."""
        return (Summary(self.name, MEASURES[self.name].words),)

    @property
    def observed(self) -> Floats:
        """The middle of the range."""
        return np.array([(self.low + self.high) / 2])

    @property
    def account(self) -> tuple[str, ...]:
        """Its range."""
        words = MEASURES[self.name].words
        return (f"Pattern: {words}, {self.low:g} to {self.high:g} (read as a 95 % interval).",)

    def describe(self) -> dict[str, Any]:
        """Name and range."""
        return {"measure": self.name, "low": self.low, "high": self.high}

    def read(self, runs: pd.DataFrame, rng: np.random.Generator) -> Floats:
        """Return the mean of the runs, with an error as large as the reference's."""
        values = MEASURES[self.name].read(runs).reshape(-1, self.runs)
        known = ~np.isnan(values)
        mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        error = (self.high - self.low) / (2 * z_quantile(_PUBLISHED))
        return np.asarray((mean + error * rng.standard_normal(mean.size))[:, None], float)


def read_pattern(word: str, days: int) -> Pattern:
    """Read `MEASURE=LOW..HIGH`.

    Raises:
        InputError: no such measure, or not a range.
    """
    name, _, span = word.partition("=")
    low, _, high = span.partition("..")
    if name not in MEASURES:
        raise InputError("no such measure", setting="pattern", value=name,
                         allowed=", ".join(MEASURES), suggestion=closest(name, MEASURES),
        )  # fmt: skip
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = (math.nan, math.nan)
    if not ends[0] < ends[1]:
        raise InputError("is not a range", setting="pattern", value=word,
                         allowed="MEASURE=LOW..HIGH, such as stopped_at_border=0.35..0.67",
        )  # fmt: skip
    if MEASURES[name].least_days > days:
        raise InputError("is not known within the horizon", setting="pattern", value=name,
                         allowed=f"run.horizon_days of at least {MEASURES[name].least_days}",
        )  # fmt: skip
    return Pattern(name, *ends, days)
