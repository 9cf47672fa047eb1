"""Hydra's door to Dask. Every Hydra application on the machine imports this file, so it is a shim:
Dask, and the little that is done with it, are imported when jobs are launched."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class DaskLauncher(Launcher):
    """Runs jobs on the Dask cluster of DASK_SCHEDULER_ADDRESS, or on one of its own."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra hands over."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run a job for each of the lists of overrides, and wait for them all."""
        from truce_sim.sweeps.execution.dask_jobs import launch

        return launch(self, job_overrides, initial_job_idx)
