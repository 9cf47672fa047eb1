"""Print what `summary`, `compare` and `validate` find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from truce_sim.analysis import words
from truce_sim.analysis.worlds import (
    is_over_worlds,
    policies,
    sentences,
    spread_over_worlds,
    spread_sentence,
)
from truce_sim.cli.printing.layout import print_next, print_sentence, print_table
from truce_sim.errors import command
from truce_sim.settings.written import written
from truce_sim.terminal import console

#: At most this many differences of differences are printed.
MAX_ROWS = 12

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from truce_sim.analysis.compare import Comparison
    from truce_sim.sweeps.sweep import Sweep


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
    out, rows = console(), []
    for _, row in table.iterrows():
        failed = f" (+{int(row['failed']):,} failed)" if row["failed"] else ""
        rows.append([
            *[written(row[name]) for name in by], f"{int(row['runs']):,}{failed}",
            words.percent(row, "holds"), words.amount(row, "mean", "", 1).strip(),
            words.amount(row, "median", "").strip(),
        ])  # fmt: skip
    columns = [*by, "runs", f"hold {until}", "mean survival, days", "median, days"]
    print_table(out, columns, rows, left=len(by))
    if (table["runs"] > 0).sum() > 1:
        out.print()
        print_sentence(out, words.difference(logrank(sweep, by, where), " and ".join(by)))
    out.print(
        f"Intervals: 95 %, for the simulation under these assumptions; means restricted to "
        f"{until}; – means that fewer than half of the runs collapsed.", style="dim",
    )  # fmt: skip
    if is_over_worlds(sweep):
        print_sentence(out, spread_sentence(spread_over_worlds(sweep)))
    report = ("for the answer as a page", command("report", sweep.path))
    compare = ("to compare run by run", command("compare", sweep.path))
    print_next(out, *([compare] if sweep.factors else []), report)


def print_comparison(sweep: Sweep, comparison: Comparison, pooled: bool) -> None:
    """Print each level against the baseline as a sentence, then the regret.

    Args:
        sweep: the sweep.
        comparison: the result of `compare`.
        pooled: whether to print averages over the other factors.
    """
    out = console()
    base = written(comparison.levels[comparison.baseline])
    against = f" against {base}, paired run by run, in this model:"
    out.print(Text.assemble((comparison.factor, "bold"), against))
    for sentence in comparison.sentences(pooled):
        print_sentence(out, sentence, "  • ")
    table = comparison.pooled if pooled else comparison.table
    out.print(f"  Intervals: {comparison.describe_multiplicity(table)}.", style="dim")
    if comparison.left_out:
        print_sentence(out, f"{comparison.left_out}.", "  ")
    _print_interactions(out, comparison)
    if len(comparison.contexts) > 1 and len(comparison.regret):
        over = f" over {len(comparison.contexts)} contexts, days:"
        out.print(Text.assemble("\n", ("Largest regret", "bold"), over))
        _print_regret(out, comparison)
    steps = [("for the answer as a page", command("report", sweep.path))]
    if comparison.left_out:
        steps += [("to compare any two points", two_points(sweep))]
    if comparison.factor in sweep.factors:
        as_csv = command("compare", sweep.path, comparison.factor, "--format", "csv")
        steps += [("for the table", as_csv)]
    print_next(out, *steps)


def print_over_worlds(sweep: Sweep, table: pd.DataFrame, factor: str) -> None:
    """Print what a policy does over worlds, and what part of the spread is chance.

    Args:
        sweep: a sweep over a posterior.
        table: the result of `over_worlds`.
        factor: the policy; "" for the default.
    """
    out = console()
    named = factor or sweep.folder.settings.compare or policies(sweep)[0]
    for sentence in [*sentences(table, named), spread_sentence(spread_over_worlds(sweep))]:
        print_sentence(out, sentence)
    print_next(
        out, ("for the answer as a page", command("report", sweep.path)),
        ("for the table", command("compare", sweep.path, named, "--format", "csv")),
    )  # fmt: skip


def two_points(sweep: Sweep) -> str:
    """Return the command that compares the last point of a sweep with its first."""
    last = len(sweep.folder.design) - 1
    return command("compare", sweep.path, "--point", last, "--against", 0)


def _print_regret(out: Console, comparison: Comparison) -> None:
    if none := words.no_regret(comparison):
        print_sentence(out, none, "  ")
        return
    for _, row in comparison.regret.iterrows():
        amount = words.amount(row, "regret", "", 1).strip()
        out.print(f"  {written(row[comparison.factor])}: {amount} ({row['worst']})")
    out.print("  Intervals: at least 95 %, simultaneous.", style="dim")


def print_report(path: Path, sweep: Sweep) -> None:
    """Print where the report of a sweep is, and what to do with it."""
    out = console()
    out.print(f"Report: {path}", soft_wrap=True)
    out.print("Open it in a browser; it needs no network.", style="dim")
    print_next(out, ("to look at the runs", command("view", sweep.path)))


def _print_interactions(out: Console, comparison: Comparison) -> None:
    """Print how far the change depends on each other factor."""
    table = comparison.interactions
    if table.empty:
        return
    heading = ("Does that depend on the other factors?", "bold")
    out.print(Text.assemble("\n", heading, " Differences of differences, run by run:"))
    for sentence in words.what_depends(comparison):
        print_sentence(out, sentence, "  ")
    for row in table.head(MAX_ROWS).to_dict("records") if len(table) > 1 else ():
        sentence = (
            f"{row['by']}={written(row['level'])} rather than {written(row['against'])}, "
            f"for {comparison.factor}={written(row[comparison.factor])}: "
            f"{words.signed(row, 'days')}, n = {row['n']:,}"
        )
        print_sentence(out, sentence, "  • ")
    if len(table) > MAX_ROWS:
        out.print(f"  … and {len(table) - MAX_ROWS} more: Comparison.interactions", style="dim")
    out.print(f"  Intervals: {comparison.describe_multiplicity(table)}.", style="dim")


def print_validation(table: pd.DataFrame, data: Path | None, folder: Path) -> None:
    """Print one line per pattern, failures as plainly as passes, and what the verdicts mean.

    Args:
        table: the result of `score_patterns`.
        data: folder of the event data; None for the figures recorded in the package.
        folder: where the results are.
    """
    out = console()
    rows = [
        [
            row["pattern"], row["unit"] if isinstance(row["unit"], str) else "",
            f"{words.estimate(row, 'reference')} [{row['status']}]", words.estimate(row, "model"),
            row["standing"], row["verdict"],
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = ["pattern", "unit", "record", "model", "kind", "verdict"]
    print_table(out, columns, rows, left=len(columns), colours=_VERDICTS)
    counts = table["verdict"].value_counts()
    verdicts = ", ".join(f"{counts[word]} {word}" for word in _VERDICTS if word in counts)
    tests = table[table["standing"] == "test"]
    passed = int((tests["verdict"] == "pass").sum())
    source = f"computed from {data}" if data else "as recorded in the package"
    out.print(
        f"\n{verdicts}. Of the {len(tests)} that are tests (nothing in the model was fitted to "
        f"them, chosen by them or computed from the same data), {passed} pass."
    )  # fmt: skip
    out.print(
        f"Intervals: 95 %. Event data: {source}. A pattern passes where the model's whole interval "
        "lies within the record's, and fails where it lies outside.", style="dim",
    )  # fmt: skip
    if table["reference_low"].isna().any():
        out.print(
            "–: the record is too short for an interval, which leaves out a quarter of a year at "
            "a time; it decides nothing.", style="dim",
        )  # fmt: skip
    out.print(f"Notes and sources: {folder / 'patterns.csv'}", style="dim", soft_wrap=True)
    out.print(f"The figure: {folder / 'patterns.png'}", style="dim", soft_wrap=True)


#: Verdict -> its colour.
_VERDICTS = {"pass": "green", "fail": "bold red", "undecided": "yellow"}
