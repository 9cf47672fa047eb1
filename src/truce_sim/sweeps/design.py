"""Which points a sweep has: from overrides in Hydra's syntax to a table of values and the
configurations that they start from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.override_parser.types import Override
from numpy.typing import NDArray

from truce_sim.config import as_tokens, validate
from truce_sim.errors import InputError
from truce_sim.schema import Config

from .composer import Base, Composer
from .factors import MAX_POINTS, Factor, Interval, factor_of, param_token, sweep_tokens
from .points import config_of, is_choice, specs_of

__all__ = ["Composer", "Design", "config_of", "make_design", "specs_of", "sweep_tokens"]


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
    left_out: why points that were asked for are not there -> how many.
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


def make_design(
    composer: Composer, params: Mapping[str, Any], arguments: Sequence[str]
) -> tuple[Design, Config]:
    """The design, and the configuration of the sweep itself.

    params: factor -> values from the sweeper's settings; arguments: overrides of the command line,
    which replace params of the same setting. Raises InputError for what cannot be used.
    """
    fixed, factors = _read(composer, params, arguments)
    shared = validate(composer.compose(fixed).typed)
    values = _grid(factors)
    bases, base = _bases(composer, fixed, factors, values)
    plain = tuple(found.plain() for found in bases)
    return Design("grid", tuple(f.name for f in factors), values, plain, base), shared


def _read(
    composer: Composer, params: Mapping[str, Any], arguments: Sequence[str]
) -> tuple[list[str], list[Factor]]:
    """What is the same for all points, and what is swept."""
    lines = [param_token(key, value) for key, value in params.items()]
    latest: dict[str, Override] = {}
    for override in composer.parse([*lines, *arguments]):
        latest[override.get_key_element().lstrip("+~")] = override
    fixed = [o.input_line or "" for o in latest.values() if not o.is_sweep_override()]
    return fixed, [factor_of(o) for o in latest.values() if o.is_sweep_override()]


def _grid(factors: Sequence[Factor]) -> pd.DataFrame:
    """Every combination of the levels, the last factor's changing fastest."""
    for factor in factors:
        if isinstance(factor.domain, Interval):
            raise InputError(
                setting=factor.name, value=str(factor.domain), problem="a grid needs separate values",
                allowed="a list (1,2,3), range(start,stop,step) or choice(...)",
            )  # fmt: skip
    size = math.prod(len(factor.levels) for factor in factors)
    if size > MAX_POINTS:
        raise InputError(
            setting="sweep", value=size, problem="the design has too many points",
            allowed=f"at most {MAX_POINTS:,}",
        )  # fmt: skip
    columns, after = {}, size
    for factor in factors:
        after //= len(factor.levels)
        index = np.arange(size) // after % len(factor.levels)
        columns[factor.name] = pd.Series(list(factor.levels)).take(index).to_numpy()
    return pd.DataFrame(columns, index=pd.RangeIndex(size, name="point"))


def _bases(
    composer: Composer, fixed: Sequence[str], factors: Sequence[Factor], values: pd.DataFrame
) -> tuple[list[Base], NDArray[np.int64]]:
    """A base for each distinct choice of config groups, and which one each point has.

    The first point of each is tried as Hydra would compose it: it refuses unknown settings.
    """
    chosen = [factor for factor in factors if is_choice(factor.name)]
    others = [factor for factor in factors if not is_choice(factor.name)]
    if chosen:
        number = values.groupby([f.name for f in chosen], sort=False, dropna=False).ngroup()
        base: NDArray[np.int64] = number.to_numpy(np.int64)
    else:
        base = np.zeros(len(values), np.int64)
    bases = []
    for first in np.unique(base, return_index=True)[1]:
        point = values.iloc[[first]]
        tokens = [as_tokens({f.key: point[f.name].iloc[0]})[0] for f in chosen]
        found = composer.compose([*fixed, *tokens])
        found.check_values({f.key: f.levels[0] for f in others})
        bases.append(found)
    return bases, base
