"""How values, lists, counts and times are written in tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Texts of flags and of empty lists and mappings, in levels of a factor, as one types them.
_TYPED = {"True": "true", "False": "false", "[]": "none", "{}": "none"}

#: Whole numbers up to this size are written with all their digits.
_ALL_DIGITS = 1e15


def written(value: Any) -> str:
    """Write a value as one types it: 3 and not 3.0, true and not True; nothing at all is `none`.

    Args:
        value: of a setting, an option of a config group, or a cell of a design, in which lists and
            mappings are JSON. Other numbers have six digits; infinity is `inf`.
    """
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = abs(value) < _ALL_DIGITS and value == int(value)
        return str(int(value)) if whole else f"{value:g}"
    return _TYPED.get(str(value), str(value))


def listed(words: Sequence[str]) -> str:
    """Write one or more words in a row: `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def count(n: int, noun: str) -> str:
    """Write how many there are: `1 point`, `2,000 points`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """Write seconds in a suitable unit."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
