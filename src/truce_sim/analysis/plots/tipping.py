"""Pictures of where it tips: a map of an outcome over two factors, and its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from truce_sim.analysis.sweep import DERIVED
from truce_sim.analysis.words import plain

from .style import BAND_ALPHA, CMAP_DIVERGING, CMAP_SEQUENTIAL, COLOURS, axes_of, state_n, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#111111"


@styled
def plot_phase(
    table: pd.DataFrame, line: pd.DataFrame | None = None, ax: Axes | None = None
) -> Axes:
    """An outcome over two factors as a map of even cells, its value written in each; a dot where
    the interval of a cell holds the level of the line. table, line: as `tipping.phase_map`,
    `boundary`."""
    x, y, outcome = (table.attrs[name] for name in ("x", "y", "outcome"))
    xs, ys = (list(dict.fromkeys(table.sort_values(name)[name])) if _numbers(table[name])
              else list(dict.fromkeys(table[name])) for name in (x, y))  # fmt: skip
    ax = axes_of(ax, 1.9 + 0.62 * max(len(xs), 6), 1.5 + 0.42 * max(len(ys), 5))
    grid, low, high = (
        table.pivot(index=y, columns=x, values=name).reindex(index=ys, columns=xs).to_numpy(float)
        for name in ("value", "value_low", "value_high")
    )
    share = outcome in ("holds", "collapsed")
    level = line.attrs["level"] if line is not None else 0.5
    scale: dict[str, Any] = {"vmin": 0.0, "vmax": 1.0} if share else {}
    edges = (np.arange(len(names) + 1) - 0.5 for names in (xs, ys))
    colours = CMAP_DIVERGING if share else CMAP_SEQUENTIAL
    image = ax.pcolormesh(*edges, grid, cmap=colours, edgecolor="white", **scale)
    unit, meaning = DERIVED.get(outcome, ("", outcome))
    ax.figure.colorbar(image, ax=ax, label=meaning + (f", {unit}" if unit else ""))
    _write(ax, grid, share)
    if line is not None:
        j, i = np.nonzero((low <= level) & (level <= high))
        ax.plot(i, j - 0.32, ".", color=INK, markersize=3)
        _line(ax, line, np.asarray(ys, float))
    ax.set_xticks(range(len(xs)), [plain(_short(v)) for v in xs], rotation=30 if len(xs) > 6 else 0)
    ax.set_yticks(range(len(ys)), [plain(_short(v)) for v in ys])
    ax.set(xlabel=x, ylabel=y, xlim=(-0.5, len(xs) - 0.5), ylim=(-0.5, len(ys) - 0.5))
    ax.grid(visible=False)
    told = f"; line: {level:g}, with 95 % intervals; dots: cells that may be at it"
    state_n(ax, f"n = {int(table['n'].sum()):,} runs{told if line is not None else ''}")
    return ax


@styled
def plot_boundary(line: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The line with its band on true coordinates; arrows where an end lies beyond what was swept.

    line: as `tipping.boundary`, with numbers along x.
    """
    x, y = line.attrs["x"], line.attrs["y"]
    ax = axes_of(ax)
    start, stop = line.attrs["from"], line.attrs["to"]
    low, high = (line[f"{y}_{end}"].clip(start, stop) for end in ("low", "high"))
    at = line[x] if _numbers(line[x]) else np.arange(len(line))
    ax.fill_between(at, low, high, color=COLOURS[0], alpha=BAND_ALPHA, linewidth=0)
    ax.plot(at, line[y], marker="o", color=COLOURS[0])
    if not _numbers(line[x]):
        ax.set_xticks(range(len(line)), [str(name) for name in line[x]])
    ax.set(xlabel=x, ylabel=f"{y} at which it passes {line.attrs['level']:g}", ylim=(start, stop))
    state_n(ax, f"n = {int(line['n'].sum()):,} runs; band: 95 %, cut at the values swept")
    return ax


def _line(ax: Axes, line: pd.DataFrame, ys: np.ndarray[Any, Any]) -> None:
    """The line in cell coordinates, with whiskers."""
    y = line.attrs["y"]

    def cell(values: pd.Series) -> np.ndarray[Any, Any]:
        clipped = values.clip(ys[0], ys[-1]).to_numpy(float)
        return np.where(np.isnan(clipped), np.nan, np.interp(clipped, ys, np.arange(len(ys))))

    at, low, high = (cell(line[y + end]) for end in ("", "_low", "_high"))
    arms = np.nan_to_num(np.stack([at - low, high - at]))
    ax.errorbar(np.arange(len(line)), at, yerr=arms, color=INK, capsize=3, marker="D", markersize=4)


def _write(ax: Axes, grid: np.ndarray[Any, Any], share: bool) -> None:
    for (j, i), value in np.ndenumerate(grid):
        if np.isfinite(value) and grid.size <= 200:
            dark = share and abs(value - 0.5) > 0.33
            ax.text(i, j, f"{100 * value:.0f}" if share else f"{value:.3g}", ha="center",
                    va="center", fontsize="x-small", color="white" if dark else INK)  # fmt: skip


def _numbers(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _short(value: object) -> object:
    return float(f"{value:.3g}") if isinstance(value, float) else value
