"""Speed and memory, as figures of one run of this script: `make bench`.

Ratios are taken within the run, between things measured one after another on the same machine;
absolute times are this machine's. Nothing here passes or fails; the aims are printed beside.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

FULL = {"truce.collapse_strikes": float("inf"), "frailty": "none"}

SWEEP = """
import json, resource, sys, time
from truce_sim import sweep
points, replicates, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
levels = [2 + 8 * i / points for i in range(points)]
sweep({"home.threshold": levels[:2]}, replicates=2, folder=folder + "-warm")
begun = time.perf_counter()
result = sweep({"home.threshold": levels}, replicates=replicates, folder=folder)
print(json.dumps({
    "wall": time.perf_counter() - begun,
    "engine": result.engine_seconds / result.workers,
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "disk": (result.folder / "runs.parquet").stat().st_size / result.runs_done,
}))
"""

OWN = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from truce_sim import load_config
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.spec import make_spec
points, replicates, workers = map(int, sys.argv[1:])
specs = [make_spec(load_config({"home.threshold": 2 + 8 * i / 8})) for i in range(8)]
worlds = [make_world() for _ in range(workers)]
def work(w):
    for i in range(w, points, workers):
        outcomes(specs[i * 8 // points], range(replicates), worlds[w])
outcomes(specs[0], range(2), worlds[0])
begun = time.perf_counter()
with ThreadPoolExecutor(workers) as pool:
    list(pool.map(work, range(workers)))
print(time.perf_counter() - begun)
"""


def main() -> None:
    """Measure and print everything."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    bench_engine()
    bench_mesa()
    bench_sweep()
    bench_commands()


def show(what: str, figure: str, aim: str) -> None:
    """One line."""
    print(f"  {what:<58} {figure:>18}   aim: {aim}", flush=True)


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
    from truce_sim.spec import make_spec

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


def bench_sweep() -> None:
    """A sweep against the engine's own time for as many runs on as many threads."""
    print("Sweep: 200 points x 500 replicates")
    workers = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        small = python(SWEEP, "200", "100", f"{folder}/small")
        large = python(SWEEP, "200", "500", f"{folder}/large")
    own = float(python(OWN, "200", "500", str(workers)))
    a, b = json.loads(small), json.loads(large)
    show("wall time", f"{b['wall']:.1f} s", "")
    show("wall time against its own engine time", f"{b['wall'] / b['engine']:.2f} x", "1.3 x")
    show("bare engine, eight of the points, as many runs", f"{own:.1f} s", "")
    show("peak memory", f"{b['memory']:.0f} MB", "500 MB")
    show("peak memory, five times the runs", f"{b['memory'] / a['memory']:.2f} x", "1 x")
    show("on disk", f"{b['disk']:.0f} bytes a run", "")


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


def python(code: str, *arguments: str) -> str:
    """What a script prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


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
