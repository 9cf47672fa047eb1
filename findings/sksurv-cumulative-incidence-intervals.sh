#!/bin/sh
# scikit-survival 0.28.0, cumulative_incidence_competing_risks with conf_type="log-log" (how truces end, by
# cause): for the total of all risks, the first row of the intervals, the lower bound is returned as the
# upper one and the upper as the lower, and always at 95 %, whatever conf_level asks for. With
# var_type="Dinse" or "Dinse_Approx", where the last day observed is an event and not a censoring, the
# intervals of the single risks have no width, on every day: the variance is NaN (numpy warns of a
# division by zero) and NaN counts as 0. The default, "Aalen", has proper ones.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-survival==0.28.0 numpy==2.5.5 \
    scipy==1.18.1 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from sksurv.nonparametric import cumulative_incidence_competing_risks as incidence

days = np.array([4, 9, 15, 21, 28, 36, 45, 60, 80, 100])
cause = np.array([1, 2, 1, 0, 1, 2, 0, 1, 0, 2])  # 0: the truce still held; day 100: an event
middle = 4  # the fifth day
bounds = {}
for level in (0.95, 0.5):
    _, share, interval = incidence(cause, days, conf_level=level, conf_type="log-log")
    bounds[level] = interval
    print(f"{level:.0%}, day 28: total {share[0, middle]:.3f}, lower {interval[0, 0, middle]:.3f}, "
          f"upper {interval[0, 1, middle]:.3f}; risk 1 {share[1, middle]:.3f}, "
          f"lower {interval[1, 0, middle]:.3f}, upper {interval[1, 1, middle]:.3f}")
widths = {}
for kind in ("Aalen", "Dinse", "Dinse_Approx"):
    _, _, interval = incidence(cause, days, conf_type="log-log", var_type=kind)
    widths[kind] = interval[1, 1] - interval[1, 0]
    print(f"{kind}: widths for risk 1 on days 4 to 45: {np.round(widths[kind][:7], 3)}")
print("scikit-survival", version("scikit-survival"))
upside_down = bounds[0.95][0, 0, middle] > bounds[0.95][0, 1, middle]
same_at_any_level = np.allclose(bounds[0.95][0], bounds[0.5][0], equal_nan=True)
risks_follow = not np.allclose(bounds[0.95][1], bounds[0.5][1], equal_nan=True)
no_width = not widths["Dinse"].any() and not widths["Dinse_Approx"].any()
sys.exit(not (upside_down and same_at_any_level and risks_follow and no_width
              and widths["Aalen"][:7].all()))
PY
