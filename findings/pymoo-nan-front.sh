#!/bin/sh
# pymoo 0.6.2: where an objective is not a number for some designs (a run that failed, a mean of
# nothing), NSGA-II takes those designs for the best: nothing dominates them, and the front that it
# returns is one of them, alone. Neither a warning nor an error says so. With one objective (GA) the
# same designs lose, as one would expect.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pymoo==0.6.2 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys

import numpy as np
import pymoo
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.optimize import minimize


class Costs(Problem):
    """Two costs to be traded against one another; one part of the designs has none, if asked."""

    def __init__(self, objectives: int, failing: bool) -> None:
        super().__init__(n_var=2, n_obj=objectives, xl=0, xu=1)
        self.failing = failing

    def _evaluate(self, x, out, *args, **kwargs) -> None:
        costs = np.column_stack([x[:, 0], (1 + x[:, 1]) * (1 - np.sqrt(x[:, 0]))])
        if self.failing:
            costs[x[:, 1] > 0.8] = np.nan
        out["F"] = costs if self.n_obj == 2 else costs.sum(axis=1, keepdims=True)


print(f"pymoo {pymoo.__version__}: 60 generations of 40 designs, a fifth of the space without a value")
fronts = {}
for failing in (False, True):
    found = minimize(Costs(2, failing), NSGA2(pop_size=40), ("n_gen", 60), seed=1)
    fronts[failing] = np.atleast_2d(found.F)
    print(f"two objectives, failures {failing}: a front of {len(fronts[failing])}, of which "
          f"{np.isnan(fronts[failing]).any(axis=1).sum()} not a number")
single = minimize(Costs(1, True), GA(pop_size=40), ("n_gen", 60), seed=1)
print(f"one objective, failures True: {single.F}")
as_seen = (len(fronts[False]) == 40 and np.isnan(fronts[True]).all() and len(fronts[True]) == 1
           and np.isfinite(single.F).all())
sys.exit(not as_seen)
PY
