"""Store the specs of a sweep's points: exactly what the engine reads, byte for byte.

`specs/p<first>-<stop>.parquet` has one row per point: its seed, PARAMS records and SECTOR records;
the footer holds the layout of the records. A worker therefore needs only the folder, and a row can
be run again even if the configuration files have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from truce_sim.config.layout import build_dtype, describe_layout, first_layout, identities, upgrade
from truce_sim.config.params import PARAMS
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.params import SECTOR
from truce_sim.engine.run import RunSpec
from truce_sim.results.store import Damaged, write_whole

SPECS_PER_GROUP = 1000

#: Footer entry with the layout of the records; files of 0.1.0 lack it.
_LAYOUT = b"params"

_SCHEMA = pa.schema(
    [
        ("seed", pa.int64()),
        ("params", pa.binary()),
        ("border", pa.dictionary(pa.int32(), pa.binary())),
    ],
    metadata={_LAYOUT: json.dumps(describe_layout(PARAMS))},
)


def point_key(spec: RunSpec, rules: str = DIGEST) -> str:
    """Return the digest of a point: parameters (with interventions), border, seed and rules.

    Args:
        spec: the point; its replicate does not matter.
        rules: digest of the rules.

    Returns:
        24 hexadecimal digits.
    """
    return point_keys([spec], rules)[0]


def point_keys(specs: Sequence[RunSpec], rules: str = DIGEST) -> list[str]:
    """Return the keys of several specs, as in `point_key`."""
    keys = []
    for spec, params in zip(specs, identities([spec.params for spec in specs]), strict=True):
        digest = hashlib.sha256(f"{rules} {spec.seed}".encode())
        digest.update(params + b"\0" + spec.border.tobytes())
        keys.append(digest.hexdigest()[:24])
    return keys


def write_specs(folder: Path, first: int, specs: Iterable[RunSpec]) -> list[str]:
    """Write the specs of points and return their keys.

    Args:
        folder: the folder `specs/` of a sweep.
        first: number of the first point.
        specs: the specs, in order.
    """
    keys: list[str] = []
    todo = iter(specs)

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
            while group := list(islice(todo, SPECS_PER_GROUP)):
                keys.extend(point_keys(group))
                writer.write_table(_table(group))

    folder.mkdir(exist_ok=True)
    unfinished = folder / f"p{first:07d}.new"
    write_whole(unfinished, write)
    for left in folder.glob(f"p{first:07d}-*.parquet"):  # left by an interrupted extension
        left.unlink()
    unfinished.replace(folder / f"p{first:07d}-{first + len(keys):07d}.parquet")
    return keys


def _table(specs: Sequence[RunSpec]) -> pa.Table:
    borders = pa.array([spec.border.tobytes() for spec in specs], pa.binary())
    columns = {
        "seed": [spec.seed for spec in specs],
        "params": [spec.params.tobytes() for spec in specs],
        "border": borders.dictionary_encode(),
    }
    return pa.table(columns, schema=_SCHEMA)


class SpecReader:
    """Reads specs, with a cache of the latest row groups, since chunks come in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._group = lru_cache(maxsize=2)(self._read_group)

    def read(self, points: range) -> list[RunSpec]:
        """Return the specs of some points with replicate 0; raise Damaged for unreadable files."""
        return list(self._each(points))

    def points(self) -> int:
        """Count the points with specs, from 0 up to the first gap."""
        count = 0
        for _, first, stop in self._files():
            if first == count:
                count = stop
        return count

    def _each(self, points: range) -> Iterator[RunSpec]:
        for path, first, stop in self._files():
            for point in range(max(points.start, first), min(points.stop, stop)):
                group, row = divmod(point - first, SPECS_PER_GROUP)
                yield self._group(path, group)[row]

    def _files(self) -> list[tuple[Path, int, int]]:
        files = []
        for path in sorted(self._folder.glob("p*-*.parquet")):
            first, _, stop = path.stem[1:].partition("-")
            files.append((path, int(first), int(stop)))
        return files

    def _read_group(self, path: Path, group: int) -> list[RunSpec]:
        try:
            with pq.ParquetFile(path) as file:
                table = file.read_row_group(group)
            kind = _layout_in(table.schema.metadata or {})
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise Damaged(path) from error
        borders = table["border"].combine_chunks()
        known = [_records(b, SECTOR, path) for b in borders.dictionary.to_pylist()]
        return [
            RunSpec(upgrade(_records(params, kind, path)), known[border], seed)
            for seed, params, border in zip(
                table["seed"].to_pylist(), table["params"].to_pylist(),
                borders.indices.to_pylist(), strict=True,
            )
        ]  # fmt: skip


def _layout_in(metadata: Mapping[bytes, bytes]) -> np.dtype[np.void]:
    """Return the layout of the records in a file."""
    layout = metadata.get(_LAYOUT)
    return first_layout() if layout is None else build_dtype(json.loads(layout))


def _records(content: bytes, kind: np.dtype[np.void], path: Path) -> NDArray[np.void]:
    if not content or len(content) % kind.itemsize:
        raise Damaged(path)
    return np.frombuffer(content, kind).copy()
