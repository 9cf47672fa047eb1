"""Bad input through the real command line: one clear message, exit code 2, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bad_input_corpus import CORPUS, BadInput
from truce_sim.cli import run_command

TARGET = "builtins.open"

COMMAND_LINE = [
    (["rum"], ("rum", "truce-sim --help")),
    (["run", "truce=literal,practised"], ("truce", "several values", "sweep")),
    (["run", "+experiment=doha"], ("sweep",)),
    (["sweep", "replicate=1,2"], ("replicate", "cannot be swept")),
    (["sweep", "sweep.replicates=1,2"], ("sweep.replicates", "cannot be swept")),
    (["sweep", "output.dir=a,b"], ("output.dir", "cannot be swept")),
    (["sweep", "home.threshold=1,2", "sweep.compare=truce"], ("sweep.compare", "not swept")),
    (["sweep", "+experiment=dohha"], ("dohha",)),
    (["run", "--config-dir", "nowhere"], ("nowhere", "no such folder")),
    (
        ["run", f"hydra.sweeper._target_={TARGET}"],
        ("hydra.sweeper._target_", "nothing in it is executed"),
    ),
    (
        ["run", f"hydra.launcher._target_={TARGET}"],
        ("hydra.launcher._target_", "nothing in it is executed"),
    ),
    (
        ["run", f"+hydra.callbacks.x._target_={TARGET}"],
        ("hydra.callbacks", "nothing in it is executed"),
    ),
    (["run", "--experimental-rerun", "x.pickle"], ("--experimental-rerun", "not supported")),
    (["run", "home.threshold=["], ("home.threshold",)),
    (["completion", "powershell"], ("powershell", "bash")),
]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)


def check(code: int, out: str, err: str, contains: tuple[str, ...]) -> None:
    """One message with these words, nothing on standard output, nothing written."""
    assert code == 2, err
    assert out == ""
    assert "Traceback" not in err
    for words in contains:
        assert words in err
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_corpus(case: BadInput, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every case of the corpus, and there are at least sixty."""
    assert len(CORPUS) >= 60
    code = run_command([case.command, *case.argv(tmp_path)])
    out, err = capsys.readouterr()
    check(code, out, err, case.contains)


@pytest.mark.parametrize(("arguments", "contains"), COMMAND_LINE, ids=lambda a: " ".join(a)[:40])
def test_what_only_the_command_line_has(
    arguments: list[str], contains: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, flags, experiments, and what would run code."""
    code = run_command(arguments)
    out, err = capsys.readouterr()
    check(code, out, err, contains)


def test_as_a_process() -> None:
    """The installed command itself, with its exit code."""
    program = Path(sys.executable).with_name("truce-sim")
    done = subprocess.run(
        [program, "run", "home.treshold=5"], capture_output=True, text=True, check=False
    )
    check(done.returncode, done.stdout, done.stderr, ("home.treshold", "home.threshold"))


def test_one_bad_point_stops_a_sweep_before_it_starts(capsys: pytest.CaptureFixture[str]) -> None:
    """The last of many points is bad: nothing is run, nothing written."""
    levels = ",".join(str(1 + i / 10) for i in range(30))
    code = run_command(["sweep", f"home.threshold={levels},-1"])
    out, err = capsys.readouterr()
    check(code, out, err, ("home.threshold", "out of range"))


def test_results_are_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that exists is refused and its folder left alone."""
    kept = Path("outputs/mine/note.txt")
    kept.parent.mkdir(parents=True)
    kept.write_text("kept")
    assert run_command(["sweep", "output.name=mine", "sweep.replicates=2"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in kept.parent.iterdir()] == ["note.txt"]


def test_a_config_folder_cannot_run_code(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that names a callback is refused, and the callback does not run."""
    own = Path("own/experiment")
    own.mkdir(parents=True)
    (own / "evil.yaml").write_text(
        "# @package _global_\nhydra:\n  callbacks:\n    x:\n"
        "      _target_: pathlib.Path.touch\n      self: ran\n"
    )
    assert run_command(["run", "--config-dir", "own", "+experiment=evil"]) == 2
    assert "name code" in capsys.readouterr().err
    assert not Path("ran").exists()
    assert not Path("outputs").exists()
