"""Figures of where the truce tips: a map of an outcome over two factors, and its tipping line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.plots.style import (
    BAND_ALPHA,
    CMAP_DIVERGING,
    CMAP_SEQUENTIAL,
    COLOURS,
    get_axes,
    state_n,
    with_style,
)
from truce_sim.analysis.tipping import SHARES, is_log
from truce_sim.results import columns
from truce_sim.settings.written import written
from truce_sim.sweeps.sweep import DERIVED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

Floats = NDArray[np.float64]

INK = "#111111"
#: Values are written into the cells unless cells are narrower than this (inches) or more numerous.
LEAST_WIDTH, MOST_WRITTEN = 0.26, 200


class Side(NamedTuple):
    """One axis of a map.

    Attributes:
        levels: the levels in order.
        at: (levels,) their positions.
        edges: (levels + 1,) edges of their cells.
        log: whether the axis is logarithmic.
    """

    levels: list[Any]
    at: Floats
    edges: Floats
    log: bool

    def inside(self, place: int, share: float) -> float:
        """Return the coordinate at a share (0 to 1) of the width of a cell."""
        low, high = self.edges[place : place + 2]
        return float(low * (high / low) ** share if self.log else low + share * (high - low))


@with_style
def plot_phase(
    table: pd.DataFrame, line: pd.DataFrame | None = None, ax: Axes | None = None
) -> Axes:
    """Plot an outcome over two factors as a map.

    Numbers are placed at their values; words, and all levels of a factor with an infinite one, are
    evenly spaced and have no line. Cells show their value if there is room. An asterisk marks a
    value whose interval includes the level of the line, a dot such a cell where there is no room
    for values.

    Args:
        table: the result of `tipping.phase_map`.
        line: the result of `tipping.boundary`, to be drawn with its band.
        ax: axes to draw into; by default those of a new figure.
    """
    from matplotlib.ticker import PercentFormatter

    x, y, outcome = (table.attrs[name] for name in ("x", "y", "outcome"))
    across, up = (_axis_side(table[name]) for name in (x, y))
    if _endless(table[x]) or _endless(table[y]):
        line = None  # it runs between numbers
    ax = get_axes(ax, 1.9 + 0.62 * min(max(len(across.levels), 6), 12),
                 1.5 + 0.42 * min(max(len(up.levels), 5), 12))  # fmt: skip
    value, low, high = (
        table.pivot(index=y, columns=x, values=name)
        .reindex(index=up.levels, columns=across.levels).to_numpy(float)
        for name in ("value", "value_low", "value_high")
    )  # fmt: skip
    level = None if line is None else float(line.attrs["level"])
    share = outcome in SHARES
    norm = _norm(value, level, share)
    cmap = CMAP_SEQUENTIAL if level is None and not share else CMAP_DIVERGING
    image = ax.pcolormesh(across.edges, up.edges, value, cmap=cmap, norm=norm, edgecolor="white")
    bar = ax.figure.colorbar(image, ax=ax, label=_outcome_label(outcome))
    if level is not None:
        bar.ax.set_yscale("linear")  # otherwise each side would get half of the bar
    _dress(ax, table, (x, across), (y, up))
    unclear = np.zeros(value.shape, bool) if level is None else (low <= level) & (level <= high)
    written = _write(ax, value, unclear, image, (across, up), share)
    if not written:
        for j, i in np.argwhere(unclear):
            ax.plot(across.inside(i, 0.5), up.inside(j, 0.5), ".", color=INK, markersize=3)
    if line is not None:
        _line(ax, line, INK, band=False)
    if share:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    state_n(ax, _note(table, line, written, bool(unclear.any())))
    return ax


def _note(table: pd.DataFrame, line: pd.DataFrame | None, written: bool, unclear: bool) -> str:
    """State n, and explain exactly the marks that were drawn."""
    n, of = int(table["n"].sum()), int(table.attrs.get("of", 0))
    some = f" of {of:,}" if n < of else ""
    parts = [f"n = {n:,}{some} runs{', those that have the outcome' if some else ''}"]
    share = table.attrs["outcome"] in SHARES
    parts += ["in the cells: %"] if written and share else []
    if line is None:
        return "; ".join(parts)
    there = line[line.attrs["y"]].notna()
    level = f"{100 * line.attrs['level']:g} %" if share else f"{line.attrs['level']:g}"
    mark, around = (
        ("line", "dashed") if _numbers(line[line.attrs["x"]]) else ("diamonds", "whiskers")
    )
    interval = f"{around}: {_interval(line)}" if _has_width(line) else ""
    if there.any():
        parts.append(f"{mark}: where it is {level}; {interval or _interval(line)}")
    elif interval:
        parts.append(f"{interval} of where it is {level}")
    if (~there & line["side"].str.contains("everywhere")).any():
        parts.append(f"triangles: where it is {level} lies beyond the range swept")
    if unclear:
        parts.append(f"{'*' if written else 'dots'}: the interval includes {level}")
    return "; ".join(parts)


@with_style
def plot_boundary(line: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot a tipping line with its band, or with whiskers if x is made of words.

    A triangle at the edge marks places where the line lies beyond the range swept.

    Args:
        line: the result of `tipping.boundary`.
        ax: axes to draw into; by default those of a new figure.
    """
    x, y = line.attrs["x"], line.attrs["y"]
    ax = get_axes(ax)
    log = is_log(line[y].dropna()) if line[y].notna().any() else False
    _scale(ax, "y", log)
    ax.set(xlabel=_label(line, x), ylim=(line.attrs["from"], line.attrs["to"]),
           ylabel=f"{_label(line, y)} at which it crosses {line.attrs['level']:g}")  # fmt: skip
    _line(ax, line, COLOURS[0])
    if _numbers(line[x]):
        _ticks(ax, "x", _axis_side(line[x]))
    else:
        ax.set_xticks(range(len(line)), [str(name) for name in line[x]])
        ax.set_xlim(-0.5, len(line) - 0.5)
    n = int(line["n"].max() if line.attrs.get("joint") else line["n"].sum())
    beyond = "; triangles: beyond the range swept" if line[y].isna().any() else ""
    state_n(ax, f"n = {n:,} runs; {_interval(line)}{beyond}")
    return ax


