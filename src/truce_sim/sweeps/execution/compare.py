"""Compare what is stored with what it should be, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Difference:
    """The first stored value that differs from what it should be.

    Attributes:
        where: the run, as `Run point:replicate`, or the file; "" where the same options have two
            meanings.
        column: which value differs.
        stored: the value in the folder.
        computed: the recomputed value.
    """

    where: str
    column: str
    stored: object
    computed: object

    def __str__(self) -> str:
        if not self.where:
            return (
                f"One label, two meanings: {self.column} is {self.stored!r} for some points, and "
                f"{self.computed!r} for others"
            )
        return (
            f"{self.where} differs: {self.column} is stored as {self.stored!r}, but is "
            f"{self.computed!r} when recomputed"
        )


def run_cells(
    where: str,
    stored: Mapping[str, object],
    made: Mapping[str, object],
    place: str = "",
    tolerance: float = 0.0,
) -> Difference | None:
    """Return the first recomputed value that differs from the stored one.

    Args:
        where: as in Difference.
        stored: the stored values, by column.
        made: the recomputed values.
        place: added to the name of the column.
        tolerance: relative difference allowed between floats.
    """
    for name, value in made.items():
        if not _same(stored.get(name), value, tolerance):
            return Difference(where, f"{name}{place}", stored.get(name), value)
    return None


def differing_cell(
    name: str, stored: pa.Table, made: pa.Table, tolerance: float = 0.0
) -> Difference | None:
    """Return the first difference between a stored table and the same table recomputed.

    Args:
        name: of the stored file.
        stored: its content.
        made: what it should be.
        tolerance: relative difference allowed between numbers that are not whole. Sums of many
            numbers differ in their last bits between processors.
    """
    if stored.num_rows != made.num_rows:
        return Difference(name, "number of rows", stored.num_rows, made.num_rows)
    if stored.column_names != made.column_names:
        return Difference(name, "columns", stored.column_names, made.column_names)
    for column in made.column_names:
        row = _first_differing(stored[column], made[column], tolerance)
        if row is not None:
            at = [f"{made[key][row]}" for key in ("point", "replicate") if key in made.column_names]
            where = f"Run {':'.join(at)}" if len(at) == 2 else f"Row {row}"
            there, value = stored[column][row].as_py(), made[column][row].as_py()
            return Difference(where, f"{column} in {name}", there, value)
    return None


def _first_differing(
    stored: pa.ChunkedArray, made: pa.ChunkedArray, tolerance: float
) -> int | None:
    if stored.type == made.type and pa.types.is_floating(made.type):
        a, b = (np.asarray(column.to_numpy(), np.float64) for column in (stored, made))
        different = a.view(np.int64) != b.view(np.int64)
        different &= ~np.isclose(a, b, rtol=tolerance, atol=tolerance) | (tolerance == 0.0)
        different &= ~(np.isnan(a) & np.isnan(b))
        rows = np.flatnonzero(different)
        return int(rows[0]) if rows.size else None
    if stored.equals(made):
        return None
    pairs = zip(stored.to_pylist(), made.to_pylist(), strict=True)
    return next((row for row, pair in enumerate(pairs) if not _same(*pair)), None)


def _same(a: object, b: object, tolerance: float = 0.0) -> bool:
    """Whether two values are equal to the last bit; missing values and NaN equal themselves."""
    if isinstance(a, float) and isinstance(b, float):
        if tolerance and math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance):
            return True
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    return a == b
