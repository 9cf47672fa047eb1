"""Many points at once: points of one base that differ in plain numbers get copies of one checked
PARAMS record with their values filled in by column, a hundred times faster than one by one.

Only what is surely good is made here. Everything else (settings that change the border or the
length of the run; interventions; values that any check might refuse) is left to
`points.config_of`, which makes it, or says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.config.branching import passing_share, target_shares
from truce_sim.config.params import column as column_of
from truce_sim.config.regimes import mediator_names
from truce_sim.engine.run import RunSpec
from truce_sim.settings.fields import FieldInfo, field_at
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.factors import in_range

#: Parts of the configuration whose numbers go to PARAMS as they are, and nowhere else.
_PARTS = ("militants", "home", "host", "attribution", "belief", "mediation", "truce", "frailty")
_BRANCHING = (
    "militants.excitation", "militants.depth_mu", "militants.depth_sigma", "home.capacity",
    "home.forward",
)  # fmt: skip

Columns = Mapping[str, NDArray[Any]]


def plain_number(name: str) -> bool:
    """Whether a setting is a number or flag that can be filled in by column."""
    info = field_at(name)
    return (
        info is not None and info.type in ("float", "int", "bool") and name.split(".")[0] in _PARTS
    )


def filled(
    config: Config, spec: RunSpec, columns: Columns
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """PARAMS (points,) of points that differ from a checked one in these columns alone, and which
    of them are surely good; the others mean nothing.

    config, spec: of the checked point, without interventions. columns: settings for which
    `plain_number` holds, each (points,).
    """
    size = len(next(iter(columns.values())))
    params = np.repeat(spec.params, size)
    good = np.ones(size, bool)
    for name, column in columns.items():
        fits = in_range(_info(name), column)
        _place(params, config, name)[fits] = column[fits]
        good &= fits
    good &= _together(params, config, len(spec.border))
    if any(name in columns for name in _BRANCHING):
        good &= _branching(params, config, spec.border) < 1 - 1e-9
    return params, good


def _info(name: str) -> FieldInfo:
    info = field_at(name)
    assert info is not None
    return info


def _place(params: NDArray[np.void], config: Config, name: str) -> NDArray[Any]:
    """The column of `params` that holds a setting."""
    return column_of(params, name, mediator_names(config))


def _together(params: NDArray[np.void], config: Config, sectors: int) -> NDArray[np.bool_]:
    """Which points fit together, by the rules of `checks.check_settings`."""
    staging, radius = params["militants"]["staging_days"], params["home"]["strike_radius"]
    belief = params["belief"]
    hazard = np.maximum(belief["committed_hazard"], belief["uncommitted_hazard"])
    fits: NDArray[np.bool_] = (
        ((staging == 0) | (staging >= 1))
        & ((radius == 0) | (radius < sectors))
        & (belief["perceived_capability"] * hazard < 1)
        & (params["truce"]["window_days"] <= config.run.horizon_days)
        & (params["mediation"]["round_days"] <= _least_gap(config.mediation.calendar))
    )
    return fits


def _least_gap(calendar: Sequence[int]) -> float:
    """Days between the two scheduled rounds that are closest."""
    return min((b - a for a, b in pairwise(sorted(calendar))), default=inf)


def _branching(
    params: NDArray[np.void], config: Config, border: NDArray[np.void]
) -> NDArray[np.float64]:
    """n_eff of every point; see `checks.effective_branching`."""
    militants, home, depth = params["militants"], params["home"], config.border.home_depth
    laws = np.stack([militants["depth_mu"], militants["depth_sigma"]], axis=1)
    distinct, which = np.unique(laws, axis=0, return_inverse=True)
    shares = [
        target_shares(SimpleNamespace(depth_mu=mu, depth_sigma=sigma), config.border.cell_km, depth)
        for mu, sigma in distinct
    ]
    passing = passing_share(
        column_of(params, "home.capacity"),
        home["forward"],
        np.array(shares)[which],
        config.border.terrain,
        border,
    )
    return np.asarray(militants["excitation"] * passing)
