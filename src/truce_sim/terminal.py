"""What the commands print: rich in a terminal, plain text elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)


def console() -> Console:
    """Standard output; as wide as the terminal, or wide enough for tables where there is none."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=120)


def warn_of_compiling() -> None:
    """A line on standard error if the rules are about to be compiled."""
    from truce_sim.engine.compile import is_compiled

    if not is_compiled():
        Console(stderr=True).print(
            "Compiling the model, once (about half a minute) …", style="dim", highlight=False
        )


class SweepBar:
    """A bar with runs a second and time left; without a terminal, a line every ten seconds."""

    def start(self, runs: int, done: int, folder: Path) -> None:
        """Show the bar."""
        self._runs, self._done, self._begun = runs, done, time.monotonic()
        self._before = done
        self._told = self._begun
        self._console = Console(stderr=True, highlight=False)
        there = f", {done:,} of them there" if done else ""
        self._console.print(f"{runs:,} runs{there} → {folder}", soft_wrap=True)
        if done < runs:
            warn_of_compiling()
        self._bar = Progress(
            SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
            TextColumn("left"), TimeRemainingColumn(), console=self._console, transient=True,
            disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("runs", total=runs, completed=done, rate="")
        self._bar.start()

    def advance(self, runs: int) -> None:
        """So many runs more are done."""
        self._done += runs
        now = time.monotonic()
        rate = (self._done - self._before) / max(now - self._begun, 1e-9)
        self._bar.update(self._task, advance=runs, rate=f"{rate:,.0f} runs/s")
        if not self._console.is_terminal and now - self._told > 10:
            self._told = now
            left = (self._runs - self._done) / rate
            self._console.print(
                f"{self._done:,} of {self._runs:,} runs, {rate:,.0f} runs/s, {left:.0f} s left"
            )

    def expect(self, runs: int) -> None:
        """The bar gets so long."""
        self._runs = runs
        self._bar.update(self._task, total=runs)

    def say(self, words: str) -> None:
        """A line above the bar."""
        self._console.print(words, soft_wrap=True)

    def finish(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class ReportBar:
    """A bar over the sections of a report; nothing without a terminal."""

    def __enter__(self) -> ReportBar:
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
        """A section begins."""
        self._bar.update(self._task, description=title, completed=done, total=of)
