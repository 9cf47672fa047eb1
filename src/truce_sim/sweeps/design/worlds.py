"""Sweeps over worlds: each draw of a posterior (or a prior) with every policy.

Draw i has its own seed, which all policies share: pairs of policies are compared in the same world
and with the same random draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.sweeps.design.sampling import ROWS
from truce_sim.sweeps.design.tables import read_design

#: The kind of design, and all kinds in which rows of points have their own seeds.
POSTERIOR = "posterior"
OWN_SEEDS = (*ROWS, POSTERIOR)

#: The file of draws in the folder of a fit, and the column of weights that a table may have.
DRAWS, WEIGHT = "posterior.parquet", "weight"
_DRAWN = "the name or folder of a fit, a Parquet or CSV file of settings"


def draws_file(name: str) -> Path:
    """Return the file of draws that a name refers to: a file, the folder of a fit, or the name of a
    fit in outputs/."""
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


def read_weighted(
    source: str | pd.DataFrame, setting: str, besides: str = ""
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return draws that may have weights: the table without its column of weights, and the weights.

    Args:
        source: the name or folder of a fit, a Parquet or CSV file, or a table.
        setting: the one that named it, for messages.
        besides: what else the setting may be, for messages.

    Returns:
        The other columns unchanged, and (draws,) the weights, 1 where there are none.

    Raises:
        InputError: no such file, one that cannot be read or has no rows, bad weights.
    """
    where = source if isinstance(source, str) else "a table"
    table = _read(source, setting, besides) if isinstance(source, str) else source
    if not len(table):
        raise InputError("has no rows", setting=setting, value=where)
    weight = np.ones(len(table))
    if WEIGHT in table:
        weight = pd.to_numeric(table[WEIGHT], errors="coerce").to_numpy(float)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
        raise InputError("has bad weights", setting=setting, value=where,
                         allowed="a column weight of numbers from 0 up, not all 0")  # fmt: skip
    return table.drop(columns=WEIGHT, errors="ignore"), weight


def systematic(weight: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return n indices drawn in proportion to weights, evenly spaced from one random start."""
    ends = np.cumsum(weight)
    points = (np.arange(n) + rng.random()) / n * ends[-1]
    found = np.searchsorted(ends, points, side="right")
    return np.asarray(np.minimum(found, np.flatnonzero(weight)[-1]), np.int64)


def _read(name: str, setting: str, besides: str) -> pd.DataFrame:
    path = draws_file(name)
    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except FileNotFoundError:
        problem = "no such file"
    except (OSError, ValueError, pa.ArrowException) as error:
        problem = f"cannot be read: {(str(error).splitlines() or [''])[0]}"
    raise InputError(
        problem, setting=setting, value=str(path),
        allowed=", or ".join(filter(None, (_DRAWN, besides))),
    )  # fmt: skip
