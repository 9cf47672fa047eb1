"""The files that ship with the program: its data and its configuration."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent

#: Tables of the border and of the record; `data/README.md` names their sources.
DATA = PACKAGE / "data"


@cache
def first_release() -> dict[str, Any]:
    """What files of truce_sim 0.1.0 do not say of themselves: the layout of their records,
    `params`, and the names of their outcome columns, `outcome`."""
    found: dict[str, Any] = json.loads((DATA / "0.1.0.json").read_text(encoding="utf-8"))
    return found


@cache
def conf() -> Path:
    """The folder of the project's configuration: `conf` in an installed package, or that of the
    repository in a checkout.

    Raises:
        FileNotFoundError: neither is there.
    """
    candidates = (PACKAGE / "conf", PACKAGE.parents[1] / "conf")
    for folder in candidates:
        if (folder / "config.yaml").is_file():
            return folder
    raise FileNotFoundError(f"no configuration in {' or '.join(map(str, candidates))}")
