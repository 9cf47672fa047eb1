"""How values are written in tables and sentences: as one types them."""

from __future__ import annotations

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
