"""Tables in memory as values of settings: kept as files, since a setting is plain text."""

from __future__ import annotations

import hashlib
from typing import Any


def keep_table(frame: Any) -> str:
    """Write a DataFrame as a CSV file named after its content, and return the path.

    The file stays, in the folder where compiled rules are kept, so that a configuration that names
    it can be used again.
    """
    from truce_sim.engine.compile import CACHE
    from truce_sim.results.store import write_whole

    text = frame.to_csv(index=False)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = CACHE.parent / "tables" / f"{name}.csv"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return str(path)
