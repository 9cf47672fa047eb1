"""Verify everything in a sweep's folder: files, results, design, and a sample of runs, repeated."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truce_sim.engine.codes import STATUSES
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.errors import InputError, command
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.execution.compare import Difference, differing_cell, run_cells
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.meaning import two_meanings
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.records import make_recorder
from truce_sim.sweeps.folder.replay import TOLERANCE, nearly_equal, tolerance_for
from truce_sim.sweeps.folder.rows import Rows
from truce_sim.sweeps.folder.spec_files import point_key
from truce_sim.sweeps.summaries.results import result_names, run_tables, tables
from truce_sim.version import __version__


@dataclass(frozen=True)
class Proof:
    """The result of verifying a sweep.

    Attributes:
        path: the folder.
        files: number of files read.
        runs: number of runs in the folder.
        checked: number of runs repeated.
        skipped: number of chosen runs that had failed outside the engine.
        columns: number of columns compared.
        pick: seed of the random choice.
        rules: digest of the rules that made the folder.
        machine: the kind of processor that the folder was made on; "" if it does not say.
        difference: the first difference; None if there is none.
    """

    path: Path
    files: int
    runs: int
    checked: int
    skipped: int
    columns: int
    pick: int
    rules: str
    machine: str
    difference: Difference | None

    @property
    def holds(self) -> bool:
        """Whether all values were identical."""
        return self.difference is None

    @property
    def other_rules(self) -> bool:
        """Whether the folder was made by rules other than today's."""
        return self.rules != DIGEST


