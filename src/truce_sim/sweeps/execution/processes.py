"""Start the processes of workers: as forks where that is safe, otherwise as new processes.

A fork has all modules that its driver has imported; a new process spends a second on imports,
which is most of the time of a small sweep.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol


class Process(Protocol):
    """A process that reads lines from `stdin` and writes lines to `stdout`."""

    stdin: BinaryIO
    stdout: BinaryIO

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int:
        """Wait until it ends, and return its exit code; minus the signal that ended it."""


def start_process(folder: Path) -> Process:
    """Start a worker's process on a sweep's folder."""
    # A fork has none of the other threads, but locks that these held stay locked.
    if sys.platform == "linux" and threading.active_count() == 1:
        return Fork(folder)
    command = [sys.executable, "-P", "-m", "truce_sim.sweeps.execution.worker", str(folder)]
    return subprocess.Popen(  # type: ignore[return-value]
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
    )


class Fork:
    """A worker forked from this process.

    Args:
        folder: the sweep.
    """

    def __init__(self, folder: Path) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        with warnings.catch_warnings():  # it counts threads of libraries safe to fork
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if not self.pid:
            be_worker(folder, [theirs_in, theirs_out, 2])
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin: BinaryIO = os.fdopen(ours_out, "wb", 0)
        self.stdout: BinaryIO = os.fdopen(ours_in, "rb")
        self._code: int | None = None

    def kill(self) -> None:
        """End it at once."""
        if self._code is None:
            os.kill(self.pid, 9)

    def wait(self) -> int:
        """Wait until it ends, and return its exit code; minus the signal that ended it."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


def be_worker(folder: Path, files: Sequence[int]) -> NoReturn:
    """Work as `python -m truce_sim.sweeps.execution.worker` does, then exit.

    Args:
        folder: the sweep.
        files: descriptors of standard input, output and error; all others are closed, because the
            driver's lock and the pipes of other workers would stay open in this process.
    """
    code = 1
    try:
        gc.freeze()  # the driver's objects are never collected here, nor their files closed
        os.setsid()
        take_files(files)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        from truce_sim.sweeps.execution import worker

        worker.main(str(folder))
        code = 0
    except BrokenPipeError:  # the driver has ended; written parts stay
        os._exit(0)  # at once: Python would try to write to it again
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def take_files(files: Sequence[int]) -> None:
    """Make these descriptors standard input, output and error, in Python too."""
    for number, descriptor in enumerate(files):
        if descriptor != number:
            os.dup2(descriptor, number)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
