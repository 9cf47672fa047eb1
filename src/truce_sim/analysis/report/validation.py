"""The files that `truce-sim validate` writes: the table of patterns and its figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def write_validation(table: pd.DataFrame, folder: str | Path) -> None:
    """Write the table as `patterns.csv` and its figure as `patterns.png` into a folder."""
    from matplotlib import pyplot as plt

    from truce_sim.analysis.plots.validation import plot_validation

    table.to_csv(Path(folder) / "patterns.csv", index=False, float_format="%.6g")
    figure = plot_validation(table)
    figure.savefig(Path(folder) / "patterns.png", dpi=120)
    plt.close(figure)
