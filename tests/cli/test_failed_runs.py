"""Runs that settings the checks accept can still bring to an end before their time.

Two limits can be reached so: a day with more launches than a Poisson draw takes, and more cases
under way than there is room for. `not_finite` cannot: it stands guard over the rules.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from truce_sim import TruceModel, simulate
from truce_sim.cli.commands import run_command

#: Nothing stops a band, so learned risk falls from 1 to 0 and launches rise e³-fold, before talks
#: eleven times over.
LAUNCHES = {
    "militants.attempts_per_day": 20, "militants.excitation": 0, "militants.risk_prior": 1,
    "militants.spoiler_strength": 10, "militants.deterrence": 3, "militants.learning_rate": 0.5,
    "militants.pace_cells_per_day": 20, "militants.staging_days": 0, "home.capacity": 0,
    "host.capacity": 0, "home.threshold": "inf", "frailty": "none",
}  # fmt: skip

#: Fifty false attributions a day, each looked into for a year.
CASES = {
    "attribution.domestic_per_day": 50, "attribution.false_positive": 1, "home.threshold": "inf",
    "mediation.verification.enabled": "true", "mediation.verification.coverage": 1,
    "mediation.verification.lag_days": 365, "run.horizon_days": 400,
}  # fmt: skip

FAILING = pytest.mark.parametrize(
    ("settings", "status"), [(LAUNCHES, "too_many_attempts"), (CASES, "overflow")]
)


def words(settings: dict[str, object]) -> list[str]:
    return [f"{path}={value}" for path, value in settings.items()]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@FAILING
def test_one_run_that_fails(
    settings: dict[str, object], status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, the run and its status in one line, nothing written: there is no result."""
    assert run_command(["run", *words(settings), "seed=3", "replicate=2"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"truce-sim run: seed 3, replicate 2: the run failed: {status}\n"
    assert list(Path.cwd().iterdir()) == []


@FAILING
def test_from_python(settings: dict[str, object], status: str) -> None:
    """The library and the Mesa face raise."""
    with pytest.raises(RuntimeError, match=status):
        simulate(words(settings))
    with pytest.raises(RuntimeError, match=status):
        step_to_the_end(TruceModel(words(settings)))


def step_to_the_end(model: TruceModel) -> None:
    while model.running:
        model.step()


@pytest.mark.parametrize(
    ("settings", "status", "swept", "levels"),
    [
        (LAUNCHES, "too_many_attempts", "militants.spoiler_strength", "0,10"),
        (CASES, "overflow", "attribution.domestic_per_day", "0.5,50"),
    ],
)
def test_a_sweep_with_a_point_that_fails(
    settings: dict[str, object],
    status: str,
    swept: str,
    levels: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every run is a row; those of the point that fails have a status and nothing else; the other
    point is whole; exit code 1."""
    arguments = words({**settings, swept: levels, "sweep.replicates": 4, "output.name": "f"})
    assert run_command(["sweep", *arguments]) == 1
    assert "4 runs failed" in capsys.readouterr().out
    runs = pd.read_parquet("outputs/f/runs.parquet")
    assert runs["status"].tolist() == ["done"] * 4 + [status] * 4
    told = runs.columns.drop(["point", "replicate", "seed", "status", swept])
    assert runs.loc[4:, told].isna().all(axis=None)
    assert runs.loc[:3, ["end_day", "attempts", "mean_will"]].notna().all(axis=None)
