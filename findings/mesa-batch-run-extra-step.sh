#!/bin/sh
# mesa 3.3.1: batch_run with max_steps=5 makes six steps, and of a run that stops by itself it
# loses the last record. It cost us a comparison that was one day out.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "mesa[network]==3.3.1" networkx==3.5
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys

import mesa

steps = []


class Model(mesa.Model):
    def __init__(self, stops_at, rng=None):
        super().__init__(rng=rng)
        self.stops_at = stops_at
        self.datacollector = mesa.DataCollector({"day": lambda model: model.steps})
        self.datacollector.collect(self)

    def step(self):
        self.datacollector.collect(self)
        self.running = self.steps < self.stops_at
        steps.append(self.steps)


if __name__ == "__main__":
    options = {"max_steps": 5, "data_collection_period": 1, "display_progress": False}
    mesa.batch_run(Model, parameters={"stops_at": 100}, **options)
    made = len(steps)
    rows = mesa.batch_run(Model, parameters={"stops_at": 3}, **options)
    days = [row["day"] for row in rows]
    print(f"mesa {mesa.__version__}: max_steps=5 makes {made} steps")
    print(f"a run that stops on day 3 has records of days {days}")
    sys.exit(not (made == 6 and 3 not in days))
PY
