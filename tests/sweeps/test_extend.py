"""Stopping, going on, extending: what is there is kept, only what is new is run, and the result is
the one of doing it at once. What does not mix is refused, with what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from folders import contents, edit_manifest, parts, rows, sweep_into
from truce_sim import sweep
from truce_sim.cli.commands import run_command
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.run import outcomes
from truce_sim.errors import InputError
from truce_sim.sweeps.execution import create, rules, verify
from truce_sim.sweeps.execution.driver import SweepResult
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.spec_files import write_specs

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("truce-sim")
SHORT = {"run.horizon_days": 60, "sweep.workers": 1}
SOBOL = {"home.threshold": "interval(2,8)", "home.lag_days": "interval(0,4)"}


def grid(folder: Path, thresholds: Sequence[float], replicates: int) -> SweepResult:
    """A small grid of thresholds and two readings of the clause."""
    levels = {"home.threshold": thresholds, "truce": ["literal", "practised"]}
    return sweep(levels, SHORT, replicates=replicates, folder=folder)


def sampled(folder: Path, points: int, design: str = "sobol", replicates: int = 3) -> SweepResult:
    return sweep(SOBOL, SHORT, design=design, points=points, replicates=replicates, folder=folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished grid of four points and five replicates."""
    return grid(tmp_path_factory.mktemp("small") / "s", [3.0, 5.0], 5).path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The rows of six points, one of them between the others, and eight replicates, at once."""
    folder = grid(tmp_path_factory.mktemp("large") / "s", [3.0, 4.0, 5.0], 8).path
    return by_value(read_folder(folder).runs())


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small, tmp_path / "s")


def by_value(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by what they are; new points of a grid have numbers of their own."""
    frame = frame.drop(columns="point").assign(truce=frame["truce"].astype(str))
    return frame.sort_values(["home.threshold", "truce", "replicate"], ignore_index=True)


# ── the same command, and more of the same ───────────────────────────────────────────────────


def test_nothing_was_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command on a finished folder runs nothing and says so."""
    before = {path: path.read_bytes() for path in parts(folder)}
    words = ["home.threshold=3.0,5.0", "truce=literal,practised", "run.horizon_days=60"]
    assert sweep_into(folder, *words, "sweep.replicates=5") == 0
    assert "Nothing was missing: all 20 runs were already done" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in parts(folder)} == before


def test_more_replicates_and_points(folder: Path, large: pd.DataFrame) -> None:
    """Also in the middle of the grid: the rows are those of the whole at once, the old parts stay
    as they are, and only what is new is run."""
    before = {path: path.read_bytes() for path in parts(folder)}
    result = grid(folder, [3.0, 5.0], 8)
    assert (result.runs_new, result.runs_done) == (12, 32)
    result = grid(folder, [3.0, 4.0, 5.0], 8)
    assert (result.runs_new, result.runs_done) == (16, 48)
    assert all(path.read_bytes() == content for path, content in before.items())
    pd.testing.assert_frame_equal(by_value(result.runs), large, check_exact=True)
    assert result.summary["runs"].eq(8).all()
    assert result.summary.index.tolist() == list(range(6))
    assert run_command(["verify", str(folder)]) == 0


def test_fewer_points_and_replicates_lose_nothing(folder: Path) -> None:
    """A command that asks for less than is there runs nothing and removes nothing."""
    before = rows(folder)
    assert grid(folder, [5.0], 3).runs_new == 0
    pd.testing.assert_frame_equal(rows(folder), before, check_exact=True)


def test_more_samples(tmp_path: Path) -> None:
    """8 points, then 16, are 16 at once, numbers and all."""
    sampled(tmp_path / "s", 8)
    result = sampled(tmp_path / "s", 16)
    assert result.runs_new == 24
    sampled(tmp_path / "whole", 16)
    pd.testing.assert_frame_equal(rows(tmp_path / "s"), rows(tmp_path / "whole"), check_exact=True)
    summaries = [read_folder(tmp_path / name).summary for name in ("s", "whole")]
    pd.testing.assert_frame_equal(*summaries, check_exact=True)


def test_more_base_rows(tmp_path: Path) -> None:
    """A saltelli design keeps the seeds of its base rows."""
    sampled(tmp_path / "s", 4, "saltelli", 1)
    result = sampled(tmp_path / "s", 8, "saltelli", 1)
    assert (result.runs_new, result.runs_done) == (16, 32)
    sampled(tmp_path / "whole", 8, "saltelli", 1)
    pd.testing.assert_frame_equal(rows(tmp_path / "s"), rows(tmp_path / "whole"), check_exact=True)


@pytest.mark.parametrize("design", ["sobol", "saltelli", "morris"])
def test_samples_of_other_ranges_do_not_mix(design: str, tmp_path: Path) -> None:
    """A folder with two samples would give indices of neither; what is there stays as it is."""
    made = sampled(tmp_path / "s", 4, design).path
    before = contents(made)
    wider = SOBOL | {"home.threshold": "interval(2,9)"}
    with pytest.raises(InputError, match="other ranges"):
        sweep(wider, SHORT, design=design, points=4, replicates=3, folder=made)
    assert contents(made) == before


def test_points_with_seeds_of_their_own(tmp_path: Path) -> None:
    """Without common random numbers a point keeps its seed in a larger design."""
    own = SHORT | {"sweep.common_random_numbers": False}
    wide, narrow = {"home.threshold": [3, 4, 5]}, {"home.threshold": [3, 5]}
    sweep(narrow, own, replicates=3, folder=tmp_path / "s")
    extended = sweep(wide, own, replicates=3, folder=tmp_path / "s")
    whole = sweep(wide, own, replicates=3, folder=tmp_path / "whole")
    assert extended.runs_new == 3
    order = ["home.threshold", "replicate"]
    frames = [r.runs.drop(columns="point").sort_values(order, ignore_index=True)
              for r in (extended, whole)]  # fmt: skip
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_an_extension_that_was_interrupted(folder: Path, large: pd.DataFrame) -> None:
    """Killed when the new specs were written, and the design not yet: another extension does not
    trip over them."""
    opened = read_folder(folder)
    write_specs(folder / "specs", 4, opened.specs(range(3)), opened.files)
    result = grid(folder, [3.0, 4.0, 5.0], 8)
    pd.testing.assert_frame_equal(by_value(result.runs), large, check_exact=True)


def test_two_extensions_at_once(
    folder: Path, large: pd.DataFrame, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The folder is locked before it is read: the second is refused, and its points go nowhere."""
    codes = []

    def meanwhile(*arguments):
        codes.append(sweep_into(folder, "home.threshold=3.0,7.0,5.0", *SAME[1:]))
        return write_specs(*arguments)

    monkeypatch.setattr(create, "write_specs", meanwhile)
    grid(folder, [3.0, 4.0, 5.0], 8)
    assert codes == [2]
    assert "is in use by another truce-sim" in capsys.readouterr().err
    pd.testing.assert_frame_equal(by_value(read_folder(folder).runs()), large, check_exact=True)


