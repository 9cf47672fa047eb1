"""Who is told how a sweep goes, and what it means when it ends early."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Silence:
    """Progress that nobody sees."""

    def start(self, runs: int, done: int, folder: Path) -> None:
        """Nothing."""

    def advance(self, runs: int) -> None:
        """Nothing."""

    def expect(self, runs: int) -> None:
        """Nothing."""

    def say(self, words: str) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""


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
