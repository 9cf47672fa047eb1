"""Read a table of border segments from a CSV file and check it.

A table has one row for each segment, in order along the line, without gaps or overlaps. Any mistake
in it raises an `InputError` that names the file and the line.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError, closest

_TOUCHING_KM = 1e-6
_LABELS = ("host_province", "home_district", "crossing")


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of a border, n of them; compared and hashed by identity.

    Attributes:
        edges: (n + 1,) positions along the line, km, rising.
        weight: (n,) weights on any scale, none negative, not all zero.
        ruggedness: (n,) values in [0, 1].
        host_province: n labels, "" where there is none.
        home_district: n labels, "" where there is none.
        crossing: n names, "" where there is no crossing.
    """

    edges: NDArray[np.float64]
    weight: NDArray[np.float64]
    ruggedness: NDArray[np.float64]
    host_province: tuple[str, ...]
    home_district: tuple[str, ...]
    crossing: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    line: int
    numbers: tuple[float, float, float, float]  # km_from, km_to, weight, ruggedness
    labels: tuple[str, str, str]


def read_segments(
    path: Path, weight_column: str = "weight", setting: str = "scenario.table",
    rugged_column: str = "ruggedness",
) -> Segments:  # fmt: skip
    """Read the table at `path`; `weight_column` holds the weights of the segments.

    Args:
        path: the CSV file.
        weight_column: name of the column.
        setting: the setting that led to the file, for messages.
        rugged_column: name of the column with the ruggedness.

    Raises:
        InputError: the file cannot be read or breaks a rule; it names the file and the line.
    """
    try:
        status = path.stat()
        if not path.is_file():
            raise _bad(path, "is not a file")
        return _read(path, (weight_column, rugged_column), (status.st_mtime_ns, status.st_size))
    except (OSError, ValueError) as error:
        bad = error if isinstance(error, InputError) else _bad(path, "no such file")
        raise bad.at(setting=setting) from None


@lru_cache(maxsize=16)
def _read(path: Path, columns: tuple[str, str], version: tuple[int, int]) -> Segments:
    """Read each version of a file once; the result is shared, so do not change it."""
    rows = _rows(path, _records(path), columns)
    _check_order(path, rows)
    numbers = np.array([row.numbers for row in rows])
    if numbers[:, 2].sum() == 0:
        raise _bad(path, f"every {columns[0]} is zero", allowed="at least one above zero")
    return Segments(
        np.append(numbers[:, 0], numbers[-1, 1]),
        numbers[:, 2],
        numbers[:, 3],
        *(tuple(row.labels[i] for row in rows) for i in range(3)),
    )


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """Return the non-blank lines with their numbers, the header first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except UnicodeDecodeError:
        raise _bad(path, "is not UTF-8 text", allowed="a CSV file") from None
    except csv.Error as error:
        raise _bad(path, f"is not a CSV file: {error}") from None
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    if not lines:
        raise _bad(path, "is empty", allowed="a header and one line for each segment")
    return lines


def _rows(path: Path, records: list[tuple[int, list[str]]], columns: tuple[str, str]) -> list[_Row]:
    header = [cell.strip() for cell in records[0][1]]
    needed = ("km_from", "km_to", *columns)
    for column in needed:
        if column not in header:
            raise _missing_column(path, column, header, needed)
    if len(set(header)) < len(header):
        raise _bad(path, "names a column twice", line=records[0][0], value=",".join(header))
    if len(records) == 1:
        raise _bad(path, "has a header but no segments")
    return [_row(path, line, _cells(path, line, header, row), needed) for line, row in records[1:]]


def _missing_column(
    path: Path, column: str, header: list[str], needed: Sequence[str]
) -> InputError:
    return _bad(
        path,
        f"lacks the column {column!r}",
        line=1,
        value=",".join(header),
        allowed=f"columns {', '.join(needed)}; optionally {', '.join(_LABELS)}",
        suggestion=closest(column, header),
    )


def _cells(path: Path, line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise _bad(path, f"has {len(cells)} cells, but the header has {len(header)}", line=line)
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _row(path: Path, line: int, cells: dict[str, str], needed: Sequence[str]) -> _Row:
    start, end, weight, rugged = (_number(path, line, name, cells[name]) for name in needed)
    if end <= start:
        raise _bad(path, f"km_to {end:g} is not beyond km_from {start:g}", line=line)
    if weight < 0:
        raise _bad(path, f"{needed[2]} is negative", line=line, value=weight, allowed="0 or more")
    if not 0 <= rugged <= 1:
        raise _bad(path, "ruggedness is out of range", line=line, value=rugged, allowed="0 to 1")
    host, home, crossing = (cells.get(name, "") for name in _LABELS)
    return _Row(line, (start, end, weight, rugged), (host, home, crossing))


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e12:
        raise _bad(path, f"{column} is not a number", line=line, value=text, allowed="a number")
    return number


def _check_order(path: Path, rows: list[_Row]) -> None:
    for before, after in pairwise(rows):
        (start, end), (next_start, _) = before.numbers[:2], after.numbers[:2]
        if next_start < start:
            problem = f"is out of order: km_from {next_start:g} comes after {start:g}"
        elif next_start < end - _TOUCHING_KM:
            problem = f"overlaps the segment before it: km_from {next_start:g}, km_to {end:g}"
        elif next_start > end + _TOUCHING_KM:
            problem = f"leaves a gap: km_from {next_start:g} after km_to {end:g}"
        else:
            continue
        raise _bad(
            path, problem, line=after.line, allowed="segments in order, without gaps or overlaps"
        )


def _bad(
    path: Path,
    problem: str,
    *,
    line: int = 0,
    value: object = None,
    allowed: str = "",
    suggestion: str = "",
) -> InputError:
    origin = f"{path} line {line}" if line else str(path)
    given = str(path) if value is None else value
    return InputError(
        problem,
        value=given,
        allowed=allowed,
        origin=origin,
        suggestion=suggestion,
    )
