"""Sweeps on a SLURM that has one node: this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from cluster.disturbed import PROGRAM, Sweep, until

pytestmark = pytest.mark.cluster

JOBS = ("hydra/launcher=slurm", "sweep.jobs=2", "hydra.launcher.mem_gb=1")


@pytest.fixture
def sweep(slurm: dict[str, str], tmp_path: Path) -> Sweep:
    return Sweep(tmp_path / "s", slurm)


def states(sweep: Sweep) -> list[str]:
    """Of the jobs that are queued or running: `<job>_<task> <state>`."""
    return sweep.run("squeue", "--noheader", "--array", "--format=%F_%K %T").splitlines()


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_a_cancelled_job_costs_its_unwritten_parts(slurm: dict[str, str], tmp_path: Path) -> None:
    """The driver waits for the others, says what is missing and ends with 1; the same command again
    starts jobs for that, and the rows are those of an undisturbed sweep."""
    sweep = Sweep(tmp_path / "s", slurm, replicates=4000)
    driver = sweep.start(*JOBS)
    sweep.await_parts(2)
    running = sorted(line.split()[0] for line in states(sweep) if "RUNNING" in line)
    sweep.run("scontrol", "suspend", running[-1])  # to kill takes seconds: it could be done by then
    sweep.run("scancel", running[-1])
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 1, said
    assert "did not come back from their jobs" in said
    assert "state: CANCELLED" in said
    there = len(sweep.parts())
    told = sweep.run(*sweep.command(*JOBS))
    assert "were already done" in told
    assert 2 <= there < len(sweep.parts())
    undisturbed = Sweep(tmp_path / "u", replicates=4000)
    undisturbed.run(*undisturbed.command())
    pd.testing.assert_frame_equal(sweep.rows(), undisturbed.rows(), check_exact=True)


def test_a_killed_driver_is_started_again(sweep: Sweep, expected: pd.DataFrame) -> None:
    """Its jobs continue meanwhile; runs made by both old and new jobs are kept once."""
    driver = sweep.start(*JOBS)
    sweep.await_parts(1)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    assert states(sweep)
    sweep.run(*sweep.command(*JOBS))
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)
    until(lambda: not states(sweep), "the first driver's jobs")
    assert "bit for bit" in sweep.run(PROGRAM, "verify", str(sweep.folder), "--runs", "20")
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)


def test_an_array_of_workers_without_a_driver(sweep: Sweep, expected: pd.DataFrame) -> None:
    """A folder is prepared, an array works on it, and what one of its tasks did not do is left to
    resume, which then only has to summarize."""
    sweep.run(*sweep.command("--prepare"))
    work = f"{PROGRAM} worker {sweep.folder} --chunk $SLURM_ARRAY_TASK_ID --of 4"
    array = ["sbatch", "--wait", "--output=/dev/null", "--wrap", work]
    sweep.run(*array, "--array=0-2")
    status = subprocess.run(
        [PROGRAM, "status", str(sweep.folder)], capture_output=True, text=True, check=False
    )
    assert "stopped" in status.stdout
    done, missing = re.findall(r"(?:done|missing) ([\d,]+)", status.stdout)
    assert number(done) + number(missing) == len(expected)
    assert 0 < number(missing) < len(expected) / 3
    sweep.run(*array, "--array=3")
    assert "Nothing was missing" in sweep.run(PROGRAM, "resume", str(sweep.folder))
    pd.testing.assert_frame_equal(sweep.rows(), expected, check_exact=True)
