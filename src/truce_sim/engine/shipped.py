"""What a wheel contains so that its first run need not wait for the compiler.

When a wheel is built, numba compiles the entries down to LLVM's intermediate code. From that,
machine code for any processor of that architecture takes a second; compiling takes ten. It fits
only these very rules, these arguments and the kind of system it was made on; elsewhere rules are
compiled.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "shipped"


def sources() -> bytes:
    """The text of all rules, with their names."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join(file.name.encode() + b"\0" + file.read_bytes() + b"\0" for file in files)


def fits_these_rules() -> bool:
    """Whether the wheel contains the model compiled from the rules as they are now."""
    return any(FOLDER.glob(f"run_replicates-{_rules()}-*"))


def write(folder: Path, name: str, kinds: Sequence[Any], symbol: str, bitcode: bytes) -> None:
    """Write an entry's intermediate code for a wheel.

    Args:
        folder: for the file.
        name: of the entry.
        kinds: of its arguments.
        symbol: the name of its function in the code.
        bitcode: LLVM's.
    """
    content = f"{_llvm()} {symbol}\n".encode() + bitcode
    _file(folder, name, kinds).write_bytes(lzma.compress(content, preset=9))


def machine_code(name: str, kinds: Sequence[Any]) -> tuple[str, bytes] | None:
    """Return an entry's symbol and its object code for this processor; None if nothing fits."""
    from llvmlite import binding

    try:
        content = lzma.decompress(_file(FOLDER, name, kinds).read_bytes())
    except (OSError, lzma.LZMAError):
        return None
    head, _, bitcode = content.partition(b"\n")
    made_by, _, symbol = head.decode().partition(" ")
    if int(made_by) > _llvm():  # LLVM reads what its earlier releases wrote, not later ones
        return None
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    try:
        module = binding.parse_bitcode(bitcode)
    except RuntimeError:
        return None
    if module.triple != binding.get_process_triple():
        return None
    machine = binding.Target.from_triple(module.triple).create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
        codemodel="jitdefault",
    )
    return symbol, machine.emit_object(module)


def _file(folder: Path, name: str, kinds: Sequence[Any]) -> Path:
    return folder / f"{name}-{_rules()}-{_digest(str(kinds).encode())}"


def _rules() -> str:
    return _digest(sources())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _llvm() -> int:
    """The major version of LLVM."""
    from llvmlite import binding

    return int(binding.llvm_version_info[0])