def test_events_without_a_part_are_counted_nowhere(tmp_path: Path) -> None:
    """As a process leaves them that is killed between the two; the extension cuts other parts."""
    kept = SHORT | {"sweep.events": True, "sweep.series_every_days": 20}
    for replicates in (3, 5):
        sweep({"home.threshold": [3, 5]}, kept, replicates=replicates, folder=tmp_path / "s")
    parts(tmp_path / "s")[1].unlink()
    edit_manifest(tmp_path / "s", status="running")
    sweep({"home.threshold": [3, 5]}, kept, replicates=7, folder=tmp_path / "s")
    sweep({"home.threshold": [3, 5]}, kept, replicates=7, folder=tmp_path / "whole")
    for kind in ("events", "series"):
        found, expected = (
            pd.concat(map(pd.read_parquet, (tmp_path / name / kind).glob("*.parquet")))
            .sort_values(["point", "replicate"], kind="stable", ignore_index=True)
            for name in ("s", "whole")
        )  # fmt: skip
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


# ── what does not mix ────────────────────────────────────────────────────────────────────────


def test_a_latin_hypercube_cannot_be_extended(tmp_path: Path) -> None:
    """Its points depend on their number. More replicates are welcome."""
    sampled(tmp_path / "s", 4, "lhs")
    before = contents(tmp_path / "s")
    with pytest.raises(InputError, match=r"cannot be extended: its points depend on their num"):
        sampled(tmp_path / "s", 8, "lhs")
    assert contents(tmp_path / "s") == before
    assert sampled(tmp_path / "s", 4, "lhs", replicates=5).runs_new == 8


