"""A sweep from its design to its results: what is missing is run, then everything is summed up.

The driver holds no results. What is done stands in the folder, under names that say which runs it
is; so an interrupted sweep goes on where it was, and a longer one pays only for what is new.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from hydra.types import HydraContext
from omegaconf import DictConfig

from truce_sim.errors import InputError
from truce_sim.schema import Config

from .create import prepare, refuse_other_rules
from .crew import Crew, count_workers
from .design import Composer, Design, DesignSettings, make_design
from .estimate import estimate
from .folder import PARTS, SweepFolder, read_folder
from .lock import locked
from .plan import Chunk, cut, missing, runs_per_chunk, uncovered
from .results import has_results, write_results
from .store import Damaged, remove_leftovers
from .worker import Done

if TYPE_CHECKING:
    from .jobs import Jobs


class Progress(Protocol):
    """Who is told how a sweep goes."""

    def start(self, runs: int, done: int, folder: Path) -> None:
        """The sweep has so many runs, of which so many were there before."""

    def advance(self, runs: int) -> None:
        """So many more are done."""

    def expect(self, runs: int) -> None:
        """The sweep turns out to have so many runs."""

    def say(self, words: str) -> None:
        """Something that the user should know."""

    def finish(self) -> None:
        """It is over, or interrupted."""


class Stopped(RuntimeError):
    """A sweep that ended before it was finished; what it has done is kept."""

    def __init__(
        self, why: str, folder: Path, done: int, runs: int, exit_code: int = 1, go_on: str = ""
    ) -> None:
        """go_on: the command that goes on, `resume` by default."""
        command = go_on or f"resume {folder}"
        super().__init__(
            f"{why}. {done:,} of {runs:,} runs are kept.\n  go on: truce-sim {command}"
        )
        self.folder = folder
        self.exit_code = exit_code


@dataclass(frozen=True)
class SweepResult:
    """A finished sweep.

    summary: a row for each point, indexed by `point`: the swept values, then shares and means with
    95 % intervals (`summary.survival_table`). contrasts: a row for each pair, or None. workers: 0
    where the work was done by jobs of a launcher.
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
        """All runs: point, replicate, seed, swept values, outcome (meanings in `columns`)."""
        return read_folder(self.folder).runs()

    @property
    def failures(self) -> pd.DataFrame:
        """The runs that failed, with error and traceback."""
        return read_folder(self.folder).failures


def sweep_from_hydra(
    context: HydraContext,
    config: DictConfig,
    params: dict[str, Any],
    arguments: list[str],
    settings: dict[str, Any],
    action: str = "run",
) -> SweepResult | None:
    """What Hydra's sweeper calls: sweep, and tell the terminal. Exits with 1 if runs failed.

    action: "describe" tells what would be run; "prepare" makes the folder, for workers that
    somebody else starts.
    """
    from truce_sim import tell_sweep
    from truce_sim.terminal import SweepBar

    from .jobs import jobs_of

    composer = Composer(context.config_loader, str(config.hydra.job.config_name))
    design, shared = make_design(composer, params, arguments, DesignSettings(**settings))
    if action == "describe":
        tell_sweep.tell_design(design, estimate(design, shared))
        return None
    if action == "prepare":
        tell_sweep.tell_prepared(prepare(design, shared, arguments))
        return None
    result = run_sweep(design, shared, arguments, SweepBar(), jobs_of(context, config))
    tell_sweep.report_sweep(result, design.factors, shared.sweep.compare)
    if result.runs_failed:
        raise SystemExit(1)
    return result


def run_sweep(
    design: Design,
    shared: Config,
    overrides: Sequence[str],
    progress: Progress,
    jobs: Jobs | None = None,
) -> SweepResult:
    """Run every point with all its replicates, into a new folder or an earlier one of its name;
    through a launcher's jobs, or else with workers on this machine.

    Everything that can be refused is refused (InputError) before anything is written. Raises
    Stopped when the sweep ends before it is finished.
    """
    return carry_on(prepare(design, shared, overrides), progress, jobs=jobs)


