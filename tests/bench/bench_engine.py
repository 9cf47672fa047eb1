"""The engine against an earlier one: `python tests/bench/bench_engine.py [--against PATH]`.

PATH holds an earlier `truce_sim` as Python imports it: the `src` of a checkout, or an unpacked
wheel; by default, the one before the engine was rewritten for speed, from the history of this
checkout. Both run in processes of their own, by turns, so that what else the machine does hits
both; what is printed are ratios of processor time, median and quartiles, and whether all whole
numbers and words of the outcomes agree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
REPOSITORY = HERE.parents[2]
NOW = REPOSITORY / "src"

#: The last commit before the engine was rewritten for speed.
BEFORE = "e1cfbc5"

FULL: dict[str, object] = {"truce.collapse_strikes": float("inf"), "frailty": "none"}

#: Name -> settings, runs in a turn, whether series and events are kept, aim.
CASES: dict[str, tuple[dict[str, object], int, bool, float]] = {
    "full year": (FULL, 60, False, 0.40),
    "full year, recorded": (FULL, 30, True, 0.50),
    "default": ({}, 80, False, 0.42),
    "literal": ({"truce": "literal"}, 300, False, 0.42),
    "tolerant, fast monitoring": (
        {"truce": "tolerant", "mediation": "fast_monitored"}, 40, False, 0.42,
    ),
    "500 sectors": ({**FULL, "scenario": "synthetic", "border.sectors": 500}, 12, False, 0.30),
    "20 attempts a day": (
        {**FULL, "militants.attempts_per_day": 20.0, "militants.excitation": 0.0}, 12, False, 0.50,
    ),
}  # fmt: skip


class Engine:
    """One build of the engine in a process of its own, that runs what it is asked to."""

    def __init__(self, path: Path, cache: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(path), "TRUCE_SIM_CACHE": cache}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE), "--serve"], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def runs(self, case: str, first: int) -> tuple[float, str]:
        """Processor seconds of a turn, and the digest of its outcomes."""
        given, answered = self._process.stdin, self._process.stdout
        assert given is not None
        assert answered is not None
        print(json.dumps([case, first]), file=given, flush=True)
        seconds, digest = json.loads(answered.readline())
        return float(seconds), str(digest)

    def stop(self) -> None:
        """Let the process end."""
        self._process.communicate()


def serve() -> None:
    """Make the runs that are asked for, line by line."""
    from truce_sim import load_config
    from truce_sim.engine.run import outcomes
    from truce_sim.engine.world import make_world
    from truce_sim.simulation.spec import make_spec

    specs: dict[str, Any] = {name: make_spec(load_config(c[0])) for name, c in CASES.items()}
    worlds = {recorded: make_world(recorded=recorded) for recorded in (False, True)}
    for line in sys.stdin:
        name, first = json.loads(line)
        _, n, recorded, _ = CASES[name]
        begun = time.process_time()
        rows = outcomes(specs[name], range(first, first + n), worlds[recorded])
        seconds = time.process_time() - begun
        whole = [rows[column] for column in rows.dtype.names if rows.dtype[column].kind == "i"]
        digest = hashlib.sha256(b"".join(values.tobytes() for values in whole)).hexdigest()
        print(json.dumps([seconds, digest]), flush=True)


def compare(then: Engine, now: Engine, turns: int) -> None:
    """A line for each case."""
    print(f"{'ratio of processor time':28} median  quartiles       aim   outcomes")
    for name, (_, n, _, aim) in CASES.items():
        then.runs(name, 0)
        now.runs(name, 0)
        ratios, same = [], True
        for turn in range(turns):
            asked = [then, now] if turn % 2 else [now, then]
            took = {engine: engine.runs(name, turn * n) for engine in asked}
            ratios.append(took[now][0] / took[then][0])
            same &= took[now][1] == took[then][1]
        low, median, high = statistics.quantiles(ratios, n=4)
        agree = "same" if same else "DIFFERENT"
        print(f"{name:28} {median:.3f}   {low:.3f} to {high:.3f}  {aim:.2f}  {agree}", flush=True)


def take_from_history(folder: str) -> Path | None:
    """The engine of `BEFORE`, put into a folder; None where this checkout has no history."""
    archive = f"{folder}/before.tar"
    made = subprocess.run(
        ["git", "archive", "-o", archive, BEFORE, "src", "conf"], cwd=REPOSITORY,
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        return None
    shutil.unpack_archive(archive, f"{folder}/before", filter="data")
    return Path(folder, "before", "src")


def main() -> None:
    """Compare two builds, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="where an earlier truce_sim is")
    parser.add_argument("--turns", type=int, default=16, help="how often each is asked by turns")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    with tempfile.TemporaryDirectory() as folder:
        against = given.against or take_from_history(folder)
        if against is None:
            print(f"No commit {BEFORE} here to compare with. Name an engine by --against PATH.")
            return
        engines = Engine(against, folder), Engine(NOW, folder)
        compare(*engines, given.turns)
        for engine in engines:
            engine.stop()


if __name__ == "__main__":
    main()