SAME = ["home.threshold=3.0,5.0", "truce=literal,practised", "run.horizon_days=60"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (SAME[:2], ("run.horizon_days = 365", "cannot be mixed", "another output.name")),
        ([*SAME, "home.capacity=0.7"], ("home.capacity = 0.7", "cannot be mixed")),
        ([*SAME, "seed=2"], ("seed = 2", "cannot be mixed")),
        ([*SAME, "mediation=none"], ("mediation", "cannot be mixed")),
        ([*SAME, "sweep.events=true"], ("sweep.events = True", "cannot be mixed")),
        ([*SAME, "sweep.common_random_numbers=false"], ("sweep.common_random_numbers",)),
        (SAME[1:], ("output.name = 's'", "is a grid sweep of home.threshold, truce")),
        ([*SAME, "home.capacity=0.7,0.8"], ("is a grid sweep of home.threshold, truce",)),
        ([*SAME[:2], "hydra.sweeper.design=zip", SAME[2]], ("is a grid sweep",)),
    ],
)
def test_other_settings(
    folder: Path, words: list[str], told: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before anything is written; the folder stays as it was."""
    before = contents(folder)
    assert sweep_into(folder, *words) == 2
    said = capsys.readouterr().err
    for text in told:
        assert text in said
    assert contents(folder) == before


@pytest.fixture
def other_rules(monkeypatch: pytest.MonkeyPatch) -> str:
    """This program has other rules than the folder's, in name: they make the same runs."""
    monkeypatch.setattr(rules, "DIGEST", "f" * 16)
    return "f" * 16


def on_folder(command: str, folder: Path) -> int:
    if command == "sweep":
        return sweep_into(folder, *SAME, "sweep.replicates=6")
    return run_command([command, str(folder), *["--failed"][: command == "rerun"]])


@pytest.mark.parametrize("command", ["sweep", "resume", "rerun", "worker"])
def test_other_rules_that_make_other_runs(
    folder: Path, command: str, other_rules: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Refused, with what differs: another name, or the commit that made the sweep."""
    monkeypatch.setattr(verify, "outcomes", _with_more_deaths)
    before, manifest = contents(folder), read_folder(folder).manifest
    assert on_folder(command, folder) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert re.search(r"Run \d:\d differs: deaths is stored as \d+, but is \d+", said)
    assert "they cannot be mixed" in said
    assert "another output.name" in said
    assert DIGEST in said
    assert other_rules in said
    assert manifest["git_commit"][:12] in said
    assert contents(folder) == before


def _with_more_deaths(*arguments):
    rows = outcomes(*arguments)
    rows["deaths"] += 1
    return rows


@pytest.mark.parametrize("command", ["sweep", "resume", "rerun", "worker"])
def test_other_rules_that_make_the_same_runs(
    folder: Path, command: str, other_rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Gone on with: said, and both digests are in the manifest; the runs are not compared again."""
    before = rows(folder)
    assert on_folder(command, folder) == 0
    said = " ".join(capsys.readouterr().err.split())
    manifest = read_folder(folder).manifest
    assert manifest["rules"] == DIGEST
    if command != "worker":  # it has no lock, and leaves the manifest alone
        assert "20 of its runs, repeated, are identical: going on" in said
        (also,) = manifest["also_made_by"]
        assert (also["rules"], also["runs_compared"]) == (other_rules, 20)
        assert run_command(["resume", str(folder)]) == 0
        assert "are identical" not in capsys.readouterr().err
    after = rows(folder)
    pd.testing.assert_frame_equal(
        after[after["replicate"] < 5].reset_index(drop=True), before, check_exact=True
    )


# ── designs that are odd ─────────────────────────────────────────────────────────────────────


def test_duplicates_are_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A point that is there twice is run once."""
    words = ["home.threshold=3,4,3,3.0", "sweep.replicates=2", "run.horizon_days=30"]
    assert sweep_into(tmp_path / "s", *words, "--dry-run") == 0
    assert "left out: 2 (duplicate)" in capsys.readouterr().out
    assert sweep_into(tmp_path / "s", *words) == 0
    assert len(rows(tmp_path / "s")) == 4
    assert json.loads((tmp_path / "s/manifest.json").read_text())["left_out"] == {"duplicate": 2}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["home.threshold=3,4", "hydra.sweeper.where='home.threshold > 9'"], "no point"),
        (["home.threshold=3,nan"], "not a number"),
        (["home.threshold=interval(2,nan)", "hydra.sweeper.design=sobol",
          "hydra.sweeper.points=4"], ""),
        (["hydra.sweeper.design=table", "hydra.sweeper.table=empty.csv"], "no rows"),
        (["hydra.sweeper.design=table", "hydra.sweeper.table=nan.csv"], "row 2"),
    ],
)  # fmt: skip
def test_no_points_and_nan_are_refused(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("empty.csv").write_text("home.threshold\n")
    Path("nan.csv").write_text("home.threshold\n3\nnan\n")
    assert sweep_into(tmp_path / "s", *words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("flag", ["--dry-run", "--prepare"])
def test_a_million_points(flag: str, tmp_path: Path) -> None:
    """Under a gigabyte of memory, in a few minutes."""
    rng = np.random.default_rng(1)
    table = {
        "home.threshold": rng.uniform(2, 8, 10**6),
        "home.capacity": rng.uniform(0.8, 1, 10**6),
    }
    pd.DataFrame(table).to_parquet(tmp_path / "design.parquet")
    words = ["hydra.sweeper.design=table", "hydra.sweeper.table=design.parquet"]
    more = ["sweep.replicates=1", "output.name=s", "output.dir=."]
    code = (
        "import sys; from truce_sim.cli import run_command;"
        "code = run_command(sys.argv[1:]);"
        # Not ru_maxrss: it begins at the peak of the process that starts this one.
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'));"
        "print('peak', status['VmHWM'].split()[0]); sys.exit(code)"
    )
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, "sweep", *words, *more, flag],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stderr
    kilobytes = int(done.stdout.rsplit("peak ", 1)[1])
    print(f"{flag}: {seconds:.0f} s, {kilobytes / 1e6:.2f} GB")
    assert kilobytes < 1e6
    assert seconds < 600
    if flag == "--prepare":
        opened = read_folder(tmp_path / "s")
        assert opened.points == 10**6
        last = opened.spec_of(10**6 - 1).params[0]
        assert last["states"]["threshold"][0] == table["home.threshold"][-1]


# ── shares, for workers that somebody else starts ────────────────────────────────────────────


@pytest.fixture
def prepared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Many chunks, none of them run."""
    folder = tmp_path / "p"
    words = [*SAME, "sweep.replicates=1600", "--prepare"]
    assert sweep_into(folder, *words) == 0
    assert "none started yet" in capsys.readouterr().out
    assert not parts(folder)
    return folder


def test_workers_do_their_shares(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three shares, two of them at the same time; resuming only sums up, and the whole is the
    undisturbed sweep. A share that is done is done."""
    share = [str(PROGRAM), "worker", str(prepared), "--of", "3", "--workers", "1", "--chunk"]
    both = [subprocess.Popen([*share, str(k)], stderr=subprocess.DEVNULL) for k in (0, 2)]
    assert [process.wait() for process in both] == [0, 0]
    assert run_command(["status", str(prepared)]) == 0
    assert "stopped" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in parts(prepared)}
    assert before
    for k in ("1", "0"):
        assert (
            run_command(["worker", str(prepared), "--chunk", k, "--of", "3", "--workers", "1"]) == 0
        )
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert run_command(["resume", str(prepared)]) == 0
    assert "Nothing was missing: all 6,400 runs were already done" in capsys.readouterr().out
    assert sweep_into(tmp_path / "whole", *SAME, "sweep.replicates=1600") == 0
    pd.testing.assert_frame_equal(rows(prepared), rows(tmp_path / "whole"), check_exact=True)
    assert sum(pq.read_metadata(path).num_rows for path in parts(prepared)) == 6_400


# ── damage ───────────────────────────────────────────────────────────────────────────────────


def test_a_damaged_part_of_a_sweep_that_is_still_watched(tmp_path: Path) -> None:
    """With sweep.until, what is wanted follows from the parts, of which one is cut short or
    altered: set aside, run again, as before."""
    folder = tmp_path / "s"
    until = {"until.outcome": "end_day", "until.half_width": 3.0, "until.ceiling": 512}
    settings = SHORT | {f"sweep.{name}": value for name, value in until.items()}
    expected = sweep({"home.threshold": [3, 5]}, settings, folder=folder).runs
    cut, changed, *_ = parts(folder)
    cut.write_bytes(cut.read_bytes()[:-50])
    content = bytearray(changed.read_bytes())
    content[len(content) // 3] ^= 0x40
    changed.write_bytes(content)
    (folder / "runs.parquet").unlink()
    assert run_command(["resume", str(folder)]) == 0
    assert len(list((folder / "parts").glob("*.damaged"))) == 2
    order = ["point", "replicate"]
    pd.testing.assert_frame_equal(
        rows(folder), expected.sort_values(order, ignore_index=True), check_exact=True
    )


@pytest.mark.parametrize("name", ["design.parquet", "specs/p0000000-0000004.parquet"])
def test_what_cannot_be_made_again_is_never_removed(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The design and the specs: damaged, they are named, and left where they are."""
    path = folder / name
    content = bytearray(path.read_bytes())
    quarter = len(content) // 4
    content[quarter : 2 * quarter] = bytes(quarter)
    path.write_bytes(content)
    (folder / "summary.parquet").unlink()
    assert run_command(["resume", str(folder)]) != 0
    said = capsys.readouterr().err
    assert str(path) in said
    assert "is damaged" in said
    assert path.read_bytes() == content
