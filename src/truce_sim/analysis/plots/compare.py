"""Figures of paired comparisons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from truce_sim.analysis.compare import Comparison
from truce_sim.analysis.plots.style import COLOURS, GREY, get_axes, state_n, with_style
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = "osD^vPX*"
MAX_CONTEXTS = 8


@with_style
def plot_comparison(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Plot the days gained or lost against the baseline, a row for each level.

    Each context has its own marks; more than `MAX_CONTEXTS` contexts are averaged.

    Args:
        comparison: the result of `compare`.
        ax: axes to draw into; by default those of a new figure.
    """
    pooled = len(comparison.contexts) > MAX_CONTEXTS
    table = comparison.pooled if pooled else comparison.table
    factor, levels = comparison.factor, comparison.levels
    others = [name for i, name in enumerate(levels) if i != comparison.baseline]
    names = [] if pooled else list(comparison.contexts.columns)
    contexts = list(dict.fromkeys(map(tuple, table[names].to_numpy()))) if names else [()]
    labels = [
        ", ".join(f"{n} = {written(v)}" for n, v in zip(names, c, strict=True)) for c in contexts
    ]
    columns = max(min(len(contexts), 66 // (max(map(len, labels)) + 8)), 1)
    legend = 0.2 * math.ceil(len(contexts) / columns)
    ax = get_axes(ax, height=1.2 + legend + 0.5 * len(others) + (0 if pooled else 0.2 * len(table)))
    offsets = 0.32 * np.linspace(-1, 1, len(contexts)) if len(contexts) > 1 else [0.0]
    for i, context in enumerate(contexts):
        rows = table[(table[names] == list(context)).all(axis=1)] if names else table
        y = [others.index(level) + offsets[i] for level in rows[factor]]
        low, high = rows["days"] - rows["days_low"], rows["days_high"] - rows["days"]
        ax.errorbar(
            rows["days"], y, xerr=[low, high], label=labels[i], fmt=_MARKS[i % len(_MARKS)],
            color=COLOURS[i % len(COLOURS)], markersize=5, capsize=2.5, linewidth=1.4,
        )  # fmt: skip
    ax.axvline(0.0, color=GREY, linewidth=1.0, zorder=0)
    ax.set_yticks(range(len(others)), list(map(written, others)))
    ax.set_ylim(len(others) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(
        f"Days of survival gained within {comparison.horizon} days,\n"
        f"against {factor} = {written(levels[comparison.baseline])}"
    )
    if len(contexts) > 1:
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns)
    averaged = f", averaged over {len(comparison.contexts)} settings of the rest" if pooled else ""
    state_n(ax, f"n = {_span(table['n'])} pairs of runs with the same draws{averaged}; "
                f"intervals: {comparison.describe_multiplicity(table)}")  # fmt: skip
    return ax


@with_style
def plot_regret(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Plot the largest shortfall of each level from the best one in any context, in days."""
    table = comparison.regret
    ax = get_axes(ax, height=1.2 + 0.4 * len(table))
    y = np.arange(len(table))
    ax.errorbar(
        table["regret"], y,
        xerr=[table["regret"] - table["regret_low"], table["regret_high"] - table["regret"]],
        fmt="o", color=COLOURS[0], capsize=2.5,
    )  # fmt: skip
    ax.set_yticks(y, list(map(written, table[comparison.factor])))
    ax.set_ylim(len(table) - 0.5, -0.5)
    most = float(np.nanmax(table[["regret", "regret_high"]].to_numpy(float)))
    ax.set_xlim(left=-0.02 * (most or 1.0))
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("Largest regret: shortfall of mean survival from the best level, days")
    contexts = int(table["contexts"].max()) if len(table) else 0
    state_n(ax, f"n = {comparison.days.shape[1]:,} replicates in each of {contexts} contexts; "
                "intervals: at least 95 % for all together")  # fmt: skip
    return ax


def _span(numbers: object) -> str:
    low, high = int(np.min(numbers)), int(np.max(numbers))  # type: ignore[call-overload]
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
