"""E10: what matters over all assumptions, where truces hold, and which mechanisms carry it.

python experiments/e10_global/analysis.py [FOLDER FOLDER FOLDER] [--to FOLDER]
"""

import textwrap

import pandas as pd
from matplotlib import pyplot as plt

from truce_sim.analysis.compare import compare
from truce_sim.analysis.discovery import describe_box, prim
from truce_sim.analysis.measures import DAYS_LIVED, measure
from truce_sim.analysis.plots.discovery import plot_peeling
from truce_sim.analysis.plots.sensitivity import plot_drivers
from truce_sim.analysis.plots.style import COLOURS, GREY, state_n, with_style
from truce_sim.analysis.sensitivity import (
    rank_factors,
    sampling_units,
    sobol_indices,
    without_resamples,
)
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, percent
from truce_sim.intervals import Estimate, mean_interval, named
from truce_sim.settings.fields import field_at
from truce_sim.sweeps.sweep import Sweep

SHOWN = 20
AS_DRIVERS = {"total": "index", "total_low": "low", "total_high": "high"}
AXIS = {"days": "days survived", "holds": "holding a year"}
THRESHOLDS = {4.5: "threshold 4.5 (default)", 9.0: "threshold 9"}


def main(s: Study) -> None:
    """Report the three parts."""
    rows, sample, without = s.sweeps
    for outcome in ("days", "holds"):
        what_matters(s, rows, outcome)
    where_it_holds(s, sample)
    what_carries(s, without)


# ── what matters ─────────────────────────────────────────────────────────────────────────────


def what_matters(s: Study, sweep: Sweep, outcome: str) -> None:
    """Report total indices by setting and by part of the model, and the share of chance."""
    runs = sweep.outcome(outcome).groupby("point")["y"].count().max()
    left = percent(named("x", chance(sweep, outcome)), "x")
    s.note("", f"Of the variance of {outcome} of single truces, all settings known leave {left}.")
    table = sobol_indices(sweep, outcome)
    s.note("", f"Of the variance of {outcome}, means of {runs} runs, with all interplay:")
    shown = without_resamples(table)
    for row in rank_factors(table).merge(shown, on="factor").to_dict("records"):
        s.note(f"  {row['factor']}: {percent(row, 'total')}, alone {percent(row, 'first')}, "
               f"rank {row['rank']:.0f} [{row['rank_low']}, {row['rank_high']}]")  # fmt: skip
    s.note("", "The same by part of the model, at most:")
    for part, found in by_part(table).items():
        s.note(f"  {part}: {percent(named('x', found), 'x')}")
    top = shown.sort_values("total", ascending=False).head(SHOWN).rename(columns=AS_DRIVERS)
    ax = plot_drivers(top.assign(factor=top["factor"].map(label), kind="total"))
    ax.set_xlabel(
        f"Share of the variance of {AXIS[outcome]}\n(means of {runs} runs), with all interplay"
    )
    s.draw(ax, f"matters_{outcome}")


def chance(sweep: Sweep, outcome: str) -> Estimate:
    """Return the share of variance within points, clustered by base rows (delta method)."""
    by = sweep.outcome(outcome).groupby("point")["y"]
    mean, within, runs = by.mean(), by.var(), by.count()
    whole = (mean - mean.mean()) ** 2 + within * (runs - 1) / runs
    share = within.mean() / whole.mean()
    linear = share + (within - share * whole) / whole.mean()
    return mean_interval(linear.to_numpy(), sampling_units(sweep.folder.design, sweep.factors))


def by_part(table: pd.DataFrame) -> dict[str, Estimate]:
    """Sum total indices by part: an upper bound of its share (Efron and Stein 1981)."""
    sums, table = pd.DataFrame(table.attrs["draws"]).T, without_resamples(table)
    part = table["factor"].str.rpartition(".")[0].str.replace(r"\.mediators.*", "", regex=True)
    sums = sums.groupby(part).sum()
    ends = sums.quantile([0.025, 0.975], axis=1).T
    total = table["total"].groupby(part).sum()
    return {name: Estimate(total[name], *ends.loc[name]) for name in part.unique()}


