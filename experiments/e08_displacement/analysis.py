"""E8: does effort that follows incidents stop more, or only move the attempts?

python experiments/e08_displacement/analysis.py [FOLDER FOLDER FOLDER] [--to FOLDER]
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from truce_sim.analysis import micro
from truce_sim.analysis.incidents import sweep_incidents
from truce_sim.analysis.measures import change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import GREY, note_below, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, estimate, percent, plain
from truce_sim.border.border import make_border
from truce_sim.intervals import clusters, mean_interval, named, share_interval
from truce_sim.sweeps.sweep import Sweep

LEARN, EVADE, HOME, HOST = (
    "militants.learning_rate", "militants.evasion", "home.adaptivity", "host.adaptivity",
)  # fmt: skip
NEAR = "militants.offspring_km"
KIND = [LEARN, EVADE]
KINDS = {
    (0.0, 0.2): "never learn", (0.1, 0.0): "learn where to start",
    (0.1, 0.2): "learn, sidestep at times", (0.1, 0.6): "learn, sidestep often",
}  # fmt: skip
ENDS = "truce.collapse_strikes"
USUAL = {
    "militants.risk_aversion": 3, "attribution.activity_memory_days": 20, "run.review_days": 7,
    "scenario": "durand", "border.sectors": 45,
}  # fmt: skip
FOLLOWS = "share of home's effort\nthat follows incidents"


def main(s: Study) -> None:
    """Report what following stops, where bands cross, and how far the answer carries over."""
    coarse, fine, near = s.sweeps
    crossings, border = crossings_of(coarse)
    quiet = border.loc[border["quiet"], "weight"]
    s.note("", f"quiet sectors: {len(quiet)} of {len(border)}, with {quiet.sum():.3f} of the prior")
    tables = {
        "attacks a year, against effort as posted": change(coarse, HOME, "attacks", by=KIND),
        "stopped at the border, % of crossings":
            measure(coarse, "foiled_at_border", "crossings", by=[*KIND, HOME]),
        "crossings of quiet sectors, % of all": by_point(crossings, in_quiet(border)),
    }  # fmt: skip
    for title, table in tables.items():
        note_rows(s, title, table, [*KIND, HOME])
    note_rows(s, "deaths a year, against effort as posted", change(coarse, HOME, "deaths", by=KIND),
         [*KIND, HOME])  # fmt: skip
    s.draw(three(tables), "effort")
    note_rows(s, "distance of crossings from the site prior (total variation, a lower bound), %",
         by_point(crossings, far_from(border)), [*KIND, HOME])  # fmt: skip
    s.draw(along_the_line(crossings, border), "line")
    undone(s, coarse)
    clustering(s, coarse)
    s.draw(both_states(s, fine), "both")
    for name in USUAL:
        where = {k: v for k, v in USUAL.items() if k != name} | {ENDS: "inf", HOST: 0}
        found = change(fine, HOME, "attacks", by=[name, LEARN], where=where)
        note_rows(
            s, f"attacks a year, against effort as posted, by {name}", found, [name, LEARN, HOME]
        )
    s.draw(near_the_parent(s, near), "offspring")


# ── where bands cross ────────────────────────────────────────────────────────────────────────


def crossings_of(sweep: Sweep) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return crossings with the settings of their run, and the sectors: weight, km, width, quiet.

    Quiet sectors are those of lowest weight, which together hold a quarter of it.
    """
    border = make_border(sweep.folder.config_of(0))
    table = pd.DataFrame({"weight": border.sectors["weight"],
                          "km": (border.km_from + border.km_to) / 2,
                          "wide": border.km_to - border.km_from})  # fmt: skip
    order = table["weight"].sort_values(kind="stable")
    table["quiet"] = order.cumsum() <= 0.25
    found = sweep.load(["sector"], "events", where={"kind": ["crossing"]})
    return found.merge(sweep.load([])), table


def by_point(crossings: pd.DataFrame, share) -> pd.DataFrame:
    rows = [
        dict(zip([*KIND, HOME], levels, strict=True))
        | {"runs": at["replicate"].nunique()}
        | named("value", share(at))
        for levels, at in crossings.groupby([*KIND, HOME])
    ]
    return pd.DataFrame(rows)


