"""The page of a search: policies across levers and outcomes, the trade-off, a table."""

from __future__ import annotations

from collections.abc import Callable

import solara

from truce_sim.settings.written import written
from truce_sim.viewer.pages.parts import ParallelPlot, PointTable, TradeOff
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.parallel import brushed, kept
from truce_sim.viewer.state.search_view import SearchView


@solara.component
def SearchPage(view: SearchView, show: Callable[[Opening], None]) -> None:
    """Show what a search found; `show` opens a run under one of its policies."""
    found = view.found
    solara.Title("truce_sim")
    with solara.AppBar():
        solara.AppBarTitle(f"truce_sim: {found.folder.name}")
        solara.lab.ThemeToggle()
    keep = kept(view.axes, view.brushes.value)
    only = keep.nonzero()[0].tolist() if view.brushes.value else None
    with solara.Column(gap="12px", classes=["sweep"]):
        Heading(view)
        Chosen(view, show)
        with solara.Div(classes=["search-pictures"]):
            with solara.Card("What holding costs", margin=0):
                data = solara.use_memo(view.trade_off, [found.folder])
                TradeOff(
                    plot=data, chosen=view.policy.value, only=only, event_choose=view.policy.set
                )
            Policies(view)
        with solara.Card("Policies", margin=0):
            table = solara.use_memo(view.table, [found.folder])
            PointTable(table=table, chosen=view.policy.value, only=only, event_open=view.policy.set)


@solara.component
def Heading(view: SearchView) -> None:
    """Show the question, how much was tried, and what the numbers rest on."""
    found, row = view.found, view.found.pareto.iloc[0]
    if found.problem.question:
        solara.Text(found.problem.question, classes=["text-h6"])
    solara.Text(
        f"{len(found.seen):,} of {found.problem.policies:,} policies tried; {len(found.pareto):,} "
        f"proved in fresh worlds, {int(row['runs']):,} runs each. What levers cost is assumed. "
        "Results of a simulation on assumed values, not a forecast."
    )


@solara.component
def Chosen(view: SearchView, show: Callable[[Opening], None]) -> None:
    """Show the chosen policy in words, with its intervals, and open a run under it."""
    policy, (changes, outcome) = view.policy.value, view.in_words()
    why = view.marks.get(policy, "")
    with solara.Card(margin=0, classes=["chosen"]):
        with solara.Row(style={"flex-wrap": "wrap", "align-items": "center"}):
            title = f"Policy {policy}{f' ({why})' if why else ''}: {changes}"
            solara.Text(title, classes=["subtitle-1"])
            solara.Button(
                "Open a run under it", small=True, color="primary", outlined=True,
                on_click=lambda: show(view.opening()),
            )  # fmt: skip
        solara.Text(f"{outcome} Brackets are 95 % intervals.", classes=["in-words"])


@solara.component
def Policies(view: SearchView) -> None:
    """Show a line for each policy; brushes keep some of them."""
    brushes = view.brushes

    def brush(name: str, ends: list[float]) -> None:
        brushes.value = brushed(brushes.value, name, ends) if name else {}

    with solara.Card("Levers and outcomes", margin=0):
        plot = solara.use_memo(view.parallel, [view.found.folder])
        ParallelPlot(
            plot=plot, chosen=view.policy.value, brushes=brushes.value,
            event_choose=view.policy.set, event_brush=lambda pair: brush(*pair),
        )  # fmt: skip
        meanings = [
            f"{lever.name.replace('_', ' ')}: {lever.words or 'a lever'} "
            f"(today {written(lever.today)})"
            for lever in view.found.problem.levers
        ]
        solara.Text(f"{'; '.join(meanings)}.", classes=["caption"])
