"""Fan chart of a daily quantity: its median over runs, with two bands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from truce_sim.analysis.plots.style import BAND_ALPHA, COLOURS, GREY, get_axes, state_n, with_style
from truce_sim.results import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@with_style
def plot_fan(table: pd.DataFrame, column: str, by: str = "", ax: Axes | None = None) -> Axes:
    """Plot daily quantiles: the median as a line, the others as bands around it.

    Args:
        table: from `fan.daily_quantiles`, with an odd number of quantiles.
        column: the column shown.
        by: the factor whose levels are drawn separately.
        ax: axes to draw into; by default those of a new figure.
    """
    ax = get_axes(ax, 6.4, 3.4)
    shares = [n for n in map(str, table.columns) if re.fullmatch(r"q\d+(_\d+)?", n)]
    middle = len(shares) // 2
    groups = table.groupby(by, sort=False, observed=True) if by else [("", table)]
    for i, (level, rows) in enumerate(groups):
        colour, days = COLOURS[i % len(COLOURS)], rows["day"].to_numpy()
        label = f"{by} = {level!s}: median" if by else "median"
        ax.plot(days, rows[shares[middle]], color=colour, label=label)
        for k in range(middle):
            low, high = shares[k], shares[-1 - k]
            ax.fill_between(days, rows[low], rows[high], color=colour, alpha=BAND_ALPHA * (1 + k),
                            linewidth=0)  # fmt: skip
    for k in range(middle):  # in grey, since they mean the same around every line
        name = f"from {_percent(shares[k])} to {_percent(shares[-1 - k])}"
        ax.fill_between([], [], [], color=GREY, alpha=2 * BAND_ALPHA * (1 + k), label=name)
    unit, meaning = columns.SERIES[column]
    ax.set(xlabel="day", ylabel=f"{meaning}{f', {unit}' if unit else ''}")
    ax.legend(fontsize="x-small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    state_n(
        ax,
        f"truces that still last on the day: {_span(table, by)}; bands hold these shares of them",
    )
    return ax


def _percent(name: str) -> str:
    return f"{name[1:].replace('_', '.').lstrip('0') or '0'} %"


def _span(table: pd.DataFrame, by: str) -> str:
    """How many truces the first and the last day of each level include."""
    groups = table.groupby(by, sort=False, observed=True) if by else [("", table)]
    spans = [(level, rows["n"].iloc[0], rows["n"].iloc[-1]) for level, rows in groups]
    return ", ".join(
        f"{f'{level}: ' if by else ''}{first:,} on the first, {last:,} on the last"
        for level, first, last in spans
    )