def _line(ax: Axes, line: pd.DataFrame, colour: str, band: bool = True) -> None:
    """Draw the line with its interval, clipped to the range swept.

    The interval is a band (or its dashed edges), or whiskers if x is made of words; a triangle at
    the edge of the axes marks where the line lies beyond the range.
    """
    x, y, joint = line.attrs["x"], line.attrs["y"], line.attrs.get("joint", False)
    low, high = _ends(line)
    middle = line[y].to_numpy(float)
    at = line[x].to_numpy(float) if _numbers(line[x]) else np.arange(len(line), dtype=float)
    if not _numbers(line[x]):
        # In a map, next to the values in the cells.
        at = at if band else at + 0.34
        ax.plot(at, middle, "D", color=colour, markersize=4)
        arms = np.where(high > low, high - low, np.nan)
        ax.errorbar(at, low, yerr=np.stack([low * 0, arms]), fmt="none", ecolor=colour,
                    capsize=3)  # fmt: skip
    else:
        ax.plot(at, middle, color=colour, marker="" if joint or not band else "o", markersize=4)
        if band:
            ax.fill_between(at, low, high, color=colour, alpha=BAND_ALPHA, linewidth=0)
        else:
            for end in (low, high):
                inside = (end > line.attrs["from"]) & (end < line.attrs["to"])
                ax.plot(at, np.where(inside, end, np.nan), "--", color=colour, linewidth=0.9)
    bottom, top = ax.get_ylim()
    for i in np.flatnonzero(np.isnan(middle))[:: 4 if joint else 1]:
        side = str(line["side"].iloc[i])
        if "everywhere" in side:
            over = side.startswith("above") != bool(line["rising"].iloc[i])
            ax.plot(at[i], top if over else bottom, "^" if over else "v", color=colour,
                    markersize=6, clip_on=False)  # fmt: skip


def _ends(line: pd.DataFrame) -> tuple[Floats, Floats]:
    """Both ends of the intervals of a line, (rows,) each, cut at the range swept."""
    ends = (line[f"{line.attrs['y']}_{end}"].to_numpy(float) for end in ("low", "high"))
    low, high = (np.clip(end, line.attrs["from"], line.attrs["to"]) for end in ends)
    return low, high


def _has_width(line: pd.DataFrame) -> bool:
    """Whether any interval of a line can be seen within the range swept."""
    low, high = _ends(line)
    return bool((high > low).any())


def _interval(line: pd.DataFrame) -> str:
    """State the kind of interval drawn around a line."""
    y, rough = line.attrs["y"], line.attrs.get("misfit_p", 1.0) < 0.01
    known = bool(line[f"{y}_low"].notna().any())
    kind = "95 % interval" if known else "no interval: too few sets of draws"
    return kind + (", from a surface that fits badly" if rough else "")


