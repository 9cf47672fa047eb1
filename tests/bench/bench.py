"""Speed and memory, as figures of one run of this script: `make bench`.

Ratios are taken within the run, between things measured one after another on the same machine;
absolute times are this machine's. Nothing here passes or fails; the aims are printed beside.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bench_sweeps
import numpy as np
from bench_sweeps import show

FULL = {"truce.collapse_strikes": float("inf"), "frailty": "none"}


def main() -> None:
    """Measure and print everything."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    bench_engine()
    bench_mesa()
    bench_commands()
    bench_sweeps.main()


def median_time(action: Callable[[], object], repeats: int = 7) -> float:
    """Median wall seconds of an action, after one warm-up."""
    action()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def bench_engine() -> None:
    """A full year that does not collapse, alone and on two threads."""
    from truce_sim import load_config
    from truce_sim.engine.run import outcomes
    from truce_sim.engine.world import make_world
    from truce_sim.simulation.spec import make_spec

    print("Engine: 365 days + 60 of warm-up, Durand, no collapse, compiled")
    spec = make_spec(load_config(FULL))
    plain, other, recorded = make_world(), make_world(), make_world(recorded=True)
    n = 500
    one = median_time(lambda: outcomes(spec, range(n), plain))
    full = median_time(lambda: outcomes(spec, range(n), recorded))

    def two() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda w: outcomes(spec, range(n), w), (plain, other)))

    both = median_time(two)
    show("outcome only", f"{1e3 * one / n:.3f} ms", "1 ms")
    show("with series and events", f"{1e3 * full / n:.3f} ms", "2 ms")
    show("two threads against one", f"{2 * one / both:.2f} x", "1.8 x")


def bench_mesa() -> None:
    """A day of the Mesa model without a viewer."""
    from truce_sim import TruceModel

    def year() -> None:
        model = TruceModel(FULL)
        begun = time.perf_counter()
        while model.running:
            model.step()
        days.append((time.perf_counter() - begun) / 365)

    days: list[float] = []
    for _ in range(6):
        year()
    print("Mesa")
    show("a day of TruceModel", f"{1e6 * float(np.median(days[1:])):.0f} µs", "150 µs")


def bench_commands() -> None:
    """What a user waits for."""
    print("Command line")
    with tempfile.TemporaryDirectory() as folder:
        out = f"output.dir={folder}/out"
        show("truce-sim --help", f"{command('--help'):.2f} s", "0.7 s")
        command("run", out)
        show("truce-sim run, warm", f"{command('run', out):.2f} s", "2 s")
        first = command("run", out, cache=f"{folder}/cache")
        show("truce-sim run, the very first (compiling)", f"{first:.1f} s", "40 s")


def command(*arguments: str, cache: str | None = None) -> float:
    """Wall seconds of a command; the median of five unless it compiles."""
    program = str(Path(sys.executable).with_name("truce-sim"))
    environment = os.environ | ({"TRUCE_SIM_CACHE": cache} if cache else {})

    def call() -> float:
        begun = time.perf_counter()
        subprocess.run([program, *arguments], env=environment, capture_output=True, check=True)
        return time.perf_counter() - begun

    return call() if cache else statistics.median(call() for _ in range(5))


if __name__ == "__main__":
    main()
