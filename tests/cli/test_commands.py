"""The commands as a user types them."""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from truce_sim import simulate
from truce_sim.cli.commands import run_command
from truce_sim.results import columns

PROGRAM = Path(sys.executable).with_name("truce-sim")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Help names the commands; the version is the package's."""
    assert run_command(["--help"]) == 0
    assert "truce-sim sweep" in capsys.readouterr().out
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out.startswith("truce-sim 0.")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["completion"], ["rnu"]])
def test_the_command_line_starts_light(arguments: list[str]) -> None:
    """Nothing heavy is imported before a command needs it."""
    code = (
        "import sys; from truce_sim.cli import run_command; run_command(sys.argv[1:]);"
        "heavy = {'numpy', 'numba', 'hydra', 'omegaconf', 'pydantic', 'pandas', 'mesa', 'rich'};"
        "sys.exit(str(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("wrong", [[], ["home.threshold=none"]])
def test_no_garbage_is_looked_for_while_a_command_starts_and_only_then(
    wrong: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for = []

    def watched(module: str, name: str) -> None:
        function = getattr(importlib.import_module(module), name)

        def call(*args: object) -> object:
            looked_for.append(gc.isenabled())
            return function(*args)

        monkeypatch.setattr(f"{module}.{name}", call)

    watched("truce_sim.config.gate", "compose_arguments")
    watched("truce_sim.simulation.folder", "run_into_folder")
    watched("truce_sim.cli.from_hydra", "sweep_composed")
    short = ["run.horizon_days=20", *wrong]
    try:
        run_command(["run", *short])
        run_command(["sweep", "--dry-run", *short])
    finally:
        gc.unfreeze()
    assert looked_for == ([False] * 2 if wrong else [False, True] * 2)
    assert gc.isenabled()


def test_a_run_does_not_wait_for_places_that_nothing_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Finding where on the earth events are takes a tenth of the time of the command."""
    placed: list[object] = []
    monkeypatch.setattr("truce_sim.simulation.run.cell_places", lambda *args: placed.append(args))
    assert run_command(["run", "run.horizon_days=60"]) == 0
    assert not placed
    assert len(simulate({"run.horizon_days": 60}).events)
    assert len(placed) == 1


def test_output_to_where_there_are_no_arrows() -> None:
    """As in a file on Windows, whose encoding lacks some of the signs."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [PROGRAM, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    assert "truce-sim sweep ? --dry-run" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--help"], ["truce: literal, practised, tolerant"]),
        (["sweep", "--help"], ["--dry-run", "--prepare"]),
        (["run", "--cfg", "job", "home.threshold=3.5"], ["threshold: 3.5"]),
    ],
)
def test_help_of_a_command_and_its_configuration(arguments: list[str], words: list[str]) -> None:
    """Groups with their options; the configuration as it would be used."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True)
    assert [word for word in words if word not in done.stdout] == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("truce-sim r", "run "),
        ("truce-sim run tru", "truce="),
        ("truce-sim run truce=l", "truce=literal"),
        ("truce-sim sweep home.thr", "home.threshold="),
    ],
)
def test_completion(
    line: str, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, groups, options and settings are completed."""
    monkeypatch.setenv("COMP_LINE", line)
    assert run_command(["completion", "query", "bash"]) == 0
    assert word in capsys.readouterr().out.splitlines()


def test_a_run_and_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """An account in the terminal, and files that plain pandas reads, with units and meanings."""
    assert run_command(["run", "truce=literal", "seed=7", "output.name=mine"]) == 0
    assert "One run is one draw, not a forecast." in capsys.readouterr().out
    folder = Path("outputs/mine")
    expected = simulate("truce=literal", seed=7)
    assert len(pd.read_parquet(folder / "series.parquet")) == len(expected.series)
    assert len(pd.read_parquet(folder / "events.parquet")) == len(expected.events)
    outcome = pd.read_parquet(folder / "outcome.parquet").iloc[0]
    assert outcome["end_day"] == expected.outcome["end_day"]
    for field in pq.read_schema(folder / "outcome.parquet"):
        assert field.metadata[b"meaning"].decode() == columns.OUTCOME[field.name][1]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seed"] == 7
    assert manifest["config"]["truce"]["collapse_strikes"] == 1


def test_a_sweep_with_hydras_syntax(capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, ranges and groups cross; the summary names intervals; flags may stand anywhere."""
    own = Path("own/home")
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("defaults: [baseline, _self_]\nthreshold: 3.0\n")
    words = ["truce=literal,practised", "home=mine", "--config-dir", "own", "sweep.replicates=5"]
    words += ["home.capacity=range(0.8,1.0,0.1)", "output.name=s", "sweep.compare=truce"]
    assert run_command(["sweep", *words]) == 0
    out = capsys.readouterr().out
    assert "Intervals: 95 %" in out
    assert "The effect of truce" in out
    runs = pd.read_parquet("outputs/s/runs.parquet")
    assert len(runs) == 2 * 2 * 5
    assert set(runs["status"]) == {"done"}


def test_failed_runs_are_rows_and_set_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that cannot be carried out keeps its status alone, and the command ends with 1."""
    words = ["militants.attempts_per_day=20", "frailty.attempts_cv=3", "sweep.replicates=3000"]
    words += ["run.horizon_days=20", "mediation.calendar=[]", "output.name=f"]
    assert run_command(["sweep", *words]) == 1
    runs = pd.read_parquet("outputs/f/runs.parquet")
    failed = runs[runs["status"] != "done"]
    assert 0 < len(failed) < len(runs)
    assert failed[["collapsed", "end_day", "attempts", "mean_will"]].isna().all(axis=None)
    assert f"{len(failed):,} runs failed" in capsys.readouterr().out
