"""Bad input of the commands on a sweep's folder: one message, exit code 2, nothing changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from folders import contents, sweep_into
from truce_sim.cli.commands import run_command
from truce_sim.results.store import write_json


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep, a run beside it, a file, an empty folder, and folders that are broken."""
    base = tmp_path_factory.mktemp("base")
    words = ["home.threshold=3,4", "sweep.replicates=2", "run.horizon_days=30"]
    assert sweep_into(base / "sweep", *words) == 0
    assert run_command(["run", f"output.dir={base}", "output.name=run", "run.horizon_days=30"]) == 0
    (base / "file").write_text("not a folder")
    (base / "empty").mkdir()
    for name, change in BROKEN.items():
        change(shutil.copytree(base / "sweep", base / name))
    return base


def with_manifest(**changes: Any) -> Callable[[Path], None]:
    """Change entries of a manifest; None takes one away."""

    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text()) | changes
        write_json(path, {name: value for name, value in manifest.items() if value is not None})

    return change


def with_text(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "manifest.json").write_bytes(content) and None


def without(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return change


BROKEN: dict[str, Callable[[Path], None]] = {
    "broken_json": with_text(b'{"kind": "sweep", '),
    "binary": with_text(b"PAR1\xff\xfe\x00"),
    "a_list": with_text(b'["sweep"]'),
    "no_kind": with_manifest(kind=None),
    "other_kind": with_manifest(kind="atlas"),
    "newer": with_manifest(schema_version=4, truce_sim="4.0"),
    "older": with_manifest(schema_version=1),
    "version_is_text": with_manifest(schema_version="two"),
    "no_version": with_manifest(schema_version=None),
    "no_points": with_manifest(points=None),
    "points_are_text": with_manifest(points="many"),
    "no_factors": with_manifest(factors=None),
    "no_bases": with_manifest(bases=None),
    "no_config": with_manifest(config=None),
    "unknown_setting": with_manifest(config={"home": {"thresold": 3}}),
    "more_points": with_manifest(points=3),
    "fewer_points": with_manifest(points=1),
    "no_points_at_all": with_manifest(points=0),
    "no_manifest": without("manifest.json"),
    "no_design": without("design.parquet"),
    "no_specs": without("specs"),
}

#: Folder -> what every command on it says.
FOLDERS = {
    "nowhere": "no such folder",
    "file": "no such folder",
    "empty": "has no manifest.json",
    "no_manifest": "has no manifest.json",
    "run": "is the folder of a run",
    "other_kind": "is the folder of a atlas",
    "broken_json": "its manifest.json cannot be read",
    "binary": "its manifest.json cannot be read",
    "a_list": "its manifest.json is not from truce-sim",
    "no_kind": "its manifest.json is not from truce-sim",
    "newer": "written by a newer truce-sim (4.0), schema 4",
    "older": "schema 1",
    "version_is_text": "no valid entry 'schema_version'",
    "no_version": "no valid entry 'schema_version'",
    "no_points": "no valid entry 'points'",
    "points_are_text": "no valid entry 'points'",
    "no_factors": "no valid entry 'factors'",
    "no_bases": "no valid entry 'bases'",
    "no_config": "no valid entry 'config'",
    "more_points": "lacks files of specs/",
    "fewer_points": "its manifest.json counts 1 points, its parts have 2",
    "no_points_at_all": "no valid entry 'points'",
    "no_design": "lacks design.parquet",
    "no_specs": "lacks files of specs/",
}

#: Command -> arguments it needs besides the folder.
COMMANDS: dict[str, list[str]] = {
    "status": [], "resume": [], "verify": [], "rerun": ["--failed"], "worker": [],
}  # fmt: skip


def refused(words: list[str], told: str, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one message that says it, no traceback, nothing written or changed."""
    before = contents(base)
    capsys.readouterr()
    assert run_command(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"truce-sim {words[0]}: ")
    assert err.count("truce-sim " + words[0] + ": ") == 1
    assert told in err
    assert "Traceback" not in err
    assert contents(base) == before


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_sweeps_folder(
    command: str, name: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [command, str(finished / name), *COMMANDS[command]]
    refused(words, FOLDERS[name], finished, capsys)


@pytest.mark.parametrize("command", ["status", "resume", "rerun", "worker"])
def test_a_setting_that_is_none(
    command: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest with other settings is not the one of the files beside it."""
    words = [command, str(finished / "unknown_setting"), *COMMANDS[command]]
    refused(words, "it is of another sweep or run, or manifest.json is", finished, capsys)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status"], "DIR"),
        (["resume"], "DIR"),
        (["verify"], "DIR"),
        (["rerun", "--failed"], "DIR"),
        (["worker"], "DIR"),
        (["status", "sweep", "run"], "unrecognized arguments"),
        (["resume", "sweep", "sweep"], "unrecognized arguments"),
        (["status", "sweep", "--fast"], "--fast"),
        (["list", "sweep", "run"], "unrecognized arguments"),
        (["list", "nowhere"], "no such folder"),
        (["list", "file"], "no such folder"),
        (["status", ""], "has no manifest.json"),
        (["resume", "sweep", "--workers", "0"], "'0' is not a whole number from 1"),
        (["resume", "sweep", "--workers", "two"], "'two' is not a whole number from 1"),
        (["resume", "sweep", "--workers"], "expected one argument"),
        (["verify", "sweep", "--runs", "0"], "'0' is not a whole number from 1"),
        (["verify", "sweep", "--runs", "x"], "'x' is not a whole number from 1"),
        (["verify", "sweep", "--runs=-5"], "'-5' is not a whole number from 1"),
        (["verify", "sweep", "--runs", "1.5"], "'1.5' is not a whole number from 1"),
        (["verify", "sweep", "--pick=-1"], "'-1' is not a whole number from 0"),
        (["verify", "sweep", "--pick", "7e2"], "'7e2' is not a whole number from 0"),
        (["rerun", "sweep"], "--failed"),
        (["rerun", "sweep", "--failed", "--run-timeout", "0"], "is not a valid time limit"),
        (["rerun", "sweep", "--failed", "--run-timeout=-1"], "is not a valid time limit"),
        (["rerun", "sweep", "--failed", "--run-timeout", "nan"], "is not a valid time limit"),
        (["rerun", "sweep", "--failed", "--run-timeout", "inf"], "is not a valid time limit"),
        (["rerun", "sweep", "--failed", "--run-timeout", "soon"], "invalid float value: 'soon'"),
        (["worker", "sweep", "--chunk", "5", "--of", "3"], "0 to 2"),
        (["worker", "sweep", "--chunk", "3", "--of", "3"], "0 to 2"),
        (["worker", "sweep", "--chunk=-1", "--of", "3"], "0 to 2"),
        (["worker", "sweep", "--chunk", "1"], "0 to 0"),
        (["worker", "sweep", "--chunk", "x", "--of", "3"], "invalid int value: 'x'"),
        (["worker", "sweep", "--chunk", "0", "--of", "0"], "'0' is not a whole number from 1"),
        (["worker", "sweep", "--chunk", "$SLURM_ARRAY_TASK_ID"], "invalid int value"),
    ],
)
def test_arguments(
    words: list[str], told: str, finished: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(finished)
    refused(words, told, finished, capsys)


def test_a_folder_that_is_in_the_way(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sweep of that name goes nowhere near a run, a file, or a folder of something else."""
    for name in ("run", "file", "empty", "broken_json", "no_manifest"):
        words = ["sweep", "home.threshold=3,4", f"output.dir={finished}", f"output.name={name}"]
        refused(words, str(finished / name)[:60], finished, capsys)


def test_list_says_what_is_broken(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Below the sweeps that can be read; nothing is changed."""
    before = contents(finished)
    assert run_command(["list", str(finished)]) == 0
    out, err = capsys.readouterr()
    assert "finished" in out
    assert err == ""
    for name in ("broken_json", "no_points", "no_specs", "newer", "no_manifest"):
        (line,) = (line for line in out.splitlines() if f"{finished / name}'" in line)
        assert FOLDERS[name] in line
    assert f"{finished / 'run'}'" not in out
    assert contents(finished) == before
