#!/bin/sh
# AgentPy 0.1.5: the default of a parameter that varies (vdef) is ignored where it is 0 or False. A single
# run of Range(-1, 1, vdef=0) runs with -1, of Values(True, False, vdef=False) with True: the opposite
# of the baseline that was asked for. The documentation says that the minimum, or the first value, is
# used "if none is passed".
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

import agentpy as ap


class Truce(ap.Model):
    def setup(self):
        self.report("mediated", bool(self.p.mediation))
        self.report("drift", self.p.drift)


print(f"AgentPy {ap.__version__}: a single run, at the defaults")
seen = {}
for mediation, drift in ((False, 0), (True, 0.5)):
    parameters = {
        "mediation": ap.Values(True, False, vdef=mediation),
        "drift": ap.Range(-1, 1, vdef=drift),
        "steps": 1,
    }
    reporters = Truce(parameters).run(display=False).reporters.iloc[0]
    seen[mediation, drift] = bool(reporters["mediated"]), float(reporters["drift"])
    print(f"vdef={mediation} and {drift}: the run has {seen[mediation, drift]}")
sys.exit(seen != {(False, 0): (True, -1.0), (True, 0.5): (True, 0.5)})
PY