def in_quiet(border: pd.DataFrame):
    return lambda at: share_interval(border["quiet"].to_numpy()[at["sector"]], clusters(at))


def far_from(border: pd.DataFrame):
    """Σ max(p - w, 0) over the sectors with p > w in the even replicates, measured in the odd ones.

    Measured in the same runs, chance alone would give a distance.
    """
    weight = border["weight"].to_numpy()

    def distance(at: pd.DataFrame) -> tuple[float, float, float]:
        even = (at["replicate"] % 2 == 0).to_numpy()
        more = np.bincount(at["sector"][even], minlength=len(weight)) > weight * even.sum()
        found = share_interval(more[at["sector"][~even]], clusters(at[~even]))
        return tuple(np.array(found) - weight[more].sum())

    return distance


@with_style
def along_the_line(crossings: pd.DataFrame, border: pd.DataFrame) -> Figure:
    """Plot where bands cross, compared with the site prior."""
    figure, axes = plt.subplots(2, 1, figsize=(8.6, 5.6), layout="constrained", sharex=True)
    for ax, kind in zip(axes, list(KINDS)[2:], strict=True):
        ax.bar(border["km"], 100 * border["weight"], 0.9 * border["wide"], color="#d9d9d9",
               label="site prior")  # fmt: skip
        for home, mark in ((0.0, "o-"), (0.25, "s-"), (1.0, "D-")):
            at = crossings[(crossings[[*KIND, HOME]] == [*kind, home]).all(axis=1)]
            share = np.bincount(at["sector"], minlength=len(border)) / len(at)
            ax.plot(border["km"], 100 * share, mark, markersize=3, linewidth=1, label=f"{home:g}")
        ax.set(title=f"bands that {KINDS[kind]}", ylabel="% of crossings in a sector")
    axes[0].legend(title="share of home's effort that follows incidents", ncols=4,
                   title_fontsize="small")  # fmt: skip
    axes[1].set_xlabel("km along the de facto line, from the north-east")
    note_below(figure, f"n = {at['replicate'].nunique():,} runs of a year a line; no intervals "
                       "drawn: those of the quiet sectors are in findings.txt")  # fmt: skip
    return figure


# ── what it does to violence ─────────────────────────────────────────────────────────────────


def undone(s: Study, sweep: Sweep) -> None:
    """Report the change from following for bands that learn, minus that for bands that do not."""
    s.note("", "attacks a year: the change by following, less that with bands that never learn:")
    table = sweep.load(["attacks"]).pivot(
        index="replicate", columns=[*KIND, HOME], values="attacks"
    )
    table = table.astype(float)
    for kind, home in [(kind, home) for kind in list(KINDS)[1:] for home in (0.25, 0.5, 1.0)]:
        gap = table[(*kind, home)] - table[(*kind, 0.0)]
        gap -= table[(0.0, 0.2, home)] - table[(0.0, 0.2, 0.0)]
        found = named("x", mean_interval(gap.to_numpy(), np.arange(len(gap))))
        s.note(f"  {KINDS[kind]}, home {home:g}: {amount(found, 'x', 'attacks', 1)}")


def clustering(s: Study, sweep: Sweep) -> None:
    """Report whether lethal attacks repeat near one another, and how unevenly they lie."""
    s.note("", "near-repeat ratio (50 km, 14 days); Gini over 100 km:")
    incidents, runs = sweep_incidents(sweep), sweep.load(["end_day"]).reset_index(drop=True)
    for (*kind, home), at in runs.groupby([*KIND, HOME]):
        here = incidents.where(incidents.frame["run"].isin(at.index).to_numpy())
        repeat, uneven = (named("x", f(here)) for f in (micro.near_repeat, micro.gini))
        both = f"{estimate(repeat, 'x')}; {estimate(uneven, 'x')}"
        s.note(f"  {KINDS[tuple(kind)]}, home {home:g}: {both}")


