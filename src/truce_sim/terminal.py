"""Output of the commands: rich in a terminal, plain text elsewhere.

Names, levels and errors in a folder may come from anybody. Everything printed passes through
`clean`, and no console here reads markup.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from truce_sim.settings.written import duration

#: Control characters except newline and tab, and marks that reverse the order in which text is
#: shown.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: Width in columns where there is no terminal: nothing is wrapped or cut.
_ENDLESS = 10_000


def clean(text: str) -> str:
    """Return a text without the characters that command a terminal; lines and tabs stay."""
    return _COMMANDS.sub("", text)


class CleanConsole(Console):
    """A console that prints text as it is: no markup, no emoji, no command to the terminal."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as rich does, and clean all text but rich's own commands."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else clean(text), style, control)


def console() -> Console:
    """Return standard output: as wide as the terminal, or without one, as wide as the text."""
    out = CleanConsole()
    return out if out.is_terminal else CleanConsole(width=_ENDLESS)


def warn_of_compiling() -> None:
    """Print a line to standard error if the rules are about to be compiled."""
    from truce_sim.engine.compile import is_compiled
    from truce_sim.engine.shipped import fits_these_rules

    if not (is_compiled() or fits_these_rules()):
        CleanConsole(stderr=True).print(
            "Compiling the model (only once; about ten seconds) …", style="dim"
        )


class SweepBar:
    """A progress bar with runs per second and time left, or a line every ten seconds.

    The lines replace the bar where there is no terminal. The pace is measured from the first chunk
    on, so that compiling and starting workers do not count.
    """

    def __init__(self) -> None:
        self._console = CleanConsole(stderr=True)

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
        self._first: tuple[float, int] | None = None  # when the first chunk came; runs by then
        self._printed = time.monotonic()
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

    def advance(self, runs: int) -> None:
        """Add `runs` to the number of finished runs."""
        self._bar.start()  # only now, because its thread would keep workers from being forks
        self._done += runs
        now = time.monotonic()
        begun, before = self._first = self._first or (now, self._done)
        rate = (self._done - before) / (now - begun) if now - begun > 1 else 0.0
        pace = f"{rate:,.0f} runs/s" if rate else ""
        self._bar.update(self._task, advance=runs, rate=pace)
        if not self._console.is_terminal and now - self._printed > 10:
            self._printed = now
            left = f", {pace}, {duration((self._runs - self._done) / rate)} left" if rate else ""
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


class StepBar:
    """A progress bar over named steps, with the time left.

    Args:
        lines: whether, without a terminal, each step and progress every ten seconds are printed as
            lines; otherwise nothing is.
    """

    def __init__(self, lines: bool) -> None:
        self._lines, self._console = lines, CleanConsole(stderr=True)

    def __enter__(self) -> StepBar:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("left"), TimeRemainingColumn(), console=self._console, transient=True,
            disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=None)
        self._bar.start()
        self._said, self._printed = "", time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._bar.stop()

    def step(self, what: str, done: int, of: int) -> None:
        """Show what is being done, how much is done, and of how much."""
        self._bar.update(self._task, description=what, completed=done, total=of)
        now = time.monotonic()
        silent = self._console.is_terminal or not self._lines
        if not silent and (what != self._said or now - self._printed > 10):
            self._said, self._printed = what, now
            self._console.print(f"{what}: {done:,} of {of:,}")
