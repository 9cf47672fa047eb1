"""Run a sweep from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.config.compose import loader_for

if TYPE_CHECKING:
    from truce_sim.sweeps.execution.driver import SweepResult


def sweep(
    factors: Mapping[str, Sequence[object]] | Sequence[str] = (),
    overrides: Mapping[str, object] | Sequence[str] = (),
    *,
    design: str = "grid",
    points: int = 0,
    where: str = "",
    table: str | Path = "",
    replicates: int | None = None,
    folder: str | Path | None = None,
    compare: str = "",
    config_dir: str | Path | None = None,
    progress: bool = False,
) -> SweepResult:
    """Run every point of a design: by default, every combination of the factors' levels.

    Args:
        factors: setting -> levels (`{"truce": ["literal", "practised"], "home.capacity": [0.85,
            1.2]}`) or, in designs that sample, an interval (`{"home.threshold":
            "interval(2,8)"}`); or sweep overrides in Hydra's syntax.
        overrides: settings shared by all points.
        design: kind of design, see docs/designs.md.
        points: number of samples, trajectories or base rows, depending on the design.
        where: constraint between parameters.
        table: path of a design table (CSV or Parquet).
        replicates: runs of each point; None: `sweep.replicates` of the configuration.
        folder: where results go; by default a new folder under `outputs/`, named by the time.
        compare: factor whose levels are compared with its first, run by run.
        config_dir: folder with config groups and experiments of your own.
        progress: whether to show a progress bar.

    Returns:
        The finished sweep, its summary and its runs.

    Raises:
        InputError: for a bad setting, before anything is run or written.
    """
    from truce_sim.config.hydra_settings import refuse_hydra_tokens
    from truce_sim.config.tokens import as_tokens
    from truce_sim.sweeps.design.composer import Composer
    from truce_sim.sweeps.design.factors import sweep_tokens
    from truce_sim.sweeps.design.make import DesignSettings, make_design
    from truce_sim.sweeps.execution.driver import run_sweep
    from truce_sim.sweeps.execution.progress import Silence
    from truce_sim.terminal import SweepBar

    tokens = [*as_tokens(overrides), *sweep_tokens(factors)]
    refuse_hydra_tokens(
        tokens, "the arguments design, points, where and table; truce-sim sweep takes launchers"
    )
    if replicates is not None:
        tokens.append(f"sweep.replicates={replicates}")
    if compare:
        tokens.append(f"sweep.compare={compare}")
    if folder is not None:
        path = Path(folder)
        tokens += as_tokens({"output.dir": str(path.parent), "output.name": path.name})
    with loader_for(config_dir) as loader:
        settings = DesignSettings(design, points, where, str(table))
        made, shared = make_design(Composer(loader, "config"), {}, tokens, settings)
        return run_sweep(made, shared, tokens, SweepBar() if progress else Silence())
