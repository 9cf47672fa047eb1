"""The folder of a sweep, opened: what it is, which runs are there, and how to run one again.

manifest.json     where it came from, what is the same for all its runs
design.parquet    a row a point: swept values, `base` (of the manifest's), `key`
specs/            what the engine reads for each point, byte for byte
parts/            the runs; the name of a part says which
series/ events/   daily series and event logs of the same runs, where asked for
failures.parquet, summary.parquet, contrasts.parquet, runs.parquet: made when all is done
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.config.setup import Setup
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError, closest
from truce_sim.files import first_release
from truce_sim.results.columns import OUTCOME
from truce_sim.results.store import SCHEMA_VERSION, Damaged, read_table
from truce_sim.settings.schema import Config, SweepConfig
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.rows import schema
from truce_sim.sweeps.folder.spec_files import SpecReader

#: What a manifest must say before anything else can be read.
_NEEDED = {"points": int, "factors": list, "config": dict, "bases": list, "design": str}

PARTS, SERIES, EVENTS, RERUNS = "parts", "series", "events", "reruns"


def read_folder(path: str | Path, config: Config | None = None) -> SweepFolder:
    """Open a sweep's folder to read it, finished or not.

    config: what is the same for all its points, by one who has checked it already.

    Raises InputError for what is no sweep's folder, one of a newer schema, or one that has lost the
    files that say what its points are.
    """
    folder = Path(path).expanduser()
    manifest = read_manifest(folder, "sweep")
    for name, kind in _NEEDED.items():
        said = manifest.get(name)
        if not isinstance(said, kind) or (name == "points" and not said):
            raise _incomplete(folder, f"its manifest.json does not say its {name}")
    found = SweepFolder(folder, manifest, config)
    for lost in found.lost():
        raise _incomplete(folder, f"has lost {lost}, which says what its points are")
    return found


def _incomplete(folder: Path, problem: str) -> InputError:
    return InputError(
        problem, value=str(folder), allowed="the whole folder of a sweep; or run the sweep anew"
    )


def read_manifest(folder: Path, kind: str) -> dict[str, Any]:
    """The manifest of a results folder of this kind. Raises InputError where there is none."""
    needs = f"the folder of a {kind}, made by truce-sim {kind}"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except OSError:
        problem = "holds no manifest.json" if folder.is_dir() else "no such folder"
        raise InputError(problem, value=str(folder), allowed=needs) from None
    except ValueError as error:
        raise InputError(
            f"its manifest.json cannot be read: {error}", value=str(folder), allowed=needs
        ) from None
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind") if isinstance(manifest, dict) else None
        raise InputError(
            f"is the folder of a {found}" if found else "its manifest is of something else",
            value=str(folder), allowed=needs,
        )  # fmt: skip
    version = manifest.get("schema_version")
    if not isinstance(version, int):
        raise InputError(
            "its manifest.json does not say its schema_version", value=str(folder), allowed=needs
        )
    if version > SCHEMA_VERSION:
        raise InputError(
            f"written by a newer truce-sim ({manifest.get('truce_sim')}), schema {version}",
            value=str(folder),
            allowed=f"schema {SCHEMA_VERSION} or older: install a newer truce-sim to read it",
        )
    if version < SCHEMA_VERSION and kind == "sweep":
        raise InputError(
            f"written by truce-sim {manifest.get('truce_sim')}, schema {version}",
            value=str(folder), allowed=f"schema {SCHEMA_VERSION}: run the sweep anew",
        )  # fmt: skip
    return manifest


class Footer(NamedTuple):
    """What is known of a part without reading its rows."""

    runs: int
    failed: int


class SweepFolder:
    """A sweep on disk, as read_folder gives it. Reading never changes anything."""

    def __init__(self, path: Path, manifest: dict[str, Any], config: Config | None = None) -> None:
        self.path = path
        self.manifest = manifest
        self._checked = config
        self._specs = SpecReader(path / "specs")

    def lost(self) -> list[str]:
        """What is not there of what says which runs the points are."""
        there = (self.path / "design.parquet").is_file()
        names = [] if there else ["design.parquet"]
        return names if self._specs.points() >= self.points else [*names, "files of specs/"]

    # ── what was asked for ───────────────────────────────────────────────────────────────────

    @property
    def factors(self) -> tuple[str, ...]:
        """The swept settings and config groups."""
        return tuple(self.manifest["factors"])

    @property
    def points(self) -> int:
        """Number of design points."""
        return int(self.manifest["points"])

    @property
    def replicates(self) -> int:
        """Runs that each point is to have; with sweep.until the most that one may have."""
        until = self.settings.until
        return until.ceiling if until.outcome else self.settings.replicates

    @property
    def settings(self) -> SweepConfig:
        """How the sweep is carried out: its SweepConfig."""
        return self.config.sweep

    @cached_property
    def config(self) -> Config:
        """What is the same for all points, checked."""
        from truce_sim.config.load import validate

        origin = str(self.path / "manifest.json")
        return self._checked or validate(self.manifest["config"], origin=origin)

    @cached_property
    def horizon(self) -> int:
        """Days of the longest run."""
        specs = self._specs.read(range(self.points)) if self._horizon_varies else [self.spec_of(0)]
        return max(int(spec.params[0]["run"]["horizon_days"]) for spec in specs)

    @property
    def _horizon_varies(self) -> bool:
        return any(name in ("run", "experiment", "run.horizon_days") for name in self.factors)

    @cached_property
    def design(self) -> pd.DataFrame:
        """A row a point (index `point`): the swept values, then `base` and `key`."""
        frame: pd.DataFrame = read_table(self.path / "design.parquet").to_pandas()
        return frame.set_index("point").iloc[: self.points]

    def config_of(self, point: int) -> Config:
        """The whole configuration of a point, checked; its seed is that of the point's runs."""
        return self.setup_of(point).config

    def setup_of(self, point: int) -> Setup:
        """The same with all that follows from it: what a run of the point starts from."""
        from truce_sim.sweeps.design.configs import setup_of

        seed = self.spec_of(point).seed
        row = self.design.iloc[[point]].to_dict("records")[0]
        values = {name: row[name] for name in self.factors}
        return setup_of(self.manifest["bases"][row["base"]], values).drawn(seed)

    def spec_of(self, point: int, replicate: int = 0) -> RunSpec:
        """The run of a row, as a value: `engine.run.run(spec)` is that run again, bit for bit."""
        if not 0 <= point < self.points:
            raise InputError(
                "no such point", setting="point", value=point, allowed=f"0 to {self.points - 1}"
            )
        return replace(self.specs(range(point, point + 1))[0], replicate=replicate)

    def specs(self, points: range) -> list[RunSpec]:
        """The specs of some points, in order, replicate 0."""
        return self._specs.read(points)

    # ── what is there ────────────────────────────────────────────────────────────────────────

    def part(self, chunk: Chunk, kind: str = PARTS) -> Path:
        """Where the rows of a chunk are, or will be."""
        return self.path / kind / f"{chunk.name}.parquet"

    def chunks(self) -> list[Chunk]:
        """The chunks whose parts are there, replicates first."""
        named = (Chunk.named(path.stem) for path in (self.path / PARTS).glob("p*.parquet"))
        found = [chunk for chunk in named if chunk is not None]
        return sorted(found, key=lambda c: (c.replicates.start, c.points.start, c.name))

    def tables(
        self, columns: Sequence[str] | None = None, points: range | None = None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Part by part, its rows, each run once. Raises Damaged for a part that is not whole."""
        return self._each_once(lambda chunk: self.table(chunk, columns), points)

    def recorded(
        self, kind: str, columns: Sequence[str] | None = None, points: range | None = None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Part by part, the daily series or the events (SERIES, EVENTS) of its runs, in order, with
        `point` and `replicate` before the columns asked for. Raises Damaged."""
        names = None if columns is None else list(dict.fromkeys(["point", "replicate", *columns]))
        return self._each_once(lambda chunk: read_table(self.part(chunk, kind), names), points)

    def _each_once(
        self, read: Callable[[Chunk], pa.Table], points: range | None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Part by part, what is read of it, without runs that an earlier part has."""
        seen: list[Chunk] = []
        for chunk in self.chunks():
            if points is not None and not _meet(chunk.points, points):
                continue
            table = read(chunk)
            for other in seen:
                if _meet(chunk.points, other.points) and _meet(chunk.replicates, other.replicates):
                    table = _without(table, chunk, other)
            seen = [c for c in seen if c.replicates.stop > chunk.replicates.start] + [chunk]
            yield chunk, table

    def table(self, chunk: Chunk, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one part, with `point` and `replicate` before the columns asked for."""
        path = self.part(chunk)
        names = self._column_names if columns is None else ["point", "replicate", *columns]
        wanted = pa.schema([schema().field(name) for name in dict.fromkeys(names)])
        table = _with_types(read_table(path, wanted.names), wanted)
        if table.num_rows != chunk.runs:  # a footer has no checksum
            raise Damaged(path, f"{chunk.runs:,} rows were written, {table.num_rows:,} were read")
        if not table.schema.equals(wanted):
            raise Damaged(path, _difference(table.schema, wanted))
        return table

    @cached_property
    def outcome(self) -> tuple[str, ...]:
        """The outcome columns that its runs have: those of the version that made it."""
        found = self.manifest.get("outcome") or first_release()["outcome"]
        return tuple(name for name in found if name in OUTCOME)

    @property
    def _column_names(self) -> list[str]:
        """All columns of its parts."""
        return [n for n in schema().names if n not in OUTCOME or n in self.outcome]

    def damaged(self) -> list[Path]:
        """Parts that are cut short: their footer cannot be read, or has not their runs."""
        return [self.part(chunk) for chunk in self.chunks() if self.footer(chunk) is None]

    def footer(self, chunk: Chunk) -> Footer | None:
        """What the footer of a part says; None for one that is cut short."""
        try:
            found = pq.read_metadata(self.part(chunk))
            failed = int((found.metadata or {})[b"failed"])
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return None
        return Footer(chunk.runs, failed) if found.num_rows == chunk.runs else None

    # ── as pandas ────────────────────────────────────────────────────────────────────────────

    def runs(
        self, columns: Sequence[str] | None = None, points: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """All rows, or those of some points: point, replicate, seed, swept values, status, outcome.

        columns: of the outcome (`truce_sim.columns.OUTCOME`); all by default. Raises InputError for
        an unknown one.
        """
        self._check_columns(columns or ())
        whole = self.path / "runs.parquet"
        names = None if columns is None else self._order(columns)
        if whole.is_file() and self.manifest.get("status") == "done":
            keep = None if points is None else [("point", "in", list(points))]
            return pd.read_parquet(whole, columns=names, filters=keep)
        span = range(min(points), max(points) + 1) if points is not None and len(points) else None
        found = [self.with_values(table) for _, table in self.tables(_own(columns), span)]
        if not found:
            return pd.DataFrame(columns=names or self._order([]))
        frame: pd.DataFrame = pa.concat_tables(found).to_pandas()
        frame = frame if points is None else frame[frame["point"].isin(list(points))]
        return frame[names] if names else frame

    def _check_columns(self, columns: Sequence[str]) -> None:
        for name in columns:
            if name not in (known := [*self._order([]), *self.outcome]):
                raise InputError(
                    "no such column", setting="columns", value=name,
                    allowed="columns of truce_sim.columns.OUTCOME that its version has",
                    suggestion=closest(name, known),
                )  # fmt: skip

    def _order(self, columns: Sequence[str]) -> list[str]:
        first = ["point", "replicate", "seed", *(f for f in self.factors if f != "seed"), "status"]
        return list(dict.fromkeys([*first, *columns]))

    def with_values(self, table: pa.Table, place: int = 3) -> pa.Table:
        """Rows with the swept values of their points from that column on, and without errors and
        tracebacks."""
        rows = table["point"].combine_chunks()
        design = self.design_table
        for name in self.factors:
            if name != "seed":
                field = design.schema.field(name)
                table = table.add_column(place, field, design[name].take(rows))
                place += 1
        return table.drop_columns([n for n in ("error", "traceback") if n in table.column_names])

    @cached_property
    def design_table(self) -> pa.Table:
        """The design as Arrow; swept words as dictionaries, which cost next to nothing a row."""
        table = read_table(self.path / "design.parquet").slice(0, self.points).combine_chunks()
        for i, kind in enumerate(table.schema.types):
            if pa.types.is_string(kind):
                name = table.schema.names[i]
                table = table.set_column(i, name, table[name].dictionary_encode())
        return table

    @property
    def failures(self) -> pd.DataFrame:
        """The runs that failed: point, replicate, seed, swept values, status, error, traceback."""
        path = self.path / "failures.parquet"
        return read_table(path).to_pandas() if path.is_file() else pd.DataFrame()

    @property
    def summary(self) -> pd.DataFrame:
        """A row a point: swept values, then shares and means with intervals; once it is done."""
        return self._read_result("summary.parquet").set_index("point")

    @property
    def contrasts(self) -> pd.DataFrame | None:
        """A row a pair of points, with sweep.compare; else None."""
        return self._read_result("contrasts.parquet") if self.settings.compare else None

    @property
    def targets(self) -> pd.DataFrame | None:
        """With sweep.until: a row a point or pair, how wide its interval is; else None."""
        return self._read_result("until.parquet") if self.settings.until.outcome else None

    def _read_result(self, name: str) -> pd.DataFrame:
        path = self.path / name
        if not path.is_file():
            raise InputError(
                f"has no {name} yet: the sweep is not finished", value=str(self.path),
                allowed=f"truce-sim resume {self.path}",
            )  # fmt: skip
        frame: pd.DataFrame = read_table(path).to_pandas()
        return frame


def _with_types(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The table with the words' numbers as they were written: pyarrow before 20 widens them."""
    for i, field in enumerate(table.schema):
        stored = wanted.field(i) if i < len(wanted) else field
        both = pa.types.is_dictionary(field.type) and pa.types.is_dictionary(stored.type)
        if both and field.type.value_type == stored.type.value_type and field.type != stored.type:
            table = table.set_column(i, stored, table.column(i).cast(stored.type))
    return table


def _difference(found: pa.Schema, wanted: pa.Schema) -> str:
    """What was written and what was read, of the first column in which they differ."""
    for name in dict.fromkeys([*wanted.names, *found.names]):
        pair = [f"{schema.field(name).type}" if name in schema.names else "nothing"
                for schema in (wanted, found)]  # fmt: skip
        if pair[0] != pair[1]:
            return f"column {name} was written as {pair[0]}, and read as {pair[1]}"
    return f"the columns were written as {wanted.names}, and read as {found.names}"


def _own(columns: Sequence[str] | None) -> list[str] | None:
    return None if columns is None else ["seed", "status", *columns]


def _meet(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop


def _without(table: pa.Table, chunk: Chunk, other: Chunk) -> pa.Table:
    """Rows of a chunk that are not in another one too (chunks overlap after some crashes)."""
    points, replicates = table["point"].to_numpy(), table["replicate"].to_numpy()
    inside = (points >= other.points.start) & (points < other.points.stop)
    inside &= (replicates >= other.replicates.start) & (replicates < other.replicates.stop)
    return table.filter(pa.array(~inside))
