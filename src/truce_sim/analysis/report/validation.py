"""The files that `truce-sim validate` writes: the table of patterns and its figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from truce_sim.results.outputs import writing
from truce_sim.results.spreadsheets import as_csv


def write_validation(table: pd.DataFrame, folder: str | Path) -> None:
    """Write the table as `patterns.csv` and its figure as `patterns.png` into a folder."""
    from matplotlib import pyplot as plt

    from truce_sim.analysis.plots.validation import plot_validation

    figure = plot_validation(table)
    with writing(Path(folder)):
        text = as_csv(table, float_format="%.6g")
        (Path(folder) / "patterns.csv").write_text(text, encoding="utf-8")
        figure.savefig(Path(folder) / "patterns.png", dpi=120)
    plt.close(figure)
