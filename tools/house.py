"""Draw the rooms of the program from its imports, for docs/architecture.md: figures/house.png.

    python tools/house.py

A room is one floor above the highest room that it imports from; one that imports from none is
directly below the rooms that use it. Areas are lines of code. The picture's metadata contain its
arrows, so that a test can compare them with the imports.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Line
from PIL import Image

from architecture import ROOMS, House, Room, shortest
from diagrams import ARROW, FIGURES, QUIET, canvas, write

PICTURE = FIGURES / "house.png"
STYLE = Path(__file__).resolve().parents[1] / "src/truce_sim/analysis/plots/truce.mplstyle"

#: Inches: the sheet, a floor, a box, the gap between neighbours. All boxes have the same height,
#: so their widths, like their areas, are in proportion to lines of code.
WIDTH, MARGIN, FLOOR, BOX, GAP = 12.7, 0.25, 0.8, 0.42, 0.3
LINES_PER_INCH = 1500
HEAD = 0.6

#: Fill and edge of a group of rooms, by the first part of their names (after Okabe and Ito).
_ANSWERS = ("#cdeae0", "#00795a")
GROUPS = {
    "cli": ("#fbe6c2", "#a86f00"),
    "viewer": ("#f3dfeb", "#a8558a"),
    "analysis": _ANSWERS,
    "inference": _ANSWERS,
    "following": _ANSWERS,
    "policy": _ANSWERS,
    "sweeps": ("#cfe3f2", "#0072B2"),
    "": ("#e6e6e6", "#555555"),
}
LEGEND = ("command line", "browser", "answers", "many runs", "settings, rules, one run")

#: Rooms that contain only names; they are not drawn.
NAMES_ONLY = ("moved", "__init__")

Arrows = Sequence[tuple[str, str]]


def arrows_of(house: House) -> list[tuple[str, str]]:
    """Return the arrows to draw: all except those implied by a longer path."""
    return sorted(arrow for arrow in shortest(house.arrows) if not {*arrow} & {*NAMES_ONLY})


def arrows_drawn() -> list[tuple[str, str]]:
    """Return the arrows in the existing picture."""
    with Image.open(PICTURE) as picture:
        return [(start, end) for start, end in json.loads(picture.info["Arrows"])]


# ── layout ───────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Node:
    """A room on its floor or, without a name, the place where an arrow passes a floor.

    Attributes:
        name: The room.
        floor: Its floor, from 0.
        box: Width of its box, inches.
        words: Width of its words, inches.
        x: Middle of the box, inches.
        place: Its place on the floor, from the left.
        line: The nodes of the same arrow on other floors.
        ups: Its neighbours above.
        downs: Its neighbours below.
    """

    name: str
    floor: int
    box: float = 0.0
    words: float = 0.0
    x: float = 0.0
    place: int = 0
    line: list[Node] = field(default_factory=list)
    ups: list[Node] = field(default_factory=list)
    downs: list[Node] = field(default_factory=list)

    def left(self) -> float:
        return self.box / 2

    def right(self) -> float:
        return self.box / 2 + self.words


def heights(arrows: Arrows, names: Iterable[str]) -> dict[str, int]:
    """Return the floor of each room, from 0."""
    below = {name: [end for start, end in arrows if start == name] for name in names}
    found: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in found:
            found[name] = 1 + max(map(height, below[name]), default=-1)
        return found[name]

    for name in below:
        height(name)
    for name in below:
        users = [found[start] for start, end in arrows if end == name]
        if not below[name] and users:
            found[name] = min(users) - 1
    return found


def floors_of(arrows: Arrows, nodes: Mapping[str, Node]) -> list[list[Node]]:
    """Return all nodes by floor, linked; an arrow has a node on each floor that it passes."""
    floors: list[list[Node]] = [[] for _ in range(1 + max(n.floor for n in nodes.values()))]
    for node in nodes.values():
        floors[node.floor].append(node)
    for start, end in arrows:
        above, line = nodes[start], []
        for level in range(above.floor - 1, nodes[end].floor - 1, -1):
            node = nodes[end] if level == nodes[end].floor else Node("", level, line=line)
            if not node.name:
                floors[level].append(node)
                line.append(node)
            above.downs.append(node)
            node.ups.append(above)
            above = node
    return floors


def arrange(floors: list[list[Node]]) -> None:
    """Order each floor so that few arrows cross, then set each `x` so that arrows are short."""
    least, order = math.inf, floors
    for seed in range(40):
        trial = [random.Random(seed).sample(floor, len(floor)) for floor in floors]
        number(trial)
        for turn in range(12):
            sweep_over(trial, "ups" if turn % 2 else "downs")
        cost = swap(trial)
        if cost < least:
            least, order = cost, [list(floor) for floor in trial]
    for floor, nodes in zip(floors, order, strict=True):
        floor[:] = nodes
    settle(floors)


def number(floors: Iterable[Sequence[Node]]) -> None:
    for floor in floors:
        for place, node in enumerate(floor):
            node.place = place


def sweep_over(floors: list[list[Node]], side: str) -> None:
    """Sort every floor by the mean place of its nodes' neighbours on one side."""
    for floor in floors if side == "downs" else reversed(floors):
        floor.sort(key=lambda n: _mean([o.place for o in getattr(n, side)], n.place))
        number([floor])


