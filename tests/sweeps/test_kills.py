"""Killed at any moment, whatever it was doing, a sweep ends up as if nothing had happened.

TRUCE_SIM_KILLS=500 (`make soak`) kills more often than the 60 of a usual run.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from folders import parts, rows
from forks import Server
from truce_sim.cli.commands import run_command
from truce_sim.sweeps.folder.folder import read_folder

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TRUCE_SIM_KILLS", "60"))

#: In half of the points, runs fail: launches rise beyond what a day can take.
FAILING = [
    "militants.attempts_per_day=20", "militants.excitation=0", "militants.risk_prior=1",
    "militants.deterrence=3", "militants.learning_rate=0.5", "militants.pace_cells_per_day=20",
    "militants.staging_days=0", "home.capacity=0", "host.capacity=0", "home.threshold=inf",
    "frailty=none", "militants.spoiler_strength=0,10", "sweep.replicates=30",
]  # fmt: skip
GRID = [
    "home.threshold=3,5", "truce=literal,practised", "run.horizon_days=60", "sweep.workers=2",
    "sweep.events=true", "sweep.series_every_days=20", "sweep.compare=truce",
]  # fmt: skip
UNTIL = [
    "home.threshold=3,5", "run.horizon_days=60", "sweep.workers=2", "sweep.until.outcome=end_day",
    "sweep.until.half_width=2.5", "sweep.until.ceiling=512",
]  # fmt: skip

#: Folder -> the commands on it, one after another. Each is killed several times before it ends.
COMMANDS = {
    "grid": [
        ["sweep", *GRID, "sweep.replicates=90"],
        ["resume"],
        ["sweep", *GRID, "home.threshold=3,4,5", "sweep.replicates=150"],
        ["report"],
    ],
    "until": [["sweep", *UNTIL]],
    "failing": [["sweep", *FAILING, "sweep.workers=2", "sweep.events=true"], ["rerun", "--failed"]],
}


def words_for(command: list[str], folder: Path) -> list[str]:
    if command[0] == "sweep":
        last = {word.partition("=")[0]: word for word in command[1:]}
        where = [f"output.dir={folder.parent}", f"output.name={folder.name}"]
        return ["sweep", *last.values(), *where]
    return [command[0], str(folder), *command[1:]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[float]]]:
    """The folders after each of their commands, and how long each command took."""
    here, took = tmp_path_factory.mktemp("undisturbed"), {}
    for name, commands in COMMANDS.items():
        took[name] = []
        for number, command in enumerate(commands):
            begun = time.monotonic()
            process = server.start(words_for(command, here / name), here / "log")
            assert server.wait(process) in (0, 1), (here / "log").read_text()
            took[name].append(time.monotonic() - begun)
            shutil.copytree(here / name, here / f"{name}-{number}")
    return here, took


def family(process: int) -> list[int]:
    """A command and its workers."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        found += map(int, task.read_text().split())
    return found


def kill_some(process: int, rng: random.Random, server: Server, seconds: float) -> int:
    """Kill the command at a random moment, in half of the cases a worker before; return kills."""
    kills, moment = 0, rng.uniform(0.0, seconds)
    if rng.random() < 0.5:
        time.sleep(moment * rng.random())
        workers = family(process)[1:]
        if workers:
            os.kill(rng.choice(workers), signal.SIGKILL)
            kills += 1
    time.sleep(moment)
    if server.poll(process) is None:
        os.kill(process, signal.SIGKILL)
        kills += 1
    server.wait(process)
    return kills


def recorded(folder: Path, kind: str) -> pd.DataFrame:
    """All rows of series/ or events/, as the page on sweeps reads them."""
    frame = pd.concat(map(pd.read_parquet, (folder / kind).glob("*.parquet")))
    return frame.sort_values(["point", "replicate"], kind="stable", ignore_index=True)


def assert_same(folder: Path, expected: Path) -> None:
    """Every row once, bit for bit, the results that follow, and no file that has no place."""
    pd.testing.assert_frame_equal(rows(folder), rows(expected), check_exact=True)
    for name in ("summary", "contrasts", "until", "failures"):
        there = (expected / f"{name}.parquet").exists()
        assert (folder / f"{name}.parquet").exists() == there
        if there:
            found, right = (pd.read_parquet(f / f"{name}.parquet") for f in (folder, expected))
            pd.testing.assert_frame_equal(found, right)
    stems = {path.stem for path in parts(folder)}
    kept = read_folder(folder).kept
    for kind in kept:
        assert {path.stem for path in (folder / kind).iterdir()} == stems
        pd.testing.assert_frame_equal(recorded(folder, kind), recorded(expected, kind))
    known = {path.name for path in expected.iterdir()} | {".lock", ".holder"}
    assert {path.name for path in folder.iterdir()} <= known
    left = [path for path in folder.parent.rglob("*") if path.suffix in (".tmp", ".new")]
    assert not left
    assert not list(folder.rglob("*.damaged"))


def test_killed_at_random_moments(
    server: Server, undisturbed: tuple[Path, dict[str, list[float]]], tmp_path: Path
) -> None:
    """kill -9 of commands and of their workers. Each command is given again until it ends; then
    the folder is what it is without kills."""
    expected, took = undisturbed
    rng, kills, rounds = random.Random(20251019), 0, 0
    while kills < KILLS:
        rounds += 1
        for name, commands in COMMANDS.items():
            folder = tmp_path / f"{rounds}" / name
            for number, command in enumerate(commands):
                words = words_for(command, folder)
                most = kills + (2 if command[0] == "report" else 10)  # a report takes long
                while kills < min(most, KILLS):
                    process = server.start(words, tmp_path / "log")
                    new = kill_some(process, rng, server, 1.3 * took[name][number])
                    kills += new
                    assert "Traceback" not in (tmp_path / "log").read_text()
                process = server.start(words, tmp_path / "log")
                assert server.wait(process) in (0, 1), (tmp_path / "log").read_text()
                assert_same(folder, expected / f"{name}-{number}")
            assert run_command(["verify", str(folder), "--runs", "10"]) == 0
        shutil.rmtree(tmp_path / f"{rounds}")
    print(f"{kills} kills in {rounds} rounds")
