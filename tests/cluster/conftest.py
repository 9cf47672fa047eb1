"""What a disturbed sweep is compared with, and the SLURM it runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pandas as pd
import pytest

from cluster.disturbed import POINTS, REPLICATES, Sweep
from cluster.slurm import missing_programs, one_node


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All rows, from a sweep on this machine that nobody disturbs."""
    sweep = Sweep(tmp_path_factory.mktemp("here") / "s")
    sweep.run(*sweep.command())
    rows = sweep.rows()
    assert len(rows) == POINTS * REPLICATES
    return rows


@pytest.fixture(scope="session")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of a SLURM with one idle node of two CPUs."""
    missing = missing_programs()
    if missing:
        told = f"SLURM is not installed ({', '.join(missing)}): make test-cluster as root"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with one_node(cpus=2) as environment:
        yield environment