def _axis_side(values: pd.Series) -> Side:
    if _endless(values) or not _numbers(values):
        words = list(dict.fromkeys(values.sort_values() if _numbers(values) else values))
        at = np.arange(float(len(words) + 1))
        return Side(words, at[:-1], at - 0.5, False)
    levels = sorted(values.unique())
    at, log = np.array(levels, float), is_log(pd.Series(levels))
    inner = np.log(at) if log else at
    gaps = np.diff(inner) if at.size > 1 else np.ones(1)
    ends = np.array([inner[0] - gaps[0], *inner, inner[-1] + gaps[-1]])
    edges: Floats = np.asarray((ends[1:] + ends[:-1]) / 2, np.float64)
    return Side(levels, at, np.exp(edges) if log else edges, log)


def _norm(value: Floats, level: float | None, share: bool) -> Normalize:
    """Scale colours from end to end, centred on the level if there is one, or on 0.5 for shares."""
    from matplotlib.colors import Normalize, TwoSlopeNorm

    low, high = (0.0, 1.0) if share else (float(np.nanmin(value)), float(np.nanmax(value)))
    if level is None and not share:
        return Normalize(low, high)
    centre = 0.5 if level is None else level
    reach = 1e-9 + 0.05 * (high - low)
    return TwoSlopeNorm(centre, min(low, centre - reach), max(high, centre + reach))


def _write(
    ax: Axes, grid: Floats, unclear: NDArray[np.bool_], image: Any, sides: tuple[Side, Side],
    share: bool,
) -> bool:  # fmt: skip
    """Write the value into each cell if there is room for all; return whether there was.

    Values are drawn above all marks, with an edge in the colour of their cell. Those that are
    unclear have an asterisk.
    """
    from matplotlib.patheffects import withStroke

    across, up = sides
    wide = np.diff(np.log(across.edges) if across.log else across.edges)
    room = ax.bbox.width / ax.figure.dpi * wide.min() / wide.sum()
    if grid.size > MOST_WRITTEN or room < LEAST_WIDTH:
        return False
    for (j, i), value in np.ndenumerate(grid):
        if np.isfinite(value):
            red, green, blue, _ = colour = image.cmap(image.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            text = f"{100 * value:.0f}" if share else f"{value:.3g}"
            ax.text(across.inside(i, 0.5), up.inside(j, 0.5), text + "*" * bool(unclear[j, i]),
                    ha="center", va="center", fontsize="x-small", color="white" if dark else INK,
                    zorder=5, path_effects=[withStroke(linewidth=2.0, foreground=colour)],
                    )  # fmt: skip
    return True


def _dress(ax: Axes, table: pd.DataFrame, *named_sides: tuple[str, Side]) -> None:
    """Set limits, scales, ticks, and labels with units."""
    for (name, side), axis in zip(named_sides, "xy", strict=True):
        _ticks(ax, axis, side)
        getattr(ax, f"set_{axis}lim")(side.edges[0], side.edges[-1])
        getattr(ax, f"set_{axis}label")(_label(table, name))
    ax.grid(visible=False)


def _ticks(ax: Axes, axis: str, side: Side) -> None:
    """Set the scale of an axis, and ticks at its levels if they are few."""
    from matplotlib.ticker import NullLocator

    _scale(ax, axis, side.log)
    if len(side.levels) <= 12:
        texts = [written(_short(level)) for level in side.levels]
        turned = 30 if axis == "x" and (len(texts) > 6 or len("".join(texts)) > 40) else 0
        getattr(ax, f"set_{axis}ticks")(side.at, texts, rotation=turned)
        getattr(ax, f"{axis}axis").set_minor_locator(NullLocator())


def _scale(ax: Axes, axis: str, log: bool) -> None:
    """Set the scale of an axis; a logarithmic one is labelled 0.1, 1, 10 (10⁻¹ needs TeX)."""
    from matplotlib.ticker import LogFormatter, StrMethodFormatter

    getattr(ax, f"set_{axis}scale")("log" if log else "linear")
    if log:
        getattr(ax, f"{axis}axis").set_major_formatter(StrMethodFormatter("{x:g}"))
        getattr(ax, f"{axis}axis").set_minor_formatter(LogFormatter())


def _label(table: pd.DataFrame, name: str) -> str:
    unit = table.attrs.get("units", {}).get(name, "")
    return f"{name} ({unit})" if unit else name


def _outcome_label(outcome: str) -> str:
    unit, meaning = DERIVED.get(outcome) or columns.OUTCOME.get(outcome, ("", outcome))
    return meaning + (f", {unit}" if unit else "")


def _numbers(values: pd.Series) -> bool:
    kind = pd.api.types
    return bool(kind.is_numeric_dtype(values) and not kind.is_bool_dtype(values))


def _endless(values: pd.Series) -> bool:
    """Whether a level is infinite and so has no place on a numeric axis."""
    return _numbers(values) and bool(np.isinf(values.to_numpy(float)).any())


def _short(value: object) -> object:
    return float(f"{value:.3g}") if isinstance(value, float) else value
