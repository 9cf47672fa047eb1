"""Sensitivity indices of plain arrays, with bootstrap intervals: the numerics of `sensitivity`.

Intervals resample independent units: base rows, samples or replicates. Every index is computed
from sums over units, so a resample is a weighted sum. Resamples are centred on the estimate, which
removes the bias that resampling adds to sums of squares, and widened to match a t interval
(Hesterberg 2015). They come from a fixed seed, so the same data always get the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truce_sim.intervals import CONFIDENCE, allowance, central

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Number of resamples of an interval.
DRAWS = 1000
#: More units than this are resampled as this many random blocks.
_MAX_BLOCKS = 4096
_ROUNDING = 1e-12


class Bootstrapped(NamedTuple):
    """Estimates (k,) with their intervals, and their resamples (DRAWS, k); NaN if unknown."""

    value: Floats
    low: Floats
    high: Floats
    draws: Floats

    def part(self, start: int, stop: int) -> Bootstrapped:
        """Select some of the estimates."""
        return Bootstrapped(*(x[..., start:stop] for x in self))


# ── resampling ───────────────────────────────────────────────────────────────────────────────


def resampling_blocks(units: Ints) -> Ints:
    """Return the block with which each row is resampled, as codes from 0.

    The block is the unit itself or, if there are more than 4096, one of 4096 random groups of units
    of about the same size.

    Args:
        units: (rows,) codes from 0.
    """
    n = int(units.max()) + 1
    if n <= _MAX_BLOCKS:
        return units
    return np.asarray(np.random.default_rng(0).permutation(n)[units] % _MAX_BLOCKS)


@lru_cache(maxsize=2)  # a search asks for those of its two halves again and again
def resamples(blocks: int) -> Floats:
    """Return how often each block is in each bootstrap resample, (DRAWS, blocks), to be read."""
    drawn = np.random.default_rng(1).integers(blocks, size=(DRAWS, blocks))
    drawn += blocks * np.arange(DRAWS)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=DRAWS * blocks)
    found: Floats = counts.reshape(DRAWS, blocks).astype(float)
    found.setflags(write=False)
    return found


def spread(estimate: Floats, draws: Floats, blocks: int) -> Bootstrapped:
    """Add intervals to estimates from their resamples.

    Resamples are centred on the estimate and widened to match a t interval.

    Args:
        estimate: (k,) estimates.
        draws: (DRAWS, k) resamples.
        blocks: number of blocks that were resampled; with fewer than two, intervals are NaN.
    """
    if blocks < 2:
        missing = np.full_like(estimate, np.nan)
        return Bootstrapped(estimate, missing, missing, np.full_like(draws, np.nan))
    wider = allowance(blocks) * np.sqrt(blocks / (blocks - 1))
    draws = estimate + wider * (draws - draws.mean(axis=0))
    low, high = np.quantile(draws, central(), axis=0)
    return Bootstrapped(estimate, low, high, draws)


# ── designs of rows ──────────────────────────────────────────────────────────────────────────


def sobol(y: Floats) -> Bootstrapped:
    """Return Sobol indices.

    Args:
        y: (n, k + 2) outcomes of base rows: A, B, AB_1, …, AB_k.

    Returns:
        First-order indices (k,), total-order indices (k,) and the share of chance, concatenated.
    """
    y = y - y[:, :2].mean()
    blocks = resampling_blocks(np.arange(len(y)))
    n = int(blocks.max()) + 1
    a, b, ab = y[:, :1], y[:, 1:2], y[:, 2:]
    products = np.hstack([np.ones_like(a), a, b, a * a, b * b, a * b, ab, ab * ab, a * ab, b * ab])
    sums = np.stack([np.bincount(blocks, column, n) for column in products.T], axis=1)
    estimate = sobol_of_sums(sums.sum(axis=0))
    return spread(estimate, sobol_of_sums(resamples(n) @ sums), n)


def sobol_of_sums(sums: Floats) -> Floats:
    """Return first-order indices, total-order indices and chance, (..., 2k + 1), from sums.

    Args:
        sums: (..., 6 + 4k) sums over rows of 1, A, B, A², B², AB and, with a column for each
            factor, of f, f², A f and B f at the points AB_i.
    """
    mean = sums[..., 1:] / sums[..., :1]
    a, b, aa, bb, ab = (mean[..., i, None] for i in range(5))
    f, ff, af, bf = np.split(mean[..., 5:], 4, axis=-1)
    centre = (a + b) / 2
    variance = (aa + bb) / 2 - centre**2
    first = bf - ab - centre * (f - a)
    total = (aa - 2 * af + ff) / 2
    return np.asarray(np.concatenate([first, total, ab - centre**2], axis=-1) / variance)


def elementary_effects(unit: Floats, y: Floats) -> Floats:
    """Return the change in y over the full range of each factor, (walks, k).

    Args:
        unit: (walks, k + 1, k) positions of the points in the unit cube.
        y: (walks, k + 1) outcomes.
    """
    step = np.diff(unit, axis=1)
    moved = np.abs(step).argmax(axis=2)
    size = np.take_along_axis(step, moved[..., None], axis=2)[..., 0]
    effects = np.empty_like(size)
    np.put_along_axis(effects, moved, np.diff(y, axis=1) / size, axis=1)
    return effects


def mean_sizes(effects: Floats) -> Bootstrapped:
    """Return the mean sizes of effects (walks, k), resampling walks."""
    size = np.abs(effects)
    blocks = resampling_blocks(np.arange(len(size)))
    n = int(blocks.max()) + 1
    sums = np.stack([np.bincount(blocks, column, n) for column in size.T], axis=1)
    weights = resamples(n)
    means = (weights @ sums) / (weights @ np.bincount(blocks, minlength=n))[:, None]
    return spread(size.mean(axis=0), means, n)


# ── any design ───────────────────────────────────────────────────────────────────────────────


def sampled_shares(y: Floats, codes: Sequence[Ints], units: Ints) -> Bootstrapped:
    """Return epsilon squared of values by each factor.

    Args:
        y: (n,) values.
        codes: (n,) codes of the levels of each factor.
        units: (n,) codes of the units, which are resampled.
    """
    y = y - y.mean()
    blocks = resampling_blocks(units)
    n = int(blocks.max()) + 1
    weights = np.vstack([np.ones((1, n)), resamples(n)])
    number, total, squares = (
        weights @ np.bincount(blocks, x, n).astype(float) for x in (np.ones_like(y), y, y * y)
    )
    about = squares - total**2 / number
    found = []
    for code in codes:
        k = int(code.max()) + 1
        at = blocks * k + code
        count, sums = (
            weights @ np.bincount(at, x, n * k).reshape(n, k) for x in (np.ones_like(y), y)
        )
        between = (sums**2 / np.maximum(count, 1.0)).sum(axis=1) - total**2 / number
        found.append(_epsilon(between, about, (count > 0).sum(axis=1), number))
    shares = np.stack(found, axis=1)
    return spread(shares[0], shares[1:], n)


def _epsilon(between: Floats, total: Floats, levels: Ints | int, points: Floats | int) -> Floats:
    """Epsilon squared from sums of squares; NaN if each point has its own level."""
    free = np.asarray(points - levels, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        per = np.where(free > 0, (levels - 1) / free, np.nan)
        return np.asarray((between - per * (total - between)) / np.where(total > 0, total, np.nan))


def replicated_shares(y: Floats, codes: Sequence[Ints], full: bool) -> Bootstrapped:
    """Return each factor's share of the variance of expected outcomes between points, and the rest.

    Rows of y are independent and identically distributed, whether or not draws are shared; nothing
    else is assumed.

    Args:
        y: (replicates, points) outcomes; row r is replicate r of every point.
        codes: (points,) codes of the levels of each factor.
        full: whether the points are all combinations of the levels.

    Returns:
        (k + 1,) shares of the factors and of the rest.
    """
    y = y - y.mean()
    blocks = resampling_blocks(np.arange(len(y)))
    n = int(blocks.max()) + 1
    own = _sums_of_squares(y, codes)
    values = np.zeros((n, y.shape[1]))
    noise = np.zeros((n, own.shape[1]))
    np.add.at(values, blocks, y)
    np.add.at(noise, blocks, own)
    weights = np.vstack([np.ones((1, n)), resamples(n)])
    rows = (weights @ np.bincount(blocks, minlength=n))[:, None]
    squares = _sums_of_squares((weights @ values) / rows, codes)
    if len(y) > 1:
        squares = (rows * squares - (weights @ noise) / rows) / (rows - 1)
    between, total = squares[:, :-1], squares[:, -1:]
    total = np.where(total > _ROUNDING * own.mean(axis=0)[-1], total, np.nan)
    levels = np.array([code.max() + 1 for code in codes])
    shares = between / total if full else _epsilon(between, total, levels, y.shape[1])
    shares = np.hstack([shares, 1.0 - shares.sum(axis=1, keepdims=True)])
    return spread(shares[0], shares[1:], n)


def _sums_of_squares(y: Floats, codes: Sequence[Ints]) -> Floats:
    """(m, k + 1) sums of squares of y (m, points): between the levels of each factor, and total."""
    y = y - y.mean(axis=1, keepdims=True)
    found = []
    for code in codes:
        member = np.eye(int(code.max()) + 1)[code]
        found.append(((y @ member) ** 2 / member.sum(axis=0)).sum(axis=1))
    return np.stack([*found, (y * y).sum(axis=1)], axis=1)


# ── ranks ────────────────────────────────────────────────────────────────────────────────────


def is_above(value: Floats, draws: Floats) -> NDArray[np.bool_]:
    """Return whether factor i is above factor j, (k, k), comparing all pairs simultaneously."""
    gap = value[:, None] - value[None, :]
    error = (draws[:, :, None] - draws[:, None, :]) - gap
    scale = np.sqrt((error**2).mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.nan_to_num(np.abs(error) / scale).max(axis=(1, 2))
    return np.asarray(gap > np.quantile(largest, CONFIDENCE) * scale + _ROUNDING)
