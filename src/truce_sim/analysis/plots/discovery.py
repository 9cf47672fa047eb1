"""Figures of where the truce fails: the peeling trade-off, and a box among the points."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from truce_sim.analysis.discovery import OUTCOMES, Box
from truce_sim.analysis.plots.style import (
    BAND_ALPHA,
    CMAP_SEQUENTIAL,
    COLOURS,
    GREY,
    get_axes,
    state_n,
    with_style,
)
from truce_sim.intervals import Estimate, clusters, share_interval
from truce_sim.sweeps.summaries.levels import MAX_LEVELS, is_number
from truce_sim.sweeps.sweep import Sweep, open_sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@with_style
def plot_peeling(box: Box, ax: Axes | None = None) -> Axes:
    """Plot density against coverage, peel by peel.

    Shows the half of the runs that was searched, the half that was measured (with its band), and
    the box made from the chosen step.

    Args:
        box: a box returned by `discovery.prim`.
        ax: axes to draw into; by default those of a new figure.
    """
    ax, path = get_axes(ax), box.trajectory
    ax.plot(path["coverage"], path["density"], ".-", color=GREY, linewidth=1.0, markersize=4,
            label="half searched")  # fmt: skip
    measured = path.sort_values("coverage_measured")
    ax.fill_between(
        measured["coverage_measured"], measured["density_measured_low"],
        measured["density_measured_high"], color=COLOURS[0], alpha=BAND_ALPHA, linewidth=0,
    )  # fmt: skip
    ax.plot(path["coverage_measured"], path["density_measured"], color=COLOURS[0],
            label="half measured")  # fmt: skip
    ax.errorbar(
        box.coverage.value, box.density.value, xerr=_arms(box.coverage), yerr=_arms(box.density),
        fmt="D", color=COLOURS[1], markersize=6, capsize=3, label="chosen box", zorder=3,
    )  # fmt: skip
    verb = OUTCOMES[box.outcome]
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.set_xlabel(f"Coverage: share of all runs that {verb} that lie in the box")
    ax.set_ylabel(f"Density: share of runs in the box that {verb}")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)
    state_n(ax, f"n = {box.n:,} runs measured; band and bars: 95 %")
    return ax


@with_style
def plot_box(box: Box, sweep: Sweep | str | PathLike[str], ax: Axes | None = None) -> Axes:
    """Plot the points and a box over the two factors that matter most to it.

    Points are coloured by the share of runs that hold; over a single factor, that share is plotted
    with its interval. Points outside the box's other limits are not shown; points at the
    same place are averaged.

    Args:
        box: a box returned by `discovery.prim`.
        sweep: the sweep in which it was found, or the path of its folder.
        ax: axes to draw into; by default those of a new figure.
    """
    sweep = open_sweep(sweep)
    ax = get_axes(ax, height=4.4)
    names = _two(box, sweep)
    shares, hidden = _shares(box, sweep, names)
    places = [_Scale(shares[name], box, name) for name in names]
    x = places[0]
    if len(names) == 1:
        _one_factor(ax, box, shares, x)
    else:
        _two_factors(ax, box, shares, x, places[1])
    x.mark(ax.xaxis)
    ax.set_xlabel(names[0])
    limits = f"; only points within the limits of {', '.join(hidden)}" if hidden else ""
    value, low, high = (100 * x for x in box.holding)
    marks = "; whiskers: 95 %" if len(names) == 1 else ""
    state_n(ax, f"in the box (orange): {value:.0f} % [{low:.0f}, {high:.0f}] hold, "
                f"95 %{marks}; n = {int(shares['runs'].sum()):,} runs{limits}")  # fmt: skip
    return ax


def _two(box: Box, sweep: Sweep) -> list[str]:
    """The two restricted factors that matter most, or the only one and another swept factor."""
    names = [
        *box.limits["factor"],
        *(n for n in sweep.factors if n not in set(box.limits["factor"])),
    ]
    return [str(name) for name in names[:2]]


def _shares(box: Box, sweep: Sweep, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Share of runs that hold at each place, and the other factors that the box limits.

    Over a single factor, with the interval of the share by clusters of shared draws.
    """
    runs = sweep.outcome("holds")
    others = box.limits[~box.limits["factor"].isin(names)]
    runs = runs[box.inside(runs, others)]
    places = runs.groupby(names, observed=True, sort=True)
    found = places["y"].agg(share="mean", runs="size").reset_index()
    if len(names) == 1:
        ends = [share_interval(at["y"].to_numpy(bool), clusters(at)) for _, at in places]
        found = found.assign(low=[e.low for e in ends], high=[e.high for e in ends])
    return found, list(map(str, others["factor"]))


