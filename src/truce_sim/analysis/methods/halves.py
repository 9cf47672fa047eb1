"""Split the runs of a sweep into two halves, one to search and one to measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truce_sim.analysis.methods.indices import resamples, resampling_blocks
from truce_sim.analysis.methods.regions import Flags, Floats, Ints
from truce_sim.intervals import NO_ESTIMATE, Estimate, allowance, effective_size, wilson


@dataclass(frozen=True)
class Half:
    """Half of the runs, counted by independent unit and point.

    Attributes:
        unit: (cells,) codes of units, from 0.
        point: (cells,) codes of points, from 0.
        runs: (cells,) number of runs.
        hits: (cells,) number of runs with the outcome.
        sampled: whether points are a sample, in which case the size of a box is uncertain too.
    """

    unit: Ints
    point: Ints
    runs: Floats
    hits: Floats
    sampled: bool

    def by_point(self, points: int) -> tuple[Floats, Floats]:
        """Return the runs and the hits of each point, (points,) each."""
        return (
            np.bincount(self.point, self.runs, points).astype(float),
            np.bincount(self.point, self.hits, points).astype(float),
        )

    def ratio(self, top: Floats, bottom: Floats) -> Estimate:
        """Return the ratio of two sums over cells, as a share with Wilson's interval.

        The interval uses the effective number of runs, reduced for few units (Korn and Graubard
        1998). NaN if the denominator is 0.

        Args:
            top: (cells,) numerator.
            bottom: (cells,) denominator.
        """
        size = float(bottom.sum())
        if size == 0.0:
            return NO_ESTIMATE
        share = float(top.sum()) / size
        there = np.bincount(self.unit, bottom) > 0
        residual = np.bincount(self.unit, top - share * bottom)[there]
        units = residual.size
        if units < 2:
            return wilson(share, 0)
        variance = units / (units - 1) * float(residual @ residual) / size**2
        return wilson(share, effective_size(share, variance, units) / allowance(units) ** 2)


def split(unit: Ints, point: Ints, y: Floats, sampled: bool) -> tuple[Half, Half]:
    """Split runs into two random halves of their units.

    Args:
        unit: (runs,) codes of independent units, from 0.
        point: (runs,) codes of points, from 0.
        y: (runs,) 1 for runs with the outcome, else 0.
        sampled: whether points are a sample.
    """
    cell, where = np.unique(unit * (int(point.max()) + 1) + point, return_inverse=True)
    units, points = np.divmod(cell, int(point.max()) + 1)
    runs, hits = np.bincount(where).astype(float), np.bincount(where, y)
    drawn = np.random.default_rng(2).permutation(int(unit.max()) + 1) % 2

    def half(side: int) -> Half:
        ours = drawn[units] == side
        codes = np.unique(units[ours], return_inverse=True)[1]
        return Half(codes, points[ours], runs[ours], hits[ours], sampled)

    return half(0), half(1)


def quasi_p(half: Half, inside: Flags, strip: Flags) -> float:
    """Return the share of resamples of the units in which the strip is as dense as the inside.

    Args:
        half: the half of the runs.
        inside: (points,) flags of the points inside.
        strip: (points,) flags of the points in the strip.

    Returns:
        The quasi-p-value; NaN if the inside or the strip has no runs.
    """
    block = resampling_blocks(half.unit)
    n = int(block.max()) + 1
    sums = [
        np.bincount(block[some], x[some], n)
        for some in (inside[half.point], strip[half.point])
        for x in (half.runs, half.hits)
    ]
    if not (sums[0].any() and sums[2].any()):
        return math.nan
    runs, hits, strip_runs, strip_hits = (resamples(n) @ np.stack(sums, axis=1)).T
    return float((1 + (hits * strip_runs <= strip_hits * runs).sum()) / (1 + runs.size))
