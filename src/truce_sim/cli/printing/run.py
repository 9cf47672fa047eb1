"""Print the account of one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from truce_sim.terminal import console

if TYPE_CHECKING:
    from truce_sim.simulation.run import Simulation


#: Timelines with more lines than this are shortened.
MAX_TIMELINE = 60


_COLOURS = {
    "strikes": "red",
    "collapses": "bold red",
    "suspended": "yellow",
    "in force again": "green",
    "succeeds": "green",
    "save the truce": "green",
}


def print_run(run: Simulation, folder: Path) -> None:
    """Print the account of one run: its timeline, outcome, totals, and results folder."""
    from truce_sim.simulation.account import outcome_in_words, timeline

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
        out.print(f"        …   {left_out} more lines; all are in events.parquet", style="dim")
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
    intercepted = o["foiled_by_host"] + o["foiled_at_border"] + o["foiled_inside"]
    return (
        f"{o['attempts']} infiltration attempts, {intercepted} intercepted "
        f"({o['foiled_by_host']} by the host, {o['foiled_at_border']} at the border, "
        f"{o['foiled_inside']} inside), {o['attacks']} attacks, {o['deaths']} deaths. "
        f"{o['violations']} violations attributed, {o['false_violations']} of them falsely. "
        f"Strikes: {o['strikes_by_home']} by the home state, {o['strikes_by_host']} by the host "
        f"state. Rounds of talks: {o['rounds_succeeded']} succeeded, {o['rounds_failed']} failed."
    )


def _style(sentence: str) -> str:
    return next((style for word, style in _COLOURS.items() if word in sentence), "")
