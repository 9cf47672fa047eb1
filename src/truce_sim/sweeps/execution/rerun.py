"""Rerun failed runs and replace their rows: timeouts, crashes or lack of memory may not recur."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truce_sim.results.store import write_json
from truce_sim.sweeps.execution.crew import Crew, count_workers
from truce_sim.sweeps.execution.driver import SweepResult, resume_sweep
from truce_sim.sweeps.execution.lock import locked
from truce_sim.sweeps.execution.mend import refuse_damaged_tables
from truce_sim.sweeps.execution.progress import Progress, Stopped
from truce_sim.sweeps.execution.rules import adopt_rules
from truce_sim.sweeps.folder.files import PARTS, RERUNS
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.write import record_name, write_part, write_record


def rerun_failed(
    folder: SweepFolder, progress: Progress, run_timeout: float | None = None
) -> SweepResult:
    """Run the failed runs again, then summarize. A run that fails again stays a failed row.

    The new rows are collected in a separate folder and then merged part by part, each part written
    whole, so a crash loses nothing.

    Args:
        folder: the sweep.
        progress: receives the progress.
        run_timeout: new limit for a run, in seconds; None: unchanged.

    Raises:
        InputError: for a folder made by other rules or another version, or in use.
        Stopped: if it ends before it is finished.
    """
    begun, workers = time.monotonic(), count_workers(folder.settings.workers)
    with locked(folder.path):
        folder = adopt_rules(read_folder(folder.path), progress)
        refuse_damaged_tables(folder)
        folder.chunks()  # refuses an inconsistent folder, before anything is written
        failed = list(_failed_chunks(folder))
        _check_files(folder, failed)
        folder = _reopen(folder, run_timeout)
        shutil.rmtree(folder.path / RERUNS, ignore_errors=True)  # left by a rerun that was killed
        progress.start(sum(c.runs for c in failed), 0, folder.path)
        try:
            with Crew(folder, min(workers, len(failed)), RERUNS) as crew:
                for chunk in crew.run(failed):
                    progress.advance(chunk.runs)
            _put_in_place(folder)
        except KeyboardInterrupt:
            done, again = sum(c.runs for c in folder.chunks()), ("rerun", folder.path, "--failed")
            raise Stopped("Interrupted", folder.path, done, done, 130, again) from None
        finally:
            progress.finish()
    result, runs = resume_sweep(folder, progress), sum(c.runs for c in failed)
    seconds = time.monotonic() - begun
    return replace(result, runs_new=result.runs_new + runs, seconds=seconds)


def _reopen(folder: SweepFolder, run_timeout: float | None) -> SweepFolder:
    """Mark the folder as running, because its results will no longer match its parts."""
    manifest = copy.deepcopy(folder.manifest) | {"status": "running"}
    if run_timeout is not None:
        manifest["config"]["sweep"]["run_timeout"] = run_timeout
    write_json(folder.path / "manifest.json", manifest)
    return read_folder(folder.path)


def _failed_chunks(folder: SweepFolder) -> Iterator[Chunk]:
    """Yield the failed runs as chunks of one point and consecutive replicates."""
    for chunk, table in folder.tables(["status"]):
        footer = folder.footer(chunk)
        if footer is None or not footer.failed:
            continue
        rows = table.to_pylist()
        runs = [(r["point"], r["replicate"]) for r in rows if r["status"] != "done"]
        for _, some in groupby(enumerate(runs), lambda at: (at[1][0], at[1][1] - at[0])):
            (_, (point, first)), *rest = list(some)
            yield Chunk(range(point, point + 1), range(first, first + 1 + len(rest)))


def _check_files(folder: SweepFolder, failed: Sequence[Chunk]) -> None:
    """Raise Damaged, before anything is changed, if rows to be replaced are in a damaged file."""
    for chunk in folder.chunks():
        if any(other.meets(chunk) for other in failed):
            for kind in (PARTS, *folder.kept):
                folder.files.check(f"{kind}/{chunk.name}")


def _put_in_place(folder: SweepFolder) -> None:
    """Replace the failed rows of the parts, and their series and events, by the new ones."""
    names = sorted(path.stem for path in (folder.path / RERUNS).glob("p*.parquet"))
    again = [chunk for chunk in map(Chunk.from_name, names) if chunk is not None]
    for chunk in folder.chunks() if again else ():
        ours = [other for other in again if other.meets(chunk)]
        for kind in folder.kept if ours else ():
            write_record(folder, chunk, kind, _merged(folder, chunk, ours, kind))
        if ours:
            write_part(folder, chunk, _merged(folder, chunk, ours, PARTS))
    shutil.rmtree(folder.path / RERUNS, ignore_errors=True)


def _merged(folder: SweepFolder, chunk: Chunk, again: Sequence[Chunk], kind: str) -> pa.Table:
    """Return the rows of a chunk's file, with those of the repeated runs replaced."""
    old = folder.table(chunk) if kind == PARTS else folder.record(chunk, kind)
    names = [record_name(c, kind, RERUNS) if kind != PARTS else f"{RERUNS}/{c.name}" for c in again]
    new = pa.concat_tables([folder.files.read(name, old.column_names) for name in names])
    made = _runs(new) if kind == PARTS else _all_runs(again)
    rows = pa.concat_tables([
        old.filter(pa.array(~np.isin(_runs(old), made))),
        new.filter(pa.array(np.isin(_runs(new), _all_runs([chunk])))),
    ])  # fmt: skip
    by = [("point", "ascending"), ("replicate", "ascending")]
    order = pc.sort_indices(rows, sort_keys=by)  # stable: days stay in order
    return rows.unify_dictionaries().take(order)


def _runs(table: pa.Table) -> NDArray[np.int64]:
    """A number for the run of each row."""
    return _numbers(table["point"].to_numpy(), table["replicate"].to_numpy())


def _all_runs(chunks: Sequence[Chunk]) -> NDArray[np.int64]:
    """The numbers of all runs of some chunks."""
    grids = (np.meshgrid(np.asarray(c.points), np.asarray(c.replicates)) for c in chunks)
    return np.concatenate([_numbers(points, replicates).ravel() for points, replicates in grids])


def _numbers(points: NDArray[np.int64], replicates: NDArray[np.int64]) -> NDArray[np.int64]:
    return points * 2**32 + replicates
