"""What a result was made with, kept in its folder, so that the result means the same anywhere.

sources/tables/<digest>/<name>  border tables and border folders; manifest.json has `tables`: path
as given -> digest
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
from truce_sim.files import BORDER_FILES
from truce_sim.results.store import Damaged, write_whole

TABLES, CONFIG = Path("sources", "tables"), Path("sources", "config")

_DIGEST = re.compile(r"[0-9a-f]{24}")


def digest_table(table: str) -> str:
    """Return the digest of the content of a table or border folder, 24 hexadecimal digits.

    It is "" if it cannot be read.
    """
    try:
        return _digest_of(Path(table).expanduser())
    except (OSError, ValueError):
        return ""


def keep_tables(folder: Path, tables: Iterable[str]) -> dict[str, str]:
    """Copy border tables and border folders into a folder of results.

    Args:
        folder: the folder.
        tables: their paths as given (`scenario.table`, `scenario.path`); they can be read.

    Returns:
        `tables` of its manifest.
    """
    kept = {}
    for table in tables:
        source = Path(table).expanduser()
        kept[table] = _digest_of(source)
        copy = folder / TABLES / kept[table] / _name_of(table)
        for file in _files_of(source):
            _write(copy / file.name if source.is_dir() else copy, file.read_bytes())
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
        Damaged: the copy has changed.
    """
    scenario, tables = plain.get("scenario"), manifest.get("tables")
    if not isinstance(tables, dict) or not isinstance(scenario, dict):
        return plain
    given = {name: scenario.get(name) for name in ("table", "path")}
    copies = {
        name: str(kept_table(folder, path, tables, f"scenario.{name}"))
        for name, path in given.items() if isinstance(path, str) and path in tables
    }  # fmt: skip
    return {**plain, "scenario": {**scenario, **copies}}


def kept_table(
    folder: Path, table: str, tables: Mapping[str, Any], setting: str = "scenario.table"
) -> Path:
    """Return the absolute path of the copy of a table or border folder.

    Args:
        folder: the folder of results.
        table: its path as given.
        tables: `tables` of the manifest.
        setting: the setting that gave it.

    Raises:
        InputError: it is missing.
        Damaged: it has changed.
    """
    digest = str(tables[table])
    copy = folder.resolve() / TABLES / digest / _name_of(table)
    if not _DIGEST.fullmatch(digest) or not copy.exists():
        raise InputError(
            "its copy is missing", setting=setting, value=table, origin=str(copy),
            allowed="the complete folder of results",
        )  # fmt: skip
    stats = [file.stat() for file in _files_of(copy)]
    if _digest_of_version(copy, tuple((s.st_mtime_ns, s.st_size) for s in stats)) != digest:
        raise Damaged(copy)
    return copy


@contextmanager
def pointing_to_copies(folder: Path) -> Iterator[None]:
    """Make the error for a missing file of the user's point to its copy in a folder.

    Args:
        folder: the folder of results that the user wants to add to, if it exists.
    """
    try:
        yield
    except InputError as error:
        option = folder / CONFIG / error.setting / f"{error.value}.yaml"
        tables = [copy for copy in (folder / TABLES).glob("*/*")
                  if copy.name == _name_of(str(error.value))]  # fmt: skip
        if error.setting in ("scenario.table", "scenario.path") and tables and (
            error.problem in ("no such file", "no such folder")
        ):  # fmt: skip
            error.suggestion = f"{error.setting}={tables[0]}, the copy that the folder keeps"
        elif error.problem == "no such option" and option.is_file():
            error.suggestion = f"--config-dir {folder / CONFIG}, where the folder keeps it"
        raise


@lru_cache(maxsize=64)
def _digest_of_version(source: Path, version: tuple[tuple[int, int], ...]) -> str:
    """The digest of a table or folder; each version is read only once."""
    return _digest_of(source)


def _digest_of(source: Path) -> str:
    """The digest of a file, or of a border folder with the names of its files."""
    if not source.is_dir():
        return hashlib.sha256(source.read_bytes()).hexdigest()[:24]
    found = hashlib.sha256()
    for file in _files_of(source):
        content = file.read_bytes()
        found.update(f"{file.name} {len(content)}\n".encode() + content)
    return found.hexdigest()[:24]


def _files_of(source: Path) -> list[Path]:
    """The file itself, or the files of a border folder."""
    if not source.is_dir():
        return [source]
    return [source / name for name in BORDER_FILES if (source / name).is_file()]


def _name_of(table: str) -> str:
    """The name of the copy of a table or folder."""
    name = PurePath(table).name
    return "border" if name in ("", ".", "..", "~") else name


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda temporary: temporary.write_bytes(content))
