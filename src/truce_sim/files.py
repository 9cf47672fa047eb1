"""The files that come with the program: its data and its configuration."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent

#: Tables of the border and of the record; `data/README.md` gives their sources.
DATA = PACKAGE / "data"

#: Borders that come with the program, each a folder; `border/folder.py` says what is in one.
BORDERS = DATA / "borders"

#: What a border folder may hold, in the order in which its content is compared.
BORDER_FILES = ("segments.csv", "line.geojson", "base.geojson", "border.yaml")


@cache
def shipped_borders() -> tuple[str, ...]:
    """Return the names of the borders that come with the program, the default first."""
    found = sorted(file.parent.name for file in BORDERS.glob("*/segments.csv"))
    return ("durand", *(name for name in found if name != "durand"))


@cache
def first_release() -> dict[str, Any]:
    """Return what files of truce_sim 0.1.0 do not say about themselves.

    Returns:
        `params`, the layout of their records, and `outcome`, the names of their outcome columns.
    """
    release: dict[str, Any] = json.loads((DATA / "0.1.0.json").read_text(encoding="utf-8"))
    return release


@cache
def conf() -> Path:
    """Return the folder of the configuration: `conf` in the package, or in the repository.

    Raises:
        FileNotFoundError: neither exists.
    """
    candidates = (PACKAGE / "conf", PACKAGE.parents[1] / "conf")
    for folder in candidates:
        if (folder / "config.yaml").is_file():
            return folder
    raise FileNotFoundError(f"no configuration in {' or '.join(map(str, candidates))}")
