"""The page of a sweep: survival by factor, a heat map, points, failures; a click opens a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.picks import PICKS, pick_run
from truce_sim.sweeps.summaries.summary import days_watched
from truce_sim.viewer.pages.parts import HeatMap, ParallelPlot, PointTable, SurvivalCurves
from truce_sim.viewer.state.levers import as_text, plain_name
from truce_sim.viewer.state.opening import Opening, open_row, parse_run
from truce_sim.viewer.state.parallel import Brushes, brushed, parallel_data
from truce_sim.viewer.state.sweep_data import SweepData
from truce_sim.viewer.state.sweep_view import SweepView

ANY, NOTHING = "(any)", "(nothing)"


@solara.component
def SweepPage(view: SweepView, show: Callable[[Opening], None]) -> None:
    """Show a sweep at a glance; `show` opens one of its runs."""
    data, folder, point = view.data, view.data.folder, view.point
    solara.Title("truce_sim")
    with solara.AppBar():
        solara.AppBarTitle(f"truce_sim: {folder.path.name}")
        solara.lab.ThemeToggle()
    with solara.Column(gap="12px", classes=["sweep"]):
        Heading(data)
        PointChoice(data, point, show)
        if data.axes:
            Levers(view)
        with solara.Div(classes=["halves"]):
            Survival(view)
            Heat(view)
        with solara.Card("Points", margin=0):
            table = solara.use_memo(data.table, [folder.path])
            keep = np.flatnonzero(data.matching_points({}, view.brushes.value)).tolist()
            only = keep if view.brushes.value else None
            PointTable(table=table, chosen=point.value, only=only, event_open=point.set)
        Failures(data)


@solara.component
def Levers(view: SweepView) -> None:
    """Show a line for each point across all factors and outcomes; brushes keep some of them."""
    data, brushes = view.data, view.brushes

    def brush(name: str, ends: list[float]) -> None:
        brushes.value = brushed(brushes.value, name, ends) if name else {}

    with solara.Card("All factors at once", margin=0):
        plot = solara.use_memo(lambda: parallel_data(data.axes, "holds", {}), [data.folder.path])
        ParallelPlot(
            plot=plot, chosen=view.point.value, brushes=brushes.value,
            event_choose=view.point.set, event_brush=lambda pair: brush(*pair),
        )  # fmt: skip
        if brushes.value:
            solara.Text(data.in_words(brushes.value), classes=["kept"])


@solara.component
def Heading(data: SweepData) -> None:
    """Show the size of the sweep, its status and its factors."""
    folder = data.folder
    runs, failed = int(data.summary["runs"].sum()), int(data.summary["failed"].sum())
    state = folder.manifest.get("status", "")
    solara.Text(
        f"{folder.points:,} points, {runs:,} runs{f', {failed:,} failed' if failed else ''}; "
        f"horizon {days_watched(data.summary['horizon'])}; {state}. "
        f"Factors: {', '.join(data.names().values()) or 'none'}. "
        "Results of a simulation on assumed values, not a forecast."
    )


@solara.component
def NamedChoice(label: str, names: dict[str, str], value: solara.Reactive[str]) -> None:
    """Choose one of several things by the names the page gives them."""
    things = {words: name for name, words in names.items()}
    solara.Select(
        label, list(things), value=names.get(value.value, value.value),
        on_value=lambda words: value.set(things[words]), dense=True,
    )  # fmt: skip


@solara.component
def Survival(view: SweepView) -> None:
    """Show survival curves by a factor, at chosen levels of the others."""
    data, factor, fixed, point = view.data, view.factor, view.fixed, view.point.value
    brushes = view.brushes.value
    with solara.Card("Survival of the truce", margin=0):
        with solara.Row(style={"flex-wrap": "wrap"}):
            NamedChoice("by factor", data.names(), factor)
            for name in data.factors:
                if name != factor.value:
                    LevelChoice(data, name, fixed)
        kept = {name: level for name, level in fixed.value.items() if name != factor.value}
        curves = solara.use_memo(
            lambda: data.curves(factor.value, kept, brushes),
            [factor.value, tuple(kept.items()), tuple(brushes.items())],
        )
        inside = data.has_levels(kept, point)
        SurvivalCurves(
            curves=curves, horizon=data.folder.horizon,
            chosen=data.level_of(factor.value, point) if inside else "",
        )  # fmt: skip


@solara.component
def LevelChoice(data: SweepData, name: str, fixed: solara.Reactive[dict[str, str]]) -> None:
    """Choose the level of a factor to show; by default, any."""

    def choose(level: str) -> None:
        rest = {key: value for key, value in fixed.value.items() if key != name}
        fixed.value = rest if level == ANY else {**rest, name: level}

    levels = [ANY, *(str(level) for level in data.levels[name].cat.categories)]
    solara.Select(
        plain_name(name), levels, value=fixed.value.get(name, ANY), on_value=choose, dense=True
    )


@solara.component
def Heat(view: SweepView) -> None:
    """Show an outcome over two factors."""
    data, fixed, brushes = view.data, view.fixed, view.brushes.value
    outcome, across, down = view.outcome, view.across, view.down
    names = data.names()
    with solara.Card("An outcome over two factors", margin=0):
        NamedChoice("outcome", data.outcomes(), outcome)
        with solara.Row():
            NamedChoice("across", names, across)
            NamedChoice("down", {"": NOTHING, **names}, down)
        lower = "" if down.value == across.value else down.value
        kept = {k: v for k, v in fixed.value.items() if k not in (across.value, lower)}
        table = solara.use_memo(
            lambda: (
                _heat(data, outcome.value, across.value, lower, kept, brushes) if names else None
            ),
            [outcome.value, across.value, lower, tuple(kept.items()), tuple(brushes.items())],
        )
        if isinstance(table, str):
            solara.Error(table)
        elif table is not None:
            chosen = data.cell_of(across.value, lower, kept, view.point.value)
            HeatMap(table=table, chosen=chosen, event_open=view.point.set)


def _heat(
    data: SweepData, outcome: str, across: str, down: str, fixed: dict[str, str], brushes: Brushes
) -> dict[str, Any] | str:
    """The heat map, or why the outcome cannot be read."""
    try:
        return data.heat(outcome, across, down, fixed, brushes)
    except InputError as error:
        return str(error)


@solara.component
def PointChoice(
    data: SweepData, point: solara.Reactive[int], show: Callable[[Opening], None]
) -> None:
    """Show the selected point and choose which of its runs to open."""
    folder, run = data.folder, solara.use_reactive("")
    message = solara.use_reactive("")

    def open_run(find: Callable[[], tuple[int, int]]) -> None:
        try:
            opening = open_row(folder, *find())
        except InputError as error:
            message.value = str(error)
            return
        show(opening)

    values = folder.design.iloc[point.value]
    about = ", ".join(f"{words} = {as_text(values[name])}" for name, words in data.names().items())
    with solara.Card(margin=0, classes=["chosen"]):
        with solara.Row(style={"flex-wrap": "wrap", "align-items": "center"}):
            solara.Text(f"Point {point.value}: {about}", classes=["subtitle-1"])
            for pick, meaning in PICKS.items():
                with solara.Tooltip(meaning):
                    solara.Button(
                        _called(pick), small=True,
                        color="primary", outlined=True,
                        on_click=lambda pick=pick: open_run(
                            lambda: (point.value, pick_run(folder, point.value, pick))
                        ),
                    )  # fmt: skip
            with solara.Div(style={"flex": "0 1 150px"}):
                solara.InputText("or a run, e.g. 12:7", value=run, dense=True)
            solara.Button(
                "Open", small=True, on_click=lambda: open_run(lambda: parse_run(run.value))
            )
        solara.Text(data.point_in_words(point.value), classes=["in-words"])
        meanings = "; ".join(f"{_called(pick)}: {meaning}" for pick, meaning in PICKS.items())
        solara.Text(f"Open one of its runs. {meanings}.", classes=["caption"])
        if message.value:
            solara.Error(message.value)


def _called(pick: str) -> str:
    """The page's name for a pick."""
    return "typical" if pick == "median" else pick.replace("-", " ")


@solara.component
def Failures(data: SweepData) -> None:
    """List the runs that failed, if any."""
    failures = data.failures
    if failures.empty:
        solara.Text("No run failed.")
        return
    with solara.Card("Failures", margin=0):
        for row in failures.head(100).to_dict("records"):
            solara.Text(f"run {row['point']}:{row['replicate']}: {row['status']}: {row['error']}")
