"""Where it tips: an outcome over two factors, and the line where a truce holds as often as not.

Both are plain: shares of cells, straight lines between neighbouring cells, and a bootstrap over
sets of runs that share draws (Efron and Tibshirani 1993). A sampled design is cut into cells of
about as many points each; its intervals are given those points.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.sweeps.sampling import ROWS, SAMPLES

from .inference import CONFIDENCE, clusters, mean_interval, named, share_interval
from .sweep import Sweep
from .words import plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Pairs of factors that the model's questions turn on.
THRESHOLD_MEMORY = ("home.grievance_memory_days", "home.threshold")
WILL_CAPACITY = ("host.will", "host.capacity")

#: Ranges that a sampled factor is cut into at most, and points that a cell then has.
MOST_RANGES, LEAST_POINTS = 12, 40
_RESAMPLES = 1000
_BLOCKS = 2000  # clusters are resampled in at most so many blocks


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

    Raises InputError for a factor that is not swept, or the same one twice.
    """
    cells = _cells(sweep, x, y, outcome)
    share = outcome in ("holds", "collapsed")
    width, rows = len(cells.y.at), []
    code = cells.place[0] * width + cells.place[1]
    for cell in np.unique(code).tolist():
        inside = np.flatnonzero(code == cell)
        values = cells.outcome[inside]
        shared = np.unique(cells.clusters[inside], return_inverse=True)[1]
        found = share_interval(values > 0.5, shared) if share else mean_interval(values, shared)
        at = {x: cells.x.at[cell // width], y: cells.y.at[cell % width]}
        rows.append(at | named("value", found) | {"n": values.size})
    table = pd.DataFrame(rows, columns=[x, y, "value", "value_low", "value_high", "n"])
    table.attrs = {"x": x, "y": y, "outcome": outcome, "horizon": sweep.horizon}
    return table


def boundary(
    sweep: Sweep, x: str, y: str, level: float = 0.5, outcome: str = "holds"
) -> pd.DataFrame:
    """The value of y at which an outcome passes a level, for each value of x.

    Columns: x, y with its interval, side ("crosses", "above everywhere", "below everywhere",
    "crosses more than once": y is then the first), n. The curve over y goes through its cells in
    straight lines; the interval holds the middle 95 % of what resamples of clusters give; an end
    that lies beyond the values swept is infinite. With fewer than two clusters there is none.

    Raises InputError for a factor that is not swept, or where y is made of words or of one level.
    """
    if not sweep.is_number(sweep.check_factor(y)):
        raise InputError("is made of words: a line needs numbers", setting="y", value=y,
                         allowed="a factor of numbers; the other way round, perhaps")  # fmt: skip
    cells = _cells(sweep, x, y, outcome)
    if len(cells.y.at) < 2:
        raise InputError("has one level: nothing is crossed", setting="y", value=y,
                         allowed="a factor of two levels or more")  # fmt: skip
    table = boundary_of(cells, level)
    table.attrs |= {"outcome": outcome, "horizon": sweep.horizon}
    return table


def boundary_of(cells: Cells, level: float) -> pd.DataFrame:
    """The line through cells at which their outcome passes a level, as in boundary."""
    share, draws = _curves(cells)
    x, y, at = cells.x.name, cells.y.name, np.asarray(cells.y.at, float)
    rising = bool(np.nanmean(share[:, -1]) >= np.nanmean(share[:, 0]))
    n = np.bincount(cells.place[0], minlength=len(cells.x.at))
    rows = []
    for i, coordinate in enumerate(cells.x.at):
        found, side = crossing(at, share[i], level, rising)
        spread = np.sort([crossing(at, curve, level, rising)[0] for curve in draws[:, i]])
        line = named(y, (_finite(found), *_middle(spread)))
        rows.append({x: coordinate} | line | {"side": side, "n": int(n[i])})
    table = pd.DataFrame(rows)
    table.attrs = {"x": x, "y": y, "level": level, "rising": rising,
                   "from": float(at[0]), "to": float(at[-1])}  # fmt: skip
    return table


def crossing(at: Floats, curve: Floats, level: float, rising: bool) -> tuple[float, str]:
    """Where a curve through (at, curve) first passes a level, and how it lies; minus or plus
    infinity where it would pass before or after the values there are."""
    there = np.isfinite(curve)
    at, curve = at[there], curve[there]
    if not at.size:
        return math.nan, "no runs"
    above = curve >= level
    change = np.flatnonzero(above[1:] != above[:-1])
    if not change.size:
        before = above[0] == rising
        return -math.inf if before else math.inf, f"{'above' if above[0] else 'below'} everywhere"
    i = int(change[0])
    share = (level - curve[i]) / (curve[i + 1] - curve[i])
    side = "crosses" if change.size == 1 else "crosses more than once"
    return float(at[i] + share * (at[i + 1] - at[i])), side


def _middle(spread: Floats) -> tuple[float, float]:
    """The middle 95 % of sorted values, some of them infinite."""
    if not spread.size or np.isnan(spread).any():
        return math.nan, math.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = math.floor(tail * (spread.size - 1)), math.ceil((1 - tail) * (spread.size - 1))
    return float(spread[low]), float(spread[high])


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def _curves(cells: Cells) -> tuple[Floats, Floats]:
    """Mean outcome by cell (x, y), and of every resample of clusters (resamples, x, y)."""
    shape = len(cells.x.at), len(cells.y.at)
    cell = np.ravel_multi_index(cells.place, shape)
    size = shape[0] * shape[1]
    blocks = min(int(cells.clusters.max()) + 1, _BLOCKS)
    code = (cells.clusters % blocks) * size + cell
    runs = np.bincount(code, minlength=blocks * size).reshape(blocks, size)
    sums = np.bincount(code, cells.outcome, blocks * size).reshape(blocks, size)
    resamples = _RESAMPLES if blocks > 1 else 0
    weights = np.random.default_rng(1).multinomial(blocks, np.full(blocks, 1 / blocks), resamples)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = (sums.sum(axis=0) / runs.sum(axis=0)).reshape(shape)
        drawn = (weights @ sums) / (weights @ runs)
    return whole, drawn.reshape(resamples, *shape)


def _cells(sweep: Sweep, x: str, y: str, outcome: str) -> Cells:
    if sweep.check_factor(x) == sweep.check_factor(y):
        raise InputError("the two factors are the same", setting="y", value=y,
                         allowed=", ".join(n for n in sweep.factors if n != x))  # fmt: skip
    runs = sweep.outcome(outcome).dropna(subset="y")
    if runs.empty:
        raise InputError("no run has that outcome", setting="outcome", value=outcome)
    points = sweep.folder.design
    sampled = sweep.design in (*SAMPLES, *ROWS)
    along, up = (_axis(points[name], name, sampled) for name in (x, y))
    point = runs["point"].to_numpy(np.int64)
    place = along.place[point], up.place[point]
    return Cells(along, up, place, runs["y"].to_numpy(float), clusters(runs))


def _axis(values: pd.Series, name: str, sampled: bool) -> Axis:
    """The levels of a factor; of samples ranges, by the median of what is in them."""
    if not pd.api.types.is_numeric_dtype(values) or values.dtype == np.bool_:
        words = list(dict.fromkeys(values.astype(str)))
        return Axis(name, pd.Index(words).get_indexer(pd.Index(values.astype(str))), words)
    levels = np.sort(values.unique()).astype(float)
    if levels.size <= MOST_RANGES or not sampled:
        return Axis(name, np.searchsorted(levels, values.to_numpy(float)), levels.tolist())
    count = int(np.clip(math.isqrt(len(values) // LEAST_POINTS), 3, MOST_RANGES))
    codes = pd.qcut(values, count, labels=False, duplicates="drop").to_numpy(np.int64)
    middle = [float(f"{value:.3g}") for value in values.groupby(codes).median()]
    return Axis(name, codes, middle)


def in_words(line: pd.DataFrame) -> list[str]:
    """A sentence for each value of x."""
    x, y, rising = line.attrs["x"], line.attrs["y"], line.attrs["rising"]
    what, told = _level_in_words(line.attrs), []
    for row in line.to_dict("records"):
        where = f"With {x} = {plain(row[x])}"
        if row["side"].startswith("crosses"):
            ends = ", ".join(_end(row[f"{y}_{end}"]) for end in ("low", "high"))
            at = f"{y} = {row[y]:.3g} [{ends}]"
            more = "; beyond that it changes again" if "more" in row["side"] else ""
            told.append(f"{where}, {what} {f'from {at} on' if rising else f'up to {at}'}{more}.")
        else:
            never = "at every" if row["side"].startswith("above") else "at no"
            span = f"{line.attrs['from']:g} to {line.attrs['to']:g}"
            told.append(f"{where}, {what} {never} {y} from {span}.")
    return told


def _level_in_words(attrs: Mapping[Hashable, Any]) -> str:
    level, horizon = attrs["level"], attrs["horizon"]
    share = f"in {100 * level:g} % of runs or more"
    return {
        "holds": f"the truce holds {horizon} days {share}",
        "collapsed": f"the truce collapses within {horizon} days {share}",
    }.get(attrs["outcome"], f"the mean of {attrs['outcome']} is {level:g} or more")


def _end(value: float) -> str:
    words = {-math.inf: "below", math.inf: "beyond"}
    return "–" if math.isnan(value) else words.get(value, f"{value:.3g}")
