"""Worlds: the unknown settings, drawn from a prior or a posterior, or named scenarios.

Every policy meets the same worlds and, in each, the same draws (common random numbers). There are
three disjoint sets: worlds to search in, others to choose in, and others again to prove what was
chosen. A setting that is a lever is the policy's to choose, so its value in a draw is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.rules import valid_points
from truce_sim.errors import InputError
from truce_sim.inference.prior import load_prior
from truce_sim.policy.problem import Problem
from truce_sim.settings.fields import field_at
from truce_sim.sweeps.design.worlds import read_weighted, systematic

#: The sets of worlds, each with its own draws and seeds.
SETS = ("search", "choice", "proof")
#: Draws of a prior beyond those wanted, since some are incompatible with a policy.
_SPARE = 8


@dataclass(frozen=True)
class Worlds:
    """Worlds that policies are tried in.

    Attributes:
        draws: a row for each world, a column for each setting that is not known; no columns for
            scenarios.
        seeds: (worlds,) of the runs in each.
        scenarios: (worlds,) the name of each; empty for draws.
        dropped: share of draws that do not go with every policy.
    """

    draws: pd.DataFrame
    seeds: NDArray[np.int64]
    scenarios: tuple[str, ...] = ()
    dropped: float = 0.0

    def __len__(self) -> int:
        return len(self.seeds)


def make_worlds(problem: Problem, which: str, number: int) -> Worlds:
    """Return worlds of one of the sets.

    Args:
        problem: says where they come from.
        which: "search", "choice" or "proof".
        number: how many; scenarios come equally often, each at least once.

    Raises:
        InputError: a bad prior, posterior or scenario; too few draws go with every policy.
    """
    kind, source = problem.worlds
    place = SETS.index(which)
    rng = np.random.default_rng([problem.seed, place])
    seeds = rng.integers(0, 2**62, size=number, dtype=np.int64)
    if kind == "scenarios":
        for name in source:
            _refuse_what_cannot_be(problem, name)
        names = tuple(str(name) for name in source)
        number = max(number // len(names), 1) * len(names)
        more = rng.integers(0, 2**62, size=max(number - len(seeds), 0), dtype=np.int64)
        seeds = np.concatenate([seeds, more])[:number]
        return Worlds(pd.DataFrame(index=range(number)), seeds, names * (number // len(names)))
    if kind == "prior":
        draws, weight = _prior(problem, source, number, place), None
    else:
        draws, weight = _posterior(source)
    draws = draws.drop(columns=[path for path in draws if path in problem.chosen])
    fits = _goes_with_all(problem, draws)
    kept = draws[fits].reset_index(drop=True)
    if weight is not None:
        kept = _resampled(kept, weight[fits], number, rng)
    if len(kept) < number:
        raise InputError("too few of its draws go with every policy", setting=f"worlds.{kind}",
                         value=str(source), allowed="levers with narrower ranges")  # fmt: skip
    return Worlds(kept[:number], seeds, (), float(1 - fits.mean()))


def _prior(problem: Problem, name: str, number: int, place: int) -> pd.DataFrame:
    seed = problem.seed * len(SETS) + place
    return load_prior(name).for_base(problem.base).draw(_SPARE * number, seed)


def _posterior(name: str) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """The draws of a file, a column for each setting, and their weights."""
    table, weight = read_weighted(name, "worlds.posterior")
    for path in table.columns:
        if field_at(path) is None:
            raise InputError("no such setting", setting="worlds.posterior", value=path,
                             origin=name)  # fmt: skip
    return table, weight


def _resampled(
    draws: pd.DataFrame, weight: NDArray[np.float64], number: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw worlds by weight, by systematic resampling, in random order."""
    if not len(draws) or not weight.sum() > 0:
        return draws[:0]
    rows = systematic(weight, number, rng)
    return draws.iloc[rng.permutation(rows)].reset_index(drop=True)


def _goes_with_all(problem: Problem, draws: pd.DataFrame) -> NDArray[np.bool_]:
    """Which draws break no rule between settings at the ends of the levers' ranges.

    Tried are today's policy, each lever at either end with the rest as today, and all at either
    end.
    """
    fits = np.ones(len(draws), bool)
    columns = {str(path): draws[path].to_numpy() for path in draws}
    for policy in _corners(problem):
        ends = {path: np.full(len(draws), value) for path, value in policy.items()}
        fits &= valid_points(problem.base.config, problem.base.border, {**columns, **ends})
    return fits


def _refuse_what_cannot_be(problem: Problem, scenario: str) -> None:
    """Refuse a scenario in which a policy at an end of the levers' ranges breaks a rule."""
    setup = problem.scenario(scenario)
    for policy in _corners(problem):
        ends = {path: np.full(1, value) for path, value in policy.items()}
        if ends and not valid_points(setup.config, setup.border, ends).all():
            raise InputError(
                "does not go with every policy", setting=f"worlds.scenarios.{scenario}",
                value=", ".join(f"{path}={value:g}" for path, value in policy.items()),
                allowed="levers with narrower ranges",
            )  # fmt: skip


def _corners(problem: Problem) -> Iterator[Mapping[str, Any]]:
    ends: list[dict[str, Any]] = [{}, {}]
    yield {}
    for lever in problem.levers:
        for i, value in enumerate((lever.values[0], lever.values[-1])):
            if lever.settings:
                here = dict.fromkeys(lever.paths(problem.base), value)
                ends[i] |= here
                yield here
    yield from ends
