"""A timeline of one run: states of the truce, grievance against threshold, strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from truce_sim.analysis.plots.marks import STRIKE, TALKS, TRUCE_COLOURS
from truce_sim.analysis.plots.style import get_axes, with_style
from truce_sim.border.colours import HOME
from truce_sim.settings.dates import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from truce_sim.simulation.run import Simulation

_MARKS = {"home": ("v", "strike by the home state"), "host": ("^", "strike by the host state")}


@with_style
def plot_timeline(run: Simulation, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Plot one run by day: states of the truce, grievance, threshold, strikes and rounds of talks.

    One run is a single draw, so there are no intervals.

    Args:
        run: the run to plot.
        ax: axes to draw into; by default those of a new figure.
        legend: whether to draw the legend.
    """
    ax = get_axes(ax, 7.2, 2.2)
    series, horizon = run.series, run.config.run.horizon_days
    days = np.arange(len(series))
    ax.plot(days, series["threshold_home"], color=HOME, linewidth=1.0, linestyle="--",
            label="threshold of the home state")  # fmt: skip
    ax.plot(days, series["grievance_home"], color=HOME, label="grievance of the home state")
    heights = series[["threshold_home", "grievance_home"]].to_numpy(float)
    top = 1.15 * float(heights[np.isfinite(heights)].max(initial=0.1))  # a threshold may be inf
    _ribbon(ax, series["status"].astype(str).to_numpy(), top)
    strikes = run.events[run.events["kind"] == "strike"]
    for actor, (mark, label) in _MARKS.items():
        of_actor = strikes.loc[strikes["actor"] == actor, "day"]
        ax.plot(of_actor, np.full(len(of_actor), 0.94 * top), mark, color=STRIKE.colour,
                markersize=5, label=label, linestyle="none")  # fmt: skip
    talks = np.flatnonzero(series["in_round"].to_numpy(bool))
    ax.plot(talks, np.full(len(talks), 0.02 * top), "s", color=TALKS, markersize=2,
            label="round of talks", linestyle="none")  # fmt: skip
    ax.set(xlim=(0, horizon), ylim=(0.0, 1.12 * top), ylabel="grievance, weight",
           xlabel=f"day from {in_words(run.first_date)}" if run.first_date else "day")  # fmt: skip
    ax.grid(visible=False)
    if legend:
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.28), ncols=3, fontsize="x-small")
    return ax


def _ribbon(ax: Axes, states: np.ndarray, top: float) -> None:
    """Draw the states along the top, a bar for each spell."""
    starts = np.flatnonzero(np.concatenate([[True], states[1:] != states[:-1]]))
    stops = np.concatenate([starts[1:], [len(states)]])
    for state, colour in TRUCE_COLOURS.items():
        ours = states[starts] == state
        spans = [(a, b - a) for a, b in zip(starts[ours], stops[ours], strict=True)]
        ax.broken_barh(spans, (1.02 * top, 0.1 * top), color=colour, linewidth=0,
                       label=f"truce {state.replace('_', ' ')}")  # fmt: skip
