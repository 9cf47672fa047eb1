"""The components in the browser: what each takes, what it tells.

Arguments are sent when they change; `event_…` is called with what the visitor did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

Data = dict[str, Any]


class Sent:
    """Data for the browser that stays as it is. Solara would look through a list or a mapping, on
    every day of every visitor, for components inside; equal are two with the very same parts."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Data) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sent) or len(self.parts) != len(other.parts):
            return False
        return all(a is b for a, b in zip(self.parts, other.parts, strict=True))

    __hash__ = None  # type: ignore[assignment]


def _to_json(value: Any, widget: object) -> Any:
    return list(value.parts) if isinstance(value, Sent) else value


_AS_SENT = dict.fromkeys(("stories", "groups", "presets"), _to_json)


@solara.component_vue("../vue/border.vue", to_json={"ground": lambda sent, widget: sent.parts[0]})
def BorderPicture(
    ground: Sent,
    frame: Data,
    scale: Data,
    title: str = "",
) -> None:
    """The grid along the line: a layer, bands, today's incidents."""


@solara.component_vue("../vue/timeline.vue", to_json=_AS_SENT)
def Timeline(
    stories: Sent,
    day: int,
    fork_day: int = -1,
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The day slider: ribbons of truce states, ticks for events; space and arrows."""


@solara.component_vue("../vue/strip.vue")
def StatusStrip(status: Data, title: str = "", mark: str = "", mark_good: bool = True) -> None:
    """State of the truce, day, last event, next round, gauges."""


@solara.component_vue("../vue/charts.vue", to_json=_AS_SENT)
def DailyCharts(stories: Sent, day: int, fork_day: int = -1) -> None:
    """Daily series up to the day shown, the fork's dashed over them."""


@solara.component_vue("../vue/log.vue", to_json=_AS_SENT)
def EventLog(
    stories: Sent,
    day: int,
    fork_day: int = -1,
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The events up to the day shown, in sentences, latest first."""


@solara.component_vue("../vue/controls.vue", to_json=_AS_SENT)
def Controls(
    name: str,
    groups: Sent,
    presets: Sent,
    changes: Data,
    errors: Data,
    event_edit: Callable[[list[str]], None] | None = None,
    event_choose: Callable[[list[str]], None] | None = None,
) -> None:
    """Presets and settings with units, ranges and help; what was refused, beside its control."""


@solara.component_vue("../vue/survival.vue")
def SurvivalCurves(curves: list[Data], horizon: int) -> None:
    """Share of truces that hold, by day, with bands of 95 %."""


@solara.component_vue("../vue/heatmap.vue")
def HeatMap(table: Data, event_open: Callable[[int], None] | None = None) -> None:
    """An outcome over two factors; a click chooses a point."""


@solara.component_vue("../vue/points.vue")
def PointTable(table: Data, event_open: Callable[[int], None] | None = None) -> None:
    """The points with intervals; a click chooses one."""
