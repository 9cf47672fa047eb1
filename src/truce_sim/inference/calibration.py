"""Whether posteriors are what they claim to be: simulation-based calibration (Talts et al. 2018).

For data sets simulated from the prior, the rank of the true setting among posterior draws is
uniform, and 95 % intervals contain it 95 times in a hundred, if and only if posteriors are right on
average. The expected information is measured on the same data sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from truce_sim.intervals import central, count_interval, named

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Central intervals whose coverage is counted; columns are named after them.
LEVELS = (0.5, 0.95)
#: Bins of a rank histogram.
BINS = 10


def ranks(true: Floats, drawn: Floats) -> Ints:
    """Return (data sets, settings) how many posterior draws lie below the truth.

    Args:
        true: (data sets, settings).
        drawn: (draws, data sets, settings).
    """
    return np.asarray((drawn < true).sum(axis=0), np.int64)


def calibration(settings: Sequence[str], true: Floats, drawn: Floats) -> pd.DataFrame:
    """Return a row for each setting: coverage, rank histogram, its test, mean contraction.

    Args:
        settings: their names.
        true: (data sets, settings) the true scores.
        drawn: (draws, data sets, settings) posterior draws of scores.

    Returns:
        Columns: setting, n, cover50 and cover95 with their intervals, ranks (the histogram, `BINS`
        bins), p (of a χ² test that it is flat), contraction (1 - posterior over prior variance, the
        mean over data sets).
    """
    found, n = ranks(true, drawn), len(true)
    rows = []
    for i, name in enumerate(settings):
        row = {"setting": name, "n": n}
        for level in LEVELS:
            low, high = np.quantile(drawn[:, :, i], central(level), axis=0)
            inside = int(((true[:, i] >= low) & (true[:, i] <= high)).sum())
            row |= named(f"cover{100 * level:.0f}", count_interval(inside, n))
        counts = np.bincount(found[:, i] * BINS // (len(drawn) + 1), minlength=BINS)
        uneven = float(((counts - n / BINS) ** 2).sum() / (n / BINS))
        shrunk = 1 - drawn[:, :, i].var(axis=0).mean() / true[:, i].var()
        rows.append(row | {"ranks": counts.tolist(), "p": float(chdtrc(BINS - 1, uneven)),
                           "contraction": float(shrunk)})  # fmt: skip
    return pd.DataFrame(rows)


Sampler = Callable[[Floats, int, int], Floats]
