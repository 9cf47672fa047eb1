"""How often a command composes, parses and checks: once for each thing that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser

from truce_sim.cli.commands import run_command
from truce_sim.config import checks, load, loader, regimes, rules, setup
from truce_sim.sweeps.design import bulk


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counter[str]:
    """Calls of what costs, from now on; nothing is kept of earlier tests."""
    found: Counter[str] = Counter()

    def count(place: Any, name: str, what: str) -> None:
        real: Callable[..., Any] = getattr(place, name)

        def counted(*arguments: Any, **more: Any) -> Any:
            found[what] += 1
            return real(*arguments, **more)

        monkeypatch.setattr(place, name, counted)

    count(ConfigLoaderImpl, "_load_configuration_impl", "compositions")
    count(OverridesParser, "parse_rule", "parses")
    count(load, "build_config", "types")
    count(regimes, "check", "checks")
    count(bulk, "valid_points", "columns")
    count(setup, "regimes", "regimes")
    monkeypatch.chdir(tmp_path)
    loader.forget()
    return found


def test_a_run(counts: Counter[str]) -> None:
    """Three tokens, each parsed once."""
    words = ["truce=literal", "home.threshold=3", "seed=7"]
    assert run_command(["run", *words]) == 0
    assert counts == {"compositions": 1, "parses": 3, "types": 1, "checks": 1, "regimes": 1}


def test_a_run_with_interventions(counts: Counter[str]) -> None:
    """A check for each regime."""
    changes = "{day:30,set:{host.will:0.5}},{day:60,set:{host.will:0.6}}"
    assert run_command(["run", f"interventions=[{changes}]"]) == 0
    assert counts == {"compositions": 1, "parses": 1, "types": 1, "checks": 3, "regimes": 1}


def test_a_sweep_of_two_points(counts: Counter[str]) -> None:
    """One choice of groups; checked are the sweep itself, a point, and the points by column."""
    assert run_command(["sweep", "home.threshold=3,4", "sweep.replicates=2"]) == 0
    assert counts["compositions"] == 1
    assert counts["parses"] == 2
    assert counts["types"] == counts["checks"] == counts["regimes"] == 2
    assert counts["columns"] == 1


def test_a_sweep_of_two_groups(counts: Counter[str]) -> None:
    """Two choices of groups, beside the sweep's own; each token parsed once."""
    words = ["truce=literal,practised", "home.threshold=3,4,5", "sweep.replicates=2"]
    assert run_command(["sweep", *words]) == 0
    assert counts["compositions"] == 3
    assert counts["parses"] == 3 + 2
    assert counts["types"] == counts["checks"] == counts["regimes"] == 3
    assert counts["columns"] == 2


def test_nothing_is_checked_elsewhere() -> None:
    """The counts above see every way: there is one check of types, and one of rules."""
    assert load.build_config is checks.build_config
    assert regimes.check is rules.check
