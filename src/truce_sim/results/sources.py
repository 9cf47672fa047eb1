"""What a result was made with, kept in its folder, so that it means the same wherever it is.

sources/tables/<digest>/<name>  border tables; manifest.json has `tables`: path as given -> digest
sources/config/<group>/<option>.yaml  the user's own configuration files, for --config-dir
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from truce_sim.errors import InputError
from truce_sim.results.store import Damaged, write_whole

TABLES, CONFIG = Path("sources", "tables"), Path("sources", "config")

_DIGEST = re.compile(r"[0-9a-f]{24}")


def digest_table(table: str) -> str:
    """Return the digest of a table's content, 24 hexadecimal digits; "" if it cannot be read."""
    try:
        return _digest(Path(table).expanduser().read_bytes())
    except (OSError, ValueError):
        return ""


def keep_tables(folder: Path, tables: Iterable[str]) -> dict[str, str]:
    """Copy border tables into a folder of results.

    Args:
        folder: the folder.
        tables: their paths as given (`scenario.table`); they can be read.

    Returns:
        `tables` of its manifest.
    """
    kept = {}
    for table in tables:
        content = Path(table).expanduser().read_bytes()
        kept[table] = _digest(content)
        _write(folder / TABLES / kept[table] / PurePath(table).name, content)
    return kept


def keep_config(folder: Path, files: Mapping[str, Path]) -> None:
    """Copy the user's own configuration files into a folder of results.

    Args:
        folder: the folder.
        files: `group/option.yaml` -> file.
    """
    for name, file in files.items():
        if ".." not in PurePath(name).parts:
            _write(folder / CONFIG / name, file.read_bytes())


def with_kept_table(
    plain: dict[str, Any], folder: Path, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a configuration from a manifest with the folder's own copy of its border table.

    Args:
        plain: the configuration, resolved.
        folder: the folder of results.
        manifest: its manifest. Those of 0.1.0 have no `tables`; their configurations are returned
            unchanged.

    Raises:
        InputError: the copy is missing.
        Damaged: the copy is not what it was.
    """
    scenario, tables = plain.get("scenario"), manifest.get("tables")
    table = scenario.get("table") if isinstance(scenario, dict) else None
    if not isinstance(tables, dict) or not isinstance(table, str) or table not in tables:
        return plain
    copy = str(kept_table(folder, table, tables))
    return {**plain, "scenario": {**plain["scenario"], "table": copy}}


def kept_table(folder: Path, table: str, tables: Mapping[str, Any]) -> Path:
    """Return the absolute path of the copy of a table.

    Args:
        folder: the folder of results.
        table: its path as given.
        tables: `tables` of the manifest.

    Raises:
        InputError: it is missing.
        Damaged: it is not what it was.
    """
    digest = str(tables[table])
    copy = folder.resolve() / TABLES / digest / PurePath(table).name
    if not _DIGEST.fullmatch(digest) or not copy.is_file():
        raise InputError(
            "its copy is missing", setting="scenario.table", value=table, origin=str(copy),
            allowed="the complete folder of results",
        )  # fmt: skip
    if _digest_of_version(copy, copy.stat().st_mtime_ns, copy.stat().st_size) != digest:
        raise Damaged(copy)
    return copy


@contextmanager
def pointing_to_copies(folder: Path) -> Iterator[None]:
    """Let the error that a file of the user's is gone point to the copy of it in a folder.

    Args:
        folder: the folder of results that the user wants to add to, if it exists.
    """
    try:
        yield
    except InputError as error:
        option = folder / CONFIG / error.setting / f"{error.value}.yaml"
        tables = [copy for copy in (folder / TABLES).glob("*/*")
                  if copy.name == PurePath(str(error.value)).name]  # fmt: skip
        if error.setting == "scenario.table" and tables and "no such file" in error.problem:
            error.suggestion = f"scenario.table={tables[0]}, the copy that the folder keeps"
        elif error.problem == "no such option" and option.is_file():
            error.suggestion = f"--config-dir {folder / CONFIG}, where the folder keeps it"
        raise


@lru_cache(maxsize=64)
def _digest_of_version(file: Path, time: int, size: int) -> str:
    """The digest of a file, which is read once for each version of it."""
    return _digest(file.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda temporary: temporary.write_bytes(content))
