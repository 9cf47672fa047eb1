"""Read a design from a CSV or Parquet table.

The table has one row per point; its columns are settings and config groups.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import field_at, is_choice
from truce_sim.sweeps.design.cells import encode
from truce_sim.sweeps.design.factors import MAX_POINTS, as_column, first_bad, refuse_fixed

#: The name of a table in memory, in messages.
FRAME = "the table"

SETTING = "hydra.sweeper.table"
_OF_A_SWEEP = ("point", "base", "key")
_ALLOWED = "a CSV or Parquet file; its columns are settings and config groups"


def read_design(table: str | pd.DataFrame, options: Callable[[str], Sequence[str]]) -> pd.DataFrame:
    """Read the points of a table, one typed column per factor.

    Args:
        table: path of the file, relative to the current folder; or the table itself.
        options: function from a config group to its options.

    Raises:
        InputError: for a file that cannot be read, or an invalid cell; the message names its column
            and its row (from 1 in a file; from 0, as pandas counts, in a table in memory).
    """
    path = table if isinstance(table, str) else FRAME
    raw = _read(Path(table).expanduser()) if isinstance(table, str) else _read_frame(table)
    for name in raw.columns:
        refuse_fixed(name, None)
    if not 0 < len(raw) <= MAX_POINTS:
        problem = "has no rows" if raw.empty else f"has {len(raw):,} rows"
        raise InputError(
            problem, setting=SETTING, value=path, allowed=f"from 1 row up to {MAX_POINTS:,}"
        )
    return pd.DataFrame({name: _column(path, name, raw[name], options) for name in raw.columns})


def _read(path: Path) -> pd.DataFrame:
    """Read the table unchanged, with cells of a CSV file as text."""
    problem = ""
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except FileNotFoundError:
        problem = "no such file"
    except (OSError, ValueError, pa.ArrowException) as error:
        problem = f"cannot be read: {(str(error).splitlines() or [''])[0]}"
    if problem:
        raise InputError(problem, setting=SETTING, value=str(path), allowed=_ALLOWED)
    return _with_names(frame, str(path))


def _read_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in memory, with floats converted to whole numbers where a setting wants
    them."""
    named = _with_names(frame, FRAME)
    return named.apply(lambda cells: _as_whole(str(cells.name), cells))


def _as_whole(name: str, cells: pd.Series) -> pd.Series:
    """Convert whole numbers that pandas holds as floats, as in many tables."""
    info = field_at(name)
    if info is None or info.type != "int" or cells.dtype.kind != "f":
        return cells
    numbers = cells.to_numpy(float)
    for row in np.flatnonzero(~(np.isfinite(numbers) & (numbers == np.round(numbers))))[:1]:
        bad = first_bad(name, numbers[row : row + 1])
        assert bad is not None
        raise bad[1].at(origin=_place(FRAME, name, row))
    return cells.astype(np.int64)


def _with_names(frame: pd.DataFrame, path: str) -> pd.DataFrame:
    """Return the swept values of a table, after checking the names of its columns."""
    frame = _swept_values(frame)
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    problem = f"names a column twice: {', '.join(twice)}" if twice else ""
    problem = problem or ("has no columns" if not names else "")
    problem = problem or ("has a column without a name" if "" in names else "")
    if problem:
        raise InputError(problem, setting=SETTING, value=path, allowed=_ALLOWED)
    return frame.set_axis(names, axis=1).reset_index(drop=True)


def _swept_values(table: pd.DataFrame) -> pd.DataFrame:
    """Return the points of a sweep's own design.parquet without what that sweep added to them."""
    added = [name for name in (*_OF_A_SWEEP, "row") if name in table]
    return table.drop(columns=added) if set(_OF_A_SWEEP) <= set(table) else table


def _read_csv(path: Path) -> pd.DataFrame:
    from pyarrow import csv as arrow

    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    as_text = arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    frame: pd.DataFrame = arrow.read_csv(path, convert_options=as_text).to_pandas()
    return frame


def _column(path: str, name: str, cells: pd.Series, options: Callable[[str], Sequence[str]]) -> Any:
    """Read one column, convert it to the setting's type and check it."""
    if cells.dtype.kind not in "iufb":
        cells = pd.Series([_cell(path, name, row, cell) for row, cell in enumerate(cells)])
    column = as_column(name, cells)
    bad = _bad_option(name, column, options(name)) if is_choice(name) else first_bad(name, column)
    if bad:
        raise bad[1].at(origin=_place(path, name, bad[0]))
    return column


def _cell(path: str, name: str, row: int, cell: Any) -> object:
    """Read a cell that is not a plain number."""
    info = field_at(name)
    kind = "group" if is_choice(name) else info.type if info else "list"
    try:
        reader = _READERS.get(kind, json.loads)
        value = reader(cell) if isinstance(cell, str) else cell
    except ValueError:
        allowed = info.allowed if info else "JSON, such as [1, 2]"
        problem = f"is not {_KINDS.get(kind, 'JSON')}"
        raise InputError(
            problem, setting=name, value=cell, allowed=allowed, origin=_place(path, name, row)
        ) from None
    value = value.tolist() if hasattr(value, "tolist") else value
    return encode(name, value)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READERS: dict[str, Callable[[str], Any]] = {
    "float": float, "int": int, "bool": _flag, "str": str, "group": str,
}  # fmt: skip
_KINDS = {"float": "a number", "int": "a whole number", "bool": "true or false"}


def _bad_option(
    name: str, column: Iterable[Any], known: Sequence[str]
) -> tuple[int, InputError] | None:
    """Return the first cell that is not an option of its group; None for an unknown group."""
    for row, cell in enumerate(column if known else []):
        if cell not in known:
            return row, InputError(
                "no such option", setting=name, value=cell, allowed=", ".join(known),
                suggestion=closest(str(cell), known),
            )  # fmt: skip
    return None


def _place(path: str, name: str, row: int) -> str:
    if path is FRAME:
        return f"row {row} (counted from 0), column {name}"
    return f"{path} row {row + 1}, column {name}"
