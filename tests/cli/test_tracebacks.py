"""Whatever happens around a command, it ends in a message and never in a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import REPOSITORY
from folders import sweep_into
from truce_sim import InputError, load_config, simulate
from truce_sim.cli.commands import run_command
from truce_sim.config import regimes
from truce_sim.config.load import as_setup, validate
from truce_sim.errors import shortened
from truce_sim.settings.nested import leaves
from truce_sim.sweeps.design.factors import sweep_tokens
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.terminal import SweepBar
from undrawn import draw_nothing

FEW = ("truce=literal,practised", "sweep.replicates=4", "run.horizon_days=30")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tracebacks") / "s"
    assert sweep_into(path, *FEW) == 0
    return path


# ── odd values ───────────────────────────────────────────────────────────────────────────────


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


ODD = [
    10**400, -(10**400), 10**5000, True, None, float("nan"), b"x", nested(150), nested(5000),
    {"a": nested(200)}, "", "\0", "\x1b[31m", "${", "${oc.env:HOME}", "a" * 5000, 1 + 2j, object(),
    {1: 2}, {"": 1}, {"a b": 1}, [None], range(3), "glob(*)", "[" * 2000, "9" * 5000, "\ud800",
]  # fmt: skip
SETTINGS = [
    "home.capacity", "truce", "mediation", "mediation.calendar", "mediation.mediators",
    "mediation.mediators.qatar.call", "interventions", "seed", "scenario.table", "output.name",
    "sweep.question", "mediation.announced", "home", "", "home.", "x" * 3000, "\x1b[31m",
]  # fmt: skip


def check(ask: Callable[[], object]) -> None:
    """Whether it is taken, or refused in a message of a reasonable length; nothing else."""
    try:
        ask()
        return
    except InputError as error:
        said = str(error)
    assert 0 < len(said) <= 850


@pytest.mark.parametrize("setting", SETTINGS, ids=range(len(SETTINGS)))
def test_an_odd_value_is_taken_or_refused(setting: str) -> None:
    for value in ODD:
        check(lambda value=value: load_config({setting: value}))
        if can_be_written(value):
            check(lambda value=value: load_config([f"{setting}={value}"]))


def can_be_written(value: object) -> bool:
    """Whether Python itself writes a value: it has limits for digits and for nesting."""
    try:
        str(value)
        return True
    except (ValueError, RecursionError):
        return False


@pytest.mark.parametrize("value", [10**400, 2**63, -1, 1.5, True, "x", b"x", nested(150), object()])
def test_an_odd_seed_is_refused(value: object) -> None:
    for name in ("seed", "replicate"):
        with pytest.raises(InputError):
            simulate({"run.horizon_days": 1}, **{name: value})


@pytest.mark.parametrize(
    "value", [10**400, 1.5, b"x", object(), [1], {1: 2}, {"home": nested(900)}]
)
def test_what_is_no_configuration_is_refused(value: object) -> None:
    for ask in (load_config, simulate, validate):
        with pytest.raises(InputError):
            ask(value)
    with pytest.raises(InputError):
        load_config(config_dir=value)


@pytest.mark.parametrize(
    "levels", [3, None, "literal", {"a": 1}, [], [{}], [{"a": 1, "b": 2}], [object()]]
)
def test_what_are_no_levels_is_refused(levels: object) -> None:
    with pytest.raises(InputError):
        sweep_tokens({"truce": levels})


def test_a_long_message_is_shortened_in_its_middle() -> None:
    error = InputError("p" * 900, setting="s" * 900, value="v" * 900, allowed="a" * 900)
    assert len(str(error)) <= 800
    assert str(error).startswith("sss")
    assert str(error).endswith("aaa")
    assert shortened("abcdefghij", 7) == "ab … ij"


def test_interventions_cost_the_same_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in values that are checked: twice as many interventions, twice as many values."""
    checked: list[int] = []
    build = regimes.build_config

    def count(plain):  # type: ignore[no-untyped-def]
        checked.append(len(leaves(plain)) + len(plain["interventions"]))
        return build(plain)

    monkeypatch.setattr(regimes, "build_config", count)
    totals = []
    for number in (50, 100):
        checked.clear()
        changes = [{"day": day, "set": {"home.threshold": 3.0}} for day in range(number)]
        config = load_config({"interventions": changes})
        assert len(config.interventions) == number
        setup = as_setup(config).with_seed(3)
        assert all(regime.seed == 3 for _, regime in setup.regimes)
        shared = {id(regime.interventions) for _, regime in setup.regimes[1:]}
        assert len(shared) == 1  # one list, neither copied nor checked for each regime
        totals.append(sum(checked))
    assert totals[1] == 2 * totals[0]


