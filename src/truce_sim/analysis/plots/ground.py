"""A border in a figure: the base map, names, crossings, scale, north, and marks of incidents."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from truce_sim.analysis.plots.marks import GROUND, Mark
from truce_sim.border.atlas import Atlas, Label
from truce_sim.border.border import Border

WATER, LAND, COUNTRY, PROVINCE = GROUND["light"].values()

#: Area of a mark without deaths, in square points; number of deaths beyond which marks grow no
#: larger.
_AREA, _MOST_DEATHS = 80.0, 20

#: A mark with three arms.
_WYE = Outline(
    [(-0.35, -1.1), (-0.35, -0.2), (-1.12, 0.35), (-0.72, 0.92), (0, 0.42), (0.72, 0.92),
     (1.12, 0.35), (0.35, -0.2), (0.35, -1.1), (-0.35, -1.1)], closed=True,
)  # fmt: skip

#: Names of countries wrap after this many characters.
_COUNTRY_WIDTH = 12

#: Share of the grid's extent left free around it.
_MARGIN = 0.03

#: Names by kind: size, colour and style; the first are placed first.
_NAMES: dict[str, dict[str, Any]] = {
    "country": {"fontsize": 13, "color": "0.35", "weight": "bold"},
    "capital": {"fontsize": 8, "color": "0.2", "weight": "bold"},
    "crossing": {"fontsize": 6.5, "color": "black"},
    "place": {"fontsize": 6.5, "color": "0.25"},
    "province": {"fontsize": 6.5, "color": "0.5", "style": "italic"},
}


def draw_ground(ax: Any, atlas: Atlas, border: Border) -> None:
    """Draw all but the cells and marks on axes, whose place in the figure must be fixed."""
    ax.set(xticks=[], yticks=[], facecolor=WATER if atlas.shapes else "white")
    (_draw_map if atlas.is_map else _draw_strip)(ax, atlas, border)
    _draw_line(ax, atlas)
    if atlas.is_map:
        _draw_names(ax, atlas)
        _draw_scale(ax)


def _draw_map(ax: Any, atlas: Atlas, border: Border) -> None:
    _set_window(ax, atlas)
    rings = [shape.xy for shape in atlas.shapes if shape.closed]
    lines = [shape.xy for shape in atlas.shapes if not shape.closed]
    ax.add_collection(
        PolyCollection(rings, facecolors=LAND, edgecolors=COUNTRY, linewidths=1.2, zorder=0.5),
        autolim=False,
    )
    ax.add_collection(
        LineCollection(lines, colors=PROVINCE, linewidths=0.6, zorder=0.6), autolim=False
    )
    ax.add_collection(
        LineCollection(list(atlas.corners[:, :: atlas.pieces].swapaxes(0, 1)), colors="black",
                       linewidths=0.25, alpha=0.25, zorder=1.5), autolim=False,
    )  # fmt: skip


def _set_window(ax: Any, atlas: Atlas) -> None:
    """Show the grid in the middle, with equal scales east and north."""
    box = ax.get_window_extent()
    low, high = atlas.corners.min((0, 1)), atlas.corners.max((0, 1))
    km = max((high - low) * (1 + 2 * _MARGIN) / [box.width, box.height])
    half = np.array([box.width, box.height]) * km / 2
    (x, y) = (low + high) / 2
    ax.set(xlim=(x - half[0], x + half[0]), ylim=(y - half[1], y + half[1]))


def _draw_strip(ax: Any, atlas: Atlas, border: Border) -> None:
    sectors, depths, host = atlas.sectors, atlas.depths, atlas.host_depth
    ax.set(xlim=(-0.03 * sectors, sectors), ylim=(-1.06 * depths, 0.06 * depths))
    for names, y, shortest in (
        (border.host_province, 0.03 * depths, 0.07 * sectors),
        (border.home_district, -1.03 * depths, 0.07 * sectors),
    ):
        for middle, name in _spans(names, shortest):
            ax.text(middle, y, name, ha="center", va="center", fontsize=8, parse_math=False)
    for y, name in ((-host / 2, "host"), (-(host + depths) / 2, "home")):
        ax.text(-0.015 * sectors, y, name, rotation=90, ha="center", va="center", fontsize=9)
    edge = atlas.outline((0, sectors), (0, depths))
    ax.fill(*edge.T, color="0.96", zorder=0.5)
    ax.spines[:].set_visible(False)


def _draw_line(ax: Any, atlas: Atlas) -> None:
    for colour, width in (("white", 3.2), ("black", 1.7)):
        ax.plot(*atlas.line.T, color=colour, lw=width, zorder=3)
    gates = [label.xy for label in atlas.labels if label.kind == "crossing"]
    if gates:
        ax.plot(*np.array(gates).T, "kv", mec="white", mew=0.7, ms=6, ls="", zorder=4,
                label="crossing")  # fmt: skip


def _draw_names(ax: Any, atlas: Atlas) -> None:
    """Place names so that none covers another, the most important first."""
    taken: list[Any] = []
    order = list(_NAMES)
    for label in sorted(atlas.labels, key=lambda each: order.index(each.kind)):
        if label.kind in ("place", "capital"):
            inside = ax.get_xlim()[0] < label.xy[0] < ax.get_xlim()[1]
            if not inside or not ax.get_ylim()[0] < label.xy[1] < ax.get_ylim()[1]:
                continue
        _draw_name(ax, atlas, label, taken)


def _draw_name(ax: Any, atlas: Atlas, label: Label, taken: list[Any]) -> None:
    name = fill(label.name, _COUNTRY_WIDTH) if label.kind == "country" else label.name
    beside = label.kind in ("place", "capital", "crossing")
    if label.kind == "country" and label.name in atlas.sides:
        name += f"\n{('host', 'home')[atlas.sides.index(label.name)]} state"
    text = ax.annotate(
        name, label.xy, xytext=(4, 1) if beside else (0, 0), textcoords="offset points",
        ha="left" if beside else "center", va="center", annotation_clip=True, zorder=4,
        parse_math=False, path_effects=[withStroke(linewidth=2, foreground="white", alpha=0.8)],
        **_NAMES[label.kind],
    )  # fmt: skip
    box, frame = text.get_window_extent(), ax.get_window_extent()
    within = frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1
    if not within or any(box.overlaps(other) for other in taken):
        text.remove()
        return
    taken.append(box)
    if label.kind in ("place", "capital"):
        ax.plot(*label.xy, "o", color="0.25", ms=2.5, zorder=4)


def _draw_scale(ax: Any) -> None:
    """A bar of round length, and an arrow to the north."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    width, height = right - left, top - bottom
    km = round_length(width / 5)
    x, y = left + 0.03 * width, bottom + 0.04 * height
    ax.plot([x, x + km / 2, x + km], [y, y, y], color="black", lw=2.5, marker="|", ms=6, zorder=5)
    ax.text(x + km, y + 0.015 * height, f"{km:g} km", ha="right", va="bottom", fontsize=8, zorder=5)
    ax.annotate(
        "", (x, y + 0.12 * height), xytext=(x, y + 0.04 * height), zorder=5,
        arrowprops={"arrowstyle": "-|>", "color": "black"},
    )  # fmt: skip
    ax.text(x, y + 0.125 * height, "N", ha="center", va="bottom", fontsize=9, zorder=5)


