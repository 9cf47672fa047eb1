"""Run a row of a sweep again, from the engine's original input, and compare it with the row."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.setup import Setup
from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError
from truce_sim.simulation.run import Simulation, simulate
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.spec_files import point_key

#: Relative difference allowed in summaries, whose sums depend on the processor in their last bits,
#: and in floats of runs made by other rules: earlier rules took exp and log from the C library,
#: whose last bit varies between machines.
TOLERANCE = 1e-9


def tolerance_for(manifest: Mapping[str, object]) -> float:
    """Return the relative difference allowed in floats: none if today's rules made the folder."""
    return 0.0 if manifest.get("rules") == DIGEST else TOLERANCE


def nearly_equal(a: NDArray[np.void], b: NDArray[np.void], tolerance: float) -> bool:
    """Whether the fields of records differ by no more than a relative tolerance."""
    return a.shape == b.shape and all(
        np.allclose(a[name], b[name], rtol=tolerance, atol=tolerance)
        for name in a.dtype.names or ()
    )


@dataclass(frozen=True)
class Row:
    """A stored run, with which its repetition is compared.

    Attributes:
        name: how messages refer to it.
        outcome: its stored outcome, by column.
        configured: whether its stored configuration yields the engine's original input.
        tolerance: relative difference allowed between floats.
    """

    name: str
    outcome: Mapping[Hashable, object]
    configured: bool = True
    tolerance: float = 0.0

    def differences(self, outcome: pd.Series) -> list[str]:
        """List the columns in which an outcome differs from the stored one."""
        columns = [
            name
            for name in outcome.index
            if name in self.outcome
            and not same_value(self.outcome[name], outcome[name], self.tolerance)
        ]
        return columns if self.configured else ["its configuration", *columns]


def find_row(folder: SweepFolder, point: int, replicate: int) -> tuple[Setup, Row]:
    """Return the setup that repeats a run of a sweep, and its row.

    Raises:
        InputError: the sweep has no such run, or the run failed.
    """
    setup = folder.setup_of(point).with_seed(replicate=replicate)
    rows = folder.runs(points=[point])
    found = rows[rows["replicate"] == replicate]
    if found.empty:
        raise InputError(
            "the sweep has no such run", setting="--run", value=f"{point}:{replicate}",
            allowed=f"point 0 to {folder.points - 1}, replicate 0 to {folder.replicates - 1}",
        )  # fmt: skip
    stored = found.iloc[0].to_dict()
    if stored["status"] != "done":
        raise InputError(
            f"this run failed ({stored['status']}): there is nothing to show",
            setting="--run", value=f"{point}:{replicate}",
        )  # fmt: skip
    tolerance = tolerance_for(folder.manifest)
    meant, made = make_spec(folder.configured(point)), make_spec(setup)
    if tolerance and nearly_equal(meant.border, made.border, tolerance):
        meant = replace(meant, border=made.border)
    configured = point_key(meant) == point_key(made)
    name = f"run {point}:{replicate} of {folder.path.name}"
    return setup, Row(name, stored, configured, tolerance)


def replay(folder: SweepFolder, point: int, replicate: int) -> tuple[Simulation, list[str]]:
    """Run a row again.

    Returns:
        The run, and the columns in which it differs from its row: none, unless the folder was
        altered or other rules made it.

    Raises:
        InputError: the sweep has no such run, or the run failed.
        RuntimeError: the run fails now.
    """
    setup, row = find_row(folder, point, replicate)
    run = simulate(setup)
    return run, row.differences(run.outcome)


def same_value(a: object, b: object, tolerance: float = 0.0) -> bool:
    """Whether two values are equal, or both missing; floats may differ by a relative tolerance."""
    if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
        return bool(pd.isna(a) and pd.isna(b))  # type: ignore[call-overload]
    if tolerance and isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return bool(a == b)