def carry_on(
    folder: SweepFolder, progress: Progress, workers: int | None = None, jobs: Jobs | None = None
) -> SweepResult:
    """Run what is missing in a sweep's folder, and sum up. Raises as run_sweep."""
    refuse_other_rules(folder)
    with locked(folder.path):
        work = _Work(folder, progress, workers or count_workers(folder.settings.workers), jobs)
        work.finish()
        return work.result()


@dataclass
class _Work:
    """What is being done on a folder."""

    folder: SweepFolder
    progress: Progress
    workers: int
    jobs: Jobs | None
    begun: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    engine_seconds: float = 0.0
    runs_new: int = 0

    def finish(self) -> None:
        """Run what is missing until nothing is, then write the results."""
        remove_leftovers(self.folder.path)
        damaged = list(self._set_damaged_aside())
        with self._told():
            while True:
                for path in damaged:
                    self.progress.say(f"{path} is damaged: set aside, its runs are run again")
                try:
                    self._run_missing()
                    if self.runs_new or not has_results(self.folder):
                        write_results(self.folder, time.monotonic() - self.begun)
                    break
                except Damaged as error:
                    damaged = [self._set_aside(error.path)]

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
                chunks = list(self._todo())
                self.progress.expect(int(self.folder.wanted().sum()))
        self.seconds += time.monotonic() - begun

    def _run_jobs(self, jobs: Jobs, chunks: list[Chunk]) -> None:
        """Raises RuntimeError where runs did not come back: nothing is tried again silently."""
        trouble = jobs.run(self.folder, chunks, self._count)
        lost = sum(chunk.runs for chunk in uncovered(chunks, self.folder.chunks()))
        if lost:
            raise RuntimeError(
                f"{lost:,} runs did not come back from their jobs: {'; '.join(trouble[:3])}. The "
                f"same command with output.name={self.folder.path.name} starts jobs for them"
            )
        for words in trouble:
            self.progress.say(words)

    def _todo(self) -> Iterator[Chunk]:
        size = runs_per_chunk(self.folder.points * self.folder.replicates)
        return cut(missing(self.folder.chunks(), self.folder.wanted()), size)

    def _count(self, done: Done) -> None:
        self.runs_new += done.runs
        self.engine_seconds += done.engine_seconds
        self.progress.advance(done.runs)

    def _set_damaged_aside(self) -> Iterator[Path]:
        """Parts that are cut short, and others that are in the way of saying what is wanted."""
        yield from map(self._set_aside, self.folder.damaged())
        while True:
            try:
                self.folder.wanted()
                return
            except Damaged as error:
                yield self._set_aside(error.path)

    def _set_aside(self, path: Path) -> Path:
        """A part that is not whole is kept under another name, and its runs are run again."""
        if path.parent != self.folder.path / PARTS:
            raise InputError(
                f"{path} is damaged, and nothing else says what the points are",
                allowed="a copy of it in its place; or run the sweep anew",
            )
        path.replace(path.with_name(path.name + ".damaged"))
        return path

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Progress from start to end, and what an interruption means."""
        done = sum(chunk.runs for chunk in self.folder.chunks())
        self.progress.start(int(self.folder.wanted().sum()), done, self.folder.path)
        try:
            yield
        except KeyboardInterrupt:
            raise self._stopped("Interrupted", 130) from None
        except (RuntimeError, OSError) as error:
            if isinstance(error, InputError):
                raise
            raise self._stopped(str(error)) from error
        finally:
            self.progress.finish()

    def _stopped(self, why: str, exit_code: int = 1) -> Stopped:
        done = sum(chunk.runs for chunk in self.folder.chunks())
        return Stopped(why, self.folder.path, done, int(self.folder.wanted().sum()), exit_code)

    def result(self) -> SweepResult:
        """What came of it."""
        folder = read_folder(self.folder.path)
        summary = folder.summary
        return SweepResult(
            folder.path, folder.design[list(folder.factors)], summary, folder.contrasts,
            int(summary["horizon"].max()), int(summary["runs"].sum() + summary["failed"].sum()),
            self.runs_new, int(summary["failed"].sum()), self.seconds, self.engine_seconds,
            0 if self.jobs else self.workers,
        )  # fmt: skip
