"""Make the points of a sweep from overrides in Hydra's syntax."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.override_parser.types import Override
from numpy.typing import NDArray

from truce_sim.config.load import validate
from truce_sim.config.tokens import as_tokens, mediator_of
from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import is_choice
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.cells import decode
from truce_sim.sweeps.design.composer import Base, Composer
from truce_sim.sweeps.design.configs import mediators_at
from truce_sim.sweeps.design.constraint import evaluate_constraint, make_lookup
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.design.effects import check_effects
from truce_sim.sweeps.design.factors import (
    Factor,
    Interval,
    as_column,
    first_bad,
    param_token,
    parse_factor,
)
from truce_sim.sweeps.design.sampling import ROWS, SAMPLES, arrange, crossed, row_numbers
from truce_sim.sweeps.design.tables import FRAME, read_design
from truce_sim.sweeps.design.worlds import OWN_SEEDS, POSTERIOR, read_draws

KINDS = ("grid", "zip", *SAMPLES, *ROWS, "table", POSTERIOR)


@dataclass(frozen=True)
class DesignSettings:
    """The settings under `hydra.sweeper` that choose a design.

    Attributes:
        design: its kind.
        points: number of samples (lhs, sobol, halton), trajectories (morris) or base rows
            (saltelli); draws to use (posterior; 0: all).
        where: constraint between parameters.
        table: a design table or the draws of a posterior, as a path or in memory.
    """

    design: str = "grid"
    points: int = 0
    where: str = ""
    table: str | pd.DataFrame = ""

    @property
    def over_worlds(self) -> bool:
        """Whether every policy meets every draw of a table."""
        return self.design == POSTERIOR

    @property
    def table_name(self) -> str:
        """The table's name in messages; "" if there is none."""
        return self.table if isinstance(self.table, str) else FRAME

    def check(self) -> None:
        """Raise InputError unless the settings are valid and consistent."""
        if self.design not in KINDS:
            hint = closest(str(self.design), KINDS)
            raise _bad("design", self.design, "no such design", ", ".join(KINDS), hint)
        sampled = self.design in (*SAMPLES, *ROWS)
        points: Any = self.points  # from a command line
        if not isinstance(points, int) or isinstance(points, bool) or points < 0:
            raise _bad("points", self.points, "is not a number of points", "a whole number from 1")
        if sampled != bool(self.points) and not self.over_worlds:
            problem = f"a {self.design} design {'needs this' if sampled else 'does not use this'}"
            allowed = "a whole number from 1" if sampled else "0, or a design that samples"
            raise _bad("points", self.points, problem, allowed)
        if not isinstance(self.where, str):
            raise _bad("where", self.where, "is not text", "text in quotes")
        if not isinstance(self.table, str | pd.DataFrame):
            raise _bad("table", self.table, "is not a path", "path of a CSV or Parquet file")
        if (self.design in ("table", POSTERIOR)) != (self.table_name != ""):
            problem = "hydra.sweeper.design=table needs a table, and other designs do not use one"
            raise _bad(
                "table", self.table_name, problem, "path of a CSV or Parquet file, with =table"
            )
        if self.where and self.design in OWN_SEEDS:
            problem = f"a {self.design} design cannot be constrained: every factor varies freely"
            raise _bad("where", self.where, problem, "no constraint; or use sobol, lhs or halton")


def _bad(name: str, value: object, problem: str, allowed: str, hint: str = "") -> InputError:
    return InputError(
        problem, setting=f"hydra.sweeper.{name}", value=value, allowed=allowed, suggestion=hint
    )


def make_design(
    composer: Composer,
    params: Mapping[str, Any],
    arguments: Sequence[str],
    settings: DesignSettings = DesignSettings(),
) -> tuple[Design, Config]:
    """Make a design.

    Args:
        composer: Hydra's loader.
        params: factor -> values, from the sweeper's settings.
        arguments: overrides from the command line, which replace params of the same setting.
        settings: the kind of design and its size.

    Returns:
        The design, and the configuration of the sweep itself.

    Raises:
        InputError: for a setting, value or combination that cannot be used, or a factor that has
            no effect at any point.
    """
    settings.check()
    fixed, factors = _read(composer, params, arguments)
    shared = validate(composer.compose(fixed).typed)
    values = _values(composer, fixed, factors, settings, shared.seed)
    names = values.columns.to_list()
    drawn = set(names) - {factor.name for factor in factors} if settings.over_worlds else set()
    _check_seeds(settings.design, names, shared)
    keys = {name: name for name in names} | {factor.name: factor.key for factor in factors}

    def compose(choices: Mapping[str, object]) -> Base:
        tokens = [as_tokens({keys[name]: option})[0] for name, option in choices.items()]
        return composer.compose([*fixed, *tokens])

    bases, base = _bases(compose, keys, values, drawn)
    kept, left_out = _select_points(values, bases, base, settings)
    check_effects(
        composer, fixed, arguments, values[kept].reset_index(drop=True), bases, base[kept], drawn
    )
    used, base = np.unique(base[kept], return_inverse=True)
    return Design(
        settings.design,
        tuple(names),
        values[kept].set_axis(pd.RangeIndex(int(kept.sum()), name="point")),
        tuple(bases[i].plain for i in used),
        base.astype(np.int64),
        _row_numbers(settings, values, factors),
        left_out,
        settings.design != "lhs",
        compose,
        composer.own_files,
    ), shared


