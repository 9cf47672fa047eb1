"""Where a run's incidents were: the border on its map, or as a strip if it has no course."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truce_sim.analysis.plots.ground import draw_dots, draw_ground, mark_area, marker_of
from truce_sim.analysis.plots.marks import MARKS
from truce_sim.analysis.plots.style import with_style
from truce_sim.border.atlas import make_atlas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from truce_sim.simulation.run import Simulation

#: A mark's area relative to that in the picture of a day, which has fewer marks.
_SMALL = 0.35


@with_style
def plot_border(run: Simulation, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Plot the incidents of one run in the cells of the border where they were.

    Deaths make a mark larger. One run is a single draw, so there are no intervals.

    Args:
        run: the run to plot.
        ax: axes to draw into, which no layout may move later; by default those of a new figure.
        legend: whether to draw the legend, below.
    """
    ax = _axes() if ax is None else ax
    atlas, events = make_atlas(run.config, run.border), run.events
    draw_ground(ax, atlas, run.border)
    ax.set_rasterization_zorder(6.0)  # all but the marks becomes an image within vector graphics
    for kind, mark in MARKS.items():
        of_kind = events[events["kind"] == kind]
        if of_kind.empty:
            continue
        dots = draw_dots(
            ax, marker_of(mark), (mark.colour, "black"), mark.words, _SMALL * mark_area(mark)
        )
        dots.set_linewidth(0.5)
        dots.set_offsets(atlas.place(of_kind["sector"] + 0.5, of_kind["depth"] + 0.5))
        dots.set_sizes([_SMALL * mark_area(mark, int(deaths)) for deaths in of_kind["deaths"]])
    if legend:
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.02), ncols=3, fontsize="x-small",
                  frameon=False)  # fmt: skip
    return ax


def _axes() -> Axes:
    """Axes of a new figure in a fixed place, since names are placed by the size of the map."""
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(7.2, 4.6)).add_axes((0.01, 0.15, 0.98, 0.84))
