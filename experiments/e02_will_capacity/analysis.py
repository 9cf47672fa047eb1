"""E2: unwilling or unable? Survival at equal capacity times will, and what the home state can see.

python experiments/e02_will_capacity/analysis.py [FOLDER] [--to FOLDER]
"""

from collections.abc import Iterator
from itertools import product
from math import inf, nan

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from scipy.stats import rankdata

from truce_sim.analysis.groups import restrict_runs
from truce_sim.analysis.measures import change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import GREY, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, percent
from truce_sim.intervals import Estimate, clusters, mean_interval, named
from truce_sim.sweeps.sweep import Sweep

WILL, DAYS, BACKLASH = "host.will", "run.horizon_days", "home.backlash"
SPREAD, TALKS = "frailty.will_concentration", "mediation"
UNWILLING, UNABLE, COMMITTED = 0.1, 0.8, 0.7  # each will of the design belongs to one host
HOSTS = {(UNWILLING, UNABLE): "unwilling against unable",
         (UNABLE, COMMITTED): "unable against committed"}  # fmt: skip
PRACTISED = {"truce": "practised"}
SEEN = {"final_belief": ("belief", 1), "violations": ("violations", -1)}  # 1: the higher the better
PANELS = {f"{talks}, will {will}": {SPREAD: spread, TALKS: mediation}
          for spread, will in ((4, "drawn for each truce"), (inf, "the same in all"))
          for mediation, talks in (("none", "no mediators"), ("qatar_turkiye", "two mediators"))
          }  # fmt: skip


def main(s: Study) -> None:
    """Report what the levers do along the curve, and whether the two hosts can be told apart."""
    s.draw(along_the_curve(s), "survival")
    runs = restrict_runs(s.sweep.load([*SEEN, "collapsed", "drawn_will"]), s.sweep, PRACTISED)
    runs = runs[(runs["status"] == "done") & ~runs["collapsed"].astype(bool)]
    runs["effort"] = runs["drawn_will"] * runs["host.capacity"]
    default = restrict_runs(runs, s.sweep, {BACKLASH: 0.08, TALKS: "qatar_turkiye", SPREAD: 4})
    s.note("", "Truces that hold (two mediators, will drawn): drawn capacity x will, and belief:")
    for (days, will), rows in default.groupby([DAYS, WILL]):
        if will in (UNWILLING, UNABLE, COMMITTED):
            s.note(
                f"  day {days}, will {will:g}: {mean(rows, 'effort')},{mean(rows, 'final_belief')}"
            )
    s.draw(telling(s, apart(runs, s.sweep)), "telling")


def panels(title: str) -> Iterator[tuple[plt.Axes, str, dict[str, object]]]:
    """Yield axes for each spread of will, without and with mediators, then label them."""
    axes = plt.subplots(2, 2, figsize=(9, 7), sharex=True, sharey=True, layout="tight")[1]
    for ax, (name, where) in zip(axes.flat, PANELS.items(), strict=True):
        yield ax, name, where
        ax.set_title(name, fontsize="medium")
        ax.set(xlabel="", ylabel="")
    axes[0, 0].legend(title=title, fontsize="x-small", title_fontsize="x-small")


@with_style
def along_the_curve(s: Study) -> Figure:
    """Plot mean survival along the curve, by the will that a strike costs."""
    for ax, name, where in panels("will that a strike costs\n(below 0: that it adds)"):
        rows = measure(
            s.sweep, "end_day", by=[BACKLASH, WILL], where=where | PRACTISED | {DAYS: 365}
        )
        plot_measure(rows[rows[WILL] != COMMITTED], WILL, BACKLASH, ax=ax)
        s.note("", f"{name}: mean survival with the unwilling host against the unable one:")
        found = change(s.sweep, WILL, "end_day", baseline=UNABLE, by=["truce", BACKLASH],
                       where=where | {DAYS: 365})  # fmt: skip
        for row in found[found[WILL] == UNWILLING].to_dict("records"):
            s.note(f"  {row['truce']}, backlash {row[BACKLASH]:g}: {amount(row, 'value', 'days')}")
    ax.figure.supxlabel(
        "mean will of the host; its capacity is 0.24 / will\n"
        f"n = {rows['runs'].min():,} runs a point; whiskers: 95 % intervals", fontsize="small",
    )  # fmt: skip
    ax.figure.supylabel("mean survival within a year, days", fontsize="small")
    return ax.figure


def mean(rows: pd.DataFrame, name: str) -> str:
    """Format a mean with its interval."""
    found = mean_interval(rows[name].to_numpy(float), clusters(rows))
    return amount(named("x", found), "x", "", 2).rstrip()


def apart(runs: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Return how often the first host looks worse than the second, among truces that hold."""
    rows = []
    for (panel, where), days, backlash in product(PANELS.items(), (30, 90, 365), (-0.08, 0, 0.08)):
        at = restrict_runs(runs, sweep, where | {DAYS: days, BACKLASH: backlash})
        for (name, (word, better)), (hosts, pair) in product(SEEN.items(), HOSTS.items()):
            x, y = (at[at[WILL] == will] for will in hosts)
            found = looks_worse(x, y, name, better)
            levels = {"panel": panel, DAYS: days, BACKLASH: backlash, "seen": word, "hosts": pair}
            rows.append(levels | {"n": min(len(x), len(y))} | named("value", found))
    return pd.DataFrame(rows)


def looks_worse(x: pd.DataFrame, y: pd.DataFrame, name: str, better: int) -> Estimate:
    """P(X worse than Y) + P(equal) / 2, with its interval by shared draws (DeLong et al. 1988)."""
    if x.empty or y.empty:
        return Estimate(nan, nan, nan)
    both, n = pd.concat([x, y]), len(x)
    ranks = rankdata(better * both[name].to_numpy(float))
    ours, theirs = (rankdata(better * some[name].to_numpy(float)) for some in (x, y))
    over_y = 1 - (ranks[:n] - ours) / len(y)  # share of Y that is better than each x
    over_x = (ranks[n:] - theirs) / n  # share of X that is worse than each y
    share = float(over_y.mean())
    parts = np.concatenate([(over_y - share) / n, (over_x - share) / len(y)]) * len(both)
    return Estimate(*np.clip(mean_interval(share + parts, clusters(both)), 0.0, 1.0).tolist())


@with_style
def telling(s: Study, table: pd.DataFrame) -> Figure:
    """Plot what the home state can see of the hosts by day, at the default backlash."""
    for ax, name, _ in panels(""):
        s.note("", f"{name}: pairs of truces that hold in which the first host looks worse:")
        rows = table[table["panel"] == name]
        for row in rows[(rows["seen"] == "belief") | (rows[BACKLASH] == 0.08)].to_dict("records"):
            s.note(f"  {row['hosts']}, by {row['seen']}, day {row[DAYS]}, "
                   f"backlash {row[BACKLASH]:g}: {percent(row, 'value')}")  # fmt: skip
        ax.axhline(50, color=GREY, linewidth=1)
        plot_measure(rows[rows[BACKLASH] == 0.08], DAYS, ["hosts", "seen"], ax=ax, scale=100)
    ax.figure.supxlabel(
        "day; at 50 % the hosts cannot be told apart; whiskers: 95 % intervals\n"
        f"n = {table['n'].min():,} to {table['n'].max():,} truces of a host that hold until then",
        fontsize="small",
    )  # fmt: skip
    ax.figure.supylabel("pairs in which the first host looks worse, %", fontsize="small")
    return ax.figure


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)
