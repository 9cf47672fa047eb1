"""What the default setting does: the figures of README.md beside this file, with their intervals.

python experiments/baseline/report.py [RUNS]
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import pandas as pd

from truce_sim import open_sweep, sweep
from truce_sim.analysis.incidents import sweep_incidents
from truce_sim.analysis.measures import DAYS_LIVED, measure_runs
from truce_sim.analysis.micro import micro_table
from truce_sim.intervals import Estimate, clusters, count_interval, quantile_interval
from truce_sim.sweeps.sweep import Sweep

DAYS = (30, 90, 180, 365)


def main(runs: int) -> None:
    """Run the default setting and print."""
    with TemporaryDirectory() as scratch:
        result = sweep({"truce": ["practised"]}, replicates=runs, folder=f"{scratch}/s")
        print_survival(result.runs)
        print_rates(result.runs)
        endless = sweep(
            {"truce.collapse_strikes": [float("inf")]},
            {"sweep.events": True},
            replicates=max(runs // 10, 2),
            folder=f"{scratch}/endless",
        )
        print_patterns(open_sweep(endless.folder))


def print_survival(runs: pd.DataFrame) -> None:
    """Collapse by some days, the median, first strikes, causes."""
    n = len(runs)
    for day in DAYS:
        collapsed = int((runs["collapsed"] & (runs["end_day"] < day)).sum())
        print(f"P(collapse within {day} days): {percent(count_interval(collapsed, n))}")
    print("median survival, days:", median(runs, "end_day"))
    strikes = runs[runs["first_strike_day"].notna()]
    share = percent(count_interval(len(strikes), n))
    print(f"first strike: in {share} of runs; median day", median(strikes, "first_strike_day"))
    print("causes of collapse:")
    for cause, count in runs["cause"].value_counts().items():
        print(f"  {cause}: {percent(count_interval(int(count), n))} of runs")


def print_rates(runs: pd.DataFrame) -> None:
    """Ratios of totals, as `analysis.measures` has them."""
    runs = runs.assign(
        rounds_ended=runs["rounds_succeeded"] + runs["rounds_failed"],
        strikes_by_home=365 * runs["strikes_by_home"],
        strikes_by_host=365 * runs["strikes_by_host"],
        rounds_called=365 * runs["rounds_called"],
    )
    for name, part, whole in (
        ("attempts a day", "attempts", DAYS_LIVED),
        ("attacks a day", "attacks", DAYS_LIVED),
        ("stopped by the host, of attempts", "foiled_by_host", "attempts"),
        ("stopped at the border, of crossings", "foiled_at_border", "crossings"),
        ("stopped inside, of crossings", "foiled_inside", "crossings"),
        ("strikes by home a year", "strikes_by_home", DAYS_LIVED),
        ("strikes by host a year", "strikes_by_host", DAYS_LIVED),
        ("rounds called a year", "rounds_called", DAYS_LIVED),
        ("rounds succeeded, of those that ended", "rounds_succeeded", "rounds_ended"),
        ("false, of violations", "false_violations", "violations"),
    ):
        value, low, high = measure_runs(runs, part, whole).interval()
        print(f"{name}: {value:.3f} [{low:.3f}, {high:.3f}]")


def print_patterns(sweep: Sweep) -> None:
    """Lethal cross-border attacks of runs that no collapse cuts short."""
    for row in micro_table(sweep_incidents(sweep)).to_dict("records"):
        digits = 0 if row["unit"] == "deaths" else 3
        ends = ", ".join(f"{row[f'value_{end}']:.{digits}f}" for end in ("low", "high"))
        print(f"{row['measure']}: {row['value']:.{digits}f} [{ends}]")


def median(runs: pd.DataFrame, name: str) -> str:
    """The median of a column with its interval."""
    value, low, high = quantile_interval(runs[name].to_numpy(float), clusters(runs), 0.5)
    return f"{value:.0f} [{low:.0f}, {high:.0f}]"


def percent(share: Estimate) -> str:
    """A share with its interval."""
    value, low, high = (100 * end for end in share)
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
