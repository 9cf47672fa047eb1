#!/bin/sh
# lifelines 0.30.3: restricted_mean_survival_time(..., return_variance=True) returns the variance of
# the survival times (up to t), not that of the mean beside it: it stays as it is however many runs
# there are, and an interval made from it is sqrt(n) times too wide. Its docstring does not say which.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check lifelines==0.30.3 pandas==2.3.3 \
    numpy==2.3.5 scipy==1.16.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys

import lifelines
import numpy as np
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

print(f"lifelines {lifelines.__version__}: mean survival up to day 365, with its variance")
rng, ratios = np.random.default_rng(1), []
for n in (100, 10_000):
    days = np.minimum(rng.exponential(200, n), 365)
    curve = KaplanMeierFitter().fit(days, days < 365)
    mean, variance = restricted_mean_survival_time(curve, 365, return_variance=True)
    ratios.append(variance / (np.var(days, ddof=1) / n))
    print(f"{n:6,} runs: mean {mean:.1f}, variance {variance:,.0f}; of the mean it is "
          f"{np.var(days, ddof=1) / n:,.1f}, of a single survival time {np.var(days, ddof=1):,.0f}")
sys.exit(not np.allclose(ratios, [100, 10_000], rtol=0.05))
PY
