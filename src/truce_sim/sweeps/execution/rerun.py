"""Rerun failed runs and replace their rows: timeouts, crashes or lack of memory may not recur."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truce_sim.results.store import read_table, write_json, write_table
from truce_sim.sweeps.execution.create import refuse_other_rules
from truce_sim.sweeps.execution.crew import Crew, count_workers
from truce_sim.sweeps.execution.driver import SweepResult, resume_sweep
from truce_sim.sweeps.execution.lock import locked
from truce_sim.sweeps.execution.progress import Progress, Stopped
from truce_sim.sweeps.folder.folder import RERUNS, SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import Chunk


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
    refuse_other_rules(folder)
    begun, workers = time.monotonic(), count_workers(folder.settings.workers)
    with locked(folder.path):
        folder.chunks()  # refuses what does not belong together, before anything is written
        folder = _reopen(folder, run_timeout)
        shutil.rmtree(folder.path / RERUNS, ignore_errors=True)  # left by a rerun that was killed
        failed = list(_failed_chunks(folder))
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


def _put_in_place(folder: SweepFolder) -> None:
    """Replace the failed rows of the parts by the new ones."""
    again = folder.path / RERUNS
    tables = [read_table(path) for path in sorted(again.glob("p*.parquet"))]
    for chunk in folder.chunks() if tables else ():
        new = _within(pa.concat_tables(tables), chunk)
        if new.num_rows:
            old = _without(folder.table(chunk), new)
            rows = pa.concat_tables([old, new]).unify_dictionaries()
            rows = rows.sort_by([("point", "ascending"), ("replicate", "ascending")])
            failed = np.count_nonzero(pc.not_equal(rows["status"].cast(pa.string()), "done"))
            write_table(folder.part(chunk), rows, {"failed": str(failed)})
    shutil.rmtree(again, ignore_errors=True)


def _within(table: pa.Table, chunk: Chunk) -> pa.Table:
    """Return the rows that are runs of a chunk."""
    points, replicates = table["point"].to_numpy(), table["replicate"].to_numpy()
    ours = (points >= chunk.points.start) & (points < chunk.points.stop)
    ours &= (replicates >= chunk.replicates.start) & (replicates < chunk.replicates.stop)
    return table.filter(pa.array(ours))


def _without(table: pa.Table, others: pa.Table) -> pa.Table:
    """Return the rows whose runs are not in another table."""
    own, theirs = (zip(t["point"].to_pylist(), t["replicate"].to_pylist(), strict=True)
                   for t in (table, others))  # fmt: skip
    gone = set(theirs)
    return table.filter(pa.array([run not in gone for run in own]))
