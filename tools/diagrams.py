"""Draw the diagrams of the model for docs/model.md: the order of a day, the truce's states.

    python tools/diagrams.py

writes docs/figures/day.png and states.png: the same bytes each time on one version of matplotlib.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path as Line

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"
INK, QUIET, ARROW = "#222222", "#5f5f5f", "#555555"

# ── the day ──────────────────────────────────────────────────────────────────────────────────

#: Who acts, left to right: name, colour of its column, colour of its boxes.
LANES = (
    ("militant\ngroup, bands", "#fbf0e9", "#f3cdb3"),
    ("host\nstate", "#eef6f2", "#c3e2d3"),
    ("home\nstate", "#ebf3f9", "#bcd8ee"),
    ("truce, public\nrecord", "#f5f5f5", "#dcdcdc"),
    ("mediators", "#f8f0f6", "#e8c9df"),
)
#: Left edge of the lanes, their width, left edge of the words on the right; inches.
LANE_0, LANE_WIDTH, WORDS = 1.2, 1.27, 7.67
TOP, ROW, BOX_HEIGHT = 10.0, 0.8, 0.6
#: The warm-up runs only these steps, first to last.
WARM_UP = (2, 7)


class Step(NamedTuple):
    """One step: its name, boxes as (first lane, last lane, words), and what it passes on."""

    name: str
    boxes: tuple[tuple[int, int, str], ...]
    output: str


STEPS = (
    Step("calendar", ((4, 4, "a round on the\ncalendar opens"),), "spoiler motive S\nto 3"),
    Step(
        "posture",
        ((1, 1, "spreads effort\nalong the line"), (2, 2, "spreads effort\nalong the line")),
        "effort of each\nsector to 4",
    ),
    Step("launch", ((0, 0, "sends bands:\nhow many,\nhow deep, where"),), "new bands to 4"),
    Step(
        "movement",
        (
            (
                0,
                2,
                "bands walk cell by cell; they may be intercepted\n"
                "by the host, at the border or inside",
            ),
        ),
        "interceptions to 6,\narrived bands to 5",
    ),
    Step(
        "attacks",
        (
            (
                0,
                2,
                "bands that have waited attack; also,\ndomestic attacks, clashes between posts",
            ),
        ),
        "incidents to 6,\nattacks to 3, tomorrow",
    ),
    Step(
        "attribution",
        ((2, 2, "attributes\nincidents, some\nwrongly"),),
        "violations to 7 and 8",
    ),
    Step(
        "verification",
        ((3, 3, "clears cases;\nupdates activity"),),
        "cleared cases to 8,\nactivity to 2, 3 and 9",
    ),
    Step(
        "grievance",
        ((1, 1, "grievance G,\nthreshold θ"), (2, 2, "grievance G,\nbelief b,\nthreshold θ")),
        "G and θ to 9, 10, 11;\nb to 11",
    ),
    Step(
        "strikes",
        ((1, 2, "both decide, home then host;\nthen due strikes are executed"),),
        "strikes to 10 and to the\nother's 8, tomorrow; bands,\nN and ω are hit",
    ),
    Step(
        "truce",
        ((3, 3, "strained,\nsuspended,\ncollapsed, saved"),),
        "state to 5, 7, 11;\na collapse ends the run",
    ),
    Step(
        "mediation",
        ((4, 4, "call rounds;\nthese succeed\nor fail"),),
        "less G in both states,\nmore ω, a renewed truce;\ncalled rounds to 1",
    ),
    Step(
        "relaxation",
        ((0, 0, "strength N\nregrows; risk q\nis learned"), (1, 1, "will ω returns\nto its mean")),
        "the day is recorded,\nthe next one begins",
    ),
)

#: Arrows from (step, lane) to (step, lane): down, or along the first row and then down.
ARROWS = (
    ((1, 4), (3, 0)), ((2, 1), (4, 1)), ((2, 2), (4, 2)), ((3, 0), (4, 0)),
    ((4, 1), (5, 1)), ((5, 2), (6, 2)), ((6, 2), (7, 3)), ((5, 1), (8, 1)), ((6, 2), (8, 2)),
    ((7, 3), (8, 2)), ((8, 1), (9, 1)), ((8, 2), (9, 2)), ((9, 2), (10, 3)), ((10, 3), (11, 4)),
)  # fmt: skip


def draw_day() -> Figure:
    """Draw swimlanes: a row for each step, a column for each actor; outputs on the right."""
    figure, ax = canvas(9.5, TOP + 0.45)
    for i in range(len(LANES)):
        draw_lane(ax, i)
    draw_warm_up(ax)
    for number, step in enumerate(STEPS, 1):
        draw_step(ax, number, step)
    for start, end in ARROWS:
        arrow(ax, route(start, end))
    write(ax, WORDS, TOP, "passes on", size=10, weight="bold", ha="left")
    return figure


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure and axes in inches, with the origin at the lower left."""
    figure = plt.figure(figsize=(width, height), facecolor="white")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return figure, ax


def row(number: int) -> float:
    """Return the height of a step's middle."""
    return TOP + 0.05 - ROW * number


def lane(i: float) -> float:
    """Return the middle of a lane."""
    return LANE_0 + LANE_WIDTH * (i + 0.5)


def draw_lane(ax: Axes, i: int) -> None:
    name, colour, _ = LANES[i]
    left = LANE_0 + LANE_WIDTH * i
    ax.add_patch(Rectangle((left, 0), LANE_WIDTH, TOP + 0.45, color=colour, lw=0, zorder=0))
    ax.plot([left, left], [0, TOP + 0.45], color="white", lw=2, zorder=1)
    write(ax, lane(i), TOP, name, size=10, weight="bold")


