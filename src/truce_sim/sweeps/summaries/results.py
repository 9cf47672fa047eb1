"""Write the results of a finished sweep, all of which are made from its parts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from truce_sim.results import columns
from truce_sim.results.store import Damaged, to_table, write_json, write_table, write_tables
from truce_sim.sweeps.folder.files import RESULTS
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.rows import schema
from truce_sim.sweeps.summaries.contrasts import Contrasts
from truce_sim.sweeps.summaries.summary import survival_table
from truce_sim.sweeps.summaries.targets import Targets

#: Larger sweeps have no runs.parquet, which would be too large to use; read their parts.
MOST_RUNS_IN_ONE_TABLE = 20_000_000


def damaged_results(folder: SweepFolder, in_full: bool = False) -> list[str]:
    """Return the names of the results of a finished sweep that are damaged or missing.

    Args:
        folder: the sweep.
        in_full: whether to read all of each file, not only its footer.
    """
    damaged = []
    names = result_names(folder, folder.manifest.get("runs", 0)) if folder.finished else ()
    for name in names:
        try:
            folder.files.open(name).close()
            if in_full:
                folder.files.check(name)
        except Damaged:
            damaged.append(name)
    return damaged


def result_names(folder: SweepFolder, runs: int) -> list[str]:
    """Return the names of the results that a finished sweep with this many runs has."""
    names = ["failures", "summary"]
    names += ["contrasts"] if folder.settings.compare else []
    names += ["until"] if folder.settings.until.outcome else []
    return names + (["runs"] if runs <= MOST_RUNS_IN_ONE_TABLE else [])


def write_results(folder: SweepFolder, seconds: float) -> None:
    """Write failures, summary, contrasts, until and runs, then mark the manifest as done.

    Args:
        folder: the sweep.
        seconds: wall time to add to that in the manifest.

    Raises:
        store.Damaged: if a part is damaged.
    """
    state = {"results": secrets.token_hex(8)}
    good = failed = 0
    for name, table in tables(folder):
        write_table(folder.files.path(name), table, folder.files.notes(name) | state)
        if name == "summary":
            good, failed = (pc.sum(table[column]).as_py() for column in ("runs", "failed"))
    runs = good + failed
    if runs <= MOST_RUNS_IN_ONE_TABLE:
        parts = run_tables(folder)
        first = next(parts)
        write_tables(
            folder.files.path("runs"), first.schema, chain([first], parts),
            folder.files.notes("runs") | state,
        )  # fmt: skip
    for name in RESULTS:
        if name not in result_names(folder, runs):  # left by an earlier question
            folder.files.path(name).unlink(missing_ok=True)
    manifest = (
        folder.manifest
        | state
        | {
            "status": "done",
            "runs": runs,
            "failed": failed,
            "seconds": round(folder.manifest.get("seconds", 0.0) + seconds, 3),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
    )
    write_json(folder.path / "manifest.json", manifest)


def tables(folder: SweepFolder) -> Iterator[tuple[str, pa.Table]]:
    """Yield the name and content of each result except runs.parquet, made from the parts.

    Raises:
        store.Damaged: if a part is damaged.
    """
    yield "failures", _failures(folder)
    yield "summary", to_table(survival_table(folder).reset_index(), columns.SWEEP)
    if folder.settings.compare:
        contrasts = Contrasts(folder, folder.settings.compare).table()
        yield "contrasts", to_table(contrasts, columns.SWEEP)
    if folder.settings.until.outcome:
        yield "until", to_table(Targets(folder).table(), columns.SWEEP)


def _failures(folder: SweepFolder) -> pa.Table:
    """Return every failed run with its error; the table is empty if none failed."""
    names = ["seed", "status", "error", "traceback"]
    failed = [
        table.filter(pc.not_equal(table["status"].cast(pa.string()), "done"))
        for _, table in folder.tables(names)
    ]
    table = pa.concat_tables(failed) if failed else schema().empty_table().select(names)
    for place, name in enumerate(folder.factors, start=3):
        if name != "seed":
            values = folder.design_table[name].take(table["point"].combine_chunks())
            table = table.add_column(place, folder.design_table.schema.field(name), values)
    return table


def run_tables(folder: SweepFolder) -> Iterator[pa.Table]:
    """Yield the rows of runs.parquet, one table for each part: all runs with their swept values."""
    return (folder.with_values(table) for _, table in folder.tables())
