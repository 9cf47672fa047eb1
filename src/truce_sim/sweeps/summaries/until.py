"""When a sweep has replicates enough: `sweep.until`.

Replicates are added in blocks of 64 until the interval of the chosen outcome is as narrow as asked.
An interval that is looked at again and again, and kept when it happens to be narrow, covers less
than it says: a sample without its rare large values looks precise. Stopped so, Student's t covers
86-90 % on skewed days and 36 % where 1 % of paired runs differ.

The interval here makes up for it twice. Two made-up runs at either end of the outcome's range join
the sample, as Agresti and Coull (1998) add them for shares: 64 runs that are all alike do not prove
that the next is. And the level is 97 %, which leaves 2 % for the looks. The runs that this costs
are about a quarter more than a plain interval of 95 % would take. By simulation it covers at least
95 % at every half-width tried: shares from 0.05 % to 50 %, skewed and censored days, differences
that are rare (`tests/sweeps/test_until.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.engine.record import HORIZON, OUTCOME_COLUMNS
from truce_sim.errors import InputError, closest
from truce_sim.intervals import z_quantile

#: Replicates are added by so many; no point has fewer, its ceiling aside.
BLOCK = 64

#: Of an interval by itself; 95 % are left after the looks.
_LEVEL = 0.97
_MADE_UP = 2

Values = NDArray[np.float64]


def outcome_bounds(outcome: str, horizon: int) -> tuple[float, float]:
    """The least and the greatest value of an outcome of a run of `horizon` days.

    Raises InputError for one that no number bounds, whose interval could not be trusted.
    """
    bounded = {
        name: float(horizon) if column.most == HORIZON else float(column.most)
        for name, column in OUTCOME_COLUMNS.items()
        if column.most is not None
    }
    if outcome not in bounded:
        raise InputError(
            "has no greatest value, or is none of the outcomes", setting="sweep.until.outcome",
            value=outcome, allowed=", ".join(bounded), suggestion=closest(outcome, bounded),
        )  # fmt: skip
    return 0.0, bounded[outcome]


@dataclass(frozen=True)
class Until:
    """A stopping rule for the mean of an outcome that lies from `low` to `high`.

    half_width: of the interval asked for, in the outcome's units. ceiling: replicates at most.
    A share is the mean of zeros and ones. A paired contrast is the mean of differences, which lie
    from -1 to 1 for shares, from -horizon to horizon for days.

    Raises InputError for a half-width that is not above 0.
    """

    half_width: float
    ceiling: int
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (self.half_width > 0 and math.isfinite(self.half_width)):
            raise InputError(
                "is no half-width", setting="sweep.until.half_width", value=self.half_width,
                allowed="a number above 0, in the outcome's units",
            )  # fmt: skip

    def open(self, n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> NDArray[np.bool_]:
        """Which points need another block.

        n, total, squares: (points,) number of runs, sum of the outcome and of its square.
        """
        runs = np.asarray(n)
        wide = self._centre_and_half(n, total, squares)[1] > self.half_width
        return np.asarray((runs < self.ceiling) & (wide | (runs < BLOCK)))

    def wanted(self, n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> NDArray[np.int64]:
        """Replicates that points should have before they are judged again; `n` for those that are
        not open.

        Half of the way to where the interval would be narrow enough, in whole blocks, one at
        least: few looks, and hardly a run too many.
        """
        runs = np.asarray(n, np.int64)
        half = self._centre_and_half(n, total, squares)[1]
        ahead = (runs + 2 * _MADE_UP) * ((half / self.half_width) ** 2 - 1.0) / 2
        blocks = np.where(runs < BLOCK, 1, np.maximum(np.floor(ahead / BLOCK), 1))
        more = np.minimum(BLOCK * blocks, np.maximum(self.ceiling - runs, 0)).astype(np.int64)
        return np.where(self.open(n, total, squares), runs + more, runs)

    def interval(
        self, n: ArrayLike, total: ArrayLike, squares: ArrayLike
    ) -> tuple[Values, Values, Values]:
        """Mean of the runs, and the ends of the interval that covers 95 % after stopping.

        Arguments as in `open`; the mean of no runs is missing, and its interval the whole range.
        """
        centre, half = self._centre_and_half(n, total, squares)
        with np.errstate(invalid="ignore"):
            mean = np.asarray(total, float) / np.asarray(n, float)
        return mean, np.maximum(centre - half, self.low), np.minimum(centre + half, self.high)

    def half_widths(self, n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> Values:
        """Half of the width of the interval before it is cut at the ends of the range: what is
        compared with the half-width asked for."""
        return self._centre_and_half(n, total, squares)[1]

    def _centre_and_half(
        self, n: ArrayLike, total: ArrayLike, squares: ArrayLike
    ) -> tuple[Values, Values]:
        """Centre and half-width, with the made-up runs among the others."""
        size = np.asarray(n, float) + 2 * _MADE_UP
        centre = (np.asarray(total, float) + _MADE_UP * (self.low + self.high)) / size
        second = (np.asarray(squares, float) + _MADE_UP * (self.low**2 + self.high**2)) / size
        variance = np.maximum(second - centre**2, 0.0)
        return centre, z_quantile(_LEVEL) * np.sqrt(variance / size)
