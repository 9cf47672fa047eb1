"""Sweeps as jobs of joblib and Dask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from socket import create_connection, socket

import pandas as pd
import pytest

from cluster.disturbed import Sweep, until

pytestmark = pytest.mark.cluster


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is gone in the end."""
    quiet = subprocess.DEVNULL
    started = subprocess.Popen([sys.executable, "-m", *words], stdout=quiet, stderr=quiet)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def answers(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def dask_cluster(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address, and workers that nobody starts again."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    worker = ("distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1")
    with ExitStack() as stack:
        stack.enter_context(process(*scheduler, "--no-dashboard"))
        until(lambda: answers(port), "Dask's scheduler")
        yield (
            address,
            [stack.enter_context(process(*worker, "--no-dashboard")) for _ in range(workers)],
        )


def test_joblib(tmp_path: Path, expected: pd.DataFrame) -> None:
    """As many jobs as cores; the same rows."""
    sweep = Sweep(tmp_path / "s")
    assert "as jobs" in sweep.run(
        *sweep.command("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    )
    assert len(list(sweep.folder.glob("jobs/*/chunks-*.txt"))) == 2
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)


def test_a_dask_cluster_of_its_own(tmp_path: Path, expected: pd.DataFrame) -> None:
    """Made for the sweep, and gone after it."""
    sweep = Sweep(tmp_path / "s", {**os.environ, "DASK_SCHEDULER_ADDRESS": ""})
    assert "as jobs" in sweep.run(*sweep.command("hydra/launcher=dask"))
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)


def test_a_killed_dask_worker_leaves_its_job_to_another(
    tmp_path: Path, expected: pd.DataFrame
) -> None:
    """One of three workers dies while it runs a job; the sweep ends as if nothing had happened."""
    with dask_cluster(3) as (address, workers):
        sweep = Sweep(tmp_path / "s", {**os.environ, "DASK_SCHEDULER_ADDRESS": address})
        driver = sweep.start("hydra/launcher=dask", "sweep.jobs=3")
        sweep.await_parts(2)
        victim = next(worker for worker in workers if busy(worker.pid))
        victim.send_signal(signal.SIGKILL)
        out, said = driver.communicate(timeout=120)
        assert driver.returncode == 0, out + said
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)


def test_all_dask_workers_killed_then_resumed(tmp_path: Path, expected: pd.DataFrame) -> None:
    """Without workers the driver waits; it is interrupted, keeps what is done, and the same command
    resumes with another cluster."""
    with dask_cluster(2) as (address, workers):
        sweep = Sweep(tmp_path / "s", {**os.environ, "DASK_SCHEDULER_ADDRESS": address})
        driver = sweep.start("hydra/launcher=dask")
        sweep.await_parts(2)
        for worker in workers:
            worker.kill()
        driver.send_signal(signal.SIGINT)
        _, said = driver.communicate(timeout=120)
        assert driver.returncode == 130, said
        assert "are done and kept" in said
    there = len(sweep.parts())
    assert there < len(expected) // 2000
    with dask_cluster(2) as (address, _):
        again = Sweep(sweep.folder, {**os.environ, "DASK_SCHEDULER_ADDRESS": address})
        assert "were already done" in again.run(*again.command("hydra/launcher=dask"))
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)


def busy(process: int) -> bool:
    """Whether a process has children: the crew of a job."""
    return any(f.read_text().split() for f in Path(f"/proc/{process}/task").glob("*/children"))
