"""Tables in memory as values of settings: they are kept as files, since a setting is plain text."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

#: At most this many tables are kept, of a few kilobytes each.
MOST_KEPT = 1000


def keep_table(frame: Any) -> str:
    """Write a DataFrame as a CSV file named after its content, and return the path.

    The file stays in the folder of compiled rules, so that a configuration that names it can be
    used again; beyond `MOST_KEPT` tables, those used longest ago are removed. Results keep their
    own copies.
    """
    from truce_sim.engine.compile import CACHE
    from truce_sim.results.store import write_whole

    text = frame.to_csv(index=False)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = CACHE.parent / "tables" / f"{name}.csv"
    if path.is_file():
        path.touch()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        _remove_oldest(path.parent)
    return str(path)


def _remove_oldest(folder: Path) -> None:
    times = []
    for path in folder.glob("*.csv"):
        with suppress(FileNotFoundError):  # another process may remove it
            times.append((path.stat().st_mtime, path))
    for _, path in sorted(times, reverse=True)[MOST_KEPT:]:
        path.unlink(missing_ok=True)
