"""Cells of tables of data, as users give them, with clear answers where they are wrong."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from truce_sim.errors import InputError, a_kind

#: A table as users give it: a CSV file, a DataFrame, a mapping for each row.
AnyTable: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Sequence[Mapping[str, Any]]"
#: Most days that a truce can be said to last.
MOST_DAYS = 3650


def rows_of(table: AnyTable, setting: str) -> Iterator[tuple[dict[str, str], str]]:
    """Yield each row, cells as text, with where it stands.

    Args:
        table: a file, a frame, or mappings.
        setting: what it is given as, for messages.

    Raises:
        InputError: it is no table, or the file cannot be read.
    """
    if isinstance(table, str | os.PathLike):
        yield from _of_file(Path(table).expanduser(), setting)
        return
    if not isinstance(table, pd.DataFrame):
        rows: Any = table  # may be anything
        listed = isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows)
        if not listed:
            raise InputError(f"is no table but {a_kind(table)}", setting=setting,
                             allowed="a CSV file, a DataFrame, or a mapping for each row",
            )  # fmt: skip
        table = pd.DataFrame(list(table))
    for number, row in enumerate(table.to_dict("records")):
        cells = {str(name): "" if pd.isna(cell) else str(cell) for name, cell in row.items()}
        yield cells, f"row {number} (counted from 0)"


def _of_file(path: Path, setting: str) -> Iterator[tuple[dict[str, str], str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [({str(k).strip(): (v or "").strip() for k, v in row.items() if k},
                     f"{path.name} line {reader.line_num}") for row in reader]  # fmt: skip
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot be read: {reason}", setting=setting, value=str(path),
                         allowed="a CSV file") from None  # fmt: skip
    yield from rows


def whole_days(row: Mapping[str, str], name: str, where: str) -> int:
    """A number of days; InputError if it is none."""
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST_DAYS or value != int(value):
        raise InputError("is not a number of days", setting=name, value=row[name], origin=where,
                         allowed=f"a whole number from 0 up to {MOST_DAYS:,}")  # fmt: skip
    return int(value)


def flag(row: Mapping[str, str], where: str) -> bool:
    """Whether a truce ended; InputError if the cell does not say."""
    text = row.get("ended", "").lower()
    known = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
    if text not in known:
        raise InputError("does not say whether the truce ended", setting="ended",
                         value=text or None, allowed="1 or 0", origin=where)  # fmt: skip
    return known[text]


def date_of(row: Mapping[str, str], name: str, where: str) -> date:
    """A date; InputError if the cell has none."""
    try:
        return date.fromisoformat(row.get(name, "")[:10])
    except ValueError:
        raise InputError("is not a date", setting=name, value=row.get(name) or None, origin=where,
                         allowed="YYYY-MM-DD; or a column days") from None  # fmt: skip
