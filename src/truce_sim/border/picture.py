"""The picture of a border that was made: the line on the map, its events, and its segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.colours import HOME, HOST
from truce_sim.border.course import Course
from truce_sim.border.folder import MadeBorder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_LINE, _RUGGED = "#222222", "#E69F00"
#: Most events drawn.
_DRAWN = 5000


def draw_border(
    path: Path, made: MadeBorder, points: Floats, home_is_left: bool,
    base: Sequence[Mapping[str, Any]], title: str,
) -> None:  # fmt: skip
    """Draw the line with its events and km, and below it weight and ruggedness along it.

    Args:
        path: the PNG file to write.
        made: the border.
        points: (n, 2) longitudes and latitudes of the line.
        home_is_left: whether home is on the left of the line.
        base: features of a base map.
        title: the border's name in words.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 10), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[4, 1])
    _map(above, made, points, home_is_left, base)
    above.set_title(f"{title}: {made.length_km:,.0f} km")
    _profile(below, made)
    figure.savefig(path, dpi=110)


def _map(
    axes: Axes, made: MadeBorder, points: Floats, left: bool, base: Sequence[Mapping[str, Any]]
) -> None:
    low, high = points.min(0), points.max(0)
    middle = np.radians((low[1] + high[1]) / 2)
    margin = 0.12 * max(float(np.max(high - low)), 0.3)
    axes.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin),
             xlabel="longitude", ylabel="latitude")  # fmt: skip
    axes.set_aspect(1 / np.cos(middle))
    for feature in base:
        _shape(axes, feature)
    events = made.events
    if events is not None:
        few = events.sample(min(len(events), _DRAWN), random_state=1)
        for home, colour, word in ((True, HOME, "home"), (False, HOST, "host")):
            side = few[few["km_depth"].ge(0) == home]
            axes.scatter(side["longitude"], side["latitude"], s=9, alpha=0.4, color=colour,
                         linewidths=0, label=f"events, {word} side")  # fmt: skip
    axes.plot(*points.T, color=_LINE, linewidth=1.6, label="line", zorder=5)
    course = Course(points, left, (0.0, made.length_km))
    step = next(s for s in (1, 5, 10, 20, 50, 100, 200, 500, 1000) if made.length_km / s <= 14)
    for km in np.arange(0.0, made.length_km, step):
        east, north = course.line(max(km - 1e-6, 0.0), km + 1e-3)
        axes.plot(east[-1], north[-1], "o", color=_LINE, markersize=4, zorder=6)
        axes.annotate(f"{km:,.0f} km" if km == 0 else f"{km:,.0f}", (east[-1], north[-1]),
                      textcoords="offset points", xytext=(5, 4), fontsize=8)  # fmt: skip
    half = made.length_km / 2
    for away, word, colour in ((1.0, "home", HOME), (-1.0, "host", HOST)):
        east, north = course.place([half], [away * made.length_km / 25])
        axes.text(east[0], north[0], word, color=colour, fontsize=13, ha="center", va="center",
                  weight="bold")  # fmt: skip
    axes.legend(loc="best", fontsize=8)


def _shape(axes: Axes, feature: Mapping[str, Any]) -> None:
    """Draw a feature of a base map, pale."""
    geometry = feature["geometry"]
    kind, parts = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        axes.plot(*parts[:2], ".", color="#888888", markersize=3)
        axes.annotate(feature["properties"]["name"], parts[:2], fontsize=7, color="#777777")
        return
    nested = {"Polygon": parts, "MultiLineString": parts, "LineString": [parts],
              "MultiPolygon": [ring for polygon in parts for ring in polygon]}  # fmt: skip
    for ring in nested.get(kind, []):
        axes.plot(*np.array(ring)[:, :2].T, color="#c8c8c8", linewidth=0.8, zorder=1)


def _profile(axes: Axes, made: MadeBorder) -> None:
    table = made.segments
    edges = np.append(table["km_from"], table["km_to"].iloc[-1])
    axes.stairs(table["weight"], edges, fill=True, color="#999999", label="weight")
    axes.set(xlabel="km along the line", ylabel="weight", xlim=(edges[0], edges[-1]))
    other = axes.twinx()
    other.stairs(table["ruggedness"], edges, color=_RUGGED, label="ruggedness")
    other.set(ylabel="ruggedness", ylim=(0, 1.02))
    crossings = table[table["crossing"].ne("")]
    if len(crossings):
        axes.plot((crossings["km_from"] + crossings["km_to"]) / 2, np.zeros(len(crossings)), "^",
                  color=_LINE, clip_on=False, label="crossing")  # fmt: skip
    handles = axes.get_legend_handles_labels(), other.get_legend_handles_labels()
    axes.legend(handles[0][0] + handles[1][0], handles[0][1] + handles[1][1], fontsize=8,
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)  # fmt: skip
