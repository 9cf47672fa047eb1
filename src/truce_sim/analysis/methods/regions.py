"""Regions of a factor space, and how one is found: peeling and pasting (Friedman and Fisher 1999).

A region allows some values of each factor. Numbers lose values at either end, words any level;
everything is counted by value, so that a step takes time in proportion to the points.
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

#: For each factor which of its values a region allows.
Region = tuple[Flags, ...]

#: Share of a region's runs that one peel takes or one paste adds, at most; but a value at least.
PATIENCE = 0.05
#: Least share of all runs that a region keeps.
LEAST_MASS = 0.05


@dataclass(frozen=True)
class Space:
    """The points by value. For each factor: (points,) codes, the values that they stand for (of
    numbers in order), and whether they are numbers."""

    names: tuple[str, ...]
    codes: tuple[Ints, ...]
    values: tuple[list[Any], ...]
    number: tuple[bool, ...]

    @classmethod
    def of(cls, points: pd.DataFrame) -> Space:
        """The space of some points, a row each, a column a factor."""
        names = [str(name) for name in points.columns]
        number = [is_number(points[name]) for name in names]
        found = [pd.factorize(points[n], sort=s) for n, s in zip(names, number, strict=True)]
        codes = tuple(np.asarray(code, np.int64) for code, _ in found)
        return cls(tuple(names), codes, tuple(list(v) for _, v in found), tuple(number))

    @property
    def whole(self) -> Region:
        """The region that allows all."""
        return tuple(np.ones(len(values), bool) for values in self.values)

    def inside(self, region: Region) -> Flags:
        """(points,) which points a region holds."""
        within = np.ones(self.codes[0].size, bool)
        for allowed, code in zip(region, self.codes, strict=True):
            within &= allowed[code]
        return within

    def restricted(self, region: Region) -> list[int]:
        """Which factors a region restricts."""
        return [j for j, allowed in enumerate(region) if not allowed.all()]

    def limits(self, region: Region) -> pd.DataFrame:
        """A row a restricted factor: factor; low, high, both allowed, NaN where that end is free;
        levels, the words allowed, None for numbers."""
        rows = [(self.names[j], *self._limits(j, region[j])) for j in self.restricted(region)]
        table = pd.DataFrame([row[:3] for row in rows], columns=["factor", "low", "high"])
        return table.assign(levels=pd.Series([row[3] for row in rows], dtype=object))

    def _limits(self, j: int, allowed: Flags) -> tuple[float, float, list[Any] | None]:
        values, left = self.values[j], np.flatnonzero(allowed)
        if not self.number[j]:
            return math.nan, math.nan, [values[i] for i in left]
        low = float(values[left[0]]) if not allowed[0] else math.nan
        return low, float(values[left[-1]]) if not allowed[-1] else math.nan, None


def limit_in_words(row: Mapping[Any, Any]) -> str:
    """A row of limits (factor, low, high, levels) in words."""
    name, low, high, levels = row["factor"], row["low"], row["high"], row["levels"]
    if levels is not None:
        return f"{name} {' or '.join(map(str, levels))}"
    if math.isnan(low):
        return f"{name} at most {high:.3g}"
    if math.isnan(high):
        return f"{name} at least {low:.3g}"
    return f"{name} {low:.3g}" if low == high else f"{name} from {low:.3g} to {high:.3g}"


def freed(region: Region, factor: int) -> Region:
    """The region without its restriction of a factor."""
    return changed(region, factor, np.ones_like(region[factor]))


def changed(region: Region, factor: int, allowed: Flags) -> Region:
    """The region with other values of a factor allowed."""
    return (*region[:factor], allowed, *region[factor + 1 :])


def peel(space: Space, runs: Floats, hits: Floats, least: float) -> Iterator[tuple[str, Region]]:
    """(factor peeled, region) from the whole space ("") on, as long as the density rises and at
    least so many runs remain. runs, hits: (points,).

    Each time that peel is taken which raises the density most for each run that it takes, so that
    a level of a word, which may be many runs, competes fairly with a thin slice of a number.
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
        region = changed(region, *best)
        yield space.names[best[0]], region


def _peels(
    space: Space, region: Region, runs: Floats, hits: Floats
) -> Iterator[tuple[int, Flags, float, float]]:
    """Every peel: factor, what it leaves of its values, runs and hits that it takes."""
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
    """The first values with no more than so many runs in all, or the first that has any."""
    total = np.cumsum(n)
    return np.asarray(total <= max(most, n[np.flatnonzero(n)[0]]))


def paste(space: Space, region: Region, runs: Floats, hits: Floats) -> Region:
    """The region with ends of numbers and levels of words added back, the densest first, as long
    as that raises its density."""
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
        region = changed(region, best[1], best[2])


def _pastes(
    space: Space, region: Region, runs: Floats, hits: Floats, thin: float
) -> Iterator[tuple[int, Flags, float, float]]:
    """Every paste: factor, what it allows of its values, runs and hits that it adds."""
    for j in space.restricted(region):
        near, code = space.inside(freed(region, j)), space.codes[j]
        n, h = (_sums(code[near], x[near], len(region[j])) for x in (runs, hits))
        for new in _neighbours(region[j], n, thin, space.number[j]):
            if n[new].sum() > 0:
                yield j, region[j] | new, float(n[new].sum()), float(h[new].sum())


def _neighbours(allowed: Flags, n: Floats, thin: float, number: bool) -> Iterator[Flags]:
    """What could be added to the allowed values: a slice beyond either end, or a level."""
    if not number:
        yield from (np.arange(n.size) == i for i in np.flatnonzero(~allowed))
        return
    first, last = np.flatnonzero(allowed)[[0, -1]]
    for beyond in (np.arange(last + 1, n.size), np.arange(first - 1, -1, -1)):
        if n[beyond].any():
            new = np.zeros(n.size, bool)
            new[beyond[_slice(n[beyond], thin)]] = True
            yield new
