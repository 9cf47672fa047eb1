"""Store the specs of a sweep's points: exactly what the engine reads, byte for byte.

`specs/p<first>-<stop>.parquet` has one row per point: its seed, PARAMS records and SECTOR records;
the footer holds the layout of the records. A worker therefore needs only the folder, and a row can
be run again even if the configuration files have changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.config.layout import build_dtype, describe_layout, first_layout, identities, upgrade
from truce_sim.config.params import PARAMS
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.params import SECTOR
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.results.store import Damaged, open_table, read_groups, write_tables
from truce_sim.sweeps.folder.files import Files

SPECS_PER_GROUP = 1000

_NAME = re.compile(r"p(\d+)-(\d+)")

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
    borders = {id(spec.border): spec.border for spec in specs}  # many points share one
    content = {name: b"\0" + border.tobytes() for name, border in borders.items()}
    for spec, params in zip(specs, identities([spec.params for spec in specs]), strict=True):
        whole = f"{rules} {spec.seed}".encode() + params + content[id(spec.border)]
        keys.append(hashlib.sha256(whole).hexdigest()[:24])
    return keys


def write_specs(
    folder: Path, first: int, specs: Iterable[RunSpec], files: Files, rules: str = DIGEST
) -> list[str]:
    """Write the specs of points and return their keys.

    Args:
        folder: the folder `specs/` of a sweep.
        first: number of the first point.
        specs: the specs, in order.
        files: the files of the sweep.
        rules: digest of the rules that the keys name.
    """
    keys: list[str] = []
    todo = iter(specs)

    def groups() -> Iterator[pa.Table]:
        while group := list(islice(todo, SPECS_PER_GROUP)):
            keys.extend(point_keys(group, rules))
            yield _table(group)

    folder.mkdir(exist_ok=True)
    unfinished = folder / f"p{first:07d}.new"
    write_tables(unfinished, _SCHEMA, groups(), files.notes("specs"), statistics=False)
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

    def __init__(self, folder: Path, files: Files) -> None:
        self._folder = folder
        self._sweep = files
        self._group = lru_cache(maxsize=2)(self._read_group)

    def read(self, points: range) -> list[RunSpec]:
        """Return the specs of some points with replicate 0; raise Damaged for unreadable files."""
        specs = list(self._each(points))
        if len(specs) != len(points):
            lost = f"{self._folder.name}/p{points.start:07d}"
            raise self._sweep.damaged(lost, "no file has the specs of its points")
        return specs

    def points(self) -> int:
        """Count the points with specs, from 0 up to the first gap."""
        count = 0
        for _, first, stop in self._files():
            if first == count:
                count = stop
        return count

    def _each(self, points: range) -> Iterator[RunSpec]:
        for path, first, stop in self._files():
            start, end = max(points.start, first) - first, min(points.stop, stop) - first
            for place in range(start - start % SPECS_PER_GROUP, end, SPECS_PER_GROUP):
                group = self._group(path, place // SPECS_PER_GROUP)
                yield from group[max(start - place, 0) : end - place]

    def damaged(self, point: int, why: str) -> Damaged:
        """Return the error for a wrong or unreadable spec of a point."""
        path = next(path for path, first, stop in self._files() if first <= point < stop)
        return self._sweep.damaged(f"{self._folder.name}/{path.stem}", f"its point {point} {why}")

    def _files(self) -> list[tuple[Path, int, int]]:
        found = ((path, _NAME.fullmatch(path.stem)) for path in self._folder.glob("p*.parquet"))
        files = [(path, int(name[1]), int(name[2])) for path, name in found if name]
        return sorted(files, key=lambda file: file[1:])

    def _read_group(self, path: Path, group: int) -> list[RunSpec]:
        try:
            with open_table(path, self._sweep.notes("specs"), sealed=self._sweep.sealed) as file:
                table = read_groups(file, path, groups=[group])
            kind = _layout_in(table.schema.metadata or {})
            borders = table["border"].combine_chunks()
            known = [_records(border, SECTOR) for border in borders.dictionary.to_pylist()]
            contents = table["params"].to_pylist()
            ends = list(accumulate(_count(content, kind) for content in contents))
            params = upgrade(_records(b"".join(contents), kind))
            return [
                RunSpec(params[first:end], known[border], seed)
                for seed, (first, end), border in zip(
                    table["seed"].to_pylist(), pairwise([0, *ends]), borders.indices.to_pylist(),
                    strict=True,
                )
            ]  # fmt: skip
        except InputError as error:
            raise error.at(origin=str(path)) from None
        except Damaged as error:
            raise self._sweep.damaged(f"{self._folder.name}/{path.stem}", error.why) from error
        except (OSError, ValueError, TypeError, IndexError) as error:
            raise self._sweep.damaged(f"{self._folder.name}/{path.stem}", str(error)) from error


def _layout_in(metadata: Mapping[bytes, bytes]) -> np.dtype[np.void]:
    """Return the layout of the records in a file."""
    layout = metadata.get(_LAYOUT)
    return first_layout() if layout is None else build_dtype(json.loads(layout))


def _records(content: bytes, kind: np.dtype[np.void]) -> NDArray[np.void]:
    _count(content, kind)
    return np.frombuffer(bytearray(content), kind)  # an array over plain bytes would be read-only


def _count(content: bytes, kind: np.dtype[np.void]) -> int:
    """Return how many records these bytes are."""
    if not content or len(content) % kind.itemsize:
        raise ValueError("a record is not complete")
    return len(content) // kind.itemsize
