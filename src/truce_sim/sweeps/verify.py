"""Proof that a sweep's rows are what its configuration gives: some of them are run again."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.engine.run import outcomes
from truce_sim.engine.world import STATUSES
from truce_sim.errors import InputError
from truce_sim.spec import make_spec

from .create import refuse_other_rules
from .folder import SweepFolder, open_sweep
from .plan import Chunk
from .rows import Rows
from .specs import key_of
from .store import Damaged


@dataclass(frozen=True)
class Difference:
    """The first value that is not what the run gives."""

    run: str
    column: str
    stored: object
    computed: object


@dataclass(frozen=True)
class Proof:
    """What came of running rows again.

    checked: runs made again; skipped: chosen runs that had not come to an end inside the engine;
    pick: seed of the choice.
    """

    path: Path
    runs: int
    checked: int
    skipped: int
    columns: int
    pick: int
    difference: Difference | None

    @property
    def holds(self) -> bool:
        """Whether every value was the same."""
        return self.difference is None


def verify_sweep(path: str | Path, runs: int, pick: int | None = None) -> Proof:
    """Run so many randomly chosen rows again and compare every value exactly.

    Also compares what the engine was given for their points with what the swept values in
    design.parquet mean, and the rows with those of runs.parquet, where that is made. Raises
    InputError for a folder of other rules, which this program cannot prove, store.Damaged for a
    file that is not whole.
    """
    folder = open_sweep(path)
    refuse_other_rules(folder)
    pick = secrets.randbelow(2**32) if pick is None else pick
    chunks = folder.chunks()
    total = sum(chunk.runs for chunk in chunks)
    if not total:
        raise InputError(
            "has no runs yet", value=str(folder.path), allowed=f"truce-sim resume {folder.path}"
        )
    chosen = np.random.default_rng(pick).choice(total, min(runs, total), replace=False)
    checked = skipped = columns = 0
    for chunk, rows in _by_chunk(chunks, np.sort(chosen)):
        stored = folder.table(chunk)
        for row in rows:
            run = divmod(row, len(chunk.replicates))
            point, replicate = chunk.points[run[0]], chunk.replicates[run[1]]
            here = stored.slice(row, 1).to_pylist()[0]
            if here["status"] not in STATUSES:
                skipped += 1
                continue
            checked, columns = checked + 1, len(here)
            difference = _compare(folder, here, point, replicate) or _compare_given(
                folder, stored.slice(row, 1), point, replicate
            )
            if difference:
                return Proof(folder.path, total, checked, skipped, columns, pick, difference)
    return Proof(folder.path, total, checked, skipped, columns, pick, None)


def _by_chunk(
    chunks: list[Chunk], chosen: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Iterator[tuple[Chunk, list[int]]]:
    """The chosen runs, numbered through all chunks, as rows of each."""
    first = 0
    for chunk in chunks:
        mine = chosen[(chosen >= first) & (chosen < first + chunk.runs)] - first
        if mine.size:
            yield chunk, mine.tolist()
        first += chunk.runs


def _compare(
    folder: SweepFolder, stored: dict[str, object], point: int, replicate: int
) -> Difference | None:
    """The first difference of a stored row from the run that belongs in its place."""
    run = f"{point}:{replicate}"
    spec = folder.spec_of(point, replicate)
    told = str(folder.design["key"].iloc[point])
    meant = make_spec(folder.config_of(point))
    for what, key in (("specs", key_of(spec)), ("design", key_of(meant))):
        if key != told:
            return Difference(run, f"key of its {what}", told, key)
    rows = outcomes(spec, [replicate])[None]
    chunk = Chunk(range(point, point + 1), range(replicate, replicate + 1))
    again: pa.Table = Rows(chunk, np.array([spec.seed]), rows).table()
    for name, value in again.to_pylist()[0].items():
        if not _same(stored[name], value):
            return Difference(run, name, stored[name], value)
    return None


def _compare_given(
    folder: SweepFolder, stored: pa.Table, point: int, replicate: int
) -> Difference | None:
    """The first difference of runs.parquet, which is what users read, from a row of a part."""
    path = folder.path / "runs.parquet"
    if folder.manifest.get("status") != "done" or not path.is_file():
        return None
    chosen = [("point", "==", point), ("replicate", "==", replicate)]
    try:
        given = pq.read_table(path, filters=chosen, page_checksum_verification=True).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(path) from error
    run = f"{point}:{replicate}"
    if len(given) != 1:
        return Difference(run, "number of its rows in runs.parquet", len(given), 1)
    for name, value in folder.with_values(stored).to_pylist()[0].items():
        if not _same(given[0].get(name), value):
            return Difference(run, f"{name} in runs.parquet", given[0].get(name), value)
    return None


def _same(a: object, b: object) -> bool:
    """Equal to the last bit, missing values and NaN included."""
    if isinstance(a, float) and isinstance(b, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    return a == b
