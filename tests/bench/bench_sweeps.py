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
import json, sys, time
begun = time.perf_counter()
from truce_sim import sweep
points, replicates, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
levels = [2 + 8 * i / points for i in range(points)]
result = sweep({"home.threshold": levels}, replicates=replicates, folder=folder)
print(json.dumps({"wall": time.perf_counter() - begun, "runs": result.runs_done,
                  "new": result.runs_new}))
"""

ENGINE = """
import sys, time
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.sweeps.folder import read_folder
from truce_sim.sweeps.folder.plan import cut, missing, runs_per_chunk
from truce_sim.sweeps.summaries.targets import target_replicates
folder, worker, workers = read_folder(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
wanted = target_replicates(folder)
chunks = list(cut(missing([], wanted), runs_per_chunk(int(wanted.sum()))))[worker::workers]
specs = {chunk: folder.specs(chunk.points) for chunk in chunks}
world = make_world()
outcomes(specs[chunks[0]][0], [0], world)
begun = time.perf_counter()
for chunk in chunks:
    for spec in specs[chunk]:
        outcomes(spec, chunk.replicates, world)
print(time.perf_counter() - begun)
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


def measure(points: int, replicates: int, folder: str) -> dict[str, float]:
    """A sweep in a process of its own: wall seconds, peak memory in MB."""
    arguments = [sys.executable, "-c", SWEEP, str(points), str(replicates), folder]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    said, _ = process.communicate()
    return json.loads(said.splitlines()[-1]) | {"memory": memory.peak}


def bare_engine(folder: str) -> float:
    """Wall seconds that the engine alone takes for the runs of a sweep, on every core."""
    workers = len(os.sched_getaffinity(0))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ENGINE, folder, str(i), str(workers)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(workers)
    ]
    return max(float(process.communicate()[0]) for process in started)


def one(points: int, replicates: int, aims: dict[str, str]) -> None:
    """One sweep: against the bare engine, memory, disk, resuming, opening."""
    print(f"Sweep: {points:,} points x {replicates:,} replicates")
    with tempfile.TemporaryDirectory() as base:
        folder = f"{base}/s"
        found = measure(points, replicates, folder)
        own = bare_engine(folder)
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
    one(100_000, 1, {"ratio": "2 x", "memory": "600 MB"})


if __name__ == "__main__":
    main()
