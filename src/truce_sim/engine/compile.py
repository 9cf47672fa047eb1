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
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import LoweringPass, PassManager, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    TranslateByteCode,
)

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


#: Division by zero gives inf or NaN, as numpy does; a run that ends with one is reported as failed,
#: never as a number. Rules allocate nothing, so nothing counts references.
_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "_nrt": False}


class _Part(CPUCodeLibrary):  # type: ignore[misc]
    """The code of a rule within others: linked into theirs, made machine code there.

    Numba by itself optimises and translates every function alone, and again within each that calls
    it: most of the time that it takes to compile the model, for code that nobody runs.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=True)
class _MakeKnown(LoweringPass):  # type: ignore[misc]
    """Lets other rules call a part: by a name that is its own, since it has no address."""

    _name = "truce_sim_make_known"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Numba does the same in lowering, for what has been made machine code."""
        lowered, name = state["cr"], object()
        state.targetctx.insert_user_function(name, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=name)
        return True


#: What numba does to a function, without what it does for those who write things that rules do not.
_PASSES = (
    TranslateByteCode, FixupArgs, IRProcessing, GenericRewrites, ReconstructSSA,
    NopythonTypeInference, PreLowerStripPhis, IRLegalization, AnnotateTypes, NativeLowering,
    _MakeKnown, NoPythonBackend,
)  # fmt: skip


class _AsPart(CompilerBase):  # type: ignore[misc]
    """Compiles a rule to a `_Part`."""

    def define_pipelines(self) -> list[PassManager]:
        """One pipeline, of `_PASSES`."""
        state, passes = self.state, PassManager("truce_sim_part")
        state.flags.no_compile = True
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        for one in _PASSES:
            passes.add_pass(one, one.__name__)
        passes.finalize()
        return [passes]


class Rule(CPUDispatcher):  # type: ignore[misc]
    """A rule of the model: a part of the rules that call it, and a function for Python.

    `function` is what Python calls. It is compiled at the first call, and cached on disk.
    """

    def __init__(self, py_func: Callable[..., object], *, inline: bool) -> None:
        part = {"forceinline": inline, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(py_func, targetoptions=_OPTIONS | part, pipeline_class=_AsPart)
        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(CACHE)
        try:
            self.function = numba.jit(cache=True, no_cfunc_wrapper=True, **_OPTIONS)(py_func)
        finally:
            numba.config.CACHE_DIR = before

    def add_overload(self, cres: Any) -> None:
        """Numba also offers it to Python, to which a part is of no use."""
        self.overloads[tuple(cres.signature.args)] = cres

    def __call__(self, *args: object) -> object:
        """Call it from Python."""
        return self.function(*args)


def rule(function: F) -> F:
    """Compile a rule of the model: by numba, outside the GIL, inlined where other rules call it."""
    return cast(F, Rule(function, inline=True))


def rule_apart(function: F) -> F:
    """The same for a rule that is seldom called, or from many places: not inlined, so that what
    every day needs stays together in the processor's cache."""
    return cast(F, Rule(function, inline=False))
