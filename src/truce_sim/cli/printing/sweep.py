"""Print what the commands on sweeps report."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from truce_sim.cli.printing.layout import print_next, print_sentence, print_table
from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError, command
from truce_sim.results.provenance import processor
from truce_sim.settings.written import duration, written
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
    from truce_sim.cli.printing.inference import print_worlds
    from truce_sim.sweeps.design.worlds import POSTERIOR
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    out = console()
    worlds = read_folder(result.folder).manifest["design"] == POSTERIOR
    if worlds:
        print_worlds(out, result.folder, settings.compare)
    else:
        _print_summary(out, result, factors)
    if len(result.summary) > MAX_ROWS and not worlds:
        more = len(result.summary) - MAX_ROWS
        out.print(f"… and {more} more points in summary.parquet", style="dim")
    out.print(
        f"Intervals: 95 %, for the simulation under these assumptions; mean survival is restricted "
        f"to {horizon_in_words(result.summary['horizon'])}; – means that fewer than half of the "
        "runs collapsed.",
        style="dim",
    )
    if result.contrasts is not None and not worlds:
        _print_contrasts(out, result, settings.compare)
    if settings.until.outcome:
        _print_targets(out, result, settings.until)
    if result.runs_failed:
        _print_failures(out, result)
    _print_effort(out, result)
    print_next(
        out,
        ("for the answer as a page", command("report", result.folder)),
        ("to look at the runs", command("view", result.folder)),
        ("for the runs in pandas", f"pandas.read_parquet({str(result.folder / 'runs.parquet')!r})"),
    )


def _print_effort(out: Console, result: SweepResult) -> None:
    old = result.runs_done - result.runs_new
    if not result.runs_new:
        done = f"\nNothing was missing: all {old:,} runs were already done → {result.folder}"
        out.print(done, soft_wrap=True)
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
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.sweeps.summaries.contrasts import (
        describe_multiplicity,
        describe_pair,
        left_out_in_words,
    )
    from truce_sim.sweeps.summaries.summary import horizon_in_words

    within = horizon_in_words(result.summary["horizon"])
    assert result.contrasts is not None
    heading = (f"The effect of {compare}", "bold")
    out.print(Text.assemble("\n", heading, ", paired run by run, in this model:"))
    folder = read_folder(result.folder)
    for row in result.contrasts.head(MAX_ROWS).to_dict("records"):
        if row["days_low"] == row["days_high"]:
            row["why"] = folder.why_no_effect(compare, int(row["point"]))
        sentence = describe_pair(row, compare, within)
        print_sentence(out, sentence, "  • ")
    if len(result.contrasts):
        out.print(f"  Intervals: {describe_multiplicity(len(result.contrasts))}.", style="dim")
    left_out = left_out_in_words(folder.design[list(folder.factors)], compare)
    if left_out:
        print_sentence(out, f"{left_out}.", "  ")
        two = command("compare", result.folder, "--point", folder.points - 1, "--against", 0)
        print_next(out, ("to compare any two points", two))


def _print_summary(out: Console, result: SweepResult, factors: tuple[str, ...]) -> None:
    from truce_sim.sweeps.summaries.summary import days_watched

    names = factors or ("point",)
    rows = [
        [
            *(written(row[name]) for name in names),
            f"{int(row['runs']):,}"
            + (f" (+{int(row['failed']):,} failed)" if row["failed"] else ""),
            _interval(row, "holds", 100.0, " %"),
            _interval(row, "mean_survival"),
            _interval(row, "median_survival"),
        ]
        for row in result.summary.head(MAX_ROWS).reset_index().to_dict("records")
    ]
    holds = f"hold {days_watched(result.summary['horizon'])}"
    columns = [*names, "runs", holds, "mean survival, days", "median, days"]
    print_table(out, columns, rows, left=len(names))


def _interval(row: dict[Hashable, Any], name: str, scale: float = 1.0, unit: str = "") -> str:
    """Format a value with its interval: `41.2 % [38.0, 44.5]`."""
    digits = 0 if name.startswith("median") else 1

    def number(value: float) -> str:
        return f"{round(scale * value, digits) + 0.0:.{digits}f}" if math.isfinite(value) else "–"

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
    out.print()
    print_sentence(
        out,
        f"The interval of {what} is ±{until.half_width:g} or narrower for "
        f"{targets['reached'].sum()} of {len(targets)}, with {targets['n'].min():,} to "
        f"{targets['n'].max():,} runs each; the widest is ±{widest['half_width']:.3g} (point "
        f"{widest['point']:.0f}): {widest['mean']:.3g} [{widest['low']:.3g}, "
        f"{widest['high']:.3g}]. These 95 % intervals allow for stopping early; those above do "
        "not. All of them: until.parquet",
    )


def _print_failures(out: Console, result: SweepResult) -> None:
    """Print how many runs failed, why, and at which swept values."""
    failures = result.failures
    kinds = ", ".join(f"{n:,} {word}" for word, n in failures["status"].value_counts().items() if n)
    failed = (f"{len(failures):,} runs failed", "red")
    out.print(Text.assemble("\n", failed, f" ({kinds}); no result counts them."))
    for name in result.design.columns:
        out.print(f"  {name}: {_where(failures[name], result.design[name])}")
    out.print(f"  First error: {failures['error'].iloc[0]} (all: failures.parquet)", style="dim")
    print_next(out, ("to try them again", command("rerun", result.folder, "--failed")))


def _where(failed: pd.Series, swept: pd.Series) -> str:
    """Describe the values at which runs failed, against those that were swept."""
    counts = failed.value_counts()
    levels = swept.nunique()
    if levels > 8 and pd.api.types.is_numeric_dtype(swept):
        return (
            f"{failed.min():g} … {failed.max():g}, half of them above {failed.median():g} "
            f"(swept: {swept.min():g} … {swept.max():g})"
        )
    worst = ", ".join(f"{written(level)} ({n:,})" for level, n in counts.head(8).items() if n)
    return f"{worst} of {levels} values"


# ── before a sweep ───────────────────────────────────────────────────────────────────────────


def print_design(design: Design, estimate: Estimate) -> None:
    """Print what a sweep would run, how long that takes here, and how much disk it needs."""
    from truce_sim.sweeps.design.design import describe

    out, plan = console(), describe(design)
    out.print(Text.assemble((f"{plan['points']:,} points", "bold"), f", {plan['kind']} design"))
    for name, levels in plan["factors"].items():
        out.print(f"  {name}: {levels}")
    for why, count in plan["left_out"].items():
        out.print(f"  left out: {count:,} ({why})")
    if plan["factors"]:
        rows = [
            [str(point), *(written(value) for value in row.values())]
            for point, row in enumerate(plan["first_points"])
        ]
        print_table(out, ["point", *plan["factors"]], rows, left=1)
    out.print(
        f"\n{estimate.runs:,} runs: about {duration(estimate.seconds)} with {estimate.workers} "
        f"workers (estimated from {estimate.timed} runs), about {size(estimate.bytes)} on disk"
    )
    out.print("Nothing was run or written. Next: the same command without --dry-run", style="dim")


def print_prepared(folder: SweepFolder) -> None:
    """Print where the folder is, and how workers take part."""
    out = console()
    runs = int(target_replicates(folder).sum())
    out.print(
        f"{folder.points:,} points, {runs:,} runs, none started yet → {folder.path}", soft_wrap=True
    )
    out.print(
        "Start N workers on any machines that see the folder, with --of N and --chunk 0 to N-1.",
        style="dim",
    )
    print_next(
        out,
        ("for one worker", command("worker", folder.path, "--chunk", 0, "--of", 1)),
        ("when they are done", command("resume", folder.path)),
    )


# ── on a folder ──────────────────────────────────────────────────────────────────────────────


def print_status(status: Status) -> None:
    """Print what is done, failed and missing, the speed, and the time left."""
    out = console()
    share = 100 * status.done / max(status.wanted, 1)
    state = f": {status.word}, started {status.started}"
    out.print(Text.assemble((str(status.path), "bold"), state), soft_wrap=True)
    out.print(f"  {status.points:,} points, {status.wanted:,} runs")
    out.print(f"  done {status.done:,} ({share:.1f} %), missing {status.missing:,}", end="")
    failed = (f"failed {status.failed:,}", "red") if status.failed else "none failed"
    out.print(Text.assemble(", ", failed))
    if status.damaged:
        out.print(Text.assemble("  ", *_damaged(status)))
    if status.missing and status.rate:
        left = duration(status.seconds_left or 0.0)
        out.print(f"  {status.rate:,.0f} runs per second lately: {left} left at that rate")
    print_next(out, _next(status))


def _damaged(status: Status) -> tuple[tuple[str, str], str]:
    some = ", ".join(status.damaged[:3]) + (", …" if len(status.damaged) > 3 else "")
    damaged = (f"{len(status.damaged):,} damaged or missing files", "red")
    return damaged, f" ({some}): resume remakes them"


def _next(status: Status) -> tuple[str, str]:
    if status.at_work and not status.finished:
        return "in a while", command("status", status.path)
    if not status.finished:
        return "to run what is missing", command("resume", status.path)
    if status.failed:
        return "to try the failed runs again", command("rerun", status.path, "--failed")
    return "to check it", command("verify", status.path)


def print_list(sweeps: Sequence[Status], unreadable: Sequence[InputError], base: str) -> None:
    """Print one line per sweep, and what is wrong with those that are damaged.

    Args:
        sweeps: those that can be read.
        unreadable: what is wrong with the others.
        base: the folder searched.
    """
    out = console()
    if not sweeps and not unreadable:
        out.print(f"No sweeps in {base}.", soft_wrap=True)
        print_next(out, ("for an example", command("sweep", "+experiment=doha")))
        return
    rows = [
        [
            str(status.path), status.word, f"{status.points:,}", f"{status.wanted:,}",
            f"{100 * status.done / max(status.wanted, 1):.1f} %", f"{status.failed:,}",
            status.started,
        ]
        for status in sweeps
    ]  # fmt: skip
    columns = ["sweep", "state", "points", "runs", "done", "failed", "started"]
    if sweeps:
        print_table(out, columns, rows, left=1)
    for status in sweeps:
        if status.damaged:
            out.print(Text.assemble(f"{status.path}: ", *_damaged(status)), soft_wrap=True)
    for error in unreadable:
        out.print(Text(str(error), "red"), soft_wrap=True)
    if sweeps:
        print_next(out, ("", command("status", sweeps[0].path)))


def print_proof(proof: Proof) -> None:
    """Print whether the verified rows are the same, or the first difference."""
    out = console()
    if proof.difference:
        line = Text.assemble((str(proof.difference), "red"), f". {_explain_difference(proof)}")
        out.print(line)
        return
    left = f"; skipped {proof.skipped} that raised, timed out or crashed" if proof.skipped else ""
    equal = "the same, floats to nine digits" if proof.other_rules else "identical, bit for bit"
    out.print(
        f"Ran {proof.checked} of {proof.runs:,} runs again: all {proof.columns} columns are "
        f"{equal}{left}. Read {proof.files:,} files: each is as it was written, and "
        "the results follow from the parts."
    )
    if proof.machine and proof.machine != processor():
        out.print(
            f"The folder was made on another kind of processor ({proof.machine}; this one is "
            f"{processor()})."
        )
    if proof.other_rules:
        out.print(
            f"The folder was made by other rules ({proof.rules}); for these runs, today's rules "
            f"({DIGEST}) give the same values."
        )
    runs = proof.checked + proof.skipped
    again = command("verify", proof.path, "--runs", runs, "--pick", proof.pick)
    print_next(out, ("to check the same runs again", again))


def _explain_difference(proof: Proof) -> str:
    if proof.other_rules:
        return f"The folder was made by other rules ({proof.rules}; today {DIGEST})."
    return "The folder does not match its configuration."


# ── words ────────────────────────────────────────────────────────────────────────────────────


def size(count: int) -> str:
    """Format bytes in a suitable unit."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
