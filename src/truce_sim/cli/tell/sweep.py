"""What the commands on sweeps print."""

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


def report_sweep(result: SweepResult, factors: tuple[str, ...], settings: SweepConfig) -> None:
    """The summary table, what it says in words, and where the results are."""
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    out = console()
    out.print(_summary_table(result, factors))
    if len(result.summary) > MAX_ROWS:
        out.print(f"… {len(result.summary) - MAX_ROWS} more points in summary.parquet", style="dim")
    out.print(
        f"Intervals: 95 %, of the simulation at these assumptions; survival restricted to "
        f"{horizon_in_words(result.summary['horizon'])}; – where fewer than half of the runs "
        "collapsed.",
        style="dim",
        soft_wrap=True,
    )
    if result.contrasts is not None and len(result.contrasts):
        _tell_contrasts(out, result, settings.compare)
    if settings.until.outcome:
        _tell_targets(out, result, settings.until)
    if result.runs_failed:
        _tell_failures(out, result)
    _tell_effort(out, result)
    out.print(
        f"Next: truce-sim report {result.folder} makes a page of the answer · "
        f"truce-sim view {result.folder} shows its runs · "
        f'pandas.read_parquet("{result.folder / "runs.parquet"}") has a row for each',
        style="dim",
        soft_wrap=True,
    )


def _tell_effort(out: Console, result: SweepResult) -> None:
    old = result.runs_done - result.runs_new
    if not result.runs_new:
        out.print(f"\nNothing was missing: all {old:,} runs were there → {result.folder}")
        return
    rate = result.runs_new / max(result.seconds, 1e-9)
    there = f", {old:,} were there" if old else ""
    means = f"{result.workers} workers" if result.workers else "by jobs"
    out.print(
        f"\n{result.runs_new:,} runs in {result.seconds:.1f} s ({rate:,.0f} a second, "
        f"{means}){there} → {result.folder}",
        soft_wrap=True,
    )


def _tell_contrasts(out: Console, result: SweepResult, compare: str) -> None:
    from truce_sim.sweeps.summaries.contrasts import describe_pair
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    within = horizon_in_words(result.summary["horizon"])
    assert result.contrasts is not None
    out.print(f"\n[bold]What {compare} changes[/], paired run by run, in this model:")
    for row in result.contrasts.head(MAX_ROWS).to_dict("records"):
        sentence = describe_pair(row, compare, within)
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


def _tell_targets(out: Console, result: SweepResult, until: UntilConfig) -> None:
    """With sweep.until: which intervals are as narrow as asked, and how wide the widest is."""
    from truce_sim.sweeps.folder.folder import read_folder

    found = read_folder(result.folder).targets
    if found is None:
        return
    what = f"differences in {until.outcome}" if until.paired else until.outcome
    widest = found.iloc[int(found["half_width"].argmax())]
    out.print(
        f"\nUntil the interval of {what} is ±{until.half_width:g}: {found['reached'].sum()} of "
        f"{len(found)} are, with {found['n'].min():,} to {found['n'].max():,} runs; the widest is "
        f"±{widest['half_width']:.3g} (point {widest['point']:.0f}): {widest['mean']:.3g} "
        f"[{widest['low']:.3g}, {widest['high']:.3g}], 95 % after stopping, which the intervals "
        "above do not allow for. All: until.parquet",
        soft_wrap=True,
    )


def _tell_failures(out: Console, result: SweepResult) -> None:
    """How many runs failed, of what, and where in parameter space they lie."""
    failures = result.failures
    kinds = ", ".join(f"{n:,} {word}" for word, n in failures["status"].value_counts().items() if n)
    out.print(f"\n[red]{len(failures):,} runs failed[/] ({kinds}); they count nowhere.")
    for name in result.design.columns:
        out.print(f"  {name}: {_where(failures[name], result.design[name])}", soft_wrap=True)
    out.print(
        f"  first: {failures['error'].iloc[0]} · all: failures.parquet · "
        f"truce-sim rerun {result.folder} --failed",
        style="dim",
        soft_wrap=True,
    )


def _where(failed: pd.Series, swept: pd.Series) -> str:
    """The values at which runs failed, against those that were swept."""
    counts = failed.value_counts()
    levels = swept.nunique()
    if levels > 8 and pd.api.types.is_numeric_dtype(swept):
        return (
            f"{failed.min():g} … {failed.max():g}, half of them above {failed.median():g} "
            f"(swept: {swept.min():g} … {swept.max():g})"
        )
    told = ", ".join(f"{level} ({n:,})" for level, n in counts.head(8).items() if n)
    return f"{told} of {levels} values"


# ── before a sweep ───────────────────────────────────────────────────────────────────────────


