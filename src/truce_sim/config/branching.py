"""Self-excitation must die out: n_eff, the attacks that one attack brings about, stays below 1."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.border.border import Border
from truce_sim.errors import InputError
from truce_sim.settings.schema import Config


def check_branching(config: Config, border: Border) -> None:
    """Refuse self-excitation that would not die out, n_eff >= 1.

    Raises:
        InputError: with n_eff, and how much excitation the border bears.
    """
    n_eff = effective_branching(config, border)
    if n_eff < 1:
        return
    passing = n_eff / config.militants.excitation
    raise InputError(
        f"attacks would bring about ever more attacks: n_eff = {n_eff:.4g}, as a share "
        f"{passing:.4g} of bands gets past home.capacity={config.home.capacity:g} with "
        "the host's will at 0",
        setting="militants.excitation",
        value=config.militants.excitation,
        allowed=f"n_eff below 1: a number below {1 / passing:.4g}, or more home.capacity",
    )


class Depths(Protocol):
    """The law of a target's depth: lognormal in km."""

    depth_mu: float
    depth_sigma: float


def effective_branching(config: Config, border: Border) -> float:
    """Return n_eff, the attacks that one attack brings about when the host does nothing.

    n_eff = n_h · Σ_s w_s · E_depth[exp(-effort on the way)] at ω = 0, ratio 1, terrain on: a band
    bound for cell c of the home side passes the border cell and the c - 1 cells behind it, where
    terrain does not matter.

    Args:
        config: a checked configuration.
        border: its border.
    """
    home, depth = config.home, config.border.home_depth
    shares = target_shares(config.militants, config.border.cell_km, depth)
    passing = passing_share(
        home.capacity, home.forward, shares, config.border.terrain, border.sectors
    )
    return float(config.militants.excitation * passing)


def passing_share(
    capacity: ArrayLike,
    forward: ArrayLike,
    shares: NDArray[np.float64],
    terrain: float,
    sectors: NDArray[np.void],
) -> NDArray[np.float64]:
    """Return Σ_s w_s · E_depth[exp(-effort on the way)], the share of bands that get past.

    Args:
        capacity, forward: of the home state, of one shape (...).
        shares: (..., depth) of bands bound for each home cell.
        terrain: effort lost on the most rugged ground.
        sectors: the border, `SECTOR` records.
    """
    capacity, forward = np.asarray(capacity)[..., None], np.asarray(forward)[..., None]
    depth = shares.shape[-1]
    passable = 1 - terrain * sectors["ruggedness"]
    at_border = np.exp(-capacity * forward * passable) @ sectors["weight"]
    behind = capacity * (1 - forward) / (depth - 1) * np.arange(depth)
    return np.asarray(at_border * (np.exp(-behind) * shares).sum(axis=-1))


def target_shares(militants: Depths, cell_km: float, depth: int) -> NDArray[np.float64]:
    """Return the shares of bands bound for home cells 1 ... `depth` (the last takes all beyond).

    Depth is lognormal in km; its cell is that depth rounded up to whole cells.
    """
    below = [_below(militants, cell * cell_km) for cell in range(1, depth)]
    return np.diff([0.0, *below, 1.0])


def _below(militants: Depths, km: float) -> float:
    """Probability that a target lies no deeper than `km`."""
    distance = math.log(km) - militants.depth_mu
    if militants.depth_sigma == 0:
        return float(distance >= 0)
    return 0.5 * math.erfc(-distance / (militants.depth_sigma * math.sqrt(2)))
