"""Hydra's door to truce_sim's sweeps. Every Hydra application on the machine imports this file, so
it is a shim: the command line hands in what does the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class TruceSweeper(Sweeper):
    """Runs every point of a design with all its replicates.

    params: factor -> values, as on the command line (`truce: literal,practised`). design, points,
    where, table: see `truce_sim.sweeps.design.DesignSettings`. action: run, describe (--dry-run) or
    prepare (--prepare).
    """

    #: Runs a sweep: (context, config, params, arguments, design, action) -> its result.
    conduct: Callable[..., Any]

    def __init__(
        self,
        params: dict[str, Any] | None = None,
        design: str = "grid",
        points: int = 0,
        where: str = "",
        table: str = "",
        action: str = "run",
    ) -> None:
        self.params = dict(params or {})
        self.action = action
        self.design = {"design": design, "points": points, "where": where, "table": table}

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra hands over."""
        self.hydra_context = hydra_context
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep; returns its `SweepResult`."""
        assert self.hydra_context is not None  # setup() comes first
        assert self.config is not None
        return self.conduct(
            self.hydra_context, self.config, self.params, arguments, self.design, self.action
        )


# A plain mapping: Hydra runs this file outside sys.modules, where a dataclass cannot be made.
ConfigStore.instance().store(
    group="hydra/sweeper",
    name="truce",
    node={
        "_target_": "hydra_plugins.truce_sweeper.TruceSweeper",
        "params": {},
        "design": "grid",
        "points": 0,
        "where": "",
        "table": "",
        "action": "run",
    },
    provider="truce_sim",
)
