"""Output of the commands: rich in a terminal, plain text elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console


def console() -> Console:
    """Return standard output, as wide as the terminal, or wide enough for tables without one."""
    out = Console(highlight=False, emoji=False)
    return out if out.is_terminal else Console(highlight=False, emoji=False, width=120)


def warn_of_compiling() -> None:
    """Print a line to standard error if the rules are about to be compiled."""
    from truce_sim.engine.compile import is_compiled

    if not is_compiled():
        Console(stderr=True).print(
            "Compiling the model (only once; about ten seconds) …", style="dim", highlight=False
        )


class SweepBar:
    """A progress bar with runs per second and time left, or a line every ten seconds.

    The lines replace the bar where there is no terminal. The pace is measured from the first chunk
    on, so that compiling and starting workers do not count.
    """

    def start(self, runs: int, done: int, folder: Path) -> None:
        """Show the bar.

        Args:
            runs: the total number of runs.
            done: how many of them are done.
            folder: of the sweep.
        """
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._runs, self._done = runs, done
        self._first: tuple[float, int] | None = None  # when the first chunk came, and runs by then
        self._printed = time.monotonic()
        self._console = Console(stderr=True, highlight=False)
        there = f", {done:,} already done" if done else ""
        self._console.print(f"{runs:,} runs{there} → {folder}", soft_wrap=True)
        if done < runs:
            warn_of_compiling()
        self._bar = Progress(
            SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
            TextColumn("left"), TimeRemainingColumn(), console=self._console, transient=True,
            disable=not self._console.is_terminal, speed_estimate_period=300,
        )  # fmt: skip
        self._task = self._bar.add_task("runs", total=runs, completed=done, rate="")
        self._bar.start()

    def advance(self, runs: int) -> None:
        """Add `runs` to the number of finished runs."""
        self._done += runs
        now = time.monotonic()
        begun, before = self._first = self._first or (now, self._done)
        rate = (self._done - before) / (now - begun) if now - begun > 1 else 0.0
        pace = f"{rate:,.0f} runs/s" if rate else ""
        self._bar.update(self._task, advance=runs, rate=pace)
        if not self._console.is_terminal and now - self._printed > 10:
            self._printed = now
            left = f", {pace}, {(self._runs - self._done) / rate:.0f} s left" if rate else ""
            self._console.print(f"{self._done:,} of {self._runs:,} runs{left}")

    def expect(self, runs: int) -> None:
        """Set the total number of runs."""
        self._runs = runs
        self._bar.update(self._task, total=runs)

    def say(self, words: str) -> None:
        """Print a line above the bar."""
        self._console.print(words, soft_wrap=True)

    def finish(self) -> None:
        """Remove the bar."""
        self._bar.stop()


class ReportBar:
    """A progress bar over the sections of a report; nothing without a terminal."""

    def __enter__(self) -> ReportBar:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
            transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("reading", total=None)
        self._bar.disable = not self._bar.console.is_terminal
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._bar.stop()

    def step(self, title: str, done: int, of: int) -> None:
        """Show that a section begins.

        Args:
            title: of the section.
            done: number of finished sections.
            of: number of all sections.
        """
        self._bar.update(self._task, description=title, completed=done, total=of)
