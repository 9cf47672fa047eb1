#!/bin/sh
# EMA Workbench 3.0.0: robust_optimize() gives every policy of a generation the same score. The
# robustness function is passed the outcomes of all policies in all scenarios in place of those of the
# policy that is judged, so no policy is better than another and the search is led by chance. Here
# the function is given 200 values where there are 10 scenarios, and the score that is reported for
# the best policy is far from that policy's own mean. optimize(), in one scenario, is right.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ema_workbench==3.0.0 \
    platypus-opt==1.4.1 pandas==2.3.3 numpy==2.5.5 scipy==1.18.1
cd "$work"
mkdir found
"$work/venv/bin/python" -W ignore - 2>/dev/null <<'PY'
import sys

import ema_workbench
import numpy as np
from ema_workbench import Model, RealParameter, Sample, ScalarOutcome, SequentialEvaluator

received = set()


def loss(effort=0.5, demand=0.5):
    """Least at an effort of 0.3, whatever the demand."""
    return {"loss": (effort - 0.3) ** 2 + 0.01 * demand}


def mean(losses):
    received.add(len(losses))
    return float(np.mean(losses))


model = Model("truce", function=loss)
model.levers = [RealParameter("effort", 0, 1)]
model.uncertainties = [RealParameter("demand", 0, 1)]
model.outcomes = [ScalarOutcome("loss", kind=ScalarOutcome.MINIMIZE)]
robust = ScalarOutcome("mean loss", kind=ScalarOutcome.MINIMIZE, variable_name="loss", function=mean)
search = {"nfe": 500, "population_size": 20, "epsilons": [0.001], "rng": 1, "directory": "found"}

with SequentialEvaluator(model) as evaluator:
    best, _ = evaluator.robust_optimize([robust], scenarios=10, filename="robust.tar.gz", **search)
    plain, _ = evaluator.optimize(
        searchover="levers", reference=Sample("middle", demand=0.5), filename="plain.tar.gz", **search
    )
own = (best["effort"][0] - 0.3) ** 2 + 0.01 * 0.5
print(f"ema_workbench {ema_workbench.__version__}: 20 policies a generation, 10 scenarios each")
print(f"values given to the robustness function: {sorted(received)}")
print(f"robust_optimize(): effort {best['effort'][0]:.3f}, said to lose {best['mean loss'][0]:.4f}; "
      f"its own mean is {own:.4f}")
print(f"optimize(): effort {plain['effort'][0]:.3f}, loss {plain['loss'][0]:.4f}")
as_seen = (
    10 not in received
    and min(received) >= 100
    and best["mean loss"][0] - own > 0.004
    and abs(plain["effort"][0] - 0.3) < 0.01
)
sys.exit(not as_seen)
PY
