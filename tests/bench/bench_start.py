"""What a user waits for besides runs, against an earlier build: part of `make bench`.

    python tests/bench/bench_start.py [--against PATH] [--turns N]

PATH is the `src` of an earlier build, as in bench_engine.py. Commands and scripts are processes of
their own, which both builds make by turns. What counts is processor time, workers included; ratios
are medians with quartiles. Figures from Python stand beside the bare engine in the same process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench_engine import NOW, take_from_history
from bench_sweeps import show

_COMMAND = "import sys; sys.argv[0] = 'truce-sim'; from truce_sim.cli import main; main()"
_POINTS = """
import sys
from truce_sim import sweep
n = 10_000
sweep({"home.threshold": [2 + 8 * i / n for i in range(n)]}, replicates=1, folder=sys.argv[1])
"""
_MODEL = """
import time
from truce_sim import TruceModel
try:
    from truce_sim import load_setup
except ImportError:
    load_setup = dict
base = load_setup({"truce.collapse_strikes": float("inf")})
for year in range(4):
    begun = time.process_time()
    model = TruceModel(base)
    while model.running:
        model.step()
    took = time.process_time() - begun
print("seconds", took)
"""

#: Name -> code, its arguments (FOLDER: a new one, SAME: always one), aim.
_CASES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "import truce_sim": ("import truce_sim", (), "1"),
    "truce-sim --help": (_COMMAND, ("--help",), "1"),
    "truce-sim run": (_COMMAND, ("run", "output.dir=FOLDER"), "0.55, 1 s"),
    "sweep of one run": (
        _COMMAND, ("sweep", "sweep.replicates=1", "output.dir=FOLDER"), "0.5, 1.5 s",
    ),
    "sweep of 2 points, 20 runs": (
        _COMMAND, ("sweep", "home.threshold=3,6", "sweep.replicates=10", "output.dir=FOLDER"),
        "0.4, 1.2 s",
    ),
    "sweep of 10,000 points, a run each": (_POINTS, ("FOLDER",), ""),
    "the same, finished before": (_POINTS, ("SAME",), "0.3, 2 s"),
    "TruceModel, a year step by step": (_MODEL, (), "0.31, 0.05 s"),
    "--prepare 100,000 points": (
        _COMMAND,
        ("sweep", "home.threshold=interval(2,10)", "hydra.sweeper.design=lhs",
         "hydra.sweeper.points=100000", "output.dir=FOLDER", "--prepare"), "",
    ),
}  # fmt: skip


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="where an earlier truce_sim is")
    parser.add_argument("--turns", type=int, default=8, help="how often each is asked by turns")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first_run(folder)
        against = given.against or take_from_history(folder)
        if against is None:
            print("No earlier commit here to compare with. Name a build by --against PATH.")
        else:
            compare(against, folder, given.turns)
    from_python()


def compare(against: Path, folder: str, turns: int) -> None:
    """A line for each case: ratio, quartiles, seconds now and then."""
    print(f"{'ratio of processor time':36} median  quartiles        now      then     aim")
    for name, (code, arguments, aim) in _CASES.items():
        builds = (NOW, f"{folder}/now"), (against, f"{folder}/then")
        for build in builds:  # compiles, and makes what has been finished before
            seconds_of(code, arguments, *build)
        ratios, took = [], []
        for turn in range(turns):
            pair = {build: seconds_of(code, arguments, *build)
                    for build in (builds if turn % 2 else builds[::-1])}  # fmt: skip
            took.append([pair[build] for build in builds])
            ratios.append(took[-1][0] / took[-1][1])
        low, median, high = statistics.quantiles(ratios, n=4)
        now, then = map(statistics.median, zip(*took, strict=True))
        spread = f"{median:.3f}   {low:.3f} to {high:.3f}"
        print(f"{name:36} {spread}  {now:6.2f} s {then:6.2f} s  {aim}", flush=True)


_number = count()


def seconds_of(code: str, arguments: tuple[str, ...], build: Path, folder: str) -> float:
    """Processor seconds of a script with its children, or what it says itself."""
    new = f"{folder}/{next(_number)}"
    words = [word.replace("FOLDER", new).replace("SAME", f"{folder}/same") for word in arguments]
    environment = os.environ | {"PYTHONPATH": str(build), "TRUCE_SIM_CACHE": f"{folder}/cache"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{code} {words} ended with {process.returncode}")
    own = [line.split()[1] for line in said.splitlines() if line.startswith("seconds ")]
    return float(own[0]) if own else used.ru_utime + used.ru_stime


def first_run(folder: str) -> None:
    """The very first run of this build, which compiles."""
    words = ("run", "output.dir=FOLDER")
    first = seconds_of(_COMMAND, words, NOW, f"{folder}/first")
    show("truce-sim run, the very first, processor time", f"{first:.1f} s", "5 s")


def from_python() -> None:
    """What `simulate` and `simulate_many` take beside the engine."""
    from truce_sim import load_setup, simulate, simulate_many
    from truce_sim.engine.run import outcomes
    from truce_sim.engine.world import make_world
    from truce_sim.simulation.spec import make_spec

    base, world = load_setup(), make_world()
    spec = make_spec(base.with_changes({"home.threshold": 5.0}))
    engine, whole = by_turns(
        lambda: [outcomes(spec, [0], world) for _ in range(200)],
        lambda: [simulate(base, {"home.threshold": 5.0}) for _ in range(200)],
    )
    show("simulate(base, change) beyond the engine", f"{1e3 * (whole - engine) / 200:.2f} ms",
         "0.2 ms")  # fmt: skip
    points, replicates = 200, 100
    table = {"home.threshold": [2 + 8 * i / points for i in range(points)]}
    specs = [make_spec(base.with_changes({"home.threshold": x})) for x in table["home.threshold"]]
    engine, whole = by_turns(
        lambda: [outcomes(one, range(replicates), world) for one in specs],
        lambda: simulate_many(table, base, replicates=replicates),
    )
    show("simulate_many against the engine, processor time", f"{whole / engine:.2f} x", "1.2 x")


def by_turns(*actions: Callable[[], object], turns: int = 9) -> list[float]:
    """Median processor seconds of actions, all threads together, after a warm-up."""
    took: list[list[float]] = [[] for _ in actions]
    for turn in range(turns + 1):
        for action, found in zip(actions, took, strict=True):
            begun = time.process_time()
            action()
            if turn:
                found.append(time.process_time() - begun)
    return [statistics.median(found) for found in took]


if __name__ == "__main__":
    main()
