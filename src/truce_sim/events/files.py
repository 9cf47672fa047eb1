"""Tables of text in a file: separators, encodings, tag rows and missing headers are detected."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.errors import InputError, shortened

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_LINES = 20
#: Share of filled cells starting with # from which a row counts as HXL tags (hxlstandard.org).
_TAGS = 0.5
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: A number as spreadsheets of many countries write it.
_WITH_COMMA = r"[-+]?\d+,\d+"


def read_cells(path: Path, what: str = "a CSV file") -> pd.DataFrame:
    """Read a table of text; the first row names the columns, which are lowercased.

    Cells are separated by commas, semicolons, tabs or bars: whichever makes most columns. Text is
    UTF-8 or UTF-16, as its first bytes say, or else Latin-1. A row of HXL tags is left out.

    Args:
        path: the file.
        what: what is expected, for messages.

    Returns:
        All cells as text, "" where there is nothing; a row for each line.

    Raises:
        InputError: the file cannot be read, is empty or has rows of different lengths.
    """
    import pandas as pd

    text = _text(path, what)
    if not text.strip():
        raise InputError("cannot be read: it is empty", value=str(path), allowed=what)
    try:
        table = pd.read_csv(
            io.StringIO(text), sep=separator(text), dtype=str, keep_default_na=False,
            skip_blank_lines=True, index_col=False,
        )  # fmt: skip
    except (ValueError, csv.Error) as error:  # parsing errors of pandas are ValueErrors
        raise InputError(f"cannot be read: {str(error).strip()}", value=str(path),
                         allowed=what) from None  # fmt: skip
    table.columns = [str(name).strip().lower() for name in table.columns]
    first = [str(cell).strip() for cell in table.iloc[0]] if len(table) else []
    tags = [cell for cell in first if cell]
    if tags and sum(cell.startswith("#") for cell in tags) >= _TAGS * len(tags):
        table = table.iloc[1:].reset_index(drop=True)
    return table


def separator(text: str) -> str:
    """Return the separator that cuts the first lines of a table into the most columns, equally many
    in each."""
    lines = text.splitlines()[:_SAMPLE_LINES]

    def columns(mark: str) -> tuple[int, int]:
        rows = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        first = rows[0] if rows else 0
        return (first if first > 1 else 0), sum(n == first for n in rows)

    return max(_SEPARATORS, key=columns)


def _text(path: Path, what: str) -> str:
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot be read: {reason}", value=str(path), allowed=what) from None
    if content.startswith(_UTF16):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        raise InputError("cannot be read: it is not text", value=str(path), allowed=what)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def numbers(table: pd.DataFrame, column: str, path: str | Path) -> pd.Series:
    """Return a column as numbers, NaN where a cell is empty.

    Raises:
        InputError: there is no such column, or a cell is something else; it names the row.
    """
    import pandas as pd

    if column not in table:
        raise lacks(table, column, path)
    text = table[column].str.strip()
    found = pd.to_numeric(text, errors="coerce")
    bad = found.isna() & text.ne("")
    point = " with a decimal point" if text[bad].str.fullmatch(_WITH_COMMA).any() else ""
    refuse(bad, table[column], path, "is not a number", f"a number{point}")
    return found


def lacks(table: pd.DataFrame, what: str, path: str | Path) -> InputError:
    """Return the error for a table without a column; it lists those there are."""
    return InputError(f"lacks a column {what}", value=str(path),
                      allowed=f"a column {what}, {besides(table)}")  # fmt: skip


def besides(table: pd.DataFrame) -> str:
    """Return the columns of a table in words, with a remark if they look like data."""
    names = "besides " + shortened(", ".join(map(str, table.columns)), 160)
    data = any(re.fullmatch(r"[-+]?\d+([.,]\d+)*", str(name)) for name in table.columns)
    return f"{names}; the first row, which has numbers, must name the columns" if data else names


def refuse(bad: pd.Series, values: pd.Series, path: str | Path, what: str, allowed: str) -> None:
    """Refuse a column if some cells are bad, naming the first and its row.

    Raises:
        InputError: some are.
    """
    if bad.any():
        row = int(bad.to_numpy().argmax())
        more = f" ({int(bad.sum())} of {len(bad)} rows)" if bad.sum() > 1 else ""
        raise InputError(f"{what}{more}", setting=str(values.name), value=str(values.iloc[row]),
                         allowed=allowed, origin=f"{path}, row {row + 1}")  # fmt: skip
