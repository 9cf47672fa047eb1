"""What a search leaves in its folder: tables, figures and a page."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from truce_sim.analysis.plots.discovery import plot_peeling
from truce_sim.analysis.report.parts import Section, figure, make_table
from truce_sim.analysis.report.write import render_page
from truce_sim.policy import words
from truce_sim.policy.api import Search
from truce_sim.policy.choose import PICKS
from truce_sim.policy.figures import plot_levers, plot_trade_off
from truce_sim.policy.measures import MEASURES
from truce_sim.results.store import write_table, write_whole

CAVEAT = (
    "A stylised model, not a forecast. What levers cost and how far they reach is assumed, as are "
    "most settings; what is not known is drawn anew for each world."
)
REPORT = "report.html"


def write_results(found: Search) -> None:
    """Write tables, figures and the page into the search's folder; nothing without one."""
    folder = found.folder
    if folder is None:
        return
    tables = {"pareto": found.pareto, "seen": found.seen, "regions": found.hinges.regions}
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", pa.Table.from_pandas(table, preserve_index=False))
    worlds = found.worlds.draws.assign(seed=found.worlds.seeds)
    if found.worlds.scenarios:
        worlds.insert(0, "scenario", found.worlds.scenarios)
    write_table(folder / "worlds.parquet", pa.Table.from_pandas(worlds, preserve_index=False))
    page = render(found, folder)
    write_whole(folder / REPORT, lambda path: path.write_text(page, encoding="utf-8"))


def render(found: Search, pictures: Path | None = None) -> str:
    """Return the page as HTML.

    Args:
        found: the search.
        pictures: a folder to write the figures into, as PNG files.
    """
    sections = [_picks(found), _trade_off(found), _levers(found), _places(found), _open(found),
                _method(found)]  # fmt: skip
    first, _ = words.first_pick(found.pareto)
    for section in sections if pictures else ():
        for drawing in section.figures:
            assert pictures is not None
            content = drawing.render("png")
            write_whole(pictures / f"{section.key}.png", partial(_put, content))
    return render_page(
        found.problem.question or f"Search {found.problem.name}",
        f"{found.problem.policies:,} policies, {len(found.seen):,} tried, "
        f"{len(found.pareto):,} proved in {len(found.worlds):,} fresh worlds.",
        [f"{first.capitalize()}: {words.verdict(found)}", words.loss_in_words(found)],
        CAVEAT, sections,
    )  # fmt: skip


def _put(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _picks(found: Search) -> Section:
    section = Section("picks", "Three policies")
    for name, row in words.pick_rows(found.pareto):
        section.points.append(
            f"{name.capitalize()} ({PICKS[name]}): {words.describe(found.problem, row)}. "
            f"{words.numbers(row)}.{words.limits_broken(found.problem, row)}"
        )
    today = found.pareto[found.pareto["pick"].str.contains("today")].iloc[0]
    section.points.append(f"Today: {words.numbers(today)}.")
    return section


def _trade_off(found: Search) -> Section:
    section = Section("trade-off", "What holding costs")
    section.figures.append(
        figure(plot_trade_off(found), "Share that holds against cost",
               "Bars are 95 % intervals; policies were chosen in other worlds than these.")
    )  # fmt: skip
    section.tables.append(make_table(_readable(found), "The policies proved", folded=True))
    return section


def _readable(found: Search) -> pd.DataFrame:
    """The front as a table of texts: numbers with their intervals."""
    table = found.pareto
    levers = table[["pick", *(lever.name for lever in found.problem.levers)]].copy()
    levers["cost"] = table["cost"].round(2)
    levers["holds in search"] = table["holds_in_search"].round(3)
    for name in MEASURES:
        levers[name] = [f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
                        for row in table.to_dict("records")]  # fmt: skip
    return levers


def _levers(found: Search) -> Section:
    section = Section("levers", "Which levers they pull")
    section.figures.append(
        figure(plot_levers(found), "A line for each policy across its levers",
               "The ends of each axis are the ends of the lever's range; cost, share and deaths "
               "rise from 0 to the largest.")
    )  # fmt: skip
    section.points += [f"{lever.name}: {lever.words}" for lever in found.problem.levers]
    return section


def _places(found: Search) -> Section:
    section = Section("places", "Where policies trade places", points=words.turns_on(found))
    first, _ = words.first_pick(found.pareto)
    if box := found.hinges.box:
        section.figures.append(
            figure(plot_peeling(box), "Density against coverage as worlds are peeled off",
                   f"Where the {first} fails (PRIM): each dot leaves out a few more worlds.")
        )  # fmt: skip
    return section


def _open(found: Search) -> Section:
    lines = [line for _, some in words.commands(found) for line in some]
    return Section("open", "Open them", ["Each next to today's policy, with the same draws:"],
                   commands=lines)  # fmt: skip


def _method(found: Search) -> Section:
    sizes, problem = found.problem.sizes, found.problem
    return Section(
        "method", "How it was found",
        [
            f"{sizes['population']} policies in each of {sizes['generations']} generations, twice "
            "as many in the first, spread evenly; then those on the front that a response surface "
            f"predicts (NSGA-II). Objectives: {', '.join(problem.objectives)}. All were tried in "
            f"{problem.rungs[0]} worlds, the best in up to {problem.rungs[-1]}. Three were chosen "
            f"in {sizes['proof_worlds']} fresh worlds, and everything "
            "reported was tried in as many again, in which nothing was chosen. "
            f"Seed {problem.seed}.",
            f"{100 * found.worlds.dropped:.0f} % of the draws of worlds were incompatible with a "
            "policy (attacks would multiply without end, say) and were left out.",
            "Regret is relative to the policies reported, in the mean of the tenth of worlds where "
            "it is largest; half of the runs select those worlds, the other half measures it. "
            "Shares of single worlds rest on few runs, which widens the percentile and moves the "
            "share of worlds at the target towards one half.",
        ],
    )  # fmt: skip
