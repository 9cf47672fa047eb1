"""Sweeps over worlds: each draw of a posterior (or a prior) with every policy.

Draw i has a seed of its own, which all policies share: pairs of policies are compared in the same
world and with the same luck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from truce_sim.errors import InputError
from truce_sim.sweeps.design.sampling import ROWS
from truce_sim.sweeps.design.tables import read_design

#: The kind of design, and all kinds of which rows of points have seeds of their own.
POSTERIOR = "posterior"
OWN_SEEDS = (*ROWS, POSTERIOR)

#: The file of draws in the folder of a fit, and the column of weights that a table may have.
DRAWS, WEIGHT = "posterior.parquet", "weight"


def draws_file(name: str) -> Path:
    """Return the file of draws that a name means: a file, the folder of a fit, or the name of one
    in outputs/."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path / DRAWS
    fit = Path("outputs", name, DRAWS)
    return fit if fit.exists() and not path.exists() else path


def read_draws(
    table: str | pd.DataFrame, points: int, options: Callable[[str], Sequence[str]]
) -> pd.DataFrame:
    """Return draws of settings, a row for each.

    Args:
        table: the folder of a fit, a CSV or Parquet file of draws, or a DataFrame.
        points: how many of its first draws to take; 0: all.
        options: as in `read_design`.

    Raises:
        InputError: no such folder or file, weights, a bad cell, fewer draws than asked for.
    """
    if isinstance(table, str):
        file = draws_file(table)
        if not file.exists():
            raise InputError(
                "no such fit or file", setting="posterior", value=table,
                allowed="a fit in outputs, the folder of one, or a CSV or Parquet file of draws",
            )  # fmt: skip
        table = str(file)
    draws = read_design(table, options)
    if points > len(draws):
        raise InputError(f"there are {len(draws):,} draws", setting="hydra.sweeper.points",
                         value=points, allowed=f"up to {len(draws):,}")  # fmt: skip
    return draws.head(points) if points else draws
