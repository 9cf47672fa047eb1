"""A failed run is a row that says so, never a number; the other runs continue.

The faults are real ones, in a copy of the package that the real commands run: a run that raises, a
value that is not a number, a run that never ends, a process that dies, a run that is slow.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import truce_sim
from folders import rows, sweep_into
from truce_sim.config.compose import conf_folder
from truce_sim.engine.compile import CACHE
from truce_sim.engine.run import RunSpec
from truce_sim.engine.run import outcomes as run_outcomes
from truce_sim.results import columns
from truce_sim.results.store import read_groups
from truce_sim.sweeps.api import sweep
from truce_sim.sweeps.execution import worker
from truce_sim.sweeps.folder import files
from truce_sim.sweeps.folder import folder as reading
from truce_sim.sweeps.folder.files import EVENTS, RERUNS, SERIES
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.plan import Chunk

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("truce-sim")
SWEEP = ["home.threshold=4,6", "run.horizon_days=60", "sweep.replicates=12"]

#: In the part of the engine that is Python, so that the compiled rules stay as they are: compiling
#: them for this copy alone would take longer than all its tests.
IN_THE_ENGINE = {
    "from __future__ import annotations\n": "import threading\n",
    "        factors = factors_of_points(params, seeds, wanted)\n": """
        second = params["states"]["threshold"][:, 0, 0] > 5.0
        if 3 in wanted:
            raise ValueError("a fault of the test")
        while second.any() and 7 in wanted:
            threading.Event().wait(1)
        factors[np.ix_(second, wanted == 5)] = np.nan
""",
}
IN_THE_WORKER = {
    "    def _outcomes(self, specs: Sequence[RunSpec], block: Chunk) -> NDArray[np.void]:\n": """
        if 1 in block.points and 9 in block.replicates:
            os._exit(11)
        if 1 in block.points and 11 in block.replicates:
            time.sleep(3)
