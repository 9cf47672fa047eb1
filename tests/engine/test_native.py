"""Rules that Python calls by their address: compiled once, kept, and the same as numba's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