@with_style
def both_states(s: Study, sweep: Sweep) -> Figure:
    """Plot attacks and survival by how far each state's effort follows incidents."""
    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), layout="constrained")
    outcomes = (("attacks", "inf", "attacks a year, no truce ending"),
                ("end_day", "3", "mean survival within a year, days"))  # fmt: skip
    for ax, (part, ends, label) in zip(axes, outcomes, strict=True):
        where = USUAL | {ENDS: ends}
        table = measure(sweep, part, by=[LEARN, HOST, HOME], where=where)
        note_rows(s, label, table, [LEARN, HOST, HOME])
        for factor, other in ((HOME, HOST), (HOST, HOME)):
            found = change(sweep, factor, part, by=[LEARN, other], where=where)
            note_rows(s, f"{label}, against {factor} = 0", found, [LEARN, other, factor])
        plot_measure(table[table[LEARN] == 0.1], HOME, HOST, label, ax)
        ax.set_xlabel(FOLLOWS)
    axes[0].legend(title="share of host's effort\nthat follows incidents", title_fontsize="small")
    note_below(figure, f"n = {table['runs'].min():,} runs a point; intervals: 95 %; bands that "
                       f"{KINDS[0.1, 0.2]}")  # fmt: skip
    return figure


@with_style
def near_the_parent(s: Study, sweep: Sweep) -> Figure:
    """Plot what following changes, by how near to an attack the bands that follow it set out."""
    stopped = measure(sweep, "foiled_at_border", "crossings", by=[NEAR, HOME], where={ENDS: "inf"})
    note_rows(s, "bands near an attack: stopped at the border, % of crossings", stopped,
              [NEAR, HOME])  # fmt: skip
    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), layout="constrained")
    outcomes = (("attacks", "inf", "attacks a year, no truce ending"),
                ("end_day", "3", "mean survival within a year, days"))  # fmt: skip
    for ax, (part, ends, label) in zip(axes, outcomes, strict=True):
        found = change(sweep, HOME, part, by=[NEAR], where={ENDS: ends})
        note_rows(s, f"bands near an attack: {label}, against effort as posted", found,
                  [NEAR, HOME])  # fmt: skip
        plot_measure(found, HOME, NEAR, f"{label}: change", ax)
        ax.axhline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_xlabel(FOLLOWS)
    axes[0].legend(title="km within which bands\nthat follow an attack set out",
                   title_fontsize="small")  # fmt: skip
    note_below(figure, f"n = {found['runs'].min():,} runs a point; intervals: 95 %, of paired "
                       "differences and for all together")  # fmt: skip
    return figure


@with_style
def three(tables: dict[str, pd.DataFrame]) -> Figure:
    """Plot change in attacks, share stopped and share in quiet sectors, by kind of bands."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.4), layout="constrained")
    for ax, (title, table) in zip(axes, tables.items(), strict=True):
        kinds = [KINDS[kind] for kind in table[KIND].itertuples(index=False, name=None)]
        plot_measure(table.assign(bands=kinds), HOME, "bands", title, ax,
                     100.0 if "%" in title else 1.0)  # fmt: skip
        ax.set_xlabel(FOLLOWS)
    axes[0].axhline(0, color=GREY, linewidth=1, zorder=0)
    figure.legend(*axes[0].get_legend_handles_labels(), title="bands", title_fontsize="small",
                  ncols=4, loc="outside upper center")  # fmt: skip
    note_below(figure, f"n = {table['runs'].min():,} runs of a year a point; intervals: 95 %, on "
                       "the left of paired differences and for all together")  # fmt: skip
    return figure


def note_rows(s: Study, title: str, table: pd.DataFrame, by: list[str]) -> None:
    """Note a line for each row; a title with % is of shares."""
    s.note("", f"{title}:")
    for row in table.to_dict("records"):
        levels = [f"{short(name)} {plain(row[name])}" for name in by]
        number = percent(row, "value") if "%" in title else amount(row, "value", "", 1).strip()
        s.note(f"  {', '.join(levels)}: {number}")


def short(name: str) -> str:
    return name.removesuffix(".adaptivity").split(".")[-1]


if __name__ == "__main__":
    with study(__file__, "e08_displacement", "e08_adaptivity", "e08_offspring") as s:
        main(s)
