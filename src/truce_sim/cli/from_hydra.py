"""The sweep command, from what Hydra composed: run or describe, then print."""

from __future__ import annotations

from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import setup_globals
from hydra.types import HydraContext
from omegaconf import OmegaConf

from truce_sim.cli.tell import sweep as tell_sweep
from truce_sim.config.compose import CONFIG_NAME, SWEEPER
from truce_sim.config.gate import Composed
from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.execution.create import prepare
from truce_sim.sweeps.execution.driver import run_sweep
from truce_sim.sweeps.execution.estimate import estimate
from truce_sim.sweeps.execution.jobs import make_jobs
from truce_sim.terminal import SweepBar


def sweep_composed(composed: Composed) -> None:
    """Sweep, and tell the terminal. Exits with 1 if runs failed.

    The action of `hydra.sweeper` may be "describe", which tells what would be run, or "prepare",
    which makes the folder for workers that somebody else starts.

    Raises:
        InputError: for a bad setting, before anything is run or written.
    """
    setup_globals()  # of Hydra: what launchers and their jobs resolve
    chosen: Any = OmegaConf.to_container(composed.config.hydra.sweeper, resolve=True)
    settings = {**SWEEPER, **chosen}
    params, action = settings.pop("params") or {}, settings.pop("action")
    tokens = [token for token in composed.tokens if _makes_points(token)]
    composer = Composer(composed.loader, CONFIG_NAME)
    design, shared = make_design(composer, params, tokens, DesignSettings(**settings))
    if action == "describe":
        tell_sweep.tell_design(design, estimate(design, shared))
        return
    if action == "prepare":
        tell_sweep.tell_prepared(prepare(design, shared, tokens))
        return
    context = HydraContext(config_loader=composed.loader, callbacks=Callbacks())
    jobs = make_jobs(context, composed.config)
    result = run_sweep(design, shared, tokens, SweepBar(), jobs)
    tell_sweep.report_sweep(result, design.factors, shared.sweep)
    if result.runs_failed:
        raise SystemExit(1)


def _makes_points(token: str) -> bool:
    """Whether an override says something of the points, as Hydra's search path does."""
    return not token.startswith(("hydra.", "hydra/")) or token.startswith("hydra.searchpath=")
