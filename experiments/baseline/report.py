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

from truce_sim import sweep
from truce_sim.scenario import make_border
from truce_sim.sweeps.folder import SweepFolder, read_folder
from truce_sim.sweeps.summary import wilson

DAYS = (30, 90, 180, 365)
EVENTS_IN_DATA = 541  # TTP events of 2015-2021 that the reference figures come from


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
        tell_patterns(read_folder(endless.folder))


def tell_survival(runs: pd.DataFrame) -> None:
    """Collapse by some days, the median, first strikes, causes."""
    n = len(runs)
    for day in DAYS:
        collapsed = int((runs["collapsed"] & (runs["end_day"] < day)).sum())
        share, low, high = wilson(collapsed, n)
        print(f"P(collapse within {day} days): {percent(share, low, high)}")
    print("median survival, days:", quantile(runs["end_day"].to_numpy(float)))
    strikes = runs["first_strike_day"].dropna().to_numpy(float)
    print(f"first strike: in {100 * len(strikes) / n:.1f} % of runs; median day", quantile(strikes))
    print("causes of collapse:")
    for cause, count in runs["cause"].value_counts().items():
        share, low, high = wilson(int(count), n)
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


def tell_patterns(folder: SweepFolder) -> None:
    """Lethal cross-border attacks of runs that no collapse cuts short: weekly Fano factor, Gini
    over 100 km, deaths."""
    events = pd.read_parquet(folder.path / "events")
    attacks = events[(events["kind"] == "attack") & (events["deaths"] > 0)]
    print(f"weekly Fano factor: {interval(fano(attacks))}")
    border = make_border(folder.config_of(0))
    place = np.asarray(border.km_from)[attacks["sector"].to_numpy(int)] // 100
    bins = int(border.km_to[-1] // 100) + 1
    groups = np.array_split(place, max(len(place) // EVENTS_IN_DATA, 1))
    ginis = np.array([gini(np.bincount(g.astype(int), minlength=bins)) for g in groups])
    print(f"Gini over 100 km, {EVENTS_IN_DATA} attacks at a time: {interval(ginis)}")
    deaths = attacks["deaths"].to_numpy()
    share, low, high = wilson(int((deaths >= 11).sum()), deaths.size)
    median, p90 = np.quantile(deaths, [0.5, 0.9])
    print(f"deaths a lethal attack: median {median:.0f}, p90 {p90:.0f}")
    print(f"  at least 11: {percent(share, low, high)}")


def fano(attacks: pd.DataFrame) -> NDArray[np.float64]:
    """Variance over mean of the weekly counts of a year, run by run."""
    weeks = attacks.assign(week=attacks["day"] // 7)
    weeks = weeks[weeks["week"] < 52]
    table = weeks.groupby(["replicate", "week"]).size().unstack(fill_value=0)
    table = table.reindex(columns=range(52), fill_value=0)
    return (table.var(axis=1) / table.mean(axis=1)).to_numpy()


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient of counts."""
    x = np.sort(counts)
    rank = np.arange(1, x.size + 1)
    return float(2 * (rank * x).sum() / (x.size * x.sum()) - (x.size + 1) / x.size)


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


def interval(values: NDArray[np.float64]) -> str:
    """Mean with its t interval."""
    low, high = stats.t.interval(0.95, values.size - 1, values.mean(), stats.sem(values))
    return f"{values.mean():.2f} [{low:.2f}, {high:.2f}] (n = {values.size:,})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
