"""Killed at any moment, whatever it was doing, a sweep ends up as if nothing had happened.

TRUCE_SIM_KILLS=500 (`make soak`) kills more often than the 60 of a usual run.
"""

from __future__ import annotations

import itertools
import math
import os
import random
import select
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
    "militants.attempts_per_day=5", "militants.excitation=0", "militants.risk_prior=1",
    "militants.deterrence=3", "militants.learning_rate=0.5", "militants.pace_cells_per_day=20",
    "militants.staging_days=0", "home.capacity=0", "host.capacity=0", "home.threshold=inf",
    "frailty=none", "militants.spoiler_strength=0,10", "run.horizon_days=14", "sweep.replicates=60",
]  # fmt: skip
GRID = [
    "home.threshold=3,5", "truce=literal,practised", "run.horizon_days=60", "sweep.workers=2",
    "sweep.events=true", "sweep.series_every_days=20", "sweep.compare=truce",
]  # fmt: skip
#: So close to its goal that each check adds one block, which is one part: a check more, after a
#: kill between blocks, would be another stopping rule.
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

#: How often a command is killed before it is let end.
TRIES = {"sweep": 8, "resume": 5, "rerun": 5, "report": 2}  # a report takes long


def words_for(command: list[str], folder: Path) -> list[str]:
    if command[0] == "sweep":
        last = {word.partition("=")[0]: word for word in command[1:]}
        where = [f"output.dir={folder.parent}", f"output.name={folder.name}"]
        return ["sweep", *last.values(), *where]
    return [command[0], str(folder), *command[1:]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("ready") as server:
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


def kill(process: int, rng: random.Random, server: Server, seconds: float) -> tuple[int, set[int]]:
    """Kill a command at a random moment of that time unless it ends before, in half of the cases a
    worker earlier; return how many workers were killed, and which were left."""
    begun, moment = time.monotonic(), rng.uniform(0.0, seconds)
    worker_at = moment * rng.random() if rng.random() < 0.5 else math.inf
    killed, passed, workers = 0, 0.0, set[int]()
    with os.fdopen(os.pidfd_open(process), "rb", 0) as end:
        while not select.select([end], [], [], max(min(worker_at, moment) - passed, 0.001))[0]:
            passed = time.monotonic() - begun
            if passed >= moment:
                workers = set(family(process)[1:])
                os.kill(process, signal.SIGKILL)
                break
            if passed >= worker_at and (alive := family(process)[1:]):
                os.kill(rng.choice(alive), signal.SIGKILL)
                killed, worker_at = 1, math.inf
    return killed, workers


def recorded(folder: Path, kind: str) -> pd.DataFrame:
    """All rows of series/ or events/, as the page on sweeps reads them."""
    frame = pd.concat(map(pd.read_parquet, (folder / kind).glob("*.parquet")))
    return frame.sort_values(["point", "replicate"], kind="stable", ignore_index=True)


def assert_equal(found: pd.DataFrame, right: pd.DataFrame) -> None:
    """To the last bit. Only if they differ does pandas look for where, which takes it far longer
    than to see whether."""
    if not found.equals(right):
        pd.testing.assert_frame_equal(found, right, check_exact=True)
        pytest.fail("the tables differ")


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
        assert_equal(recorded(folder, kind), recorded(expected, kind))
    known = {path.name for path in expected.iterdir()} | {".lock", ".holder"}
    assert {path.name for path in folder.iterdir()} <= known
    left = [path for path in folder.parent.rglob("*") if path.suffix in (".tmp", ".new")]
    assert not left
    assert not list(folder.rglob("*.damaged"))


def killed_until_it_ends(
    words: list[str], seconds: float, rng: random.Random, server: Server, log: Path
) -> int:
    """Give a command again after each kill until it ends, at the latest when it is let be; return
    the number of kills. Workers that outlive their command may write while the next one is at
    work, and even after it: `resume` then removes what they left."""
    kills, tries, code, orphans = 0, 0, None, set[int]()
    while code not in (0, 1):
        process, tries = server.start(words, log), tries + 1
        if tries <= TRIES[words[0]]:
            killed, left = kill(process, rng, server, seconds)
            kills, orphans = kills + killed, orphans | left
        code = server.wait(process)
        kills += code == -signal.SIGKILL
        assert code in (0, 1, -signal.SIGKILL), log.read_text()
        assert "Traceback" not in log.read_text()
    while any(Path(f"/proc/{orphan}").exists() for orphan in orphans):
        time.sleep(0.01)
    return kills


def test_killed_at_random_moments(
    server: Server, undisturbed: tuple[Path, dict[str, list[float]]], tmp_path: Path
) -> None:
    """kill -9 of commands and of their workers. Each command is given again until it ends; then
    the folder is what it is without kills."""
    expected, took = undisturbed
    rng, kills, log = random.Random(20251019), dict.fromkeys(COMMANDS, 0), tmp_path / "log"
    for name in itertools.cycle(COMMANDS):
        folder = tmp_path / "folders" / name
        for number, command in enumerate(COMMANDS[name]):
            words, seconds = words_for(command, folder), took[name][number]
            kills[name] += killed_until_it_ends(words, seconds, rng, server, log)
            assert server.wait(server.start(["resume", str(folder)], log)) in (0, 1)
            assert_same(folder, expected / f"{name}-{number}")
        assert run_command(["verify", str(folder), "--runs", "10"]) == 0
        shutil.rmtree(folder.parent)
        if sum(kills.values()) >= KILLS and all(kills.values()):
            break
    print(f"Kills: {kills}")
