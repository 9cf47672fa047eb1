"""A sweep from Python."""

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
    """Run every point of a design, by default every combination of the factors' levels, with so
    many replicates.

    factors: setting -> levels (`{"truce": ["literal", "practised"], "home.capacity": [0.85, 1.2]}`)
    or, for a design that samples, an interval (`{"home.threshold": "interval(2,8)"}`); or sweep
    overrides in Hydra's syntax. overrides: what is the same for all. design, points, where, table:
    `sweeps.design.DesignSettings`, docs/designs.md. folder: where results go, new; by default one
    named by the time under `outputs/`. compare: the factor whose levels are compared with its
    first, run by run.

    Raises InputError for a bad setting, before anything is run or written.
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
