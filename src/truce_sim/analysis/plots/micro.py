"""Figures of fine-grained patterns of violence: model against data."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from truce_sim.analysis.plots.style import COLOURS, note_below, with_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = "osD^vP"


@with_style
def plot_micro(tables: Mapping[str, pd.DataFrame]) -> list[Axes]:
    """Plot a panel for each measure, with a row for each source and its interval.

    Args:
        tables: tables of `micro` by the name of their source.

    Returns:
        The axes of the panels.
    """
    from matplotlib import pyplot as plt

    measures = list(dict.fromkeys(name for table in tables.values() for name in table["measure"]))
    columns = 3
    rows = math.ceil(len(measures) / columns)
    size = (3.2 * columns, (1.05 + 0.25 * len(tables)) * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    panels = list(grid.flat)
    for ax, measure in zip(panels, measures, strict=False):
        _panel(ax, measure, tables)
    for ax in panels[len(measures) :]:
        ax.remove()
    sizes = "; ".join(f"{name}: {_span_text(table['n'])}" for name, table in tables.items())
    note = textwrap.fill(f"intervals: 95 %; n of {sizes}", 130)
    note_below(figure, note)
    return panels[: len(measures)]


def _span_text(n: pd.Series) -> str:
    least, most = int(n.min()), int(n.max())
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _panel(ax: Axes, measure: str, tables: Mapping[str, pd.DataFrame]) -> None:
    for i, table in enumerate(tables.values()):
        row = table[table["measure"] == measure]
        if row.empty:
            continue
        value, low, high = (float(row[f"value{end}"].iloc[0]) for end in ("", "_low", "_high"))
        arms = [[max(value - low, 0.0)], [max(high - value, 0.0)]]
        ax.errorbar(value, i, xerr=None if math.isnan(low) else arms, fmt=_MARKS[i % len(_MARKS)],
                    color=COLOURS[i % len(COLOURS)], capsize=2.5, markersize=5)  # fmt: skip
        unit = str(row["unit"].iloc[0])
    ax.set_yticks(range(len(tables)), list(tables))
    ax.set_ylim(len(tables) - 0.5, -0.5)
    ax.margins(x=0.15)
    ax.locator_params(axis="x", nbins=4)
    ax.set_title(textwrap.fill(measure, 26), fontsize="small", fontweight="normal")
    ax.set_xlabel(unit)
    ax.grid(visible=False, axis="y")
