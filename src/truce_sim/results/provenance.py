"""The provenance of a result, and the folder it is written to."""

from __future__ import annotations

import errno
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from llvmlite.binding import get_host_cpu_name

from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError
from truce_sim.results.store import SCHEMA_VERSION, leftovers
from truce_sim.version import __version__

_LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core")


def make_folder(base: str, kind: str, name: str, fill: Callable[[Path], object]) -> Path:
    """Create a folder of results and fill it; it appears complete or not at all.

    Args:
        base: the folder to create it in.
        kind: what it holds, "run" or "sweep".
        name: its name; if empty, `kind` with date and time.
        fill: writes the contents into the folder it is given.

    Returns:
        The new folder.

    Raises:
        InputError: the folder already exists (nothing is ever overwritten) or cannot be created.
        Exception: whatever `fill` raises; nothing is left behind.
    """
    if name and (Path(base) / name).exists():
        raise _exists(Path(base) / name, name, kind)
    made = _missing_parents(Path(base))
    staging = Path(base) / f".{kind}.{platform.node()}.{os.getpid()}.tmp"
    for left in leftovers(Path(base), f".{kind}.{platform.node()}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        fill(staging)
        return _move(staging, Path(base), kind, name)
    except OSError as error:
        raise InputError(
            f"cannot write there: {error.strerror or error}",
            setting="output.dir",
            value=str(Path(base) / name),
            allowed="a folder that can be created and written to",
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # not empty: in use by now
                folder.rmdir()


def _missing_parents(base: Path) -> list[Path]:
    return [folder for folder in (base, *base.parents) if not folder.exists()]


def _move(staging: Path, base: Path, kind: str, name: str) -> Path:
    """Rename the folder to a name that is still free, and return it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    tries = [name] if name else [f"{kind}-{stamp}", *(f"{kind}-{stamp}-{i}" for i in range(2, 100))]
    for candidate in tries:
        try:
            return staging.rename(base / candidate)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
    raise _exists(base / tries[0], name, kind)


def _exists(path: Path, name: str, kind: str) -> InputError:
    other = " and does not hold a sweep" if kind == "sweep" else ""
    return InputError(
        f"{path} already exists{other}",
        setting="output.name",
        value=name,
        allowed="a new name; results are never overwritten",
    )


def provenance(seed: int, overrides: Iterable[str]) -> dict[str, Any]:
    """Describe what a result came from: versions, rules, command, seed, machine, time."""
    commit, dirty = _git_state()
    return {
        "schema_version": SCHEMA_VERSION,
        "truce_sim": __version__,
        "rules": DIGEST,
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "machine": {
            "system": platform.platform(),
            "processor": processor(),
            "cores": os.cpu_count(),
        },
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "overrides": list(overrides),
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def processor() -> str:
    """Return the kind of this machine's processor: its architecture and its model family."""
    return f"{platform.machine()} {get_host_cpu_name()}"


def version(package: str) -> str:
    """Return the installed version of a package, or "unknown"."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git_state() -> tuple[str | None, bool | None]:
    """Commit of the source tree and whether it had changes; (None, None) outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
        commit = _git(here, "rev-parse", "HEAD")
        return commit, bool(_git(here, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    """Ask git without locking its index: a command that is killed would leave the lock behind."""
    return subprocess.run(
        ["git", "--no-optional-locks", *arguments],
        cwd=folder, capture_output=True, text=True, check=True, timeout=10,
    ).stdout.strip()  # fmt: skip
