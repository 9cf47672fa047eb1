"""A server that forks truce-sim commands, for tests that run many: none waits for its imports.

A command is a process of its own, and so are its workers, also forked. They run the program's own
code; only the way in which processes are started is another. A test starts commands by `start`, or
its shell scripts do by the program that `client` writes.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

#: Runs per part, few, so that there are many parts; a whole block of replicates, as ever.
_RUNS_PER_CHUNK = 64

#: What stands for `truce-sim` in a shell: hands words, folder, environment, standard input and
#: output to the server, and ends with the command's exit code.
_CLIENT = """#!{python} -ISE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "little")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(int(server.makefile().read() or 1))
"""


class Server:
    """Starts commands; use it as a context."""

    def __enter__(self) -> Server:
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # forks safely
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", __file__],
            env={**os.environ, **one}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._ask({})  # ready
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def start(self, words: list[str], log: Path) -> int:
        """Start `truce-sim` with these words, its output in a file; return its process."""
        return int(self._ask({"start": words, "log": str(log)}))

    def client(self, program: Path) -> None:
        """Write a program that runs `truce-sim` by this server."""
        address = self._ask({"listen": f"{self._folder.name}/socket"})  # a short name
        program.write_text(_CLIENT.format(python=sys.executable, address=address))
        program.chmod(0o755)

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
    usual, listener = plan.RUNS_PER_CHUNK, 0
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
        elif "listen" in question:
            answer = question["listen"]
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(answer)
            listening.listen()
            listener = os.fork()
            if not listener:
                plan.RUNS_PER_CHUNK = usual
                _answer_clients(listening)
        elif "poll" in question or "wait" in question:
            process, flags = next(iter(question.values())), 0 if "wait" in question else os.WNOHANG
            if process not in ended:
                found, status = os.waitpid(process, flags)
                if found:
                    ended[process] = os.waitstatus_to_exitcode(status)
            answer = ended.get(process)
        print(json.dumps(answer), flush=True)
    if listener:
        os.kill(listener, signal.SIGKILL)


def _answer_clients(listening: socket.socket) -> NoReturn:
    """Fork a command for each client, one after another, and tell it the exit code."""
    os.close(0)  # the questions are for the server
    while True:
        client, _ = listening.accept()
        length, descriptors, _, _ = socket.recv_fds(client, 8, 3)
        words, folder, environment = json.loads(
            client.makefile("rb").read(int.from_bytes(length, "little"))
        )
        process = os.fork()
        if not process:
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            os._exit(_command(words))
        for descriptor in descriptors:
            os.close(descriptor)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        client.sendall(str(code).encode())
        client.close()


def _command(words: list[str]) -> int:
    """Run a command as the console script does."""
    from truce_sim.cli.commands import run_command

    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = ["truce-sim", *words]
    try:
        return run_command(words)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


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
