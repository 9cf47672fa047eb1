"""Where it tips: an outcome over two factors, and the line where a truce holds as often as not.

On a grid the curve over y is the isotonic one, joined by straight lines (Stylianou and Flournoy
2002): where raw shares wiggle about the level, their first passing would come too early. Intervals
resample sets of runs that share draws, widened for few sets (Hesterberg 2015). Over scattered
points, where no cell has runs enough, it is the level line of a quadratic surface, logistic for
shares, and its interval those y at which the surface cannot be told from the level.
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
from truce_sim.analysis.sweep import Sweep
from truce_sim.analysis.words import plain
from truce_sim.errors import InputError
from truce_sim.intervals import (
    clusters,
    mean_interval,
    named,
    percentile_interval,
    share_interval,
    simultaneous,
    z_quantile,
)
from truce_sim.sweeps.design.sampling import ROWS, SAMPLES
from truce_sim.sweeps.summaries.levels import is_number
from truce_sim.sweeps.summaries.summary import horizon_in_words

#: Pairs of factors that the model's questions turn on.
THRESHOLD_MEMORY = ("home.grievance_memory_days", "home.threshold")
WILL_CAPACITY = ("host.will", "host.capacity")

#: Ranges that a scattered factor is cut into at most, and points that a cell then has.
MOST_RANGES, LEAST_POINTS = 12, 40
#: With fewer clusters a grid's line has no interval.
LEAST_CLUSTERS = 6
SHARES = ("holds", "collapsed")
_RESAMPLES = 1000
_BLOCKS = 2000  # clusters are resampled in at most so many blocks
_LINES, _STEPS = 25, 200  # values of x and y at which a surface is read
_TOLD = 5  # values of x that are told at most


class Axis(NamedTuple):
    """A factor cut into levels: the level of each point, their coordinates, and their names."""

    name: str
    place: Ints
    at: list[float] | list[str]


class Cells(NamedTuple):
    """Runs by cell: where each is along x and y, its outcome and its cluster."""

    x: Axis
    y: Axis
    place: tuple[Ints, Ints]
    outcome: Floats
    clusters: Ints


def phase_map(sweep: Sweep, x: str, y: str, outcome: str = "holds") -> pd.DataFrame:
    """An outcome over two factors, pooled over the others: a row a cell that has runs.

    Columns: x, y (coordinates, or words), value and its interval, n. Shares have Wilson intervals,
    means t intervals, both by clusters of shared draws. attrs: names of factors and outcome.
    Scattered factors are cut into ranges of about as many points each, named by their median.

    Raises InputError for a factor that is not swept, or the same one twice.
    """
    runs = _runs(sweep, x, y, outcome)
    cells = _cells(sweep, runs, x, y)
    width, rows = len(cells.y.at), []
    code = cells.place[0] * width + cells.place[1]
    order = np.argsort(code, kind="stable")
    for inside in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
        cell, values = int(code[inside[0]]), cells.outcome[inside]
        shared = np.unique(cells.clusters[inside], return_inverse=True)[1]
        flags = values > 0.5
        found = (share_interval(flags, shared) if outcome in SHARES
                 else mean_interval(values, shared))  # fmt: skip
        at = {x: cells.x.at[cell // width], y: cells.y.at[cell % width]}
        rows.append(at | named("value", found) | {"n": values.size})
    table = pd.DataFrame(rows, columns=[x, y, "value", "value_low", "value_high", "n"])
    table.attrs = _about(sweep, x, y, outcome)
    return table


def boundary(
    sweep: Sweep, x: str, y: str, level: float = 0.5, outcome: str = "holds"
) -> pd.DataFrame:
    """The value of y at which an outcome passes a level, for each value of x.

    Columns: x, y with its interval, side ("crosses", "above everywhere", "below everywhere",
    "crosses more than once": y is then the first), n. An end of an interval that lies beyond the
    values swept is infinite; there is none with fewer than LEAST_CLUSTERS sets of draws (two over
    scattered points). Other factors are averaged over as the design has them. attrs["method"]:
    "isotonic", or "surface"; of a surface, `misfit` is the least likely gap between it and the mean
    of a cell of points, `misfit_p` its p-value (Bonferroni over cells): where small, the line is
    rough.

    Raises InputError for a factor that is not swept, or where y is made of words or of one level.
    """
    if not sweep.is_number(sweep.check_factor(y)):
        raise InputError("is made of words: a line needs numbers", setting="y", value=y,
                         allowed="a factor of numbers; the other way round, perhaps")  # fmt: skip
    if outcome in SHARES and not 0 < level < 1:
        raise InputError("is no share that can be passed", setting="level", value=level,
                         allowed="a number between 0 and 1")  # fmt: skip
    runs, points, share = _runs(sweep, x, y, outcome), sweep.folder.design, outcome in SHARES
    if points[y].nunique() < 2:
        raise InputError("has one level: nothing is crossed", setting="y", value=y,
                         allowed="a factor of two levels or more")  # fmt: skip
    if scattered(sweep, x, y):
        by = "seed" if sweep.design in ROWS else "point"
        table = _surface_boundary(runs, points, x, y, level, share, by)
    else:
        table = cell_boundary(_cells(sweep, runs, x, y), level, share)
    low, high = _ends(points[y])
    table.attrs |= {"from": float(low), "to": float(high)} | _about(sweep, x, y, outcome)
    return table


def scattered(sweep: Sweep, x: str, y: str) -> bool:
    """Whether points lie scattered over two factors: sampled, or few of a table on one level."""
    points = sweep.folder.design[[x, y]]
    counts = {name: int(points[name].nunique()) for name in (x, y)}
    if not any(counts[name] > MOST_RANGES and sweep.is_number(name) for name in counts):
        return False
    sparse = len(points.drop_duplicates()) < math.prod(counts.values()) / 4
    return sweep.design in (*SAMPLES, *ROWS) or sparse


# ── on a grid ────────────────────────────────────────────────────────────────────────────────


def cell_boundary(cells: Cells, level: float, share: bool = True) -> pd.DataFrame:
    """The line through cells at which their outcome, a share or a mean, passes a level."""
    runs, sums = _resample(cells)
    x, y, log = cells.x.name, cells.y.name, is_log(pd.Series(cells.y.at))
    at = _taken(np.asarray(cells.y.at, float), log)
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
        line = named(y, tuple(_untaken(ends, log).tolist()))
        n = int(runs[0, i].sum())
        side = "crosses more than once" if len(passes) > 1 else _side(found[0], rising)
        rows.append({x: coordinate} | line | {"side": side, "rising": rising, "n": n})
    table = pd.DataFrame(rows)
    table.attrs = {"x": x, "y": y, "level": level, "method": "isotonic"}
    return table


def passing(at: Floats, sums: Floats, runs: Floats, level: float, rising: bool) -> Floats:
    """Where curves that only rise (or only fall) pass a level; sums, runs: (..., levels).

    They are the isotonic regressions of sums / runs on the levels, joined by straight lines. Such
    a regression reaches the level where the sum of all that is missing before is largest, and its
    values there are the extreme means to either side (Barlow et al. 1972). Infinite where it would
    pass before or after the levels there are, NaN where there are no runs.
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
    """Whether a curve rises, and the level (as index) that ends each of its sure passings.

    curves: (1 + resamples, levels), the first as it is. It goes the way that all mostly go unless
    its slope is the other way beyond doubt; it passes more than once only where cells clearly
    above and clearly below the level (Bonferroni over levels) take turns.
    """
    if len(curves) < 3 or not runs.size:
        return mostly, []
    whole, draws = curves[0], curves[1:]
    slopes = np.apply_along_axis(slope, 1, draws)
    tilt, spread = slope(whole), float(np.nanstd(slopes))
    rising = bool(tilt > 0) if abs(tilt) > 3 * spread else mostly
    error = np.nanstd(draws, axis=0)
    if share:  # a cell whose runs all end alike is not certain
        error = np.maximum(error, np.sqrt(level * (1 - level) / np.maximum(runs, 1)))
    sure = z_quantile(simultaneous(runs.size))
    told = np.sign(whole - level) * (np.abs(whole - level) > sure * error)
    turns = sign_changes(told)
    if turns.size > 1:
        rising = bool(told[turns[0]] > 0)
    return rising, turns.tolist()


