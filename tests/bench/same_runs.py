"""Whether another build makes the same runs to the last bit:

    python tests/bench/same_runs.py PATH [--runs N] [--first K]

PATH holds another `truce_sim` as Python imports it: the `src` of a checkout, or an unpacked wheel.
Outcomes, series and events of N random configurations are compared byte by byte, and outcomes of
runs that are not recorded. Configurations are those of `theory/configurations.py`, with mechanisms
that are off by default on in half of them, borders of up to 500 sectors, and turns of luck, and
every third one is composed as a user's (`random_configs.py`). Settings that the other build does
not know cannot be compared.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
TESTS = HERE.parents[1]
NOW = HERE.parents[2] / "src"

#: Configurations between two comparisons.
BLOCK = 50

#: Mechanisms that are off by default: a value of each that turns it on.
OFF_BY_DEFAULT: dict[str, tuple[float, float]] = {
    "host.withholding": (-0.5, 1.0), "militants.tempo_days": (1.0, 30.0),
    "militants.offspring_km": (5.0, 300.0), "border.stretch_km": (5.0, 300.0),
    "border.effort_per_km": (0.0, 1.0), "host.peace_days": (5.0, 120.0),
    "militants.depth_mu": (-1.0, 6.0), "militants.depth_sigma": (0.0, 2.0),
    "militants.deaths_mu": (-1.0, 4.0), "militants.deaths_sigma": (0.0, 2.0),
    "home.trigger": (0.0, 2.0), "mediation.quiet_reassurance": (0.0, 1.0),
}  # fmt: skip

#: What a configuration with extreme rates changes.
EXTREMES: tuple[dict[str, Any], ...] = (
    {"militants.attempts_per_day": 40.0, "militants.excitation": 0.0},
    {"militants.attempts_per_day": 0.0, "militants.excitation": 0.0},
    {"militants.attempts_per_day": 700.0, "militants.excitation": 0.0, "run.horizon_days": 25},
    {"militants.pace_cells_per_day": 1000, "militants.staging_days": 0.0},
    {"border.host_depth": 40, "border.home_depth": 60, "border.cell_km": 1.0},
    {"attribution.domestic_per_day": 50.0, "attribution.friction_per_day": 10.0},
    {"militants.risk_aversion": 50.0, "militants.learning_rate": 1.0},
    {"host.capacity": 50.0, "home.capacity": 50.0},
)


def extremes_of(rng: np.random.Generator) -> dict[str, Any]:
    """What a random configuration changes besides."""
    change: dict[str, Any] = {}
    if rng.random() < 0.5:
        for path in rng.choice(list(OFF_BY_DEFAULT), rng.integers(1, 6), replace=False):
            low, high = OFF_BY_DEFAULT[str(path)]
            change[str(path)] = float(rng.uniform(low, high))
    if rng.random() < 0.25:
        change |= EXTREMES[rng.integers(len(EXTREMES))]
    if rng.random() < 0.2:
        change["truce.collapse_strikes"] = float("inf")
    return change


def made_spec(number: int) -> Any:
    """The run of a number; None where the checks refuse it."""
    from dataclasses import replace

    from random_configs import random_overrides
    from theory.configurations import random_spec
    from theory.spec import border
    from truce_sim import InputError, load_config
    from truce_sim.simulation.spec import make_spec

    rng = np.random.default_rng([20261130, number])
    try:
        if number % 3 == 0:
            return make_spec(load_config(random_overrides(number)))
        spec = random_spec(number, horizon=int(rng.integers(20, 200)), change=extremes_of(rng))
    except InputError:
        return None
    if rng.random() < 0.1:
        wide = border(rng.dirichlet(np.ones(rng.choice([31, 32, 33, 64, 500]))) + 1e-4)
        wide["ruggedness"], wide["crossings"] = rng.random(wide.size), rng.integers(0, 2, wide.size)
        spec = replace(spec, border=wide)
    return spec


def serve() -> None:
    """For each block asked for: how many runs there were, and their digest."""
    from truce_sim.engine.run import NO_TURNS, TURN, outcomes
    from truce_sim.engine.world import make_world

    bare, recorded = make_world(), make_world(recorded=True)
    for line in sys.stdin:
        digest, runs = hashlib.sha256(), 0
        for number in range(int(line), int(line) + BLOCK):
            spec = made_spec(number)
            if spec is None:
                continue
            turns, runs = NO_TURNS, runs + 1
            if number % 4 == 1:
                days = np.sort(np.random.default_rng(number).integers(-20, 60, 3))
                turns = np.array([(day, 10 + i) for i, day in enumerate(days)], TURN)
            both = [outcomes(spec, [spec.replicate], world, turns) for world in (bare, recorded)]
            row = both[1][0]
            days = min(int(row["end_day"] + row["collapsed"]), recorded["series"].size)
            for part in (*both, recorded["series"][:days]):
                digest.update(part.tobytes())
            digest.update(recorded["events"][1 : recorded["event_count"] + 1].tobytes())
        print(runs, digest.hexdigest(), flush=True)


def start(path: Path) -> subprocess.Popen[str]:
    """A build in a process of its own."""
    environment = os.environ | {"PYTHONPATH": f"{path}{os.pathsep}{TESTS}"}
    return subprocess.Popen(
        [sys.executable, str(HERE), "--serve"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def ask(build: subprocess.Popen[str], first: int) -> None:
    """Have it make a block."""
    assert build.stdin is not None
    print(first, file=build.stdin, flush=True)


def answer(build: subprocess.Popen[str]) -> str:
    """What it made."""
    assert build.stdout is not None
    return build.stdout.readline()


def main() -> None:
    """Compare two builds, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, nargs="?", help="where another truce_sim is")
    parser.add_argument("--runs", type=int, default=13_500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    builds = [start(given.path), start(NOW)]
    made, first, other = 0, given.first, []
    while made < given.runs:
        for build in builds:
            ask(build, first)
        answers = [answer(build) for build in builds]
        made += int(answers[0].split()[0])
        if answers[0] != answers[1]:
            other.append(first)
            print(f"{first} to {first + BLOCK - 1}: DIFFERENT", flush=True)
        first += BLOCK
    for build in builds:
        build.communicate()
    print(f"{made} configurations: {'DIFFERENT' if other else 'the same to the bit'}")
    sys.exit(1 if other else 0)


if __name__ == "__main__":
    main()
