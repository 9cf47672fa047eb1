"""A server that forks truce-sim commands, for tests that run many: none waits for its imports.

A command is a process of its own, and so are its workers. They run the program's own
code; only the way in which processes are started is another. A test starts commands by `start`, or
its shell scripts do by the program that `client` writes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from truce_sim.sweeps.execution.processes import be_worker, take_files

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
    """Forks processes of the program; use it as a context. It starts when it is first asked.

    Args:
        modules: what else it imports once, for all of its processes.
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()  # a sweep may run in a thread

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *problem: object) -> None:
        if self._process is not None:
            self._process.communicate()
            self._channel.close()
            self._folder.cleanup()

    def start(self, words: list[str], log: Path) -> int:
        """Start `truce-sim` with these words, its output in a file; return its process."""
        log.touch()  # the process may be late to open it
        return int(self._ask({"start": words, "log": str(log)}))

    def client(self, program: Path) -> None:
        """Write a program that runs `truce-sim` by this server, or the script that it is given."""
        if self._process is None:
            self._begin()
        address = self._ask({"listen": f"{self._folder.name}/socket"})  # a short name
        program.write_text(_CLIENT.format(python=sys.executable, address=address))
        program.chmod(0o755)

    def start_worker(self, folder: Path) -> Process:
        """Start a worker on a sweep's folder, as `crew.start_process` does."""
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        question = {"work": str(folder.absolute()), "environment": dict(os.environ)}
        pid = int(self._ask(question, [theirs_in, theirs_out, 2]))
        os.close(theirs_in)
        os.close(theirs_out)
        return Process(pid, os.fdopen(ours_out, "wb", 0), os.fdopen(ours_in, "rb"), self.wait)

    def poll(self, process: int) -> int | None:
        """Return the exit code of a command that has ended."""
        return self._ask({"poll": process})

    def wait(self, process: int) -> int:
        """Wait for a process to end, and return its exit code."""
        return int(self._ask({"wait": process}))

    def _begin(self) -> None:
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # forks safely
        one["MPLBACKEND"] = "Agg"
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-W", "ignore::DeprecationWarning", __file__]
        self._process = subprocess.Popen(
            [*command, str(theirs.fileno()), *self._modules], env={**os.environ, **one},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[theirs.fileno()],
        )  # fmt: skip
        theirs.close()
        self._folder = tempfile.TemporaryDirectory()

    def _ask(self, question: dict[str, object], descriptors: Sequence[int] = ()) -> Any:
        with self._lock:
            if self._process is None:
                self._begin()
            assert self._process is not None
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            if descriptors:
                socket.send_fds(self._channel, [b"."], descriptors)
            print(json.dumps(question), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())


def serve(channel: socket.socket) -> None:
    """Answer the questions of a Server until it closes standard input."""
    from truce_sim import simulate
    from truce_sim.sweeps.folder import plan

    simulate({"run.horizon_days": 30})
    usual = plan.RUNS_PER_CHUNK
    plan.RUNS_PER_CHUNK = _RUNS_PER_CHUNK
    gc.freeze()  # what is there stays, and no fork looks through it
    started: set[int] = set()
    ended: dict[int, int] = {}
    for line in sys.stdin:
        question = json.loads(line)
        if "start" in question:
            answer = _start(question["start"], question["log"])
            started.add(answer)
        elif "work" in question:
            answer = _work(channel, question["work"], question["environment"])
            started.add(answer)
        elif "listen" in question:
            answer = question["listen"]
            started.add(_listen(answer, usual))
        else:
            answer = _wait_for(question, ended)
        print(json.dumps(answer), flush=True)
    for process in started - set(ended):
        os.kill(process, signal.SIGKILL)


def _start(words: list[str], log: str) -> int:
    """Fork a command whose output goes to a file."""
    from truce_sim.cli import commands

    process = os.fork()
    if process:
        return process
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
        os.dup2(number, target)
    code = commands.run_command(words)
    sys.stdout.flush()
    os._exit(code)


def _work(channel: socket.socket, folder: str, environment: dict[str, str]) -> int:
    """Fork a worker on the files that come through the channel."""
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 3)
    process = os.fork()
    if not process:
        channel.close()
        os.environ.clear()
        os.environ.update(environment)
        be_worker(Path(folder), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return process


def _listen(address: str, runs_per_chunk: int) -> int:
    """Fork a process that answers clients at an address, with chunks of the usual size."""
    from truce_sim.sweeps.folder import plan

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    process = os.fork()
    if not process:
        plan.RUNS_PER_CHUNK = runs_per_chunk
        _answer_clients(listening)
    return process


def _wait_for(question: dict[str, int], ended: dict[int, int]) -> int | None:
    """Return the exit code of a process, or None if it has not ended and is not waited for."""
    process, flags = next(iter(question.values())), 0 if "wait" in question else os.WNOHANG
    if process not in ended:
        found, status = os.waitpid(process, flags)
        if found:
            ended[process] = os.waitstatus_to_exitcode(status)
    return ended.get(process)


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
            take_files(descriptors)
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
    """Run a command as the console script does, or a script as Python does."""
    from truce_sim.cli.commands import run_command

    try:
        if words and words[0].endswith(".py"):
            return _run_script(words)
        sys.argv = ["truce-sim", *words]
        return run_command(words)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _run_script(words: list[str]) -> int:
    """Run a script with its arguments; a RuntimeWarning is an error."""
    sys.argv = words
    sys.path[0] = str(Path(words[0]).parent)
    warnings.simplefilter("error", RuntimeWarning)
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as ended:
        if ended.code is not None and not isinstance(ended.code, int):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    return 0


class Process:
    """As much of a subprocess.Popen as a crew needs.

    Args:
        wait: waits for a process to end, and returns its exit code.
    """

    def __init__(
        self, pid: int, stdin: BinaryIO, stdout: BinaryIO, wait: Callable[[int], int]
    ) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._wait, self._code = wait, None

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, 9)

    def wait(self) -> int:
        if self._code is None:
            self._code = self._wait(self.pid)
        return self._code


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    serve(socket.socket(fileno=int(sys.argv[1])))
