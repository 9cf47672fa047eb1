"""Fit a quadratic surface over scattered points (logistic for shares) and find its level line.

Runs that share draws are dependent, and so are runs of one point, so variances are clustered both
ways. `misfit` checks whether the surface fits. These are the numerics of `tipping`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from truce_sim.intervals import named, t_quantile, variance_of_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FITTED = 10  # points in each cell used to check a surface
_RIDGE = 1e-2  # keeps coefficients finite if all runs hold, or none


class Scatter(NamedTuple):
    """Runs at scattered points.

    Attributes:
        x: (n,) coordinates along x; None if only y varies.
        y: (n,) coordinates along y.
        outcome: (n,) outcomes.
        share: whether the outcome is a share.
        clusters: (n,) codes of shared draws.
        points: (n,) codes of points.
    """

    x: Floats | None
    y: Floats
    outcome: Floats
    share: bool
    clusters: Ints
    points: Ints


class Surface(NamedTuple):
    """A fitted surface.

    Attributes:
        coefficients: (terms,) coefficients.
        covariances: their covariances: by shared draws, by points, and by single runs.
        freedom: degrees of freedom.
        scales: (middle, spread) by which x and y are standardised.
    """

    coefficients: Floats
    covariances: tuple[Floats, ...]
    freedom: int
    scales: tuple[tuple[float, float], ...]

    def terms(self, *coordinates: Floats) -> Floats:
        """Return the terms (n, terms): 1, each coordinate and its square, and their product."""
        z = [(c - middle) / spread for c, (middle, spread)
             in zip(coordinates, self.scales, strict=True)]  # fmt: skip
        columns = [np.ones_like(z[0]), *z, *(c * c for c in z)]
        both = [z[0] * z[1]] if len(z) > 1 else []
        return np.stack([*columns, *both]).T  # transposed, so that each term is contiguous

    def at(self, *coordinates: Floats) -> tuple[Floats, Floats]:
        """Return the height at coordinates (a logit for shares) and half of its interval."""
        terms = self.terms(*coordinates)
        both = [np.einsum("ij,jk,ik->i", terms, v, terms) for v in self.covariances]
        variance = np.maximum(both[0] + both[1] - both[2], np.maximum(both[0], both[1]))
        return terms @ self.coefficients, t_quantile(self.freedom) * np.sqrt(variance)


def fit(runs: Scatter) -> Surface:
    """Fit a surface to an outcome by maximum likelihood (least squares for means).

    Runs that share draws are dependent, and so are runs of one point if other factors vary. The
    variance is the sum of those of both clusterings minus that of single runs (Cameron, Gelbach
    and Miller 2011), and never below either.
    """
    coordinates = [c for c in (runs.x, runs.y) if c is not None]
    scales = tuple((float(c.mean()), float(c.std()) or 1.0) for c in coordinates)
    bare = Surface(np.zeros(0), (), 0, scales)
    terms, y = bare.terms(*coordinates), runs.outcome
    beta = np.zeros(terms.shape[1])
    for _ in range(50):
        mean, weight = _mean(terms @ beta, runs.share)
        information = (terms * weight[:, None]).T @ terms + _RIDGE * np.eye(beta.size)
        step = np.linalg.solve(information, terms.T @ (y - mean) - _RIDGE * beta)
        beta = beta + step * min(1.0, 4.0 / np.abs(step).max()) if runs.share else beta + step
        if np.abs(step).max() <= 1e-9 * (1 + np.abs(beta).max()):
            break
    mean, weight = _mean(terms @ beta, runs.share)
    single = np.linalg.solve(information, (terms * (y - mean)[:, None]).T)
    left_out = [_jackknife(terms, y - mean, weight, groups, information)
                for groups in (runs.clusters, runs.points)]  # fmt: skip
    groups = min(int(runs.clusters.max()), int(runs.points.max()))
    return Surface(beta, (*left_out, single @ single.T), groups, scales)


def _mean(height: Floats, share: bool) -> tuple[Floats, Floats]:
    """The mean outcome and the weight of a run at a height."""
    if not share:
        return height, np.ones_like(height)
    mean = special.expit(height)
    return mean, mean * (1 - mean)


def _jackknife(
    terms: Floats, rest: Floats, weight: Floats, groups: Ints, information: Floats
) -> Floats:
    """Covariance of coefficients from leaving out one group at a time, to first order.

    With few groups it holds where the usual sandwich is too narrow (MacKinnon, Nielsen and Webb
    2023).
    """
    n, size = int(groups.max()) + 1, terms.shape[1]
    scores = np.stack([np.bincount(groups, terms[:, j] * rest, n) for j in range(size)], axis=1)
    if n < 2:
        return np.full((size, size), math.nan)
    lost = np.empty((n, size, size))
    for i, j in zip(*np.tril_indices(size), strict=True):
        lost[:, i, j] = np.bincount(groups, weight * terms[:, i] * terms[:, j], n)
        lost[:, j, i] = lost[:, i, j]
    moved = np.linalg.solve(information - lost, scores[..., None])[..., 0]
    return np.asarray((n - 1) / n * moved.T @ moved)


def crossing(at: Floats, curve: Floats, level: float, rising: bool) -> tuple[float, str]:
    """Return where a smooth curve first crosses a level, and how it lies relative to the level.

    Args:
        at: (n,) coordinates.
        curve: (n,) heights.
        level: the level to cross.
        rising: whether the curve rises on the whole.

    Returns:
        The coordinate, minus or plus infinity if it would cross before or after the values given,
        and the side, as in `tipping.boundary`.
    """
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


def line_over_scatter(
    runs: Scatter, surface: Surface, at: Floats, y: Floats, level: float
) -> pd.DataFrame:
    """Return the level line of a surface.

    Args:
        runs: the runs to which it was fitted.
        surface: the surface.
        at: values of x at which to find the line.
        y: values of y along which to look for it.
        level: the level.

    Returns:
        A row for each value of x (a single one if there is no x): y, y_low, y_high, side, rising,
        n.
    """
    height = float(special.logit(level)) if runs.share else level
    rows: list[dict[str, object]] = []
    for x in at if runs.x is not None else [math.nan]:
        curve, half = surface.at(*((y,) if runs.x is None else (np.full_like(y, x), y)))
        rising = bool(curve[-1] >= curve[0])
        found, side = crossing(y, curve, height, rising)
        ends = [crossing(y, curve + sign * half, height, rising)[0] for sign in (-1, 1)]
        low, high = (math.nan, math.nan) if np.isnan(half).any() else (min(ends), max(ends))
        if (
            "more" in side
            and sign_changes(np.sign(curve - height) * (np.abs(curve - height) > half)).size < 2
        ):
            side = "crosses"  # the surface turns back, but that may be chance
        rows.append(named("y", (finite(found), low, high)) | {"side": side, "rising": rising})
    return pd.DataFrame(rows).assign(n=runs.y.size)


def misfit(runs: Scatter, surface: Surface) -> tuple[float, float]:
    """Return the least likely gap between a surface and the mean outcome of a cell of points.

    Returns:
        The gap and its p-value times the number of cells; NaN if there are too few clusters.
    """
    coordinates = [c for c in (runs.x, runs.y) if c is not None]
    mean, weight = _mean(surface.terms(*coordinates) @ surface.coefficients, runs.share)
    count = int(np.clip(math.isqrt((int(runs.points.max()) + 1) // _FITTED), 2, 5))
    cell = np.zeros(mean.size, np.int64)
    for values in coordinates:
        inner = np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])
        cell = cell * count + np.searchsorted(inner, values)
    found = []
    for inside in (cell == c for c in np.unique(cell)):
        # The variance of a share is never below chance alone, even in a cell where none holds.
        least = float(weight[inside].mean()) / inside.sum() if runs.share else 0.0
        rest = (runs.outcome - mean)[inside]
        found.append(_gap(rest, runs.clusters[inside], runs.points[inside], least))
    gaps, chances = np.array(found).T
    if np.isnan(chances).any():
        return math.nan, math.nan
    worst = int(chances.argmin())
    return float(gaps[worst]), min(float(chances[worst]) * gaps.size, 1.0)


def _gap(rest: Floats, shared: Ints, points: Ints, least: float) -> tuple[float, float]:
    """The mean residual in a cell, and its two-sided p-value by clusters of either kind."""
    codes = [value_codes(of) for of in (shared, points)]
    freedom, gap = min(int(of.max()) for of in codes), float(rest.mean())
    if not freedom:
        return gap, math.nan
    spread = math.sqrt(max(least, *(variance_of_mean(rest, of) for of in codes)))
    return gap, 2 * float(special.stdtr(freedom, -abs(gap) / spread)) if spread else 1.0


def sign_changes(signs: Floats) -> Ints:
    """Return the indices at which signs change, ignoring zeros (unknown signs)."""
    known = np.flatnonzero(signs)
    turns: Ints = known[1:][signs[known[1:]] != signs[known[:-1]]]
    return turns


def finite(value: float) -> float:
    """Return a value, or NaN if it is infinite."""
    return value if math.isfinite(value) else math.nan


def value_codes(values: NDArray[Any]) -> Ints:
    """Return values as codes from 0."""
    return np.unique(values, return_inverse=True)[1]
