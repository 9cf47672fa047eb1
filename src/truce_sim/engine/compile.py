"""How rules are compiled: numba, outside the GIL, cached on disk.

Numba caches a compiled function under the source of that function alone and misses a change in a
function it calls from another file. So the cache folder is named by the digest of all rules'
sources and of the versions of numba and numpy: change any rule and everything is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., object])


def rules_digest() -> str:
    """The identity of the compiled model: 16 hexadecimal digits of all rules and their compiler."""
    digest = hashlib.sha256(f"numba {numba.__version__} numpy {np.__version__}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _cache_folder(digest: str) -> Path:
    """`$TRUCE_SIM_CACHE`, else the user's cache folder, else a temporary one of this user."""
    chosen = os.environ.get("TRUCE_SIM_CACHE")
    base = Path(chosen or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "truce_sim" / digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"truce_sim-{user}" / digest
    folder.mkdir(parents=True, exist_ok=True)
    return folder


DIGEST = rules_digest()
CACHE = _cache_folder(DIGEST)


def is_compiled() -> bool:
    """Whether an earlier process has compiled these very rules (False: the next run compiles)."""
    return any(CACHE.rglob("*run_replicates*.nbc"))


_NJIT = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=True)


def rule(function: F) -> F:
    """Compile a rule of the model (numba nopython, nogil, cached), to be inlined where another rule
    calls it. Division by zero gives inf or NaN, as numpy does; a run that ends with one is reported
    as failed, never as a number."""
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(CACHE)
    try:
        return cast(F, _NJIT(function))
    finally:
        numba.config.CACHE_DIR = before
