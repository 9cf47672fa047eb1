"""What every test may use: how hypothesis draws, and the source tables."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from forks import Server
from truce_sim.sweeps.execution import crew

REPOSITORY = Path(__file__).resolve().parents[1]

# The first example of a test may compile the engine, hence no deadline. CI draws the same examples
# every time, so that it cannot fail by chance; a developer's runs look in new places each time.
settings.register_profile(
    "dev",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, database=None)
settings.register_profile("thorough", parent=settings.get_profile("dev"), max_examples=2000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


#: The files that take longest, the longest first: workers take files in this order, so that none
#: is left with a long one when the others have nothing to do.
LONGEST = (
    "docs/test_contributing.py", "browser/test_live.py", "docs/test_examples.py",
    "sweeps/test_kills.py", "packaging/test_wheel.py", "docs/test_studies.py",
    "sweeps/test_crashes.py", "sweeps/test_damage.py", "browser/test_address.py",
    "sweeps/test_extend.py", "browser/test_sweep_page.py",
    "test_properties.py", "inference/test_fit.py", "test_config.py", "cli/test_tracebacks.py",
    "analysis/test_report.py", "policy/test_front.py", "engine/test_determinism.py",
    "analysis/test_compare.py", "cli/test_bad_input.py", "test_model.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in the order in which they were found."""
    place = {REPOSITORY / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Spare the collector what all tests have in common: it took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session", autouse=True)
def _forked_workers() -> Iterator[None]:
    """Workers of sweeps that a test runs in its own process are forked: each would spend a second
    on its imports. Those of commands in processes of their own start as a user's do."""
    if not hasattr(os, "fork"):
        yield
        return
    with Server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "start_process", server.start_worker)
        yield


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A program that is `truce-sim`, or runs the script that it is given, as a fork of a process
    that has made all imports: each would take seconds."""
    program = tmp_path_factory.mktemp("forked") / "truce-sim"
    with Server("ready") as server:
        server.client(program)
        yield program


@pytest.fixture(scope="session")
def sources() -> Path:
    """The folder of source tables, which is not part of the repository: the one that the variable
    TRUCE_SIM_SOURCES names, else a folder of data beside the repository."""
    given = os.environ.get("TRUCE_SIM_SOURCES")
    beside = REPOSITORY.parent.glob("*/data/ucdp_ged_ttp_2015_2021.csv")
    folder = Path(given) if given else next((table.parent for table in sorted(beside)), None)
    if folder is None or not folder.is_dir():
        pytest.skip("no folder of source tables: TRUCE_SIM_SOURCES names it")
    return folder
