"""The components in the browser: what each takes, what it tells.

Arguments are sent when they change; `event_…` is called with what the visitor did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

Data = dict[str, Any]


@solara.component_vue("vue/border.vue")
def BorderPicture(
    ground: Data,
    frame: Data,
    scale: Data,
    title: str = "",
) -> None:
    """The grid along the line: a layer, bands, today's incidents."""


@solara.component_vue("vue/timeline.vue")
def Timeline(
    stories: list[Data],
    day: int,
    fork_day: int = -1,
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The day slider: ribbons of truce states, ticks for events; space and arrows."""


@solara.component_vue("vue/strip.vue")
def StatusStrip(status: Data, title: str = "", mark: str = "", mark_good: bool = True) -> None:
    """State of the truce, day, last event, next round, gauges."""


@solara.component_vue("vue/charts.vue")
def DailyCharts(stories: list[Data], day: int, fork_day: int = -1) -> None:
    """Daily series up to the day shown, the fork's dashed over them."""


@solara.component_vue("vue/log.vue")
def EventLog(
    stories: list[Data],
    day: int,
    fork_day: int = -1,
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The events up to the day shown, in sentences, latest first."""


@solara.component_vue("vue/controls.vue")
def Controls(
    name: str,
    groups: list[Data],
    presets: list[Data],
    changes: Data,
    errors: Data,
    event_edit: Callable[[list[str]], None] | None = None,
    event_choose: Callable[[list[str]], None] | None = None,
) -> None:
    """Presets and settings with units, ranges and help; what was refused, beside its control."""


@solara.component_vue("vue/survival.vue")
def SurvivalCurves(curves: list[Data], horizon: int) -> None:
    """Share of truces that hold, by day, with bands of 95 %."""


@solara.component_vue("vue/heatmap.vue")
def HeatMap(table: Data, event_open: Callable[[int], None] | None = None) -> None:
    """An outcome over two factors; a click chooses a point."""


@solara.component_vue("vue/points.vue")
def PointTable(table: Data, event_open: Callable[[int], None] | None = None) -> None:
    """The points with intervals; a click chooses one."""