def tell_design(design: Design, estimate: Estimate) -> None:
    """What a sweep would run, how long that takes here, and how much disk."""
    from truce_sim.sweeps.design.design import describe

    out, told = console(), describe(design)
    out.print(f"[bold]{told['points']:,} points[/], {told['kind']} design")
    for name, levels in told["factors"].items():
        out.print(f"  {name}: {levels}", soft_wrap=True)
    for why, count in told["left_out"].items():
        out.print(f"  left out: {count:,} ({why})")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("point", justify="right")
    for name in told["factors"]:
        table.add_column(name, justify="right")
    for point, row in enumerate(told["first_points"]):
        table.add_row(str(point), *(_cell(value) for value in row.values()))
    if told["factors"]:
        out.print(table)
    out.print(
        f"\n{estimate.runs:,} runs: about {duration(estimate.seconds)} with {estimate.workers} "
        f"workers (from {estimate.timed} runs timed here), about {size(estimate.bytes)} on disk"
    )
    out.print("Nothing was run or written. Next: the same without --dry-run", style="dim")


def tell_prepared(folder: SweepFolder) -> None:
    """Where the folder is, and how workers take part."""
    out = console()
    runs = int(target_replicates(folder).sum())
    out.print(f"{folder.points:,} points, {runs:,} runs, none of them made yet → {folder.path}")
    out.print(
        f"Next: truce-sim worker {folder.path} --chunk K --of N for each K from 0 to N-1, anywhere "
        f"that sees the folder; then truce-sim resume {folder.path}",
        style="dim",
        soft_wrap=True,
    )


# ── on a folder ──────────────────────────────────────────────────────────────────────────────


def tell_status(status: Status) -> None:
    """What is done, failed and missing, how fast, and the time left."""
    out = console()
    share = 100 * status.done / max(status.wanted, 1)
    out.print(f"[bold]{status.path}[/]: {status.word}, started {status.started}", soft_wrap=True)
    out.print(f"  {status.points:,} points, {status.wanted:,} runs")
    out.print(f"  done {status.done:,} ({share:.1f} %), missing {status.missing:,}", end="")
    out.print(f", [red]failed {status.failed:,}[/]" if status.failed else ", none failed")
    if status.damaged:
        out.print(f"  [red]{status.damaged} damaged parts[/]: their runs will be run again")
    if status.missing and status.rate:
        left = duration(status.seconds_left or 0.0)
        out.print(f"  {status.rate:,.0f} runs a second lately: {left} left at that rate")
    out.print(f"Next: {_next(status)}", style="dim", soft_wrap=True)


def _next(status: Status) -> str:
    if status.at_work and not status.finished:
        return f"truce-sim status {status.path} again"
    if not status.finished:
        return f"truce-sim resume {status.path}"
    if status.failed:
        return f"truce-sim rerun {status.path} --failed"
    return f"truce-sim verify {status.path}"


def tell_list(found: Sequence[Status], base: str) -> None:
    """A line for each sweep."""
    out = console()
    if not found:
        out.print(f"No sweeps in {base}. Next: truce-sim sweep +experiment=doha")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("sweep", overflow="fold")
    table.add_column("state")
    for name in ("points", "runs", "done", "failed"):
        table.add_column(name, justify="right")
    table.add_column("started")
    for status in found:
        table.add_row(
            str(status.path), status.word, f"{status.points:,}", f"{status.wanted:,}",
            f"{100 * status.done / max(status.wanted, 1):.1f} %", f"{status.failed:,}",
            status.started,
        )  # fmt: skip
    out.print(table)
    out.print(f"Next: truce-sim status {found[0].path}", style="dim", soft_wrap=True)


def tell_proof(proof: Proof) -> None:
    """Whether the rows that were run again are the same, or the first that is not."""
    out = console()
    if proof.difference:
        d = proof.difference
        out.print(
            f"[red]Run {d.run} differs[/]: {d.column} is stored as {d.stored!r}, and is "
            f"{d.computed!r} when run again. {_why_it_differs(proof)}",
            soft_wrap=True,
        )
        return
    left = f"; {proof.skipped} had raised, timed out or crashed: not run" if proof.skipped else ""
    out.print(
        f"{proof.checked} of {proof.runs:,} runs made again: all {proof.columns} columns are "
        f"equal, bit for bit{left}.",
        soft_wrap=True,
    )
    if proof.other_rules:
        out.print(
            f"The folder was made by other rules ({proof.rules}); for these runs, today's rules "
            f"({DIGEST}) give the same.",
            soft_wrap=True,
        )
    out.print(
        f"The same choice again: truce-sim verify {proof.path} --runs "
        f"{proof.checked + proof.skipped} --pick {proof.pick}",
        style="dim",
        soft_wrap=True,
    )


def _why_it_differs(proof: Proof) -> str:
    if proof.other_rules:
        return f"The folder was made by other rules ({proof.rules}; today {DIGEST})."
    return "The folder is not what its configuration gives."


# ── words ────────────────────────────────────────────────────────────────────────────────────


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


def size(count: int) -> str:
    """Bytes in the unit that suits them."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
