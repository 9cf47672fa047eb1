"""The design of a sweep: a table of points, and the configurations they start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.settings.fields import is_choice
from truce_sim.settings.written import written

if TYPE_CHECKING:
    from truce_sim.sweeps.design.composer import Base


def word_types(design: pd.DataFrame, names: Iterable[str]) -> dict[str, pd.CategoricalDtype]:
    """Return the type of each of these columns that holds words: its levels, in order.

    Args:
        design: a row for each point.
        names: of its columns.
    """
    return {
        name: pd.CategoricalDtype(list(dict.fromkeys(design[name])), ordered=True)
        for name in names
        if not pd.api.types.is_numeric_dtype(design[name])
    }


#: Maximum number of levels that `describe` lists.
_MAX_LISTED = 8


@dataclass(frozen=True, eq=False)
class Design:
    """The points of a sweep.

    Attributes:
        kind: grid, zip, lhs, sobol, halton, morris, saltelli, table or posterior.
        factors: swept settings and config groups, in order.
        values: one row per point (index "point", from 0), one typed column per factor; lists and
            mappings as JSON text.
        bases: full configurations, not resolved, one per distinct choice of config groups.
        base: (points,) index of the base that each point starts from.
        rows: (points,) trajectory (morris), base row (saltelli) or draw (posterior) of each point;
            the points of a row share a seed. None for other kinds.
        left_out: reason ("constraint", "duplicate") -> number of points left out.
        extendable: whether a longer design of the same kind and seed begins with this one.
        compose: composes the current meaning of options of the swept config groups, given group ->
        option.
        own_files: the user's own configuration files: `group/option.yaml` -> file.
    """

    kind: str
    factors: tuple[str, ...]
    values: pd.DataFrame
    bases: tuple[dict[str, Any], ...]
    base: NDArray[np.int64]
    rows: NDArray[np.int64] | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    extendable: bool = True
    compose: Callable[[Mapping[str, object]], Base] | None = None
    own_files: Mapping[str, Path] = field(default_factory=dict)

    def composed(self, choice: Sequence[str]) -> Base:
        """Compose the current meaning of options.

        Args:
            choice: an option of each swept config group, in the order of the factors.

        Raises:
            InputError: an option does not exist, or cannot be composed.
        """
        assert self.compose is not None
        groups = [name for name in self.factors if is_choice(name)]
        return self.compose(dict(zip(groups, choice, strict=True)))


def describe(design: Design, first: int = 5) -> dict[str, Any]:
    """Describe a design as plain values.

    Args:
        design: the design.
        first: number of points to include.

    Returns:
        kind, points, bases, factors (name -> range or levels in words), left_out, extendable, and
        first_points.
    """
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
    levels = list(column.drop_duplicates().iloc[: _MAX_LISTED + 1])
    if len(levels) <= _MAX_LISTED:
        return ", ".join(map(written, levels))
    if column.dtype.kind in "iuf":
        return f"{column.min():g} … {column.max():g}"
    return ", ".join(map(written, levels[:_MAX_LISTED])) + f", … ({column.nunique()} in all)"
