"""Which library's optimiser suits the search: hypervolume for the same number of runs.

Every optimiser proposes the same number of policies of `conf/search/doha.yaml`, each tried in the
same few worlds with the same luck. What counts is the front that it reports, tried again in fresh
worlds: the hypervolume of share that holds and cost, both from 0 to 1, against (0, 25).

    PYTHONPATH=tests python -W ignore tests/bench/optimisers.py [CANDIDATES] [SEEDS]

Libraries that are not installed are left out: pymoo, optuna, platypus-opt.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from truce_sim.policy.levers import TODAY, Code
from truce_sim.policy.problem import Problem, load_problem
from truce_sim.policy.race import Race
from truce_sim.policy.trials import Laboratory
from truce_sim.policy.worlds import make_worlds


def doha(**changes: object) -> Problem:
    """The problem that is searched, by share and cost."""
    return load_problem("doha", objectives=["holds", "cost"], **changes)


PROBLEM = doha()
LEVELS = [len(lever.values) for lever in PROBLEM.levers]
DEAREST = 25.0
POPULATION = 48
WORLDS, LUCK = 16, 2

Points = NDArray[np.int64]
Values = NDArray[np.float64]
Evaluate = Callable[[Points], Values]


def policies(points: Points) -> list[dict[str, object]]:
    """Policies from (n, levers) numbers of values."""
    return [
        {lever.name: lever.values[int(i)] for lever, i in zip(PROBLEM.levers, row, strict=True)}
        for row in points
    ]


def evaluator(which: str, worlds: int, luck: int) -> Evaluate:
    """A function from policies to (n, 2): minus the share that holds, and cost; both fall."""
    room = Laboratory(PROBLEM, make_worlds(PROBLEM, which, worlds), luck)

    def evaluate(points: Points) -> Values:
        chosen = policies(points)
        held = room.tried(chosen)["held"].sum(axis=(1, 2)) / (worlds * luck)
        return np.column_stack([-held, [PROBLEM.cost(policy) for policy in chosen]])

    return evaluate


def pymoo(evaluate: Evaluate, candidates: int, seed: int) -> Points:
    """NSGA-II of pymoo, whole numbers by rounding."""
    from truce_sim.policy.proposals import make_optimiser

    engine, seen = make_optimiser(LEVELS, 2, POPULATION, seed), []
    for _ in range(candidates // POPULATION):
        asked = engine.ask()
        points = asked.get("X").astype(int)
        seen.append(points)
        asked.set("F", evaluate(points))
        engine.tell(infills=asked)
    return np.concatenate(seen)


def optuna(sampler: str) -> Callable[[Evaluate, int, int], Points]:
    """NSGA-II or TPE of Optuna."""

    def run(evaluate: Evaluate, candidates: int, seed: int) -> Points:
        import optuna as library

        library.logging.set_verbosity(library.logging.ERROR)
        made = {
            "NSGA-II": lambda: library.samplers.NSGAIISampler(
                population_size=POPULATION, seed=seed
            ),
            "TPE": lambda: library.samplers.TPESampler(seed=seed, multivariate=True),
        }[sampler]()
        study, seen = library.create_study(directions=["minimize"] * 2, sampler=made), []
        for _ in range(candidates // POPULATION):
            trials = [study.ask() for _ in range(POPULATION)]
            points = np.array(
                [[t.suggest_int(str(i), 0, n - 1) for i, n in enumerate(LEVELS)] for t in trials]
            )
            seen.append(points)
            for trial, value in zip(trials, evaluate(points), strict=True):
                study.tell(trial, list(value))
        return np.concatenate(seen)

    return run


def platypus(kind: str) -> Callable[[Evaluate, int, int], Points]:
    """NSGA-II or epsilon-NSGA-II of Platypus (which EMA Workbench drives)."""

    def run(evaluate: Evaluate, candidates: int, seed: int) -> Points:
        import random

        from platypus import NSGAII, EpsNSGAII, Integer, Problem

        random.seed(seed)
        problem, seen = Problem(len(LEVELS), 2), []
        problem.types[:] = [Integer(0, n - 1) for n in LEVELS]

        def one(values: list[int]) -> list[float]:
            seen.append(list(map(int, values)))  # the library changes its own in place
            return list(evaluate(np.array(seen[-1:]))[0])

        problem.function = one
        more = {"epsilons": [0.02, 0.25]} if kind == "eps" else {}
        engine = {"nsga2": NSGAII, "eps": EpsNSGAII}[kind]
        engine(problem, population_size=POPULATION, **more).run(candidates)
        return np.array(seen[:candidates])

    return run


def race(evaluate: Evaluate, candidates: int, seed: int) -> Points:
    """What `truce-sim search` does with as many runs."""
    return next(fronts_of_race(seed, [candidates * WORLDS * LUCK]))[1]


def fronts_of_race(seed: int, runs: Sequence[int]) -> Iterator[tuple[int, Points]]:
    """What `truce-sim search` reports after some numbers of runs: runs made, front."""
    problem = doha(seed=seed, sizes={"generations": 10**6})
    worlds = make_worlds(problem, "search", problem.rungs[-1])
    room = Laboratory(problem, worlds, problem.sizes["luck"])
    found: list[tuple[int, Points]] = []

    def tell(generation: int, seen: int) -> None:
        if room.runs >= runs[len(found)]:
            front = [code for code in made.front() if code != TODAY]
            found.append((room.runs, np.array(front)))
        if len(found) == len(runs):
            raise StopIteration

    def attempt(codes: Sequence[Code], among: Points) -> NDArray[np.void]:
        return room.tried([*map(problem.policy, codes)], among)

    made = Race(problem, attempt, len(worlds), tell)
    with suppress(StopIteration):
        made.run()
    yield from found


ENGINES: dict[str, Callable[[Evaluate, int, int], Points]] = {
    "pymoo NSGA-II": pymoo,
    "Optuna NSGA-II": optuna("NSGA-II"),
    "Optuna TPE": optuna("TPE"),
    "Platypus NSGA-II": platypus("nsga2"),
    "Platypus eps-NSGA-II": platypus("eps"),
    "the race": race,
}


def front(points: Points, values: Values) -> Points:
    """The points that no other is better than."""
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    return points[NonDominatedSorting().do(values, only_non_dominated_front=True)]


def hypervolume(values: Values) -> float:
    """Of minus the share and cost, each cut to 0 to 1."""
    from pymoo.indicators.hv import HV

    return float(HV(ref_point=np.array([0.0, 1.0]))(values / [1.0, DEAREST]))


def main(candidates: int = 960, seeds: int = 3) -> None:
    """Print a row for each optimiser."""
    fresh = evaluator("proof", 48, 4)
    print(f"{candidates} candidates x {WORLDS} worlds x {LUCK} runs; fronts proved in 48 x 4")
    for name, engine in ENGINES.items():
        found, took = [], []
        for seed in range(seeds):
            evaluate = evaluator("search", WORLDS, LUCK)
            begun = time.perf_counter()
            try:
                points = np.unique(engine(evaluate, candidates, seed), axis=0)
            except ImportError:
                print(f"{name}: not installed")
                break
            took.append(time.perf_counter() - begun)
            best = points if engine is race else front(points, evaluate(points))
            found.append(hypervolume(fresh(best)))
        else:
            spread = np.std(found, ddof=1) / len(found) ** 0.5 if len(found) > 1 else np.nan
            print(f"{name}: {np.mean(found):.4f} ± {spread:.4f} (se), {np.mean(took):.0f} s",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
