"""What a result came from, and the folder that it goes to."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError

from .store import SCHEMA_VERSION

_LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core")


def make_folder(base: str, kind: str, name: str) -> Path:
    """A new folder for results: `base/name`, or `base/kind-date-time` where `name` is empty.

    Raises InputError where it exists already, or cannot be made: nothing is ever overwritten.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    tries = [name] if name else [f"{kind}-{stamp}", *(f"{kind}-{stamp}-{i}" for i in range(2, 100))]
    for candidate in tries:
        folder = Path(base) / candidate
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(
                setting="output.dir", value=str(folder), problem=f"cannot write there: {error}",
                allowed="a folder that can be made and written to",
            ) from error  # fmt: skip
    raise InputError(
        setting="output.name", value=name, problem=f"{Path(base) / name} exists already",
        allowed="a new name; results are never overwritten",
    )  # fmt: skip


def provenance(seed: int, overrides: Iterable[str]) -> dict[str, Any]:
    """What a result came from: versions, rules, command, seed, machine, time."""
    commit, dirty = _git_state()
    return {
        "schema_version": SCHEMA_VERSION,
        "truce_sim": _version("truce-sim"),
        "rules": DIGEST,
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "command": " ".join(Path(a).name if i == 0 else a for i, a in enumerate(sys.argv)),
        "overrides": list(overrides),
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git_state() -> tuple[str | None, bool | None]:
    """Commit of the source tree and whether it had changes; None outside a checkout of it."""
    here = Path(__file__).resolve().parent
    try:
        _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
        commit = _git(here, "rev-parse", "HEAD")
        return commit, bool(_git(here, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
