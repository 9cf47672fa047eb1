"""Which points a sweep has: from overrides in Hydra's syntax to a table of values and the
configurations that they start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Levels that `describe` writes out.
_FEW = 8


@dataclass(frozen=True, eq=False)
class Design:
    """The points of a sweep.

    kind: grid, zip, lhs, sobol, halton, morris, saltelli or table.
    factors: swept settings and config groups, in order.
    values: a row a point (index "point", from 0), a typed column a factor; lists and mappings as
    JSON text.
    bases: full configurations, not resolved, one for each distinct choice of config groups.
    base: (points,) which of them each point starts from.
    rows: (points,) trajectory (morris) or base row (saltelli), whose points share one seed of their
    own; else None.
    left_out: why points that were asked for are not there ("constraint", "duplicate") -> how many.
    extendable: whether a longer design of the same kind and seed begins with this one.
    """

    kind: str
    factors: tuple[str, ...]
    values: pd.DataFrame
    bases: tuple[dict[str, Any], ...]
    base: NDArray[np.int64]
    rows: NDArray[np.int64] | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    extendable: bool = True


def describe(design: Design, first: int = 5) -> dict[str, Any]:
    """What a design is, as plain values: kind, points, bases, factors (each with its range or
    levels in words), left_out, extendable, and its first points."""
    head = design.values.head(first).to_dict("records")
    return {
        "kind": design.kind,
        "points": len(design.values),
        "bases": len(design.bases),
        "factors": {name: _describe_levels(design.values[name]) for name in design.factors},
        "left_out": dict(design.left_out),
        "extendable": design.extendable,
        "first_points": [{str(k): v for k, v in row.items()} for row in head],
    }


def _describe_levels(column: pd.Series) -> str:
    levels = list(column.drop_duplicates().iloc[: _FEW + 1])
    if len(levels) <= _FEW:
        return ", ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in levels)
    if column.dtype.kind in "iuf":
        return f"{column.min():g} … {column.max():g}"
    return ", ".join(map(str, levels[:_FEW])) + f", … ({column.nunique()} in all)"