class _Scale:
    """Positions of values on an axis: numbers as they are, words one step apart.

    Words that the box allows come first.
    """

    def __init__(self, values: pd.Series, box: Box, name: str) -> None:
        limits = box.limits[box.limits["factor"] == name].to_dict("records")
        free: dict[Any, Any] = {"low": np.nan, "high": np.nan, "levels": None}
        self.limits = dict(limits[0]) if limits else free
        self.words: list[Any] | None = None
        if not is_number(values):
            allowed: list[Any] = self.limits["levels"] or []
            self.words = [*allowed, *(v for v in values.unique() if v not in allowed)]
        self.at = self._places(values)
        places = np.unique(self.at)
        few = 1 < places.size <= MAX_LEVELS
        step = float(np.diff(places).min()) if few else 0.02 * float(np.ptp(places)) or 1.0
        self.ends = (float(self.at.min()) - step / 2, float(self.at.max()) + step / 2)
        self.box = self._span(step)

    def _places(self, values: pd.Series) -> np.ndarray[Any, Any]:
        if self.words is None:
            return values.to_numpy(float)
        return np.array([self.words.index(value) for value in values], float)

    def _span(self, step: float) -> tuple[float, float]:
        """The two ends of the box on the axis."""
        if self.limits["levels"]:
            return -0.5, len(self.limits["levels"]) - 0.5
        low, high = self.limits["low"], self.limits["high"]
        return (
            self.ends[0] if np.isnan(low) else low - step / 2,
            self.ends[1] if np.isnan(high) else high + step / 2,
        )

    def mark(self, axis: Any) -> None:
        """Label the words and set the ends of the axis."""
        if self.words is not None:
            axis.set_ticks(range(len(self.words)), [str(word) for word in self.words])
        axis.set_view_interval(*self.ends, ignore=True)


def _two_factors(ax: Axes, box: Box, shares: pd.DataFrame, x: _Scale, y: _Scale) -> None:
    from matplotlib.patches import Rectangle

    # Points of one word would overlap, so they are spread, evenly and reproducibly.
    spread = [
        0.6
        * (np.arange(len(shares)) * 0.618 % 1 - 0.5)
        * (s.words is not None and len(shares) > 60)
        for s in (x, y)
    ]
    dots = ax.scatter(
        x.at + spread[0], y.at + spread[1], c=shares["share"], cmap=CMAP_SEQUENTIAL, vmin=0.0,
        vmax=1.0, s=120 if len(shares) <= 60 else 22, linewidths=0,
    )  # fmt: skip
    (left, right), (bottom, top) = x.box, y.box
    ax.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False,
                           edgecolor=COLOURS[1], linewidth=2.0, zorder=3))  # fmt: skip
    y.mark(ax.yaxis)
    ax.grid(visible=False)
    names = [str(name) for name in shares.columns[:2]]
    ax.set_ylabel(names[1])
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02, aspect=30)
    bar.set_label("share of runs that hold", fontsize="small")
    bar.outline.set_visible(False)


def _one_factor(ax: Axes, box: Box, shares: pd.DataFrame, x: _Scale) -> None:
    share, low, high = (shares[name].to_numpy() for name in ("share", "low", "high"))
    ax.errorbar(x.at, share, yerr=[share - low, high - share], fmt="o", capsize=2.5, markersize=5)
    ax.axvspan(*x.box, color=COLOURS[1], alpha=BAND_ALPHA, linewidth=0)
    ax.set(ylim=(-0.02, 1.02), ylabel="share of runs that hold")


def _arms(found: Estimate) -> list[list[float]]:
    return [[found.value - found.low], [found.high - found.value]]
