"""The figures of the case: the forecasts of day 0 and of day 40 with the record on them, scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from forecasts import (
    ALLEGED,
    COLLAPSE,
    HOST_STRIKE,
    NOW,
    STRIKE,
    Forecast,
    Law,
    Runs,
    enough,
    in_bin,
)
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truce_sim.analysis.forecast import log_score
from truce_sim.analysis.plots.style import BAND_ALPHA, COLOURS, GREY, note_below, with_style
from truce_sim.intervals import Estimate, share_interval

DASHES, LAWS = ("-", "--", "-."), ("--", "-.", (0, (5, 1, 1, 1, 1, 1)))
BANDS = "bands: pointwise 95 %, of the simulation"
#: Rows of the record's strip, from below, and the roles in each: those that hold, those that hurt.
STRIP = {
    "strikes": ((), ("home strike, alleged", "home strike", "host strike", "collapse")),
    "clashes": ((), ("clash",)),
    "attacks": ((), ("attack", "violation")),
    "talks": (("truce", "round opens", "round succeeds", "round"), ("round fails",)),
}


@with_style
def draw_day_0(made: Sequence[Runs], laws: Sequence[Law]) -> Figure:
    """The record above, survival as seen from day 0, and when the first strikes come."""
    figure, (strip, survival, strikes) = plt.subplots(
        3, 1, figsize=(7.6, 8.6), sharex=True, height_ratios=(1.0, 3.0, 2.4), layout="constrained"
    )
    draw_record(strip)
    draw_survival(survival, made, laws, 0)
    survival.set_title("Seen from day 0")
    draw_strikes(strikes, made[-1], "first", ("home_strike", "host_strike"), 0)
    finish(
        figure, survival, strikes, f"n = {run_counts(made)} runs for the three thresholds; {BANDS}"
    )
    return figure


@with_style
def draw_day_40(readings: Mapping[str, Sequence[Runs]], laws: Sequence[Law]) -> Figure:
    """Survival and next strikes as seen from day 40, a column for each reading of day 37."""
    figure, axes = plt.subplots(
        2, len(readings), figsize=(10.4, 7.2), sharex=True, sharey="row", squeeze=False,
        height_ratios=(3.0, 2.4), layout="constrained",
    )  # fmt: skip
    for (name, made), above, below in zip(readings.items(), *axes, strict=True):
        draw_survival(above, made, laws, NOW + 1)
        above.set_title(f"Seen from day 40, {name}")
        columns = ("next_home_strike", "next_host_strike")
        draw_strikes(below, made[-1], "next", columns, NOW + 1)
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    each = "; ".join(f"{name}: {run_counts(made)}" for name, made in readings.items())
    finish(figure, axes[0, 0], axes[1, 0], f"n, runs for the three thresholds: {each}; {BANDS}")
    return figure


@with_style
def draw_scores(scored: Mapping[str, Sequence[Forecast]]) -> Figure:
    """CRPS and log score of the recorded collapse, forecast by forecast."""
    rows = sum(len(made) + 1 for made in scored.values())
    figure, axes = plt.subplots(
        1, 2, figsize=(9.6, 0.24 * rows + 1.1), sharey=True, layout="constrained"
    )
    labels, y = [], 0
    for when, made in scored.items():
        labels.append((y, f"seen from {when}"))
        for f in made:
            y += 1
            labels.append((y, f.name))
            found = (f.crps(COLLAPSE), log_score(in_bin(f, COLLAPSE)))
            for ax, score in zip(axes, found, strict=True):
                draw_score(ax, y, score, isinstance(f, Law))
        y += 1
    axes[0].set_yticks(*zip(*labels, strict=True))
    for text in axes[0].get_yticklabels():
        text.set_fontweight("bold" if text.get_text().startswith("seen") else "normal")
    axes[0].set(ylim=(y - 0.5, -0.7), xlabel="CRPS, days (less is better)", xlim=(0, None))
    axes[1].set(xlabel="log score of its 30 days, nats (less is better)", xlim=(0, None))
    for ax in axes:
        ax.grid(visible=False, axis="y")
    note = (
        f"One case: the collapse on day {COLLAPSE}. Circles: runs of the model, bars: 95 %. "
        "Squares: constant hazard, exact."
    )
    note_below(figure, note)
    return figure


def draw_score(ax: Axes, y: float, score: Estimate, exact: bool) -> None:
    """A point with its interval; nothing where there is none."""
    if not math.isfinite(score.value):
        return
    high = score.high if math.isfinite(score.high) else score.value
    ax.plot([score.low, high], [y, y], color=COLOURS[0], linewidth=1.4)
    ax.plot(score.value, y, "s" if exact else "o", markersize=5, color=COLOURS[1 if exact else 0])


def draw_record(ax: Axes) -> None:
    """The record's days, a row for each kind of event."""
    record = pd.read_csv(Path(__file__).with_name("record.csv"))
    for y, kinds in enumerate(STRIP.values()):
        for colour, roles in enumerate(kinds):
            ours = record[record["role"].isin(roles)]
            alleged = ours["role"].str.contains("alleged")
            for fill, rows in (("full", ours[~alleged]), ("none", ours[alleged])):
                ax.plot(rows["day"], [y] * len(rows), "o", markersize=6, color=COLOURS[colour],
                        fillstyle=fill)  # fmt: skip
    ax.set_yticks(range(len(STRIP)), list(STRIP))
    ax.set(ylim=(-0.6, len(STRIP) - 0.4))
    ax.set_title("The record (open circle: alleged and denied; blue: rounds held, the truce)")


