"""Dates of days: day 0 of a run may have a date, from which every other day's follows."""

from __future__ import annotations

import re
from datetime import date, timedelta

from truce_sim.errors import InputError

#: How a date is written: ISO 8601, so that none can be read in two ways.
FORM = "YYYY-MM-DD"

#: The first and the last year that day 0 may be in; others are typing errors, such as 0025.
YEARS = (1700, 2200)

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def is_date(value: object) -> bool:
    """Whether a value is a date, or text that has the form of one."""
    return isinstance(value, date) or (isinstance(value, str) and bool(_ISO.fullmatch(value)))


def read_date(text: str) -> date:
    """Return the date that a text in ISO form names.

    Raises:
        ValueError: it has another form, there is no such day, or the year is implausible.
    """
    if not _ISO.fullmatch(text):
        raise ValueError(f"is not a date in the form {FORM}")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise ValueError(f"is not within the years {YEARS[0]} to {YEARS[1]}")
    return found


def day_of(text: str, first: date | None, setting: str) -> int:
    """Return the day of a date.

    Args:
        text: the date, in ISO form.
        first: the date of day 0; None if it has none.
        setting: what the date was given for, for the message.

    Raises:
        InputError: it is not a date or is before day 0, or day 0 has no date.
    """
    try:
        days = (read_date(text) - first).days if first else None
    except ValueError as error:
        raise InputError(
            str(error), setting=setting, value=text, allowed=f"a day, or a date ({FORM})"
        ) from None
    if days is None:
        raise InputError(
            "is a date, but day 0 has none", setting=setting, value=text,
            allowed=f"a day; or scenario.start_date={FORM}, the date of day 0",
        )  # fmt: skip
    if days < 0:
        raise InputError(
            f"is before day 0, which is {first}", setting=setting, value=text,
            allowed="a later date; or another scenario.start_date",
        )  # fmt: skip
    return days


def read_day(text: str, first: date | None, setting: str) -> int:
    """Return the day that a text names, as a number or as a date.

    Args:
        text: "37", or a date in ISO form.
        first: the date of day 0; None if it has none.
        setting: what the day was given for, for the message.

    Raises:
        InputError: it is neither, or as in `day_of`.
    """
    return int(text) if re.fullmatch(r"\d+", text, re.ASCII) else day_of(text, first, setting)


def date_of(first: date | None, day: int) -> date | None:
    """Return the date of a day, None if day 0 has no date."""
    return None if first is None else first + timedelta(days=day)


def in_words(moment: date | None) -> str:
    """Write a date out, "19 October 2025"; "" for none."""
    return "" if moment is None else f"{moment.day} {moment:%B %Y}"
