#!/bin/sh
# AgentPy 0.1.5: an IntRange that reaches below 0 is not sampled evenly. Numbers are cut towards 0, which
# rounds up below it: of IntRange(-2, 2) a Saltelli sample has twice as many 0 as 1 and no -2 at all, so
# that Sobol indices are those of another input, and Sample(n=5), the default grid, is -2, 0, 0, 1, 2.
# IntRange(0, 4) is even in both. ("Integer conversion rounds down" is what a comment in the source says.)
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check agentpy==0.1.5 SALib==1.4.8 numpy==2.3.5 \
    scipy==1.16.3 pandas==2.3.3 matplotlib==3.10.7 networkx==3.5 joblib==1.5.2
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from collections import Counter

import agentpy as ap


def grid(low, high):
    return [p["trust"] for p in ap.Sample({"trust": ap.IntRange(low, high)}, n=high - low + 1)]


def shares(low, high):
    parameters = {"trust": ap.IntRange(low, high), "patience": ap.Range(0, 1)}
    drawn = [p["trust"] for p in ap.Sample(parameters, n=1024, method="saltelli", calc_second_order=False)]
    counts = Counter(drawn)
    return {level: round(counts[level] / len(drawn), 2) for level in range(low, high + 1)}


print(f"AgentPy {ap.__version__}: five levels, each expected once in a grid and in 0.2 of a Saltelli sample")
for low, high in ((0, 4), (-2, 2)):
    print(f"IntRange({low}, {high}): grid {grid(low, high)}, shares {shares(low, high)}")

even, cut = shares(0, 4), shares(-2, 2)
sys.exit(not (set(even.values()) == {0.2} and grid(0, 4) == [0, 1, 2, 3, 4]
              and cut == {-2: 0, -1: 0.2, 0: 0.4, 1: 0.2, 2: 0.2} and grid(-2, 2) == [-2, 0, 0, 1, 2]))
PY
