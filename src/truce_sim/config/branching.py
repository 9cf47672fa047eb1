"""The condition for self-excitation to die out: n_eff, attacks per attack, stays below 1."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.border.border import Border
from truce_sim.settings.schema import Config


def effective_branching(
    config: Config, border: Border, local: NDArray[np.float64] | None = None
) -> float:
    """Return n_eff, the number of attacks that one attack triggers when the host does nothing.

    Args:
        config: a checked configuration.
        border: its border.
        local: (sectors,) the home state's capacity, where it differs along the line.
    """
    militants, home, line = config.militants, config.home, config.border
    return float(
        branching(
            militants.excitation, militants.depth_mu, militants.depth_sigma, home.capacity,
            home.forward, militants.offspring_km, line.effort_per_km, line.ratio_cap, line.cell_km,
            line.home_depth, line.terrain, border.sectors, local,
        )
    )  # fmt: skip


def passing_with_host(config: Config, border: Border) -> float:
    """Return the share of bands that get past both states with the host's will at its mean.

    Args:
        config: a checked configuration.
        border: its border.
    """
    militants, home, line, host = config.militants, config.home, config.border, config.host
    passable = 1 - line.terrain * border.sectors["ruggedness"]
    on_the_way = home.capacity * home.forward + host.capacity * host.will
    at_line = float((np.exp(-on_the_way * passable) * border.sectors["weight"]).sum())
    shares = target_shares(militants.depth_mu, militants.depth_sigma, line.cell_km, line.home_depth)
    behind = home.capacity * (1 - home.forward) / (line.home_depth - 1)
    return at_line * float((np.exp(-behind * np.arange(line.home_depth)) * shares).sum())


def branching(
    excitation: ArrayLike,
    depth_mu: ArrayLike,
    depth_sigma: ArrayLike,
    capacity: ArrayLike,
    forward: ArrayLike,
    offspring_km: float,
    effort_per_km: float,
    ratio_cap: float,
    cell_km: float,
    home_depth: int,
    terrain: float,
    sectors: NDArray[np.void],
    local: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return n_eff for settings given as numbers or as columns of equal length.

    n_eff = n_h · Σ_s w_s · E_depth[exp(-effort on the way)] at ω = 0, effort shared out by w,
    terrain on: a band bound for cell c of the home side passes the border cell and the c - 1 cells
    behind it, where terrain does not matter.

    Args:
        excitation: further bands that one attack triggers, whether or not they get through.
        depth_mu: mean of the log of a target's depth in km.
        depth_sigma: standard deviation of that log.
        capacity: interdiction of the home state.
        forward: share of it in the border cell.
        offspring_km: how near an attack the bands that follow it set out. If finite, attacks may
        follow one another in the sector that is easiest to pass: that sector replaces the mean over
        sectors, and n_eff is an upper bound.
        effort_per_km: how far effort is by the kilometre.
        ratio_cap: largest concentration of effort on a sector.
        cell_km: depth of a cell, km.
        home_depth: number of cells on the home side.
        terrain: effort lost on the most rugged ground.
        sectors: `SECTOR` (sectors,), the border.
        local: (sectors,) replaces `capacity`; then all settings are numbers.

    Returns:
        n_eff, a number or an array of the columns' length.
    """
    shares = target_shares(depth_mu, depth_sigma, cell_km, home_depth)
    capacity = np.asarray(capacity)[..., None] if local is None else local
    forward = np.asarray(forward)[..., None]
    weight = sectors["weight"]
    ratio = 1 - effort_per_km + effort_per_km * weight / (weight @ weight)
    ratio = np.minimum(ratio, ratio_cap) if effort_per_km else np.ones(1)  # of all sectors
    behind = (capacity * (1 - forward) / (home_depth - 1))[..., None] * np.arange(home_depth)
    deep = (np.exp(-behind * ratio[:, None]) * shares[..., None, :]).sum(axis=-1)
    passing = -capacity * forward * ((1 - terrain * sectors["ruggedness"]) * ratio)
    np.exp(passing, out=passing)  # in place: of a million points, each copy takes 360 MB
    whole = passing.shape == np.broadcast_shapes(passing.shape, deep.shape)
    passing = np.multiply(passing, deep, out=passing if whole else None)
    if offspring_km == math.inf:
        passing *= weight
        return np.asarray(excitation * passing.sum(axis=-1))
    return np.asarray(excitation * passing.max(axis=-1))


def target_shares(
    mu: ArrayLike, sigma: ArrayLike, cell_km: float, depth: int
) -> NDArray[np.float64]:
    """Return (..., depth): the shares of bands bound for home cells 1 ... `depth`.

    The depth in km is rounded up to whole cells; the last cell includes everything beyond it.
    """
    if np.ndim(mu) == np.ndim(sigma) == 0:
        return np.array(_shares_of_law(float(mu), float(sigma), cell_km, depth))  # type: ignore[arg-type]
    laws = np.stack(np.broadcast_arrays(mu, sigma), axis=-1).astype(float)
    distinct, which = np.unique(laws.reshape(-1, 2), axis=0, return_inverse=True)
    rows = [_shares_of_law(*law, cell_km, depth) for law in distinct.tolist()]
    return np.array(rows)[which.ravel()].reshape(*laws.shape[:-1], depth)


@lru_cache(maxsize=1024)
def _shares_of_law(mu: float, sigma: float, cell_km: float, depth: int) -> tuple[float, ...]:
    below = [_below(mu, sigma, cell * cell_km) for cell in range(1, depth)]
    return tuple(after - before for before, after in pairwise([0.0, *below, 1.0]))


def _below(mu: float, sigma: float, km: float) -> float:
    """Return the probability that a target lies no deeper than `km`."""
    distance = math.log(km) - mu
    if sigma == 0:
        return float(distance >= 0)
    return 0.5 * math.erfc(-distance / (sigma * math.sqrt(2)))