def _row_numbers(
    settings: DesignSettings, values: pd.DataFrame, factors: Sequence[Factor]
) -> NDArray[np.int64] | None:
    """The row of each point, if rows have their own seeds; in a posterior, the draw."""
    if settings.over_worlds:
        return np.arange(len(values)) // math.prod(len(factor.levels) for factor in factors)
    return row_numbers(settings.design, values.shape[1], settings.points)


def _read(
    composer: Composer, params: Mapping[str, Any], arguments: Sequence[str]
) -> tuple[list[str], list[Factor]]:
    """Separate the overrides shared by all points from the factors."""
    lines = [param_token(key, value) for key, value in params.items()]
    latest: dict[str, Override] = {}
    for override in composer.parse([*lines, *arguments]):
        latest[override.get_key_element().lstrip("+~")] = override
    fixed = [o.input_line or "" for o in latest.values() if not o.is_sweep_override()]
    return fixed, [parse_factor(o) for o in latest.values() if o.is_sweep_override()]


def _values(
    composer: Composer,
    fixed: Sequence[str],
    factors: Sequence[Factor],
    settings: DesignSettings,
    seed: int,
) -> pd.DataFrame:
    """Return the requested points, with each value checked on its own."""
    if settings.design == "table":
        values = read_design(settings.table, composer.options)
        given = {o.get_key_element().lstrip("+~") for o in composer.parse(fixed)}
        twice = sorted(given & set(values)) or [factor.name for factor in factors]
        if twice:
            problem = f"both the table and the overrides give values of {', '.join(twice)}"
            raise _bad("table", settings.table_name, problem, "each setting in only one place")
        return values
    draws = None
    if settings.over_worlds:
        draws = read_draws(settings.table, settings.points, composer.options)
        given = {o.get_key_element().lstrip("+~") for o in composer.parse(fixed)}
        given |= {factor.name for factor in factors}
        twice = sorted(given & set(draws))
        if twice:
            problem = f"both the posterior and the overrides give values of {', '.join(twice)}"
            raise _bad("table", settings.table_name, problem, "each setting in only one place")
    for factor in factors:
        domain = factor.domain
        ends = (domain.low, domain.high) if isinstance(domain, Interval) else domain
        bad = first_bad(factor.name, as_column(factor.name, ends))
        if bad:
            raise bad[1]
    if draws is not None:
        return crossed(draws, arrange("grid", factors, 0, seed))
    return arrange(settings.design, factors, settings.points, seed)


def _check_seeds(kind: str, factors: Sequence[str], shared: Config) -> None:
    """Raise InputError if the seeds conflict with a design that sets its own."""
    if kind not in OWN_SEEDS:
        return
    what = f"a {kind} design gives each base row, trajectory or draw its own seed"
    if "seed" in factors:
        raise InputError(what, setting="seed", allowed="one seed for the whole sweep")
    if not shared.sweep.common_random_numbers:
        raise InputError(
            what, setting="sweep.common_random_numbers", value=False, allowed="true, the default"
        )


def _bases(
    compose: Callable[[Mapping[str, object]], Base],
    keys: Mapping[str, str],
    values: pd.DataFrame,
    drawn: Collection[str],
) -> tuple[list[Base], NDArray[np.int64]]:
    """Return one base per distinct choice of config groups, and the index of each point's base.

    The first point of each base is checked as Hydra would compose it, which refuses unknown
    settings, except settings of a mediator that it lacks, if another base has it or they were
    drawn. keys: factor -> its name as written in overrides.
    """
    chosen = [name for name in keys if is_choice(name)]
    base = np.zeros(len(values), np.int64)
    if chosen:
        numbers = values.groupby(chosen, sort=False, dropna=False).ngroup()
        base = np.asarray(numbers, np.int64)
    firsts = [{name: values[name].iloc[first] for name in keys}
              for first in np.unique(base, return_index=True)[1]]  # fmt: skip
    bases = [compose({name: cells[name] for name in chosen}) for cells in firsts]
    there = [mediators_at(made.plain, cells) for made, cells in zip(bases, firsts, strict=True)]
    spared = {name for name in keys if mediator_of(name)
              and (name in drawn or any(mediator_of(name) in some for some in there))}  # fmt: skip
    for made, cells, here in zip(bases, firsts, there, strict=True):
        idle = {name for name in spared if mediator_of(name) not in here}
        made.check_values({keys[n]: decode(n, cell) for n, cell in cells.items()
                           if not is_choice(n) and n not in idle})  # fmt: skip
    return bases, base


def _select_points(
    values: pd.DataFrame, bases: Sequence[Base], base: NDArray[np.int64], settings: DesignSettings
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which points to keep, and how many are left out, by reason.

    Where rows have their own seeds, duplicates are kept: each has its own draws.
    """
    kept, left_out = np.ones(len(values), bool), {}
    if settings.design not in OWN_SEEDS and not values.columns.empty:
        kept = ~values.duplicated().to_numpy()
        left_out["duplicate"] = int(len(values) - kept.sum())
    if settings.where:
        good = evaluate_constraint(settings.where, make_lookup(values, bases, base), len(values))
        left_out["constraint"] = int((kept & ~good).sum())
        kept = kept & good
    if not kept.any():
        raise _bad(
            "where", settings.where, "no point of the design meets this", "a weaker constraint"
        )
    return kept, {reason: count for reason, count in left_out.items() if count}