# ── places that cannot be written ────────────────────────────────────────────────────────────


@pytest.mark.skipif(sys.platform != "linux", reason="nobody can write to /proc")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["report", "{}", "--out", "/proc/self/r.html"], "--out = '/proc/self/r.html': cannot be"),
        (["movie", "{}", "--run", "0:0", "--out", "/proc/self/m.gif"], "cannot be written"),
        (["run", "output.dir=/proc/self/out"], "output.dir"),
        (["sweep", "home.threshold=1,2", "output.dir=/proc/self/out"], "output.dir"),
        (["validate", "--replicates", "5", "--out", "/proc/self/out"], "output.dir"),
    ],
)
def test_a_place_that_cannot_be_written(
    words: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    draw_nothing(monkeypatch)
    assert run_command([word.format(folder) for word in words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


FULL = """
import resource, sys
import pytest
from truce_sim.cli.commands import run_command
from truce_sim import simulate
from undrawn import draw_nothing
draw_nothing(pytest.MonkeyPatch())
simulate({"run.horizon_days": 30})
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
print([run_command(words.split()) for words in sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
def test_a_full_disk(folder: Path, tmp_path: Path) -> None:
    """Every command that writes says so, and leaves nothing half written."""
    before = sorted(folder.rglob("*"))
    words = [
        f"report {folder}", f"report {folder} --out r.html",
        f"movie {folder} --run 0:0 --out m.gif",
        "run run.horizon_days=30", "sweep home.threshold=1,2", "validate --replicates 5",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", FULL, *words], capture_output=True, text=True, check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(REPOSITORY / "tests")},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == str([2] * len(words)), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("cannot") >= len(words)
    assert sorted(folder.rglob("*")) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["summary", "compare", "report"])
def test_rows_that_are_cut_short(
    command: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, or made again from the parts; there is no traceback either way."""
    copy = shutil.copytree(folder, tmp_path / "s")
    rows = copy / "runs.parquet"
    rows.write_bytes(rows.read_bytes()[:2000])
    code = run_command([command, str(copy), *(["truce"] if command == "compare" else [])])
    told = capsys.readouterr()
    assert code == 0 or "runs.parquet" in told.err


def test_a_device_is_no_place_for_a_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not even read: a device may have no end."""
    assert run_command(["report", str(folder), "--out", os.devnull]) == 2
    assert "is not a file" in capsys.readouterr().err


# ── a sweep whose folder or driver goes away ─────────────────────────────────────────────────


def test_a_folder_that_is_moved_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sweep stops with a message; the moved folder is whole and can be resumed."""
    path, moved = tmp_path / "s", tmp_path / "moved"

    def move(self: SweepBar, runs: int) -> None:
        if path.exists():
            path.rename(moved)

    words = ("home.threshold=range(1,9,0.1)", "sweep.replicates=64", "run.horizon_days=30")
    with monkeypatch.context() as patch:
        patch.setattr(SweepBar, "advance", move)
        assert sweep_into(path, *words) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert str(path) in err
    assert not path.exists()
    assert run_command(["resume", str(moved)]) == 0
    assert len(read_folder(moved).runs()) == 80 * 64


def test_a_worker_whose_driver_is_gone_ends_without_a_word(folder: Path) -> None:
    read, write = os.pipe()
    command = [sys.executable, "-P", "-m", "truce_sim.sweeps.execution.worker", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE, text=True
    ) as worker:
        os.close(write)
        os.close(read)
        assert worker.communicate("", timeout=120)[1] == ""
    assert worker.returncode == 0
