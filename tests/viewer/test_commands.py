"""What is copied from the viewer is the run that it shows."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim.config.load import load_config
from truce_sim.viewer.state.commands import as_command, as_python, overrides_of


@pytest.mark.parametrize(
    "words",
    [
        ["seed=9", "replicate=3"],
        ["truce=literal", "host=unable", "home.threshold=6.5"],
        ["mediation=monitored", "mediation.mediators.qatar.skill=0.9", "home.threshold=inf"],
        ["interventions=[{day: 40, set: {home.threshold: 2.0}}]", "mediation.calendar=[20, 40]"],
    ],
)
def test_what_is_copied_repeats_the_run(words) -> None:
    """The command's words and the Python give the same configuration."""
    config = load_config(words)
    overrides = overrides_of(config)
    assert overrides is not None
    program, command, *rest = shlex.split(as_command(overrides))
    assert (program, command) == ("truce-sim", "run")
    assert load_config(rest) == config
    given: dict[str, Any] = {}
    code = as_python(overrides).replace("from truce_sim import simulate", "")
    exec(code, {"simulate": lambda words: words}, given)
    assert load_config(given["run"]) == config
