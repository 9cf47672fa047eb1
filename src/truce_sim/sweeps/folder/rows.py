"""Convert engine records to the rows of a part: an Arrow table with a fixed schema.

A row is a run: point, replicate, seed, status, error, traceback, outcome. A failed run has a
status and an error but no outcome, because its numbers would be meaningless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.codes import DONE, STATUSES
from truce_sim.engine.record import OUTCOME, OUTCOME_COLUMNS, Column
from truce_sim.results import columns
from truce_sim.results.frames import outcome_frame
from truce_sim.results.store import to_table
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
                arrays[name] = _arrow_column(rows[name], column, schema().field(name).type, mask)
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


@cache
def schema() -> pa.Schema:
    """Return the schema of a part: names, types, units and meanings of its columns."""
    frame = outcome_frame(np.zeros(1, OUTCOME))
    frame["status"] = pd.Categorical(["done"], categories=list(ALL_STATUSES))
    for place, name in enumerate(("point", "replicate", "seed")):
        frame.insert(place, name, 0)
    for place, name in enumerate(("error", "traceback")):
        frame.insert(4 + place, name, "")
    order = ["point", "replicate", "seed", "status", "error", "traceback"]
    frame = frame[order + [name for name in columns.OUTCOME if name != "status"]]
    return to_table(frame, columns.OUTCOME | columns.SWEEP).schema


def _words(
    codes: NDArray[np.int64], words: tuple[str, ...], mask: NDArray[np.bool_] | None
) -> pa.Array:
    """Convert codes to words; negative and masked ones are missing."""
    none = codes < 0 if mask is None else (codes < 0) | mask
    return pa.DictionaryArray.from_arrays(
        pa.array(np.where(none, 0, codes).astype(np.int8), mask=none), pa.array(words)
    )


def _arrow_column(
    values: NDArray[np.int64], column: Column, kind: pa.DataType, mask: NDArray[np.bool_] | None
) -> pa.Array:
    """Convert a column for storage; masked values and absent optional ones are missing."""
    if column.words:
        return _words(values, column.words, mask)
    if column.optional:
        mask = values < 0 if mask is None else (values < 0) | mask
    plain = np.ascontiguousarray(values)
    return pa.array(plain != 0 if pa.types.is_boolean(kind) else plain, mask=mask).cast(kind)
