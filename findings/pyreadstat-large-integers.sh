#!/bin/sh
# pyreadstat 1.3.1: whole numbers above 2**53, such as the 63-bit seeds of runs, are written to SPSS and
# Stata files as the nearest double, without a warning. (These formats hold nothing wider; pandas'
# to_stata writes the same and warns.) A run cannot be repeated from the seed that is read back.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyreadstat==1.3.1 pandas==2.3.3 \
    numpy==2.3.5
cd "$work"
"$work/venv/bin/python" -W error - <<'PY'
import sys

import pandas as pd
import pyreadstat

seeds = pd.DataFrame({"seed": [2**53 + 1, 2**62 + 1]})
print(f"pyreadstat {pyreadstat.__version__}: seeds {seeds['seed'].tolist()}")
lost = []
for kind in ("sav", "dta"):
    getattr(pyreadstat, f"write_{kind}")(seeds, f"seeds.{kind}")
    back, _ = getattr(pyreadstat, f"read_{kind}")(f"seeds.{kind}")
    found = [int(value) for value in back["seed"]]
    print(f"  .{kind}: {found}, no warning")
    lost.append(found != seeds["seed"].tolist())
sys.exit(not all(lost))
PY
