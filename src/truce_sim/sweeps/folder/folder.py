"""Read the folder of a sweep: its design, its runs, and how to run one again.

manifest.json     origin of the sweep, and the settings shared by all runs
design.parquet    one row per point: swept values, `base` (index into the manifest's), `key`
specs/            what the engine reads for each point, byte for byte
parts/            the runs; the name of a part says which
series/ events/   daily series and event logs of the same runs, if kept
failures.parquet, summary.parquet, contrasts.parquet, runs.parquet: written when all is done
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError, closest, command
from truce_sim.files import first_release
from truce_sim.results.columns import OUTCOME
from truce_sim.results.sources import with_kept_table
from truce_sim.results.store import SCHEMA_VERSION, Damaged, read_table
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.rows import schema
from truce_sim.sweeps.folder.spec_files import SpecReader

if TYPE_CHECKING:  # workers need neither
    import pandas as pd

    from truce_sim.config.setup import Setup
    from truce_sim.settings.schema import Config, SweepConfig

#: Entries that a manifest must have before anything else can be read.
_NEEDED = {"points": int, "factors": list, "config": dict, "bases": list, "design": str}

PARTS, SERIES, EVENTS, RERUNS = "parts", "series", "events", "reruns"


def read_folder(path: str | Path, config: Config | None = None) -> SweepFolder:
    """Open a sweep's folder for reading, finished or not.

    Args:
        path: the folder.
        config: the checked configuration of the sweep itself, if known; else it is read and
            checked on first use.

    Raises:
        InputError: if it is not a sweep's folder, has a newer schema, or lacks the files that
            define its points.
    """
    folder = Path(path).expanduser()
    manifest = read_manifest(folder, "sweep")
    for name, kind in _NEEDED.items():
        entry = manifest.get(name)
        if not isinstance(entry, kind) or (name == "points" and not entry):
            raise _incomplete(folder, f"its manifest.json has no valid entry {name!r}")
    opened = SweepFolder(folder, manifest, config)
    for missing in opened.missing_files():
        raise _incomplete(folder, f"lacks {missing}, needed to define its points")
    return opened


def _incomplete(folder: Path, problem: str) -> InputError:
    return InputError(
        problem,
        value=str(folder),
        allowed="the complete folder of a sweep; or run the sweep again from the start",
    )


def read_manifest(folder: Path, kind: str) -> dict[str, Any]:
    """Read the manifest of a results folder.

    Args:
        folder: the folder.
        kind: "run" or "sweep".

    Raises:
        InputError: if there is no valid manifest, or it is of another kind or schema.
    """
    needs = f"the folder of a {kind}, made by truce-sim {kind}"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except OSError:
        problem = "has no manifest.json" if folder.is_dir() else "no such folder"
        raise InputError(problem, value=str(folder), allowed=needs) from None
    except ValueError as error:
        raise InputError(
            f"its manifest.json cannot be read: {error}", value=str(folder), allowed=needs
        ) from None
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        other = manifest.get("kind") if isinstance(manifest, dict) else None
        raise InputError(
            f"is the folder of a {other}" if other else "its manifest.json is not from truce-sim",
            value=str(folder), allowed=needs,
        )  # fmt: skip
    version = manifest.get("schema_version")
    if not isinstance(version, int):
        raise InputError(
            "its manifest.json has no valid entry 'schema_version'",
            value=str(folder), allowed=needs,
        )  # fmt: skip
    if version > SCHEMA_VERSION:
        raise InputError(
            f"written by a newer truce-sim ({manifest.get('truce_sim')}), schema {version}",
            value=str(folder),
            allowed=f"schema {SCHEMA_VERSION} or older: install a newer truce-sim to read it",
        )
    if version < SCHEMA_VERSION and kind == "sweep":
        raise InputError(
            f"written by truce-sim {manifest.get('truce_sim')}, schema {version}",
            value=str(folder), allowed=f"schema {SCHEMA_VERSION}: run the sweep again",
        )  # fmt: skip
    return manifest


class Footer(NamedTuple):
    """Facts about a part that need no reading of its rows.

    Attributes:
        runs: number of runs.
        failed: number of failed runs.
    """

    runs: int
    failed: int


class SweepFolder:
    """A sweep on disk; open one with `read_folder`. Reading never changes anything.

    Attributes:
        path: the folder.
        manifest: the content of manifest.json.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], config: Config | None = None) -> None:
        self.path = path
        self.manifest = manifest
        self._checked = config
        self._specs = SpecReader(path / "specs")

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<SweepFolder {self.path}>"

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def missing_files(self) -> list[str]:
        """List the missing files among those that define the points."""
        names = [] if (self.path / "design.parquet").is_file() else ["design.parquet"]
        return names if self._specs.points() >= self.points else [*names, "files of specs/"]

    # ── the design ───────────────────────────────────────────────────────────────────────────

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
        """Runs wanted of each point; with sweep.until, the most that a point may have."""
        until = self.settings.until
        return until.ceiling if until.outcome else self.settings.replicates

    @property
    def settings(self) -> SweepConfig:
        """The settings of the sweep itself."""
        return self.config.sweep

    @cached_property
    def config(self) -> Config:
        """The configuration shared by all points, each setting checked."""
        from truce_sim.config.checks import build_config

        if self._checked:
            return self._checked
        try:
            return build_config(self.manifest["config"])
        except InputError as error:
            raise error.at(origin=str(self.path / "manifest.json")) from None

    @cached_property
    def horizon(self) -> int:
        """The longest horizon of the points, in days."""
        specs = self._specs.read(range(self.points)) if self._horizon_varies else [self.spec_of(0)]
        return max(int(spec.params[0]["run"]["horizon_days"]) for spec in specs)

    @property
    def _horizon_varies(self) -> bool:
        return any(name in ("run", "experiment", "run.horizon_days") for name in self.factors)

    @cached_property
    def design(self) -> pd.DataFrame:
        """One row per point (index `point`): the swept values, then `base` and `key`."""
        frame: pd.DataFrame = read_table(self.path / "design.parquet").to_pandas()
        return frame.set_index("point").iloc[: self.points]

    def config_of(self, point: int) -> Config:
        """Return the whole configuration of a point, checked, with the seed of its runs."""
        return self._configured(point).config

    def why_no_effect(self, factor: str, point: int) -> str:
        """Say why a swept setting can have no effect at a point; "" if it may have one.

        Args:
            factor: a swept setting; groups always may.
            point: the number of the point.
        """
        from truce_sim.config.effects import Effects
        from truce_sim.config.load import to_plain
        from truce_sim.settings.fields import field_at

        if field_at(factor) is None:
            return ""
        try:
            return Effects(to_plain(self.setup_of(point).config)).why(factor)
        except InputError:  # the point needs a table of a border that is gone
            return ""

    def setup_of(self, point: int) -> Setup:
        """Return the setup that repeats the runs of a point: what the engine was given for them.

        Raises:
            InputError: if there is no such point, or the folder contradicts itself.
        """
        spec, setup = self.spec_of(point), self._configured(point)
        if (spec.params.size, spec.border.size) != (setup.params.size, setup.border.sectors.size):
            raise InputError(
                "its manifest.json describes other runs than its specs/", setting="point",
                value=point, allowed="the folder as it was made", origin=str(self.path),
            )  # fmt: skip
        border = replace(setup.border, sectors=spec.border)
        return replace(setup, params=spec.params, border=border)

    def _configured(self, point: int) -> Setup:
        """The setup that follows from the configuration of a point."""
        from truce_sim.config.load import prepare
        from truce_sim.sweeps.design.configs import plain_config

        seed = self.spec_of(point).seed
        row = self.design.iloc[[point]].to_dict("records")[0]
        values = {name: row[name] for name in self.factors}
        plain = plain_config(self.manifest["bases"][row["base"]], values)
        return prepare(with_kept_table(plain, self.path, self.manifest)).with_seed(seed)

    def spec_of(self, point: int, replicate: int = 0) -> RunSpec:
        """Return the spec of a run: `engine.run.run(spec)` repeats it, bit for bit.

        Args:
            point: number of the point, from 0.
            replicate: number of the replicate, from 0.

        Raises:
            InputError: if there is no such point.
        """
        if not 0 <= point < self.points:
            raise InputError(
                "no such point", setting="point", value=point, allowed=f"0 to {self.points - 1}"
            )
        return replace(self.specs(range(point, point + 1))[0], replicate=replicate)

    def specs(self, points: range) -> list[RunSpec]:
        """Return the specs of some points, in order, with replicate 0."""
        return self._specs.read(points)

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def part(self, chunk: Chunk, kind: str = PARTS) -> Path:
        """Return the path of a chunk's file; `kind` is PARTS, SERIES, EVENTS or RERUNS."""
        return self.path / kind / f"{chunk.name}.parquet"

    def chunks(self) -> list[Chunk]:
        """Return the chunks whose parts exist, ordered by replicates, then points.

        Raises:
            InputError: a part has runs of a point that the manifest does not count.
        """
        named = (Chunk.from_name(path.stem) for path in (self.path / PARTS).glob("p*.parquet"))
        chunks = [chunk for chunk in named if chunk is not None]
        most = max((chunk.points.stop for chunk in chunks), default=0)
        if most > self.points:
            problem = f"its manifest.json counts {self.points} points, its parts have {most}"
            raise _incomplete(self.path, problem)
        return sorted(chunks, key=lambda c: (c.replicates.start, c.points.start, c.name))

    def tables(
        self, columns: Sequence[str] | None = None, points: range | None = None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Yield the rows of each part, each run once.

        Args:
            columns: which columns; by default all.
            points: only parts with some of these points; by default all.

        Raises:
            Damaged: if a part is damaged.
        """
        return self._each_once(lambda chunk: self.table(chunk, columns), points)

    def recorded(
        self, kind: str, columns: Sequence[str] | None = None, points: range | None = None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Yield the daily series or the events of the runs of each part, in order.

        Args:
            kind: SERIES or EVENTS.
            columns: which columns, after `point` and `replicate`; by default all.
            points: only parts with some of these points; by default all.

        Raises:
            Damaged: if a file is damaged.
        """
        names = None if columns is None else list(dict.fromkeys(["point", "replicate", *columns]))
        return self._each_once(lambda chunk: read_table(self.part(chunk, kind), names), points)

    def _each_once(
        self, read: Callable[[Chunk], pa.Table], points: range | None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Read part by part, leaving out runs that an earlier part has."""
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
        """Return the rows of one part: `point`, `replicate` and the given columns.

        Args:
            chunk: the chunk of the part.
            columns: which columns; by default all.

        Raises:
            Damaged: if the part is damaged.
        """
        path = self.part(chunk)
        names = self._column_names if columns is None else ["point", "replicate", *columns]
        expected = pa.schema([schema().field(name) for name in dict.fromkeys(names)])
        table = _with_types(read_table(path, expected.names), expected)
        if table.num_rows != chunk.runs:  # a footer has no checksum
            raise Damaged(path, f"{chunk.runs:,} rows were written, {table.num_rows:,} were read")
        if not table.schema.equals(expected):
            raise Damaged(path, _difference(table.schema, expected))
        return table

    @cached_property
    def outcome(self) -> tuple[str, ...]:
        """The outcome columns of its runs: those of the version that made it."""
        names = self.manifest.get("outcome") or first_release()["outcome"]
        return tuple(name for name in names if name in OUTCOME)

    @property
    def _column_names(self) -> list[str]:
        """All columns of the parts."""
        return [n for n in schema().names if n not in OUTCOME or n in self.outcome]

    def damaged(self) -> list[Path]:
        """Return the parts that are cut short: no readable footer, or the wrong number of rows."""
        return [self.part(chunk) for chunk in self.chunks() if self.footer(chunk) is None]

    def footer(self, chunk: Chunk) -> Footer | None:
        """Read the footer of a part; None if the part is cut short."""
        try:
            parquet = pq.read_metadata(self.part(chunk))
            failed = int((parquet.metadata or {})[b"failed"])
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return None
        return Footer(chunk.runs, failed) if parquet.num_rows == chunk.runs else None

    # ── as pandas ────────────────────────────────────────────────────────────────────────────

    def runs(
        self, columns: Sequence[str] | None = None, points: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """Return the runs: point, replicate, seed, swept values, status and outcome.

        Args:
            columns: columns of the outcome (docs/columns.md); by default all.
            points: only runs of these points; by default all.

        Raises:
            InputError: for an unknown column.
        """
        import pandas as pd

        self._check_columns(columns or ())
        whole = self.path / "runs.parquet"
        names = None if columns is None else self._order(columns)
        if whole.is_file() and self.manifest.get("status") == "done":
            keep = None if points is None else [("point", "in", list(points))]
            return pd.read_parquet(whole, columns=names, filters=keep)
        span = range(min(points), max(points) + 1) if points is not None and len(points) else None
        tables = [self.with_values(table) for _, table in self.tables(_own(columns), span)]
        if not tables:
            return pd.DataFrame(columns=names or self._order([]))
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
        frame = frame if points is None else frame[frame["point"].isin(list(points))]
        return frame[names] if names else frame

    def _check_columns(self, columns: Sequence[str]) -> None:
        for name in columns:
            if name not in (known := [*self._order([]), *self.outcome]):
                raise InputError(
                    "no such column", setting="columns", value=name,
                    allowed="a column of an outcome in docs/columns.md, as of the sweep's version",
                    suggestion=closest(name, known),
                )  # fmt: skip

    def _order(self, columns: Sequence[str]) -> list[str]:
        first = ["point", "replicate", "seed", *(f for f in self.factors if f != "seed"), "status"]
        return list(dict.fromkeys([*first, *columns]))

    def with_values(self, table: pa.Table, place: int = 3) -> pa.Table:
        """Insert the swept values into the rows of a part, and drop errors and tracebacks.

        Args:
            table: rows with a column `point`.
            place: position of the first inserted column.
        """
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
        """The design as an Arrow table; swept words as dictionaries, to save memory."""
        table = read_table(self.path / "design.parquet").slice(0, self.points).combine_chunks()
        for i, kind in enumerate(table.schema.types):
            if pa.types.is_string(kind):
                name = table.schema.names[i]
                table = table.set_column(i, name, table[name].dictionary_encode())
        return table

    @property
    def failures(self) -> pd.DataFrame:
        """The failed runs: point, replicate, seed, swept values, status, error, traceback."""
        import pandas as pd

        path = self.path / "failures.parquet"
        return read_table(path).to_pandas() if path.is_file() else pd.DataFrame()

    @property
    def summary(self) -> pd.DataFrame:
        """One row per point of a finished sweep: swept values, shares and means with intervals."""
        return self._read_result("summary.parquet").set_index("point")

    @property
    def contrasts(self) -> pd.DataFrame | None:
        """One row per pair of points, with sweep.compare; else None."""
        return self._read_result("contrasts.parquet") if self.settings.compare else None

    @property
    def targets(self) -> pd.DataFrame | None:
        """With sweep.until, one row per point or pair with the width of its interval; else None."""
        return self._read_result("until.parquet") if self.settings.until.outcome else None

    def _read_result(self, name: str) -> pd.DataFrame:
        path = self.path / name
        if not path.is_file():
            raise InputError(
                f"has no {name} yet: the sweep is not finished", value=str(self.path),
                allowed=command("resume", self.path),
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
    """Drop the rows of a chunk that another also has (chunks overlap after some crashes)."""
    points, replicates = table["point"].to_numpy(), table["replicate"].to_numpy()
    inside = (points >= other.points.start) & (points < other.points.stop)
    inside &= (replicates >= other.replicates.start) & (replicates < other.replicates.stop)
    return table.filter(pa.array(~inside))
