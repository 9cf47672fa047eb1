"""Print what the commands on sweeps report."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from truce_sim.engine.compile import DIGEST
from truce_sim.sweeps.summaries.targets import target_replicates
from truce_sim.terminal import console

if TYPE_CHECKING:
    from truce_sim.settings.schema import SweepConfig, UntilConfig
    from truce_sim.sweeps.design.design import Design
    from truce_sim.sweeps.execution.driver import SweepResult
    from truce_sim.sweeps.execution.estimate import Estimate
    from truce_sim.sweeps.execution.status import Status
    from truce_sim.sweeps.execution.verify import Proof
    from truce_sim.sweeps.folder.folder import SweepFolder

MAX_ROWS = 40


def print_sweep(result: SweepResult, factors: tuple[str, ...], settings: SweepConfig) -> None:
    """Print the summary table, its findings in words, and where the results are.

    Args:
        result: the finished sweep.
        factors: the swept settings and groups.
        settings: the settings of the sweep itself.
    """
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    out = console()
    out.print(_summary_table(result, factors))
    if len(result.summary) > MAX_ROWS:
        more = len(result.summary) - MAX_ROWS
        out.print(f"… and {more} more points in summary.parquet", style="dim")
    out.print(
        f"Intervals: 95 %, for the simulation under these assumptions; mean survival is restricted "
        f"to {horizon_in_words(result.summary['horizon'])}; – means that fewer than half of the "
        "runs collapsed.",
        style="dim",
        soft_wrap=True,
    )
    if result.contrasts is not None and len(result.contrasts):
        _print_contrasts(out, result, settings.compare)
    if settings.until.outcome:
        _print_targets(out, result, settings.until)
    if result.runs_failed:
        _print_failures(out, result)
    _print_effort(out, result)
    out.print(
        f"Next: truce-sim report {result.folder} writes the answer as a page · "
        f"truce-sim view {result.folder} shows the runs · "
        f'pandas.read_parquet("{result.folder / "runs.parquet"}") loads them, one row each',
        style="dim",
        soft_wrap=True,
    )


def _print_effort(out: Console, result: SweepResult) -> None:
    old = result.runs_done - result.runs_new
    if not result.runs_new:
        out.print(f"\nNothing was missing: all {old:,} runs were already done → {result.folder}")
        return
    rate = result.runs_new / max(result.seconds, 1e-9)
    earlier = f"; {old:,} were already done" if old else ""
    means = f"{result.workers} workers" if result.workers else "as jobs"
    out.print(
        f"\n{result.runs_new:,} runs in {result.seconds:.1f} s ({rate:,.0f} per second, "
        f"{means}){earlier} → {result.folder}",
        soft_wrap=True,
    )


def _print_contrasts(out: Console, result: SweepResult, compare: str) -> None:
    from truce_sim.sweeps.summaries.contrasts import describe_pair
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    within = horizon_in_words(result.summary["horizon"])
    assert result.contrasts is not None
    out.print(f"\n[bold]What {compare} changes[/], paired run by run, in this model:")
    for row in result.contrasts.head(MAX_ROWS).to_dict("records"):
        sentence = describe_pair(row, compare, within)
        out.print(f"  • {sentence}", soft_wrap=True)
    out.print(
        f"  Intervals: 95 %, simultaneous for all {len(result.contrasts)} (Bonferroni).",
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
    """Format a value with its interval: `41.2 % [38.0, 44.5]`."""
    digits = 0 if name.startswith("median") else 1

    def number(value: float) -> str:
        return f"{scale * value:.{digits}f}" if math.isfinite(value) else "–"

    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{number(value)}{unit if math.isfinite(value) else ''} [{number(low)}, {number(high)}]"


def _print_targets(out: Console, result: SweepResult, until: UntilConfig) -> None:
    """Print, with sweep.until, how many intervals are narrow enough, and the widest."""
    from truce_sim.sweeps.folder.folder import read_folder

    targets = read_folder(result.folder).targets
    if targets is None:
        return
    what = f"the difference in {until.outcome}" if until.paired else until.outcome
    widest = targets.iloc[int(targets["half_width"].argmax())]
    out.print(
        f"\nThe interval of {what} is ±{until.half_width:g} or narrower for "
        f"{targets['reached'].sum()} of {len(targets)}, with {targets['n'].min():,} to "
        f"{targets['n'].max():,} runs each; the widest is ±{widest['half_width']:.3g} (point "
        f"{widest['point']:.0f}): {widest['mean']:.3g} [{widest['low']:.3g}, "
        f"{widest['high']:.3g}]. These 95 % intervals allow for stopping early; those above do "
        "not. All of them: until.parquet",
        soft_wrap=True,
    )


def _print_failures(out: Console, result: SweepResult) -> None:
    """Print how many runs failed, why, and at which swept values."""
    failures = result.failures
    kinds = ", ".join(f"{n:,} {word}" for word, n in failures["status"].value_counts().items() if n)
    out.print(f"\n[red]{len(failures):,} runs failed[/] ({kinds}); no result counts them.")
    for name in result.design.columns:
        out.print(f"  {name}: {_where(failures[name], result.design[name])}", soft_wrap=True)
    out.print(
        f"  First error: {failures['error'].iloc[0]} · all: failures.parquet · "
        f"try again: truce-sim rerun {result.folder} --failed",
        style="dim",
        soft_wrap=True,
    )


def _where(failed: pd.Series, swept: pd.Series) -> str:
    """Describe the values at which runs failed, against those that were swept."""
    counts = failed.value_counts()
    levels = swept.nunique()
    if levels > 8 and pd.api.types.is_numeric_dtype(swept):
        return (
            f"{failed.min():g} … {failed.max():g}, half of them above {failed.median():g} "
            f"(swept: {swept.min():g} … {swept.max():g})"
        )
    worst = ", ".join(f"{level} ({n:,})" for level, n in counts.head(8).items() if n)
    return f"{worst} of {levels} values"


# ── before a sweep ───────────────────────────────────────────────────────────────────────────


def print_design(design: Design, estimate: Estimate) -> None:
    """Print what a sweep would run, how long that takes here, and how much disk it needs."""
    from truce_sim.sweeps.design.design import describe

    out, plan = console(), describe(design)
    out.print(f"[bold]{plan['points']:,} points[/], {plan['kind']} design")
    for name, levels in plan["factors"].items():
        out.print(f"  {name}: {levels}", soft_wrap=True)
    for why, count in plan["left_out"].items():
        out.print(f"  left out: {count:,} ({why})")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("point", justify="right")
    for name in plan["factors"]:
        table.add_column(name, justify="right")
    for point, row in enumerate(plan["first_points"]):
        table.add_row(str(point), *(_cell(value) for value in row.values()))
    if plan["factors"]:
        out.print(table)
    out.print(
        f"\n{estimate.runs:,} runs: about {duration(estimate.seconds)} with {estimate.workers} "
        f"workers (estimated from {estimate.timed} runs), about {size(estimate.bytes)} on disk"
    )
    out.print("Nothing was run or written. Next: the same command without --dry-run", style="dim")


def print_prepared(folder: SweepFolder) -> None:
    """Print where the folder is, and how workers take part."""
    out = console()
    runs = int(target_replicates(folder).sum())
    out.print(f"{folder.points:,} points, {runs:,} runs, none started yet → {folder.path}")
    out.print(
        f"Next: truce-sim worker {folder.path} --chunk K --of N for each K from 0 to N-1, on any "
        f"machine that sees the folder; then truce-sim resume {folder.path}",
        style="dim",
        soft_wrap=True,
    )


# ── on a folder ──────────────────────────────────────────────────────────────────────────────


def print_status(status: Status) -> None:
    """Print what is done, failed and missing, the speed, and the time left."""
    out = console()
    share = 100 * status.done / max(status.wanted, 1)
    out.print(f"[bold]{status.path}[/]: {status.word}, started {status.started}", soft_wrap=True)
    out.print(f"  {status.points:,} points, {status.wanted:,} runs")
    out.print(f"  done {status.done:,} ({share:.1f} %), missing {status.missing:,}", end="")
    out.print(f", [red]failed {status.failed:,}[/]" if status.failed else ", none failed")
    if status.damaged:
        out.print(f"  [red]{status.damaged} damaged parts[/]: resume runs them again")
    if status.missing and status.rate:
        left = duration(status.seconds_left or 0.0)
        out.print(f"  {status.rate:,.0f} runs per second lately: {left} left at that rate")
    out.print(f"Next: {_next(status)}", style="dim", soft_wrap=True)


def _next(status: Status) -> str:
    if status.at_work and not status.finished:
        return f"truce-sim status {status.path} again"
    if not status.finished:
        return f"truce-sim resume {status.path}"
    if status.failed:
        return f"truce-sim rerun {status.path} --failed"
    return f"truce-sim verify {status.path}"


def print_list(sweeps: Sequence[Status], base: str) -> None:
    """Print one line per sweep; `base` is the folder searched."""
    out = console()
    if not sweeps:
        out.print(f"No sweeps in {base}. Next: truce-sim sweep +experiment=doha")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("sweep", overflow="fold")
    table.add_column("state")
    for name in ("points", "runs", "done", "failed"):
        table.add_column(name, justify="right")
    table.add_column("started")
    for status in sweeps:
        table.add_row(
            str(status.path), status.word, f"{status.points:,}", f"{status.wanted:,}",
            f"{100 * status.done / max(status.wanted, 1):.1f} %", f"{status.failed:,}",
            status.started,
        )  # fmt: skip
    out.print(table)
    out.print(f"Next: truce-sim status {sweeps[0].path}", style="dim", soft_wrap=True)


def print_proof(proof: Proof) -> None:
    """Print whether the verified rows are the same, or else the first difference."""
    out = console()
    if proof.difference:
        d = proof.difference
        out.print(
            f"[red]Run {d.run} differs[/]: {d.column} is stored as {d.stored!r}, but is "
            f"{d.computed!r} when run again. {_explain_difference(proof)}",
            soft_wrap=True,
        )
        return
    left = f"; skipped {proof.skipped} that raised, timed out or crashed" if proof.skipped else ""
    out.print(
        f"Ran {proof.checked} of {proof.runs:,} runs again: all {proof.columns} columns are "
        f"identical, bit for bit{left}.",
        soft_wrap=True,
    )
    if proof.other_rules:
        out.print(
            f"The folder was made by other rules ({proof.rules}); for these runs, today's rules "
            f"({DIGEST}) give the same values.",
            soft_wrap=True,
        )
    out.print(
        f"To check the same runs again: truce-sim verify {proof.path} --runs "
        f"{proof.checked + proof.skipped} --pick {proof.pick}",
        style="dim",
        soft_wrap=True,
    )


def _explain_difference(proof: Proof) -> str:
    if proof.other_rules:
        return f"The folder was made by other rules ({proof.rules}; today {DIGEST})."
    return "The folder does not match its configuration."


# ── words ────────────────────────────────────────────────────────────────────────────────────


def duration(seconds: float) -> str:
    """Format seconds in a suitable unit."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


def size(count: int) -> str:
    """Format bytes in a suitable unit."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
