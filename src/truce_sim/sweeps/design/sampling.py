"""Place the points of a design: combinations of levels, or samples of intervals.

Sobol and Halton sequences and Latin hypercubes come from scipy.stats.qmc. Morris (1991) uses the
usual four levels per factor; Saltelli et al. (2010) serves Sobol indices. All but the Latin
hypercube draw point after point, so a longer design of the same seed begins with the shorter one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.sweeps.design.factors import MAX_POINTS, Factor, Interval, as_column

#: Levels of a factor in a Morris design; a step spans two of them.
MORRIS_LEVELS = 4


def arrange(kind: str, factors: Sequence[Factor], points: int, seed: int) -> pd.DataFrame:
    """Return the points of a design, one row per point and one column per factor.

    Args:
        kind: grid, zip, lhs, sobol, halton, morris or saltelli.
        factors: the factors, in order.
        points: number of samples (lhs, sobol, halton), trajectories (morris) or base rows
            (saltelli).
        seed: seed of the samples.

    Raises:
        InputError: if the kind cannot use the factors, or there would be too many points.
    """
    size = _size(kind, factors, points)
    if size > MAX_POINTS:
        raise InputError(
            "the design has too many points", setting="sweep", value=size,
            allowed=f"at most {MAX_POINTS:,}",
        )  # fmt: skip
    if kind in ("grid", "zip"):
        return _grid(factors, size) if kind == "grid" else _zip(factors)
    if kind in ROWS:
        return _table(factors, ROWS[kind](len(factors), points, seed))
    return _cross(factors, SAMPLES[kind](sum(map(_is_interval, factors)), points, seed))


def crossed(draws: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Return every row of a grid for each draw, one draw after another; the grid's columns first.

    More draws only add points at the end.
    """
    size = max(len(grid), 1)
    index = pd.RangeIndex(len(draws) * size)
    left = grid.loc[np.tile(np.arange(size), len(draws))] if len(grid.columns) else grid.head(0)
    right = draws.loc[np.repeat(np.arange(len(draws)), size)]
    parts = [left.set_axis(index)] if len(grid.columns) else []
    return pd.concat([*parts, right.set_axis(index)], axis=1)


def row_numbers(kind: str, factors: int, points: int) -> NDArray[np.int64] | None:
    """Return the trajectory (morris) or base row (saltelli) of every point; else None.

    Args:
        kind: kind of design.
        factors: number of factors.
        points: number of trajectories or base rows.
    """
    if kind not in ROWS:
        return None
    return np.repeat(np.arange(points), factors + (1 if kind == "morris" else 2))


def _size(kind: str, factors: Sequence[Factor], points: int) -> int:
    """Return the number of points; raise InputError if the factors do not suit the kind."""
    sampled = [factor for factor in factors if _is_interval(factor)]
    if kind in ("grid", "zip"):
        for factor in sampled:
            raise InputError(
                f"a {kind} needs a list of values", setting=factor.name, value=str(factor.domain),
                allowed="a list (1,2,3), range(start,stop,step) or choice(...); "
                "hydra.sweeper.design=sobol samples intervals",
            )  # fmt: skip
    if kind == "zip":
        return len(factors[0].levels) if factors else _refuse(kind, "lists of the same length")
    combinations = math.prod(len(factor.levels) for factor in factors if not _is_interval(factor))
    if kind == "grid":
        return combinations
    if kind in ROWS:
        if not factors:
            _refuse(kind, "factors: interval(low,high), or lists")
        return points * (len(factors) + (1 if kind == "morris" else 2))
    return points * combinations if sampled else _refuse(kind, "an interval(low,high)")


def _refuse(kind: str, what: str) -> NoReturn:
    raise InputError(
        f"a {kind} design needs {what}", setting="hydra.sweeper.design", value=kind,
        allowed=f"{what}, such as 'home.threshold=interval(2,8)'" if "interval" in what else what,
    )  # fmt: skip


def _is_interval(factor: Factor) -> bool:
    return isinstance(factor.domain, Interval)


# ── lists ────────────────────────────────────────────────────────────────────────────────────


def _grid(factors: Sequence[Factor], size: int) -> pd.DataFrame:
    """Return every combination of the levels; the last factor changes fastest."""
    columns, after = {}, size
    for factor in factors:
        after //= len(factor.levels)
        index = np.arange(size) // after % len(factor.levels)
        columns[factor.name] = as_column(factor.name, factor.levels)[index]
    return pd.DataFrame(columns, index=pd.RangeIndex(size))


