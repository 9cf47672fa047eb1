#!/bin/sh
# EMA Workbench 3.0.0 with pandas 3, which it accepts: PRIM stops with a TypeError ("Invalid value
# '0.5' for dtype 'int64'") as soon as one uncertainty is a whole number, which its own
# IntegerParameter makes. Its limits between whole numbers are put into a frame of whole numbers;
# pandas 2 changed the column's type with a warning, pandas 3 refuses. Reals, words and flags work.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ema_workbench==3.0.0 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging
import sys

import numpy as np
import pandas as pd
from ema_workbench import IntegerParameter, Model, RealParameter, ScalarOutcome, perform_experiments
from ema_workbench.analysis import prim

logging.disable()
print(f"ema_workbench 3.0.0, pandas {pd.__version__}: PRIM on a model of a real and a whole number")
model = Model("strikes", function=lambda threshold, strikes: {"days": threshold * strikes})
model.uncertainties = [RealParameter("threshold", 0, 1), IntegerParameter("strikes", 1, 4)]
model.outcomes = [ScalarOutcome("days")]
experiments, outcomes = perform_experiments(model, scenarios=400)
long = outcomes["days"] > 2
said = {}
for columns in (["threshold"], ["threshold", "strikes"]):
    try:
        box = prim.Prim(experiments[columns], long).find_box()
        said[len(columns)] = f"a box of coverage {box.coverage:.2f}"
    except TypeError as error:
        said[len(columns)] = f"TypeError: {error}"
    print(f"{columns}: {said[len(columns)]}")
sys.exit(not (said[1].startswith("a box") and said[2].startswith("TypeError: Invalid value")))
PY
