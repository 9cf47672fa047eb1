"""Find where the truce tips: the line over two factors along which it holds as often as not.

On a grid, the curve over y is an isotonic regression interpolated linearly (Stylianou and Flournoy
2002); raw shares that wiggle around the level would cross it too early. Intervals resample sets of
runs that share draws and are widened for few sets (Hesterberg 2015). Over scattered points, where
no cell has enough runs, the line is the level line of a quadratic surface (logistic for shares),
and its interval consists of all y at which the surface does not differ significantly from the
level.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from truce_sim.analysis.methods.surface import (
    Floats,
    Ints,
    Scatter,
    finite,
    fit,
    line_over_scatter,
    misfit,
    sign_changes,
    value_codes,
)
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.intervals import (
    clusters,
    mean_within,
    named,
    percentile_interval,
    share_interval,
    simultaneous,
    z_quantile,
)
from truce_sim.settings.written import written
from truce_sim.sweeps.design.sampling import SAMPLES
from truce_sim.sweeps.design.worlds import OWN_SEEDS
from truce_sim.sweeps.summaries.levels import is_number
from truce_sim.sweeps.summaries.summary import horizon_in_words
from truce_sim.sweeps.sweep import Sweep, greatest

#: Pairs of factors that the model's questions are about.
THRESHOLD_MEMORY = ("home.grievance_memory_days", "home.threshold")
WILL_CAPACITY = ("host.will", "host.capacity")

#: The largest number of ranges into which a scattered factor is cut, and the fewest points per
#: cell.
MOST_RANGES, LEAST_POINTS = 12, 40
#: With fewer clusters, the line of a grid has no interval.
LEAST_CLUSTERS = 6
SHARES = ("holds", "collapsed")
_RESAMPLES = 1000
_BLOCKS = 2000  # largest number of blocks in which clusters are resampled
_LINES, _STEPS = 25, 200  # values of x and y at which a surface is evaluated
_SENTENCES = 5  # largest number of values of x that are described


class Axis(NamedTuple):
    """A factor cut into levels: its name, the level of each point, and the levels themselves."""

    name: str
    place: Ints
    at: list[float] | list[str]


class Cells(NamedTuple):
    """Runs by cell: both axes, the place of each run along them, its outcome and its cluster."""

    x: Axis
    y: Axis
    place: tuple[Ints, Ints]
    outcome: Floats
    clusters: Ints


@opened
def phase_map(sweep: Sweep, x: str, y: str, outcome: str = "holds") -> pd.DataFrame:
    """Map an outcome over two factors, pooled over the others.

    Scattered factors are cut into ranges with about equal numbers of points, named by their median.

    Args:
        sweep: the sweep to analyse.
        x: the factor along the x axis.
        y: the factor along the y axis.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each cell with runs: x and y (coordinates or words), value with its interval, n
        (the runs that have the outcome; attrs["of"] counts all that did not fail). Shares have
        Wilson intervals, means those of `intervals.value_within`, both by clusters of shared draws.
        attrs has the names of the factors and the outcome.

    Raises:
        InputError: a factor was not swept, both are the same, or the outcome is unknown.
    """
    runs = _runs(sweep, x, y, outcome)
    cells = _cells(sweep, runs, x, y)
    width, rows, most = len(cells.y.at), [], greatest(outcome, sweep.horizon)
    code = cells.place[0] * width + cells.place[1]
    order = np.argsort(code, kind="stable")
    for inside in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
        cell, values = int(code[inside[0]]), cells.outcome[inside]
        shared = np.unique(cells.clusters[inside], return_inverse=True)[1]
        flags = values > 0.5
        found = (share_interval(flags, shared) if outcome in SHARES
                 else mean_within(values, shared, most))  # fmt: skip
        at = {x: cells.x.at[cell // width], y: cells.y.at[cell % width]}
        rows.append(at | named("value", found) | {"n": values.size})
    table = pd.DataFrame(rows, columns=[x, y, "value", "value_low", "value_high", "n"])
    table.attrs = _about(sweep, x, y, outcome) | {"of": int(sweep.points["runs"].sum())}
    return table


@opened
def boundary(
    sweep: Sweep, x: str, y: str, level: float = 0.5, outcome: str = "holds"
) -> pd.DataFrame:
    """Find the value of y at which an outcome crosses a level, for each value of x.

    Other factors are averaged over, as weighted by the design.

    Args:
        sweep: the sweep to analyse.
        x: the factor along which the line runs.
        y: the factor that crosses it; it must be numeric.
        level: the level of the outcome.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each value of x: x, y with its interval, side, rising and n. The side is
        "crosses", "above everywhere", "below everywhere", or "crosses more than once", in which
        case y is the first crossing. An end of an interval beyond the range swept is infinite;
        there is no interval with fewer than `LEAST_CLUSTERS` sets of draws (two over scattered
        points). attrs["method"] is "isotonic" or "surface". For a surface, attrs["misfit"] is the
        least likely gap between it and the mean of a cell of points, and attrs["misfit_p"] its
        p-value (Bonferroni over cells); a small p-value means that the line is only rough.

    Raises:
        InputError: a factor was not swept, both are the same, y is made of words or has only one
            level, the level is not a share between 0 and 1, or the outcome is unknown.
    """
    if not sweep.is_number(sweep.check_factor(y)):
        raise InputError("is made of words, but a line needs numbers", setting="y", value=y,
                         allowed="a numeric factor; try swapping x and y")  # fmt: skip
    if outcome in SHARES and not 0 < level < 1:
        raise InputError("is not a share that can be crossed", setting="level", value=level,
                         allowed="a number between 0 and 1")  # fmt: skip
    runs, points, share = _runs(sweep, x, y, outcome), sweep.folder.design, outcome in SHARES
    if points[y].nunique() < 2:
        raise InputError("has only one level, so there is nothing to cross", setting="y", value=y,
                         allowed="a factor with two or more levels")  # fmt: skip
    if is_scattered(sweep, x, y):
        by = "seed" if sweep.design in OWN_SEEDS else "point"
        table = _surface_boundary(runs, points, x, y, level, share, by)
    else:
        table = cell_boundary(_cells(sweep, runs, x, y), level, share)
    low, high = _ends(points[y])
    table.attrs |= {"from": float(low), "to": float(high)} | _about(sweep, x, y, outcome)
    return table


@opened
def is_scattered(sweep: Sweep, x: str, y: str) -> bool:
    """Return whether points lie scattered over two factors: sampled, or sparse in a table."""
    points = sweep.folder.design[[x, y]]
    counts = {name: int(points[name].nunique()) for name in (x, y)}
    if not any(counts[name] > MOST_RANGES and sweep.is_number(name) for name in counts):
        return False
    sparse = len(points.drop_duplicates()) < math.prod(counts.values()) / 4
    return sweep.design in (*SAMPLES, *OWN_SEEDS) or sparse


# ── on a grid ────────────────────────────────────────────────────────────────────────────────


def cell_boundary(cells: Cells, level: float, share: bool = True) -> pd.DataFrame:
    """Return the line through cells at which their outcome, a share or a mean, crosses a level."""
    runs, sums = _resample(cells)
    x, y, log = cells.x.name, cells.y.name, is_log(pd.Series(cells.y.at))
    at = _to_scale(np.asarray(cells.y.at, float), log)
    groups = int(cells.clusters.max()) + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        curves = sums / runs
    mostly = float(np.nansum(np.apply_along_axis(slope, 1, curves[0]))) >= 0
    rows = []
    for i, coordinate in enumerate(cells.x.at):
        there = np.flatnonzero(runs[0, i] > 0)
        rising, passes = _course(curves[:, i, there], runs[0, i, there], level, mostly, share)
        kept = there[: passes[1] if len(passes) > 1 else there.size]
        found = passing(at[kept], sums[:, i][:, kept], runs[:, i][:, kept], level, rising)
        ends = np.array([finite(found[0]), *_middle(np.sort(found[1:]), groups)])
        line = named(y, tuple(_from_scale(ends, log).tolist()))
        n = int(runs[0, i].sum())
        side = "crosses more than once" if len(passes) > 1 else _side(found[0], rising)
        rows.append({x: coordinate} | line | {"side": side, "rising": rising, "n": n})
    table = pd.DataFrame(rows)
    table.attrs = {"x": x, "y": y, "level": level, "method": "isotonic"}
    return table


def passing(at: Floats, sums: Floats, runs: Floats, level: float, rising: bool) -> Floats:
    """Return where monotone curves cross a level.

    The curves are the isotonic regressions of sums / runs on the levels, interpolated linearly.
    Such a regression reaches the level where the cumulative shortfall before it is largest, and
    its values there are the extreme means on either side (Barlow et al. 1972).

    Args:
        at: (levels,) coordinates of the levels.
        sums: (..., levels) sums of the outcome.
        runs: (..., levels) numbers of runs.
        level: the level to cross.
        rising: whether the curves rise (or fall).

    Returns:
        (...) coordinates; infinite if a curve would cross before or after the levels, NaN if there
        are no runs.
    """
    before, after = -math.inf, math.inf
    if not at.size:
        return np.full(runs.shape[:-1], math.nan)
    if not rising:
        at, sums, runs = at[::-1], sums[..., ::-1], runs[..., ::-1]
        before, after = after, before
    zero = np.zeros((*runs.shape[:-1], 1))
    total = np.concatenate([zero, np.cumsum(sums - level * runs, axis=-1)], axis=-1)
    weight = np.concatenate([zero, np.cumsum(runs, axis=-1)], axis=-1)
    first = total.argmin(axis=-1)[..., None]
    change = total - np.take_along_axis(total, first, axis=-1)
    width = weight - np.take_along_axis(weight, first, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = change / width
    low = np.where(width < 0, mean, -math.inf).max(axis=-1)
    high = np.where(width > 0, mean, math.inf).min(axis=-1)
    place = first[..., 0]
    right = at[np.minimum(place, at.size - 1)]
    left = at[np.maximum(place - 1, 0)]
    with np.errstate(invalid="ignore"):
        found = left + low / (low - high) * (right - left)
    found = np.where(np.isinf(low), before, np.where(np.isinf(high), after, found))
    return np.where(weight[..., -1] > 0, found, math.nan)


def _course(
    curves: Floats, runs: Floats, level: float, mostly: bool, share: bool
) -> tuple[bool, list[int]]:
    """Return whether a curve rises, and the index of the level that ends each certain crossing.

    The first of `curves`, (1 + resamples, levels), is the estimate. Its direction is that of most
    curves unless its slope clearly differs. It crosses more than once only if cells that are
    clearly above and clearly below the level (Bonferroni over levels) alternate.
    """
    if len(curves) < 3 or not runs.size:
        return mostly, []
    whole, draws = curves[0], curves[1:]
    slopes = np.apply_along_axis(slope, 1, draws)
    tilt, spread = slope(whole), float(np.nanstd(slopes))
    rising = bool(tilt > 0) if abs(tilt) > 3 * spread else mostly
    error = np.nanstd(draws, axis=0)
    if share:  # even a cell whose runs all end alike is uncertain
        error = np.maximum(error, np.sqrt(level * (1 - level) / np.maximum(runs, 1)))
    clear = z_quantile(simultaneous(runs.size))
    signs = np.sign(whole - level) * (np.abs(whole - level) > clear * error)
    turns = sign_changes(signs)
    if turns.size > 1:
        rising = bool(signs[turns[0]] > 0)
    return rising, turns.tolist()


def slope(curve: Floats) -> float:
    """Return the slope of a curve from level to level, by least squares over finite values."""
    there = np.flatnonzero(np.isfinite(curve))
    place = there - there.mean() if there.size else there
    return float(place @ curve[there]) / max(float(place @ place), 1.0)


def _middle(spread: Floats, groups: int) -> tuple[float, float]:
    """The interval from sorted resamples; NaN if there are too few clusters."""
    if groups < LEAST_CLUSTERS or not spread.size or np.isnan(spread).any():
        return math.nan, math.nan
    return percentile_interval(spread, groups)


def _side(found: float, rising: bool) -> str:
    if math.isnan(found):
        return "no runs"
    if math.isfinite(found):
        return "crosses"
    return "above everywhere" if (found < 0) == rising else "below everywhere"


def _resample(cells: Cells) -> tuple[Floats, Floats]:
    """Runs and sums of outcomes by cell, (1 + resamples, x, y); the first entry is the data."""
    shape = len(cells.x.at), len(cells.y.at)
    cell, size = np.ravel_multi_index(cells.place, shape), shape[0] * shape[1]
    blocks = min(int(cells.clusters.max()) + 1, _BLOCKS)
    code = (cells.clusters % blocks) * size + cell
    resamples = _RESAMPLES if blocks > 1 else 0
    chosen = np.random.default_rng(1).multinomial(blocks, np.full(blocks, 1 / blocks), resamples)
    weights = np.concatenate([np.ones((1, blocks)), chosen])
    runs, sums = (
        (
            weights @ np.bincount(code, of, blocks * size).astype(float).reshape(blocks, size)
        ).reshape(-1, *shape)
        for of in (None, cells.outcome)
    )
    return runs, sums


# ── over scattered points ────────────────────────────────────────────────────────────────────


def _surface_boundary(
    runs: pd.DataFrame, design: pd.DataFrame, x: str, y: str, level: float, share: bool, by: str
) -> pd.DataFrame:
    """The line over scattered points, from one surface, or one for each level if x has few.

    The column `by` identifies the runs that belong to one point.
    """
    joint = is_number(design[x]) and design[x].nunique() > MOST_RANGES
    along, up = is_log(design[x]) if joint else False, is_log(design[y])
    steps = _between(design[y], up, _STEPS)
    at = _between(design[x], along, _LINES) if joint else np.zeros(0)
    axis = _axis(design[x], x, cut=False)
    place = axis.place[runs["point"].to_numpy(np.int64)]
    lines, misses = [], []
    for i, where in enumerate([None] if joint else axis.at):
        part = runs if joint else runs[place == i]
        if part.empty:
            continue
        scatter = Scatter(
            _to_scale(part[x].to_numpy(float), along) if joint else None,
            _to_scale(part[y].to_numpy(float), up), part["y"].to_numpy(float), share,
            clusters(part), value_codes(part[by].to_numpy()),
        )  # fmt: skip
        surface = fit(scatter)
        line = line_over_scatter(scatter, surface, at, steps, level)
        line.insert(0, x, _from_scale(at, along) if joint else where)
        lines.append(line)
        misses.append(misfit(scatter, surface))
    table = pd.concat(lines, ignore_index=True)
    ends = ["y", "y_low", "y_high"]
    table[ends] = _from_scale(table[ends].to_numpy(), up)
    gap, chance = min(misses, key=lambda found: (math.isnan(found[1]), found[1]))
    table = table.rename(columns={end: y + end[1:] for end in ends})
    table.attrs = {"x": x, "y": y, "level": level, "method": "surface", "misfit": gap,
                   "misfit_p": min(1.0, chance * len(misses)), "joint": joint, }  # fmt: skip
    return table


# ── the runs of a sweep ──────────────────────────────────────────────────────────────────────


def _runs(sweep: Sweep, x: str, y: str, outcome: str) -> pd.DataFrame:
    if sweep.check_factor(x) == sweep.check_factor(y):
        raise InputError("the two factors are the same", setting="y", value=y,
                         allowed=", ".join(n for n in sweep.factors if n != x))  # fmt: skip
    runs = sweep.outcome(outcome).dropna(subset="y")
    if runs.empty:
        raise InputError("no run has this outcome", setting="outcome", value=outcome)
    return runs


def _cells(sweep: Sweep, runs: pd.DataFrame, x: str, y: str) -> Cells:
    points = sweep.folder.design
    cut = is_scattered(sweep, x, y)
    along, up = (_axis(points[name], name, cut) for name in (x, y))
    point = runs["point"].to_numpy(np.int64)
    place = along.place[point], up.place[point]
    return Cells(along, up, place, runs["y"].to_numpy(float), clusters(runs))


def _axis(values: pd.Series, name: str, cut: bool) -> Axis:
    """The levels of a factor; if many are to be cut, ranges named by their median."""
    if not is_number(values):
        words = list(dict.fromkeys(values.astype(str)))
        return Axis(name, pd.Index(words).get_indexer(pd.Index(values.astype(str))), words)
    levels = np.sort(values.unique()).astype(float)
    if levels.size <= MOST_RANGES or not cut:
        return Axis(name, np.searchsorted(levels, values.to_numpy(float)), levels.tolist())
    count = int(np.clip(math.isqrt(len(values) // LEAST_POINTS), 3, MOST_RANGES))
    codes = pd.qcut(values, count, labels=False, duplicates="drop").to_numpy(np.int64)
    middle = [float(f"{value:.3g}") for value in values.groupby(codes).median()]
    return Axis(name, codes, middle)


def _about(sweep: Sweep, x: str, y: str, outcome: str) -> dict[Hashable, Any]:
    """Facts about the sweep for the attrs of a table: factors, units, outcome, horizon."""
    units = {name: str(sweep.columns_help.loc[name, "unit"]) for name in (x, y)}
    return {"x": x, "y": y, "outcome": outcome, "units": units,
            "within": horizon_in_words(sweep.points["horizon"])}  # fmt: skip


def _ends(values: pd.Series) -> Floats:
    return np.array([values.min(), values.max()], float)


def is_log(values: pd.Series) -> bool:
    """Return whether the values of a factor are spaced logarithmically.

    They span more than a factor of 8, and their median is closer to the geometric than to the
    arithmetic mean of the ends.
    """
    low, high = _ends(values)
    if low <= 0 or math.isinf(high):
        return False
    middle = float(values.median())
    return bool(high / low > 8 and abs(middle - math.sqrt(low * high)) < abs(
        middle - (low + high) / 2))  # fmt: skip


def _between(values: pd.Series, logs: bool, count: int) -> Floats:
    """Evenly spaced values from end to end, on the scale of the factor or of its logarithm."""
    low, high = _to_scale(_ends(values), logs)
    return np.linspace(low, high, count)


def _to_scale(values: Floats, logs: bool) -> Floats:
    return np.log(values) if logs else values


def _from_scale(values: Floats, logs: bool) -> Floats:
    return np.where(np.isinf(values), values, np.exp(values)) if logs else values


# ── in words ─────────────────────────────────────────────────────────────────────────────────


def describe_line(line: pd.DataFrame) -> list[str]:
    """Describe a tipping line in sentences.

    There is a sentence for each value of x, or for a few if there are many, and one more if the
    line comes from a surface that does not fit.
    """
    number = min(len(line), _SENTENCES)
    chosen = np.unique(np.linspace(0, len(line) - 1, number).round().astype(int))
    sentences = [_row_in_words(row, line.attrs) for row in line.iloc[chosen].to_dict("records")]
    if line.attrs.get("misfit_p", 1.0) < 0.01:
        sentences.append(
            "The line is only rough: the surface behind it misses the mean of some points by "
            f"{_gap_in_words(line.attrs)}."
        )  # fmt: skip
    return sentences


def _row_in_words(row: Mapping[Hashable, Any], attrs: Mapping[Hashable, Any]) -> str:
    x, y, units = attrs["x"], attrs["y"], attrs.get("units", {})
    where = written(float(f"{row[x]:.3g}") if isinstance(row[x], float) else row[x])
    start = f"With {x} = {_with_unit(where, units.get(x, ''))}, {_level_in_words(attrs)}"
    low, high = (row[f"{y}_{end}"] for end in ("low", "high"))
    if row["side"] == "no runs":
        return f"With {x} = {where}, there are no runs."
    if not row["side"].startswith("crosses"):
        above = row["side"].startswith("above")
        span = _with_unit(f"{attrs['from']:.3g} to {attrs['to']:.3g}", units.get(y, ""))
        doubt = _doubt(high if above == row["rising"] else low, above, row["rising"])
        return f"{start} {'at every' if above else 'at no'} {y} from {span}{doubt}."
    ends = f" [{_end(low)}, {_end(high)}]" if not math.isnan(low) else ""
    at = _with_unit(f"{row[y]:.3g}{ends}", units.get(y, ""))
    more = "; beyond that it changes again" if "more" in row["side"] else ""
    doubt = "" if ends else " (too few sets of draws for an interval)"
    return f"{start} if {y} is {_bound(row['rising'])} {at}{more}{doubt}."


def _bound(rising: bool) -> str:
    return "at least" if rising else "at most"


def _doubt(end: float, above: bool, rising: bool) -> str:
    """What the interval still allows if the line was not crossed."""
    if not math.isfinite(end):
        return ""
    return f" (perhaps {'only ' if above else ''}if it is {_bound(rising)} {end:.3g})"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def _gap_in_words(attrs: Mapping[Hashable, Any]) -> str:
    gap = abs(attrs["misfit"])
    return f"{100 * gap:.0f} points" if attrs["outcome"] in SHARES else f"{gap:.3g}"


def _level_in_words(attrs: Mapping[Hashable, Any]) -> str:
    level, within = attrs["level"], attrs["within"]
    share = f"in at least {100 * level:g} % of runs"
    return {
        "holds": f"the truce holds for {within} {share}",
        "collapsed": f"the truce collapses within {within} {share}",
    }.get(attrs["outcome"], f"the mean of {attrs['outcome']} is at least {level:g}")


def _end(value: float) -> str:
    return {-math.inf: "below", math.inf: "beyond"}.get(value, f"{value:.3g}")


in_words = describe_line  #: Its name in 0.1.
