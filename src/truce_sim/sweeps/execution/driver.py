"""Drive a sweep from its design to its results: run what is missing, then summarize everything.

The driver holds no results. They are in the folder, in files whose names say which runs they hold,
so an interrupted sweep resumes where it stopped and an extended one runs only what is new.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from truce_sim.errors import InputError, command
from truce_sim.results.store import Damaged, write_json
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.execution.create import prepare
from truce_sim.sweeps.execution.crew import Crew, count_workers
from truce_sim.sweeps.execution.lock import locked
from truce_sim.sweeps.execution.mend import (
    damaged_files,
    refuse_damaged_tables,
    remove_orphans,
    remove_overlaps,
    set_aside,
)
from truce_sim.sweeps.execution.progress import Progress, Stopped
from truce_sim.sweeps.execution.rules import adopt_rules
from truce_sim.sweeps.execution.worker import Done
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import Chunk, incomplete_chunks
from truce_sim.sweeps.summaries.results import damaged_results, write_results
from truce_sim.sweeps.summaries.targets import chunks_to_run, target_replicates

if TYPE_CHECKING:
    from truce_sim.sweeps.execution.jobs import Jobs


@dataclass(frozen=True)
class SweepResult:
    """A finished sweep.

    Attributes:
        folder: where the results are.
        design: one row per point: the swept values.
        summary: one row per point, indexed by `point`: the swept values, then shares and means
            with 95 % intervals (`summary.survival_table`).
        contrasts: one row per pair of points, with `sweep.compare`; else None.
        horizon: longest horizon of the points, in days.
        runs_done: runs in the folder, failed ones included.
        runs_new: runs made this time.
        runs_failed: failed runs in the folder.
        seconds: wall time this time.
        engine_seconds: time in the engine this time, summed over workers.
        workers: number of worker processes; 0 if jobs of a launcher did the work.
    """

    folder: Path
    design: pd.DataFrame
    summary: pd.DataFrame
    contrasts: pd.DataFrame | None
    horizon: int
    runs_done: int
    runs_new: int
    runs_failed: int
    seconds: float
    engine_seconds: float
    workers: int

    @cached_property
    def runs(self) -> pd.DataFrame:
        """All runs: point, replicate, seed, swept values and outcome, as `columns` explains."""
        return read_folder(self.folder).runs()

    @property
    def failures(self) -> pd.DataFrame:
        """The runs that failed, with error and traceback."""
        return read_folder(self.folder).failures


def run_sweep(
    design: Design,
    shared: Config,
    overrides: Sequence[str],
    progress: Progress,
    jobs: Jobs | None = None,
) -> SweepResult:
    """Run every point with all its replicates, in a new folder or an earlier one of that name.

    Args:
        design: the points.
        shared: the configuration of the sweep itself.
        overrides: the overrides as typed, for the manifest.
        progress: receives the progress.
        jobs: the launcher's jobs; None: workers on this machine.

    Raises:
        InputError: for bad input, before anything is written.
        Stopped: if the sweep ends before it is finished.
    """
    return resume_sweep(prepare(design, shared, overrides), progress, jobs=jobs)


def resume_sweep(
    folder: SweepFolder, progress: Progress, workers: int | None = None, jobs: Jobs | None = None
) -> SweepResult:
    """Run what is missing in a sweep's folder, then summarize.

    Args:
        folder: the sweep.
        progress: receives the progress.
        workers: number of worker processes; None: as the sweep's settings say.
        jobs: the launcher's jobs; None: workers on this machine.

    Raises:
        InputError: for a folder made by other rules or another version, or in use.
        Stopped: if the sweep ends before it is finished.
    """
    with locked(folder.path):
        folder = adopt_rules(read_folder(folder.path), progress)  # it may have changed before
        work = _Work(folder, progress, workers or count_workers(folder.settings.workers), jobs)
        work.finish()
        return work.result()


@dataclass
class _Work:
    """The work on one folder, with its counts and times."""

    folder: SweepFolder
    progress: Progress
    workers: int
    jobs: Jobs | None
    begun: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    engine_seconds: float = 0.0
    runs_new: int = 0
    mended: set[Path] = field(default_factory=set)

    def finish(self) -> None:
        """Run until nothing is missing, then write the results."""
        refuse_damaged_tables(self.folder)
        damaged = [self._set_aside(path) for path in self._damaged()]
        damaged += self._reopen()
        remove_orphans(self.folder)
        with self._report_progress():
            while True:
                for words in damaged:
                    self.progress.say(words)
                try:
                    self._run_missing()
                    remove_orphans(self.folder)  # left by workers that were killed meanwhile
                    self._write_results()
                    break
                except Damaged as error:
                    if error.path in self.mended:  # not a disk fault; retrying would loop forever
                        raise RuntimeError(
                            f"{error.path} was written again, and read back wrong again: "
                            f"{error.why} (pyarrow {pa.__version__})"
                        ) from error
                    damaged = [self._set_aside(error.path)]

    def _write_results(self) -> None:
        """Write the results, unless they are intact and nothing is new."""
        damaged = damaged_results(self.folder, in_full=True)
        for name in damaged:
            path = self.folder.files.path(name)
            self.progress.say(f"{path} is damaged or missing: remade from the parts")
        if self.runs_new or damaged or not self.folder.finished:
            write_results(self.folder, time.monotonic() - self.begun)

    def _run_missing(self) -> None:
        begun, chunks = time.monotonic(), list(self._todo())
        if not chunks:
            return
        with Crew(self.folder, min(self.workers, len(chunks))) as crew:
            while chunks:
                if self.jobs:
                    self._run_jobs(self.jobs, chunks)
                else:
                    for done in crew.run(chunks):
                        self._count(done)
                    self._refuse_lost(chunks, "did not appear in its folder")
                chunks = list(self._todo())
                if not chunks and remove_overlaps(self.folder):
                    chunks = list(self._todo())
                self.progress.expect(int(target_replicates(self.folder).sum()))
        self.seconds += time.monotonic() - begun

    def _run_jobs(self, jobs: Jobs, chunks: list[Chunk]) -> None:
        """Run chunks as jobs; raise RuntimeError for lost runs, which are not silently retried."""
        trouble = jobs.run(self.folder, chunks, self._count)
        self._refuse_lost(
            chunks,
            f"did not come back from their jobs: {'; '.join(trouble[:3])}. To run them, repeat the "
            f"command with output.name={self.folder.path.name}",
        )
        for words in trouble:
            self.progress.say(words)

    def _refuse_lost(self, chunks: list[Chunk], what: str) -> None:
        """Raise RuntimeError if runs that were made are missing."""
        lost = sum(chunk.runs for chunk in incomplete_chunks(chunks, self.folder.chunks()))
        if lost:
            raise RuntimeError(f"{lost:,} runs {what}")

    def _todo(self) -> Iterator[Chunk]:
        return chunks_to_run(self.folder, self.folder.chunks())

    def _count(self, done: Done) -> None:
        self.runs_new += done.runs
        self.engine_seconds += done.engine_seconds
        self.progress.advance(done.runs)

    def _damaged(self) -> Iterator[Path]:
        """Yield damaged and lost files; set each aside before asking for the next.

        A finished sweep is read in full: nothing else would find damage in it.
        """
        yield from list(damaged_files(self.folder, in_full=self.folder.finished))
        while not self.folder.lost_runs:
            try:  # with sweep.until, what is missing depends on the runs' outcomes
                target_replicates(self.folder)
                return
            except Damaged as error:
                yield error.path

    def _reopen(self) -> list[str]:
        """If a finished sweep lacks runs, mark it as running; return what was found, in words."""
        lost = self.folder.lost_runs
        if not lost:
            return []
        write_json(self.folder.path / "manifest.json", self.folder.manifest | {"status": "running"})
        self.folder = read_folder(self.folder.path)
        return [f"{lost:,} runs are missing from {self.folder.path / PARTS}: they are run again"]

    def _set_aside(self, path: Path) -> str:
        self.mended.add(path)
        return set_aside(self.folder, path)

    @contextmanager
    def _report_progress(self) -> Iterator[None]:
        """Report progress from start to end; turn an interruption into Stopped."""
        done = sum(chunk.runs for chunk in self.folder.chunks())
        self.progress.start(int(target_replicates(self.folder).sum()), done, self.folder.path)
        try:
            yield
        except KeyboardInterrupt:
            raise self._stop_error("Interrupted", 130) from None
        except (RuntimeError, OSError, Damaged) as error:
            if not self.folder.path.is_dir():
                raise RuntimeError(
                    f"{self.folder.path} was moved or deleted while its sweep ran. What was done "
                    f"is in it.\n  To continue: {command('resume', 'its new place')}"
                ) from None
            if isinstance(error, InputError):
                raise
            raise self._stop_error(str(error)) from error
        finally:
            self.progress.finish()

    def _stop_error(self, why: str, exit_code: int = 1) -> Stopped:
        done = sum(chunk.runs for chunk in self.folder.chunks())
        try:
            wanted = int(target_replicates(self.folder).sum())
        except Damaged:  # with sweep.until it depends on the runs' outcomes
            wanted = self.folder.points * self.folder.replicates
        return Stopped(why, self.folder.path, done, wanted, exit_code)

    def result(self) -> SweepResult:
        """Return the finished sweep."""
        folder = read_folder(self.folder.path, self.folder.config)
        summary = folder.summary
        return SweepResult(
            folder.path, folder.design[list(folder.factors)], summary, folder.contrasts,
            int(summary["horizon"].max()), int(summary["runs"].sum() + summary["failed"].sum()),
            self.runs_new, int(summary["failed"].sum()), self.seconds, self.engine_seconds,
            0 if self.jobs else self.workers,
        )  # fmt: skip
