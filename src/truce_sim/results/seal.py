"""The seal of a results file: a digest of what the format's checksums do not cover.

Parquet has a checksum for each page, but none for its footer, which says where the pages are and
what they mean. So the footer has an entry that holds the digest of the footer with that entry
blank. A JSON file has an entry with the digest of all others.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

KEY = "truce_sim_seal"
BLANK = "-" * 32

#: The entry as Thrift writes it: the key, the type of the value, its length, the value.
_ENTRY = re.compile(re.escape(KEY.encode()) + rb"\x18\x20([-0-9a-f]{32})")
#: A Parquet file ends with the length of its footer and these letters.
_END = b"PAR1"


def digest_of(content: bytes) -> str:
    """Return 32 hexadecimal digits that identify some bytes."""
    return hashlib.sha256(content).hexdigest()[:32]


def seal(path: Path) -> None:
    """Seal a Parquet file whose footer has an entry KEY with the value BLANK."""
    with path.open("r+b") as file:
        start, footer = _read_footer(file)
        (entry,) = _ENTRY.finditer(footer)
        file.seek(start + entry.start(1))
        file.write(digest_of(footer).encode())


def seal_state(path: Path) -> bool | None:
    """Whether the footer of a Parquet file is what was sealed; None if it has no seal.

    Raises:
        ValueError: it has no complete footer.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        _, footer = _read_footer(file)
    entries = list(_ENTRY.finditer(footer))
    if len(entries) != 1:
        return False if entries else None
    first, stop = entries[0].span(1)
    blank = footer[:first] + BLANK.encode() + footer[stop:]
    return digest_of(blank).encode() == footer[first:stop]


def _read_footer(file: BinaryIO) -> tuple[int, bytes]:
    """Return where a Parquet file's footer starts, and the footer."""
    size = file.seek(0, 2)
    file.seek(max(size - 8, 0))
    end = file.read(8)
    start = size - 8 - int.from_bytes(end[:4], "little")
    if end[4:] != _END or start < len(_END):
        raise ValueError("it is cut short, or not a Parquet file")
    file.seek(start)
    return start, file.read(size - 8 - start)


def json_seal(content: Mapping[str, Any]) -> str:
    """Return the digest of a JSON object, without its seal."""
    rest = {name: value for name, value in content.items() if name != KEY}
    return digest_of(json.dumps(rest, sort_keys=True, default=str).encode())


def run_notes(manifest: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the notes in the footer of a single run's file: of which run it is, and which file."""
    return {"folder": json_seal(manifest), "file": name}
