"""Write the results of a finished sweep, all of which are made from its parts."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from truce_sim.results import columns
from truce_sim.results.store import to_table, write_json, write_table, write_whole
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.rows import schema
from truce_sim.sweeps.summaries.contrasts import Contrasts
from truce_sim.sweeps.summaries.summary import survival_table
from truce_sim.sweeps.summaries.targets import Targets

#: Larger sweeps have no runs.parquet, which would be too large to use; read their parts.
MOST_RUNS_IN_ONE_TABLE = 20_000_000


def has_results(folder: SweepFolder) -> bool:
    """Whether the folder is marked as done and has all results that its settings ask for."""
    names = ["failures", "summary"]
    names += ["contrasts"] if folder.settings.compare else []
    names += ["until"] if folder.settings.until.outcome else []
    names += ["runs"] if folder.manifest.get("runs", 0) <= MOST_RUNS_IN_ONE_TABLE else []
    there = all((folder.path / f"{name}.parquet").is_file() for name in names)
    return folder.manifest["status"] == "done" and there


def write_results(folder: SweepFolder, seconds: float) -> None:
    """Write failures, summary, contrasts, until and runs, then mark the manifest as done.

    Args:
        folder: the sweep.
        seconds: wall time to add to that in the manifest.

    Raises:
        store.Damaged: if a part is damaged.
    """
    _write_failures(folder)
    summary = survival_table(folder)
    write_table(folder.path / "summary.parquet", to_table(summary.reset_index(), columns.SWEEP))
    if folder.settings.compare:
        table = Contrasts(folder, folder.settings.compare).table()
        write_table(folder.path / "contrasts.parquet", to_table(table, columns.SWEEP))
    if folder.settings.until.outcome:
        table = Targets(folder).table()
        write_table(folder.path / "until.parquet", to_table(table, columns.SWEEP))
    runs = int(summary["runs"].sum() + summary["failed"].sum())
    if runs <= MOST_RUNS_IN_ONE_TABLE:
        write_whole(folder.path / "runs.parquet", lambda path: _write_runs(folder, path))
    manifest = folder.manifest | {
        "status": "done",
        "runs": runs,
        "failed": int(summary["failed"].sum()),
        "seconds": round(folder.manifest.get("seconds", 0.0) + seconds, 3),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
    write_json(folder.path / "manifest.json", manifest)


def _write_failures(folder: SweepFolder) -> None:
    """Write every failed run with its error; the table is empty if none failed."""
    names = ["seed", "status", "error", "traceback"]
    tables = [
        table.filter(pc.not_equal(table["status"].cast(pa.string()), "done"))
        for _, table in folder.tables(names)
    ]
    table = pa.concat_tables(tables) if tables else schema().empty_table().select(names)
    for place, name in enumerate(folder.factors, start=3):
        if name != "seed":
            values = folder.design_table[name].take(table["point"].combine_chunks())
            table = table.add_column(place, folder.design_table.schema.field(name), values)
    write_table(folder.path / "failures.parquet", table)


def _write_runs(folder: SweepFolder, path: Path) -> None:
    """Write all rows with their swept values, one row group per part."""
    writer = None
    for _, table in folder.tables():
        rows = folder.with_values(table)
        writer = writer or pq.ParquetWriter(
            path, rows.schema, compression="zstd", write_page_checksum=True
        )
        writer.write_table(rows)
    if writer is not None:
        writer.close()
