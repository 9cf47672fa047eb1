"""What every test may use: how hypothesis draws, and the project's shared data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

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


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of source tables beside the repository; a clone on its own does not have it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside this clone")
    return SHARED_DATA
