"""The sweep command as Hydra's sweeper calls it: run or describe, then print."""

from __future__ import annotations

from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig

from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.execution.create import prepare
from truce_sim.sweeps.execution.driver import SweepResult, run_sweep
from truce_sim.sweeps.execution.estimate import estimate


def sweep_from_hydra(
    context: HydraContext,
    config: DictConfig,
    params: dict[str, Any],
    arguments: list[str],
    settings: dict[str, Any],
    action: str = "run",
) -> SweepResult | None:
    """What Hydra's sweeper calls: sweep, and tell the terminal. Exits with 1 if runs failed.

    action: "describe" tells what would be run; "prepare" makes the folder, for workers that
    somebody else starts.
    """
    from truce_sim.cli.tell import sweep as tell_sweep
    from truce_sim.sweeps.execution.jobs import jobs_of
    from truce_sim.terminal import SweepBar

    composer = Composer(context.config_loader, str(config.hydra.job.config_name))
    design, shared = make_design(composer, params, arguments, DesignSettings(**settings))
    if action == "describe":
        tell_sweep.tell_design(design, estimate(design, shared))
        return None
    if action == "prepare":
        tell_sweep.tell_prepared(prepare(design, shared, arguments))
        return None
    result = run_sweep(design, shared, arguments, SweepBar(), jobs_of(context, config))
    tell_sweep.report_sweep(result, design.factors, shared.sweep.compare)
    if result.runs_failed:
        raise SystemExit(1)
    return result
