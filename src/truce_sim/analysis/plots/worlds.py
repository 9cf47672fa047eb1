"""Figures of sweeps over a posterior: what a policy does world by world, and the part of chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from truce_sim.analysis.plots.style import COLOURS, GREY, get_axes, with_style
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@with_style
def plot_gains(gains: pd.DataFrame, factor: str, ax: Axes | None = None) -> Axes:
    """Plot, for each level of a policy, the distribution of its gain over worlds.

    Args:
        gains: the result of `world_gains`.
        factor: the policy.
        ax: axes to draw into; by default those of a new figure.
    """
    ax = get_axes(ax)
    names = [name for name in gains if name not in ("world", "days", "level", "against")]
    for i, (key, rows) in enumerate(gains.groupby(["level", *names], sort=False, observed=True)):
        level, *others = key
        held = [f"{n} = {written(v)}" for n, v in zip(names, others, strict=True)]
        days = np.sort(rows["days"].to_numpy(float))
        ax.step(days, (np.arange(days.size) + 1) / days.size, where="post",
                color=COLOURS[i % len(COLOURS)], linestyle=("-", "--", ":")[i // len(COLOURS) % 3],
                label=", ".join([written(level), *held]))  # fmt: skip
    ax.axvline(0.0, color=GREY, linewidth=1.0, zorder=0)
    ax.set_ylim(0, 1)
    ax.set_ylabel("share of worlds")
    ax.set_xlabel(f"days gained at most, against {factor} = {written(gains['against'].iloc[0])}")
    ax.legend(fontsize="x-small")
    return ax


@with_style
def plot_due(spread: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot what part of the variance of a truce's length is due to not knowing the settings.

    Args:
        spread: the result of `spread_over_worlds`.
        ax: axes to draw into; by default those of a new figure.
    """
    names = [*spread.columns[: spread.columns.get_loc("worlds")]]
    labels = [
        ", ".join(written(row[n]) for n in names) or "all runs" for _, row in spread.iterrows()
    ]
    y, due = np.arange(len(spread)), 100 * spread["due_to_settings"].to_numpy(float)
    ax = get_axes(ax, height=1.2 + 0.35 * len(spread))
    ax.barh(y, due, color=COLOURS[0], label="not knowing the settings")
    ax.barh(y, 100 - due, left=due, color=GREY, alpha=0.3, label="chance")
    low, high = (100 * spread[f"due_to_settings_{end}"].to_numpy(float) for end in ("low", "high"))
    ax.hlines(y, low, high, color="black", linewidth=1.4)
    ax.set_yticks(y, labels)
    ax.set_ylim(len(spread) - 0.5, -0.5)
    ax.set_xlim(0, 100)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("% of the variance of how long a truce lasts")
    ax.legend(fontsize="x-small", loc="lower right")
    return ax
