"""`truce-sim verify`: any value that is not what its run gives is found, and named."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from folders import contents, edit_manifest, parts, rewrite, sweep_into
from truce_sim.cli.commands import run_command
from truce_sim.results.store import write_json
from truce_sim.sweeps.execution.verify import verify_sweep

RUNS = 24


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two points and twelve replicates, in one part."""
    folder = tmp_path_factory.mktemp("finished") / "s"
    words = ["home.threshold=4,6", "run.horizon_days=60", f"sweep.replicates={RUNS // 2}"]
    assert sweep_into(folder, *words) == 0
    assert len(parts(folder)) == 1
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "s")


def verify(folder: Path, *words: str) -> int:
    return run_command(["verify", str(folder), *words])


def with_cell(name: str, row: int, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame[name] = [value if i == row else old for i, old in enumerate(frame[name])]
        return frame

    return change


def test_an_untouched_folder(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every run is the same again; the folder is not touched."""
    before = contents(finished)
    assert verify(finished, "--runs", "1000") == 0
    assert f"Ran {RUNS} of {RUNS} runs again: all" in capsys.readouterr().out
    assert contents(finished) == before


#: The least that a value can change by, and a value that went missing.
CHANGES: dict[str, Callable[[Any], object]] = {
    "mean_will": lambda value: math.nextafter(value, math.inf),
    "attempts": lambda value: value + 1,
    "collapsed": lambda value: not value,
    "first_violation_day": lambda value: None,
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_changed_value(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One cell of one row of a part."""
    old = pq.read_table(parts(folder)[0])[name].to_pylist()[17]
    changed = CHANGES[name](old)
    assert changed != old
    rewrite(parts(folder)[0], with_cell(name, 17, changed))
    assert verify(folder, "--runs", str(RUNS)) == 1
    said = capsys.readouterr().out
    assert f"Run 1:5 differs: {name} is stored as {changed!r}, but is {old!r}" in said


def test_outcomes_of_two_runs_exchanged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row is a run of this sweep, but not the one it says."""

    def exchange(frame: pd.DataFrame) -> pd.DataFrame:
        own = ["point", "replicate"]
        others = frame.columns.drop(own)
        order = [1, 0, *range(2, len(frame))]
        return frame[own].join(frame[others].iloc[order].reset_index(drop=True))[frame.columns]

    rewrite(parts(folder)[0], exchange)
    assert verify(folder, "--runs", str(RUNS)) == 1
    assert "Run 0:0 differs" in capsys.readouterr().out


def test_a_run_in_the_place_of_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good row that stands there twice, where another should be."""
    rewrite(parts(folder)[0], lambda frame: frame.iloc[[*range(5), 4, *range(6, RUNS)]])
    assert verify(folder, "--runs", str(RUNS)) == 2
    assert "is damaged: row 5 is of replicate 4, not 5" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("end_day", 3), ("home.threshold", 5.0)])
