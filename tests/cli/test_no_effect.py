"""Settings without effect, as a user types them: refused, or told of before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from truce_sim import NoEffectWarning, simulate_many, sweep
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError

SMALL = ["sweep.replicates=2", "sweep.workers=1", "run.horizon_days=30"]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


REFUSED = {
    "host=unwilling,unable mediation.verification.lag_days=1,5,20": (
        "mediation.verification.lag_days: has no effect while mediation.verification.enabled is "
        "false; try mediation=monitored"
    ),
    "mediation=none mediation.relief=0.2,0.9": (
        "mediation.relief: has no effect while there are no mediators; try mediation=qatar_turkiye"
    ),
    "scenario.hot_spots=1,5": (
        "scenario.hot_spots: has no effect while scenario.kind is durand; try scenario=synthetic"
    ),
    "truce=literal truce.window_days=7,30": (
        "truce.window_days: has no effect while truce.collapse_strikes is 1; try truce=practised"
    ),
    "militants=none militants.evasion=0.1,0.5": (
        "militants.evasion: has no effect while militants.attempts_per_day is 0; try militants=ttp"
    ),
    "militants.learning_rate=0 militants.evasion=0.1,0.5": (
        "militants.evasion: has no effect while militants.learning_rate is 0; try "
        "militants.learning_rate above 0"
    ),
    "home.resolve=0 home.strike_weight=1,5": (
        "home.strike_weight: has no effect while home.resolve is 0; try home.resolve above 0"
    ),
    "hydra.sweeper.design=sobol hydra.sweeper.points=8 mediation=none "
    "mediation.save=interval(0,1)": (
        "mediation.save: has no effect while there are no mediators; try mediation=qatar_turkiye"
    ),
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_sweep_over_what_cannot_matter_is_refused(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, with what to type instead; exit code 2; nothing written."""
    assert run_command(["sweep", *line.split(), *SMALL]) == 2
    assert capsys.readouterr().err == f"truce-sim sweep: {REFUSED[line]}\n"
    assert list(tmp_path.iterdir()) == []


TOLD = {
    "mediation=none,qatar_turkiye mediation.relief=0.2,0.9": (
        "mediation.relief has no effect at 2 of 4 points (such as point 0: there are no mediators)"
    ),
    "home.threshold=3,4 mediation.verification.lag_days=3": (
        "mediation.verification.lag_days has no effect while mediation.verification.enabled is "
        "false"
    ),
    "home.threshold=3,4 replicate=3": (
        "replicate has no effect on a sweep: sweep.replicates says how many runs a point has"
    ),
    "militants.attempts_per_day=0,1 militants.pace_cells_per_day=1,2 militants.staging_days=2,4": (
        "militants.pace_cells_per_day and militants.staging_days have no effect at 4 of 8 points "
        "(such as point 0: militants.attempts_per_day is 0)"
    ),
}


@pytest.mark.parametrize("line", TOLD)
def test_what_matters_at_some_points_only_is_told_before_the_run(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, also of single values that have no effect."""
    assert run_command(["sweep", *line.split(), *SMALL, "--dry-run"]) == 0
    assert capsys.readouterr().err == f"truce-sim sweep: note: {TOLD[line]}\n"


@pytest.mark.parametrize(
    "line",
    [
        "mediation.verification.lag_days=1,5 "
        "interventions=[{day:9,set:{mediation.verification.enabled:true}}]",
        "mediation=monitored mediation.verification.lag_days=1,5",
        "scenario=synthetic scenario.hot_spots=1,5",
        "+ablation=evasion home.threshold=3,4",
    ],
)
def test_what_matters_is_swept_without_a_word(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["sweep", *line.split(), *SMALL, "--dry-run"]) == 0
    assert capsys.readouterr().err == ""


def test_a_single_run_warns_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "truce=literal", "truce.window_days=7"]) == 0
    note = "note: truce.window_days has no effect while truce.collapse_strikes is 1"
    assert capsys.readouterr().err.splitlines()[0] == f"truce-sim run: {note}"


def test_a_design_table_is_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its columns are factors; one with a single value is a single value."""
    table = tmp_path / "points.csv"
    asked = ["sweep", "hydra.sweeper.design=table", f"hydra.sweeper.table={table}", *SMALL]
    table.write_text("home.threshold,mediation.verification.lag_days\n3,1\n4,5\n")
    assert run_command(asked) == 2
    assert "try mediation=monitored" in capsys.readouterr().err
    table.write_text("home.threshold,mediation.verification.lag_days\n3,1\n4,1\n")
    assert run_command([*asked, "--dry-run"]) == 0
    assert "note: mediation.verification.lag_days has no effect" in capsys.readouterr().err


def test_python_is_told_the_same(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="try mediation=monitored") as caught:
        sweep({"mediation.verification.lag_days": [1, 5]}, replicates=2)
    assert caught.value.setting == "mediation.verification.lag_days"
    overrides = {"run.horizon_days": 20, "sweep.workers": 1}
    with pytest.warns(NoEffectWarning, match="at 2 of 4 points"):
        sweep(
            {"mediation": ["none", "monitored"], "mediation.relief": [0.2, 0.9]}, overrides,
            replicates=1, folder=tmp_path / "told",
        )  # fmt: skip


def test_results_say_that_nothing_changed_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where every pair of runs is equal: in the sweep's words, in `compare` and in the report."""
    line = "mediation=none,qatar_turkiye mediation.relief=0.2,0.9 sweep.compare=mediation.relief"
    said = "had no effect in any run on the days survived (n = 2 pairs): there are no mediators."
    assert run_command(["sweep", *line.split(), *SMALL, "output.name=told"]) == 0
    assert said in capsys.readouterr().out
    assert run_command(["compare", "outputs/told"]) == 0
    assert said in capsys.readouterr().out

    line = "scenario=synthetic scenario.crossings=1,9 sweep.compare=scenario.crossings"
    said = "had no effect in any run on the days survived (n = 2 pairs): "
    assert run_command(["sweep", *line.split(), *SMALL, "output.name=same"]) == 0
    assert run_command(["report", "outputs/same"]) == 0
    report = (tmp_path / "outputs/same/report.html").read_text(encoding="utf-8")
    assert f"scenario.crossings {said}" in report
    assert "ruled out" not in report


def test_a_table_makes_the_border_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kind follows the table, on the command line and in the folder that is written."""
    (tmp_path / "x.csv").write_text("km_from,km_to,weight,ruggedness\n0,50,1,0.2\n50,80,3,0.6\n")
    assert run_command(["run", "scenario.table=x.csv", "output.name=own"]) == 0
    assert "kind: table" in (tmp_path / "outputs/own/config.yaml").read_text()
    assert run_command(["run", "scenario=synthetic", "scenario.table=x.csv"]) == 2
    assert "scenario.kind=table" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["mediation.mediators", "+mediation.mediators"])
def test_an_empty_mapping_of_mediators_among_levels(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Merged into those of the default, it would be two mediators under the label of none."""
    where = [f"output.dir={tmp_path}", "sweep.replicates=2", "run.horizon_days=30"]
    levels = f"{key}={{}},{{a: {{call: 0.3}}}}"
    assert run_command(["sweep", levels, *where]) == 2
    assert "an empty mapping removes no mediator" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="an empty mapping removes no mediator"):
        simulate_many({"mediation.mediators": [{}, {"a": {"call": 0.3}}]})
    assert run_command(["sweep", levels, "mediation=none", *where]) == 0
