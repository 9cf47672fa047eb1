"""A worker: a process that receives the names of chunks, runs them and writes their parts.

It needs nothing but the sweep's folder. It reads one line per chunk from standard input, `<folder
of parts>/<name of chunk>`, and writes one line of JSON to standard output when it is ready and
after each chunk. It ends when its input ends. A run that takes too long ends the process, because
compiled code cannot be interrupted; the parent recognizes this by the exit code and halves the
chunk.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import RunSpec, outcomes, outcomes_of_all
from truce_sim.engine.world import make_world
from truce_sim.results.store import Damaged
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import Chunk, blocks
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.rows import ERROR, Failure, Rows
from truce_sim.sweeps.folder.write import write_part, write_record

#: Exit code of a worker whose run took longer than `sweep.run_timeout`.
OUT_OF_TIME = 75


@dataclass(frozen=True)
class Done:
    """A worker's report of a chunk whose part is written.

    Attributes:
        name: name of the chunk.
        runs: number of runs.
        failed: number of failed runs.
        engine_seconds: time in the engine.
    """

    name: str
    runs: int
    failed: int
    engine_seconds: float


class Worker:
    """Runs chunks of one sweep, one after another."""

    def __init__(self, folder: SweepFolder) -> None:
        settings = folder.settings
        self._folder = folder
        self._recorder = make_recorder(settings)
        self._world = make_world(recorded=self._recorder is not None)
        self._clock = Watchdog(settings.run_timeout)
        outcomes(folder.spec_of(0), [], self._world)  # loads the compiled rules

    def run(self, chunk: Chunk, into: str = PARTS) -> Done:
        """Run a chunk and write its part, preceded by series and events if they are kept."""
        specs = dict(zip(chunk.points, self._folder.specs(chunk.points), strict=True))
        rows = np.zeros((len(specs), len(chunk.replicates)), OUTCOME)
        failures: dict[tuple[int, int], Failure] = {}
        begun = time.perf_counter()
        for some, few in blocks(*rows.shape):
            block = Chunk(chunk.points[some], chunk.replicates[few])
            rows[some, few] = self._run_block(specs, block, failures)
        seconds = time.perf_counter() - begun
        seeds = np.array([spec.seed for spec in specs.values()], np.int64)
        if self._recorder:
            for kind, table in self._recorder.take():
                write_record(self._folder, chunk, kind, table, into)
        table = Rows(chunk, seeds, rows, failures).table()
        failed = write_part(self._folder, chunk, table, into)
        return Done(chunk.name, chunk.runs, failed, seconds)

    def _run_block(
        self, specs: Mapping[int, RunSpec], block: Chunk, failures: dict[tuple[int, int], Failure]
    ) -> NDArray[np.void]:
        """Return OUTCOME (points, replicates). If Python raises, halve to isolate the failure."""
        try:
            with self._clock.running():
                return self._outcomes([specs[point] for point in block.points], block)
        except Exception as error:
            if block.runs > 1:
                halves = [self._run_block(specs, half, failures) for half in block.halves()]
                return np.concatenate(halves, axis=0 if len(block.points) > 1 else 1)
            message = f"{type(error).__name__}: {error}"
            run = block.points.start, block.replicates.start
            failures[run] = Failure(message, traceback.format_exc())
            row = np.zeros((1, 1), OUTCOME)
            row["status"] = ERROR
            return row

    def _outcomes(self, specs: Sequence[RunSpec], block: Chunk) -> NDArray[np.void]:
        if self._recorder is None:
            return outcomes_of_all(specs, block.replicates, self._world)
        rows = np.zeros((len(specs), len(block.replicates)), OUTCOME)
        for i, (point, spec) in enumerate(zip(block.points, specs, strict=True)):
            for r, replicate in enumerate(block.replicates):
                rows[i, r] = outcomes(spec, [replicate], self._world)[0]
                self._recorder.keep(point, replicate, rows[i, r], self._world)
        return rows


class Watchdog:
    """Ends the process when a block of runs takes longer than a single run may, or when its driver
    ends.

    The parent then halves the chunk, down to a single run, so no run fails because others are slow.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = float("inf")
        threading.Thread(target=self._watch, daemon=True).start()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Limit the time of the context to that of a run."""
        self._deadline = time.monotonic() + self._seconds
        try:
            yield
        finally:
            self._deadline = float("inf")

    def _watch(self) -> None:
        driver = os.getppid()
        while True:
            time.sleep(min(0.1, self._seconds / 4))
            if os.getppid() != driver:  # it was killed: another may be working on the folder
                os._exit(1)
            if time.monotonic() > self._deadline:
                os._exit(OUT_OF_TIME)


def main(path: str) -> None:
    """Serve one driver until it closes standard input."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM", "SIGUSR2"):  # the driver decides when to end
        if hasattr(signal, name):  # SLURM signals all; Windows has neither SIGHUP nor SIGUSR2
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # other output must not mix with the answers
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own pool holds 16 MB unused
    worker = Worker(read_folder(path))
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        into, _, name = line.strip().partition("/")
        chunk = Chunk.from_name(name)
        assert chunk is not None
        try:
            done = worker.run(chunk, into)
        except Exception as error:  # not in a run: in the folder, the disk or the program
            if not isinstance(error, OSError | Damaged):
                traceback.print_exc()
            print(json.dumps({"error": str(error) or type(error).__name__}), file=answers)
            return
        print(json.dumps(done.__dict__), file=answers)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except BrokenPipeError:  # the driver has ended; written parts stay
        os._exit(0)  # at once: Python would try to write to it again
