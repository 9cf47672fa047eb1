#!/bin/sh
# pointpats 2.6.0: the Poisson p-value of the Knox test of near-repeats (p_poisson) is the probability
# of MORE close pairs than were seen, not of as many or more: 1 - cdf(seen). With counts as small as
# those of a quiet border that is most of the value: 2 pairs where 0.52 are expected have p = 0.016
# where 0.095 is right, and no pair at all has p = 0.26 in place of 1. Its p_sim, beside it, counts the
# permutations with as many or more.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pointpats==2.6.0 numpy==2.5.5 \
    scipy==1.18.1 pandas==2.3.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from pointpats import Knox
from scipy.stats import poisson

print(f"pointpats {version('pointpats')}, Knox test: pairs within 10 km and 14 days of 20 events")
rng = np.random.default_rng(0)
rows = []
for _ in range(200):
    places, days = rng.uniform(0, 100, (20, 2)), rng.uniform(0, 365, (20, 1))
    test = Knox(places, days, delta=10, tau=14, permutations=9)
    mean = test.expected[0, 0]
    rows.append((test.statistic_, mean, test.p_poisson, poisson.sf(test.statistic_ - 1, mean)))
seen, mean, given, right = np.array(rows).T
for pairs in (0, 2):
    i = np.flatnonzero(seen == pairs)[0]
    print(f"{pairs} pairs, {mean[i]:.2f} expected: p_poisson {given[i]:.3f}; P(X >= {pairs}) is {right[i]:.3f}")
as_seen = np.allclose(given, poisson.sf(seen, mean)) and (right - given > 0.01).all()
sys.exit(not as_seen)
PY
