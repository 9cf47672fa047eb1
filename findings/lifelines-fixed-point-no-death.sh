#!/bin/sh
# lifelines 0.30.3: the test of a difference in survival at a fixed time gives NaN, without a warning,
# where nobody in one group has died by then: 50 of 50 against 25 of 50, as clear a difference as there
# is, has p = nan. (It compares log(-log S), which is not defined for S = 1.) Against "p < 0.05", NaN is
# "no difference". Truces that all hold for a year are such a group. Where all have died in one group,
# p = 0 exactly. The log-rank test of the same data gives 9e-09.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check lifelines==0.30.3 pandas==2.3.3 \
    numpy==2.3.5 scipy==1.16.3
cd "$work"
"$work/venv/bin/python" -W error - <<'PY'
import math
import sys

import lifelines
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test, survival_difference_at_fixed_point_in_time_test


def group(deaths, size=50):
    """Days and deaths of a group, of which some die on day 100; the others are seen to day 365."""
    return [100] * deaths + [365] * (size - deaths), [1] * deaths + [0] * (size - deaths)


print(f"lifelines {lifelines.__version__}: 25 of 50 die on day 100; survival on day 300 against")
found = {}
for deaths in (0, 1, 50):
    curves = [KaplanMeierFitter().fit(*group(n)) for n in (25, deaths)]
    found[deaths] = survival_difference_at_fixed_point_in_time_test(300, *curves).p_value
    print(f"{deaths} of 50: p = {found[deaths]}")
(a, died_a), (b, died_b) = group(25), group(0)
rank = logrank_test(a, b, died_a, died_b).p_value
print(f"0 of 50, log-rank test: p = {rank:.0e}")
as_seen = math.isnan(found[0]) and 0 < found[1] < 0.01 and rank < 1e-6
sys.exit(not as_seen)
PY
