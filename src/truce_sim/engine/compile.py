"""How rules are compiled: numba, outside the GIL, cached on disk.

Numba caches a compiled function under the source of that function alone and misses a change in a
function it calls from another file. So the cache folder is named by the digest of all rules'
sources and of the versions of numba and numpy: change any rule and everything is compiled anew.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from truce_sim.engine import shipped

F = TypeVar("F", bound=Callable[..., object])


def rules_digest() -> str:
    """The identity of the compiled model: 16 hexadecimal digits of all rules and their compiler."""
    digest = hashlib.sha256(f"numba {metadata.version('numba')} numpy {np.__version__}".encode())
    digest.update(shipped.sources())
    return digest.hexdigest()[:16]


def _cache_folder(digest: str) -> Path:
    """`$TRUCE_SIM_CACHE`, else the user's cache folder, else a private temporary one."""
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
    folder = make_private(Path(tempfile.gettempdir()) / f"truce_sim-{user}") / digest
    folder.mkdir(exist_ok=True)
    return folder


class Unsafe(RuntimeError):
    """Compiled rules would be loaded from a folder that others can change."""

    exit_code = 2


def make_private(folder: Path) -> Path:
    """Return a folder, made if missing, that nobody but this user can enter.

    Compiled code is loaded from it. In a temporary folder, which all users share, somebody else
    may have made it first.

    Raises:
        Unsafe: it is a link or a file, another user owns it, or others could write to it.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not hasattr(os, "getuid"):  # Windows: every user has a temporary folder of their own
        return folder
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        problem = "is not a folder"
    elif found.st_uid != os.getuid():
        problem = "belongs to another user"
    elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = "can be written to by other users"
    else:
        folder.chmod(0o700)
        return folder
    raise Unsafe(
        f"{folder} {problem}, so compiled rules are not loaded from there. Remove it, or set "
        "TRUCE_SIM_CACHE to a folder of your own."
    )


DIGEST = rules_digest()
CACHE = _cache_folder(DIGEST)


def is_compiled() -> bool:
    """Whether machine code of these very rules is in the cache or the wheel (False: the next run
    makes it)."""
    kept = (*CACHE.glob("run_replicates*.code"), *CACHE.rglob("*run_replicates*.nbc"))
    return bool(kept)


#: Division by zero gives inf or NaN, as numpy does; a run that ends with one is reported as failed,
#: never as a number. Rules allocate nothing, so nothing counts references.
_OPTIONS: dict[str, object] = {
    "nopython": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
}


class Rule:
    """A rule of the model: a part of the rules that call it, and a function for Python."""

    def __init__(self, py_func: Callable[..., object], *, inline: bool) -> None:
        self.py_func, self._inline = py_func, inline
        functools.update_wrapper(self, py_func)

    @functools.cached_property
    def _part(self) -> Any:
        from truce_sim.engine.parts import Part

        return Part(self.py_func, _OPTIONS, self._inline)

    @property
    def _numba_type_(self) -> Any:
        """Numba's type for it, where another rule calls it."""
        return self._part._numba_type_

    @functools.cached_property
    def function(self) -> Any:
        """What Python calls. It is compiled at the first call, and cached on disk."""
        import numba

        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(CACHE)
        try:
            return numba.jit(cache=True, no_cfunc_wrapper=True, **_OPTIONS)(self.py_func)
        finally:
            numba.config.CACHE_DIR = before

    def __call__(self, *args: object) -> object:
        """Call it from Python."""
        return self.function(*args)


class Entry(Rule):
    """A rule that Python calls for every point: by its address, where that can be done."""

    @functools.cached_property
    def _native(self) -> Any:
        from truce_sim.engine.native import Native

        return Native(self.py_func.__name__, self._object_code, CACHE)

    def _object_code(self, args: Any) -> tuple[str, bytes]:
        """Return the name of its function for these arguments, and the function's code."""
        from truce_sim.engine.native import kinds_of

        found = shipped.machine_code(self.py_func.__name__, kinds_of(args))
        if found:
            return found
        made = self._compiled(args)
        return made.fndesc.llvm_func_name, made.library._get_compiled_object()

    def _compiled(self, args: Any) -> Any:
        """Compile it for these arguments, by numba."""
        import numba

        bare = numba.jit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(self.py_func)
        bare.compile(tuple(map(numba.typeof, args)))
        (made,) = bare.overloads.values()
        return made

    def ship(self, folder: Path, *args: object) -> None:
        """Write what a wheel brings of it, for arguments such as these."""
        from truce_sim.engine.native import kinds_of

        made = self._compiled(args)
        symbol, code = made.fndesc.llvm_func_name, made.library._final_module.as_bitcode()
        shipped.write(folder, self.py_func.__name__, kinds_of(args), symbol, code)

    def __call__(self, *args: object) -> object:
        """Call it from Python."""
        from truce_sim.engine.native import Unfit

        try:
            return self._native(*args)
        except Unfit:
            return self.function(*args)


def rule(function: F) -> F:
    """Compile a rule of the model: by numba, outside the GIL, inlined where other rules call it."""
    return cast(F, Rule(function, inline=True))


def rule_apart(function: F) -> F:
    """Compile a rule that is rarely called, or from many places: not inlined, so that what every
    day needs stays together in the processor's cache."""
    return cast(F, Rule(function, inline=False))


def entry(function: F) -> F:
    """Compile a rule that Python calls for every point."""
    return cast(F, Entry(function, inline=True))
