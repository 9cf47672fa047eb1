"""What the default setting does: the figures of README.md beside this file, with their intervals.

python experiments/baseline/report.py [RUNS]
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from truce_sim import open_sweep, sweep
from truce_sim.analysis.incidents import incidents_of
from truce_sim.analysis.micro import micro_table
from truce_sim.analysis.sweep import Sweep
from truce_sim.intervals import count_interval

DAYS = (30, 90, 180, 365)


def main(runs: int) -> None:
    """Run the default setting and print."""
    with TemporaryDirectory() as scratch:
        result = sweep({"truce": ["practised"]}, replicates=runs, folder=f"{scratch}/s")
        tell_survival(result.runs)
        tell_rates(result.runs)
        endless = sweep(
            {"truce.collapse_strikes": [float("inf")]},
            {"sweep.events": True},
            replicates=max(runs // 10, 2),
            folder=f"{scratch}/endless",
        )
        tell_patterns(open_sweep(endless.folder))


def tell_survival(runs: pd.DataFrame) -> None:
    """Collapse by some days, the median, first strikes, causes."""
    n = len(runs)
    for day in DAYS:
        collapsed = int((runs["collapsed"] & (runs["end_day"] < day)).sum())
        share, low, high = count_interval(collapsed, n)
        print(f"P(collapse within {day} days): {percent(share, low, high)}")
    print("median survival, days:", quantile(runs["end_day"].to_numpy(float)))
    strikes = runs["first_strike_day"].dropna().to_numpy(float)
    print(f"first strike: in {100 * len(strikes) / n:.1f} % of runs; median day", quantile(strikes))
    print("causes of collapse:")
    for cause, count in runs["cause"].value_counts().items():
        share, low, high = count_interval(int(count), n)
        print(f"  {cause}: {percent(share, low, high)} of runs")


def tell_rates(runs: pd.DataFrame) -> None:
    """Ratios of totals, with intervals from resampled runs."""
    days = runs["end_day"] + runs["collapsed"]
    entered = runs["attempts"]
    reached = runs["crossings"]
    for name, part, whole in (
        ("attempts a day", runs["attempts"], days),
        ("attacks a day", runs["attacks"], days),
        ("stopped by the host, of attempts", runs["foiled_by_host"], entered),
        ("stopped at the border, of crossings", runs["foiled_at_border"], reached),
        ("stopped inside, of crossings", runs["foiled_inside"], reached),
        ("strikes by home a year", 365 * runs["strikes_by_home"], days),
        ("strikes by host a year", 365 * runs["strikes_by_host"], days),
        ("rounds called a year", 365 * runs["rounds_called"], days),
        ("rounds succeeded, of those that ended", runs["rounds_succeeded"],
         runs["rounds_succeeded"] + runs["rounds_failed"]),
        ("false, of violations", runs["false_violations"], runs["violations"]),
    ):  # fmt: skip
        print(f"{name}: {ratio(part.to_numpy(float), whole.to_numpy(float))}")


def tell_patterns(sweep: Sweep) -> None:
    """Lethal cross-border attacks of runs that no collapse cuts short."""
    for row in micro_table(incidents_of(sweep)).to_dict("records"):
        digits = 0 if row["unit"] == "deaths" else 3
        ends = ", ".join(f"{row[f'value_{end}']:.{digits}f}" for end in ("low", "high"))
        print(f"{row['measure']}: {row['value']:.{digits}f} [{ends}]")


def quantile(values: NDArray[np.float64]) -> str:
    """Median with its binomial interval."""
    x = np.sort(values)
    low, high = stats.binom.interval(0.95, x.size, 0.5)
    return f"{x[x.size // 2]:.0f} [{x[int(low)]:.0f}, {x[int(high)]:.0f}]"


def percent(share: float, low: float, high: float) -> str:
    """A share with its interval."""
    return f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> str:
    """Ratio of totals with its delta-method interval."""
    value = part.sum() / whole.sum()
    half = 1.96 * np.std(part - value * whole) / np.sqrt(part.size) / whole.mean()
    return f"{value:.3f} [{value - half:.3f}, {value + half:.3f}]"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
