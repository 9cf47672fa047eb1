#!/bin/sh
# pyDOE 1.6.0, sliced_lhs (a Latin hypercube in slices, one for each policy or batch): the slices are boxes
# along the diagonal. In the design of the paper that it cites (Qian 2012), and in R's SLHD, every slice
# covers all of every factor; here slice 0 of five has all factors below 0.2 and slice 4 all above 0.8. Any
# two factors correlate by 1 - 1/t^2, 0.96 for five slices, so their effects cannot be told apart, and
# policies that do nothing differ as the boxes do. Each column by itself is a Latin hypercube, as promised.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pydoe==1.6.0 numpy==2.3.5 scipy==1.16.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pydoe

FACTORS, RUNS, SLICES = 3, 20, 5


def qian(rng):
    """The paper's: cells m*t in m groups of t neighbours; each slice gets one cell of every group."""
    design = np.empty((SLICES, RUNS, FACTORS))
    for factor in range(FACTORS):
        cells = rng.permuted(np.arange(RUNS * SLICES).reshape(RUNS, SLICES), axis=1).T
        design[:, :, factor] = (rng.permuted(cells, axis=1) + rng.random(cells.shape)) / (RUNS * SLICES)
    return design


def levels(design, n):
    """Whether each column of a design has exactly one point in each of n equal intervals."""
    return all(sorted((column * n).astype(int)) == list(range(n)) for column in design.T)


print(f"pyDOE {version('pydoe')}: {SLICES} slices of {RUNS} runs, {FACTORS} factors")
rows, labels = pydoe.sliced_lhs(FACTORS, RUNS, SLICES, seed=0)
found = {"pyDOE": np.stack([rows[labels == s] for s in range(SLICES)]), "Qian": qian(np.random.default_rng(0))}
seen = {}
for name, slices in found.items():
    whole = slices.reshape(-1, FACTORS)
    correlation = np.corrcoef(whole.T)[np.triu_indices(FACTORS, 1)]
    cover = [levels(part, RUNS) for part in slices]
    seen[name] = correlation, cover, levels(whole, len(whole))
    print(f"{name}: slices that cover every factor {sum(cover)} of {SLICES}; correlations of the factors "
          f"{correlation.round(2)}; the whole is a Latin hypercube: {seen[name][2]}")
    print(f"  ranges of the slices {[f'{p.min():.2f}-{p.max():.2f}' for p in slices]}; an outcome that is the first "
          f"factor has means {slices[:, :, 0].mean(axis=1).round(2)}")
here, paper = seen["pyDOE"], seen["Qian"]
sys.exit(not (here[2] and paper[2] and not any(here[1]) and all(paper[1])
              and (here[0] > 0.95).all() and (abs(paper[0]) < 0.3).all()))
PY
