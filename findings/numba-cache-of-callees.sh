#!/bin/sh
# numba 0.61.2: a function compiled with cache=True is not compiled again when a function that it
# calls, in another file, has changed: the old rule runs. It cost us a cache keyed by all sources.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.61.2 numpy==2.2.6
cd "$work"
export NUMBA_CACHE_DIR="$work/cache"
cat >model.py <<'PY'
from numba import njit

from rule import rule


@njit(cache=True)
def run():
    return rule()
PY
write_rule() {
    printf 'from numba import njit\n\n\n@njit(cache=True)\ndef rule():\n    return %s\n' "$1" >rule.py
}
write_rule 1
first=$("$work/venv/bin/python" -B -c 'import model; print(model.run())')
sleep 1.1
write_rule 2222
second=$("$work/venv/bin/python" -B -c 'import model; print(model.run())')
echo "numba 0.61.2: the rule says 1, run() gives $first; the rule says 2222, run() gives $second"
[ "$first" = 1 ] && [ "$second" = 1 ]
