"""Rules between settings: one list, enforced on every way into the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truce_sim import load_config, sweep
from truce_sim.cli.commands import run_command
from truce_sim.config import rules
from truce_sim.config.load import load_setup
from truce_sim.config.rules import RULES, Rule
from truce_sim.errors import InputError
from truce_sim.settings.fields import field_at
from truce_sim.simulation.run import simulate
from truce_sim.sweeps.design import bulk

WORDS = "exceeds the sum of made-up limits"
LIMIT = 1.1  # the defaults make 1
FORBIDDEN = {"home.adaptivity": 0.9, "host.resolve": 0.5}


def _refusal(adaptivity: float, resolve: float) -> InputError:
    return InputError(
        WORDS, setting="home.adaptivity", value=adaptivity, allowed=f"at most {LIMIT - resolve:g}"
    )


@pytest.fixture(autouse=True)
def _made_up_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An additional rule on two settings that a sweep fills in by column."""
    rule = Rule(
        ("home.adaptivity", "host.resolve"),
        lambda adaptivity, resolve: adaptivity + resolve <= LIMIT,
        _refusal,
    )
    monkeypatch.setattr(rules, "RULES", (*RULES, rule))
    monkeypatch.chdir(tmp_path)


def _tokens(values: dict[str, float]) -> list[str]:
    return [f"{path}={value}" for path, value in values.items()]


def test_a_configuration() -> None:
    assert load_config({"host.resolve": 0.6}).host.resolve == 0.6
    with pytest.raises(InputError, match=WORDS) as caught:
        load_config(FORBIDDEN)
    assert caught.value.origin == "override home.adaptivity=0.9"


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([command, *_tokens(FORBIDDEN)]) == 2
    message = capsys.readouterr().err
    assert WORDS in message
    assert "allowed: at most 0.6" in message
    assert list(Path.cwd().iterdir()) == []


def test_an_intervention() -> None:
    changes = [{"day": 30, "set": {"host.resolve": 0.8}}]
    with pytest.raises(InputError, match=WORDS) as caught:
        simulate({"interventions": changes})
    assert caught.value.origin == "interventions[0] (day 30)"


SWEEPS = {
    "grid": ["home.adaptivity=0.1,0.7,0.9", "host.resolve=0.2,0.8"],
    "sample": [
        "home.adaptivity=interval(0.1,0.9)", "host.resolve=interval(0.2,0.9)",
        "hydra.sweeper.design=sobol", "hydra.sweeper.points=32",
    ],
    "groups": ["truce=practised,tolerant", "home.adaptivity=0.1,0.9", "host.resolve=0.55"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_sweep_by_column(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first point is valid, so that the others of its base are made by column."""
    judged: list[np.ndarray] = []
    valid_points = bulk.valid_points

    def judge(*arguments: object) -> np.ndarray:
        judged.append(valid_points(*arguments))  # type: ignore[arg-type]
        return judged[-1]

    monkeypatch.setattr(bulk, "valid_points", judge)
    assert run_command(["sweep", *SWEEPS[kind], "sweep.replicates=2"]) == 2
    assert WORDS in capsys.readouterr().err
    assert any(column.any() and not column.all() for column in judged)
    assert list(Path.cwd().iterdir()) == []


def test_a_sweep_from_python() -> None:
    with pytest.raises(InputError, match=WORDS):
        sweep({"home.adaptivity": [0.1, 0.9]}, {"host.resolve": 0.55}, replicates=2)


def test_a_sweep_within_the_rule_runs() -> None:
    result = sweep({"home.adaptivity": [0.1, 0.2]}, {"host.resolve": 0.55}, replicates=2)
    assert len(result.runs) == 4


# ── the rules themselves ─────────────────────────────────────────────────────────────────────

#: Columns of a setting: the first two values satisfy its rule, the others do not.
BY_COLUMN = {
    "home.strike_radius": [0, 44, 45, 60],
    "militants.staging_days": [0.0, 1.0, 0.5, 0.99],
    "belief.perceived_capability": [0.0, 1.4, 1.5, 7.0],
    "truce.window_days": [1, 365, 366, 1000],
    "mediation.round_days": [1, 30, 31, 60],
    "militants.excitation": [0.0, 1.6, 3.0, 9.0],
}


@pytest.mark.parametrize("path", BY_COLUMN)
def test_columns_and_single_values_agree(path: str) -> None:
    setup = load_setup({"mediation.calendar": [6, 36], "run.horizon_days": 365})
    values = BY_COLUMN[path]
    together = rules.valid_points(setup.config, setup.border, {path: np.array(values)})
    assert together.tolist() == [True, True, False, False]
    for value, fits in zip(values, together, strict=True):
        tokens = {"mediation.calendar": [6, 36], path: value}
        if fits:
            load_config(tokens)
        else:
            with pytest.raises(InputError):
                load_config(tokens)


def test_a_group_as_a_whole_is_checked_point_by_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule on all mediators cannot be judged from a column of one."""
    rule = Rule(
        ("mediation.mediators",),
        lambda mediators: sum(m.call for m in mediators.values()) < 1,
        lambda mediators: InputError(WORDS, setting="mediation.mediators"),
    )
    monkeypatch.setattr(rules, "RULES", (rule,))
    with pytest.raises(InputError, match=WORDS):
        sweep({"mediation.mediators.qatar.call": [0.1, 0.5, 0.8]}, replicates=2)


def test_rules_read_settings_that_exist() -> None:
    others = (rules.SECTORS, rules.MEDIATORS, rules.SCENARIO)
    for rule in RULES:
        for path in rule.reads:
            assert path in others or field_at(path) is not None
