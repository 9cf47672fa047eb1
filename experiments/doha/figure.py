"""Survival of the truce by mediation, a panel for each reading of the clause.

python experiments/doha/figure.py SWEEP_DIR [docs/figures/doha.png]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.intervals import wilson_intervals

CASE = 131  # days the truce of 19 October 2025 lasted
COLOURS = {
    "none": "#000000",
    "qatar_turkiye": "#E69F00",
    "monitored": "#56B4E9",
    "fast_monitored": "#009E73",
}
NAMES = {
    "none": "no mediators",
    "qatar_turkiye": "Qatar and Türkiye",
    "monitored": "with verification",
    "fast_monitored": "with fast verification",
}


def main(folder: str, target: str = "docs/figures/doha.png") -> None:
    """Draw the figure of a finished sweep."""
    runs = pd.read_parquet(Path(folder) / "runs.parquet")
    horizon = int(runs["end_day"].max())
    readings = list(dict.fromkeys(runs["truce"]))
    mpl.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(1, len(readings), figsize=(10, 3.9), sharey=True)
    for axis, reading in zip(axes, readings, strict=True):
        for mediation, colour in COLOURS.items():
            chosen = runs[(runs["truce"] == reading) & (runs["mediation"] == mediation)]
            draw_survival(axis, chosen["end_day"].to_numpy(), horizon, colour, NAMES[mediation])
        axis.axvline(CASE, color="0.6", lw=0.8, ls=":")
        axis.set(title=f"truce={reading}", xlabel="days since the truce", xlim=(0, horizon))
        axis.set_ylim(0, 1.02)
    axes[0].set_ylabel("share of runs still in truce")
    axes[0].text(CASE + 5, 0.62, "the case:\nday 131\n(n = 1)", color="0.4", fontsize=8)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, frameon=False)
    n = len(runs) // (len(readings) * len(COLOURS))
    figure.suptitle(
        f"Survival of the truce in the model; bands: pointwise 95 %, n = {n:,} runs a curve",
        fontsize=10,
    )
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    figure.savefig(target, dpi=110)
    print(f"{target}")


def draw_survival(
    axis: plt.Axes, end_day: NDArray[np.int64], horizon: int, colour: str, name: str
) -> None:
    """Share that lasted at least so many days, with pointwise Wilson bands."""
    days = np.arange(horizon + 1)
    n = np.full(days.size, end_day.size)
    share, low, high = wilson_intervals(n - np.searchsorted(np.sort(end_day), days), n)
    axis.step(days, share, where="post", color=colour, lw=1.6, label=name)
    axis.fill_between(days, low, high, step="post", color=colour, alpha=0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
