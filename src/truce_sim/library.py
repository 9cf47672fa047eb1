"""The same from Python: one run, or a sweep, as pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from .config import as_config, loader_for
from .engine.run import RunSpec, run
from .frames import event_frame, label_outcome, series_frame
from .scenario import Border, make_border
from .schema import Config
from .spec import make_spec, mediator_names

if TYPE_CHECKING:
    from .sweeps.driver import SweepResult

Overrides = Config | Mapping[str, object] | Sequence[str] | str | None


@dataclass(frozen=True)
class Simulation:
    """One run.

    outcome: one value each of `columns.OUTCOME`. series: a row a day, `columns.SERIES`. events: a
    row each, in order, `columns.EVENT`. `spec` is the run as a value: `engine.run.run(spec)` gives
    it again.
    """

    config: Config
    border: Border
    spec: RunSpec
    outcome: pd.Series
    series: pd.DataFrame
    events: pd.DataFrame


def simulate(
    overrides: Overrides = None, *, seed: int | None = None, replicate: int | None = None
) -> Simulation:
    """Simulate one truce.

    overrides: settings that differ from the defaults, as a mapping
    (`{"truce": "literal", "home.threshold": 5}`), as strings in Hydra's syntax, or a Config. seed
    and replicate replace the configuration's.

    Raises InputError for a bad setting, RuntimeError if the run fails.
    """
    config = as_config(overrides)
    spec = make_spec(config, seed, replicate)
    result = run(spec)
    outcome = label_outcome(result.outcome)
    if outcome["status"] != "done":
        raise RuntimeError(
            f"seed {spec.seed}, replicate {spec.replicate}: the run failed: {outcome['status']}"
        )
    return Simulation(
        config,
        make_border(config),
        spec,
        outcome,
        series_frame(result.series),
        event_frame(result.events, mediator_names(config)),
    )


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
    from .config import as_tokens
    from .sweeps.design import Composer, DesignSettings, make_design, sweep_tokens
    from .sweeps.driver import run_sweep
    from .terminal import Silence, SweepBar

    tokens = [*as_tokens(overrides), *sweep_tokens(factors)]
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
