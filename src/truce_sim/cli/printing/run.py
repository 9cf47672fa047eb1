"""Print the account of one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.text import Text

from truce_sim.cli.printing.layout import print_next
from truce_sim.errors import command
from truce_sim.settings.dates import date_of, in_words
from truce_sim.terminal import console

if TYPE_CHECKING:
    from truce_sim.simulation.account import Line
    from truce_sim.simulation.run import Simulation


#: Timelines with more lines than this are shortened.
MAX_TIMELINE = 60


#: Colours of lines, by the kind of event that they report.
COLOURS = {
    "strike": "red",
    "collapse": "bold red",
    "suspension": "yellow",
    "renewal": "green",
    "round_succeeded": "green",
    "saved": "green",
}


def print_run(run: Simulation, folder: Path, arguments: Sequence[str]) -> None:
    """Print the account of one run: its timeline, outcome, totals, and results folder.

    Args:
        run: the run.
        folder: where its results are.
        arguments: those of the command, to suggest another draw of it.
    """
    from truce_sim.simulation.account import outcome_in_words, timeline

    out = console()
    out.print(
        Text.assemble(
            ("One run", "bold"),
            f" · {run.border.name} · {run.config.run.horizon_days} days{_since(run)} · "
            f"seed {run.spec.seed}, replicate {run.spec.replicate}",
        )
    )
    lines = list(timeline(run))
    shown = lines if len(lines) <= MAX_TIMELINE else lines[: MAX_TIMELINE // 2]
    _print_lines(out, run, shown)
    if len(lines) > len(shown):
        rest = lines[-(MAX_TIMELINE // 2) :]
        left_out = len(lines) - len(shown) - len(rest)
        out.print(f"        …   {left_out} more lines; all are in events.parquet", style="dim")
        _print_lines(out, run, rest)
    verdict = (outcome_in_words(run), "bold")
    out.print(Text.assemble("\n", verdict, " One run is one draw, not a forecast."))
    out.print(_totals(run.outcome))
    out.print(f"\nResults: {folder}", soft_wrap=True)
    again = [word for word in arguments if not word.startswith(("replicate=", "output.name="))]
    odds = [*again, "sweep.replicates=200"] if again else ["+experiment=doha"]
    print_next(
        out,
        ("for another draw", command("run", *again, f"replicate={run.spec.replicate + 1}")),
        ("for the odds", command("sweep", *odds)),
    )


def _print_lines(out: Console, run: Simulation, lines: Sequence[Line]) -> None:
    for day, sentence, kind in lines:
        style = COLOURS.get(kind, "")
        out.print(f"  day {day:>4}{_date(run, day)}  {sentence}", style=style)


def _since(run: Simulation) -> str:
    return f" from {in_words(run.first_date)}" if run.first_date else ""


def _date(run: Simulation, day: int) -> str:
    return f"  {date_of(run.first_date, day)}" if run.first_date else ""


def _totals(o: pd.Series) -> str:
    intercepted = o["foiled_by_host"] + o["foiled_at_border"] + o["foiled_inside"]
    return (
        f"{o['attempts']} infiltration attempts, {intercepted} intercepted "
        f"({o['foiled_by_host']} by the host, {o['foiled_at_border']} at the border, "
        f"{o['foiled_inside']} inside), {o['attacks']} attacks, {o['deaths']} deaths. "
        f"{o['violations']} violations attributed, {o['false_violations']} of them falsely. "
        f"Strikes: {o['strikes_by_home']} by the home state, {o['strikes_by_host']} by the host "
        f"state. Rounds of talks: {o['rounds_succeeded']} succeeded, {o['rounds_failed']} failed."
    )