def draw_warm_up(ax: Axes) -> None:
    """Draw a bracket next to the steps of the warm-up."""
    top, bottom = row(WARM_UP[0]) + 0.3, row(WARM_UP[1]) - 0.3
    ax.plot([0.3, 0.22, 0.22, 0.3], [top, top, bottom, bottom], color=QUIET, lw=1)
    middle = (top + bottom) / 2
    write(ax, 0.11, middle, "the warm-up runs only these steps", rotation=90, color=QUIET, size=9)


def draw_step(ax: Axes, number: int, step: Step) -> None:
    y = row(number)
    write(ax, 0.42, y + 0.09, str(number), size=13, weight="bold", ha="left")
    write(ax, 0.42, y - 0.16, step.name, size=9, ha="left")
    write(ax, WORDS, y, step.output, size=9, ha="left", color=QUIET)
    for first, last, words in step.boxes:
        colour = LANES[first][2] if first == last else "white"
        left, right = lane(first) - LANE_WIDTH / 2 + 0.05, lane(last) + LANE_WIDTH / 2 - 0.05
        box(ax, (left, y - BOX_HEIGHT / 2), right - left, BOX_HEIGHT, colour)
        write(ax, (left + right) / 2, y, words, size=9)


def route(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the points of an arrow: straight down, or sideways to another lane and then down."""
    (step, i), (to, j) = start, end
    top = row(to) + BOX_HEIGHT / 2
    if i == j:
        return [(lane(i), row(step) - BOX_HEIGHT / 2), (lane(i), top)]
    side = LANE_WIDTH / 2 - 0.05
    return [(lane(i) + (side if j > i else -side), row(step)), (lane(j), row(step)), (lane(j), top)]


def box(ax: Axes, corner: tuple[float, float], width: float, height: float, colour: str) -> None:
    style = "round,pad=0,rounding_size=0.07"
    ax.add_patch(
        FancyBboxPatch(corner, width, height, style, fc=colour, ec=ARROW, lw=0.8, zorder=4)
    )


def arrow(ax: Axes, points: list[tuple[float, float]]) -> None:
    """Draw a line through the points, under the boxes, with a head at its end."""
    ax.add_patch(PathPatch(Line(points[:-1] + points[-1:]), fc="none", ec=ARROW, lw=1.1, zorder=2))
    ax.annotate(
        "", points[-1], points[-2], zorder=3,
        arrowprops={"arrowstyle": "-|>", "color": ARROW, "lw": 1.1, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def write(ax: Axes, x: float, y: float, words: str, size: float = 9, **look: object) -> None:
    look = {"ha": "center", "va": "center", "color": INK, "linespacing": 1.15, "zorder": 5, **look}
    ax.text(x, y, words, fontsize=size, **look)


# ── the states ───────────────────────────────────────────────────────────────────────────────

#: Middle of each state's box in inches, its colour and its meaning.
STATES = {
    "IN_FORCE": ((1.5, 4.75), "#c3e2d3", "the truce begins here"),
    "STRAINED": ((7.5, 4.75), "#f6e3b0", "grievance is high"),
    "SUSPENDED": ((3.8, 1.75), "#f3cdb3", "verification stops,\nclashes are more likely"),
    "COLLAPSED": ((7.9, 1.75), "#d6d6d6", "the run ends"),
}
STATE_SIZE = (2.1, 1.0)

#: The points of each transition's arrow in inches, its label, and the label's position.
CHANGES = (
    (((2.55, 4.95), (6.45, 4.95)), "G of the home state ≥ 0.5 θ_eff", (4.5, 5.12)),
    (((6.45, 4.55), (2.55, 4.55)), "G of the home state < 0.4 θ_eff", (4.5, 4.38)),
    (((1.95, 4.25), (3.3, 2.25)), "a strike\nby either state", (3.4, 3.45)),
    (((7.1, 4.25), (4.5, 2.25)), "a strike\nby either state", (6.75, 3.35)),
    (((2.75, 2.0), (1.2, 4.25)), "renewal: a round\nof talks succeeds, or\n"
     "suspension_days pass\nwithout a strike", (0.95, 2.95)),
    (((4.85, 1.75), (6.85, 1.75)), "collapse_strikes\nin window_days,\nand no save", (5.8, 2.15)),
    (((3.3, 1.25), (3.3, 0.8), (4.3, 0.8), (4.3, 1.25)), "a further strike restarts the timer;\n"
     "a save also clears the window", (3.8, 0.5)),
)  # fmt: skip


def draw_states() -> Figure:
    """Draw the four states and the transitions between them."""
    figure, ax = canvas(9.1, 5.4)
    width, height = STATE_SIZE
    for name, ((x, y), colour, words) in STATES.items():
        box(ax, (x - width / 2, y - height / 2), width, height, colour)
        lines = words.count("\n")
        write(ax, x, y + 0.16 + 0.07 * lines, name, size=11.5, weight="bold")
        write(ax, x, y - 0.16 - 0.03 * lines, words, color=QUIET)
    for points, words, at in CHANGES:
        arrow(ax, list(points))
        write(ax, *at, words)
    return figure


def main() -> None:
    """Write both figures."""
    mpl.rcdefaults()
    for name, draw in (("day", draw_day), ("states", draw_states)):
        figure = draw()
        figure.savefig(FIGURES / f"{name}.png", dpi=180, metadata={"Software": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
