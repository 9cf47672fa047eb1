"""Run a row of a table of runs again, and check that the result is the same."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd

from truce_sim.config.checks import whole_number
from truce_sim.config.load import as_setup
from truce_sim.errors import InputError, a_kind
from truce_sim.results.columns import OUTCOME, SWEEP
from truce_sim.simulation.run import Overrides, Simulation, run_spec, simulate
from truce_sim.sweeps.folder.replay import same_value, tolerance_for
from truce_sim.sweeps.sweep import Sweep, open_sweep

_ROW = "a row of Sweep.runs or of simulate_many: a Series, a mapping or a frame of one row"


def rerun(row: object, of: Sweep | PathLike[str] | Overrides = None) -> Simulation:
    """Run a row of runs again, and check that its outcome is the same.

    Args:
        row: of `Sweep.runs`, `runs.parquet` or `simulate_many`; a Series, a mapping, or a frame
            with this row alone. Outcome columns that it has are compared; others may be missing.
        of: the sweep that the row is from, or the path of its folder; or, for a row of
            `simulate_many`, the base.

    Returns:
        The run, with its daily series and its events.

    Raises:
        InputError: it is not a row of runs, not one of this sweep, or the result differs.
        RuntimeError: the run fails.
    """
    values = _as_mapping(row)
    replicate = whole_number("replicate", values.get("replicate", 0))
    if isinstance(of, Sweep | PathLike) or _is_path(of):
        sweep = open_sweep(of)
        found, tolerance = _of_sweep(sweep, values, replicate), tolerance_for(sweep.folder.manifest)
    else:
        known = {*OUTCOME, *SWEEP, "replicate", "status"}
        changes = {name: value for name, value in values.items() if name not in known}
        setup = as_setup(of).with_changes(changes, tell=False)
        found, tolerance = simulate(setup, seed=values.get("seed"), replicate=replicate), 0.0
    _compare(values, {"seed": found.spec.seed})
    if values.get("status", "done") == "done":
        _compare(values, found.outcome.to_dict(), tolerance)
    return found


def _is_path(of: object) -> TypeGuard[str]:
    """Whether text is a path rather than overrides, each of which has a `=` or begins with `~`."""
    if not isinstance(of, str) or not of.strip() or of.startswith("~"):
        return False
    return "=" not in of or Path(of).is_dir()


def _as_mapping(row: object) -> dict[str, Any]:
    if isinstance(row, pd.DataFrame) and len(row) == 1:
        row = row.iloc[0]
    if isinstance(row, pd.Series):
        row = row.to_dict()
    if not isinstance(row, Mapping):
        many = f"a frame of {len(row)} rows" if isinstance(row, pd.DataFrame) else a_kind(row)
        raise InputError(f"is not a row of runs but {many}", setting="row", allowed=_ROW)
    return {str(name): value for name, value in row.items()}


def _of_sweep(sweep: Sweep, values: Mapping[str, Any], replicate: int) -> Simulation:
    """Run a row of a sweep again, with the input stored in its folder, byte for byte."""
    if "point" not in values:
        raise InputError("lacks the number of its point", setting="row", allowed=_ROW)
    point = whole_number("replicate", values["point"])
    setup = sweep.folder.setup_of(point)
    spec = sweep.folder.spec_of(point, replicate)
    design = sweep.folder.design[list(sweep.factors)].iloc[point].to_dict()
    _compare(values, design)
    return run_spec(setup, spec)


def _compare(row: Mapping[str, Any], now: Mapping[Any, Any], tolerance: float = 0.0) -> None:
    """Raise InputError if a row has another value."""
    for name, value in now.items():
        if name in row and not same_value(row[name], value, tolerance):
            raise InputError(
                f"is {value!r} when this row is run again", setting=name, value=row[name],
                allowed="the sweep or the base that the row is from, and the version that made it",
            )  # fmt: skip
