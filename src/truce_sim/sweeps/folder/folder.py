"""Read the folder of a sweep: its design, its runs, and how to run one again.

manifest.json     origin of the sweep, and the settings shared by all runs
design.parquet    one row per point: swept values, `base` (index into the manifest's), `key`
specs/            what the engine reads for each point, byte for byte
parts/            the runs; the name of a part says which
series/ events/   daily series and event logs of the same runs, if kept
failures.parquet, summary.parquet, contrasts.parquet, runs.parquet: written when all is done
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError, closest, command
from truce_sim.files import first_release
from truce_sim.intervals import WORLD
from truce_sim.results.columns import OUTCOME
from truce_sim.results.seal import digest_of
from truce_sim.results.sources import with_kept_table
from truce_sim.results.store import Damaged
from truce_sim.settings.gone import without_gone
from truce_sim.sweeps.design.worlds import POSTERIOR
from truce_sim.sweeps.folder.files import EVENTS, PARTS, SERIES, Files
from truce_sim.sweeps.folder.labels import label_bytes
from truce_sim.sweeps.folder.manifest import read_manifest
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.folder.rows import difference, schema, with_types
from truce_sim.sweeps.folder.spec_files import SpecReader, point_keys

if TYPE_CHECKING:  # workers need neither
    import pandas as pd

    from truce_sim.config.setup import Setup
    from truce_sim.settings.schema import Config, SweepConfig

#: Entries that a manifest must have before anything else can be read.
_NEEDED = {"points": int, "factors": list, "config": dict, "bases": list, "design": str}


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
    opened.files.open("design").close()
    return opened


def _incomplete(folder: Path, problem: str) -> InputError:
    return InputError(
        problem,
        value=str(folder),
        allowed="the complete folder of a sweep; or run the sweep again from the start",
    )


_HORIZON = "run.horizon_days"


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
        self.files = Files(path, manifest)
        self._trusted: set[int] = set()  # points whose specs were compared with the design
        self._digests: dict[range, str] = {}
        self._specs = SpecReader(path / "specs", self.files)

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
            return build_config(without_gone(self.manifest["config"]))
        except InputError as error:
            raise error.at(origin=str(self.path / "manifest.json")) from None

    @property
    def horizon(self) -> int:
        """The longest horizon of the points, in days."""
        return int(self.horizons.max())

    @cached_property
    def horizons(self) -> NDArray[np.int64]:
        """The horizon of each point (points,), in days."""
        from truce_sim.config.resolvers import has_references

        bases = self.manifest["bases"]
        if any(map(has_references, bases)):  # to any setting, perhaps a swept one
            specs = self._specs.read(range(self.points))
            return np.array([spec.params[0]["run"]["horizon_days"] for spec in specs])
        if _HORIZON in self.factors:
            return np.asarray(self.design[_HORIZON], np.int64)
        days = [base["run"]["horizon_days"] for base in bases]
        return np.array([days[base] for base in self.design["base"]])

    @cached_property
    def design(self) -> pd.DataFrame:
        """One row per point (index `point`): the swept values, then `base` and `key`."""
        frame: pd.DataFrame = self._design_file.to_pandas()
        return frame.set_index("point").iloc[: self.points]

    @cached_property
    def _design_file(self) -> pa.Table:
        return self.files.read("design")

    @cached_property
    def first_dates(self) -> NDArray[np.datetime64]:
        """The date of day 0 of each point (points,), NaT where it has none."""
        from truce_sim.border.dates import first_date
        from truce_sim.settings.schema import ScenarioConfig
        from truce_sim.sweeps.design.configs import plain_config

        names = [name for name in self.factors if name.startswith("scenario.")]
        kinds = self.design.groupby(["base", *names], sort=False, dropna=False)
        dates = np.full(self.points, "NaT", "datetime64[D]")
        for rows in kinds.indices.values():
            row = self.design.iloc[rows[0]]
            values = {name: row[name] for name in names}
            plain = without_gone(plain_config(self.manifest["bases"][row["base"]], values))
            dates[rows] = first_date(ScenarioConfig(**plain["scenario"]))
        return dates

    def points_digest(self, points: range) -> str:
        """Return the digest of some points in the design: their labels and keys."""
        if points not in self._digests:  # parts of other replicates have the same points
            rows = self.design_table.slice(points.start, len(points))
            self._digests[points] = digest_of(label_bytes(rows, [*self.factors, "key"]).tobytes())
        return self._digests[points]

    def config_of(self, point: int) -> Config:
        """Return the whole configuration of a point, checked, with the seed of its runs."""
        return self.configured(point).config

    def why_no_effect(self, factor: str, point: int) -> str:
        """Say why a swept setting has no effect at a point; "" if it may have one.

        Args:
            factor: a swept setting, or a group, which always may have one.
            point: the number of the point.
        """
        from truce_sim.config.effects import Effects
        from truce_sim.config.load import to_plain
        from truce_sim.settings.fields import field_at

        if field_at(factor) is None:
            return ""
        try:
            return Effects(to_plain(self.setup_of(point).config)).why(factor)
        except InputError:  # the point needs a border table that is gone
            return ""

    def setup_of(self, point: int) -> Setup:
        """Return the setup that repeats the runs of a point, with the engine's original input.

        Raises:
            InputError: if there is no such point, or the folder contradicts itself.
        """
        spec, setup = self.spec_of(point), self.configured(point)
        if (spec.params.size, spec.border.size) != (setup.params.size, setup.border.sectors.size):
            raise InputError(
                "its manifest.json describes other runs than its specs/", setting="point",
                value=point, allowed="the folder as it was made", origin=str(self.path),
            )  # fmt: skip
        border = replace(setup.border, sectors=spec.border)
        return replace(setup, params=spec.params, border=border)

    def configured(self, point: int) -> Setup:
        """Return the setup that follows from the configuration of a point."""
        from truce_sim.config.load import prepare
        from truce_sim.sweeps.design.configs import plain_config

        seed = self.spec_of(point).seed
        row = self.design.iloc[[point]].to_dict("records")[0]
        values = {name: row[name] for name in self.factors}
        plain = without_gone(plain_config(self.manifest["bases"][row["base"]], values))
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
        """Return the specs of some points, in order, with replicate 0.

        Raises:
            Damaged: they cannot be read, or are not those of the design.
        """
        specs = self._specs.read(points)
        new = [i for i, point in enumerate(points) if point not in self._trusted]
        if new:
            keys = point_keys([specs[i] for i in new], str(self.manifest.get("rules")))
            known = self.design_table["key"].slice(points.start, len(points)).to_pylist()
            for i, key in zip(new, keys, strict=True):
                if key != known[i]:
                    raise self._specs.damaged(points[i], "is not the point of design.parquet")
                self._trusted.add(points[i])
        return specs

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def part(self, chunk: Chunk, kind: str = PARTS) -> Path:
        """Return the path of a chunk's file; `kind` is PARTS, SERIES, EVENTS or RERUNS."""
        return self.path / kind / f"{chunk.name}.parquet"

    @property
    def kept(self) -> tuple[str, ...]:
        """What is kept of each run besides its outcome: SERIES, EVENTS, both or nothing."""
        asked = ((SERIES, self.settings.series_every_days), (EVENTS, self.settings.events))
        return tuple(kind for kind, wanted in asked if wanted)

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

    def orphans(self) -> list[Path]:
        """Return the files of daily series and events without a part.

        A worker writes them just before their part. In a finished sweep nothing belongs to them.
        """
        chunks = set(self.chunks())
        found = (
            path for kind in (SERIES, EVENTS) for path in (self.path / kind).glob("p*.parquet")
        )
        return sorted(path for path in found if Chunk.from_name(path.stem) not in chunks)

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
        return self._each_once(lambda chunk: self.record(chunk, kind, names), points)

    def _each_once(
        self, read: Callable[[Chunk], pa.Table], points: range | None
    ) -> Iterator[tuple[Chunk, pa.Table]]:
        """Read part by part, leaving out runs that an earlier part has."""
        if self.lost_runs:
            raise InputError(
                f"its parts/ lacks {self.lost_runs:,} of the runs from which its results were made",
                value=str(self.path),
                allowed=f"{command('resume', self.path)}, which remakes them",
            )
        seen: list[Chunk] = []
        for chunk in self.chunks():
            if points is not None and not _meet(chunk.points, points):
                continue
            table = read(chunk)
            for other in seen:
                if chunk.meets(other):
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
        names = self._column_names if columns is None else ["point", "replicate", *columns]
        expected = pa.schema([schema().field(name) for name in dict.fromkeys(names)])
        table = with_types(self.files.read(f"{PARTS}/{chunk.name}", expected.names), expected)
        problem = difference(table, expected, chunk)
        if problem:
            raise self.files.damaged(f"{PARTS}/{chunk.name}", problem)
        return table

    def record(self, chunk: Chunk, kind: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the daily series or the events of a part's runs.

        Args:
            chunk: the chunk of the part.
            kind: SERIES or EVENTS.
            columns: which columns; by default all.

        Raises:
            Damaged: if the file is damaged or missing.
        """
        return self.files.read(f"{kind}/{chunk.name}", columns)

    @cached_property
    def outcome(self) -> tuple[str, ...]:
        """The outcome columns of its runs: those of the version that made it."""
        names = self.manifest.get("outcome") or first_release()["outcome"]
        return tuple(name for name in names if name in OUTCOME)

    @property
    def _column_names(self) -> list[str]:
        """All columns of the parts."""
        return [n for n in schema().names if n not in OUTCOME or n in self.outcome]

    def damaged(self, chunks: Sequence[Chunk] | None = None) -> Iterator[Path]:
        """Yield the files of runs that are missing or whose footers are wrong.

        Only footers are read; a damaged page is found when it is read.

        Args:
            chunks: of which parts; by default all.
        """
        for chunk in self.chunks() if chunks is None else chunks:
            if self.footer(chunk) is None:
                yield self.part(chunk)
            for kind in self.kept:
                try:
                    self.files.open(f"{kind}/{chunk.name}").close()
                except Damaged:
                    yield self.part(chunk, kind)

    def footer(self, chunk: Chunk) -> Footer | None:
        """Read the footer of a part; None if the part is damaged.

        Raises:
            InputError: the part was made when the design described its points otherwise.
        """
        try:
            with self.files.open(f"{PARTS}/{chunk.name}") as file:
                rows, notes = file.metadata.num_rows, file.metadata.metadata or {}
            failed = int(notes[b"failed"])
        except (Damaged, KeyError, ValueError):
            return None
        known = chunk.points.stop <= self.points and b"points" in notes
        if known and notes[b"points"].decode() != self.points_digest(chunk.points):
            raise _incomplete(
                self.path,
                f"its design.parquet describes the points differently than when "
                f"{PARTS}/{chunk.name}.parquet was made",
            )
        return Footer(chunk.runs, failed) if rows == chunk.runs else None

    @property
    def lost_runs(self) -> int:
        """Number of runs of a finished sweep whose parts are missing."""
        there = sum(chunk.runs for chunk in self.chunks())
        return max(self.manifest.get("runs", 0) - there, 0) if self.finished else 0

    # ── as pandas ────────────────────────────────────────────────────────────────────────────

    def runs(
        self, columns: Sequence[str] | None = None, points: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """Return the runs: point, replicate, seed, swept values, status and outcome.

        Runs of a sweep over worlds also have `world`, the number of the draw, which is not stored.

        Args:
            columns: columns of the outcome (docs/columns.md); by default all.
            points: only runs of these points; by default all.

        Raises:
            InputError: for an unknown column.
        """
        import pandas as pd

        self._check_columns(columns or ())
        names = None if columns is None else self._order(columns)
        if self.finished and (self.path / "runs.parquet").is_file():
            return self._with_world(self._read_runs(names, points).to_pandas())
        span = range(min(points), max(points) + 1) if points is not None and len(points) else None
        tables = [self.with_values(table) for _, table in self.tables(_own(columns), span)]
        if not tables:
            return self._with_world(pd.DataFrame(columns=names or self._order([])))
        frame = pa.concat_tables(tables).to_pandas()
        frame = frame if points is None else frame[frame["point"].isin(list(points))]
        return self._with_world(frame[names] if names else frame)

    def _with_world(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Add the world of each run, if the sweep is over worlds."""
        if self.manifest["design"] != POSTERIOR:
            return runs
        world = self.design["row"].reindex(runs["point"]).to_numpy()
        return runs.assign(**{WORLD: world})

    @property
    def finished(self) -> bool:
        """Whether the folder says that its results were made from all its runs."""
        return self.manifest.get("status") == "done"

    def _read_runs(self, names: Sequence[str] | None, points: Sequence[int] | None) -> pa.Table:
        """Read runs.parquet, or only its row groups that contain some of the points."""
        if points is None:
            return self.files.read("runs", names)
        wanted = np.asarray(points, np.int64)
        with self.files.open("runs") as file:
            columns = [file.metadata.row_group(i).column(0) for i in range(file.num_row_groups)]
        spans = [column.statistics for column in columns]  # of the points, the first column
        groups = [
            i for i, span in enumerate(spans) if ((wanted >= span.min) & (wanted <= span.max)).any()
        ]
        table = self.files.read("runs", names, groups)
        return table.filter(pc.is_in(table["point"], pa.array(wanted)))

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
        table = self._design_file.slice(0, self.points).combine_chunks()
        for i, (name, kind) in enumerate(zip(table.schema.names, table.schema.types, strict=True)):
            if pa.types.is_string(kind) and name != "key":  # keys all differ
                table = table.set_column(i, name, table[name].dictionary_encode())
        return table

    @property
    def failures(self) -> pd.DataFrame:
        """The failed runs: point, replicate, seed, swept values, status, error, traceback."""
        import pandas as pd

        there = self.finished or (self.path / "failures.parquet").is_file()
        return self.files.read("failures").to_pandas() if there else pd.DataFrame()

    @property
    def summary(self) -> pd.DataFrame:
        """One row per point of a finished sweep: swept values, shares and means with intervals."""
        return self._read_result("summary").set_index("point")

    @property
    def contrasts(self) -> pd.DataFrame | None:
        """One row per pair of points, with sweep.compare; else None."""
        return self._read_result("contrasts") if self.settings.compare else None

    @property
    def targets(self) -> pd.DataFrame | None:
        """With sweep.until, one row per point or pair with the width of its interval; else None."""
        return self._read_result("until") if self.settings.until.outcome else None

    def _read_result(self, name: str) -> pd.DataFrame:
        if not (self.path / f"{name}.parquet").is_file():
            raise InputError(
                f"has no {name}.parquet yet: the sweep is not finished", value=str(self.path),
                allowed=command("resume", self.path),
            )  # fmt: skip
        frame: pd.DataFrame = self.files.read(name).to_pandas()
        return frame


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
