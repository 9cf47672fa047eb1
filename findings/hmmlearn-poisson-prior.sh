#!/bin/sh
# hmmlearn 0.3.3, PoissonHMM (calm and war as hidden states of a daily count): the prior of a state's rate is
# weighed against the days of all states together, not against those that the state has. A prior that
# is worth 100 days counts as one day for a state that lasts 10 of 1,000: 10 days at 31.6 and a prior of
# 10 give 29.6, where Bayes' rule for the gamma prior that its docstring names gives 12.0. So a prior
# does little for the rare states, for which one sets it. With one state, the answer is right.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check hmmlearn==0.3.3 numpy==2.3.5 scipy==1.16.3 \
    scikit-learn==1.7.2
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging
import sys
from importlib.metadata import version

import numpy as np
from hmmlearn.hmm import PoissonHMM

logging.disable(logging.WARNING)  # it calls a fit at its last digit not converging
ALPHA, BETA = 1000, 100  # a rate of 10 a day, as sure as 100 days of data make it

rng = np.random.default_rng(0)
war = rng.poisson(30, 10)
counts = np.concatenate([rng.poisson(1, 490), war, rng.poisson(1, 500)])[:, None]


def fitted(start, days, prior=(0, 0)):
    """The rates, and what Bayes' rule makes of the days that the fit itself gives to each state."""
    model = PoissonHMM(len(start), lambdas_prior=prior[0], lambdas_weight=prior[1], init_params="st", n_iter=50)
    model.lambdas_ = np.array(start, float)[:, None]
    model.fit(days)
    share = model.predict_proba(days)
    return model.lambdas_.ravel(), (prior[0] + share.T @ days.ravel()) / (prior[1] + share.sum(axis=0)), share.sum(0)


print(f"hmmlearn {version('hmmlearn')}: 990 days of calm, 10 of war; prior alpha {ALPHA}, beta {BETA}")
free, _, _ = fitted([1, 30], counts)
rates, right, days = fitted([1, 30], counts, (ALPHA, BETA))
alone, right_alone, _ = fitted([30], war[:, None], (ALPHA, BETA))
print(f"war, {days[1]:.1f} days: {free[1]:.2f} without a prior, {rates[1]:.2f} with it; posterior mean {right[1]:.2f}")
print(f"these 10 days as the only state: {alone[0]:.2f}; posterior mean {right_alone[0]:.2f}")
as_if = (ALPHA + len(counts) * free[1]) / (BETA + len(counts))
print(f"with the weight of all {len(counts)} days: {as_if:.2f}")
sys.exit(not (abs(days[1] - 10) < 0.01 and abs(rates[1] - as_if) < 0.01 and rates[1] > 2 * right[1]
              and abs(alone[0] - right_alone[0]) < 1e-9))
PY
