"""Run Hydra's jobs on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

import dask
from distributed import Client, LocalCluster, wait
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from truce_sim.sweeps.execution.crew import count_workers


class Launcher(Protocol):
    """The attributes that Hydra's launchers set in `setup`."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig


def launch(
    launcher: Launcher, job_overrides: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Run jobs, numbered from `first`, and wait for all of them.

    Args:
        launcher: the launcher that Hydra has set up.
        job_overrides: the overrides of each job.
        first: number of the first job.

    Raises:
        distributed.KilledWorker: if several workers died of the same job.
    """
    setup_globals()
    state = Singleton.get_state()
    with _cluster() as client:
        futures = [
            client.submit(_run, launcher, number, list(overrides), state, key=f"job-{uuid4().hex}")
            for number, overrides in enumerate(job_overrides, first)
        ]
        wait(futures)
        returned: list[JobReturn] = client.gather(futures)
        return returned


def places() -> int:
    """Return the number of jobs that can run at once."""
    if not _address():
        return count_workers(0)
    with _cluster() as client:
        return sum(client.nthreads().values()) or 1


@contextmanager
def _cluster() -> Iterator[Client]:
    """Connect to the configured Dask cluster, or to a temporary local one."""
    if address := _address():
        with Client(address) as client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=count_workers(0), threads_per_worker=1, dashboard_address=None
        ) as own,
        Client(own) as client,
    ):
        yield client


def _address() -> str:
    """Return the scheduler's address from DASK_SCHEDULER_ADDRESS or Dask's own configuration.

    It never comes from our configuration, because results are pickles and could carry code.
    """
    return str(dask.config.get("scheduler-address", None) or "")


def _run(launcher: Launcher, number: int, overrides: list[str], state: dict[Any, Any]) -> JobReturn:
    """Compose a job's configuration and run it, on a worker."""
    Singleton.set_state(state)
    setup_globals()
    config = launcher.hydra_context.config_loader.load_sweep_config(launcher.config, overrides)
    config.hydra.job.num = number
    return run_job(
        hydra_context=launcher.hydra_context,
        task_function=launcher.task_function,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
