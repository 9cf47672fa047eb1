#!/bin/sh
# hydra-core 1.3.8 adds up binary fractions in range(): range(0.7,1.3,0.1) has seven values, among
# them 0.7999999999999999, and 1.3, the stop, which its documentation leaves out.
# It cost us points that a condition such as x >= 0.8 dropped without a word.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check hydra-core==1.3.8
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys

import hydra
from hydra.core.override_parser.overrides_parser import OverridesParser

(override,) = OverridesParser.create().parse_overrides(["x=range(0.7,1.3,0.1)"])
values = list(override.sweep_iterator())
print(f"hydra-core {hydra.__version__}: range(0.7,1.3,0.1)")
print(values)
sys.exit(not (len(values) == 7 and 0.8 not in values))
PY
