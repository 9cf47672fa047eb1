"""Bad input through the real command line: one clear message, exit code 2, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bad_input_corpus import CORPUS, BadInput
from truce_sim.cli.commands import run_command

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
    (["run", "--nonsense"], ("--nonsense", "--hydra-help")),
    (["run", "--cfg", "nojob"], ("--cfg", "nojob", "'job'")),
    (["run", "--config-dir"], ("--config-dir", "expected one argument")),
    (["run", "--config-name", "mine"], ("--config-name", "not supported")),
    (["sweep", "--config-path", "mine"], ("--config-path", "not supported", "--config-dir")),
    (["run", "--multirun", "truce=literal"], ("--multirun", "truce-sim sweep")),
    (["run", "hydra/launcher=jobblib"], ("hydra/launcher", "jobblib", "basic")),
]

GLOBAL = "# @package _global_\n"
PARAMS = GLOBAL + "hydra: {mode: MULTIRUN, sweeper: {params: {%s}}}\n"

#: (file in the user's own folder, its content, what the message says); `+experiment=mine` or
#: `home=mine` chooses it.
OWN_FILES = [
    ("experiment", GLOBAL + "home: {thresold: 5}\n", ("home.thresold", "did you mean: home.thr")),
    ("experiment", GLOBAL + "home: {threshold: -5}\n", ("threshold = -5.0", "out of range")),
    ("experiment", GLOBAL + "home: {threshold: .nan}\n", ("home.threshold = nan", "not a number")),
    ("experiment", GLOBAL + "home: {threshold: [\n", ("is not YAML",)),
    ("experiment", "\0", ("is not YAML",)),
    (
        "experiment",
        GLOBAL + "defaults: [_self_, override /mediation: monitored, /size: full]\n",
        ("mediation", "override", "after all other entries"),
    ),
    ("experiment", "home: {threshold: 5}\n", ("experiment: ", "# @package _global_")),
    ("experiment", GLOBAL + "defaults: [override /truce: litteral]\n", ("litteral", "mean: lit")),
    ("experiment", GLOBAL + "defaults: [override /thruce: literal]\n", ("thruce", "mean: truce")),
    ("experiment", GLOBAL + "defaults: [override /truce: [literal, tolerant]]\n", ("merged",)),
    ("experiment", GLOBAL + "interventions: [{day: 400, set: {}}]\n", ("interventions[0].day",)),
    ("experiment", GLOBAL + "sweep: {replicates: many}\n", ("sweep.replicates = 'many'",)),
    ("experiment", GLOBAL + "home: {_target_: os.getcwd}\n", ("home._target_", "executed")),
    ("home", "defaults: [baseline, _self_]\nthreshold: 0\n", ("home.threshold = 0", "1e-06")),
    ("home", "defaults: [basline]\n", ("basline", "did you mean: baseline")),
    ("home", "_target_: os.getcwd\n", ("home._target_", "nothing in it is executed")),
    ("home", "threshold: ${oc.env:NO_SUCH_VARIABLE}\n", ("home.threshold", "from outside")),
    ("home", "threshold: !!python/object:os.getcwd 8\n", ("is not YAML",)),
    ("home", "5\n", ("=mine",)),
]

#: The same in an experiment that sweeps.
OWN_SWEEPS = [
    ("home.thresold: '1,2'", ("home.thresold", "did you mean: home.threshold")),
    ("home.threshold: '1,-2'", ("home.threshold = -2", "out of range")),
    ("home.threshold: 'range(5,1)'", ("home.threshold", "an empty sweep")),
    ("truce: 'literal,litteral'", ("litteral", "did you mean: literal")),
]

#: A handful of the corpus goes through a process of its own, started as a user's or forked.
STARTED = ("misspelt", "s_empty_range")
PROCESSES = ("misspelt", "word", "nan", "minus_inf", "n_eff", "target", "t_gap", "s_empty_range")


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
    assert err.startswith("truce-sim")
    assert len(err.splitlines()) <= 4
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


@pytest.mark.parametrize("name", PROCESSES)
def test_as_a_process(name: str, tmp_path: Path, forked: Path) -> None:
    """The command itself, with its exit code."""
    case = next(case for case in CORPUS if case.id == name)
    program = Path(sys.executable).with_name("truce-sim") if name in STARTED else forked
    command = [program, case.command, *case.argv(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode, done.stdout, done.stderr, case.contains)


def own_file(folder: Path, group: str, content: str) -> list[str]:
    """Make a file `mine` of that group in a folder of the user's own; the words that choose it."""
    file = folder / "own" / group / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(content, encoding="utf-8")
    choice = f"{'+' * (group == 'experiment')}{group}=mine"
    return ["--config-dir", str(folder / "own"), choice]


@pytest.mark.parametrize(("group", "content", "contains"), OWN_FILES)
def test_a_bad_file_of_the_users_own(
    group: str,
    content: str,
    contains: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever is wrong in a file is told like a bad override, for a run and for a sweep."""
    words = own_file(tmp_path, group, content)
    for command in ("run", "sweep"):
        code = run_command([command, *words])
        out, err = capsys.readouterr()
        check(code, out, err, contains)


@pytest.mark.parametrize(("params", "contains"), OWN_SWEEPS)
def test_a_bad_sweep_in_an_experiment(
    params: str, contains: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an experiment sweeps is checked as if it were typed."""
    code = run_command(["sweep", *own_file(tmp_path, "experiment", PARAMS % params)])
    out, err = capsys.readouterr()
    check(code, out, err, contains)


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
    assert "already exists" in capsys.readouterr().err
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
