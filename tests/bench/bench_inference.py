"""Prove posteriors right where they are known: V2, V3 and V13, with 5, 20 and 100 truces.

    python tests/bench/bench_inference.py

For each, a flow is trained on draws from the prior and asked about 300 data sets that it has not
seen. Printed: how often central 50 and 95 % intervals cover the truth, with the interval of that
share; for 60 of the data sets, how often the exact 95 % interval does, and how far the median and
the ends of the 95 % interval are from the exact ones, in standard deviations of the exact
posterior, ± a standard error; mean contraction; processor time of simulation and of the flow. The
table in docs/inference.md comes from here.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from inference.exact import KNOWN, QUANTILES, truces_like
from truce_sim.inference import flow
from truce_sim.inference.calibration import calibration
from truce_sim.intervals import Estimate, count_interval

DRAWS, TESTS, COMPARED, KEPT = 10_000, 300, 60, 999


def prove(name: str, n: int) -> str:
    """Return the rows of the table for one case, one for each setting."""
    known, truces = KNOWN[name], truces_like(n)
    task = known.task(truces, seed=n)
    start = time.process_time()
    scores = task.prior.draw_scores(DRAWS + TESTS, 1)
    tail = scores[-TESTS:]
    summaries = task.simulate(scores, 0)
    seconds = [time.process_time() - start]
    start = time.process_time()
    found = flow.train(scores[:-TESTS], summaries[:-TESTS], 1)
    drawn = found.sample(summaries[-TESTS:], KEPT, 2)
    seconds.append(time.process_time() - start)
    table = calibration(task.prior.settings, tail, drawn)
    exact = np.array([known.exact(task.prior, *data_of(task, tail[k], DRAWS + k))
                      for k in range(COMPARED)])  # fmt: skip
    ours = np.quantile(drawn[:, :COMPARED], QUANTILES, axis=0).transpose(1, 2, 0)
    off = np.abs(ours - exact) / ((exact[..., 3] - exact[..., 1]) / 1.349)[..., None]
    covered = (tail[:COMPARED] >= exact[..., 0]) & (tail[:COMPARED] <= exact[..., 4])
    rows = []
    for i, row in enumerate(table.to_dict("records")):
        cover = [Estimate(*(row[f"cover{x}{end}"] for end in ("", "_low", "_high")))
                 for x in (50, 95)]  # fmt: skip
        cells = [*map(percent, cover), percent(count_interval(int(covered[:, i].sum()), COMPARED)),
                 mean(off[:, i, 2]), mean(off[:, i][:, [0, 4]].mean(axis=1)),
                 f"{row['contraction']:.2f}", f"{seconds[0]:.0f} + {seconds[1]:.0f}"]  # fmt: skip
        rows.append(f"| {name} | {n} | `{row['setting']}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def percent(share: Estimate) -> str:
    """A share with its interval, in per cent."""
    value, low, high = (100 * x for x in share)
    return f"{value:.0f} [{low:.0f}, {high:.0f}]"


def mean(values: np.ndarray) -> str:
    """A mean ± its standard error."""
    return f"{values.mean():.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


def data_of(task, score, number):  # type: ignore[no-untyped-def]
    """The truces behind the summaries of a draw."""
    from truce_sim import simulate_many
    from truce_sim.inference.task import _STRIDE

    table = task.prior.values(score[None]).assign(seed=task.seed * _STRIDE + number)
    runs = simulate_many(table, task.base, replicates=task.runs_of_draw)
    return runs["end_day"].to_numpy(float), runs["collapsed"].to_numpy(bool)


if __name__ == "__main__":
    print("| case | truces | setting | 50 % cover | 95 % cover | 95 % exact | median off | "
          "ends off | contraction | s |", flush=True)  # fmt: skip
    for case in sys.argv[1:] or KNOWN:
        for size in (5, 20, 100):
            print(prove(case, size), flush=True)
