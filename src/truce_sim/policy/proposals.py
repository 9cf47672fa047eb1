"""Which policies to try next: at first spread evenly, then the front that the surfaces predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from truce_sim.policy.levers import Code

if TYPE_CHECKING:
    from pymoo.algorithms.moo.nsga2 import NSGA2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Generations and population of the optimiser on the surfaces, which costs no runs.
_GENERATIONS, _POPULATION = 40, 96
#: With at most this many policies, the surfaces are evaluated for each one.
_ALL = 4096


def spread(levels: Sequence[int], number: int, seed: int) -> list[Code]:
    """Return policies spread evenly over all possible ones (Sobol 1967, scrambled).

    Args:
        levels: how many values each lever has.
        number: how many; fewer are returned if some coincide.
        seed: of the scrambling.
    """
    sobol = qmc.Sobol(len(levels), rng=np.random.default_rng([seed, 1]))
    rows = np.minimum(sobol.random_base2(int(np.ceil(np.log2(number))))[:number] * levels,
                      np.array(levels) - 1)  # fmt: skip
    return list(dict.fromkeys(tuple(map(int, row)) for row in rows))


def propose(
    value: Callable[[Ints], Floats], levels: Sequence[int], known: Sequence[Code],
    seen: Callable[[Code], bool], number: int, seed: int,
) -> list[Code]:  # fmt: skip
    """Return policies not seen yet that are predicted to be best, over the whole front.

    Args:
        value: policies (n, levers) -> (n, objectives) to be minimised.
        levels: how many values each lever has.
        known: good ones to begin from.
        seen: whether one was tried.
        number: how many, at most.
        seed: of the optimiser's draws.
    """
    if math.prod(levels) <= _ALL:
        rows = np.indices(levels).reshape(len(levels), -1).T
        values = value(rows)
    else:
        rows, values = _evolve(value, levels, known, seed)
    new = [i for i, row in enumerate(rows) if not seen(tuple(map(int, row)))]
    if not new:
        return []
    best = np.argsort(by_merit(values[new]), kind="stable")[:number]
    return [tuple(map(int, rows[new[i]])) for i in best]


def _evolve(
    value: Callable[[Ints], Floats], levels: Sequence[int], known: Sequence[Code], seed: int
) -> tuple[Ints, Floats]:
    """Policies that NSGA-II visits, starting from good ones and random ones, with their values."""
    good = np.array(known[: _POPULATION // 2]).reshape(-1, len(levels))
    rng = np.random.default_rng([seed, 2])
    more = rng.integers(0, levels, (_POPULATION - len(good), len(levels)))
    engine = make_optimiser(levels, value(good[:1]).shape[1], _POPULATION, seed,
                            np.concatenate([good, more]))  # fmt: skip
    met: list[Ints] = []
    for _ in range(_GENERATIONS):
        asked = engine.ask()
        met.append(asked.get("X").astype(int))
        asked.set("F", value(met[-1]))
        engine.tell(infills=asked)
    rows = np.unique(np.concatenate(met), axis=0)
    return rows, value(rows)


def make_optimiser(
    levels: Sequence[int], objectives: int, population: int, seed: int, first: Any = None
) -> NSGA2:
    """Return NSGA-II on whole numbers from 0 up to `levels` - 1, to ask and to tell.

    Deb, Pratap, Agarwal and Meyarivan 2002, IEEE Transactions on Evolutionary Computation 6(2).

    Args:
        levels: how many values each lever has.
        objectives: how many there are.
        population: candidates of a generation.
        seed: of its draws.
        first: (population, levers) the first generation; None: at random.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem as Space
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling

    whole: dict[str, Any] = {"vtype": float, "repair": RoundingRepair()}
    engine = NSGA2(
        pop_size=population, sampling=IntegerRandomSampling() if first is None else first,
        eliminate_duplicates=True, crossover=SBX(prob=0.9, eta=3.0, **whole),
        mutation=PM(eta=3.0, **whole),
    )  # fmt: skip
    space = Space(
        n_var=len(levels), n_obj=objectives, xl=np.zeros(len(levels)),
        xu=np.array(levels) - 1, vtype=int,
    )  # fmt: skip
    engine.setup(space, termination=("n_gen", 10**9), seed=seed, verbose=False)
    return engine


def ranks(values: Floats) -> Ints:
    """Return the front that each row (n, objectives) belongs to, 0 the best."""
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    found = np.empty(len(values), int)
    for rank, members in enumerate(NonDominatedSorting().do(values)):
        found[members] = rank
    return found


def by_merit(values: Floats) -> Ints:
    """Return the place of each row, sorted by front and, within a front, by crowding: the least
    crowded first."""
    from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

    rank, crowding = ranks(values), np.zeros(len(values))
    for front in np.unique(rank):
        members = np.flatnonzero(rank == front)
        crowding[members] = calc_crowding_distance(values[members])
    place = np.empty(len(values), int)
    place[np.lexsort((-crowding, rank))] = np.arange(len(values))
    return place