def draw_survival(ax: Axes, made: Sequence[Runs], laws: Sequence[Law], start: int) -> None:
    """The share that still holds, by forecast, from day `start` on, and the recorded end."""
    for i, f in enumerate(made):
        if enough([f]):
            days = np.arange(start, f.horizon)
            found = [f.between(day + 1, math.inf) for day in days]
            draw_band(ax, days, found, i, f.name)
    for i, law in enumerate(laws):
        days = np.arange(start, law.beyond.size)
        ax.plot(days, 100 * law.beyond[start:], color="black", linewidth=1.0,
                linestyle=LAWS[i], label=law.name)  # fmt: skip
    mark(ax, COLLAPSE, f"collapse\nday {COLLAPSE}", 0.97, "left")
    ax.set(ylabel="Share that still holds, %", ylim=(0, 101))


def draw_strikes(ax: Axes, made: Runs, which: str, columns: Sequence[str], start: int) -> None:
    """The share of runs in which each state has struck, and the recorded days."""
    days = np.arange(start, made.horizon)
    for i, (column, who) in enumerate(zip(columns, ("home", "host"), strict=True)):
        came = made.runs[column].to_numpy(float)
        if enough([made]):
            found = [share_interval(came <= day, made.clusters) for day in days]
            draw_band(ax, days, found, i + 3, f"{which} {who} strike, {made.name}")
    if start <= ALLEGED:
        mark(ax, ALLEGED, f"home, alleged\nday {ALLEGED}", 0.13, "left")
    mark(ax, STRIKE, f"home\nday {STRIKE}", 0.13, "right")
    mark(ax, HOST_STRIKE, f"host\nday {HOST_STRIKE}", 0.13, "left")
    ax.set(ylabel="Share that has seen it, %", xlabel="Day of the truce", ylim=(0, 101))
    ax.set_xlim(-4, made.horizon)


def draw_band(ax: Axes, days: np.ndarray, found: Sequence[Estimate], i: int, name: str) -> None:
    """Shares by day in percent, with their band."""
    value, low, high = 100 * np.array(found).T
    ax.step(days, value, where="post", color=COLOURS[i], linestyle=DASHES[i % 3], label=name)
    ax.fill_between(days, low, high, step="post", color=COLOURS[i], alpha=BAND_ALPHA, linewidth=0)


def mark(ax: Axes, day: int, text: str, height: float, align: str) -> None:
    """A recorded day as a line with its name."""
    ax.axvline(day, color=GREY, linewidth=0.9, linestyle=":")
    ax.annotate(
        text, (day, height), (3 if align == "left" else -3, 0), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha=align, va="top", fontsize="x-small", color="#222222",
    )  # fmt: skip


def finish(figure: Figure, above: Axes, below: Axes, note: str) -> None:
    """One legend for both kinds of curves, and a note below it."""
    (curves, names), (more, more_names) = (ax.get_legend_handles_labels() for ax in (above, below))
    figure.legend(
        [*curves, *more], [*names, *more_names], loc="outside lower center", ncols=2, title=note,
        title_fontsize="x-small",
    )  # fmt: skip


def run_counts(made: Sequence[Runs]) -> str:
    """List how many runs each forecast has."""
    return ", ".join(f"{len(f.runs):,}" for f in made)
