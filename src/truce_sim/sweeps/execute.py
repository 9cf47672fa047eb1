"""Running chunks. A worker gets plain specs, runs them outside the GIL and writes its own part."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim import columns
from truce_sim.engine.draws import Key, uniform
from truce_sim.engine.run import RunSpec, outcomes
from truce_sim.engine.world import make_world
from truce_sim.frames import outcome_frame

from .plan import Chunk
from .store import to_table, write_table

#: The stream that gives every point a seed of its own where points share none.
_SEEDS = 1000

_room = threading.local()


@dataclass(frozen=True)
class ChunkResult:
    """What the driver needs to know of a finished chunk; the rows are in `part`."""

    chunk: Chunk
    part: Path
    end_day: NDArray[np.int64]
    collapsed: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    engine_seconds: float


def run_chunk(
    chunk: Chunk, specs: list[RunSpec], values: pd.DataFrame, folder: Path
) -> ChunkResult:
    """Run a chunk and write `part-<index>.parquet`; `specs` and the rows of `values` (the swept
    values) are those of its points, in order."""
    if not hasattr(_room, "world"):
        _room.world = make_world()
    begun = time.perf_counter()
    rows = np.concatenate([outcomes(spec, chunk.replicates, _room.world) for spec in specs])
    seconds = time.perf_counter() - begun
    frame = values.loc[values.index.repeat(chunk.count)].reset_index(names="point")
    frame.insert(1, "replicate", np.tile(chunk.replicates, len(specs)))
    if "seed" not in frame:
        frame.insert(2, "seed", np.repeat([spec.seed for spec in specs], chunk.count))
    frame = pd.concat([frame, outcome_frame(rows)], axis=1)
    part = folder / f"part-{chunk.index:06d}.parquet"
    write_table(part, to_table(frame, columns.OUTCOME | columns.SWEEP))
    return ChunkResult(
        chunk, part, rows["end_day"], rows["collapsed"] == 1, rows["status"] != 0, seconds
    )


def run_chunks(
    chunks: Iterable[Chunk],
    specs: Callable[[Chunk], list[RunSpec]],
    values: pd.DataFrame,
    folder: Path,
    workers: int,
) -> Iterator[ChunkResult]:
    """Results as chunks finish, in any order; at most two chunks a worker are under way, so memory
    does not depend on the number of runs."""
    todo = iter(chunks)
    with ThreadPoolExecutor(workers, thread_name_prefix="truce-sim") as pool:

        def start(chunk: Chunk) -> Future[ChunkResult]:
            rows = values.iloc[chunk.points.start : chunk.points.stop]
            return pool.submit(run_chunk, chunk, specs(chunk), rows, folder)

        running = {start(chunk) for chunk in islice(todo, 2 * workers)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
                running |= {start(chunk) for chunk in islice(todo, len(done))}
        finally:
            for future in running:
                future.cancel()


def count_workers(asked: int) -> int:
    """Workers to use: `asked`, or every core this process may run on."""
    if asked:
        return asked
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def seed_of_point(seed: int, point: int) -> int:
    """A seed of the point's own, in [0, 2^52), for sweeps without common random numbers."""
    u: float = uniform(Key(seed, 0), _SEEDS, point, 0)  # type: ignore[no-untyped-call]
    return int(u * 2**52)
