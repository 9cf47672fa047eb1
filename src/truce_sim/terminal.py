"""What the commands print: rich in a terminal, plain text elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from rich.table import Table

if TYPE_CHECKING:
    from .library import Simulation
    from .sweeps.driver import SweepResult

#: Days with more lines than this in a timeline are shown in short.
MAX_TIMELINE = 60
MAX_ROWS = 40

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

    def say(self, words: str) -> None:
        """A line above the bar."""
        self._console.print(words, soft_wrap=True)

    def finish(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def report_sweep(result: SweepResult, factors: tuple[str, ...], compare: str) -> None:
    """The summary table, what it says in words, and where the results are."""
    out = console()
    out.print(_summary_table(result, factors))
    if len(result.summary) > MAX_ROWS:
        out.print(f"… {len(result.summary) - MAX_ROWS} more points in summary.parquet", style="dim")
    out.print(
        f"Intervals: 95 %, of the simulation at these assumptions; survival restricted to "
        f"{result.horizon} days; – where fewer than half of the runs collapsed.",
        style="dim",
        soft_wrap=True,
    )
    if result.contrasts is not None and len(result.contrasts):
        _tell_contrasts(out, result, compare)
    if result.runs_failed:
        out.print(
            f"{result.runs_failed:,} runs failed (column status); they count nowhere.", style="red"
        )
    rate = result.runs_done / max(result.seconds, 1e-9)
    out.print(
        f"\n{result.runs_done:,} runs in {result.seconds:.1f} s ({rate:,.0f} a second, "
        f"{result.workers} workers) → {result.folder}",
        soft_wrap=True,
    )
    out.print(
        f'Next: pandas.read_parquet("{result.folder / "runs.parquet"}") has a row for each run · '
        "truce-sim run … replicate=R tells one of them",
        style="dim",
        soft_wrap=True,
    )


def _tell_contrasts(out: Console, result: SweepResult, compare: str) -> None:
    from .sweeps.contrasts import in_words

    assert result.contrasts is not None
    out.print(f"\n[bold]What {compare} changes[/], paired run by run, in this model:")
    for row in result.contrasts.head(MAX_ROWS).to_dict("records"):
        sentence = in_words(row, compare, result.summary, result.horizon)
        out.print(f"  • {sentence}", soft_wrap=True)
    out.print(
        f"  Intervals: 95 % for all {len(result.contrasts)} together (Bonferroni).",
        style="dim",
    )


def _summary_table(result: SweepResult, factors: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in factors or ("point",):
        table.add_column(name)
    for name in ("runs", "collapsed", "mean survival, days", "median, days"):
        table.add_column(name, justify="right")
    for row in result.summary.head(MAX_ROWS).reset_index().to_dict("records"):
        table.add_row(
            *[str(row[name]) for name in factors or ("point",)],
            f"{row['runs']:,}" + (f" (+{row['failed']} failed)" if row["failed"] else ""),
            _interval(row, "collapse_share", 100.0, " %"),
            _interval(row, "mean_survival"),
            _interval(row, "median_survival"),
        )
    return table


def _interval(row: dict[Hashable, Any], name: str, scale: float = 1.0, unit: str = "") -> str:
    """A value with its interval: `41.2 % [38.0, 44.5]`."""
    digits = 0 if name.startswith("median") else 1

    def number(value: float) -> str:
        return f"{scale * value:.{digits}f}" if math.isfinite(value) else "–"

    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{number(value)}{unit if math.isfinite(value) else ''} [{number(low)}, {number(high)}]"
