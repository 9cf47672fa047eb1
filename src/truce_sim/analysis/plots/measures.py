"""Figures of measures and of changes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from truce_sim.analysis.groups import By, names_in
from truce_sim.analysis.plots.style import COLOURS, get_axes, with_style
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = "osD^vPX*"


@with_style
def plot_measure(
    table: pd.DataFrame, x: str, by: By = (), label: str = "value", ax: Axes | None = None,
    scale: float = 1.0,
) -> Axes:  # fmt: skip
    """Plot `value` over the evenly spaced levels of a factor, with its interval as whiskers.

    Args:
        table: the result of `measures.measure` or `measures.change`.
        x: the factor along the x axis.
        by: factors whose levels have a line each.
        label: label of the y axis, with its unit.
        ax: axes to draw into; by default those of a new figure.
        scale: factor by which values are multiplied (100 for a share in percent).
    """
    ax = get_axes(ax)
    levels = list(dict.fromkeys(table[x]))
    groups = list(table.groupby(names_in(by), observed=True, sort=False)) if by else [((), table)]
    shifts = 0.16 * np.linspace(-1, 1, len(groups)) if len(groups) > 1 else [0.0]
    for i, (names, rows) in enumerate(groups):
        at = [levels.index(level) + shifts[i] for level in rows[x]]
        value, low, high = (scale * rows[f"value{end}"] for end in ("", "_low", "_high"))
        ax.errorbar(
            at, value, yerr=[value - low, high - value], capsize=2.5, markersize=4.5,
            color=COLOURS[i % len(COLOURS)], marker=_MARKS[i % len(_MARKS)],
            label=", ".join(map(written, names)),
        )  # fmt: skip
    ax.set_xticks(range(len(levels)), list(map(written, levels)))
    ax.set(xlabel=x, ylabel=label)
    return ax
