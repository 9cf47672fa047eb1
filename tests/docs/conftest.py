"""What pages and studies show is run by forks of one process: each would import for seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forks import Server

#: What commands and studies import.
TAKE_LONG = ("truce_sim.analysis.report.write", "truce_sim.analysis.study", "matplotlib.pyplot")


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A program that is `truce-sim`, or runs the script that it is given."""
    program = tmp_path_factory.mktemp("forked") / "truce-sim"
    with Server(*TAKE_LONG) as server:
        server.client(program)
        yield program
