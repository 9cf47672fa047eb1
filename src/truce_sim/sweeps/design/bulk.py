"""Prepare many points at once.

Points of one base that differ only in plain numbers get copies of one checked PARAMS record, with
their values filled in by column. This is a hundred times faster than one by one.

Only points that are certainly valid are made here. Everything else (settings that change the
border or the length of the run, interventions, values that any check might refuse) is left to
`configs.config_of`, which makes the point or explains what is wrong with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from truce_sim.config.params import column as as_column
from truce_sim.config.params import is_alone
from truce_sim.config.rules import Columns, valid_points
from truce_sim.config.setup import Setup
from truce_sim.settings.fields import FieldInfo, field_at
from truce_sim.sweeps.design.factors import in_range

#: Parts of the configuration whose numbers go unchanged to PARAMS, and nowhere else.
_PARTS = ("militants", "home", "host", "attribution", "belief", "mediation", "truce", "frailty")


def plain_number(name: str) -> bool:
    """Whether a setting is a number or a flag that can be filled in by column."""
    info = field_at(name)
    return (
        info is not None and info.type in ("float", "int", "bool")
        and name.split(".")[0] in _PARTS and is_alone(name)
    )  # fmt: skip


def fill_params(setup: Setup, columns: Columns) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Fill in the PARAMS of points that differ from a checked one only in these columns.

    Args:
        setup: the checked point, without interventions.
        columns: settings for which `plain_number` is true, each with shape (points,).

    Returns:
        PARAMS (points,), and which of them are certainly valid (points,). Ignore the others.
    """
    params = np.repeat(setup.params, len(next(iter(columns.values()))))
    good = np.ones(params.size, bool)
    in_params = {}
    for name, column in columns.items():
        in_params[name] = as_column(params, name, setup.mediators)
        fits = in_range(_info(name), column)
        in_params[name][fits] = column[fits]
        good &= fits
    return params, good & valid_points(setup.config, setup.border, in_params)


def _info(name: str) -> FieldInfo:
    info = field_at(name)
    assert info is not None
    return info
