"""What the commands print: rich in a terminal, plain text elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from .library import Simulation

#: Days with more lines than this in a timeline are shown in short.
MAX_TIMELINE = 60

_COLOURS = {
    "strikes": "red",
    "collapses": "bold red",
    "suspended": "yellow",
    "in force again": "green",
    "succeeds": "green",
    "save the truce": "green",
}


def console() -> Console:
    """Standard output; as wide as the terminal, or wide enough for tables where there is none."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=120)


def warn_of_compiling() -> None:
    """A line on standard error if the rules are about to be compiled."""
    from .engine.compile import is_compiled

    if not is_compiled():
        Console(stderr=True).print(
            "Compiling the model, once (about half a minute) …", style="dim", highlight=False
        )


def tell_run(run: Simulation, folder: Path) -> None:
    """The account of one run: how it went, how it ended, what it adds up to, where it is."""
    from .account import outcome_in_words, timeline

    out = console()
    out.print(
        f"[bold]One run[/] · {run.border.name} · {run.config.run.horizon_days} days · "
        f"seed {run.spec.seed}, replicate {run.spec.replicate}"
    )
    lines = list(timeline(run))
    shown = lines if len(lines) <= MAX_TIMELINE else lines[: MAX_TIMELINE // 2]
    for day, sentence in shown:
        out.print(f"  day {day:>4}  {sentence}", style=_style(sentence), soft_wrap=True)
    if len(lines) > len(shown):
        rest = lines[-(MAX_TIMELINE // 2) :]
        left_out = len(lines) - len(shown) - len(rest)
        out.print(f"        …   {left_out} more lines; events.parquet has them all", style="dim")
        for day, sentence in rest:
            out.print(f"  day {day:>4}  {sentence}", style=_style(sentence), soft_wrap=True)
    out.print(f"\n[bold]{outcome_in_words(run)}[/] One run is one draw, not a forecast.")
    out.print(_totals(run.outcome), soft_wrap=True)
    out.print(f"\nResults: {folder}", soft_wrap=True)
    out.print(
        "Next: truce-sim run replicate=1 (another draw) · truce-sim sweep +experiment=doha (odds)",
        style="dim",
        soft_wrap=True,
    )


def _totals(o: pd.Series) -> str:
    foiled = o["foiled_by_host"] + o["foiled_at_border"] + o["foiled_inside"]
    return (
        f"{o['attempts']} infiltration attempts, {foiled} foiled ({o['foiled_by_host']} by the "
        f"host, {o['foiled_at_border']} at the border, {o['foiled_inside']} inside), "
        f"{o['attacks']} attacks, {o['deaths']} deaths. {o['violations']} violations attributed, "
        f"{o['false_violations']} of them falsely. Strikes: {o['strikes_by_home']} by home, "
        f"{o['strikes_by_host']} by host. "
        f"Rounds: {o['rounds_succeeded']} succeeded, {o['rounds_failed']} failed."
    )


def _style(sentence: str) -> str:
    return next((style for word, style in _COLOURS.items() if word in sentence), "")


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
