"""Figures of survival: curves, causes, hazards, states, spells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from truce_sim.analysis.plots.marks import TRUCE_COLOURS
from truce_sim.analysis.plots.style import BAND_ALPHA, COLOURS, get_axes, state_n, with_style
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("-", "--", "-.", ":")
_STATES = {state.replace("_", " "): colour for state, colour in TRUCE_COLOURS.items()}
BANDS = "bands: 95 %"


@with_style
def plot_survival(
    curves: pd.DataFrame, by: str | Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Plot survival curves with their bands and, below, the numbers of runs still at risk.

    Args:
        curves: the result of `survival.kaplan_meier`.
        by: the factors by which it was grouped.
        ax: axes to draw into; by default those of a new figure.
    """
    groups = list(_groups(curves, by))
    ax = get_axes(ax, height=4.0 + 0.15 * len(groups))
    for i, (label, rows) in enumerate(groups):
        _curve(ax, i, rows, "survival", label, _last(curves))
    _shares(ax, "Share of truces that still hold")
    _legend(ax, by)
    _at_risk(ax, groups)
    runs = sum(int(rows["at_risk"].iloc[0]) for _, rows in groups)
    state_n(ax, f"n = {runs:,} runs; {BANDS}; below: runs at risk")
    return ax


@with_style
def plot_incidence(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot cumulative incidence by cause, or of first events, with bands.

    Args:
        table: one group of `incidence.cumulative_incidence` or `incidence.first_times`.
        ax: axes to draw into; by default those of a new figure.
    """
    kind = "cause" if "cause" in table.columns else "first"
    ax = get_axes(ax)
    last = table.groupby(kind, observed=True)["incidence"].last().sort_values(ascending=False)
    for i, name in enumerate(last.index[last > 0]):
        _curve(ax, i, table[table[kind] == name], "incidence", str(name), _last(table))
    what = "collapsed, by cause" if kind == "cause" else "with a first event"
    _shares(ax, f"Share of truces {what}", full=kind == "first")
    _legend(ax, kind)
    state_n(ax, f"n = {int(table['runs'].iloc[0]):,} runs; {BANDS}" if len(table) else BANDS)
    return ax


@with_style
def plot_hazard(table: pd.DataFrame, by: str | Sequence[str] = (), ax: Axes | None = None) -> Axes:
    """Plot the hazard of collapse window by window, with intervals.

    Args:
        table: the result of `incidence.hazard`.
        by: the factors by which it was grouped.
        ax: axes to draw into; by default those of a new figure.
    """
    ax = get_axes(ax)
    groups = list(_groups(table, by))
    for i, (label, rows) in enumerate(groups):
        hazard = 1000 * rows["hazard"].to_numpy(float)
        low, high = (1000 * rows[f"hazard_{end}"].to_numpy(float) for end in ("low", "high"))
        edges = [*rows["from_day"], rows["to_day"].iloc[-1]]
        ax.stairs(hazard, edges, baseline=None, color=_colour(i), linestyle=_dash(i), label=label)
        place = (i + 1) / (len(groups) + 1)  # side by side, within their window
        x = rows["from_day"] + place * (rows["to_day"] - rows["from_day"])
        ax.errorbar(
            x, hazard, np.stack([hazard - low, high - hazard]), fmt="o", markersize=3,
            capsize=2, color=_colour(i), linewidth=1.0,
        )  # fmt: skip
    ax.set(xlabel="Day", ylabel="Collapses per 1,000 days at risk")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    _legend(ax, by)
    days = int(table["days_at_risk"].sum()) if len(table) else 0
    state_n(ax, f"n = {days:,} days at risk; intervals: 95 %")
    return ax


@with_style
def plot_states(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot the shares of days in each state: a stacked bar for each group.

    The interval of each share is a whisker at its end.

    Args:
        table: the result of `incidence.state_shares`.
        ax: axes to draw into; by default those of a new figure.
    """
    by = list(table.columns[: list(table.columns).index("state")])
    groups = list(_groups(table, by))
    runs = sum(int(rows["runs"].iloc[0]) for _, rows in groups)
    ax = get_axes(ax, height=1.3 + 0.45 * len(groups))
    for y, (_, rows) in enumerate(groups):
        start = 0.0
        for row in rows.to_dict("records"):
            state, share = str(row["state"]), 100 * row["share"]
            ax.barh(y, share, left=start, height=0.6, color=_STATES[state], edgecolor="white",
                    label=state if y == 0 else None)  # fmt: skip
            start += share
            arms = [[share - 100 * row["share_low"]], [100 * row["share_high"] - share]]
            if state != "collapsed" and share > 0:
                ax.errorbar(start, y, xerr=arms, color="#222222", capsize=2.5, linewidth=1.0)
    ax.set_yticks(range(len(groups)), [label or "all runs" for label, _ in groups])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.set(xlim=(0, 100), xlabel="Share of the days of the horizon, %")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4)
    state_n(ax, f"n = {runs:,} runs; whiskers: 95 %, for each share separately")
    return ax


