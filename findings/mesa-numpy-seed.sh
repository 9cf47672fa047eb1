#!/bin/sh
# mesa 3.5.1 refuses a seed that is a numpy integer, which its type of seeds (SeedLike) allows:
# the seed is passed on to Python's generator, which knows none. Seeds drawn with numpy are such.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "mesa[network]==3.5.1" networkx==3.5
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys

import mesa
import numpy as np

seed = np.random.default_rng(1).integers(1000)
print(f"mesa {mesa.__version__}: Model(rng=numpy.int64({seed}))")
try:
    mesa.Model(rng=seed)
except TypeError as error:
    print(f"TypeError: {' '.join(str(error).split())}")
    sys.exit(0)
sys.exit(1)
PY
