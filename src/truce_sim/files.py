"""The files that ship with the program: its data and its configuration."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

#: Tables of the border and of the record; `data/README.md` names their sources.
DATA = PACKAGE / "data"


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
