"""Cells of users' data tables, with clear errors where they are wrong."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from truce_sim.errors import InputError, a_kind, closest

#: A table as users give it: a CSV file, a DataFrame, or a mapping for each row.
AnyTable: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Sequence[Mapping[str, Any]]"
#: A row: its cells as text, and its place for messages.
Row: TypeAlias = tuple[dict[str, str], str]
#: The longest duration of a truce that is accepted.
MOST_DAYS = 3650


def rows_of(table: AnyTable, setting: str, needs: Sequence[str], notes: str = "") -> list[Row]:
    """Return the rows of a table; at least one.

    Args:
        table: a file, a frame, or mappings.
        setting: the argument's name, for messages.
        needs: columns that it must have, such as "kind", or "date or day" for one of them.
        notes: which columns are allowed, for messages.

    Raises:
        InputError: it is not a table, the file cannot be read, a column is missing, or there is no
            row.
    """
    if isinstance(table, str | os.PathLike):
        rows = _of_file(Path(table).expanduser(), setting, needs, notes)
    else:
        rows = _of_frame(_frame(table, setting), setting, needs, notes)
    if not rows:
        raise InputError("has no rows", setting=setting, allowed="at least one",
                         value=str(table) if isinstance(table, str | os.PathLike) else None,
        )  # fmt: skip
    return rows


def _frame(table: Any, setting: str) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    listed = isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table)
    if not listed:
        raise InputError(
            f"is not a table but {a_kind(table)}", setting=setting,
            allowed="a CSV file, a DataFrame, or a list with a mapping for each row",
        )  # fmt: skip
    return pd.DataFrame(list(table))


def _of_frame(table: pd.DataFrame, setting: str, needs: Sequence[str], notes: str) -> list[Row]:
    if table.empty:
        return []
    names = [str(name) for name in table.columns]
    _check_columns(names, setting, None, needs, notes)
    rows = table.astype(object).where(table.notna(), "").to_numpy().tolist()
    return [({name: as_text(cell) for name, cell in zip(names, row, strict=True)},
             f"row {i} (counted from 0)") for i, row in enumerate(rows)]  # fmt: skip


def as_text(cell: object) -> str:
    """Return a cell of a table as text: a date without the time, a whole number without a decimal
    point."""
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _of_file(path: Path, setting: str, needs: Sequence[str], notes: str) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            table.fieldnames = [name.strip() for name in table.fieldnames or []]
            _check_columns(table.fieldnames, setting, str(path), needs, notes)
            rows = [(row, f"{path} line {table.line_num}") for row in table]
    except FileNotFoundError:
        raise InputError("no such file", setting=setting, value=str(path)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot be read: {reason}", setting=setting, value=str(path),
                         allowed="a CSV file in UTF-8") from None  # fmt: skip
    for row, where in rows:
        if None in row or None in row.values():
            raise InputError("has more or fewer cells than the first line", setting=setting,
                             origin=where)  # fmt: skip
    cells = [({name: text.strip() for name, text in row.items()}, where) for row, where in rows]
    return [(row, where) for row, where in cells if any(row.values())]


def _check_columns(
    names: Sequence[str], setting: str, path: str | None, needs: Sequence[str], notes: str
) -> None:
    lacking = [need for need in needs if not {*need.split(" or ")} & {*names}]
    if lacking and len(names) == 1 and {*names[0]} & {*";\t"}:
        raise InputError("is not separated by commas", setting=setting, value=path,
                         allowed="a CSV file with commas")  # fmt: skip
    if lacking:
        raise InputError(f"lacks the column {lacking[0]}", setting=setting, value=path,
                         allowed=notes, suggestion=closest(lacking[0], names))  # fmt: skip
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise InputError(f"names a column twice: {twice[0]}", setting=setting, value=path)


def whole_days(row: Mapping[str, str], name: str, where: str) -> int:
    """A number of days; InputError if the cell has none."""
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