def slope(curve: Floats) -> float:
    """How a curve rises from level to level: least squares over those that have a value."""
    there = np.flatnonzero(np.isfinite(curve))
    place = there - there.mean() if there.size else there
    return float(place @ curve[there]) / max(float(place @ place), 1.0)


def _middle(spread: Floats, groups: int) -> tuple[float, float]:
    """The interval of sorted values of resamples; none where clusters are too few."""
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
    """Runs and sums of outcomes by cell (1 + resamples, x, y): as they are, then by resamples."""
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
    """The line over scattered points: of one surface, or where x has few levels of one for each.

    by: the column that says which runs belong to one point.
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
            _taken(part[x].to_numpy(float), along) if joint else None,
            _taken(part[y].to_numpy(float), up), part["y"].to_numpy(float), share,
            clusters(part), value_codes(part[by].to_numpy()),
        )  # fmt: skip
        surface = fit(scatter)
        line = line_over_scatter(scatter, surface, at, steps, level)
        line.insert(0, x, _untaken(at, along) if joint else where)
        lines.append(line)
        misses.append(misfit(scatter, surface))
    table = pd.concat(lines, ignore_index=True)
    ends = ["y", "y_low", "y_high"]
    table[ends] = _untaken(table[ends].to_numpy(), up)
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
        raise InputError("no run has that outcome", setting="outcome", value=outcome)
    return runs


def _cells(sweep: Sweep, runs: pd.DataFrame, x: str, y: str) -> Cells:
    points = sweep.folder.design
    cut = scattered(sweep, x, y)
    along, up = (_axis(points[name], name, cut) for name in (x, y))
    point = runs["point"].to_numpy(np.int64)
    place = along.place[point], up.place[point]
    return Cells(along, up, place, runs["y"].to_numpy(float), clusters(runs))


def _axis(values: pd.Series, name: str, cut: bool) -> Axis:
    """The levels of a factor; where many are to be cut, ranges, by the median of what they hold."""
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
    """What a table says of its sweep: factors and their units, outcome, until when."""
    units = {name: str(sweep.columns_help.loc[name, "unit"]) for name in (x, y)}
    return {"x": x, "y": y, "outcome": outcome, "units": units,
            "within": horizon_in_words(sweep.points["horizon"])}  # fmt: skip


def _ends(values: pd.Series) -> Floats:
    return np.array([values.min(), values.max()], float)


def is_log(values: pd.Series) -> bool:
    """Whether a factor is spread by its logarithm: over more than 8-fold, and its median is nearer
    the geometric middle of its ends than the arithmetic one."""
    low, high = _ends(values)
    if low <= 0:
        return False
    middle = float(values.median())
    return bool(high / low > 8 and abs(middle - math.sqrt(low * high)) < abs(
        middle - (low + high) / 2))  # fmt: skip


def _between(values: pd.Series, logs: bool, count: int) -> Floats:
    """So many values from end to end, even in the factor or its logarithm."""
    low, high = _taken(_ends(values), logs)
    return np.linspace(low, high, count)


def _taken(values: Floats, logs: bool) -> Floats:
    return np.log(values) if logs else values


def _untaken(values: Floats, logs: bool) -> Floats:
    return np.where(np.isinf(values), values, np.exp(values)) if logs else values


# ── in words ─────────────────────────────────────────────────────────────────────────────────


def describe_line(line: pd.DataFrame) -> list[str]:
    """A sentence for each value of x, for some of them where they are many; then one for a surface
    that does not fit."""
    told = np.unique(np.linspace(0, len(line) - 1, min(len(line), _TOLD)).round().astype(int))
    found = [_row_in_words(row, line.attrs) for row in line.iloc[told].to_dict("records")]
    if line.attrs.get("misfit_p", 1.0) < 0.01:
        found.append(
            "The line is rough: the surface it is read from misses the mean of some points by "
            f"{_gap_in_words(line.attrs)}."
        )  # fmt: skip
    return found


def _row_in_words(row: Mapping[Hashable, Any], attrs: Mapping[Hashable, Any]) -> str:
    x, y, units = attrs["x"], attrs["y"], attrs.get("units", {})
    where = plain(float(f"{row[x]:.3g}") if isinstance(row[x], float) else row[x])
    told = f"With {x} = {_with_unit(where, units.get(x, ''))}, {_level_in_words(attrs)}"
    low, high = (row[f"{y}_{end}"] for end in ("low", "high"))
    if row["side"] == "no runs":
        return f"With {x} = {where} there are no runs."
    if not row["side"].startswith("crosses"):
        above = row["side"].startswith("above")
        span = _with_unit(f"{attrs['from']:.3g} to {attrs['to']:.3g}", units.get(y, ""))
        doubt = _doubt(high if above == row["rising"] else low, above, row["rising"])
        return f"{told} {'at every' if above else 'at no'} {y} from {span}{doubt}."
    ends = f" [{_end(low)}, {_end(high)}]" if not math.isnan(low) else ""
    at = f"{y} = {_with_unit(f'{row[y]:.3g}{ends}', units.get(y, ''))}"
    course = f"from {at} on" if row["rising"] else f"up to {at}"
    more = "; beyond that it changes again" if "more" in row["side"] else ""
    return f"{told} {course}{more}{'' if ends else ' (too few sets of draws for an interval)'}."


def _doubt(end: float, above: bool, rising: bool) -> str:
    """What the interval still allows where the line was not met."""
    if not math.isfinite(end):
        return ""
    only, course = "only " if above else "", f"from {end:.3g} on" if rising else f"up to {end:.3g}"
    return f" (perhaps {only}{course})"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def _gap_in_words(attrs: Mapping[Hashable, Any]) -> str:
    gap = abs(attrs["misfit"])
    return f"{100 * gap:.0f} points" if attrs["outcome"] in SHARES else f"{gap:.3g}"


def _level_in_words(attrs: Mapping[Hashable, Any]) -> str:
    level, within = attrs["level"], attrs["within"]
    share = f"in {100 * level:g} % of runs or more"
    return {
        "holds": f"the truce holds {within} {share}",
        "collapsed": f"the truce collapses within {within} {share}",
    }.get(attrs["outcome"], f"the mean of {attrs['outcome']} is {level:g} or more")


def _end(value: float) -> str:
    return {-math.inf: "below", math.inf: "beyond"}.get(value, f"{value:.3g}")


in_words = describe_line  #: Its name in 0.1.
