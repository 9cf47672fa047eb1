"""Rules that Python calls by their address: compiled once, kept, and the same as numba's own."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llvmlite import binding

from truce_sim.engine import shipped
from truce_sim.engine.compile import Entry
from truce_sim.engine.native import Native, Unfit


def shift(a: Any, by: Any, out: Any) -> None:
    """A rule of two arrays and a number."""
    for i in range(a.size):
        out[i] = a[i] + by


RULE = Entry(shift, inline=False)
NUMBERS = np.arange(5.0)


class Compiler:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, args: Any) -> tuple[str, bytes]:
        self.asked += 1
        return RULE._object_code(args)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        monkeypatch.delenv(name, raising=False)
    return Compiler()


def shifted(native: Native, numbers: np.ndarray = NUMBERS) -> list[float]:
    out = np.zeros(numbers.size)
    native(numbers, 3, out)
    return out.tolist()


def test_it_is_compiled_once_and_a_damaged_file_is_made_again(
    compiler: Compiler, tmp_path: Path
) -> None:
    expected = [3.0, 4.0, 5.0, 6.0, 7.0]
    for asked in (1, 1):
        assert shifted(Native("shift", compiler, tmp_path)) == expected
        assert compiler.asked == asked
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert shifted(Native("shift", compiler, tmp_path)) == expected
    assert compiler.asked == 2


def test_other_kinds_of_arguments_are_left_to_numba(compiler: Compiler, tmp_path: Path) -> None:
    native = Native("shift", compiler, tmp_path)
    shifted(native)
    with pytest.raises(Unfit):
        shifted(native, NUMBERS.astype(np.int64))
    with pytest.raises(Unfit):
        shifted(native, NUMBERS[::2])
    out = np.zeros(3)
    RULE(NUMBERS[::2], 3, out)
    assert out.tolist() == [3.0, 5.0, 7.0]


def test_where_numba_has_settings_it_is_left_to_numba(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    with pytest.raises(Unfit):
        shifted(Native("shift", compiler, tmp_path))
    assert compiler.asked == 0


def test_where_they_do_not_matter_it_is_not(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of joblib's has the first; each would import numba, and compile."""
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert shifted(Native("shift", compiler, tmp_path)) == [3.0, 4.0, 5.0, 6.0, 7.0]


# ── what a wheel brings ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def shipped_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a wheel would bring of `shift`, where the program looks for it."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    RULE.ship(folder, NUMBERS, 3, NUMBERS)
    monkeypatch.setattr(shipped, "FOLDER", folder)
    monkeypatch.setattr(Entry, "_compiled", forbid_compiling)
    (file,) = folder.iterdir()
    return file


class Compiling(Exception):
    """Numba was asked to compile."""


def forbid_compiling(*args: object) -> None:
    raise Compiling


def test_what_a_wheel_brings_need_not_be_compiled(shipped_rule: Path, tmp_path: Path) -> None:
    native = Native("shift", RULE._object_code, tmp_path)
    assert shifted(native) == [3.0, 4.0, 5.0, 6.0, 7.0]


def test_other_rules_are_compiled(
    shipped_rule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = shipped.sources() + b"# edited\n"
    monkeypatch.setattr(shipped, "sources", lambda: edited)
    with pytest.raises(Compiling):
        shifted(Native("shift", RULE._object_code, tmp_path))


def test_other_arguments_are_compiled(shipped_rule: Path, tmp_path: Path) -> None:
    with pytest.raises(Compiling):
        shifted(Native("shift", RULE._object_code, tmp_path), NUMBERS.astype(np.float32))


@pytest.mark.parametrize("change", ["cut", "later LLVM", "another system"])
def test_what_does_not_fit_is_compiled(shipped_rule: Path, tmp_path: Path, change: str) -> None:
    content = shipped_rule.read_bytes()
    head, _, bitcode = lzma.decompress(content).partition(b"\n")
    symbol = head.split()[1]
    if change == "cut":
        content = content[:-20]
    elif change == "later LLVM":
        content = lzma.compress(b"999 " + symbol + b"\n" + bitcode)
    else:
        module = binding.parse_bitcode(bitcode)
        module.triple = "riscv64-unknown-elf"
        content = lzma.compress(head + b"\n" + module.as_bitcode())
    shipped_rule.write_bytes(content)
    with pytest.raises(Compiling):
        shifted(Native("shift", RULE._object_code, tmp_path))
