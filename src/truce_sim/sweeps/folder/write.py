"""Write the runs of a chunk: its part, and before it the daily series and events, if kept."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from truce_sim.engine.compile import DIGEST
from truce_sim.results.provenance import processor
from truce_sim.results.store import write_table
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk


def write_part(folder: SweepFolder, chunk: Chunk, rows: pa.Table, into: str = PARTS) -> int:
    """Write the rows of a chunk, and return how many are of failed runs.

    The footer says which sweep and which runs these are, how the design describes the points, how
    many failed, and which rules made them on which kind of processor.

    Args:
        folder: the sweep.
        chunk: the chunk.
        rows: as `rows.Rows.table` gives them.
        into: folder of the parts, below that of the sweep.
    """
    failed = pc.sum(pc.not_equal(rows["status"].cast(pa.string()), "done")).as_py() or 0
    notes = {
        "points": folder.points_digest(chunk.points),
        "failed": str(failed),
        "rules": DIGEST,
        "processor": processor(),
    }
    _write(folder, f"{into}/{chunk.name}", rows, notes)
    return int(failed)


def write_record(
    folder: SweepFolder, chunk: Chunk, kind: str, rows: pa.Table, into: str = PARTS
) -> None:
    """Write the daily series or the events of a chunk.

    Args:
        folder: the sweep.
        chunk: the chunk.
        kind: SERIES or EVENTS.
        rows: as `records.Recorder.take` gives them.
        into: folder of the parts, below that of the sweep.
    """
    _write(folder, record_name(chunk, kind, into), rows, {})


def record_name(chunk: Chunk, kind: str, into: str = PARTS) -> str:
    """Return the name of the file with the daily series or the events of a chunk."""
    return f"{kind}/{chunk.name}" if into == PARTS else f"{into}/{kind}/{chunk.name}"


def _write(folder: SweepFolder, name: str, rows: pa.Table, notes: dict[str, str]) -> None:
    path = folder.files.path(name)
    if not folder.path.is_dir():  # it was moved: write nothing in its old place
        raise FileNotFoundError(f"{folder.path} is gone")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, rows, folder.files.notes(name) | notes)