def test_a_changed_row_of_what_users_read(
    folder: Path, name: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """runs.parquet, an outcome or a swept value, where the parts are as they were."""
    rewrite(folder / "runs.parquet", with_cell(name, 17, value))
    assert verify(folder, "--runs", str(RUNS)) == 1
    said = capsys.readouterr().out
    assert f"Run 1:5 differs: {name} in runs.parquet is stored as {value!r}" in said


def test_a_row_that_users_do_not_see(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(folder / "runs.parquet", lambda frame: frame.drop(index=17))
    assert verify(folder, "--runs", str(RUNS)) == 1
    assert "Run 1:5 differs: number of its rows in runs.parquet" in capsys.readouterr().out


def test_a_changed_parameter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what the engine is given, one bit, even where no outcome depends on it."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        content = bytearray(frame.loc[1, "params"])
        content[-1] ^= 1
        frame.loc[1, "params"] = bytes(content)
        return frame

    rewrite(next((folder / "specs").glob("*.parquet")), change)
    assert verify(folder, "--runs", str(RUNS)) == 2
    told = "its point 1 is not the point of design.parquet"
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_changed_swept_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of the design says 5 where 6 was run."""
    rewrite(folder / "design.parquet", with_cell("home.threshold", 1, 5.0))
    assert verify(folder, "--runs", str(RUNS)) == 2
    told = "its design.parquet describes the points differently than when"
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_changed_base(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The manifest says another configuration than was run."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["bases"][0]["host"]["capacity"] += 0.25
    write_json(path, manifest)
    assert verify(folder, "--runs", str(RUNS)) == 1
    assert "differs: key of its design" in capsys.readouterr().out


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep that keeps every third day and all events."""
    folder = tmp_path_factory.mktemp("recorded") / "s"
    kept = ["sweep.series_every_days=3", "sweep.events=true"]
    words = ["home.threshold=4,6", "run.horizon_days=60", "sweep.replicates=3", *kept]
    assert sweep_into(folder, *words) == 0
    assert verify(folder, "--runs", "6") == 0
    return folder


@pytest.mark.parametrize(
    ("kind", "column", "change"),
    [
        ("series", "will", lambda value: math.nextafter(value, 2)),
        ("events", "day", lambda v: v + 1),
    ],
)
def test_a_changed_day(
    recorded: Path, tmp_path: Path, kind: str, column: str, change: Callable[[Any], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One cell, or one row that is gone, of what was recorded of a run."""
    folder = shutil.copytree(recorded, tmp_path / "s")
    (path,) = (folder / kind).glob("p*.parquet")
    frame, whole = pq.read_table(path).to_pandas(), path.read_bytes()
    row = int(frame.index[(frame["point"] == 1) & (frame["replicate"] == 2)][4])
    old = frame[column][row]
    rewrite(path, with_cell(column, row, change(old)))
    assert verify(folder, "--runs", "6") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"Run 1:2 differs: {column} on day {frame['day'][row]} in {kind}/" in said
    path.write_bytes(whole)
    rewrite(path, lambda frame: frame.drop(index=row))
    assert verify(folder, "--runs", "6") == 1
    assert f"Run 1:2 differs: number of its rows in {kind}/" in capsys.readouterr().out
    path.unlink()
    assert verify(folder, "--runs", "6") == 2
    assert f"{path} is damaged: it is missing" in capsys.readouterr().err


def test_the_choice_can_be_made_again(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--pick, as the command prints it, chooses the same runs; another one, others."""
    from truce_sim.sweeps.execution import verify as module

    seen: list[tuple[int, int]] = []
    compare = module._compare_run

    def watched(folder, stored, point, replicate, *more):  # type: ignore[no-untyped-def]
        seen.append((point, replicate))
        return compare(folder, stored, point, replicate, *more)

    monkeypatch.setattr(module, "_compare_run", watched)
    picks = {}
    for pick in (None, 7, 8):
        seen.clear()
        proof = verify_sweep(finished, 5, pick)
        first = list(seen)
        seen.clear()
        assert verify(finished, "--runs", "5", "--pick", str(proof.pick)) == 0
        assert seen == first
        assert len(set(first)) == 5
        assert f"--runs 5 --pick {proof.pick}" in capsys.readouterr().out
        picks[pick] = first
    assert picks[7] != picks[8]


def test_other_rules_in_the_manifest_are_not_those_of_its_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_manifest(folder, rules="0" * 16)
    assert verify(folder) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"{folder / 'design.parquet'} is damaged: it is of another sweep or run" in said


def test_nothing_to_prove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without runs is not called verified."""
    assert sweep_into(tmp_path / "s", "home.threshold=4,6", "--prepare") == 0
    assert verify(tmp_path / "s") == 2
    assert "has no runs yet" in capsys.readouterr().err


# ── what is made from the parts, and what they say ───────────────────────────────────────────


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep over the options of a group, compared."""
    folder = tmp_path_factory.mktemp("grouped") / "s"
    words = ["truce=literal,practised", "sweep.compare=truce", "run.horizon_days=30"]
    assert sweep_into(folder, *words, "sweep.replicates=3") == 0
    return folder


@pytest.fixture
def labelled(grouped: Path, tmp_path: Path) -> Path:
    return shutil.copytree(grouped, tmp_path / "s")


def told(folder: Path, code: int, capsys: pytest.CaptureFixture[str]) -> str:
    """What `verify` says of a folder that it finds wrong."""
    assert verify(folder, "--runs", "1") == code
    return " ".join("".join(capsys.readouterr()).split())


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("summary", "collapse_share", 0.123),
        ("summary", "truce", "tolerant"),
        ("summary", "runs", 4),
        ("contrasts", "days", 12.5),
        ("contrasts", "n", 2),
    ],
)
def test_a_changed_result(
    labelled: Path, name: str, column: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(labelled / f"{name}.parquet", with_cell(column, 0, value))
    assert f"{column} in {name}.parquet is stored as {value!r}" in told(labelled, 1, capsys)


def test_a_failure_that_was_none(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_up = {"point": 0, "replicate": 0, "seed": 1, "truce": "literal", "status": "error",
               "error": "no", "traceback": None}  # fmt: skip
    rewrite(labelled / "failures.parquet", lambda frame: pd.DataFrame([made_up])[frame.columns])
    said = told(labelled, 1, capsys)
    assert "failures.parquet differs: number of rows is stored as 1, but is 0" in said


def test_labels_exchanged(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The options of a group, which say nothing of what was run but their names."""
    rewrite(
        labelled / "design.parquet", lambda frame: frame.assign(truce=frame["truce"].tolist()[::-1])
    )
    said = told(labelled, 2, capsys)
    assert "its design.parquet describes the points differently than when parts/" in said
    assert run_command(["resume", str(labelled)]) == 2


def test_a_run_that_is_said_to_have_failed(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(parts(labelled)[0], with_cell("status", 4, "crashed"))
    said = told(labelled, 1, capsys)
    assert "Run 1:1 differs: status is stored as 'crashed', but is 'done'" in said


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"truce_sim": "0.2"}, {"libraries": {}}, {"started": "2025-10-19T00:00:00+0000"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_changed_manifest(
    labelled: Path, changes: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Edited, it is noticed by its digest; with the digest made again, by all other files."""
    path = labelled / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert "its manifest.json is not what was written" in told(labelled, 2, capsys)
    edit_manifest(labelled, **changes)
    assert "it is of another sweep or run, or manifest.json is" in told(labelled, 2, capsys)


def test_a_changed_count(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_manifest(labelled, failed=1)
    said = told(labelled, 1, capsys)
    assert "manifest.json differs: failed is stored as 1, but is 0" in said


def test_a_worker_runs_no_spec_that_is_not_the_designs(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bit, in a file whose checksums are right."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        content = bytearray(frame.loc[1, "params"])
        content[-1] ^= 1
        frame.loc[1, "params"] = bytes(content)
        return frame

    rewrite(next((labelled / "specs").glob("*.parquet")), change)
    parts(labelled)[0].unlink()
    assert run_command(["resume", str(labelled)]) != 0
    assert "its point 1 is not the point of design.parquet" in capsys.readouterr().err
    assert not parts(labelled)
