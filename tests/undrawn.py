"""Reports without drawings, for tests of everything else: drawing takes half of the time.

All that a drawing shows is read and computed as ever; only the drawing itself is left out.
"""

from __future__ import annotations

import importlib

import matplotlib.figure
import pytest

from truce_sim.analysis.report.parts import Figure

#: Modules whose functions draw tables or runs that they are given. (`plot_box` reads the folder.)
PLOTS = ("border", "compare", "sensitivity", "survival", "timeline")


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Make every figure of a report an empty one, whose picture has no bytes."""
    blank = matplotlib.figure.Figure().subplots()
    for module in PLOTS:
        plots = importlib.import_module(f"truce_sim.analysis.plots.{module}")
        for name in vars(plots):
            if name.startswith("plot_"):
                patch.setattr(plots, name, lambda *_, **__: blank)
    patch.setattr(Figure, "render", lambda *_: b"")
