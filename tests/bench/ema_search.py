"""EMA Workbench's optimiser on `conf/search/doha.yaml`, by the same compiled engine.

    python ema_search.py RUNS WORLDS SEED

Each policy is tried in the same WORLDS, twice in each, always with the same luck. Printed: the
archive that it returns, as JSON. `bench_search.py` runs this where EMA Workbench is installed.
"""

from __future__ import annotations

import json
import sys
import tempfile

import numpy as np
from ema_workbench import (
    IntegerParameter,
    Model,
    RealParameter,
    Sample,
    ScalarOutcome,
    SequentialEvaluator,
)
from optimisers import LEVELS, LUCK, PROBLEM, doha, policies
from platypus import EpsNSGAII

from truce_sim.policy.trials import Laboratory
from truce_sim.policy.worlds import make_worlds


def main(runs: int, worlds: int, seed: int) -> None:
    """Optimise and print what was found."""
    room = Laboratory(PROBLEM, make_worlds(doha(seed=seed), "search", worlds), LUCK)
    names = [f"lever_{i}" for i in range(len(LEVELS))]

    def truce(luck: float = 0.0, **levers: int) -> dict[str, float]:
        (policy,) = policies(np.array([[levers[name] for name in names]]))
        held = room.tried([policy])["held"].sum() / (worlds * LUCK)
        return {"holds": float(held), "cost": float(PROBLEM.cost(policy))}

    model = Model("truce", function=truce)
    model.levers = [IntegerParameter(name, 0, n - 1) for name, n in zip(names, LEVELS, strict=True)]
    model.uncertainties = [RealParameter("luck", 0, 1)]  # version 3.0 needs one
    model.outcomes = [ScalarOutcome("holds", kind=ScalarOutcome.MAXIMIZE),
                      ScalarOutcome("cost", kind=ScalarOutcome.MINIMIZE)]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, SequentialEvaluator(model) as evaluator:
        found, _ = evaluator.optimize(
            algorithm=EpsNSGAII, nfe=runs // (worlds * LUCK), epsilons=[0.01, 0.25],
            population_size=100, rng=seed, reference=Sample("these worlds", luck=0.0),
            filename="found.tar.gz", directory=folder,  # version 3.0 needs both
        )  # fmt: skip
    print(json.dumps({"front": found[names].astype(int).to_numpy().tolist(), "runs": room.runs,
                      "said": found[["holds", "cost"]].to_numpy().tolist()}))  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
