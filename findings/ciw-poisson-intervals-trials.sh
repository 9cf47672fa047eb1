#!/bin/sh
# Ciw 3.2.7, PoissonIntervals (arrivals whose rate changes with the season): the arrivals are drawn when the
# distribution is made, not when a simulation runs. Trials as its guide makes them, ciw.seed(trial) and
# Simulation(network) in a loop, all have the same arrivals to the last digit, and the spread between them
# leaves out what the arrivals vary. All other random arrivals, and services, are drawn anew. (The guide says
# that the schedule is determined before the simulation begins, not that its trials share it.)
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ciw==3.2.7 numpy==2.3.5 networkx==3.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import ciw
import numpy as np

DAYS = 200


def network(arrivals):
    return ciw.create_network(arrival_distributions=[arrivals], number_of_servers=[1],
                              service_distributions=[ciw.dists.Exponential(rate=4)])


def trial(seed, of):
    """The number of incidents in DAYS days, the first of them, and their mean wait for an answer."""
    ciw.seed(seed)
    simulation = ciw.Simulation(of)
    simulation.simulate_until_max_time(DAYS + 50)
    records = [r for r in simulation.get_all_records() if r.arrival_date <= DAYS]
    return len(records), min(r.arrival_date for r in records), np.mean([r.waiting_time for r in records])


def seasons():  # 30 incidents in ten days of summer, 10 in ten days of winter: 400 expected
    return ciw.dists.PoissonIntervals(rates=[3, 1], endpoints=[10, 20], max_sample_date=DAYS)


print(f"Ciw {version('ciw')}: 40 trials of {DAYS} days, 400 incidents expected, so a spread (sd) of 20")
ciw.seed(0)
one, steady = network(seasons()), network(ciw.dists.Exponential(rate=2))
spread = {}
for name, of in (("PoissonIntervals, one network", lambda seed: one),
                 ("Exponential, one network", lambda seed: steady),
                 ("PoissonIntervals, a new network each", lambda seed: network(seasons()))):
    trials = []
    for seed in range(40):
        ciw.seed(1000 + seed)
        trials.append(trial(seed, of(seed)))
    number, first, wait = np.array(trials).T
    spread[name] = number.std(ddof=1), len(set(first)), wait.std(ddof=1)
    print(f"{name}: incidents {number.min():.0f} to {number.max():.0f}, sd {number.std(ddof=1):.1f}; "
          f"first arrivals that differ {len(set(first))}; mean wait {wait.mean():.2f}, sd {wait.std(ddof=1):.2f}")

same, other, anew = spread.values()
sys.exit(not (same[:2] == (0, 1) and same[2] > 0 and other[1] == anew[1] == 40
              and 14 < other[0] < 27 and 14 < anew[0] < 27 and anew[2] > 1.3 * same[2]))
PY
