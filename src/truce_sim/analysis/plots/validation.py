"""A figure that compares the model with the record, a panel for each pattern."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from truce_sim.analysis.plots.style import COLOURS, GREY, note_below, with_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICTS = {"pass": COLOURS[2], "fail": COLOURS[1], "undecided": GREY}
_COLUMNS = 3


@with_style
def plot_validation(table: pd.DataFrame) -> Figure:
    """Plot the range of the record and the model's interval, a panel for each pattern.

    Args:
        table: the result of `validation.score_patterns`.
    """
    from matplotlib import pyplot as plt

    rows = math.ceil(len(table) / _COLUMNS)
    figure, grid = plt.subplots(
        rows, _COLUMNS, figsize=(10.5, 1.3 * rows + 0.4), layout="constrained", squeeze=False
    )
    for ax, row in zip(grid.flat, table.to_dict("records"), strict=False):
        _panel(ax, {str(name): value for name, value in row.items()})
    for ax in list(grid.flat)[len(table) :]:
        ax.remove()
    note = (
        "Bar: the record's 95 % interval or published range, with a line at its value. Diamond: "
        "the model with its 95 % interval. Green: pass; red: fail; grey: undecided. In brackets: "
        "the kind of evidence."
    )
    note_below(figure, textwrap.fill(note, 150))
    return figure


def _panel(ax: Axes, row: dict[str, object]) -> None:
    at = {name: float(str(row[name])) for name in row if name.startswith(("model", "reference"))}
    colour = VERDICTS[str(row["verdict"])]
    ax.barh(0, at["reference_high"] - at["reference_low"], left=at["reference_low"], height=0.5,
            color=COLOURS[4], alpha=0.5)  # fmt: skip
    if math.isfinite(at["reference"]):
        ax.vlines(at["reference"], -0.25, 0.25, color=COLOURS[0])
    ax.hlines(1, at["model_low"], at["model_high"], color=colour, linewidth=2)
    ax.plot(at["model"], 1, "D", color=colour, markersize=5)
    ax.set_yticks([0, 1], ["record", "model"])
    ax.set_ylim(1.6, -0.6)
    ax.use_sticky_edges = False
    ax.margins(x=0.1)
    ax.locator_params(axis="x", nbins=5)
    ax.grid(visible=False, axis="y")
    title = f"{row['pattern']} [{row['standing']}]: {row['verdict']}"
    ax.set_title(textwrap.fill(title, 48), fontsize="small", fontweight="normal", color=colour)
    ax.set_xlabel(str(row["unit"]) if isinstance(row["unit"], str) else "")
