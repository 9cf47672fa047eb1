"""The Hydra launcher for Dask.

Every Hydra application on the machine imports this file, so it does almost nothing: Dask is
imported when jobs are launched.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class DaskLauncher(Launcher):
    """Run jobs on the Dask cluster at DASK_SCHEDULER_ADDRESS, or on one of its own."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Store what Hydra passes in."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run a job for each list of overrides and wait for all of them.

        Args:
            job_overrides: the overrides of each job.
            initial_job_idx: number of the first job.

        Returns:
            The result of each job, in the same order.
        """
        from truce_sim.sweeps.execution.dask_jobs import launch

        return launch(self, job_overrides, initial_job_idx)
