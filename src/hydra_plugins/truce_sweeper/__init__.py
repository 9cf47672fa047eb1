"""Hydra's door to truce_sim's sweeps. Every Hydra application on the machine imports this file, so
it is a shim: the work is in `truce_sim.sweeps`, imported when a sweep starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class TruceSweeper(Sweeper):
    """Runs every point of a design with all its replicates.

    params: factor -> values, as on the command line (`truce: literal,practised`).
    """

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        self.params = dict(params or {})

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra hands over."""
        self.hydra_context = hydra_context
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep; returns its `SweepResult`."""
        from truce_sim.sweeps.driver import sweep_from_hydra

        loader = self.hydra_context.config_loader
        return sweep_from_hydra(loader, self.config, self.params, arguments)


@dataclass
class TruceSweeperConfig:
    """Settings of the sweeper in Hydra's configuration."""

    _target_: str = "hydra_plugins.truce_sweeper.TruceSweeper"
    params: dict[str, Any] = field(default_factory=dict)


ConfigStore.instance().store(
    group="hydra/sweeper", name="truce", node=TruceSweeperConfig, provider="truce_sim"
)
