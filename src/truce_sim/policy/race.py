"""The search: an optimiser proposes policies, a race decides how many worlds each is tried in.

Every candidate is tried in a few worlds. In each generation, the best of what has been seen go on
to more worlds, and the best of those to all: few worlds for many candidates, many for the few left.
So no candidate stays ahead by the luck of a few runs. What a candidate would come to in all worlds
is estimated by its difference from today's policy in those that it has seen (common random
numbers).

A search is a function of the problem and its seed. What is tried is written down as it is tried;
begun again, a search goes the same way, and reads what is written instead of running it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.policy.measures import best_of, deaths, holds, regret
from truce_sim.policy.problem import OBJECTIVES, Problem
from truce_sim.policy.trials import TRIAL, joined

if TYPE_CHECKING:
    from pymoo.algorithms.moo.nsga2 import NSGA2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A policy as the numbers of its levers' values; () is today's.
Code = tuple[int, ...]
TODAY: Code = ()

#: Tries policies in worlds: (codes, worlds) -> TRIAL (codes, worlds).
Try = Callable[[Sequence[Code], range], NDArray[np.void]]


def make_optimiser(levels: Sequence[int], objectives: int, population: int, seed: int) -> NSGA2:
    """Return NSGA-II on whole numbers from 0 up to `levels` - 1, to ask and to tell.

    Deb, Pratap, Agarwal and Meyarivan 2002, IEEE Transactions on Evolutionary Computation 6(2).

    Args:
        levels: how many values each lever has.
        objectives: how many there are.
        population: candidates of a generation.
        seed: of its draws.

    Raises:
        InputError: pymoo is not installed.
    """
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
    except ImportError:
        raise InputError("needs pymoo", setting="search",
                         allowed="pip install 'truce-sim[search]'") from None  # fmt: skip
    from pymoo.core.problem import Problem as Space
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling

    whole: dict[str, Any] = {"vtype": float, "repair": RoundingRepair()}
    engine = NSGA2(
        pop_size=population, sampling=IntegerRandomSampling(), eliminate_duplicates=True,
        crossover=SBX(prob=0.9, eta=3.0, **whole), mutation=PM(eta=3.0, **whole),
    )  # fmt: skip
    space = Space(
        n_var=len(levels), n_obj=objectives, xl=np.zeros(len(levels)),
        xu=np.array(levels) - 1, vtype=int,
    )  # fmt: skip
    engine.setup(space, termination=("n_gen", 10**9), seed=seed, verbose=False)
    return engine


@dataclass
class Race:
    """A search under way.

    Attributes:
        problem: what is searched.
        attempt: tries policies in worlds.
        tell: called after each generation with its number and how many candidates were seen.
        seen: candidate -> TRIAL (worlds tried so far,).
        worlds: how many there are; 0: as many as the last rung says.
    """

    problem: Problem
    attempt: Try
    tell: Callable[[int, int], None] = lambda done, seen: None
    seen: dict[Code, NDArray[np.void]] = field(default_factory=dict)
    worlds: int = 0

    @property
    def rungs(self) -> list[int]:
        """Numbers of worlds that candidates are tried in."""
        most = self.worlds or self.problem.rungs[-1]
        return sorted({min(rung, most) for rung in (*self.problem.rungs[:-1], most)})

    def run(self) -> list[Code]:
        """Search, and return the candidates of the front, which were tried in all worlds."""
        sizes, rungs = self.problem.sizes, self.rungs
        levels = [len(lever.values) for lever in self.problem.levers]
        engine = make_optimiser(
            levels, len(self.problem.objectives), sizes["population"], self.problem.seed
        )
        self._extend([TODAY], rungs[-1])
        for generation in range(sizes["generations"]):
            asked = engine.ask()
            if asked is None or not len(asked):  # every policy has been seen
                break
            codes = [tuple(map(int, row)) for row in asked.get("X")]
            self._extend(codes, rungs[0])
            self._promote()
            told = [*codes, *self._codes(engine.pop)]
            values, found = dict(zip(told, self.values(told), strict=True)), [asked]
            found += [] if engine.pop is None else [engine.pop]
            for members in found:
                members.set("F", np.array([values[code] for code in self._codes(members)]))
            engine.tell(infills=asked)
            self.tell(generation + 1, len(self.seen))
        while self._promote():
            pass
        return self.front()

    def front(self) -> list[Code]:
        """Return those tried in all worlds that no other such one is better than."""
        full = [code for code in self.seen if self._rung(code) == self.rungs[-1]]
        best = _ranks(self.values(full)) == 0
        return [code for code, good in zip(full, best, strict=True) if good]

    def values(self, codes: Sequence[Code]) -> Floats:
        """Return (codes, objectives) to be made small; a limit that is broken makes all worse."""
        natural = self.natural(codes)
        out = np.empty((len(codes), len(self.problem.objectives)))
        for j, name in enumerate(self.problem.objectives):
            out[:, j] = -natural[name] if OBJECTIVES[name][2] else natural[name]
        broken = np.zeros(len(codes))
        for name, limit in self.problem.limits.items():
            over = limit - natural[name] if OBJECTIVES[name][2] else natural[name] - limit
            broken += np.maximum(over, 0.0) / max(abs(limit), 1e-9)
        return out + 1e3 * (broken[:, None] + (broken > 0)[:, None])

    def natural(self, codes: Sequence[Code]) -> dict[str, Floats]:
        """Return what candidates would come to in all worlds, by name of the objective."""
        luck, today = self.problem.sizes["luck"], self.seen[TODAY]
        costs = [self.problem.cost(self.policy(code)) for code in codes]
        needed = {*self.problem.objectives, *self.problem.limits}
        best = self._best() if "regret" in needed else None
        rows = []
        for code in codes:
            here = self.seen[code][None]
            like = today[None, : here.shape[1]]
            row = [figure(here) + figure(today[None]) - figure(like)
                   for figure in (lambda t: holds(t, luck), deaths)]  # fmt: skip
            short = 0.0 if best is None else regret(here, best[..., : here.shape[1]], luck)[0]
            rows.append([row[0][0], row[1][0], short])
        found = np.array(rows).reshape(len(codes), 3)
        return {"holds": found[:, 0], "deaths": found[:, 1], "cost": np.array(costs),
                "regret": found[:, 2]}  # fmt: skip

    def policy(self, code: Code) -> dict[str, Any]:
        """Return the policy that a code stands for."""
        if code == TODAY:
            return self.problem.today
        levers = self.problem.levers
        return {lever.name: lever.values[i] for lever, i in zip(levers, code, strict=True)}

    def _best(self) -> Floats:
        """(2, 2, worlds): the best that anything seen achieves in each world."""
        every = np.zeros((len(self.seen), len(self.seen[TODAY])), TRIAL)
        for row, trials in zip(every, self.seen.values(), strict=True):
            row[: len(trials)] = trials
        return best_of(every, self.problem.sizes["luck"])

    def _codes(self, members: Any) -> list[Code]:
        return [] if members is None else [tuple(map(int, row)) for row in members.get("X")]

    def _rung(self, code: Code) -> int:
        return len(self.seen.get(code, ()))

    def _promote(self) -> bool:
        """Try the best in more worlds; return whether any had not been."""
        any_new, quota = False, self.problem.sizes["population"]
        for rung in self.rungs[1:]:
            codes = list(self.seen)
            order = np.argsort(_order(self.values(codes)), kind="stable")[:quota]
            behind = [codes[i] for i in order if self._rung(codes[i]) < rung]
            self._extend(behind, rung)
            any_new |= bool(behind)
            quota = max(quota // 2, 1)
        return any_new

    def _extend(self, codes: Sequence[Code], worlds: int) -> None:
        """Try candidates in worlds that they have not been tried in, up to a number."""
        by_start: dict[int, list[Code]] = {}
        for code in dict.fromkeys(codes):
            if self._rung(code) < worlds:
                by_start.setdefault(self._rung(code), []).append(code)
        for start, some in sorted(by_start.items()):
            found = self.attempt(some, range(start, worlds))
            for code, trials in zip(some, found, strict=True):
                before = self.seen.get(code)
                self.seen[code] = trials if before is None else joined(before, trials)


def _ranks(values: Floats) -> Ints:
    """The front that each row (n, objectives) belongs to, 0 the best."""
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    ranks = np.empty(len(values), int)
    for rank, members in enumerate(NonDominatedSorting().do(values)):
        ranks[members] = rank
    return ranks


def _order(values: Floats) -> Ints:
    """The place of each row when sorted by front and, within a front, by crowding, lonely first."""
    from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

    ranks, crowding = _ranks(values), np.zeros(len(values))
    for rank in np.unique(ranks):
        members = np.flatnonzero(ranks == rank)
        crowding[members] = calc_crowding_distance(values[members])
    place = np.empty(len(values), int)
    place[np.lexsort((-crowding, ranks))] = np.arange(len(values))
    return place
