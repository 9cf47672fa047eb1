"""Figures of what matters: indices and effects by factor, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from truce_sim.analysis.plots.style import COLOURS, GREY, get_axes, state_n, with_style
from truce_sim.analysis.sensitivity import without_resamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {
    "first": "first order: alone",
    "total": "total: with all interactions",
    "mu_star": "mean size of the effect",
}


@with_style
def plot_drivers(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot how much each factor matters, largest first, from the table of `sensitivity.drivers`."""
    table = without_resamples(table).sort_values("index", ascending=False, kind="stable")
    ax = _rows(ax, table["factor"])
    kind = str(table["kind"].iloc[0])
    _whiskers(ax, table.rename(columns={"low": "index_low", "high": "index_high"}), "index")
    ax.set_xlabel(_axis(table, kind))
    state_n(ax, _note(table))
    return ax


@with_style
def plot_sobol(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot first-order and total-order indices from the table of `sensitivity.sobol_indices`."""
    table = without_resamples(table).sort_values("total", ascending=False, kind="stable")
    ax = _rows(ax, table["factor"])
    for i, (kind, mark) in enumerate((("total", "o"), ("first", "s"))):
        _whiskers(ax, table, kind, shift=0.3 * (i - 0.5), mark=mark, colour=COLOURS[i])
    ax.set_xlabel(f"Share of the variance of {table.attrs['outcome']}")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    value, low, high = table.attrs["chance"]
    state_n(ax, f"{_note(table)}; chance alone: {value:.2f} [{low:.2f}, {high:.2f}]")
    return ax


@with_style
def plot_morris(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot the mean size of effects against their spread over walks.

    Factors are named in the right margin, in the order of the spread.

    Args:
        table: the result of `sensitivity.morris_effects`.
        ax: axes to draw into; by default those of a new figure.
    """
    ax = get_axes(ax, height=4.0)
    table = without_resamples(table)
    table = table.sort_values("sigma", kind="stable", ignore_index=True)
    for i in range(len(table)):
        row = table.iloc[i]
        ax.errorbar(
            row["mu_star"], row["sigma"], xerr=_arms(row, "mu_star"), yerr=_arms(row, "sigma"),
            fmt="o", color=COLOURS[i % len(COLOURS)], markersize=5, capsize=2.0, linewidth=1.2,
        )  # fmt: skip
    top = 1.08 * float(np.nanmax(table[["sigma", "sigma_high"]].to_numpy()))
    right = 1.05 * float(np.nanmax(table[["mu_star", "mu_star_high"]].to_numpy()))
    ax.set(xlim=(min(0.0, float(table["mu_star_low"].min())), right or 1.0), ylim=(0, top or 1.0))
    _name_in_margin(ax, table)
    ax.set_xlabel(_axis(table, "mu_star"))
    ax.set_ylabel(f"Standard deviation of the effect{_in(table)}")
    state_n(ax, _note(table))
    return ax


def _name_in_margin(ax: Axes, table: pd.DataFrame) -> None:
    """Write each factor's name to the right of the axes, with a thin line to its point."""
    top = ax.get_ylim()[1]
    heights = table["sigma"].to_numpy(float) / top
    for i, height in enumerate(_spread_out(heights, 0.075)):
        row = table.iloc[i]
        ax.annotate(
            row["factor"], (row["mu_star"], row["sigma"]), (1.03, height), xycoords="data",
            textcoords="axes fraction", va="center", fontsize="small",
            color=COLOURS[i % len(COLOURS)], annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": COLOURS[i % len(COLOURS)], "linewidth": 0.5,
                        "alpha": 0.6, "shrinkB": 4.0},
        )  # fmt: skip


def _spread_out(heights: np.ndarray[Any, Any], gap: float) -> np.ndarray[Any, Any]:
    """Move ascending heights at least a gap apart, within 0 to 1 if they fit."""
    places = heights.copy()
    for i in range(1, places.size):
        places[i] = max(places[i], places[i - 1] + gap)
    places -= max(places[-1] - 1.0, 0.0)
    for i in range(places.size - 2, -1, -1):
        places[i] = min(places[i], places[i + 1] - gap)
    return places


def _rows(ax: Axes | None, factors: pd.Series) -> Axes:
    """Axes with a row for each factor, the first on top, and a line at zero."""
    n = len(factors)
    ax = get_axes(ax, height=1.3 + 0.38 * n)
    ax.axvline(0.0, color=GREY, linewidth=1.0, zorder=0)
    ax.set_yticks(range(n), [str(name) for name in factors])
    ax.set_ylim(n - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    return ax


def _whiskers(
    ax: Axes, table: pd.DataFrame, name: str, shift: float = 0.0, mark: str = "o",
    colour: str = COLOURS[0],
) -> None:  # fmt: skip
    """Draw dots with their intervals, a row each."""
    y = np.arange(len(table)) + shift
    arms = np.hstack([_arms(row, name) for _, row in table.iterrows()])
    ax.errorbar(
        table[name], y, xerr=arms, fmt=mark, color=colour, markersize=5, capsize=2.5,
        linewidth=1.4, label=_NAMES.get(name, ""),
    )  # fmt: skip


def _arms(row: pd.Series, name: str) -> np.ndarray[Any, Any]:
    """(2, 1) reach of the interval below and above the value; 0 if there is none."""
    value = float(row[name])
    arms = [value - float(row[f"{name}_low"]), float(row[f"{name}_high"]) - value]
    return np.maximum(np.nan_to_num(arms), 0.0)[:, None]


def _axis(table: pd.DataFrame, kind: str) -> str:
    outcome = table.attrs["outcome"]
    if kind == "mu_star":
        return f"Mean size of the change in {outcome} over a factor's range{_in(table)}"
    return f"Share of the variance of {outcome} ({_NAMES[kind]})"


def _in(table: pd.DataFrame) -> str:
    unit = table.attrs["unit"]
    return f" ({unit})" if unit else ""


def _note(table: pd.DataFrame) -> str:
    left_out = table.attrs["left_out"]
    excluded = f" ({left_out:,} left out)" if left_out else ""
    return f"n = {table.attrs['rows']:,} {table.attrs['of']}{excluded}; intervals: 95 %"
