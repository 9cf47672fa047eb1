"""Print what `summary`, `compare` and `validate` find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from truce_sim.analysis import words
from truce_sim.terminal import console

if TYPE_CHECKING:
    import pandas as pd

    from truce_sim.analysis.compare import Comparison
    from truce_sim.analysis.sweep import Sweep


def print_summary(
    sweep: Sweep, table: pd.DataFrame, by: Sequence[str], where: Mapping[str, object]
) -> None:
    """Print one line per group, and whether the groups differ.

    Args:
        sweep: the sweep.
        table: the result of `survival_summary`.
        by: the factors that make the groups.
        where: factor -> level of the runs that count.
    """
    from truce_sim.analysis.survival import logrank, shortest_horizon

    until = f"{shortest_horizon(sweep)} days"
    out, grid = console(), Table(box=None, pad_edge=False, header_style="bold")
    for name in by:
        grid.add_column(name)
    for name in ("runs", f"hold {until}", "mean survival, days", "median, days"):
        grid.add_column(name, justify="right")
    for _, row in table.iterrows():
        failed = f" (+{row['failed']:,} failed)" if row["failed"] else ""
        grid.add_row(
            *[words.plain(row[name]) for name in by], f"{row['runs']:,}{failed}",
            words.percent(row, "holds"), words.amount(row, "mean", "", 1).strip(),
            words.amount(row, "median", "").strip(),
        )  # fmt: skip
    out.print(grid)
    if (table["runs"] > 0).sum() > 1:
        out.print("\n" + words.difference(logrank(sweep, by, where), " and ".join(by)))
    out.print(
        f"Intervals: 95 %, for the simulation under these assumptions; means restricted to "
        f"{until}; – means that fewer than half of the runs collapsed.",
        style="dim", soft_wrap=True,
    )  # fmt: skip
    out.print(
        f"Next: truce-sim compare {sweep.path} · truce-sim report {sweep.path}",
        style="dim", soft_wrap=True,
    )  # fmt: skip


def print_comparison(sweep: Sweep, comparison: Comparison, pooled: bool) -> None:
    """Print each level against the baseline as a sentence, then the regret.

    Args:
        sweep: the sweep.
        comparison: the result of `compare`.
        pooled: whether to print averages over the other factors.
    """
    out = console()
    base = words.plain(comparison.levels[comparison.baseline])
    out.print(f"[bold]{comparison.factor}[/] against {base}, paired run by run, in this model:")
    for sentence in comparison.sentences(pooled):
        out.print(f"  • {sentence}", soft_wrap=True)
    table = comparison.pooled if pooled else comparison.table
    out.print(f"  Intervals: {comparison.describe_multiplicity(table)}.", style="dim")
    if len(comparison.contexts) > 1 and len(comparison.regret):
        out.print(f"\n[bold]Largest regret[/] over {len(comparison.contexts)} contexts, days:")
        for _, row in comparison.regret.iterrows():
            amount = words.amount(row, "regret", "", 1).strip()
            out.print(f"  {words.plain(row[comparison.factor])}: {amount} ({row['worst']})")
        out.print("  Intervals: at least 95 %, simultaneous.", style="dim")
    out.print(
        f"Next: truce-sim report {sweep.path} · --format csv for the table",
        style="dim", soft_wrap=True,
    )  # fmt: skip


def print_validation(table: pd.DataFrame, data: Path | None, folder: Path) -> None:
    """Print one line per pattern, failures as plainly as passes, and what the verdicts mean.

    Args:
        table: the result of `score_patterns`.
        data: folder of the event data; None for the figures recorded in the package.
        folder: where the results are.
    """
    out, grid = console(), Table(box=None, pad_edge=False, header_style="bold")
    for name in ("pattern", "unit", "record", "model", "kind", "verdict"):
        grid.add_column(name)
    for row in table.to_dict("records"):
        style = {"pass": "green", "fail": "bold red"}.get(row["verdict"], "yellow")
        grid.add_row(
            row["pattern"], row["unit"] if isinstance(row["unit"], str) else "",
            f"{words.estimate(row, 'reference')} \\[{row['status']}]", words.estimate(row, "model"),
            row["standing"], f"[{style}]{row['verdict']}[/]",
        )  # fmt: skip
    out.print(grid)
    counts = table["verdict"].value_counts()
    verdicts = ", ".join(f"{counts[word]} {word}" for word in _VERDICTS if word in counts)
    tests = table[table["standing"] == "test"]
    passed = int((tests["verdict"] == "pass").sum())
    source = f"computed from {data}" if data else "as recorded in the package"
    out.print(
        f"\n{verdicts}. Of the {len(tests)} that are tests (nothing in the model was fitted to "
        f"them, chosen by them or computed from the same data), {passed} pass.", soft_wrap=True,
    )  # fmt: skip
    out.print(
        f"Intervals: 95 %. Event data: {source}. A pattern passes where the model's whole interval "
        "lies within the record's, and fails where it lies outside.",
        style="dim", soft_wrap=True,
    )  # fmt: skip
    out.print(
        f"Next: {folder}/patterns.csv has notes and sources · {folder}/patterns.png is the figure",
        style="dim", soft_wrap=True,
    )  # fmt: skip


_VERDICTS = ("pass", "fail", "undecided")
