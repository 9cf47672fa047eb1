"""The components in the browser, with their arguments and events.

Arguments are sent when they change; `event_…` is called with the visitor's action.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

Data = dict[str, Any]


class Payload:
    """Constant data for the browser.

    Solara would search a list or a mapping for components, every day for every visitor; it does
    not look inside this. Two payloads are equal if their parts are the same objects.
    """

    __slots__ = ("parts",)

    def __init__(self, *parts: Data) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Payload) or len(self.parts) != len(other.parts):
            return False
        return all(a is b for a, b in zip(self.parts, other.parts, strict=True))

    __hash__ = None  # type: ignore[assignment]


def _to_json(value: Any, widget: object) -> Any:
    return list(value.parts) if isinstance(value, Payload) else value


_PAYLOADS = dict.fromkeys(("stories", "groups", "presets", "record"), _to_json)


@solara.component_vue("../vue/address.vue")
def Address(
    query: str,
    followed: int,
    problem: str = "",
    event_follow: Callable[[str], None] | None = None,
) -> None:
    """The address of what is shown; `event_follow` is called when the visitor goes back or forward.
    `followed` counts how often."""


@solara.component_vue(
    "../vue/border.vue", to_json={"ground": lambda payload, widget: payload.parts[0]}
)
def BorderPicture(
    ground: Payload,
    frame: Data,
    scale: Data,
    view: str,
    hidden: list[str],
    title: str = "",
    event_view: Callable[[str], None] | None = None,
    event_shown: Callable[[bool], None] | None = None,
) -> None:
    """The grid along the line, with a layer, the bands and the day's incidents; it reports when it
    is first shown.

    view: map or strip; a border without a course is always a strip.
    hidden: the marks that are not shown (`ground.KEYS`).
    """


@solara.component_vue("../vue/key.vue", to_json={"looks": lambda payload, widget: payload.parts[0]})
def BorderKey(
    looks: Payload,
    scale: Data,
    layers: list[tuple[str, str]],
    hidden: list[str],
    event_hide: Callable[[list[str]], None] | None = None,
    event_layer: Callable[[str], None] | None = None,
) -> None:
    """What every mark means, and the scale of the layer, which can be chosen: one for a run and its
    fork. A click hides or shows a mark.

    layers: names and titles.
    """


@solara.component_vue("../vue/why.vue", to_json={"whys": _to_json})
def WhyPicture(
    whys: Payload,
    day: int,
    sentences: list[str],
    chains: list[list[list[str]]],
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The chain from incidents to the state of the truce; at the collapse, what ended it."""


@solara.component_vue("../vue/timeline.vue", to_json=_PAYLOADS)
def Timeline(
    stories: Payload,
    day: int,
    pace: int,
    fork_day: int = -1,
    record: Payload | None = None,
    event_go: Callable[[int], None] | None = None,
    event_pace: Callable[[int], None] | None = None,
) -> None:
    """Play, speed and the day slider, with ribbons of truce states, ticks, and keyboard control.

    `record`: what happened in a truce of the world (`Opening.record`), marked below the ribbons.
    """


@solara.component_vue("../vue/strip.vue")
def StatusStrip(status: Data, title: str = "", mark: str = "", mark_good: bool = True) -> None:
    """The state of the truce, the day, the last event, the next round of talks, the gauges."""


@solara.component_vue("../vue/charts.vue", to_json=_PAYLOADS)
def DailyCharts(stories: Payload, day: int, fork_day: int = -1) -> None:
    """The daily series up to the day shown, with the fork's as dashed lines."""


@solara.component_vue("../vue/log.vue", to_json=_PAYLOADS)
def EventLog(
    stories: Payload,
    day: int,
    fork_day: int = -1,
    event_go: Callable[[int], None] | None = None,
) -> None:
    """The events up to the day shown, in sentences, latest first."""


@solara.component_vue("../vue/controls.vue", to_json=_PAYLOADS)
def Controls(
    name: str,
    groups: Payload,
    presets: Payload,
    changes: Data,
    errors: Data,
    idle: Data,
    event_edit: Callable[[list[str]], None] | None = None,
    event_choose: Callable[[list[str]], None] | None = None,
) -> None:
    """Presets and settings with units, ranges, help, and errors next to their controls.

    `idle` gives the reason for each setting that has no effect; these are greyed out.
    """


@solara.component_vue("../vue/copies.vue")
def Copies(texts: list[tuple[str, str]]) -> None:
    """Texts to copy, each with its name."""


@solara.component_vue("../vue/survival.vue")
def SurvivalCurves(
    curves: list[Data], horizon: int, chosen: str = "", note: str = "", since: int = -1
) -> None:
    """The share of truces holding, by day, with 95 % intervals; the chosen point's level is
    highlighted, or `note` says what the curves are. Up to the end of day `since`, they coincide."""


@solara.component_vue("../vue/chances.vue")
def Chances(table: Data) -> None:
    """The chance of each cause of a collapse, with its interval, in a run and its fork."""


@solara.component_vue("../vue/heatmap.vue")
def HeatMap(
    table: Data, chosen: list[int], event_open: Callable[[int], None] | None = None
) -> None:
    """An outcome over two factors, with its key; a click selects a point, which is marked."""


@solara.component_vue("../vue/points.vue")
def PointTable(
    table: Data,
    chosen: int,
    only: list[int] | None = None,
    event_open: Callable[[int], None] | None = None,
) -> None:
    """The points, or only some of them, with intervals; a click selects one, which is marked."""


@solara.component_vue("../vue/tradeoff.vue")
def TradeOff(
    plot: Data,
    chosen: int,
    only: list[int] | None = None,
    event_choose: Callable[[int], None] | None = None,
) -> None:
    """Share that holds against cost, for what a search saw and proved; a click chooses a policy."""


@solara.component_vue("../vue/parallel.vue")
def ParallelPlot(
    plot: Data,
    chosen: int,
    brushes: dict[str, tuple[float, float]],
    event_choose: Callable[[int], None] | None = None,
    event_brush: Callable[[tuple[str, list[float]]], None] | None = None,
) -> None:
    """Parallel coordinates (`state.parallel`): a click chooses a line; dragging along an axis keeps
    the lines that cross it there."""
