"""What pages and studies show is run by forks of one process: each would import for seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forks import Server


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A program that is `truce-sim`, or runs the script that it is given."""
    program = tmp_path_factory.mktemp("forked") / "truce-sim"
    with Server("ready") as server:
        server.client(program)
        yield program