def _zip(factors: Sequence[Factor]) -> pd.DataFrame:
    """Return the first levels of all factors, then the second levels, and so on."""
    lengths = {factor.name: len(factor.levels) for factor in factors}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InputError(
            f"zip needs lists of the same length: {listed}",
            setting="hydra.sweeper.design", value="zip",
            allowed="the same number of values of each setting, or hydra.sweeper.design=grid",
        )  # fmt: skip
    return pd.DataFrame({factor.name: as_column(factor.name, factor.levels) for factor in factors})


# ── samples in the unit cube ─────────────────────────────────────────────────────────────────


def _sobol(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    """Return the first n points of a scrambled Sobol sequence, drawn in whole powers of 2."""
    engine = _qmc("Sobol", dimensions, seed)
    return np.asarray(engine.random_base2(max(n - 1, 0).bit_length())[:n])


def _halton(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    return np.asarray(_qmc("Halton", dimensions, seed).random(n))


def _lhs(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    return np.asarray(_qmc("LatinHypercube", dimensions, seed).random(n))


def _qmc(name: str, dimensions: int, seed: int) -> Any:
    from scipy.stats import qmc

    return getattr(qmc, name)(dimensions, rng=np.random.default_rng(seed))


def _morris(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    """Return n trajectories of dimensions + 1 points each.

    Each starts at random and then moves every factor once, in random order, a step up or down.
    """
    draws = np.random.default_rng(seed).random((n, 3, dimensions))
    step = MORRIS_LEVELS // 2
    low = (draws[:, 0] * (MORRIS_LEVELS - step)).astype(int)
    rises = draws[:, 1] < 0.5
    order = draws[:, 2].argsort(axis=1).argsort(axis=1)
    moved = np.arange(dimensions + 1)[:, None] > order[:, None, :]
    level = low[:, None, :] + step * (moved == rises[:, None, :])
    return np.asarray(level / (MORRIS_LEVELS - 1), float).reshape(-1, dimensions)


def _saltelli(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    """Return n base rows of points A, B, AB_1, ..., AB_k; AB_i is A with factor i from B."""
    both = _sobol(2 * dimensions, n, seed)
    a, b = both[:, None, :dimensions], both[:, None, dimensions:]
    ab = np.where(np.eye(dimensions, dtype=bool), b, a)
    return np.concatenate([a, b, ab], axis=1).reshape(-1, dimensions)


Sampler = Callable[[int, int, int], NDArray[np.float64]]
SAMPLES: dict[str, Sampler] = {"lhs": _lhs, "sobol": _sobol, "halton": _halton}
ROWS: dict[str, Sampler] = {"morris": _morris, "saltelli": _saltelli}


# ── from the unit cube to values ─────────────────────────────────────────────────────────────


def _cross(factors: Sequence[Factor], unit: NDArray[np.float64]) -> pd.DataFrame:
    """Cross every sample with every combination of the lists, sample by sample."""
    lists = [factor for factor in factors if not _is_interval(factor)]
    combinations = _grid(lists, math.prod(len(factor.levels) for factor in lists))
    samples = _table([factor for factor in factors if _is_interval(factor)], unit)
    n, m = len(samples), len(combinations)
    left = samples.take(np.repeat(np.arange(n), m)).reset_index(drop=True)
    right = combinations.take(np.tile(np.arange(m), n)).reset_index(drop=True)
    return pd.concat([left, right], axis=1)[[factor.name for factor in factors]]


def _table(factors: Sequence[Factor], unit: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame({f.name: cells(f, u) for f, u in zip(factors, unit.T, strict=True)})


def cells(factor: Factor, u: NDArray[np.float64]) -> NDArray[Any]:
    """Map u in [0, 1] to values of a factor; for a list, the level at that share of its length."""
    domain = factor.domain
    if not isinstance(domain, Interval):
        return as_column(factor.name, domain)[_whole(u * len(domain), 0, len(domain) - 1)]
    low, high = float(domain.low), float(domain.high + domain.whole)
    if domain.log:
        values = np.exp(math.log(low) + u * math.log(high / low))
    else:
        values = low + u * (high - low)
    if domain.whole:
        return as_column(factor.name, _whole(values, int(domain.low), int(domain.high)))
    return np.clip(values, low, high)


def _whole(values: NDArray[np.float64], low: int, high: int) -> NDArray[np.int64]:
    """Round down, allowing for rounding errors of the scale."""
    return np.clip(np.floor(values + 1e-9), low, high).astype(np.int64)
