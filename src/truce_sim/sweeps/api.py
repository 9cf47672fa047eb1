"""Run a sweep from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd

from truce_sim.config.arguments import refuse_arguments
from truce_sim.config.compose import loader_for
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import as_tokens
from truce_sim.errors import InputError, a_kind
from truce_sim.settings.schema import Config
from truce_sim.sweeps.sweep import Sweep


def sweep(
    factors: Mapping[str, Sequence[object]] | Sequence[str] | str = (),
    overrides: Setup | Mapping[str, object] | Sequence[str] | str = (),
    *,
    design: str = "",
    points: int = 0,
    where: str = "",
    table: str | Path | pd.DataFrame = "",
    replicates: int | None = None,
    folder: str | Path | None = None,
    compare: str = "",
    question: str = "",
    config_dir: str | Path | None = None,
    progress: bool = False,
    **unknown: object,
) -> Sweep:
    """Run every point of a design: by default, every combination of the factors' levels.

    Args:
        factors: setting -> levels (`{"truce": ["literal", "practised"], "home.capacity": [0.85,
            1.2]}`) or, in designs that sample, an interval (`{"home.threshold":
            "interval(2,8)"}`); or sweep overrides in Hydra's syntax.
        overrides: settings that are the same at all points (`{"run.horizon_days": 100,
            "sweep.events": True}`), or a Setup from `load_setup`.
        design: kind of design, see docs/designs.md; by default a grid, or the table if there is
            one.
        points: number of samples, trajectories or base rows, depending on the design.
        where: constraint between parameters.
        table: a design table: a DataFrame, or the path of a CSV or Parquet file.
        replicates: runs of each point; None: `sweep.replicates` of the configuration.
        folder: where results go; by default a new folder under `outputs/`, named by the time.
        compare: factor whose levels are compared with its first, run by run.
        question: what the sweep asks; its report starts with it.
        config_dir: folder with config groups and experiments of your own.
        progress: whether to show a progress bar.
        unknown: none; a setting given like this is refused, with where it goes.

    Returns:
        The finished sweep, as `open_sweep` returns it.

    Raises:
        InputError: for a bad setting, before anything is run or written.
    """
    refuse_arguments(sweep, unknown, "the second argument, if they are the same at all points")
    from truce_sim.config.hydra_settings import refuse_hydra_tokens
    from truce_sim.sweeps.design.composer import Composer
    from truce_sim.sweeps.design.factors import sweep_tokens
    from truce_sim.sweeps.design.make import DesignSettings, make_design
    from truce_sim.sweeps.execution.driver import run_sweep
    from truce_sim.sweeps.execution.progress import Silence
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.terminal import SweepBar

    shared_tokens, config_dir = _base(overrides, config_dir)
    tokens = [*shared_tokens, *sweep_tokens(factors)]
    refuse_hydra_tokens(
        tokens, "the arguments design, points, where and table; truce-sim sweep takes launchers"
    )
    own = {"sweep.replicates": replicates, "sweep.compare": compare, "sweep.question": question}
    tokens += as_tokens({name: value for name, value in own.items() if value not in (None, "")})
    if folder is not None:
        path = _path("folder", folder)
        tokens += as_tokens({"output.dir": str(path.parent), "output.name": path.name})
    given = table if isinstance(table, pd.DataFrame) else str(table and _path("table", table))
    kind = design or ("table" if isinstance(given, pd.DataFrame) or given else "grid")
    with loader_for(config_dir) as loader:
        settings = DesignSettings(kind, points, where, given)
        made, shared = make_design(Composer(loader, "config"), {}, tokens, settings)
        done = run_sweep(made, shared, tokens, SweepBar() if progress else Silence())
    return Sweep(read_folder(done.folder), done.runs_new)


def _base(
    overrides: Setup | Mapping[str, object] | Sequence[str] | str, config_dir: str | Path | None
) -> tuple[list[str], str | Path | None]:
    """Return what all points share as overrides, and the folder with options of the user's."""
    if isinstance(overrides, Config) or (isinstance(overrides, Setup) and not overrides.source):
        raise InputError(
            "a Config does not say what it was composed from, which the points of a sweep need",
            setting="overrides",
            allowed="load_setup(...) in place of load_config(...), or the overrides themselves: "
            "{'home.threshold': 5}",
        )  # fmt: skip
    if not isinstance(overrides, Setup):
        return as_tokens(overrides), config_dir
    assert overrides.source is not None
    own = overrides.source.config_dir
    if config_dir is not None and own != config_dir:
        raise InputError(
            "differs from that of the Setup", setting="config_dir", value=str(config_dir),
            allowed=f"load_setup(..., config_dir={str(config_dir)!r})",
        )  # fmt: skip
    return [*overrides.source.tokens, *as_tokens(overrides.changes)], own


def _path(name: str, value: object) -> Path:
    """Return an argument that is a path."""
    if not isinstance(value, str | PathLike):
        raise InputError(
            f"is not a path but {a_kind(value)}", setting=name, value=value,
            allowed="text, or a pathlib.Path",
        )  # fmt: skip
    return Path(value)
