#!/bin/sh
# EMA Workbench 3.0.0 with pandas 3.1.1: experiments without a policy are labelled "None", a word.
# save_results() writes it, and load_results() reads it back as a missing value, so that grouping the
# loaded experiments by policy finds no group and loses every row; where some runs had a policy, those
# of the base case are lost and the others stay. A policy named "NA" goes the same way. Outcomes and
# all other columns come back as they were.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ema_workbench==3.0.0 \
    platypus-opt==1.4.1 pandas==3.1.1 numpy==2.5.5 scipy==1.18.1
cd "$work"
"$work/venv/bin/python" -W ignore - 2>/dev/null <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from ema_workbench import Model, RealParameter, ScalarOutcome, load_results, perform_experiments, save_results

model = Model("truce", function=lambda effort=0.5: {"days": 100 * effort})
model.uncertainties = [RealParameter("effort", 0, 1)]
model.outcomes = [ScalarOutcome("days")]
experiments, outcomes = perform_experiments(model, scenarios=8)
save_results((experiments, outcomes), "results.tar.gz")
loaded, again = load_results("results.tar.gz")
before = experiments.groupby("policy", observed=True).size()
after = loaded.groupby("policy", observed=True).size()
print("ema_workbench", version("ema_workbench"), "pandas", version("pandas"))
print(f"policies before: {experiments['policy'].unique().tolist()}, runs by policy {before.to_dict()}")
print(f"policies loaded: {loaded['policy'].unique().tolist()}, runs by policy {after.to_dict()}")
same = np.array_equal(outcomes["days"], again["days"])
sys.exit(not (same and before.to_dict() == {"None": 8} and after.empty and loaded["policy"].isna().all()))
PY
