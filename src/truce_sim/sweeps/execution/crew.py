"""A crew of worker processes on this machine, any of which may die at any moment.

A worker that dies is replaced and its chunk is run again. A chunk that kills its worker twice, or
runs out of time, is halved repeatedly until the single run at fault remains; that run becomes a
failed row.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue

import numpy as np
import pyarrow as pa

from truce_sim.engine.compile import is_compiled
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import outcomes
from truce_sim.sweeps.execution.processes import Process, start_process
from truce_sim.sweeps.execution.worker import OUT_OF_TIME, Done
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.rows import CRASHED, TIMEOUT, Failure, Rows
from truce_sim.sweeps.folder.write import write_part, write_record

#: Chunks assigned to a worker at a time: the one it runs, and the next.
_AHEAD = 2
_DEATHS_BEFORE_CUT = 2
#: Workers in a row that may die before they are ready.
_FALSE_STARTS = 20


class WorkerProcess:
    """One worker process, and its assigned chunks, in order.

    Args:
        process: the worker's.
        answers: receives (this, answer) for each answer of the process, and (this, None) when it
            ends.
    """

    def __init__(self, process: Process, answers: Answers) -> None:
        self.process = process
        self.chunks: deque[Chunk] = deque()
        self.ready = False
        # A thread, because Windows cannot wait for several pipes at once.
        self._listener = threading.Thread(target=self._listen, args=[answers], daemon=True)
        self._listener.start()

    def _listen(self, answers: Answers) -> None:
        for line in self.process.stdout:
            if line.endswith(b"\n"):  # otherwise it died while writing
                answers.put((self, json.loads(line)))
        answers.put((self, None))

    def assign(self, chunk: Chunk, into: str) -> None:
        """Assign one more chunk; if the process has died, `answers` will say so."""
        self.chunks.append(chunk)
        with suppress(OSError):  # a broken pipe; on Windows, an invalid argument
            self.process.stdin.write(f"{into}/{chunk.name}\n".encode())

    def kill(self) -> int:
        """Kill the process and return its exit code."""
        self.process.kill()
        self._listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
        return self.process.wait()


#: Workers' messages, in order of arrival.
Answers = SimpleQueue[tuple[WorkerProcess, dict[str, object] | None]]


class Crew:
    """Runs chunks of a sweep's folder with several workers at once; use it as a context.

    Args:
        folder: the sweep.
        workers: number of processes.
        into: folder for the parts, below that of the sweep.
    """

    def __init__(self, folder: SweepFolder, workers: int, into: str = PARTS) -> None:
        self._folder = folder
        self._workers = workers
        self._into = into
        self._again: deque[Chunk] = deque()
        self._deaths: Counter[Chunk] = Counter()
        self._false_starts = 0
        self._processes: list[WorkerProcess] = []
        self._answers: Answers = SimpleQueue()

    def __enter__(self) -> Crew:
        if not is_compiled():
            outcomes(self._folder.spec_of(0), [])  # compile once, not in every worker
        pa.default_memory_pool().release_unused()  # from now on this process only waits
        return self

    def __exit__(self, *problem: object) -> None:
        """Kill all workers."""
        for process in self._processes:
            process.kill()

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Done]:
        """Run chunks, and yield each as it is done, in any order.

        Raises:
            RuntimeError: if no worker can work, because the disk is full or none starts.
        """
        todo, missing = iter(chunks), self._workers - len(self._processes)
        # All are started before any has its thread here, so that they can be forks.
        started = [start_process(self._folder.path) for _ in range(missing)]
        self._processes += [WorkerProcess(process, self._answers) for process in started]
        while self._assign(todo):
            yield from self._handle(*self._answers.get())

    def _assign(self, todo: Iterator[Chunk]) -> bool:
        """Assign chunks to all workers; False once everything is done."""
        for depth in range(1, _AHEAD + 1):
            for process in self._processes:
                if len(process.chunks) < depth:
                    chunk = self._again.popleft() if self._again else next(todo, None)
                    if chunk is not None:
                        process.assign(chunk, self._into)
        return any(process.chunks for process in self._processes)

    def _handle(self, process: WorkerProcess, answer: dict[str, object] | None) -> Iterator[Done]:
        if answer is None:
            yield from self._replace(process)
        elif "error" in answer:
            raise RuntimeError(str(answer["error"]))
        elif "name" in answer:
            process.chunks.popleft()
            yield Done(**answer)  # type: ignore[arg-type]
        else:
            process.ready, self._false_starts = True, 0

    def _replace(self, dead: WorkerProcess) -> Iterator[Done]:
        """Replace a worker that died, and run its chunks again."""
        self._processes.remove(dead)
        code = dead.process.wait()
        dead.kill()
        self._false_starts += not dead.ready
        if self._false_starts > _FALSE_STARTS or (not dead.ready and code > 0):
            raise RuntimeError(f"worker processes do not start (exit code {code})")
        self._processes.append(WorkerProcess(start_process(self._folder.path), self._answers))
        if not dead.ready or not dead.chunks:  # no run is to blame
            self._again.extendleft(reversed(dead.chunks))
            return
        chunk = dead.chunks.popleft()
        self._again.extendleft(reversed(dead.chunks))
        self._deaths[chunk] += 1
        out_of_time = code == OUT_OF_TIME
        if not out_of_time and self._deaths[chunk] < _DEATHS_BEFORE_CUT:
            self._again.appendleft(chunk)
        elif chunk.runs > 1:
            self._again.extendleft(reversed(chunk.halves()))
        else:
            yield self._give_up(chunk, out_of_time, code)

    def _give_up(self, chunk: Chunk, out_of_time: bool, code: int) -> Done:
        """Write the row of a run that killed every worker."""
        row = np.zeros((1, 1), OUTCOME)
        row["status"] = TIMEOUT if out_of_time else CRASHED
        limit = self._folder.settings.run_timeout
        error = (
            f"took longer than sweep.run_timeout={limit:g} s"
            if out_of_time
            else f"its process ended {self._deaths[chunk]} times (exit code {code})"
        )
        seeds = np.array([self._folder.spec_of(chunk.points.start).seed], np.int64)
        failures = {(chunk.points.start, chunk.replicates.start): Failure(error)}
        recorder = make_recorder(self._folder.settings)
        for kind, nothing in recorder.take() if recorder else ():
            write_record(self._folder, chunk, kind, nothing, self._into)
        write_part(self._folder, chunk, Rows(chunk, seeds, row, failures).table(), self._into)
        return Done(chunk.name, 1, 1, 0.0)


def count_workers(asked: int) -> int:
    """Return the number of workers: `asked` or, if 0, every core that the system and SLURM
    grant."""
    if asked:
        return asked
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    granted = os.environ.get("SLURM_CPUS_ON_NODE", "")
    return min(cores, int(granted)) if granted.isdigit() else cores
