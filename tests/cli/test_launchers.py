"""Which launchers a sweep may use, and what their settings may not do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from truce_sim.cli.commands import run_command

SLURM = "hydra/launcher=slurm"

BAD = [
    (["hydra/launcher=ray"], ("hydra/launcher", "ray", "dask")),
    ([SLURM, "hydra.launcher.timeout_min=soon"], ("hydra.launcher.timeout_min", "Integer")),
    ([SLURM, "hydra.launcher.partitoin=short"], ("hydra.launcher.partitoin", "no such setting")),
    ([SLURM, "hydra.launcher.setup=[echo hello]"], ("hydra.launcher.setup", "code", "modules")),
    (
        [SLURM, "+hydra.launcher.additional_parameters={chdir: /tmp}"],
        ("hydra.launcher.additional_parameters", "code", "SBATCH_"),
    ),
    ([SLURM, "hydra.launcher.partition=${seed}\n"], ("hydra.launcher.partition",)),
    (["hydra/launcher=joblib,slurm"], ("hydra/launcher", "not supported")),
    (["hydra/launcher=dask", "hydra.launcher.address=x"], ("hydra.launcher.address",)),
]

#: The user's own hydra/launcher/mine.yaml, and what the message says of it.
OWN_FILES = [
    ("_target_: hydra_plugins.hydra_rq_launcher.rq_launcher.RQLauncher\n", ("_target_", "code")),
    ("_target_: os.system\ncommand: ls\n", ("_target_", "code")),
    (
        'defaults: [slurm, _self_]\npartition: "short\\nrm -rf x"\n',
        ("hydra.launcher.partition", "one line"),
    ),
    ("defaults: [slurm, _self_]\nsetup: [touch x]\n", ("hydra.launcher.setup", "code")),
]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(words: list[str], expected: tuple[str, ...], err: str) -> None:
    for word in expected:
        assert word in err, words
    assert "Traceback" not in err
    assert not Path("outputs").exists()


@pytest.mark.parametrize(("words", "expected"), BAD)
def test_bad_settings_of_launchers(
    words: list[str], expected: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, exit code 2, nothing written."""
    assert run_command(["sweep", "truce=literal", *words]) == 2
    refused(words, expected, capsys.readouterr().err)


@pytest.mark.parametrize(("content", "expected"), OWN_FILES)
def test_a_file_of_a_launcher_runs_nothing(
    content: str, expected: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a class that nobody knows nor a line of shell."""
    file = Path("own/hydra/launcher/mine.yaml")
    file.parent.mkdir(parents=True)
    file.write_text(content, encoding="utf-8")
    words = ["truce=literal", "--config-dir", "own", "hydra/launcher=mine"]
    assert run_command(["sweep", *words]) == 2
    refused(words, expected, capsys.readouterr().err)
    assert sorted(path.name for path in Path().iterdir()) == ["own"]


@pytest.mark.parametrize("option", ["joblib", "slurm", "dask"])
def test_a_launcher_that_is_not_installed(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run_command(["sweep", "truce=literal", f"hydra/launcher={option}"]) == 2
    refused([option], ("is not installed", "truce-sim[cluster]"), capsys.readouterr().err)
