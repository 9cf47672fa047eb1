"""Measure and draw how the time of a run grows: with the horizon, with sectors, with attempts.

    python tools/growth.py

writes docs/figures/growth.png and prints the figures. Times are processor time of this machine,
the least of several rounds; each panel has a straight line through its points.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from truce_sim import load_config
from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.simulation.spec import make_spec

FIGURE = Path(__file__).resolve().parents[1] / "docs" / "figures" / "growth.png"

#: A year that does not collapse; what grows, its values, and what else is set with it.
FULL: dict[str, object] = {"truce.collapse_strikes": float("inf"), "frailty": "none"}
PANELS: tuple[tuple[str, str, Sequence[float], dict[str, object]], ...] = (
    ("run.horizon_days", "horizon, days", (90, 365, 730, 1460, 2920), {}),
    ("border.sectors", "sectors", (20, 60, 125, 250, 500), {"scenario": "synthetic"}),
    ("militants.attempts_per_day", "attempts a day", (0.5, 2.5, 5, 10, 20),
     {"militants.excitation": 0.0}),
)  # fmt: skip

RUNS, ROUNDS = 20, 12


def milliseconds(settings: dict[str, object]) -> float:
    """Processor time of a run of these settings, ms."""
    spec, world = make_spec(load_config({**FULL, **settings})), make_world()
    outcomes(spec, range(RUNS), world)
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        outcomes(spec, range(RUNS), world)
        times.append(time.process_time() - begun)
    return 1e3 * min(times) / RUNS


def main() -> None:
    """Measure, print and draw."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(9, 3), layout="constrained")
    for panel, (path, label, values, others) in zip(axes, PANELS, strict=True):
        took = [milliseconds({**others, path: value}) for value in values]
        slope, start = np.polyfit(values, took, 1)
        print(f"{label}: {start:.3f} ms + {slope:.6f} ms each;", *(f"{t:.3f}" for t in took))
        ends = np.array([0.0, max(values)])
        panel.plot(ends, start + slope * ends, color="#bbbbbb", zorder=1)
        panel.plot(values, took, "o", color="#0072b2", zorder=2)
        panel.set_xlabel(label)
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("one run, ms")
    figure.savefig(FIGURE, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
