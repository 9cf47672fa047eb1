"""Verify that a sweep's rows follow from its configuration, by running some of them again."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from truce_sim.engine.codes import STATUSES
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.errors import InputError, command
from truce_sim.results.store import Damaged
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.meaning import two_meanings
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.rows import Rows
from truce_sim.sweeps.folder.spec_files import point_key


@dataclass(frozen=True)
class Difference:
    """The first stored value that differs from the run.

    Attributes:
        run: the run, as `point:replicate`; "" where the same options have two meanings.
        column: which value differs.
        stored: the value in the folder.
        computed: the value of the run made again.
    """

    run: str
    column: str
    stored: object
    computed: object


@dataclass(frozen=True)
class Proof:
    """The result of verifying a sweep.

    Attributes:
        path: the folder.
        runs: number of runs in the folder.
        checked: number of runs made again.
        skipped: number of chosen runs that had failed outside the engine.
        columns: number of columns compared.
        pick: seed of the random choice.
        rules: digest of the rules that made the folder.
        difference: the first difference; None if there is none.
    """

    path: Path
    runs: int
    checked: int
    skipped: int
    columns: int
    pick: int
    rules: str
    difference: Difference | None

    @property
    def holds(self) -> bool:
        """Whether all values were identical."""
        return self.difference is None

    @property
    def other_rules(self) -> bool:
        """Whether the folder was made by rules other than today's."""
        return self.rules != DIGEST


#: How far floats of runs made by other rules may differ, relatively: earlier rules took exp and log
#: from the C library, whose last bit is not the same everywhere.
TOLERANCE = 1e-9


def verify_sweep(path: str | Path, runs: int, pick: int | None = None) -> Proof:
    """Run randomly chosen rows again and compare every value exactly.

    This also compares the engine's input for their points with the swept values in design.parquet
    and, if present, the rows of runs.parquet and the daily series and events of the runs. Rows
    made by other rules are run again by today's; if they are the same, the change of rules has
    not affected them. Of those, floats may differ by `TOLERANCE`.

    Args:
        path: the sweep's folder.
        runs: number of rows to run again.
        pick: seed of the random choice; None: a new one.

    Raises:
        InputError: if the folder is not a sweep's, or has no runs.
        store.Damaged: if a file is damaged.
    """
    folder = read_folder(path)
    pick = secrets.randbelow(2**32) if pick is None else pick
    chunks, rules = folder.chunks(), str(folder.manifest.get("rules"))
    total = sum(chunk.runs for chunk in chunks)
    if not total:
        raise InputError(
            "has no runs yet", value=str(folder.path), allowed=command("resume", folder.path)
        )
    mixed = two_meanings(folder)
    if mixed:
        options, (setting, *values) = mixed
        found = Difference("", f"{setting} with {options}", *values)
        return Proof(folder.path, total, 0, 0, 0, pick, rules, found)
    chosen = np.random.default_rng(pick).choice(total, min(runs, total), replace=False)
    checked = skipped = columns = 0
    for chunk, rows in _by_chunk(chunks, np.sort(chosen)):
        stored = folder.table(chunk)
        for row in rows:
            run = divmod(row, len(chunk.replicates))
            point, replicate = chunk.points[run[0]], chunk.replicates[run[1]]
            here = stored.slice(row, 1).to_pylist()[0]
            if here["status"] not in STATUSES:
                skipped += 1
                continue
            checked, columns = checked + 1, len(here)
            difference = (
                _compare(folder, here, point, replicate)
                or _compare_given(folder, stored.slice(row, 1), point, replicate)
                or _compare_recorded(folder, point, replicate)
            )
            if difference:
                return Proof(folder.path, total, checked, skipped, columns, pick, rules, difference)
    return Proof(folder.path, total, checked, skipped, columns, pick, rules, None)


