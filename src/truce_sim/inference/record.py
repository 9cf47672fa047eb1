"""The record of a truce: a table of dated rows, read and checked, for nowcasts and for fits.

Columns: `date` or `day` (or both, if they agree), `kind`, and, for kinds that have them, `side`,
    `value` and `probability`. Other columns are notes and are not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from truce_sim.errors import InputError, closest
from truce_sim.inference.cells import AnyTable, as_text, rows_of
from truce_sim.settings.dates import day_of

#: The kinds of rows, and what the `value` of each is.
KINDS = {
    "violation": "incidents attributed to the host's soil that day: a number, by default 1",
    "strike": "strikes by that side that day: a whole number, by default 1",
    "clash": "clashes between posts that day: a whole number, by default 1",
    "round": "how a round of talks ended that day: succeeded or failed",
    "suspension": "the truce was suspended: no value",
    "collapse": "the truce ended: no value",
    "followed": "the truce was followed up to that day, if nothing happened on it: no value",
}
SIDES = ("home", "host")
#: The most strikes, clashes or rounds in a day.
MOST = 1000
_NUMBER = re.compile(r"-?\d+(\.\d*)?")
ENDS = ("succeeded", "failed")
COLUMNS = ("date", "day", "kind", "side", "value", "probability")
#: The columns that a record must have, and a note on all that are read.
NEEDS, NOTES = ("kind", "date or day"), f"columns {', '.join(COLUMNS)}; others are notes"

#: A record as users give it; None: nothing happened.
AnyRecord: TypeAlias = "AnyTable | None"


@dataclass(frozen=True, order=True)
class Entry:
    """One row of a record.

    Attributes:
        day: from 0.
        kind: one of `KINDS`.
        side: of a strike, home or host; else "".
        end: of a round, succeeded or failed; else "".
        count: how many that day.
        probability: that it is true.
    """

    day: int
    kind: str
    side: str = ""
    end: str = ""
    count: float = 1.0
    probability: float = 1.0


@dataclass(frozen=True)
class Record:
    """The record of a truce as known on a day.

    Attributes:
        as_of: the day, whose end is the present.
        entries: what is known by then, by day.
        later: how many rows are about later days; they are not used.
    """

    as_of: int
    entries: tuple[Entry, ...]
    later: int = 0


def read_record(record: AnyRecord, as_of: object, first: date | None) -> Record:
    """Read and check a record.

    Args:
        record: a CSV file, a table, rows, or None for a truce with nothing on record.
        as_of: the day whose end is the present, as a number or a date; None: the last day of the
            record.
        first: the date of day 0; None if it has none.

    Raises:
        InputError: bad rows; a day before day 0; a truce that is over by that day.
    """
    entries = read_entries(record, first)
    if as_of is None and not entries:
        raise InputError("is missing, and no record gives a last day", setting="--as-of",
                         allowed="a day, or a date (YYYY-MM-DD)")  # fmt: skip
    now = max(e.day for e in entries) if as_of is None else _day(as_of, first, "--as-of")
    known = tuple(sorted(e for e in entries if e.day <= now))
    for entry in known:
        if entry.kind == "collapse":
            raise InputError(
                "the record has the truce over by then", setting="--as-of", value=as_of,
                allowed=f"a day before {entry.day}, the day of its collapse",
            )  # fmt: skip
    noted = tuple(entry for entry in known if entry.kind != "followed")
    return Record(now, noted, len(entries) - len(known))


def read_entries(record: AnyRecord, first: date | None) -> list[Entry]:
    """Return all rows of a record, in its order.

    Raises:
        InputError: bad rows.
    """
    rows = [] if record is None else rows_of(record, "record", NEEDS, NOTES)
    entries = [_entry(row, where, first) for row, where in rows]
    _refuse_twins(entries, [where for _, where in rows])
    _refuse_afterwards(entries, [where for _, where in rows])
    return entries


def in_words(entry: Entry) -> str:
    """Say what a row says: "2 × violation", "strike by home (claimed, 0.5)"."""
    number = f"{entry.count:g} × " if entry.count != 1 else ""
    what = " ".join(filter(None, (entry.kind, entry.end, entry.side and f"by {entry.side}")))
    return f"{number}{what}" + (
        f" (claimed, {entry.probability:g})" if entry.probability < 1 else ""
    )


def _entry(row: Mapping[str, str], where: str, first: date | None) -> Entry:
    """Read a row.

    Raises:
        InputError: a bad cell; the message says where.
    """
    cell = {name: row.get(name, "").strip() for name in COLUMNS}
    try:
        day = _day_of_row(cell, first)
        kind = _word("kind", cell["kind"], tuple(KINDS))
        side = cell["side"]
        if kind == "strike":
            side = _word("side", side, SIDES)
        elif side:
            raise InputError("is only for strikes", setting="side", value=side, allowed="nothing")
        end = _word("value", cell["value"], ENDS) if kind == "round" else ""
        count = 1.0 if end else _count(kind, cell["value"])
        return Entry(day, kind, side, end, count, _probability(kind, cell["probability"]))
    except InputError as error:
        raise error.at(origin=where) from None


def _day_of_row(cell: Mapping[str, str], first: date | None) -> int:
    """Return the day of a row, from its number, its date or both."""
    by_date = day_of(cell["date"], first, "date") if cell["date"] else None
    by_number = _day(cell["day"], first, "day") if cell["day"] else None
    if by_date is None and by_number is None:
        raise InputError("is missing", setting="date", allowed="a day, or a date (YYYY-MM-DD)")
    if None not in (by_date, by_number) and by_date != by_number:
        raise InputError(f"is not the day of {cell['date']}, which is {by_date}", setting="day",
                         value=by_number, allowed="one of the two")  # fmt: skip
    found = by_number if by_date is None else by_date
    assert found is not None
    return found


def _day(value: object, first: date | None, setting: str) -> int:
    """Return a day given as a number or a date."""
    text = as_text(value)
    if text.isascii() and _NUMBER.fullmatch(text):
        if float(text) % 1:
            raise InputError("is not a whole day", setting=setting, value=text,
                             allowed="0, 1, 2, …, or a date (YYYY-MM-DD)")  # fmt: skip
        text = text.partition(".")[0]
        if int(text) < 0:
            raise InputError("is before day 0", setting=setting, value=int(text),
                             allowed="0, the first day of the truce, or later")  # fmt: skip
        return int(text)
    return day_of(text, first, setting)


def _word(column: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise InputError(
            "is missing" if not given else "is not known", setting=column, value=given or None,
            allowed=", ".join(known), suggestion=closest(given, known),
        )  # fmt: skip
    return given


def _count(kind: str, given: str) -> float:
    """Return how many a row counts."""
    if kind in ("suspension", "collapse", "followed"):
        if given:
            raise InputError("is not for this kind", setting="value", value=given,
                             allowed="nothing")  # fmt: skip
        return 1.0
    number = _number("value", given, 1.0)
    if kind != "violation" and not (1 <= number <= MOST and number.is_integer()):
        raise InputError("is not a count", setting="value", value=given,
                         allowed=f"1, 2, … {MOST:,}")  # fmt: skip
    return number


def _probability(kind: str, given: str) -> float:
    number = _number("probability", given, 1.0)
    if number > 1:
        raise InputError("is not a probability", setting="probability", value=given,
                         allowed="0 to 1; nothing: 1")  # fmt: skip
    if kind in ("collapse", "followed") and number < 1:
        raise InputError("is not for what is known", setting="probability", value=given,
                         allowed="nothing")  # fmt: skip
    return number


def _number(column: str, given: str, default: float) -> float:
    try:
        number = float(given) if given else default
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e6:
        raise InputError("is not a number from 0 up", setting=column, value=given)
    return number


def _refuse_twins(entries: Sequence[Entry], places: Sequence[str]) -> None:
    """Refuse a second row with the same day, kind, side and end."""
    seen: dict[tuple[object, ...], str] = {}
    for entry, where in zip(entries, places, strict=True):
        what = (entry.day, entry.kind, entry.side, entry.end)
        if what in seen:
            raise InputError(
                f"is given twice for day {entry.day}, before at {seen[what]}", setting="kind",
                value=entry.kind, allowed="one row, with their number as value", origin=where,
            )  # fmt: skip
        seen[what] = where


def _refuse_afterwards(entries: Sequence[Entry], places: Sequence[str]) -> None:
    """Refuse a row after the day of the collapse: the truce is over, and cannot collapse again."""
    over = min((entry.day for entry in entries if entry.kind == "collapse"), default=math.inf)
    for entry, where in zip(entries, places, strict=True):
        if entry.day > over:
            raise InputError(
                f"is after the collapse, on day {over:g}", setting="day", value=entry.day,
                allowed="rows up to the collapse; a truce that was renewed is another record",
                origin=where,
            )  # fmt: skip
