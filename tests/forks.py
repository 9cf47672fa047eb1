"""A server that forks truce-sim commands, for tests that kill many: none waits for its imports.

A command is a process of its own, and so are its workers, also forked. They run the program's own
code; only the way in which processes are started is another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

#: Runs per part, few, so that there are many parts; a whole block of replicates, as ever.
_RUNS_PER_CHUNK = 64


class Server:
    """Starts commands; use it as a context."""

    def __enter__(self) -> Server:
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # forks safely
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", __file__],
            env={**os.environ, **one}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._ask({})  # ready
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.communicate()

    def start(self, words: list[str], log: Path) -> int:
        """Start `truce-sim` with these words, its output in a file; return its process."""
        return int(self._ask({"start": words, "log": str(log)}))

    def poll(self, process: int) -> int | None:
        """Return the exit code of a command that has ended."""
        return self._ask({"poll": process})

    def wait(self, process: int) -> int:
        """Wait for a command to end, and return its exit code."""
        return int(self._ask({"wait": process}))

    def _ask(self, question: dict[str, object]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def serve() -> None:
    """Answer the questions of a Server until it closes standard input."""
    import truce_sim.analysis.report.write  # noqa: F401  (takes long)
    from truce_sim import simulate
    from truce_sim.cli import commands
    from truce_sim.sweeps.execution import crew
    from truce_sim.sweeps.folder import plan

    simulate({"run.horizon_days": 30})
    crew.WorkerProcess = ForkedWorker  # type: ignore[misc]
    plan.RUNS_PER_CHUNK = _RUNS_PER_CHUNK
    ended: dict[int, int] = {}
    for line in sys.stdin:
        question = json.loads(line)
        answer = None
        if "start" in question:
            answer = os.fork()
            if not answer:
                log = os.open(question["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                for number, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
                    os.dup2(number, target)
                code = commands.run_command(question["start"])
                sys.stdout.flush()
                os._exit(code)
        elif "poll" in question or "wait" in question:
            process, flags = next(iter(question.values())), 0 if "wait" in question else os.WNOHANG
            if process not in ended:
                found, status = os.waitpid(process, flags)
                if found:
                    ended[process] = os.waitstatus_to_exitcode(status)
            answer = ended.get(process)
        print(json.dumps(answer), flush=True)


class _Process:
    """As much of a subprocess.Popen as a crew needs."""

    def __init__(self, pid: int, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._code: int | None = None

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, 9)

    def wait(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


def _forked(folder: Path) -> _Process:
    from truce_sim.sweeps.execution import worker

    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs_in)
        os.close(theirs_out)
        return _Process(pid, os.fdopen(ours_out, "wb", 0), os.fdopen(ours_in, "rb"))
    code = 1
    try:
        os.setsid()
        os.close(ours_out)
        os.close(ours_in)
        os.dup2(theirs_in, 0)
        os.dup2(theirs_out, 1)
        os.close(theirs_in)
        os.close(theirs_out)
        sys.stdin = os.fdopen(0, "r", closefd=False)
        worker.main(str(folder))
        code = 0
    finally:
        os._exit(code)


def _worker_class() -> Any:
    from collections import deque

    from truce_sim.sweeps.execution.crew import WorkerProcess

    class Forked(WorkerProcess):
        """A worker that is forked."""

        def __init__(self, folder: Path, answers: Any) -> None:
            self.process = _forked(folder)  # type: ignore[assignment]
            self.chunks = deque()
            self.ready = False
            self._listener = threading.Thread(target=self._listen, args=[answers], daemon=True)
            self._listener.start()

    return Forked


ForkedWorker: Any = None

if __name__ == "__main__":
    ForkedWorker = _worker_class()
    serve()