def verify_sweep(path: str | Path, runs: int, pick: int | None = None) -> Proof:
    """Check everything in a sweep's folder, and run randomly chosen rows again.

    Every file is read in full, so that its checksums are verified. The results of a finished sweep
    are remade from the parts and compared. For the chosen runs, every value is compared with the
    row, the daily series and the events. For their points, and one point of each base
    configuration, the engine's input is compared with the swept values in design.parquet. Rows made
    by other rules are run again by today's; if they are the same, the change of rules has not
    affected them; their floats may differ by `TOLERANCE`.

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
    total = count_runs(folder)
    if not total:
        raise InputError(
            "has no runs yet", value=str(folder.path), allowed=command("resume", folder.path)
        )
    if folder.finished and (orphans := folder.orphans()):
        raise InputError(
            f"{orphans[0].relative_to(folder.path)} has no part", value=str(folder.path),
            allowed=f"{command('resume', folder.path)}, which removes it",
        )  # fmt: skip
    chosen = np.sort(np.random.default_rng(pick).choice(total, min(runs, total), replace=False))
    tolerance = tolerance_for(folder.manifest)
    sample = Sample(folder, chosen, tolerance)
    difference = (
        _two_meanings(folder) or _compare_parts(folder) or sample.difference
        or _compare_bases(folder, tolerance, sample.points) or _compare_results(folder)
    )  # fmt: skip
    kinds = 1 + len(folder.kept)
    files = kinds * len(folder.chunks()) + len(_results(folder))
    rules, machine = str(folder.manifest.get("rules")), folder.manifest.get("machine") or {}
    return Proof(
        folder.path, files, total, sample.checked, sample.skipped, sample.columns, pick, rules,
        str(machine.get("processor", "")), difference,
    )  # fmt: skip


def count_runs(folder: SweepFolder) -> int:
    """Return the number of runs in the parts of a folder."""
    return sum(chunk.runs for chunk in folder.chunks())


def first_difference(
    folder: SweepFolder, chosen: NDArray[np.int64]
) -> tuple[Difference | None, int]:
    """Repeat some runs and compare them with their rows.

    Args:
        folder: the sweep.
        chosen: numbers of the runs, through all parts, ascending.

    Returns:
        The first difference, if any, and the number of runs repeated.

    Raises:
        store.Damaged: if a part is damaged.
    """
    sample = Sample(folder, chosen)
    return sample.difference, sample.checked


class Sample:
    """Some runs, repeated in order up to the first that differs from what is stored.

    Args:
        folder: the sweep.
        chosen: numbers of the runs, through all parts, ascending.
        tolerance: relative difference allowed between floats.

    Attributes:
        checked: number of runs repeated.
        skipped: number of runs that had failed outside the engine.
        columns: number of columns compared.
        points: the points compared with their specs and labels.
        difference: the first difference; None if there is none.
    """

    def __init__(
        self, folder: SweepFolder, chosen: NDArray[np.int64], tolerance: float = 0.0
    ) -> None:
        self._folder = folder
        self._tolerance = tolerance
        self.checked = self.skipped = self.columns = 0
        self.points: set[int] = set()
        self.difference: Difference | None = None
        for chunk, rows in _by_chunk(folder.chunks(), chosen):
            stored = folder.table(chunk)
            self._records = cache(partial(folder.record, chunk))
            for row in rows:
                self.difference = self._compare(chunk, row, stored.slice(row, 1).to_pylist()[0])
                if self.difference:
                    return

    def _compare(self, chunk: Chunk, row: int, stored: dict[str, object]) -> Difference | None:
        if stored["status"] not in STATUSES:
            self.skipped += 1
            return None
        self.checked, self.columns = self.checked + 1, len(stored)
        of_point, of_replicate = divmod(row, len(chunk.replicates))
        point, replicate = chunk.points[of_point], chunk.replicates[of_replicate]
        return (
            self._compare_point(point, f"Run {point}:{replicate}")
            or _compare_run(self._folder, stored, point, replicate, self._tolerance)
            or _compare_records(self._folder, self._records, point, replicate, self._tolerance)
        )

    def _compare_point(self, point: int, where: str) -> Difference | None:
        if point in self.points:
            return None
        self.points.add(point)
        return _compare_point(self._folder, point, where, self._tolerance)


def _by_chunk(chunks: list[Chunk], chosen: NDArray[np.int64]) -> Iterator[tuple[Chunk, list[int]]]:
    """Yield the chosen runs, numbered through all chunks, as rows of each chunk."""
    first = 0
    for chunk in chunks:
        mine = chosen[(chosen >= first) & (chosen < first + chunk.runs)] - first
        if mine.size:
            yield chunk, mine.tolist()
        first += chunk.runs


# ── runs repeated ───────────────────────────────────────────────────────────────────────────


def _compare_point(
    folder: SweepFolder, point: int, where: str, tolerance: float
) -> Difference | None:
    """Return the difference between a point and what its spec and labels say."""
    stored, rules = str(folder.design["key"].iloc[point]), str(folder.manifest.get("rules"))
    spec, meant = folder.spec_of(point), make_spec(folder.configured(point))
    if tolerance and nearly_equal(meant.border, spec.border, tolerance):
        meant = replace(meant, border=spec.border)
    for what, this in (("specs", spec), ("design", meant)):
        key = point_key(this, rules)
        if key != stored:
            return Difference(where, f"key of its {what}", stored, key)
    return None


def _compare_run(
    folder: SweepFolder, stored: dict[str, object], point: int, replicate: int, tolerance: float
) -> Difference | None:
    """Return the first difference between a stored row and the repeated run."""
    spec = folder.spec_of(point, replicate)
    chunk = Chunk(range(point, point + 1), range(replicate, replicate + 1))
    rows = outcomes(spec, [replicate])[None]
    again = Rows(chunk, np.array([spec.seed]), rows).table().to_pylist()[0]
    known = {name: value for name, value in again.items() if name in stored}
    return run_cells(f"Run {point}:{replicate}", stored, known, tolerance=tolerance)


def _compare_records(
    folder: SweepFolder, records: Callable[[str], pa.Table], point: int, replicate: int,
    tolerance: float,
) -> Difference | None:  # fmt: skip
    """Return the first difference between a run's stored and new daily series and events.

    Args:
        folder: the sweep.
        records: returns the daily series or the events of the run's part.
        point: number of the point.
        replicate: number of the replicate.
        tolerance: relative difference allowed between floats.
    """
    recorder = make_recorder(folder.settings)
    if recorder is None:
        return None
    world = make_world(recorded=True)
    outcome = outcomes(folder.spec_of(point), [replicate], world)[0]
    recorder.keep(point, replicate, outcome, world)
    run = f"Run {point}:{replicate}"
    for kind, table in recorder.take():
        stored = records(kind)
        ours = pc.and_(pc.equal(stored["point"], point), pc.equal(stored["replicate"], replicate))
        there, again = stored.filter(ours).to_pylist(), table.to_pylist()
        if len(there) != len(again):
            return Difference(run, f"number of its rows in {kind}/", len(there), len(again))
        for old, new in zip(there, again, strict=True):
            place = f" on day {new['day']} in {kind}/"
            difference = run_cells(run, old, new, place, tolerance)
            if difference:
                return difference
    return None


# ── the files ────────────────────────────────────────────────────────────────────────────────


def _compare_parts(folder: SweepFolder) -> Difference | None:
    """Read all parts, series and events, and check what each part says about its runs."""
    for chunk in folder.chunks():
        name = f"{PARTS}/{chunk.name}.parquet"
        table = folder.table(chunk)
        for kind in folder.kept:
            folder.files.check(f"{kind}/{chunk.name}")
        done = np.asarray(pc.equal(table["status"].cast(pa.string()), "done"))
        sound = (np.asarray(table["end_day"].is_valid()) == done) & (
            np.asarray(table["error"].is_null()) == done
        )
        for row in np.flatnonzero(~sound).tolist():
            run = f"Run {table['point'][row]}:{table['replicate'][row]}"
            words = ("failed", "done") if done[row] else ("done", "failed")
            return Difference(run, "status", table["status"][row].as_py(), words[0])
        footer = folder.footer(chunk)
        failed = int((~done).sum())
        if footer is None or footer.failed != failed:
            return Difference(name, "failed", footer and footer.failed, failed)
    return None


def _two_meanings(folder: SweepFolder) -> Difference | None:
    """Return a setting that differs between points with the same options, if there is one."""
    mixed = two_meanings(folder)
    if mixed is None:
        return None
    options, (setting, *values) = mixed
    return Difference("", f"{setting} with {options}", *values)


def _compare_bases(
    folder: SweepFolder, tolerance: float, compared: Collection[int]
) -> Difference | None:
    """Compare one point of each base configuration in the manifest with its spec, unless it was
    compared already."""
    for point in folder.design.drop_duplicates("base").index.tolist():
        if point in compared:
            continue
        difference = _compare_point(folder, point, f"Point {point}", tolerance)
        if difference:
            return difference
    return None


def _compare_results(folder: SweepFolder) -> Difference | None:
    """Remake the results of a finished sweep, and return the first difference."""
    if not folder.finished:
        return None
    for name, made in tables(folder):
        stored = folder.files.read(name)
        if folder.manifest.get("truce_sim") != __version__:
            names = _lasting(stored.column_names, made.column_names)
            stored, made = stored.select(names), made.select(names)
        difference = differing_cell(f"{name}.parquet", stored, made, TOLERANCE)
        if difference:
            return difference
    total = {"runs": 0, "failed": 0}
    for chunk in folder.chunks():
        footer = folder.footer(chunk)
        total["runs"] += chunk.runs
        total["failed"] += footer.failed if footer else 0
    stated = {name: folder.manifest.get(name) for name in total}
    found = run_cells("manifest.json", stated, dict(total))
    return found or (_compare_given(folder) if "runs" in _results(folder) else None)


def _lasting(stored: Sequence[str], made: Sequence[str]) -> list[str]:
    """Return the columns that versions have in common, without intervals and medians, whose
    definitions have changed."""
    defined_anew = ("_low", "_high", "median_survival")
    return [name for name in stored if name in made and not name.endswith(defined_anew)]


def _results(folder: SweepFolder) -> Sequence[str]:
    runs = folder.manifest.get("runs", 0)
    return result_names(folder, runs) if folder.finished else ()


def _compare_given(folder: SweepFolder) -> Difference | None:
    """Return the first difference between runs.parquet, which users read, and the parts."""
    with folder.files.open("runs") as file:
        groups = file.num_row_groups
    made = list(folder.chunks())
    if groups != len(made):
        return Difference("runs.parquet", "number of parts in it", groups, len(made))
    for group, table in enumerate(run_tables(folder)):
        given = folder.files.read("runs", groups=[group])
        counts = dict.fromkeys(_runs(table), 0)
        for run in _runs(given):
            counts[run] = counts.get(run, 0) + 1
        wrong = next((run for run, count in counts.items() if count != 1), None)
        if wrong is not None:
            where = f"Run {wrong[0]}:{wrong[1]}"
            return Difference(where, "number of its rows in runs.parquet", counts[wrong], 1)
        difference = differing_cell("runs.parquet", given, table)
        if difference:
            return difference
    return None


def _runs(table: pa.Table) -> list[tuple[int, int]]:
    return list(zip(table["point"].to_pylist(), table["replicate"].to_pylist(), strict=True))
