#!/bin/sh
# hydra-optuna-sweeper 1.3.0 beside hydra-core 1.3.8: the same words on the command line mean other values.
# n=range(1,4) is 1, 2, 3 for Hydra's own sweeper, as its grammar says (the end is left out, as in
# Python); with hydra/sweeper=optuna, 4 is tried as well: the end goes over as an inclusive bound.
# A model with settings from 0 to 2 is so asked for the value 3.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check hydra-core==1.3.8 \
    hydra-optuna-sweeper==1.3.0 optuna==2.10.1
cd "$work"
cat > app.py <<'PY'
import pathlib
import sys

import hydra
from omegaconf import DictConfig


@hydra.main(version_base=None, config_path=None)
def main(cfg: DictConfig) -> float:
    with open(pathlib.Path(__file__).parent / "seen", "a") as file:
        file.write(f"{cfg.n}\n")
    return -float(cfg.n)


main()
PY
python="$work/venv/bin/python"
"$python" -W ignore app.py --multirun '+n=range(1,4)' >/dev/null
echo "Hydra's sweeper tries:  $(sort -u seen | tr '\n' ' ')"
sort -u seen > basic; rm seen
"$python" -W ignore app.py --multirun hydra/sweeper=optuna hydra.sweeper.n_trials=60 \
    hydra.sweeper.n_jobs=1 hydra.sweeper.sampler.seed=1 '+n=range(1,4)' >/dev/null 2>&1
echo "Optuna's sweeper tries: $(sort -u seen | tr '\n' ' ')"
"$work/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -i -E 'hydra|optuna'
[ "$(cat basic)" = "$(printf '1\n2\n3')" ] && [ "$(sort -u seen)" = "$(printf '1\n2\n3\n4')" ]
