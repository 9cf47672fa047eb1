"""A worker: a process that needs nothing but a sweep's folder. It is told the names of chunks, runs
them, writes their parts, and says so.

What it reads on standard input: a line `<folder of parts>/<name of chunk>` for each chunk. What it
writes on standard output: a line of JSON when it is ready, and one for each chunk. It ends when its
input does. A run that takes too long ends the process, for a compiled rule cannot be interrupted:
who started the worker sees it by the exit code, and cuts the chunk smaller.
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
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.codes import DONE
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import RunSpec, outcomes
from truce_sim.engine.world import make_world
from truce_sim.results.store import Damaged, write_table
from truce_sim.sweeps.folder.folder import PARTS, SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import REPLICATES_PER_BLOCK, Chunk
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.rows import ERROR, Failure, Rows

#: Exit code of a worker whose run took longer than `sweep.run_timeout`.
OUT_OF_TIME = 75


@dataclass(frozen=True)
class Done:
    """What a worker says of a chunk whose part is written."""

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
        """Run a chunk and write its part; series and events, where asked for, come before it."""
        specs = self._folder.specs(chunk.points)
        rows = np.zeros((len(specs), len(chunk.replicates)), OUTCOME)
        failures: dict[tuple[int, int], Failure] = {}
        begun = time.perf_counter()
        for i, (point, spec) in enumerate(zip(chunk.points, specs, strict=True)):
            for replicates in _blocks(chunk.replicates):
                place = slice(replicates.start - chunk.replicates.start,
                              replicates.stop - chunk.replicates.start)  # fmt: skip
                rows[i, place] = self._run_block(spec, point, replicates, failures)
        seconds = time.perf_counter() - begun
        seeds = np.array([spec.seed for spec in specs], np.int64)
        if self._recorder:
            for kind, table in self._recorder.take():
                self._write(chunk, kind, table)
        failed = int(np.count_nonzero(rows["status"] != DONE))
        self._write(chunk, into, Rows(chunk, seeds, rows, failures).table(), failed)
        return Done(chunk.name, chunk.runs, failed, seconds)

    def _write(self, chunk: Chunk, kind: str, table: pa.Table, failed: int = 0) -> None:
        path = self._folder.part(chunk, kind)
        path.parent.mkdir(exist_ok=True)
        write_table(path, table, {"failed": str(failed)})

    def _run_block(
        self, spec: RunSpec, point: int, replicates: range,
        failures: dict[tuple[int, int], Failure],
    ) -> NDArray[np.void]:  # fmt: skip
        """OUTCOME (replicates,); where Python raises, one by one, so that the others go on."""
        try:
            with self._clock.running():
                return self._outcomes(spec, point, replicates)
        except Exception as error:
            if len(replicates) > 1:
                singly = (range(r, r + 1) for r in replicates)
                return np.concatenate([self._run_block(spec, point, r, failures) for r in singly])
            told = f"{type(error).__name__}: {error}"
            failures[point, replicates.start] = Failure(told, traceback.format_exc())
            row = np.zeros(1, OUTCOME)
            row["status"] = ERROR
            return row

    def _outcomes(self, spec: RunSpec, point: int, replicates: range) -> NDArray[np.void]:
        if self._recorder is None:
            return outcomes(spec, np.asarray(replicates), self._world)
        runs = []
        for replicate in replicates:
            runs.append(outcomes(replace(spec, replicate=replicate), [replicate], self._world))
            self._recorder.keep(point, replicate, runs[-1][0], self._world)
        return np.concatenate(runs)


def _blocks(replicates: range) -> Iterator[range]:
    """Few enough runs at once that one which never ends is found."""
    for start in range(0, len(replicates), REPLICATES_PER_BLOCK):
        yield replicates[start : start + REPLICATES_PER_BLOCK]


class Watchdog:
    """Ends the process when what it watches takes longer than a run may.

    It watches a block of runs. One that is over time is cut smaller by whoever starts the worker
    again, down to a single run: no run fails for the slowness of others.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = float("inf")
        threading.Thread(target=self._watch, daemon=True).start()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside has the time of a run."""
        self._deadline = time.monotonic() + self._seconds
        try:
            yield
        finally:
            self._deadline = float("inf")

    def _watch(self) -> None:
        while True:
            time.sleep(min(0.1, self._seconds / 4))
            if time.monotonic() > self._deadline:
                os._exit(OUT_OF_TIME)


def main(path: str) -> None:
    """Serve one driver until it closes our input."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM", "SIGUSR2"):  # the driver decides when we end
        if hasattr(signal, name):  # SLURM tells all; Windows has no SIGHUP and no SIGUSR2
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever else is printed must not get between the answers
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps 16 MB that nothing uses
    worker = Worker(read_folder(path))
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        into, _, name = line.strip().partition("/")
        chunk = Chunk.named(name)
        assert chunk is not None
        try:
            done = worker.run(chunk, into)
        except Exception as error:  # not of a run: of the folder, the disk, the program
            if not isinstance(error, OSError | Damaged):
                traceback.print_exc()
            print(json.dumps({"error": str(error) or type(error).__name__}), file=answers)
            return
        print(json.dumps(done.__dict__), file=answers)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # the driver is gone; what is written is written
        main(sys.argv[1])