"""
}

#: (point, replicate) -> how it fails, with sweep.run_timeout=2.
FAILED = {
    (0, 3): "error", (1, 3): "error", (1, 5): "not_finite", (1, 7): "timeout",
    (1, 9): "crashed", (1, 11): "timeout",
}  # fmt: skip


def insert(source: Path, after: dict[str, str]) -> None:
    text = source.read_text(encoding="utf-8")
    for line, more in after.items():
        assert text.count(line) == 1, line
        text = text.replace(line, line + more)
    source.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def faulty(good: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which `truce-sim` is the copy with the faults. It has rules of its own,
    but is given the machine code that the sweep without faults was made with."""
    here = tmp_path_factory.mktemp("faulty")
    package, source = here / "truce_sim", Path(truce_sim.__file__).parent
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, package, ignore=leave)
    shutil.copytree(source.with_name("hydra_plugins"), here / "hydra_plugins", ignore=leave)
    shutil.copytree(conf_folder(), package / "conf", dirs_exist_ok=True)
    insert(package / "engine" / "run.py", IN_THE_ENGINE)
    insert(package / "sweeps" / "execution" / "worker.py", IN_THE_WORKER)
    environment = os.environ | {"PYTHONPATH": str(here), "TRUCE_SIM_CACHE": str(here / "cache")}
    ask = [sys.executable, "-c", "from truce_sim.engine.compile import CACHE; print(CACHE)"]
    cache = subprocess.check_output(ask, env=environment, text=True).strip()
    assert cache.startswith(str(here))
    for code in CACHE.glob("*.code"):
        shutil.copy(code, cache)
    return environment


Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def failing(faulty: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A sweep with the faults, and what its command said."""
    folder = tmp_path_factory.mktemp("failing") / "s"
    where = [f"output.dir={folder.parent}", f"output.name={folder.name}"]
    words = ["sweep", *SWEEP, *where, "sweep.workers=1", "sweep.run_timeout=2"]
    return folder, command(words, faulty)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The rows of the same sweep without a fault."""
    folder = tmp_path_factory.mktemp("good") / "s"
    assert sweep_into(folder, *SWEEP) == 0
    return rows(folder)


def command(words: list[str], environment: dict[str, str]) -> Done:
    return subprocess.run(
        [str(PROGRAM), *words], env=environment, capture_output=True, text=True, check=False
    )


def is_failed(frame: pd.DataFrame) -> pd.Series:
    return pd.Series([at in FAILED for at in zip(frame["point"], frame["replicate"], strict=True)])


def statuses(frame: pd.DataFrame) -> dict[tuple[int, int], str]:
    failed = frame[frame["status"] != "done"]
    return {(row.point, row.replicate): str(row.status) for row in failed.itertuples()}


def test_the_others_go_on(failing: tuple[Path, Done], good: pd.DataFrame) -> None:
    """Every run is there once; those without a fault are what they are without faults around."""
    found = rows(failing[0])
    assert statuses(found) == FAILED
    pd.testing.assert_frame_equal(
        found[~is_failed(found)].astype(good.dtypes), good[~is_failed(good)], check_exact=True
    )


def test_a_failed_run_has_no_numbers(failing: tuple[Path, Done]) -> None:
    """Its status, where it was and its seed, and nothing of the outcome."""
    found = rows(failing[0])
    failed = found[is_failed(found)]
    assert failed[[name for name in columns.OUTCOME if name != "status"]].isna().all(axis=None)
    assert failed["seed"].eq(1).all()
    assert failed["home.threshold"].tolist() == [4.0, 6.0, 6.0, 6.0, 6.0, 6.0]


def test_the_table_of_failures(failing: tuple[Path, Done]) -> None:
    """With swept values, seed, what went wrong, and where in the program if it was there."""
    found = pd.read_parquet(failing[0] / "failures.parquet").sort_values(["point", "replicate"])
    assert statuses(found) == FAILED
    assert found["seed"].eq(1).all()
    assert found["home.threshold"].tolist() == [4.0, 6.0, 6.0, 6.0, 6.0, 6.0]
    told = dict(zip(FAILED, found["error"], strict=True))
    assert told[0, 3] == told[1, 3] == "ValueError: a fault of the test"
    assert "not a finite number" in told[1, 5]
    assert told[1, 7] == told[1, 11] == "took longer than sweep.run_timeout=2 s"
    assert "process ended" in told[1, 9]
    assert "exit code 11" in told[1, 9]
    raised = found["status"] == "error"
    assert found.loc[raised, "traceback"].str.contains("ValueError: a fault of the test").all()
    assert found.loc[~raised, "traceback"].isna().all()


def test_they_count_nowhere(failing: tuple[Path, Done], good: pd.DataFrame) -> None:
    """The summary is of the runs that ended; it has their number beside it."""
    summary = read_folder(failing[0]).summary
    assert summary["failed"].tolist() == [1, 5]
    assert summary["runs"].tolist() == [11, 7]
    left = good[~is_failed(good)].groupby("point")["end_day"].mean()
    assert summary["mean_survival"].tolist() == pytest.approx(left.tolist())


def test_the_command_says_how_many_and_where(failing: tuple[Path, Done]) -> None:
    """In the terminal, with exit code 1."""
    folder, done = failing
    assert done.returncode == 1
    assert "6 runs failed (2 error, 2 timeout, 1 not_finite, 1 crashed)" in done.stdout
    assert "home.threshold: 6 (5), 4 (1) of 2 values" in done.stdout
    assert f"truce-sim rerun {folder} --failed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_status_counts_them(failing: tuple[Path, Done], faulty: dict[str, str]) -> None:
    folder, _ = failing
    done = command(["status", str(folder)], faulty)
    assert done.returncode == 1
    assert "done 24 (100.0 %), missing 0, failed 6" in done.stdout
    assert f"truce-sim rerun {folder} --failed" in done.stdout


def test_verify_runs_what_can_be_run(failing: tuple[Path, Done], faulty: dict[str, str]) -> None:
    """A run that ended inside the engine is verified, failed or not; the others are skipped."""
    done = command(["verify", str(failing[0]), "--runs", "24"], faulty)
    assert done.returncode == 0, done.stderr
    assert "Ran 19 of 24 runs again" in done.stdout
    assert "skipped 5 that raised, timed out or crashed" in done.stdout


def test_rerun(
    failing: tuple[Path, Done], faulty: dict[str, str], good: pd.DataFrame, tmp_path: Path
) -> None:
    """What was only slow passes with more time; what fails again stays a failed row; no other row
    changes. With the faults gone, but other rules, nothing is run at all."""
    folder = tmp_path / "s"
    shutil.copytree(failing[0], folder)
    before = rows(folder)
    done = command(["rerun", str(folder), "--failed", "--run-timeout", "10"], faulty)
    assert done.returncode == 1, done.stderr
    assert "6 runs in" in done.stdout
    assert "18 were already done" in done.stdout
    after = rows(folder)
    slow = (after["point"] == 1) & (after["replicate"] == 11)
    assert statuses(after) == {at: how for at, how in FAILED.items() if at != (1, 11)}
    pd.testing.assert_frame_equal(after[~slow], before[~slow], check_exact=True)
    pd.testing.assert_frame_equal(after[slow].astype(good.dtypes), good[slow], check_exact=True)
    assert len(pd.read_parquet(folder / "failures.parquet")) == 5
    assert not (folder / "reruns").exists()
    theirs = command(["rerun", str(folder), "--failed"], dict(os.environ))
    assert theirs.returncode == 2
    assert "rules" in theirs.stderr


def test_rerun_interrupted(
    failing: tuple[Path, Done], faulty: dict[str, str], tmp_path: Path
) -> None:
    """In a run that never ends: no row changes, and the message has the command to continue."""
    folder = shutil.copytree(failing[0], tmp_path / "s")
    before = rows(folder)
    words = ["rerun", str(folder), "--failed", "--run-timeout", "600"]
    running = subprocess.Popen(
        [str(PROGRAM), *words], env=faulty, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not list((folder / "reruns").glob("*.parquet")):
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert f"To continue: truce-sim rerun {folder} --failed" in said
    assert "Traceback" not in said
    pd.testing.assert_frame_equal(rows(folder), before, check_exact=True)
    status = command(["status", str(folder)], faulty)
    assert "done 24 (100.0 %), missing 0, failed 6" in status.stdout


UNTIL = ["sweep.until.outcome=end_day", "sweep.until.half_width=20"]


@pytest.mark.parametrize("more", [[], UNTIL], ids=["fixed", "until"])
def test_a_part_that_reads_back_wrong_twice_ends_the_sweep(
    more, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what was written, what was read, and by which version of which library."""
    monkeypatch.setattr(files, "read_groups", _with_wrong_days)
    assert sweep_into(tmp_path / "s", *SWEEP, *more) == 1
    said = capsys.readouterr().err
    assert said.count("set aside; its runs are run again") == 1
    assert "was written again, and read back wrong again" in said
    assert "end_day was written as int32, and read as int64" in said
    assert f"(pyarrow {pa.__version__})" in said


def _with_wrong_days(file, path: Path, *more) -> pa.Table:
    table = read_groups(file, path, *more)
    if "end_day" not in table.column_names or path.parent.name != "parts":
        return table
    place = table.column_names.index("end_day")
    return table.set_column(place, "end_day", table["end_day"].cast(pa.int64()))


def test_words_are_read_whatever_their_numbers_are_read_as(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pyarrow before 20 reads the numbers of words as 32 bits where 8 were written."""
    monkeypatch.setattr(files, "read_groups", _with_wide_words)
    assert sweep_into(tmp_path / "s", *SWEEP) == 0
    assert "damaged" not in capsys.readouterr().err
    widened = rows(tmp_path / "s")
    monkeypatch.undo()
    pd.testing.assert_frame_equal(widened, rows(tmp_path / "s"))


def _with_wide_words(file, path: Path, *more) -> pa.Table:
    table = read_groups(file, path, *more)
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            wide = pa.dictionary(pa.int32(), field.type.value_type)
            table = table.set_column(i, field.name, table.column(i).cast(wide))
    return table


def test_runs_whose_part_does_not_appear_end_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading.SweepFolder, "chunks", lambda folder: [])
    assert sweep_into(tmp_path / "s", *SWEEP) == 1
    assert "24 runs did not appear in its folder" in capsys.readouterr().err


def test_what_is_recorded_beside_a_failed_run_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its block is run again in ever smaller parts, until that run is alone."""
    words = ["run.horizon_days=20", "sweep.series_every_days=5", "sweep.events=true"]
    made = sweep({"home.threshold": [4, 6]}, words, replicates=6, folder=tmp_path / "s")
    chunk = Chunk(range(2), range(6))
    right = {kind: made.folder.record(chunk, kind).to_pandas() for kind in (SERIES, EVENTS)}

    def outcomes(spec: RunSpec, replicates: list[int], world: np.void) -> NDArray[np.void]:
        if 4 in replicates:
            raise MemoryError("no room")
        return run_outcomes(spec, replicates, world)

    monkeypatch.setattr(worker, "outcomes", outcomes)
    done = worker.Worker(made.folder).run(chunk, RERUNS)
    assert (done.runs, done.failed) == (12, 2)
    for kind, all_rows in right.items():
        found = pd.read_parquet(made.folder / RERUNS / kind / f"{chunk.name}.parquet")
        expected = all_rows[all_rows["replicate"] != 4].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_categorical=False)
