"""Sweeps against the bare engine, part of `make bench`. Linux only (memory is read from /proc).

The bare engine makes the very same runs in the very same order, from the sweep's own specs, with
as many processes, and writes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SWEEP = """
import json, os, sys, time
begun = time.perf_counter()
from truce_sim import sweep
points, replicates, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def processor():
    return sum(os.times()[:4])
def run(points, replicates, folder):
    levels = [2 + 8 * i / points for i in range(points)]
    return sweep({"home.threshold": levels}, replicates=replicates, folder=folder)
if len(sys.argv) > 4:  # what a first sweep pays for starting is paid by another
    run(2, 1, sys.argv[4])
before = processor()
result = run(points, replicates, folder)
print(json.dumps({"wall": time.perf_counter() - begun, "processor": processor() - before,
                  "runs": result.runs_done, "new": result.runs_new}))
"""

ENGINE = """
import json, sys, time
from truce_sim.engine.run import outcomes_of_all
from truce_sim.engine.world import make_world
from truce_sim.sweeps.folder import read_folder
from truce_sim.sweeps.summaries.targets import chunks_to_run
folder, worker, workers = read_folder(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chunks = list(chunks_to_run(folder))[worker::workers]
specs = {chunk: folder.specs(chunk.points) for chunk in chunks}
world = make_world()
outcomes_of_all(specs[chunks[0]][:1], [0], world)
begun, before = time.perf_counter(), time.process_time()
for chunk in chunks:
    outcomes_of_all(specs[chunk], chunk.replicates, world)
print(json.dumps([time.perf_counter() - begun, time.process_time() - before]))
"""

OPEN = """
import sys, time
from truce_sim import open_sweep
import pandas, pyarrow.parquet
begun = time.perf_counter()
rows = len(open_sweep(sys.argv[1]).runs)
print(time.perf_counter() - begun)
"""


class Memory(threading.Thread):
    """Samples what a process and its children take together, shared pages counted once."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process, self.peak = process, 0.0
        self.start()

    def run(self) -> None:
        while Path(f"/proc/{self.process}").exists():
            self.peak = max(self.peak, sum(map(proportional, family(self.process))))
            time.sleep(0.2)


def family(process: int) -> list[int]:
    """A process and all below it."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += family(int(child))
        except OSError:
            continue
    return found


def proportional(process: int) -> float:
    """Its memory in MB, pages that it shares counted by their share."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) / 1024


def measure(points: int, replicates: int, folder: str, first: str = "") -> dict[str, float]:
    """A sweep in a process of its own: wall seconds, processor seconds, peak memory in MB.

    first: folder of a small sweep that is run before, for the processor time without starting.
    """
    arguments = [sys.executable, "-c", SWEEP, str(points), str(replicates), folder]
    arguments += [first] if first else []
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    said, _ = process.communicate()
    return json.loads(said.splitlines()[-1]) | {"memory": memory.peak}


def bare_engine(folder: str) -> tuple[float, float]:
    """Wall and processor seconds of the engine alone for the runs of a sweep, on every core."""
    workers = len(os.sched_getaffinity(0))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ENGINE, folder, str(i), str(workers)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(workers)
    ]
    wall, processor = zip(*(json.loads(each.communicate()[0]) for each in started), strict=True)
    return max(wall), sum(processor)


def one(points: int, replicates: int, aims: dict[str, str]) -> None:
    """One sweep: against the bare engine, memory, disk, resuming, opening."""
    print(f"Sweep: {points:,} points x {replicates:,} replicates")
    with tempfile.TemporaryDirectory() as base:
        folder = f"{base}/s"
        found = measure(points, replicates, folder)
        warm = measure(points, replicates, f"{base}/again", f"{base}/first")["processor"]
        own, engine = bare_engine(folder)
        parts = sum(f.stat().st_size for f in (Path(folder) / "parts").iterdir())
        table = (Path(folder) / "runs.parquet").stat().st_size
        again = measure(points, replicates, folder)
        opened = float(subprocess.check_output([sys.executable, "-c", OPEN, folder], text=True))
        resume = [Path(sys.executable).with_name("truce-sim"), "resume", folder]
        begun = time.perf_counter()
        subprocess.run(resume, capture_output=True, check=True)
        resumed = time.perf_counter() - begun
    assert again["new"] == 0
    show("wall time, all of it", f"{found['wall']:.1f} s", "")
    show("bare engine, the same runs", f"{own:.1f} s", "")
    show("wall time against the bare engine", f"{found['wall'] / own:.2f} x", aims["ratio"])
    show("processor time without starting, the same", f"{warm / engine:.2f} x", aims["ratio"])
    if "point" in aims:
        beyond = 1000 * (warm - engine) / points
        show("processor time of a point beyond its runs", f"{beyond:.3f} ms", aims["point"])
    show("peak memory, all processes together", f"{found['memory']:.0f} MB", aims["memory"])
    show("on disk, parts", f"{parts / found['runs']:.0f} bytes a run", "")
    show("on disk, with runs.parquet", f"{(parts + table) / found['runs']:.0f} bytes a run", "400")
    show("the same sweep again, nothing missing", f"{again['wall']:.1f} s", aims.get("again", ""))
    show("truce-sim resume, nothing missing", f"{resumed:.1f} s", aims.get("again", ""))
    show("opening it as pandas", f"{opened:.1f} s", aims.get("again", ""))


def show(what: str, figure: str, aim: str) -> None:
    """One line."""
    print(f"  {what:<58} {figure:>18}   {f'aim: {aim}' if aim else ''}", flush=True)


def main() -> None:
    """The sweeps that have aims."""
    one(200, 500, {"ratio": "1.3 x", "memory": "500 MB"})
    one(1000, 1000, {"ratio": "1.15 x", "memory": "600 MB", "again": "2 s"})
    one(100_000, 1, {"ratio": "1.5 x", "memory": "600 MB", "point": "0.1 ms"})


if __name__ == "__main__":
    main()
