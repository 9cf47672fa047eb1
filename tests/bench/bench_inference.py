"""Prove posteriors right where they are known: V2, V3 and V13, with 5, 20 and 100 truces.

    python tests/bench/bench_inference.py

For each, a flow is trained on draws from the prior and asked about 300 data sets that it has not
seen. Printed: how often central 50 and 95 % intervals cover the truth, with the interval of that
share; the same for the exact posterior; how far quantiles are from the exact ones, in standard
deviations of the exact posterior; time. The table in docs/inference.md comes from here.
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

DRAWS, TESTS, COMPARED, KEPT = 10_000, 300, 60, 999


def prove(name: str, n: int) -> str:
    """Return a row of the table."""
    known, truces = KNOWN[name], truces_like(n)
    task = known.task(truces, seed=n)
    start = time.perf_counter()
    scores = task.prior.draw_scores(DRAWS + TESTS, 1)
    tail = scores[-TESTS:]
    summaries = task.simulate(scores, 0)
    seconds = [time.perf_counter() - start]
    start = time.perf_counter()
    found = flow.train(scores[:-TESTS], summaries[:-TESTS], 1)
    drawn = found.sample(summaries[-TESTS:], KEPT, 2)
    seconds.append(time.perf_counter() - start)
    table = calibration(task.prior.settings, tail, drawn)
    errors, covered = [], []
    for k in range(COMPARED):
        days, ended = data_of(task, tail[k], DRAWS + k)
        exact = known.exact(task.prior, days, ended)
        spread = (exact[:, 3] - exact[:, 1]) / 1.349
        ours = np.quantile(drawn[:, k], QUANTILES, axis=0).T
        errors.append(np.abs(ours - exact) / spread[:, None])
        covered.append((tail[k] >= exact[:, 0]) & (tail[k] <= exact[:, 4]))
    off = np.array(errors)
    rows = []
    for i, row in enumerate(table.to_dict("records")):
        cells = [f"{100 * row[f'cover{x}']:.0f} [{100 * row[f'cover{x}_low']:.0f}, "
                 f"{100 * row[f'cover{x}_high']:.0f}]" for x in (50, 95)]  # fmt: skip
        rows.append(f"| {name} | {n} | `{row['setting']}` | {' | '.join(cells)} | "
                    f"{off[:, i, 2].mean():.2f} | {off[:, i, [0, 4]].mean():.2f} | "
                    f"{row['contraction']:.2f} | {seconds[0]:.0f} + {seconds[1]:.0f} |"
        )  # fmt: skip
    return "\n".join(rows)


def data_of(task, score, number):  # type: ignore[no-untyped-def]
    """The truces behind the summaries of a draw."""
    from truce_sim import simulate_many
    from truce_sim.inference.task import _STRIDE

    table = task.prior.values(score[None]).assign(seed=task.seed * _STRIDE + number)
    runs = simulate_many(table, task.base, replicates=task.runs_of_draw)
    return runs["end_day"].to_numpy(float), runs["collapsed"].to_numpy(bool)


if __name__ == "__main__":
    print("| case | truces | setting | 50 % cover | 95 % cover | median off | ends off | "
          "contraction | s |", flush=True)  # fmt: skip
    for case in sys.argv[1:] or KNOWN:
        for size in (5, 20, 100):
            print(prove(case, size), flush=True)
