"""Files of results: written completely or not at all, every column with its unit and meaning."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.engine.record import EVENT_COLUMNS, OUTCOME_COLUMNS, SERIES_COLUMNS

if TYPE_CHECKING:  # importing pandas takes longer than a thousand runs, and workers need none
    import pandas as pd

SCHEMA_VERSION = 2


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that a crash leaves all of it or nothing.

    Args:
        path: of the file.
        write: writes it under the temporary path it is given, which is then renamed.
    """
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb+") as file:  # Windows syncs only what can be written
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove files that killed processes of this machine left half written."""
    for temporary in folder.rglob(f".*.{platform.node()}.*.tmp"):
        process = temporary.name.split(".")[-2]
        if process.isdigit() and not _is_alive(int(process)):
            temporary.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, completely or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_table(path: Path, table: pa.Table, notes: Mapping[str, str] | None = None) -> None:
    """Write a Parquet file with checksums, completely or not at all.

    Args:
        path: of the file.
        table: its contents.
        notes: for the footer, where they can be read without the rest.
    """
    if notes:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **notes})
    write_whole(
        path,
        lambda temporary: pq.write_table(
            table, temporary, compression="zstd", write_page_checksum=True
        ),
    )


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file and verify its checksums.

    Args:
        path: of the file.
        columns: those to read; None for all.

    Raises:
        Damaged: the file is truncated or altered.
        FileNotFoundError: there is no such file.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns=list(columns) if columns is not None else None)
        table.validate(full=True)  # because headers have no checksums
        return table
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Damaged(path) from error


class Damaged(RuntimeError):
    """A file of results is truncated or altered."""

    def __init__(self, path: Path, why: str = "") -> None:
        """why: what was written and what was read, where that is known."""
        super().__init__(f"{path} is damaged")
        self.path = path
        self._why = why

    @property
    def why(self) -> str:
        """What is wrong with it, in words, and which library says so."""
        problem = self._why or str(self.__cause__ or "not what was written").strip()
        return f"{problem} (pyarrow {pa.__version__})"


def to_table(frame: pd.DataFrame, meanings: dict[str, tuple[str, str]]) -> pa.Table:
    """Return a frame as an Arrow table of a fixed schema, each column with its unit and meaning."""
    fields = [_field(name, frame[name], meanings.get(name, ("", ""))) for name in frame.columns]
    schema = pa.schema(fields, metadata={"truce_sim_schema": str(SCHEMA_VERSION)})
    words = [field.name for field in fields if pa.types.is_dictionary(field.type)]
    frame = frame.astype(dict.fromkeys(words, "category"))
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


#: Arrow types of the declared columns.
_STORED = {
    "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64(), "float64": pa.float64(),
    "word": pa.dictionary(pa.int8(), pa.string()),
}  # fmt: skip

#: Declarations of all columns; a name means the same in every table.
_DECLARED = EVENT_COLUMNS | SERIES_COLUMNS | OUTCOME_COLUMNS


def _field(name: str, values: pd.Series, meaning: tuple[str, str]) -> pa.Field:
    """Derive a column's type from its declaration or dtype, not from its values."""
    return make_field(name, meaning, None if name in _DECLARED else _stored_type(values))


def make_field(
    name: str, meaning: tuple[str, str], undeclared: pa.DataType | None = None
) -> pa.Field:
    """Return the field of a column.

    Args:
        name: of the column.
        meaning: its unit and what it means.
        undeclared: its type; None for a column of the engine, which declares it.
    """
    unit, text = meaning
    kind = undeclared or _STORED[_DECLARED[name].stored]
    return pa.field(name, kind, metadata={"unit": unit, "meaning": text})


def _stored_type(values: pd.Series) -> pa.DataType:
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        return _STORED["word"]
    if pd.api.types.is_bool_dtype(values.dtype):
        return pa.bool_()
    if pd.api.types.is_integer_dtype(values.dtype):
        return pa.int64()
    if pd.api.types.is_float_dtype(values.dtype):
        return pa.float64()
    return pa.string()
