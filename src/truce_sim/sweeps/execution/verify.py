"""Proof that a sweep's rows are what its configuration gives: some of them are run again."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.engine.codes import STATUSES
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.errors import InputError
from truce_sim.results.store import Damaged
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.rows import Rows
from truce_sim.sweeps.folder.spec_files import point_key


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
    pick: seed of the choice; rules: digest of those that made the folder.
    """

    path: Path
    runs: int
    checked: int
    skipped: int
    columns: int
    pick: int
    rules: str
    difference: Difference | None

    @property
    def holds(self) -> bool:
        """Whether every value was the same."""
        return self.difference is None

    @property
    def other_rules(self) -> bool:
        """Whether the folder was made by other rules than those of today."""
        return self.rules != DIGEST


def verify_sweep(path: str | Path, runs: int, pick: int | None = None) -> Proof:
    """Run so many randomly chosen rows again and compare every value exactly.

    Also compares what the engine was given for their points with what the swept values in
    design.parquet mean, and, where they are there, the rows of runs.parquet and the daily series
    and events of the runs. Rows of a folder that other rules made are run again by those of today:
    where they are equal, the change of rules has not touched them.

    Raises:
        InputError: no sweep's folder, or one without runs.
        store.Damaged: a file that is not whole.
    """
    folder = read_folder(path)
    pick = secrets.randbelow(2**32) if pick is None else pick
    chunks, rules = folder.chunks(), str(folder.manifest.get("rules"))
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
            difference = (
                _compare(folder, here, point, replicate)
                or _compare_given(folder, stored.slice(row, 1), point, replicate)
                or _compare_recorded(folder, point, replicate)
            )
            if difference:
                return Proof(folder.path, total, checked, skipped, columns, pick, rules, difference)
    return Proof(folder.path, total, checked, skipped, columns, pick, rules, None)


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
    meant = make_spec(folder.setup_of(point))
    rules = str(folder.manifest.get("rules"))
    for what, key in (("specs", point_key(spec, rules)), ("design", point_key(meant, rules))):
        if key != told:
            return Difference(run, f"key of its {what}", told, key)
    rows = outcomes(spec, [replicate])[None]
    chunk = Chunk(range(point, point + 1), range(replicate, replicate + 1))
    again: pa.Table = Rows(chunk, np.array([spec.seed]), rows).table()
    for name, value in again.to_pylist()[0].items():
        if name in stored and not _same(stored[name], value):
            return Difference(run, name, stored[name], value)
    return None


def _compare_given(
    folder: SweepFolder, stored: pa.Table, point: int, replicate: int
) -> Difference | None:
    """The first difference of runs.parquet, which is what users read, from a row of a part."""
    path = folder.path / "runs.parquet"
    if folder.manifest.get("status") != "done" or not path.is_file():
        return None
    given = _run_rows(path, point, replicate)
    run = f"{point}:{replicate}"
    if len(given) != 1:
        return Difference(run, "number of its rows in runs.parquet", len(given), 1)
    for name, value in folder.with_values(stored).to_pylist()[0].items():
        if not _same(given[0].get(name), value):
            return Difference(run, f"{name} in runs.parquet", given[0].get(name), value)
    return None


def _compare_recorded(folder: SweepFolder, point: int, replicate: int) -> Difference | None:
    """The first difference of the daily series and events of a run from those it has."""
    recorder = make_recorder(folder.settings)
    if recorder is None:
        return None
    world = make_world(recorded=True)
    outcome = outcomes(folder.spec_of(point), [replicate], world)[0]
    recorder.keep(point, replicate, outcome, world)
    for kind, table in recorder.take():
        again = table.to_pylist()
        copies = list(_copies(folder, kind, point, replicate)) or [[]]
        for stored in copies:
            difference = _compare_days(f"{point}:{replicate}", kind, stored, again)
            if difference:
                return difference
    return None


def _copies(
    folder: SweepFolder, kind: str, point: int, replicate: int
) -> Iterator[list[dict[str, object]]]:
    """What the files of series/ or events/ hold of a run: one has it, two after some crashes."""
    for path in sorted((folder.path / kind).glob("p*.parquet")):
        chunk = Chunk.named(path.stem)
        if chunk and point in chunk.points and replicate in chunk.replicates:
            rows = _run_rows(path, point, replicate)
            if rows:
                yield rows


def _compare_days(
    run: str, kind: str, stored: Sequence[dict[str, object]], again: Sequence[dict[str, object]]
) -> Difference | None:
    if len(stored) != len(again):
        return Difference(run, f"number of its rows in {kind}/", len(stored), len(again))
    for there, row in zip(stored, again, strict=True):
        for name, value in row.items():
            if not _same(there.get(name), value):
                what = f"{name} on day {row['day']} in {kind}/"
                return Difference(run, what, there.get(name), value)
    return None


def _run_rows(path: Path, point: int, replicate: int) -> list[dict[str, object]]:
    """The rows of one run in a file of the folder. Raises Damaged."""
    chosen = [("point", "==", point), ("replicate", "==", replicate)]
    try:
        table = pq.read_table(path, filters=chosen, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(path) from error
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


def _same(a: object, b: object) -> bool:
    """Equal to the last bit, missing values and NaN included."""
    if isinstance(a, float) and isinstance(b, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    return a == b
