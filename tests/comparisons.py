"""Made-up comparisons, for tests of their arithmetic and their words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truce_sim.analysis.compare import Comparison

HORIZON = 365


def made(days: np.ndarray, draws: np.ndarray | None = None) -> Comparison:
    """A comparison of these days (contexts, replicates, levels); all that reach 365 hold."""
    contexts, replicates, levels = days.shape
    if draws is None:
        draws = np.arange(contexts * replicates).reshape(contexts, replicates)
    others = pd.DataFrame({"c": np.arange(contexts)} if contexts > 1 else None, range(contexts))
    return Comparison(
        "f", tuple("abcdef"[:levels]), 0, HORIZON, others, days.astype(float), draws,
    )  # fmt: skip


def comparison(effects: Sequence[float], noise: float, seed: int = 1) -> Comparison:
    """Levels a, b, … that add so many days to the same 50 draws, and noise of their own."""
    rng = np.random.default_rng(seed)
    days = rng.normal(100, 30, (1, 50, 1)) + np.asarray(effects)
    return made(days + rng.normal(0, noise, (1, 50, len(effects))))
