#!/bin/sh
# joblib 1.5.2: when one worker is killed, as by a machine that runs out of memory, the results of all
# tasks that were done are lost with it. It is why our jobs write their own results.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check joblib==1.5.2
cd "$work"
cat >tasks.py <<'PY'
import os
import signal
import sys
import time

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError


def task(i):
    open(f"done-{i}", "w").close()
    if i == 3:
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)
    return i


if __name__ == "__main__":
    results = None
    try:
        results = joblib.Parallel(n_jobs=2)(joblib.delayed(task)(i) for i in range(4))
    except TerminatedWorkerError as error:
        print(f"joblib {joblib.__version__}: {type(error).__name__}")
    done = sum(os.path.exists(f"done-{i}") for i in range(3))
    print(f"{done} of 3 other tasks were done; results that came back: {results}")
    sys.exit(not (done == 3 and results is None))
PY
"$work/venv/bin/python" tasks.py 2>/dev/null
