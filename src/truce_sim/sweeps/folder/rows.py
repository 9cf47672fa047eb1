"""Convert engine records to the rows of a part: an Arrow table with a fixed schema.

A row is a run: point, replicate, seed, status, error, traceback, outcome. A failed run has a
status and an error but no outcome, because its numbers would be meaningless.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.codes import DONE, STATUSES
from truce_sim.engine.record import OUTCOME_COLUMNS, Column
from truce_sim.results import columns
from truce_sim.results.store import SCHEMA_VERSION, make_field
from truce_sim.sweeps.folder.plan import Chunk

#: Failures outside the engine: Python raised, time ran out, the process died.
OUTSIDE = ("error", "timeout", "crashed")
ALL_STATUSES = (*STATUSES, *OUTSIDE)
ERROR, TIMEOUT, CRASHED = range(len(STATUSES), len(ALL_STATUSES))

_REASONS = {
    "overflow": "more bands, incidents or events than the engine has room for",
    "too_many_attempts": "more than 700 attempts expected on one day",
    "not_finite": "a value of the outcome is not a finite number",
}


@dataclass(frozen=True)
class Failure:
    """A run that failed outside the engine.

    Attributes:
        error: what happened, in one line.
        traceback: Python's traceback, if there is one.
    """

    error: str
    traceback: str = ""


@dataclass(frozen=True)
class Rows:
    """The runs of a chunk.

    Attributes:
        chunk: which runs.
        seeds: (points,) seeds.
        outcomes: (points, replicates) OUTCOME records.
        failures: (point, replicate) -> failure outside the engine.
    """

    chunk: Chunk
    seeds: NDArray[np.int64]
    outcomes: NDArray[np.void]
    failures: Mapping[tuple[int, int], Failure] = field(default_factory=dict)

    def table(self) -> pa.Table:
        """Return all rows, point by point."""
        points = np.asarray(self.chunk.points, np.int64)
        replicates = np.asarray(self.chunk.replicates, np.int64)
        rows = self.outcomes.reshape(-1)
        failed = rows["status"] != DONE
        mask = failed if failed.any() else None
        arrays: dict[str, pa.Array] = {
            "point": np.repeat(points, replicates.size),
            "replicate": np.tile(replicates, points.size),
            "seed": np.repeat(self.seeds, replicates.size),
            "status": _words(rows["status"], ALL_STATUSES, None),
        }
        arrays |= self._reasons(rows["status"])
        for name, column in OUTCOME_COLUMNS.items():
            if name != "status":
                arrays[name] = arrow_column(rows[name], column, schema().field(name).type, mask)
        return pa.table(arrays, schema=schema())

    def _reasons(self, status: NDArray[np.int64]) -> dict[str, list[str | None]]:
        reasons: list[str | None] = [None] * status.size
        tracebacks: list[str | None] = [None] * status.size
        width = len(self.chunk.replicates)
        for i in np.flatnonzero(status != DONE).tolist():
            reasons[i] = _REASONS.get(ALL_STATUSES[status[i]])
        for (point, replicate), failure in self.failures.items():
            i = (point - self.chunk.points.start) * width + replicate - self.chunk.replicates.start
            reasons[i], tracebacks[i] = failure.error, failure.traceback or None
        return {"error": reasons, "traceback": tracebacks}


#: Columns before those of the outcome, with the types of those that the engine does not declare.
_FIRST: dict[str, pa.DataType | None] = {
    "point": pa.int64(), "replicate": pa.int64(), "seed": pa.int64(), "status": None,
    "error": pa.string(), "traceback": pa.string(),
}  # fmt: skip


@cache
def schema() -> pa.Schema:
    """Return the schema of a part: names, types, units and meanings of its columns."""
    meanings = columns.OUTCOME | columns.SWEEP
    names = [*_FIRST, *(name for name in columns.OUTCOME if name != "status")]
    fields = [make_field(name, meanings.get(name, ("", "")), _FIRST.get(name)) for name in names]
    status = OUTCOME_COLUMNS["status"]._replace(words=ALL_STATUSES)
    return make_schema(fields, OUTCOME_COLUMNS | {"status": status})


def make_schema(fields: Sequence[pa.Field], declared: Mapping[str, Column]) -> pa.Schema:
    """Return the schema of a table of runs, with the metadata that pandas writes into a file:
    without it, nullable integers come back as floats. It is made here because workers do not import
    pandas.

    Args:
        fields: those of the columns.
        declared: the columns that the engine declares, by name.
    """
    notes = {"truce_sim_schema": str(SCHEMA_VERSION), "pandas": _pandas_notes(fields, declared)}
    return pa.schema(fields, metadata=notes)


def _pandas_notes(fields: Sequence[pa.Field], declared: Mapping[str, Column]) -> str:
    version = metadata.version("pandas")
    notes = []
    for column in fields:
        name, kind = column.name, column.type
        optional = name in declared and declared[name].optional
        more = None
        if pa.types.is_dictionary(kind):
            shown, stored = "categorical", "int8"
            more = {"num_categories": len(declared[name].words), "ordered": False}
        elif pa.types.is_integer(kind):
            shown, stored = str(kind), "Int64" if optional else "int64"
        elif pa.types.is_boolean(kind):
            shown, stored = "bool", "boolean" if optional else "bool"
        elif pa.types.is_string(kind):
            shown, stored = "unicode", "str" if int(version.split(".")[0]) >= 3 else "object"
        else:
            shown = stored = "float64"
        notes.append(
            {"name": name, "field_name": name, "pandas_type": shown, "numpy_type": stored,
             "metadata": more}
        )  # fmt: skip
    creator = {"library": "pyarrow", "version": pa.__version__}
    return json.dumps(
        {"index_columns": [], "column_indexes": [], "columns": notes, "attributes": {},
         "creator": creator, "pandas_version": version}
    )  # fmt: skip


def _words(
    codes: NDArray[np.int64], words: tuple[str, ...], mask: NDArray[np.bool_] | None
) -> pa.Array:
    """Convert codes to words; negative and masked ones are missing."""
    none = codes < 0 if mask is None else (codes < 0) | mask
    return pa.DictionaryArray.from_arrays(
        pa.array(np.where(none, 0, codes).astype(np.int8), mask=none), pa.array(words)
    )


def arrow_column(
    values: NDArray[Any],
    column: Column,
    kind: pa.DataType,
    mask: NDArray[np.bool_] | None = None,
) -> pa.Array:
    """Convert a column of records for storage.

    Args:
        values: the column.
        column: its declaration.
        kind: the type to store it as.
        mask: which values are missing, besides absent optional ones and those that are not numbers.
    """
    if column.words:
        return _words(values, column.words, mask)
    if column.optional:
        mask = values < 0 if mask is None else (values < 0) | mask
    plain = np.ascontiguousarray(values)
    plain = plain != 0 if pa.types.is_boolean(kind) else plain
    return pa.array(plain, mask=mask, from_pandas=True).cast(kind)


# ── what is read back ────────────────────────────────────────────────────────────────────────


def with_types(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The table with its dictionary indices typed as they were written: pyarrow before 20 widens
    them."""
    for i, found in enumerate(table.schema):
        stored = wanted.field(i) if i < len(wanted) else found
        both = pa.types.is_dictionary(found.type) and pa.types.is_dictionary(stored.type)
        if both and found.type.value_type == stored.type.value_type and found.type != stored.type:
            table = table.set_column(i, stored, table.column(i).cast(stored.type))
    return table


def difference(found: pa.Table, wanted: pa.Schema, chunk: Chunk) -> str:
    """The difference between what was written and what was read of a part; "" if there is none."""
    if found.num_rows != chunk.runs:
        return f"{chunk.runs:,} rows were written, {found.num_rows:,} were read"
    for name in dict.fromkeys([*wanted.names, *found.schema.names]):
        pair = [f"{each.field(name).type}" if name in each.names else "nothing"
                for each in (wanted, found.schema)]  # fmt: skip
        if pair[0] != pair[1]:
            return f"column {name} was written as {pair[0]}, and read as {pair[1]}"
    points = np.repeat(np.asarray(chunk.points), len(chunk.replicates))
    replicates = np.tile(np.asarray(chunk.replicates), len(chunk.points))
    for name, numbers in (("point", points), ("replicate", replicates)):
        wrong = np.flatnonzero(found[name].to_numpy() != numbers)
        if wrong.size:
            row = int(wrong[0])
            return f"row {row} is of {name} {found[name][row].as_py()}, not {numbers[row]}"
    return ""
