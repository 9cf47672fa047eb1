"""Convert values to cells of a design table and back."""

from __future__ import annotations

import json
from typing import Any

from truce_sim.settings.fields import field_at, is_choice

_SCALARS = ("float", "int", "bool", "str")


def encode(name: str, value: object) -> object:
    """Convert a value to a cell: numbers, flags and words as they are, anything else as JSON."""
    if is_choice(name):
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    info = field_at(name)
    scalar = info is not None and info.type in _SCALARS
    return value if scalar and not isinstance(value, list | dict) else json.dumps(value)


def decode(name: str, cell: object) -> Any:
    """Convert a cell back to its value; the inverse of `encode`."""
    info = field_at(name)
    if info is not None and info.type in _SCALARS:
        return cell.item() if hasattr(cell, "item") else cell
    return json.loads(str(cell))