def round_length(most: float) -> float:
    """Return the largest of 1, 2, 5, 10, … that is not above `most`."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most))


def _spans(names: tuple[str, ...], shortest: float) -> list[tuple[float, str]]:
    """Midpoints and names of stretches with the same name, at least `shortest` sectors long."""
    starts = [s for s in range(len(names)) if s == 0 or names[s] != names[s - 1]]
    ends = [*starts[1:], len(names)]
    return [
        ((a + b) / 2, names[a].removesuffix(" agency").removesuffix(" district"))
        for a, b in zip(starts, ends, strict=True) if b - a >= shortest
    ]  # fmt: skip


# ── marks ────────────────────────────────────────────────────────────────────────────────────


def draw_dots(
    ax: Any, marker: MarkerStyle, colours: tuple[str, str], label: str, area: float
) -> PathCollection:
    """Add marks whose positions are set later; colours are those of face and edge."""
    face, edge = colours
    dots: PathCollection = ax.scatter(
        [], [], s=area, marker=marker, c=face, edgecolors=edge, linewidths=0.9, label=label,
        zorder=7,
    )  # fmt: skip
    return dots


def mark_area(mark: Mark, deaths: int = 0) -> float:
    """Return a mark's area in square points, larger with more deaths.

    A triangle inside a ring is as large as one without.
    """
    return _AREA * (2.2 if mark.shape == "ringed" else 1.0) * (1 + 0.3 * min(deaths, _MOST_DEATHS))


def marker_of(mark: Mark) -> MarkerStyle:
    """Return the marker of a mark's shape."""
    plain: dict[str, str | Outline] = {
        "cross": "X", "plus": "P", "wye": _WYE, "star": "*", "triangle": "^", "diamond": "D",
        "square": "s",
    }  # fmt: skip
    if mark.shape != "ringed":
        return MarkerStyle(plain[mark.shape])
    triangle, ring = Outline.unit_regular_polygon(3), Outline.unit_circle()
    points = np.asarray(ring.vertices)
    hole = Outline(points[::-1] * 0.82, ring.codes)
    inner = Outline(np.asarray(triangle.vertices) * 0.65, triangle.codes)
    return MarkerStyle(Outline.make_compound_path(inner, ring, hole))
