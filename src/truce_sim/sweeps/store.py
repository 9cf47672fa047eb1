"""The folder of a run or a sweep: files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim import columns
from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError

SCHEMA_VERSION = 1

_LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core")


def make_folder(base: str, kind: str, name: str) -> Path:
    """A new folder for results: `base/name`, or `base/kind-date-time` where `name` is empty.

    Raises InputError where it exists already, or cannot be made: nothing is ever overwritten.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    tries = [name] if name else [f"{kind}-{stamp}", *(f"{kind}-{stamp}-{i}" for i in range(2, 100))]
    for candidate in tries:
        folder = Path(base) / candidate
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(
                setting="output.dir", value=str(folder), problem=f"cannot write there: {error}",
                allowed="a folder that can be made and written to",
            ) from error  # fmt: skip
    raise InputError(
        setting="output.name", value=name, problem=f"{Path(base) / name} exists already",
        allowed="a new name; results are never overwritten",
    )  # fmt: skip


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that a crash leaves either all of it or nothing: temporary file, fsync,
    rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """A JSON file, written whole."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_table(path: Path, table: pa.Table) -> None:
    """A Parquet file, written whole."""
    write_whole(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))


def to_table(frame: pd.DataFrame, meanings: dict[str, tuple[str, str]]) -> pa.Table:
    """A frame as an Arrow table of one fixed schema, each column with its unit and meaning."""
    fields = [_field(name, frame[name], meanings.get(name, ("", ""))) for name in frame.columns]
    schema = pa.schema(fields, metadata={"truce_sim_schema": str(SCHEMA_VERSION)})
    words = [field.name for field in fields if pa.types.is_dictionary(field.type)]
    frame = frame.astype(dict.fromkeys(words, "category"))
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


_INTEGERS = frozenset(
    name for name, (unit, _) in columns.OUTCOME.items() if unit in ("day", "days", "count", "bands")
) | {"deaths", "domestic_deaths"}


def _field(name: str, values: pd.Series, meaning: tuple[str, str]) -> pa.Field:
    """The column's type follows from its name or kind, not from the values it happens to hold."""
    if name in _INTEGERS:
        kind = pa.int32()
    elif name in ("collapsed", "in_round", "attributed", "cross_border"):
        kind = pa.bool_()
    elif isinstance(values.dtype, pd.CategoricalDtype) or name in ("status", "cause"):
        kind = pa.dictionary(pa.int8(), pa.string())
    elif pd.api.types.is_bool_dtype(values.dtype):
        kind = pa.bool_()
    elif pd.api.types.is_integer_dtype(values.dtype):
        kind = pa.int64()
    elif pd.api.types.is_float_dtype(values.dtype) or name in columns.OUTCOME:
        kind = pa.float64()
    else:
        kind = pa.string()
    unit, text = meaning
    return pa.field(name, kind, metadata={"unit": unit, "meaning": text})


def join_parts(parts: Sequence[Path], target: Path) -> int:
    """All parts in order as one Parquet file, a row group each; returns its number of rows."""

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, pq.read_schema(parts[0]), compression="zstd") as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))

    write_whole(target, write)
    return int(pq.read_metadata(target).num_rows)


def provenance(seed: int, overrides: Iterable[str]) -> dict[str, Any]:
    """What a result came from: versions, rules, command, seed, machine, time."""
    commit, dirty = _git_state()
    return {
        "schema_version": SCHEMA_VERSION,
        "truce_sim": _version("truce-sim"),
        "rules": DIGEST,
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "command": " ".join(Path(a).name if i == 0 else a for i, a in enumerate(sys.argv)),
        "overrides": list(overrides),
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def plain(value: Any) -> Any:
    """Numpy scalars as Python's, for JSON."""
    return value.item() if isinstance(value, np.generic) else value


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git_state() -> tuple[str | None, bool | None]:
    """Commit of the source tree and whether it had changes; None outside a checkout of it."""
    here = Path(__file__).resolve().parent
    try:
        _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
        commit = _git(here, "rev-parse", "HEAD")
        return commit, bool(_git(here, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
