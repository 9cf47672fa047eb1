"""Carry out the sweep command from the configuration that Hydra composed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import setup_globals
from hydra.types import HydraContext
from omegaconf import OmegaConf

from truce_sim.cli.printing.sweep import print_design, print_prepared, print_sweep
from truce_sim.config.compose import CONFIG_NAME, SWEEPER
from truce_sim.config.gate import Composed
from truce_sim.results.sources import pointing_to_copies
from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.execution.create import prepare
from truce_sim.sweeps.execution.driver import run_sweep
from truce_sim.sweeps.execution.estimate import estimate
from truce_sim.sweeps.execution.jobs import make_jobs
from truce_sim.terminal import SweepBar


def sweep_composed(composed: Composed) -> None:
    """Sweep and print the results.

    If `hydra.sweeper.action` is "describe", only print what would be run; if it is "prepare", only
    make the folder, for workers started separately.

    Raises:
        InputError: for a bad setting, before anything is run or written.
        SystemExit: with code 1 if runs failed.
    """
    setup_globals()  # registers Hydra's resolvers, which launchers and their jobs use
    chosen: Any = OmegaConf.to_container(composed.config.hydra.sweeper, resolve=True)
    settings = {**SWEEPER, **chosen}
    params, action = settings.pop("params") or {}, settings.pop("action")
    tokens = [token for token in composed.tokens if _makes_points(token)]
    composer = Composer(composed.loader, CONFIG_NAME)
    output = composed.config.output
    with pointing_to_copies(Path(str(output.dir), str(output.name))):
        design, shared = make_design(composer, params, tokens, DesignSettings(**settings))
    if action == "describe":
        print_design(design, estimate(design, shared))
        return
    if action == "prepare":
        print_prepared(prepare(design, shared, tokens))
        return
    context = HydraContext(config_loader=composed.loader, callbacks=Callbacks())
    jobs = make_jobs(context, composed.config)
    result = run_sweep(design, shared, tokens, SweepBar(), jobs)
    print_sweep(result, design.factors, shared.sweep)
    if result.runs_failed:
        raise SystemExit(1)


def _makes_points(token: str) -> bool:
    """Whether an override affects the points; Hydra's search path does."""
    return not token.startswith(("hydra.", "hydra/")) or token.startswith("hydra.searchpath=")
