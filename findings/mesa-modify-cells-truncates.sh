#!/bin/sh
# Mesa 3.5.1, PropertyLayer.modify_cells: the first cell decides how the results of all others are
# rounded. Where the operation gives a Python int for it (a 0 for a level too low to matter), every
# other cell loses its fraction, though the layer is of floats: 2.7 * 0.9 becomes 2. The cause is
# numpy.vectorize, which takes its type from the first result; Mesa's documentation does not say so.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mesa==3.5.1 networkx==3.5 numpy==2.3.5 \
    scipy==1.16.3 pandas==2.3.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys

import mesa
import numpy as np
from mesa.discrete_space import OrthogonalMooreGrid


def fade(fear: float) -> float:
    return 0 if fear < 0.1 else 0.9 * fear


print(f"Mesa {mesa.__version__}: fear fades by a tenth a day, and is 0 below 0.1")
got = {}
for first in (0.0, 0.5):
    grid = OrthogonalMooreGrid((2, 2), random=mesa.Model(seed=1).random)
    layer = grid.create_property_layer("fear", default_value=0.0, dtype=float)
    layer.data[:] = [[first, 0.9], [1.5, 2.7]]
    layer.modify_cells(fade)
    got[first] = layer.data.ravel().tolist()
    print(f"cells {first}, 0.9, 1.5, 2.7 ({layer.data.dtype}) become {np.round(got[first], 2).tolist()}, "
          f"should be {[round(fade(v), 2) for v in (first, 0.9, 1.5, 2.7)]}")
sys.exit(not (got[0.0] == [0, 0, 1, 2] and np.allclose(got[0.5], [0.45, 0.81, 1.35, 2.43])))
PY
