"""Regions of a factor space, found by peeling and pasting (Friedman and Fisher 1999).

A region allows some values of each factor. Numbers lose values at either end, words any level.
Everything is counted by value, so the time of a step is proportional to the number of points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.sweeps.summaries.levels import is_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Flags of the values that a region allows, for each factor.
Region = tuple[Flags, ...]

#: Largest share of a region's runs that a peel removes or a paste adds (but at least one value).
PATIENCE = 0.05
#: Smallest share of all runs that a region keeps.
LEAST_MASS = 0.05


@dataclass(frozen=True)
class Space:
    """The points by value.

    Attributes:
        names: names of the factors.
        codes: for each factor, (points,) codes of its values.
        values: for each factor, its values; numbers are sorted.
        number: for each factor, whether it is numeric.
    """

    names: tuple[str, ...]
    codes: tuple[Ints, ...]
    values: tuple[list[Any], ...]
    number: tuple[bool, ...]

    @classmethod
    def of(cls, points: pd.DataFrame) -> Space:
        """Create the space of some points, with a row for each point and a column per factor."""
        names = [str(name) for name in points.columns]
        number = [is_number(points[name]) for name in names]
        found = [pd.factorize(points[n], sort=s) for n, s in zip(names, number, strict=True)]
        codes = tuple(np.asarray(code, np.int64) for code, _ in found)
        return cls(tuple(names), codes, tuple(list(v) for _, v in found), tuple(number))

    @property
    def whole(self) -> Region:
        """The region that allows everything."""
        return tuple(np.ones(len(values), bool) for values in self.values)

    def inside(self, region: Region) -> Flags:
        """Return which points lie in a region, (points,)."""
        within = np.ones(self.codes[0].size, bool)
        for allowed, code in zip(region, self.codes, strict=True):
            within &= allowed[code]
        return within

    def restrictions(self, region: Region) -> list[int]:
        """Return the indices of the factors that a region restricts."""
        return [j for j, allowed in enumerate(region) if not allowed.all()]

    def limits(self, region: Region) -> pd.DataFrame:
        """Return the limits of a region.

        Returns:
            A row for each restricted factor: factor; low and high, both allowed, NaN if that end is
            free; levels, the words allowed, or None for numbers.
        """
        rows = [(self.names[j], *self._limits(j, region[j])) for j in self.restrictions(region)]
        table = pd.DataFrame([row[:3] for row in rows], columns=["factor", "low", "high"])
        return table.assign(levels=pd.Series([row[3] for row in rows], dtype=object))

    def _limits(self, j: int, allowed: Flags) -> tuple[float, float, list[Any] | None]:
        values, left = self.values[j], np.flatnonzero(allowed)
        if not self.number[j]:
            return math.nan, math.nan, [values[i] for i in left]
        low = float(values[left[0]]) if not allowed[0] else math.nan
        return low, float(values[left[-1]]) if not allowed[-1] else math.nan, None


def limit_in_words(row: Mapping[Any, Any]) -> str:
    """Describe a row of limits (factor, low, high, levels) in words."""
    name, low, high, levels = row["factor"], row["low"], row["high"], row["levels"]
    if levels is not None:
        return f"{name} {' or '.join(map(str, levels))}"
    if math.isnan(low):
        return f"{name} at most {high:.3g}"
    if math.isnan(high):
        return f"{name} at least {low:.3g}"
    return f"{name} {low:.3g}" if low == high else f"{name} from {low:.3g} to {high:.3g}"


def release(region: Region, factor: int) -> Region:
    """Return the region without its restriction on a factor."""
    return allow(region, factor, np.ones_like(region[factor]))


def allow(region: Region, factor: int, allowed: Flags) -> Region:
    """Return the region with other values of a factor allowed."""
    return (*region[:factor], allowed, *region[factor + 1 :])


def peel(space: Space, runs: Floats, hits: Floats, least: float) -> Iterator[tuple[str, Region]]:
    """Yield the name of the factor peeled and the region, starting with ("", whole space).

    Peeling continues as long as the density rises and at least `least` runs remain. Each step takes
    the peel that raises the density most per run removed, so that a level of a word, which may be
    many runs, competes fairly with a thin slice of a number.

    Args:
        space: the points.
        runs: (points,) number of runs.
        hits: (points,) number of runs with the outcome.
        least: smallest number of runs to keep.
    """
    region = space.whole
    yield "", region
    while True:
        inside = space.inside(region)
        n, h = runs[inside].sum(), hits[inside].sum()
        best, most = None, 0.0
        for j, allowed, taken, lost in _peels(space, region, runs, hits):
            left = n - taken
            gain = ((h - lost) / left - h / n) / taken if left >= max(least, 1) else 0.0
            if gain > most:
                best, most = (j, allowed), gain
        if best is None:
            return
        region = allow(region, *best)
        yield space.names[best[0]], region


def _peels(
    space: Space, region: Region, runs: Floats, hits: Floats
) -> Iterator[tuple[int, Flags, float, float]]:
    """Yield every peel: factor, values that it leaves, runs and hits that it removes."""
    inside = space.inside(region)
    for j, code in enumerate(space.codes):
        k = len(region[j])
        n, h = (_sums(code[inside], x[inside], k) for x in (runs, hits))
        there = np.flatnonzero(n)
        if space.number[j]:
            thin = PATIENCE * n.sum()
            ends = [_slice(n, thin), _slice(n[::-1], thin)[::-1]]
        else:
            ends = [np.arange(k) == level for level in there]
        for gone in ends if there.size > 1 else ():
            yield j, region[j] & ~gone, float(n[gone].sum()), float(h[gone].sum())


def _sums(codes: NDArray[np.int64], weights: Floats, size: int) -> Floats:
    return np.bincount(codes, weights, size).astype(float)


def _slice(n: Floats, most: float) -> Flags:
    """The first values with at most this many runs in total, or the first value with any."""
    total = np.cumsum(n)
    return np.asarray(total <= max(most, n[np.flatnonzero(n)[0]]))


def paste(space: Space, region: Region, runs: Floats, hits: Floats) -> Region:
    """Add ends of numbers and levels of words back, densest first, while the density rises."""
    while True:
        inside = space.inside(region)
        n, h = runs[inside].sum(), hits[inside].sum()
        added = [
            ((h + more_h) / (n + more), j, allowed)
            for j, allowed, more, more_h in _pastes(space, region, runs, hits, PATIENCE * n)
        ]
        best = max(added, key=lambda found: found[0], default=None)
        if best is None or best[0] <= h / n:
            return region
        region = allow(region, best[1], best[2])


def _pastes(
    space: Space, region: Region, runs: Floats, hits: Floats, thin: float
) -> Iterator[tuple[int, Flags, float, float]]:
    """Yield every paste: factor, values that it then allows, runs and hits that it adds."""
    for j in space.restrictions(region):
        near, code = space.inside(release(region, j)), space.codes[j]
        n, h = (_sums(code[near], x[near], len(region[j])) for x in (runs, hits))
        for new in _neighbours(region[j], n, thin, space.number[j]):
            if n[new].sum() > 0:
                yield j, region[j] | new, float(n[new].sum()), float(h[new].sum())


def _neighbours(allowed: Flags, n: Floats, thin: float, number: bool) -> Iterator[Flags]:
    """Yield what could be added to the allowed values: a slice beyond either end, or a level."""
    if not number:
        yield from (np.arange(n.size) == i for i in np.flatnonzero(~allowed))
        return
    first, last = np.flatnonzero(allowed)[[0, -1]]
    for beyond in (np.arange(last + 1, n.size), np.arange(first - 1, -1, -1)):
        if n[beyond].any():
            new = np.zeros(n.size, bool)
            new[beyond[_slice(n[beyond], thin)]] = True
            yield new
