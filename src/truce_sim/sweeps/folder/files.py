"""The files of a sweep's folder: each is checked when read, and says which sweep and which file it
is.

Every Parquet file has a seal and checksums (`results.store`), and notes in its footer: `folder`,
the digest of the sweep; `file`, its own path in the folder; and, if it was made from the parts,
`results`, which the manifest has too. So a file of another sweep, an older state or another name is
not mistaken for the one asked for. Files of 0.1.0 have no seal and no notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.errors import command
from truce_sim.results.store import SEALED_SINCE, Damaged, open_table, read_groups
from truce_sim.sweeps.folder.manifest import sweep_digest

PARTS, SERIES, EVENTS, RERUNS = "parts", "series", "events", "reruns"

#: Files that are made from the parts when the last run is done.
RESULTS = ("failures", "summary", "contrasts", "until", "runs")


class Files:
    """The Parquet files of a folder, each named by its path there, without the extension.

    Attributes:
        digest: the digest of the sweep.
        sealed: whether every file has a seal.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self._path = path
        self._results = str(manifest.get("results"))
        self.digest = sweep_digest(manifest)
        self.sealed: bool = manifest["schema_version"] >= SEALED_SINCE

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._path / f"{name}.parquet"

    def notes(self, name: str) -> dict[str, str]:
        """Return the notes in the footer of a file: of which sweep it is, and which file."""
        notes = {"folder": self.digest, "file": name}
        return notes | {"results": self._results} if name in RESULTS else notes

    def open(self, name: str) -> pq.ParquetFile:
        """Open a file after checking its footer; its pages are checked as they are read.

        Raises:
            Damaged: it is truncated, altered, another file, or missing.
        """
        try:
            return open_table(self.path(name), self.notes(name), sealed=self.sealed)
        except FileNotFoundError as error:
            raise self.damaged(name, "it is missing") from error
        except Damaged as error:
            raise self.damaged(name, error.why) from error

    def read(
        self, name: str, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None
    ) -> pa.Table:
        """Read a file, and check everything read.

        Args:
            name: of the file.
            columns: those to read; None for all.
            groups: numbers of the row groups; None for all.

        Raises:
            Damaged: as in `open`.
        """
        with self.open(name) as file:
            try:
                return read_groups(file, self.path(name), columns, groups)
            except Damaged as error:
                raise self.damaged(name, error.why) from error

    def check(self, name: str) -> None:
        """Read a file in full, a row group at a time, to check it; raise Damaged as `read`."""
        with self.open(name) as file:
            groups = file.num_row_groups
            try:
                for group in range(groups):
                    read_groups(file, self.path(name), None, [group])
            except Damaged as error:
                raise self.damaged(name, error.why) from error

    def damaged(self, name: str, why: str) -> Damaged:
        """Return the error for a damaged file, with what to do about it."""
        error = Damaged(self.path(name), why)
        made_again = name in RESULTS or name.partition("/")[0] in (PARTS, SERIES, EVENTS)
        error.allowed = (
            f"{command('resume', self._path)}, which makes it again"
            if made_again
            else "an intact copy of this file; or run the sweep again from the start"
        )
        return error
