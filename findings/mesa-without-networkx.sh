#!/bin/sh
# mesa 3.5.1 cannot be imported after a plain install: it needs networkx, which only its extra
# "network" declares. 3.3.1 can.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mesa==3.5.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

print(f"mesa {version('mesa')}: import mesa")
try:
    import mesa  # noqa: F401
except ModuleNotFoundError as error:
    print(f"ModuleNotFoundError: {error}")
    sys.exit("networkx" not in str(error))
sys.exit(1)
PY
