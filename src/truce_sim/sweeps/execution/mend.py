"""Find the files of runs that are damaged, lost or left over, so that the runs are repeated.

All of this happens in a locked folder. Whatever is removed is remade, bit for bit.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from truce_sim.errors import InputError
from truce_sim.results.sources import kept_table
from truce_sim.results.store import Damaged, remove_leftovers
from truce_sim.sweeps.folder.files import EVENTS, PARTS, RERUNS, SERIES
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.spec_files import SPECS_PER_GROUP


def refuse_damaged_tables(folder: SweepFolder) -> None:
    """Raise InputError if a border table kept in the folder is missing or has changed."""
    tables = folder.manifest.get("tables") or {}
    for table in tables:
        kept_table(folder.path, table, tables)


def set_aside(folder: SweepFolder, path: Path) -> str:
    """Keep a damaged file of runs under another name, so that its runs are repeated.

    Args:
        folder: the sweep.
        path: a part, or a file of daily series or events.

    Returns:
        What was done, in words.

    Raises:
        InputError: the file cannot be remade from anything else in the folder.
    """
    chunk, kind = Chunk.from_name(path.stem), path.parent.name
    if chunk is None or path.parent.parent != folder.path or kind not in (PARTS, SERIES, EVENTS):
        raise InputError(
            f"{path} is damaged, and no other file says what the points are",
            allowed="an intact copy of this file; or run the sweep again from the start",
        )
    found = path.exists()
    if found:
        path.replace(path.with_name(path.name + ".damaged"))
    if kind != PARTS:
        folder.part(chunk).unlink(missing_ok=True)  # its runs are repeated, and it with them
    return (
        f"{path} is damaged: set aside; its runs are run again"
        if found
        else f"{path} is missing: its runs are run again"
    )


def damaged_files(folder: SweepFolder, in_full: bool) -> Iterator[Path]:
    """Yield the damaged or missing files of runs: parts, series and events.

    Args:
        folder: the sweep.
        in_full: whether to read all of each file, not only its footer.

    Raises:
        store.Damaged: a spec is damaged; nothing else defines its point.
    """
    for first in range(0, folder.points, SPECS_PER_GROUP) if in_full else ():
        folder.specs(range(first, min(first + SPECS_PER_GROUP, folder.points)))
    found = set(folder.damaged())
    yield from sorted(found)
    for chunk in folder.chunks() if in_full else ():
        if folder.part(chunk) in found:
            continue  # its days and events are remade with it
        for kind in (PARTS, *folder.kept):
            path = folder.part(chunk, kind)
            if path not in found and not _is_sound(folder, chunk, kind):
                yield path


def _is_sound(folder: SweepFolder, chunk: Chunk, kind: str) -> bool:
    try:
        if kind == PARTS:
            folder.table(chunk)
        else:
            folder.files.check(f"{kind}/{chunk.name}")
    except Damaged:
        return False
    return True


def remove_orphans(folder: SweepFolder) -> None:
    """Remove what killed processes left: half-written files, series and events without a part,
    and runs of an interrupted rerun."""
    remove_leftovers(folder.path)
    shutil.rmtree(folder.path / RERUNS, ignore_errors=True)
    for path in folder.orphans():
        path.unlink(missing_ok=True)


def remove_overlaps(folder: SweepFolder) -> bool:
    """Remove parts that overlap others, as some crashes leave them; return whether there were any.

    Runs that only a removed part had are then missing, and are run again.
    """
    seen: list[Chunk] = []
    removed = False
    for chunk in folder.chunks():
        if any(chunk.meets(other) for other in seen):
            folder.part(chunk).unlink(missing_ok=True)
            removed = True
            continue
        seen = [c for c in seen if c.replicates.stop > chunk.replicates.start] + [chunk]
    if removed:
        remove_orphans(folder)
    return removed
