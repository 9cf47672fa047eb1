"""Our search against EMA Workbench's optimiser, driving the same compiled engine: `make bench`.

What counts is what a front is worth: every policy that a search reports is tried again in 192 fresh
worlds, and the hypervolume of share that holds and cost is taken of these values, against a share
of 0 at a cost of 25, as a share of that rectangle. EMA Workbench is installed into a folder of its
own.

    PYTHONPATH=tests/bench python -W ignore tests/bench/bench_search.py [SEEDS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from optimisers import Evaluate, evaluator, fronts_of_race, hypervolume

from truce_sim.intervals import Estimate, mean_interval

RUNS = 100_000
MARKS = (6_250, 12_500, 25_000, 50_000, RUNS)
WORLDS = (16, 64)
_HERE = Path(__file__).parent
_MOST = 40


def main(seeds: int = 3) -> None:
    """Print what fronts are worth by runs spent, and in how many runs we reach EMA's."""
    fresh = evaluator("proof", 192, 2)
    ours = np.array([[worth(fresh, front) for _, front in fronts_of_race(seed, MARKS)]
                     for seed in range(100, 100 + seeds)])  # fmt: skip
    for runs, values in zip(MARKS, ours.T, strict=True):
        print(f"truce-sim search, {runs:,} runs: {shown(values)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder))
        if python is None:
            return
        for worlds in WORLDS:
            found = [by_ema(python, worlds, seed) for seed in range(100, 100 + seeds)]
            theirs = np.array([worth(fresh, np.array(one["front"])) for one in found])
            said = [hypervolume(np.array(one["said"]) * [-1, 1]) for one in found]
            print(f"EMA Workbench 3.0, {RUNS:,} runs, {worlds} worlds: {shown(theirs)}; it says "
                  f"{np.mean(said):.3f}")  # fmt: skip
            print(f"  ours over theirs: {np.mean(ours[:, -1]) / np.mean(theirs):.2f}; "
                  f"{reached(ours.mean(axis=0), float(theirs.mean()))}", flush=True)  # fmt: skip


def worth(fresh: Evaluate, front: np.ndarray) -> float:
    """The hypervolume of a front in fresh worlds; of more than 40 policies, 40 spread evenly."""
    step = max(len(front) / _MOST, 1.0)
    order = np.lexsort(front.T)
    return hypervolume(fresh(front[order][np.arange(0, len(front), step).astype(int)]))


def shown(values: np.ndarray) -> str:
    """A mean with its interval over seeds."""
    found: Estimate = mean_interval(values, np.arange(values.size))
    return f"hypervolume {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def reached(ours: Sequence[float], theirs: float) -> str:
    """Say after how many runs ours is worth as much."""
    for runs, value in zip(MARKS, ours, strict=True):
        if value >= theirs:
            return f"as good after {runs:,} runs or fewer: {RUNS / runs:.0f} times per run"
    return "never as good"


def install(folder: Path) -> Path | None:
    """Install EMA Workbench into an environment of its own; None: it cannot be."""
    python = folder / "bin" / "python"
    package = f"{_HERE.parents[1]}[search]"
    steps = ([sys.executable, "-m", "venv", str(folder)],
             [python, "-m", "pip", "-qq", "install", "ema_workbench==3.0.0", package])  # fmt: skip
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"EMA Workbench: left out, {done.stderr.strip().splitlines()[-1:]}")
            return None
    return python


def by_ema(python: Path, worlds: int, seed: int) -> dict[str, list[list[float]]]:
    """What EMA Workbench finds."""
    done = subprocess.run(
        [python, "-W", "ignore", _HERE / "ema_search.py", *map(str, (RUNS, worlds, seed))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
