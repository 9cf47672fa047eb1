#!/bin/sh
# hawkesbook 0.1.0 (simulated waves of violence that excite themselves): exp_simulate_by_composition, and its
# variant _alt, start as if an event had just happened at time 0. With a background of 0.1 a day
# the first event, which nothing can excite, comes after 5.7 days on average instead of 10;
# exp_simulate_by_thinning, of the same library, has 10.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check hawkesbook==0.1.0 numba==0.62.1 numpy==2.3.5 \
    scipy==1.16.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import hawkesbook as hawkes
import numpy as np
from scipy.integrate import quad

BACKGROUND, JUMP, DECAY = 0.1, 1.2, 2.0
process, n = np.array([BACKGROUND, JUMP, DECAY]), 20_000


def mean_wait(jump: float) -> float:
    """The mean time to the first event, if one has raised the intensity by `jump` at time 0."""
    hazard = lambda t: BACKGROUND * t + jump / DECAY * (1 - np.exp(-DECAY * t))
    return quad(lambda t: np.exp(-hazard(t)), 0, np.inf)[0]


hawkes.numba_seed(1)
first = {
    "composition": [hawkes.exp_simulate_by_composition(process, 1)[0] for _ in range(n)],
    "composition_alt": [hawkes.hawkes.exp_simulate_by_composition_alt(process, 200.0)[0] for _ in range(n)],
    "thinning": [hawkes.exp_simulate_by_thinning(process, 200.0)[0] for _ in range(n)],
}
print(f"hawkesbook {version('hawkesbook')}: mean days to the first event, of {n:,} simulations, with 95 % intervals")
means = {}
for name, waits in first.items():
    means[name] = np.mean(waits)
    print(f"{name:15} {means[name]:5.2f} +- {1.96 * np.std(waits) / np.sqrt(n):.2f}")
print(f"the truth {mean_wait(0):.2f}; after an event at time 0 {mean_wait(JUMP):.2f}")
as_if_excited = all(abs(means[name] - mean_wait(JUMP)) < 0.2 for name in ("composition", "composition_alt"))
sys.exit(not (as_if_excited and abs(means["thinning"] - 10) < 0.4))
PY
