"""Tables as CSV, safe to open in a spreadsheet: nothing in them is run."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: A spreadsheet reads a cell that begins like this as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(frame: pd.DataFrame, float_format: str | None = None) -> str:
    """Return a table as CSV without its index.

    Text that a spreadsheet would read as a formula gets an apostrophe in front, which spreadsheets
    do not show. Numbers are unchanged.
    """
    text: str = guarded(frame).to_csv(index=False, float_format=float_format)
    return text


def guarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with an apostrophe before text that a spreadsheet would read as a formula."""
    words = frame.select_dtypes(exclude=["number", "bool"]).columns
    safe = frame.assign(**{name: frame[name].astype(object).map(_guard) for name in words})
    return safe.rename(columns=_guard)


def _guard(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
