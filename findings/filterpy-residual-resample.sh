#!/bin/sh
# filterpy 2.0.0: residual_resample, a step of particle filters (also of those that let a simulation
# follow the record), draws particles in other proportions than their weights. What is left after the
# whole copies is computed as weight - copies, not as N x weight - copies; a particle that has copies
# already gets most of the rest, and light ones are lost: of weights 0.5, 0.3, 0.1, 0.06 and 0.04, the
# last three are never drawn. Its systematic, stratified and multinomial resampling keep proportions.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check filterpy==2.0.0 numpy==2.5.5 \
    scipy==1.18.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from filterpy import monte_carlo

weights = np.array([0.5, 0.3, 0.1, 0.06, 0.04])
n, times = len(weights), 20_000
np.random.seed(1)
print("filterpy", version("filterpy"), "weights", weights)
off = {}
for name in ("residual", "systematic", "stratified", "multinomial"):
    resample = getattr(monte_carlo, f"{name}_resample")
    drawn = sum(np.bincount(resample(weights), minlength=n) for _ in range(times)) / (n * times)
    off[name] = np.abs(drawn - weights).max()
    print(f"{name:>12}: drawn in shares of {np.round(drawn, 3)}")
    if name == "residual":
        lost = (drawn[2:] == 0).all()
# The shares' standard error is at most 0.0016 (multinomial); 0.01 is more than six of them.
sys.exit(not (lost and off["residual"] > 0.1 and all(off[k] < 0.01 for k in off if k != "residual")))
PY
