#!/bin/sh
# SALib 1.6.0: one run of 3,072 without a value (NaN), and sobol.analyze() says that no input has any
# influence: every index is 0 with a confidence interval of 0, without a warning or an error. An
# honest analysis of the same model says 0.9 and 0.1. morris.analyze() and pawn.analyze() give NaN or
# masked values for it.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check SALib==1.6.0 numpy==2.5.5 \
    scipy==1.18.1 pandas==2.3.3
cd "$work"
"$work/venv/bin/python" -W error - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from SALib.analyze import morris, sobol
from SALib.sample import morris as trajectories
from SALib.sample import sobol as design

problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1], [0, 1]]}
inputs = design.sample(problem, 512, seed=1)
outputs = 3 * inputs[:, 0] + inputs[:, 1]
complete = sobol.analyze(problem, outputs, seed=1)
outputs[7] = np.nan
lacking = sobol.analyze(problem, outputs, seed=1)
print(f"SALib {version('SALib')}, sobol.analyze() of 3a + b, {len(outputs)} runs")
for name, found in (("complete", complete), ("one NaN", lacking)):
    print(f"{name}: S1 {found['S1']} +- {found['S1_conf']}, ST {found['ST']} +- {found['ST_conf']}")

steps = trajectories.sample(problem, 10, seed=1)
effects = steps[:, 0].copy()
effects[3] = np.nan
sigma = morris.analyze(problem, steps, effects, seed=1)["sigma"]
print(f"morris.analyze() with one NaN: sigma {sigma}")
as_seen = (
    np.allclose(complete["S1"], [0.9, 0.1], atol=0.02)
    and all(not np.any(lacking[key]) for key in ("S1", "S1_conf", "ST", "ST_conf"))
    and np.isnan(sigma).all()
)
sys.exit(not as_seen)
PY
