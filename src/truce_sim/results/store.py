"""Files of results: written completely or not at all, every column with its unit and meaning."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.engine.record import EVENT_COLUMNS, OUTCOME_COLUMNS, SERIES_COLUMNS
from truce_sim.errors import InputError
from truce_sim.results.seal import BLANK, KEY, json_seal, seal, seal_state

if TYPE_CHECKING:  # importing pandas takes longer than a thousand runs, and workers need none
    import pandas as pd

SCHEMA_VERSION = 3

#: From this version on, every file has a seal.
SEALED_SINCE = 3


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that a crash leaves either all of it or nothing.

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
    """Remove files left half-written by killed processes of this machine."""
    for left in leftovers(folder, f"**/.*.{platform.node()}.*.tmp"):
        left.unlink(missing_ok=True)


def leftovers(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield matching files left by processes of this machine that have ended."""
    for path in folder.glob(pattern):
        process = path.name.split(".")[-2]
        if process.isdigit() and not _is_alive(int(process)):
            yield path


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where signal 0 means Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with a seal, completely or not at all."""
    plain = json.loads(json.dumps(content, default=str))
    sealed = plain | {KEY: json_seal(plain)}
    text = json.dumps(sealed, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_table(path: Path, table: pa.Table, notes: Mapping[str, str] | None = None) -> None:
    """Write a Parquet file with checksums and a seal, completely or not at all.

    Args:
        path: of the file.
        table: its contents.
        notes: for the footer, where they can be read without the rest.
    """
    write_tables(path, table.schema, [table], notes)


def write_tables(
    path: Path,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    notes: Mapping[str, str] | None = None,
    *,
    statistics: bool = True,
) -> None:
    """Write tables one after another into a Parquet file, as `write_table`; each is a row group.

    Args:
        path: of the file.
        schema: of the tables.
        tables: the row groups.
        notes: for the footer.
        statistics: whether pages carry their least and greatest values, which no checksum covers.
    """

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            write_page_checksum=True,
            write_statistics=statistics,
        ) as writer:
            for table in tables:
                writer.write_table(table)
            writer.add_key_value_metadata({**(notes or {}), KEY: BLANK})
        seal(temporary)

    write_whole(path, write)


def open_table(
    path: Path, expected: Mapping[str, str] | None = None, *, sealed: bool = True
) -> pq.ParquetFile:
    """Open a Parquet file after checking its footer; its pages are checked as they are read.

    Args:
        path: of the file.
        expected: notes that its footer must have.
        sealed: whether it must have a seal, as files since schema SEALED_SINCE do. Without one, its
            notes are not checked.

    Raises:
        Damaged: the file is truncated or altered, or is not the file expected.
        FileNotFoundError: there is no such file.
    """
    try:
        state = seal_state(path)
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(path) from error
    if state is False or (sealed and state is None):
        file.close()
        raise Damaged(path, "its footer is not what was written")
    if state:
        for name, value in (expected or {}).items():
            found = (file.metadata.metadata or {}).get(name.encode(), b"nothing").decode()
            if found != value:
                file.close()
                raise Damaged(path, _OTHER[name].format(found=found, value=value))
    return file


#: Note -> what is wrong with a file in which it is not the one expected.
_OTHER = {
    "folder": "it is of another sweep or run, or manifest.json is",
    "file": "it is another file ({found}, not {value})",
    "results": "it is not of the latest results",
}


def read_table(
    path: Path,
    columns: Sequence[str] | None = None,
    expected: Mapping[str, str] | None = None,
    *,
    sealed: bool = True,
) -> pa.Table:
    """Read a Parquet file and verify its seal and checksums.

    Args:
        path: of the file.
        columns: those to read; None for all.
        expected: as in `open_table`.
        sealed: as in `open_table`.

    Raises:
        Damaged: as in `open_table`.
        FileNotFoundError: there is no such file.
    """
    with open_table(path, expected, sealed=sealed) as file:
        return read_groups(file, path, columns)


def read_groups(
    file: pq.ParquetFile,
    path: Path,
    columns: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
) -> pa.Table:
    """Read from an opened Parquet file and verify the checksums.

    Args:
        file: from `open_table`.
        path: of the file.
        columns: those to read; None for all.
        groups: numbers of the row groups; None for all.

    Raises:
        Damaged: what is read is not what was written.
    """
    groups = range(file.num_row_groups) if groups is None else groups
    written = sum(file.metadata.row_group(group).num_rows for group in groups)
    try:
        table = file.read_row_groups(list(groups), None if columns is None else list(columns))
        table.validate(full=True)  # because headers of pages have no checksums
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(path) from error
    if table.num_rows != written:
        raise Damaged(path, f"{written:,} rows were written, {table.num_rows:,} were read")
    return table.replace_schema_metadata(file.schema_arrow.metadata)  # without the notes


class Damaged(InputError):
    """A results file is truncated or altered, or is the wrong file."""

    def __init__(self, path: Path, why: str = "") -> None:
        """why: what was written and what was read, where that is known."""
        super().__init__(f"{path} is damaged")
        self.path = path
        self._why = why

    def __str__(self) -> str:
        self.problem = f"{self.path} is damaged: {self.why}"
        return super().__str__()

    @property
    def why(self) -> str:
        """What is wrong with it, in words."""
        return self._why or str(self.__cause__ or "not what was written").strip()


def to_table(frame: pd.DataFrame, meanings: dict[str, tuple[str, str]]) -> pa.Table:
    """Return a frame as an Arrow table of a fixed schema, each column with its unit and meaning."""
    fields = [_field(name, frame[name], meanings.get(name, ("", ""))) for name in frame.columns]
    schema = pa.schema(fields, metadata={"truce_sim_schema": str(SCHEMA_VERSION)})
    words = [field.name for field in fields if pa.types.is_dictionary(field.type)]
    frame = frame.assign(**{name: frame[name].astype("category") for name in words})
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
