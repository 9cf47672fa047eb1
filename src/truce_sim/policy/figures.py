"""Figures of a search: what holding costs, and which levers the policies pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.plots.style import COLOURS, GREY, get_axes, state_n, with_style
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from truce_sim.policy.api import Search

Floats = NDArray[np.float64]


@with_style
def plot_trade_off(found: Search, ax: Axes | None = None) -> Axes:
    """Plot the share that holds against cost: what was seen, and the policies proved.

    Args:
        found: the search.
        ax: axes to draw on.
    """
    ax = get_axes(ax, 7.2, 4.6)
    seen, proved = found.seen, found.pareto
    ax.scatter(seen["cost"], seen["holds"], s=8, c="#c8cdd2", linewidths=0,
               label="seen in the search")  # fmt: skip
    error = np.abs(proved[["holds_low", "holds_high"]].to_numpy().T - proved["holds"].to_numpy())
    ax.errorbar(proved["cost"], proved["holds"], error, fmt="o", ms=4, color=COLOURS[0], lw=1,
                label="proved in fresh worlds, 95 %")  # fmt: skip
    ax.scatter(proved["cost"], proved["holds_in_search"], marker="_", s=60, color=COLOURS[1],
               label="the same in the search", zorder=3)  # fmt: skip
    ax.axhline(found.problem.target, color=GREY, lw=0.8, ls=":")
    for row in proved[proved["pick"] != ""].to_dict("records"):
        ax.annotate(str(row["pick"]).replace(" and ", ",\n"), (row["cost"], row["holds"]), (6, -4),
                    textcoords="offset points", va="top", fontsize="small")  # fmt: skip
    ax.set(xlabel="cost of the levers (assumed)", ylabel="share that holds", ylim=(0, 1))
    ax.legend(loc="lower right", frameon=False, fontsize="small")
    last = proved.iloc[0]
    state_n(ax, f"{last['worlds']:,} worlds, {last['runs']:,} runs of each policy in the proof")
    return ax


@with_style
def plot_levers(found: Search, ax: Axes | None = None) -> Axes:
    """Plot parallel coordinates: a line for each policy, across its levers, cost and outcomes.

    Args:
        found: the search.
        ax: axes to draw on.
    """
    levers, proved = found.problem.levers, found.pareto
    ax = get_axes(ax, 1.2 + 0.85 * (len(levers) + 3), 4.8)
    columns = [_place(lever.values, lever.options, proved[lever.name]) for lever in levers]
    outcomes = ("cost", "holds", "deaths")
    columns += [proved[name].to_numpy(float) / max(proved[name].max(), 1e-9) for name in outcomes]
    height = np.stack(columns, axis=1)
    across = np.arange(height.shape[1])
    colours = iter(COLOURS)
    for row, why in zip(height, proved["pick"], strict=True):
        named = {"color": next(colours), "lw": 2.0, "label": why} if why else {
            "color": "#c8cdd2", "lw": 1.0}  # fmt: skip
        ax.plot(across, row, zorder=3 if why else 1, **named)
    for x, lever in enumerate(levers):
        ends = (written(lever.values[0]), written(lever.values[-1]))
        for y, text, side in ((0, ends[0], "top"), (1, ends[1], "bottom")):
            ax.annotate(text, (x, y), (0, -4 if y == 0 else 4), textcoords="offset points",
                        ha="center", va=side, fontsize="x-small", color=GREY)  # fmt: skip
    for x, name in enumerate(outcomes, len(levers)):
        ax.annotate(f"{proved[name].max():.3g}", (x, 1), (0, 4), textcoords="offset points",
                    ha="center", va="bottom", fontsize="x-small", color=GREY)  # fmt: skip
    ax.set_xticks(across, [lever.name.replace("_", " ") for lever in levers] + list(outcomes),
                  rotation=40, ha="right")  # fmt: skip
    ax.set(ylim=(-0.12, 1.12), yticks=[])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=4, frameon=False,
              fontsize="small")  # fmt: skip
    return ax


def _place(values: Sequence[Any], options: Mapping[str, Any], column: pd.Series) -> Floats:
    """Where values lie between the ends of a lever, 0 to 1; today's may lie outside."""
    if options:
        order = {name: i / max(len(values) - 1, 1) for i, name in enumerate(values)}
        return np.array([order[name] for name in column])
    low, high = float(values[0]), float(values[-1])
    return (column.to_numpy(float) - low) / (high - low)