def label(factor: str) -> str:
    """Describe a setting in words, on several lines."""
    return textwrap.fill(f"{factor.split('.')[-2].title()}: {field_at(factor).meaning}", 42)


# ── where it holds ───────────────────────────────────────────────────────────────────────────


def where_it_holds(s: Study, sweep: Sweep) -> None:
    """Report the regions in which truces hold and in which they collapse."""
    collapsed = measure(sweep, "collapsed").iloc[0]
    s.note("", f"Of all truces in the sample, {percent(collapsed, 'value')} collapse.")
    for outcome in ("holds", "collapsed"):
        boxes = prim(sweep, outcome)
        if not boxes:
            s.note(f"No region in which more truces {outcome} is clear at this number of runs.")
        for box in boxes:
            s.note(describe_box(box))
            for name in ("mass", "density", "coverage", "elsewhere"):
                s.note(f"  {name}: {percent(box.table.iloc[0], name)}")
            for row in box.limits.to_dict("records"):
                s.note(f"  density without {row['factor']}: {percent(row, 'density_without')}")
            s.draw(plot_peeling(box), f"box_{outcome}")


# ── which mechanisms carry it ────────────────────────────────────────────────────────────────


def what_carries(s: Study, sweep: Sweep) -> None:
    """Report what truces gain or lose without each mechanism."""
    for level in THRESHOLDS:
        held = {"ablation": "none", "home.threshold": level}
        share = percent(measure(sweep, "collapsed", where=held).iloc[0], "value")
        s.note("", f"With every mechanism, threshold {level:g}: {share} of truces collapse.")
    found = {
        level: compare(sweep, "ablation", "none", {"home.threshold": level}).table
        for level in THRESHOLDS
    }
    for level, table in found.items():
        s.note("", f"Without one mechanism, threshold {level:g}: change of mean survival, and of")
        s.note("the share that collapses (intervals for all together):")
        for row in table.sort_values("days").to_dict("records"):
            s.note(
                f"  {row['ablation']}: {amount(row, 'days', 'days')}, {percent(row, 'collapse')}"
            )
    s.note("", "Per day that truces last, at the default threshold:")
    for part in ("attempts", "violations", "strikes_by_home"):
        rates = measure(sweep, part, DAYS_LIVED, "ablation", {"home.threshold": 4.5})
        for row in rates.to_dict("records"):
            s.note(f"  {part}, without {row['ablation']}: {amount(row, 'value', 'a day', 3)}")
    s.draw(plot_mechanisms(found), "mechanisms")


@with_style
def plot_mechanisms(found: dict[float, pd.DataFrame]) -> plt.Axes:
    """Plot the days gained without each mechanism, a row each, at both thresholds."""
    order = found[4.5].sort_values("days")["ablation"].astype(str).tolist()
    ax = plt.subplots(figsize=(6.4, 1.4 + 0.24 * len(order)), layout="constrained")[1]
    for i, (level, table) in enumerate(found.items()):
        y = [order.index(name) + 0.3 * (i - 0.5) for name in table["ablation"].astype(str)]
        arms = [table["days"] - table["days_low"], table["days_high"] - table["days"]]
        ax.errorbar(table["days"], y, xerr=arms, fmt="os"[i], color=COLOURS[i], markersize=4,
                    capsize=2, linewidth=1.2, label=THRESHOLDS[level])  # fmt: skip
    ax.axvline(0.0, color=GREY, linewidth=1.0, zorder=0)
    ax.set_yticks(range(len(order)), [name.replace("_", " ") for name in order])
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.set_xlabel("Days that truces last longer within a year without it")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    state_n(ax, f"n = {found[4.5]['n'].min():,} pairs of runs with the same draws in each row; "
            "intervals: 95 % for all rows of a colour together (Bonferroni)")  # fmt: skip
    return ax


if __name__ == "__main__":
    with study(__file__, "e10_global", "e10_sample", "e10_ablations") as s:
        main(s)