def _by_chunk(
    chunks: list[Chunk], chosen: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Iterator[tuple[Chunk, list[int]]]:
    """Yield the chosen runs, numbered through all chunks, as rows of each chunk."""
    first = 0
    for chunk in chunks:
        mine = chosen[(chosen >= first) & (chosen < first + chunk.runs)] - first
        if mine.size:
            yield chunk, mine.tolist()
        first += chunk.runs


def _compare(
    folder: SweepFolder, stored: dict[str, object], point: int, replicate: int
) -> Difference | None:
    """Return the first difference between a stored row and the run made again."""
    run = f"{point}:{replicate}"
    spec = folder.spec_of(point, replicate)
    stored_key = str(folder.design["key"].iloc[point])
    meant = make_spec(folder.config_of(point))
    rules = str(folder.manifest.get("rules"))
    same = _same if rules == DIGEST else _nearly_same
    if rules != DIGEST and _nearly_same_border(meant.border, spec.border):
        meant = replace(meant, border=spec.border)
    for what, key in (("specs", point_key(spec, rules)), ("design", point_key(meant, rules))):
        if key != stored_key:
            return Difference(run, f"key of its {what}", stored_key, key)
    rows = outcomes(spec, [replicate])[None]
    chunk = Chunk(range(point, point + 1), range(replicate, replicate + 1))
    again: pa.Table = Rows(chunk, np.array([spec.seed]), rows).table()
    for name, value in again.to_pylist()[0].items():
        if name in stored and not same(stored[name], value):
            return Difference(run, name, stored[name], value)
    return None


def _compare_given(
    folder: SweepFolder, stored: pa.Table, point: int, replicate: int
) -> Difference | None:
    """Return the first difference between runs.parquet, which users read, and a row of a part."""
    path = folder.path / "runs.parquet"
    if folder.manifest.get("status") != "done" or not path.is_file():
        return None
    given = _run_rows(path, point, replicate)
    run = f"{point}:{replicate}"
    if len(given) != 1:
        return Difference(run, "number of its rows in runs.parquet", len(given), 1)
    for name, value in folder.with_values(stored).to_pylist()[0].items():
        if not _same(given[0].get(name), value):
            return Difference(run, f"{name} in runs.parquet", given[0].get(name), value)
    return None


def _compare_recorded(folder: SweepFolder, point: int, replicate: int) -> Difference | None:
    """Return the first difference between a run's stored and new daily series and events."""
    recorder = make_recorder(folder.settings)
    if recorder is None:
        return None
    world = make_world(recorded=True)
    same = _same if folder.manifest.get("rules") == DIGEST else _nearly_same
    outcome = outcomes(folder.spec_of(point), [replicate], world)[0]
    recorder.keep(point, replicate, outcome, world)
    for kind, table in recorder.take():
        again = table.to_pylist()
        copies = list(_copies(folder, kind, point, replicate)) or [[]]
        for stored in copies:
            difference = _compare_days(f"{point}:{replicate}", kind, stored, again, same)
            if difference:
                return difference
    return None


def _copies(
    folder: SweepFolder, kind: str, point: int, replicate: int
) -> Iterator[list[dict[str, object]]]:
    """Yield a run's rows in each file of series/ or events/; some crashes leave two copies."""
    for path in sorted((folder.path / kind).glob("p*.parquet")):
        chunk = Chunk.from_name(path.stem)
        if chunk and point in chunk.points and replicate in chunk.replicates:
            rows = _run_rows(path, point, replicate)
            if rows:
                yield rows


def _compare_days(
    run: str,
    kind: str,
    stored: Sequence[dict[str, object]],
    again: Sequence[dict[str, object]],
    same: Callable[[object, object], bool],
) -> Difference | None:
    if len(stored) != len(again):
        return Difference(run, f"number of its rows in {kind}/", len(stored), len(again))
    for there, row in zip(stored, again, strict=True):
        for name, value in row.items():
            if not same(there.get(name), value):
                what = f"{name} on day {row['day']} in {kind}/"
                return Difference(run, what, there.get(name), value)
    return None


def _run_rows(path: Path, point: int, replicate: int) -> list[dict[str, object]]:
    """Return the rows of one run in a file; raise Damaged if it cannot be read."""
    chosen = [("point", "==", point), ("replicate", "==", replicate)]
    try:
        table = pq.read_table(path, filters=chosen, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(path) from error
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


def _same(a: object, b: object) -> bool:
    """Whether two values are equal to the last bit; missing values and NaN equal themselves."""
    if isinstance(a, float) and isinstance(b, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    return a == b


def _nearly_same(a: object, b: object) -> bool:
    """The same, but floats may differ by `TOLERANCE`."""
    if isinstance(a, float) and isinstance(b, float):
        return _same(a, b) or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return a == b


def _nearly_same_border(a: NDArray[np.void], b: NDArray[np.void]) -> bool:
    """Whether sectors differ by no more than `TOLERANCE`."""
    return a.shape == b.shape and all(
        np.allclose(a[name], b[name], rtol=TOLERANCE, atol=TOLERANCE)
        for name in a.dtype.names or ()
    )
