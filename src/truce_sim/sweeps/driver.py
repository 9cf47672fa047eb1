"""A sweep from its design to its folder.

The folder holds `manifest.json` (what it came from), `design.parquet` (the points), `runs.parquet`
(a row for each run), `summary.parquet` (a row for each point) and, with `sweep.compare`,
`contrasts.parquet`. While the sweep runs, `parts/` holds the chunks that are done.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from truce_sim.config import to_plain
from truce_sim.engine.run import RunSpec
from truce_sim.schema import Config

from .contrasts import Contrasts
from .design import Composer, Design, make_design, specs_of
from .execute import ChunkResult, count_workers, run_chunks
from .plan import Chunk, plan_chunks
from .store import join_parts, make_folder, provenance, to_table, write_json, write_table
from .summary import Survival


class Progress(Protocol):
    """Who is told how a sweep goes."""

    def start(self, runs: int, folder: Path) -> None:
        """The sweep has so many runs."""

    def advance(self, runs: int) -> None:
        """So many more are done."""

    def finish(self) -> None:
        """It is over, or interrupted."""


@dataclass(frozen=True)
class SweepResult:
    """A finished sweep.

    summary: a row for each point, indexed by `point`: the swept values, then shares and means with
    95 % intervals (`summary.Survival.table`). contrasts: a row for each pair, or None.
    """

    folder: Path
    design: pd.DataFrame
    summary: pd.DataFrame
    contrasts: pd.DataFrame | None
    horizon: int
    runs_done: int
    runs_failed: int
    seconds: float
    engine_seconds: float
    workers: int

    @cached_property
    def runs(self) -> pd.DataFrame:
        """All runs: point, replicate, seed, swept values, outcome (meanings in `columns`)."""
        return pd.read_parquet(self.folder / "runs.parquet")


def sweep_from_hydra(
    loader: ConfigLoader, config: DictConfig, params: dict[str, Any], arguments: list[str]
) -> SweepResult:
    """What Hydra's sweeper calls: sweep, and tell the terminal. Exits with 1 if runs failed."""
    from truce_sim.terminal import SweepBar, report_sweep, warn_of_compiling

    warn_of_compiling()
    composer = Composer(loader, str(config.hydra.job.config_name))
    design, shared = make_design(composer, params, arguments)
    result = run_sweep(design, shared, arguments, SweepBar())
    report_sweep(result, design.factors, shared.sweep.compare)
    if result.runs_failed:
        raise SystemExit(1)
    return result


def run_sweep(
    design: Design, shared: Config, overrides: Sequence[str], progress: Progress
) -> SweepResult:
    """Run every point with all its replicates, into a new folder.

    Everything that can be refused is refused (InputError) before the folder is made.
    """
    specs = specs_of(design, range(len(design.values)))
    survival = Survival([int(spec.params["run"]["horizon_days"][0]) for spec in specs])
    contrasts = Contrasts(design, shared.sweep.compare) if shared.sweep.compare else None
    folder = make_folder(shared.output.dir, "sweep", shared.output.name)
    values = design.values
    manifest = describe(design, shared, overrides)
    write_json(folder / "manifest.json", manifest)
    write_table(folder / "design.parquet", to_table(values.reset_index(), {}))
    results, seconds = _execute(specs, shared, values, folder, progress, survival, contrasts)
    join_parts([folder / "parts" / name for name in sorted(results)], folder / "runs.parquet")
    shutil.rmtree(folder / "parts")
    summary = values.join(survival.table())
    write_table(folder / "summary.parquet", to_table(summary.reset_index(), {}))
    table = contrasts.table() if contrasts else None
    if table is not None:
        write_table(folder / "contrasts.parquet", to_table(table, {}))
    failed = int(survival.failed.sum())
    manifest |= {"status": "done", "seconds": round(seconds, 3), "failed": failed}
    write_json(folder / "manifest.json", manifest)
    return SweepResult(
        folder, values, summary, table, int(survival.horizons.max()),
        len(specs) * shared.sweep.replicates, failed, seconds, sum(results.values()),
        count_workers(shared.sweep.workers),
    )  # fmt: skip


def describe(design: Design, shared: Config, overrides: Sequence[str]) -> dict[str, Any]:
    """The manifest of a sweep that has not finished."""
    return provenance(shared.seed, overrides) | {
        "kind": "sweep",
        "status": "running",
        "factors": list(design.factors),
        "points": len(design.values),
        "replicates": shared.sweep.replicates,
        "common_random_numbers": shared.sweep.common_random_numbers,
        "config": to_plain(shared),
    }


def _execute(
    specs: list[RunSpec],
    shared: Config,
    values: pd.DataFrame,
    folder: Path,
    progress: Progress,
    survival: Survival,
    contrasts: Contrasts | None,
) -> tuple[dict[str, float], float]:
    """All chunks; returns the engine's seconds of each part, and the wall time."""
    parts = folder / "parts"
    parts.mkdir()
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    progress.start(len(specs) * shared.sweep.replicates, folder)

    def specs_of(chunk: Chunk) -> list[RunSpec]:
        return specs[chunk.points.start : chunk.points.stop]

    def take(result: ChunkResult) -> None:
        seconds[result.part.name] = result.engine_seconds
        survival.add(result)
        if contrasts:
            contrasts.add(result)
        progress.advance(result.chunk.runs)

    try:
        chunks = plan_chunks(len(specs), shared.sweep.replicates)
        for result in run_chunks(
            chunks, specs_of, values, parts, count_workers(shared.sweep.workers)
        ):
            take(result)
    finally:
        progress.finish()
    return seconds, time.perf_counter() - begun