def swap(floors: list[list[Node]]) -> int:
    """Swap neighbours while that reduces crossings; return the number of crossings left."""
    least, better = crossings(floors), True
    while better:
        better = False
        for floor in floors:
            for i in range(len(floor) - 1):
                floor[i : i + 2] = reversed(floor[i : i + 2])
                number([floor])
                cost = crossings(floors)
                better |= cost < least
                if cost >= least:
                    floor[i : i + 2] = reversed(floor[i : i + 2])
                    number([floor])
                least = min(least, cost)
    return least


def crossings(floors: Iterable[Sequence[Node]]) -> int:
    """Count the pairs of arrows that cross."""
    found = 0
    for floor in floors:
        ends = [(node.place, down.place) for node in floor for down in node.downs]
        found += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(ends, 2))
    return found


def settle(floors: list[list[Node]]) -> None:
    """Set each x to the mean of its linked nodes', as far as neighbours leave room."""
    for _ in range(1000):
        for floor in floors:
            offsets = list(itertools.accumulate(
                (one.right() + other.left() + GAP for one, other in itertools.pairwise(floor)),
                initial=0.0,
            ))  # fmt: skip
            ideal = [_pull(node) for node in floor]
            low = MARGIN + floor[0].left()
            high = WIDTH - MARGIN - floor[-1].right() - offsets[-1]
            free = in_order([x - offset for x, offset in zip(ideal, offsets, strict=True)])
            for node, x, offset in zip(floor, free, offsets, strict=True):
                node.x = min(max(x, low), max(high, low)) + offset


def _pull(node: Node) -> float:
    """Where its arrows pull a node; an arrow that passes floors straightens itself."""
    pulls = [other.x for other in node.ups + node.downs]
    if node.line:
        pulls += 8 * [_mean([other.x for other in node.line])]
    return _mean(pulls, node.x)


def in_order(values: Sequence[float]) -> list[float]:
    """Return the closest non-decreasing values (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([value])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [_mean(block) for block in blocks for _ in block]


def _mean(values: Sequence[float], otherwise: float = 0.0) -> float:
    return sum(values) / len(values) if values else otherwise


# ── drawing ──────────────────────────────────────────────────────────────────────────────────


def draw(house: House) -> Figure:
    """Draw every room on its floor, and the arrows."""
    arrows, lines = arrows_of(house), house.lines()
    rooms = {room.name: room for room in ROOMS if room.name not in NAMES_ONLY}
    height = heights(arrows, rooms)
    nodes = {
        name: Node(name, height[name], max(lines[name] / LINES_PER_INCH, 0.03), _width_of(room))
        for name, room in rooms.items()
    }
    floors = floors_of(arrows, nodes)
    arrange(floors)
    figure, ax = canvas(WIDTH, HEAD + FLOOR * len(floors))
    for floor in range(len(floors)):
        y = middle(floor) - BOX / 2
        ax.plot([MARGIN / 2, WIDTH - MARGIN / 2], [y, y], color="#ececec", lw=1.0, zorder=1)
    for node in itertools.chain(*floors):
        for down in node.downs:
            draw_arrow(ax, node, down)
    for node in nodes.values():
        draw_room(ax, node, rooms[node.name].words)
    draw_legend(ax, HEAD + FLOOR * len(floors) - 0.3)
    return figure


def _width_of(room: Room) -> float:
    """Width of a room's name and words next to its box, inches."""
    return 0.12 + max(0.086 * len(room.name), 0.0635 * len(room.words))


