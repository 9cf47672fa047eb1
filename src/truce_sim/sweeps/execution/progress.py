"""The interface for reporting the progress of a sweep, and the error when it stops early."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from truce_sim.errors import command


class Silence:
    """Progress that is not shown."""

    def start(self, runs: int, done: int, folder: Path) -> None:
        """Do nothing."""

    def advance(self, runs: int) -> None:
        """Do nothing."""

    def expect(self, runs: int) -> None:
        """Do nothing."""

    def say(self, words: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class Progress(Protocol):
    """Receives the progress of a sweep."""

    def start(self, runs: int, done: int, folder: Path) -> None:
        """Start with the total number of runs, and the number already done."""

    def advance(self, runs: int) -> None:
        """Add to the number of runs done."""

    def expect(self, runs: int) -> None:
        """Set the total number of runs."""

    def say(self, words: str) -> None:
        """Show a message to the user."""

    def finish(self) -> None:
        """Finish, at the end or on interruption."""


class Stopped(RuntimeError):
    """Raised if a sweep ends before it is finished; what it has done is kept.

    Args:
        why: the reason.
        folder: the sweep's folder.
        done: runs that are kept.
        runs: runs wanted.
        exit_code: exit code for the program.
        again: the words of the command that continues; by default `resume`.
    """

    def __init__(
        self,
        why: str,
        folder: Path,
        done: int,
        runs: int,
        exit_code: int = 1,
        again: Sequence[object] = (),
    ) -> None:
        super().__init__(
            f"{why}. {done:,} of {runs:,} runs are done and kept.\n"
            f"  To continue: {command(*(again or ('resume', folder)))}"
        )
        self.folder = folder
        self.exit_code = exit_code