@with_style
def plot_spells(curves: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot how long spells in force last, by their number, from `spells.spell_survival`."""
    ax = get_axes(ax)
    found = list(curves.groupby("spell"))
    for i, (number, rows) in enumerate(found):
        name = _ORDINALS.get(int(str(number)), f"{number}th")
        _curve(ax, i, rows, "survival", f"{name} (n = {int(rows['at_risk'].iloc[0]):,})",
               _last(curves))  # fmt: skip
    _shares(ax, "Share of spells still in force", "Days since the spell began")
    _legend(ax, "spell in force")
    state_n(ax, f"n = {sum(int(r['at_risk'].iloc[0]) for _, r in found):,} spells; {BANDS}")
    return ax


@with_style
def plot_summary(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot mean and median survival with intervals, a row for each group.

    Args:
        table: the result of `survival.survival_summary`.
        ax: axes to draw into; by default those of a new figure.
    """
    by = list(table.columns[: list(table.columns).index("runs")])
    labels = [label or "all runs" for label, _ in _groups(table, by)] if by else ["all runs"]
    ax = get_axes(ax, height=1.3 + 0.45 * len(table))
    y = np.arange(len(table))
    ends = table[["mean", "mean_high", "median", "median_high"]].to_numpy(float)
    beyond = 1.08 * np.nanmax(ends, initial=0.0)
    for name, mark, shift, colour in (("mean", "o", -0.12, 0), ("median", "s", 0.12, 1)):
        there = table[name].notna().to_numpy()
        rows, at = table[there], y[there] + shift
        low, high = rows[f"{name}_low"], rows[f"{name}_high"]
        is_open = (high.isna() & low.notna()).to_numpy()
        arms = [rows[name] - low, high.where(~is_open, beyond) - rows[name]]
        ax.errorbar(
            rows[name], at, xerr=np.nan_to_num(np.array(arms)), fmt=mark, color=COLOURS[colour],
            capsize=2.5, markersize=5, label=_SUMMARY[name],
        )  # fmt: skip
        ax.plot(np.full(is_open.sum(), beyond), at[is_open], ">", color=COLOURS[colour])
    ax.set_yticks(y, labels)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.set_xlabel("Days")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    note = f"n = {int(table['runs'].sum()):,} runs; intervals: 95 %"
    if table["median"].isna().any():
        note += "; no median where fewer than half have collapsed"
    state_n(ax, note)
    return ax


_SUMMARY = {"mean": "mean, restricted to the horizon", "median": "median"}
_ORDINALS = {1: "first", 2: "second", 3: "third"}


def _groups(table: pd.DataFrame, by: str | Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The label and the rows of each group, in the order of the table."""
    names = ([by] if by else []) if isinstance(by, str) else list(by)
    if not names:
        yield "", table
        return
    for levels, rows in table.groupby(names, sort=False, observed=True):
        yield ", ".join(map(written, levels)), rows


def _last(curves: pd.DataFrame) -> int:
    return int(curves["day"].max()) if len(curves) else 0


def _curve(ax: Axes, i: int, rows: pd.DataFrame, name: str, label: str, last: int) -> None:
    """Draw a step curve in percent with its band.

    If every run has ended before the last day, the curve is extended to it: it cannot change.
    """
    if name == "incidence" or rows[name].iloc[-1] == 0.0:
        rows = pd.concat([rows, rows.iloc[-1:].assign(day=last)])
    day, share = rows["day"].to_numpy(), 100 * rows[name].to_numpy(float)
    low, high = (100 * rows[f"{name}_{end}"].to_numpy(float) for end in ("low", "high"))
    ax.step(day, share, where="post", color=_colour(i), linestyle=_dash(i), label=label)
    ax.fill_between(day, low, high, step="post", color=_colour(i), alpha=BAND_ALPHA, linewidth=0)


def _at_risk(ax: Axes, groups: Sequence[tuple[str, pd.DataFrame]]) -> None:
    """Write the runs at risk at each tick below the note on n, a row for each group."""
    ticks = [t for t in ax.get_xticks() if 0 <= t <= ax.get_xlim()[1]]
    for i, (label, rows) in enumerate(groups):
        left = rows.set_index("day")["at_risk"].reindex(ticks, fill_value=0)
        numbers = [(x, 0.0, f"{n:,}", "center") for x, n in zip(ticks, left, strict=True)]
        for x, shift, text, align in [(0.0, -26.0, label, "right"), *numbers]:
            ax.annotate(
                text, (x, 0.0), (shift, -56.0 - 11.0 * i), xycoords=ax.get_xaxis_transform(),
                textcoords="offset points", ha=align, va="top", fontsize="x-small",
                color=_colour(i), annotation_clip=False,
            )  # fmt: skip


def _shares(ax: Axes, label: str, x: str = "Day", full: bool = True) -> None:
    ax.set(xlabel=x, ylabel=f"{label}, %")
    ax.set_xlim(left=0)
    ax.set_ylim(0, 101 if full else None)


def _legend(ax: Axes, by: str | Sequence[str]) -> None:
    title = by if isinstance(by, str) else ", ".join(by)
    if title:
        ax.legend(title=title, loc="upper left", bbox_to_anchor=(1.0, 1.0), title_fontsize="small")


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def _dash(i: int) -> str:
    return _DASHES[i % len(_DASHES)]