def middle(floor: int) -> float:
    """Return the height of the middle of a floor's boxes."""
    return FLOOR * floor + FLOOR / 2 - 0.08


def group_of(name: str) -> str:
    first = {"hydra_plugins": "cli"}.get(name, name.partition(".")[0])
    return first if first in GROUPS else ""


def draw_room(ax: Axes, node: Node, words: str) -> None:
    fill, edge = GROUPS[group_of(node.name)]
    y = middle(node.floor)
    corner = (node.x - node.box / 2, y - BOX / 2)
    ax.add_patch(Rectangle(corner, node.box, BOX, fc=fill, ec=edge, lw=1.0, zorder=4))
    left = node.x + node.box / 2 + 0.07
    write(ax, left, y + 0.09, node.name, size=9.5, weight="bold", ha="left")
    write(ax, left, y - 0.1, words, size=8, ha="left", color=QUIET)


def draw_arrow(ax: Axes, start: Node, end: Node) -> None:
    """Draw a curve down to the next floor, with a head where it meets a room."""
    a, b = port(start, end, start.downs), port(end, start, end.ups)
    top, bottom = middle(start.floor) - BOX / 2, middle(end.floor) + BOX / 2
    bend = (top - bottom) * 0.6
    points = [(a, top), (a, top - bend), (b, bottom + bend), (b, bottom)]
    if not end.name:  # the arrow passes this floor
        points.append((b, bottom - BOX))
    codes = [Line.MOVETO, *[Line.CURVE4] * 3, Line.LINETO][: len(points)]
    ax.add_patch(PathPatch(Line(points, codes), fc="none", ec=ARROW, lw=1.0, zorder=2))
    if end.name:
        tip = [(b, bottom), (b - 0.04, bottom + 0.1), (b + 0.04, bottom + 0.1)]
        ax.add_patch(Polygon(tip, fc=ARROW, ec="none", zorder=3))


def port(node: Node, other: Node, others: Sequence[Node]) -> float:
    """Return where an arrow meets a box: arrows share its width, in order."""
    order = sorted(others, key=lambda n: n.x)
    share = (order.index(other) + 1) / (len(order) + 1) - 0.5
    return node.x + node.box * share


def draw_legend(ax: Axes, y: float) -> None:
    """Draw the meaning of the colours and the size of a thousand lines."""
    x = MARGIN
    for (fill, edge), words in zip(dict.fromkeys(GROUPS.values()), LEGEND, strict=True):
        ax.add_patch(Rectangle((x, y - 0.07), 0.14, 0.14, fc=fill, ec=edge, lw=1.0))
        write(ax, x + 0.21, y, words, size=8.5, ha="left", va="center_baseline")
        x += 0.45 + 0.066 * len(words)
    width = 1000 / LINES_PER_INCH
    ax.add_patch(Rectangle((WIDTH - MARGIN - width, y - BOX / 2), width, BOX, fc="none", ec=QUIET,
                           lw=1.0))  # fmt: skip
    write(ax, WIDTH - MARGIN - width / 2, y, "1,000\nlines", size=8, color=QUIET)


def main() -> None:
    """Write the picture, with its arrows in the metadata."""
    mpl.rcdefaults()
    house = House()
    with mpl.rc_context({"savefig.bbox": None}, fname=str(STYLE)):
        figure = draw(house)
        metadata = {"Software": None, "Arrows": json.dumps(arrows_of(house))}
        figure.savefig(PICTURE, dpi=180, metadata=metadata)
        plt.close(figure)


if __name__ == "__main__":
    main()
