"""A crew of worker processes on this machine, one of which may die at any moment.

Whoever dies is replaced. Its chunk is run again; one that kills its worker twice, or runs out of
time, is cut in half, down to the single run at fault, which becomes a row that says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np
import pyarrow as pa

from truce_sim.engine.compile import is_compiled
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import outcomes
from truce_sim.results.store import write_table
from truce_sim.sweeps.execution.worker import OUT_OF_TIME, Done
from truce_sim.sweeps.folder.folder import PARTS, SweepFolder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.rows import CRASHED, TIMEOUT, Failure, Rows

#: Chunks that a worker has been given: the one it runs, and the next.
_AHEAD = 2
_DEATHS_BEFORE_CUT = 2
#: Workers that may end one after another before they can begin.
_FALSE_STARTS = 20


class Hand:
    """One worker process, and the chunks it has been given, in order."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-P", "-m", "truce_sim.sweeps.execution.worker", str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            start_new_session=True,
        )  # fmt: skip
        self.chunks: deque[Chunk] = deque()
        self.ready = False
        self._heard = b""

    def fileno(self) -> int:
        """What to wait for: its answers."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def give(self, chunk: Chunk, into: str) -> None:
        """Ask for one more chunk; a dead worker is noticed when it is listened to."""
        self.chunks.append(chunk)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{into}/{chunk.name}\n".encode())

    def listen(self) -> list[dict[str, object]] | None:
        """What it has said; None once it is gone."""
        said = os.read(self.fileno(), 1 << 16)
        if not said:
            return None
        *lines, self._heard = (self._heard + said).split(b"\n")
        return [json.loads(line) for line in lines]

    def dismiss(self) -> int:
        """End it, whatever it is doing; returns its exit code."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return self.process.wait()


class Crew:
    """Runs chunks of a sweep's folder with so many workers at once."""

    def __init__(self, folder: SweepFolder, workers: int, into: str = PARTS) -> None:
        self._folder = folder
        self._workers = workers
        self._into = into
        self._again: deque[Chunk] = deque()
        self._deaths: Counter[Chunk] = Counter()
        self._false_starts = 0
        self._hands: list[Hand] = []

    def __enter__(self) -> Crew:
        if not is_compiled():
            outcomes(self._folder.spec_of(0), [])  # once, not once a worker
        pa.default_memory_pool().release_unused()  # of the design: we only wait from now on
        return self

    def __exit__(self, *problem: object) -> None:
        """All workers are gone, whatever they were doing."""
        for hand in self._hands:
            hand.dismiss()

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Done]:
        """What was done, chunk by chunk, in any order.

        Raises RuntimeError where no worker can work: the disk is full, or none starts.
        """
        todo, hands = iter(chunks), self._hands
        hands += [Hand(self._folder.path) for _ in range(self._workers - len(hands))]
        while self._employ(hands, todo):
            for number in wait([hand.fileno() for hand in hands]):
                speaker = next(hand for hand in hands if hand.fileno() == number)
                yield from self._hear(hands, speaker)

    def _employ(self, hands: list[Hand], todo: Iterator[Chunk]) -> bool:
        """Give everybody enough to do; False once all is done."""
        for depth in range(1, _AHEAD + 1):
            for hand in hands:
                if len(hand.chunks) < depth:
                    chunk = self._again.popleft() if self._again else next(todo, None)
                    if chunk is not None:
                        hand.give(chunk, self._into)
        return any(hand.chunks for hand in hands)

    def _hear(self, hands: list[Hand], hand: Hand) -> Iterator[Done]:
        answers = hand.listen()
        if answers is None:
            yield from self._replace(hands, hand)
            return
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(str(answer["error"]))
            if "name" in answer:
                hand.chunks.popleft()
                yield Done(**answer)  # type: ignore[arg-type]
            else:
                hand.ready, self._false_starts = True, 0

    def _replace(self, hands: list[Hand], hand: Hand) -> Iterator[Done]:
        """A new worker for one that died, and its chunks again."""
        hands.remove(hand)
        code = hand.process.wait()
        hand.dismiss()
        self._false_starts += not hand.ready
        if self._false_starts > _FALSE_STARTS or (not hand.ready and code > 0):
            raise RuntimeError(f"worker processes do not start (exit code {code})")
        hands.append(Hand(self._folder.path))
        if not hand.ready or not hand.chunks:  # no run is to blame
            self._again.extendleft(reversed(hand.chunks))
            return
        chunk = hand.chunks.popleft()
        self._again.extendleft(reversed(hand.chunks))
        self._deaths[chunk] += 1
        out_of_time = code == OUT_OF_TIME
        if not out_of_time and self._deaths[chunk] < _DEATHS_BEFORE_CUT:
            self._again.appendleft(chunk)
        elif chunk.runs > 1:
            self._again.extendleft(reversed(chunk.halves()))
        else:
            yield self._give_up(chunk, out_of_time, code)

    def _give_up(self, chunk: Chunk, out_of_time: bool, code: int) -> Done:
        """The row of a run that no worker survives."""
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
        path = self._folder.part(chunk, self._into)
        path.parent.mkdir(exist_ok=True)
        write_table(path, Rows(chunk, seeds, row, failures).table(), {"failed": "1"})
        return Done(chunk.name, 1, 1, 0.0)


def count_workers(asked: int) -> int:
    """Workers to use: `asked`, or every core this process may run on, as SLURM sees it too."""
    if asked:
        return asked
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    granted = os.environ.get("SLURM_CPUS_ON_NODE", "")
    return min(cores, int(granted)) if granted.isdigit() else cores
