"""`truce-sim summary`, `compare` and `report` as a user types them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from folders import sweep_into
from truce_sim.cli.commands import run_command
from undrawn import draw_nothing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep of two factors."""
    path = tmp_path_factory.mktemp("analysis") / "s"
    words = ("truce=literal,practised", "home.threshold=3,5", "sweep.replicates=40")
    assert sweep_into(path, *words, "sweep.compare=truce", "sweep.question=What does it buy?") == 0
    return path


def test_summary_says_how_long_by_level_and_what_next(folder, capsys) -> None:
    assert run_command(["summary", str(folder), "--by", "truce"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("[") >= 6  # every figure with its interval
    assert "Survival differs by truce (log-rank test that allows" in printed
    assert f": truce-sim compare {folder}\n" in printed


def test_summary_as_csv_and_json_is_the_same_table(folder, capsys) -> None:
    assert run_command(["summary", str(folder), "--format", "csv"]) == 0
    csv = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert run_command(["summary", str(folder), "--format", "json"]) == 0
    rows = pd.DataFrame(json.loads(capsys.readouterr().out))
    pd.testing.assert_frame_equal(csv, rows, check_dtype=False, rtol=1e-12)
    assert len(csv) == 4


def test_compare_tells_each_pair_and_its_multiplicity(folder, capsys) -> None:
    assert run_command(["compare", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("truce=practised rather than literal") == 2
    assert "95 % for all 2 comparisons together" in printed
    assert "Largest regret" in printed


def test_compare_takes_a_factor_a_baseline_and_some_of_the_runs(folder, capsys) -> None:
    words = ["home.threshold", "--baseline", "5", "--where", "truce=literal", "--format", "csv"]
    assert run_command(["compare", str(folder), *words]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert table[["home.threshold", "baseline", "truce"]].to_numpy().tolist() == [[3, 5, "literal"]]


@pytest.mark.slow
def test_a_level_of_a_range_is_found_as_it_is_written(tmp_path, capsys) -> None:
    capacity = ("home.capacity=range(0.7,1.3,0.1)", "hydra.sweeper.where=home.capacity >= 0.8")
    assert sweep_into(tmp_path / "s", "truce=glob(l*)", *capacity, "sweep.replicates=4") == 0
    capsys.readouterr()
    where = ["--where", "home.capacity=0.8", "--format", "csv"]
    assert run_command(["summary", str(tmp_path / "s"), *where]) == 0
    assert pd.read_csv(io.StringIO(capsys.readouterr().out))["home.capacity"].tolist() == [0.8]
    words = ["home.capacity", "--baseline", "1.2", "--format", "csv"]
    assert run_command(["compare", str(tmp_path / "s"), *words]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert table["home.capacity"].tolist() == [0.8, 0.9, 1.0, 1.1]
    assert set(table["baseline"]) == {1.2}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["compare", "{}", "trce"], "did you mean: truce"),
        (["compare", "{}", "--baseline", "strict"], "allowed: literal, practised"),
        (["summary", "{}", "--by", "host.will"], "allowed: truce, home.threshold"),
        (["summary", "{}", "--where", "truce=strict"], "no run has that level"),
        (["summary", "{}", "--where", "truce"], "FACTOR=LEVEL"),
        (["summary", "{}", "--format", "xml"], "--format"),
        (["summary", "nowhere"], "no such folder"),
        (["report", "{}", "--out", "nowhere/r.html"], "its folder does not exist"),
        (["report", "{}", "--factor", "trce"], "did you mean: truce"),
        (["report", "{}", "--baseline", "strict", "--factor", "truce"], "no run has that level"),
    ],
)
def test_bad_input_is_named_with_exit_code_2(folder, capsys, words, told) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert run_command([word.format(folder) for word in words]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_sweep_without_runs_is_told_how_to_go_on(tmp_path, capsys) -> None:
    words = ("truce=literal,practised", "sweep.replicates=4", "--prepare")
    assert sweep_into(tmp_path / "p", *words) == 0
    capsys.readouterr()
    assert run_command(["report", str(tmp_path / "p")]) == 2
    assert f"truce-sim resume {tmp_path / 'p'}" in capsys.readouterr().err
    assert run_command(["compare", str(tmp_path / "p"), "truce"]) == 2
    assert run_command(["summary", str(tmp_path / "p")]) == 0
    assert "nan" not in capsys.readouterr().out


def test_a_report_replaces_an_earlier_one_and_nothing_else(
    folder, tmp_path, capsys, monkeypatch
) -> None:
    draw_nothing(monkeypatch)
    out = tmp_path / "answer.html"
    out.write_text("mine", encoding="utf-8")
    assert run_command(["report", str(folder), "--out", str(out)]) == 2
    assert "is not a report of truce_sim" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "mine"
    out.unlink()
    for _ in range(2):
        assert run_command(["report", str(folder), "--out", str(out)]) == 0
    assert "What does it buy?" in out.read_text(encoding="utf-8")
