"""Run a row of a sweep again: from what the engine was given then, compared with the row."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from truce_sim.config.setup import Setup
from truce_sim.errors import InputError
from truce_sim.simulation.run import Simulation, simulate
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.spec_files import point_key


@dataclass(frozen=True)
class Row:
    """A stored run, with which the same run made again is compared.

    Attributes:
        name: how messages refer to it.
        outcome: its stored outcome, by column.
        configured: whether its stored configuration gives what the engine was given.
    """

    name: str
    outcome: Mapping[Hashable, object]
    configured: bool = True

    def differences(self, outcome: pd.Series) -> list[str]:
        """List the columns in which an outcome is not exactly the stored one."""
        columns = [
            name
            for name in outcome.index
            if name in self.outcome and not _same(self.outcome[name], outcome[name])
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
    configured = point_key(make_spec(folder.config_of(point))) == point_key(make_spec(setup))
    return setup, Row(f"run {point}:{replicate} of {folder.path.name}", stored, configured)


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


def _same(a: object, b: object) -> bool:
    """Whether two values are equal to the last bit, or both missing."""
    if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
        return bool(pd.isna(a) and pd.isna(b))  # type: ignore[call-overload]
    return bool(a == b)
