"""Rules as parts of other rules: how numba compiles what only other rules call.

Imported when the first rule is compiled, because importing numba takes longer than many runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
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


class _PartLibrary(CPUCodeLibrary):  # type: ignore[misc]
    """The code of a rule within others: linked into theirs and translated to machine code there.

    Numba by itself optimises and translates every function alone, and again within each caller:
    most of the time of compiling the model, spent on code that is never run.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=True)
class _MakeKnown(LoweringPass):  # type: ignore[misc]
    """Lets other rules call a part: by a unique name, since it has no address."""

    _name = "truce_sim_make_known"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Register the part; numba does this in lowering, for functions with machine code."""
        lowered, name = state["cr"], object()
        state.targetctx.insert_user_function(name, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=name)
        return True


#: Numba's passes over a function, without those for language features that rules do not use.
_PASSES = (
    TranslateByteCode, FixupArgs, IRProcessing, GenericRewrites, ReconstructSSA,
    NopythonTypeInference, PreLowerStripPhis, IRLegalization, AnnotateTypes, NativeLowering,
    _MakeKnown, NoPythonBackend,
)  # fmt: skip


class _AsPart(CompilerBase):  # type: ignore[misc]
    """Compiles a rule as a part."""

    def define_pipelines(self) -> list[PassManager]:
        """One pipeline, of `_PASSES`."""
        state, passes = self.state, PassManager("truce_sim_part")
        state.flags.no_compile = True
        state.library = _PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        for one in _PASSES:
            passes.add_pass(one, one.__name__)
        passes.finalize()
        return [passes]


class Part(CPUDispatcher):  # type: ignore[misc]
    """A rule as a part of the rules that call it.

    Args:
        py_func: the rule.
        options: numba's, for all rules.
        inline: whether it is inlined into its callers rather than called as a function.
    """

    def __init__(
        self, py_func: Callable[..., object], options: dict[str, object], inline: bool
    ) -> None:
        part = {"forceinline": inline, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(py_func, targetoptions=options | part, pipeline_class=_AsPart)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Numba would compile a part again for each literal number in a call."""
        plain = {name: types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(types.unliteral, args)), plain)

    def add_overload(self, cres: Any) -> None:
        """Numba would also make it callable from Python, which a part need not be."""
        self.overloads[tuple(cres.signature.args)] = cres
