#!/bin/sh
# SALib 1.6.0: a Morris design over a normally distributed input is made of minus and plus infinity.
# The levels of its grid include 0 and 1, and are passed through the normal's quantile function as
# they are; with four levels, half of the runs get an infinite input. No warning, though "norm" is one
# of the distributions that a problem may name. A Latin hypercube of the same problem is finite.
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
from SALib.sample import latin, morris

problem = {
    "num_vars": 2,
    "names": ["log-odds", "share"],
    "bounds": [[0, 1], [0, 1]],  # of "norm": mean and standard deviation
    "dists": ["norm", "unif"],
}
steps = morris.sample(problem, 100, num_levels=4, seed=1)[:, 0]
cube = latin.sample(problem, 300, seed=1)[:, 0]
print(f"SALib {version('SALib')}, an input distributed as N(0, 1)")
print(f"morris.sample(): the values {np.unique(steps)}, infinite in {np.isinf(steps).mean():.0%}")
print(f"latin.sample(): between {cube.min():.2f} and {cube.max():.2f}")
as_seen = 0.3 < np.isinf(steps).mean() < 0.7 and np.isfinite(cube).all()
sys.exit(not as_seen)
PY
