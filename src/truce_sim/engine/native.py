"""The machine code of a rule without its compiler: importing numba takes longer than a run.

Numba compiles a rule once, for one kind of each argument. Its object code is kept in the cache
folder, and later processes load it with llvmlite, which numba is built on, and call it by its
address. Where that cannot be done, `Unfit` is raised, and numba's own function takes over.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

#: Bytes of the checksum before the name of the function and its code.
_CHECKSUM = 32

#: Settings of numba's that change no rule: each runs in one thread, and is cached elsewhere. Joblib
#: sets the first in every worker.
_NO_MATTER = {"NUMBA_NUM_THREADS", "NUMBA_CACHE_DIR"}


class Unfit(Exception):
    """The rule cannot be called by its address: its arguments, the system or an error in it."""


class Native:
    """A rule that is called by its address.

    Args:
        name: of the rule.
        compile_rule: compiles it for given arguments, and returns symbol and object code.
        cache: the folder for its code.
    """

    def __init__(self, name: str, compile_rule: Any, cache: Path) -> None:
        self._name, self._compile, self._cache = name, compile_rule, cache
        self._call: Any = None
        self._kinds: list[Any] = []
        self._known: dict[int, Any] = {}
        self._latest: list[tuple[Any, Sequence[int]]] = []
        # Numba's functions put their return value and any exception here; neither is read.
        self._room = (ctypes.c_void_p(), ctypes.c_void_p())
        self._first = [ctypes.addressof(each) for each in self._room]

    def __call__(self, *args: Any) -> None:
        """Call the rule.

        Raises:
            Unfit: it cannot be called in this way, or it raised.
        """
        if self._call is None:
            self._load(args)
        words = self._first.copy()
        for i, arg in enumerate(args):
            latest = self._latest[i]  # read once: threads may call this at the same time
            if latest[0] is not arg:
                latest = self._latest[i] = arg, self._words(arg, self._kinds[i])
            words += latest[1]
        if self._call(*words):
            raise Unfit

    def _words(self, arg: Any, kind: Any) -> Sequence[int]:
        """An argument as numba passes it on: the fields of an array, the address of a record."""
        if kind is int:
            return (int(arg),)
        if id(arg.dtype) not in self._known:
            if arg.dtype != kind[0]:
                raise Unfit
            self._known[id(arg.dtype)] = arg.dtype  # comparing large records takes long
        if isinstance(arg, np.void):
            return (address_of(arg),)
        if arg.ndim != kind[1] or not arg.flags.carray:
            raise Unfit
        return (0, 0, arg.size, arg.itemsize, arg.ctypes.data, *arg.shape, *arg.strides)

    def _load(self, args: Sequence[Any]) -> None:
        given = {name for name in os.environ if name.startswith("NUMBA_")}
        if sys.platform != "linux" or given - _NO_MATTER:
            raise Unfit  # tried on Linux only, and settings of numba's apply to its own functions
        kinds = kinds_of(args)
        file = self._cache / f"{self._name}-{_digest(kinds)}.code"
        try:
            content = file.read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content[_CHECKSUM:]).digest() != content[:_CHECKSUM]:
            symbol, code = self._compile(args)
            content = symbol.encode() + b"\n" + code
            content = hashlib.sha256(content).digest() + content
            temporary = file.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_bytes(content)
            temporary.replace(file)
        symbol, _, code = content[_CHECKSUM:].partition(b"\n")
        address = _load_code(symbol.decode(), code)
        self._kinds = kinds
        self._latest = [(None, ())] * len(kinds)
        counts = (1 if kind is int or kind[1] == 0 else 5 + 2 * kind[1] for kind in kinds)
        words = [ctypes.c_int64] * (2 + sum(counts))
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, *words)(address)


def kinds_of(args: Sequence[Any]) -> list[Any]:
    """What machine code depends on in its arguments: for a number that it is one, else type and
    shape."""
    return [int if isinstance(arg, int) else (arg.dtype, np.ndim(arg)) for arg in args]


def address_of(record: np.void) -> int:
    """Where a record is in memory."""
    return int(np.frombuffer(record, np.uint8).ctypes.data)


def _digest(kinds: Sequence[Any]) -> str:
    """What the code depends on, besides the rules: the arguments, the processor, the compiler."""
    import llvmlite
    from llvmlite import binding

    features = binding.get_host_cpu_features().flatten()
    what = [llvmlite.__version__, binding.get_host_cpu_name(), features, str(kinds)]
    return hashlib.sha256("\0".join(what).encode()).hexdigest()[:16]


_engines: list[Any] = []


def _load_code(symbol: str, code: bytes) -> int:
    """Load object code and return the address of a function in it."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine(
        jit=True
    )
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)  # it owns the code
    return int(engine.get_function_address(symbol))
