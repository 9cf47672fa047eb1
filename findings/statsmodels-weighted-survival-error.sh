#!/bin/sh
# statsmodels 0.15.0, SurvfuncRight(..., freq_weights=...): the standard error beside the survival is then
# that of its logarithm, not yet multiplied by the survival. Weights of 1, which change nothing else,
# make it five times too large where a fifth survive, and quantile_ci() is wider with it. The docstring
# calls both "the standard errors for the values in surv_prob".
# Without censoring the right answer is the binomial one, sqrt(S (1 - S) / n).
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.3.5 \
    scipy==1.16.3 pandas==2.3.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy as np
import statsmodels
from statsmodels.duration.survfunc import SurvfuncRight

print(f"statsmodels {statsmodels.__version__}: 100 truces, one collapses a day")
days, ended = np.arange(1, 101), np.ones(100, int)
plain = SurvfuncRight(days, ended)
weighted = SurvfuncRight(days, ended, freq_weights=np.ones(100))
for day in (20, 50, 80):
    share = plain.surv_prob[day - 1]
    print(f"day {day}: {share:.2f} hold; standard error {plain.surv_prob_se[day - 1]:.4f}, with weights of 1 "
          f"{weighted.surv_prob_se[day - 1]:.4f}, binomial {np.sqrt(share * (1 - share) / 100):.4f}")
intervals = [[int(day) for day in fit.quantile_ci(0.8)] for fit in (plain, weighted)]
print(f"day by which four in five have collapsed: 95 % from {intervals[0]}, with weights of 1 {intervals[1]}")

share = plain.surv_prob[:-1]
binomial = np.sqrt(share * (1 - share) / 100)
ratio = weighted.surv_prob_se[:-1] / plain.surv_prob_se[:-1]
sys.exit(not (np.allclose(plain.surv_prob, weighted.surv_prob)
              and np.allclose(plain.surv_prob_se[:-1], binomial)
              and np.allclose(ratio[[19, 49, 79]], 1 / share[[19, 49, 79]], rtol=0.1)))
PY
