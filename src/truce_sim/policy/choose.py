"""Three policies of a front: the cheapest that holds, the knee, the most robust."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: The picks, in the order in which they are reported, each with what it is.
PICKS = {
    "cheapest that holds": "the least cost of those whose share that holds is at least the target, "
                           "with 97.5 % confidence",
    "knee": "where more cost begins to buy less (the point farthest from the straight line between "
            "the ends of the front; Das 1999)",
    "most robust": "the least largest regret (minimax regret; Savage 1951)",
}  # fmt: skip


def choose(table: pd.DataFrame, target: float) -> dict[str, int]:
    """Return the row of each pick.

    Args:
        table: of `judged`, in worlds that policies were not searched in.
        target: the share that should hold. If none is sure to reach it, the pick is the one that
            holds most often.
    """
    cost, share = table["cost"].to_numpy(), table["holds"].to_numpy()
    sure = np.flatnonzero(table["holds_low"].to_numpy() >= target)
    if sure.size:
        cheapest = sure[np.lexsort((-share[sure], cost[sure]))[0]]
    else:
        cheapest = np.lexsort((cost, -share))[0]
    robust = np.lexsort((cost, table["regret"].to_numpy()))[0]
    rows = (int(cheapest), _knee(cost, share), int(robust))
    return dict(zip(PICKS, rows, strict=True))


def _knee(cost: NDArray[np.float64], share: NDArray[np.float64]) -> int:
    """The row farthest above the line from the cheapest row to the one that holds most often."""
    low, high = np.lexsort((-share, cost))[0], np.lexsort((cost, -share))[0]
    across, up = cost[high] - cost[low], share[high] - share[low]
    if not (across > 0 and up > 0):
        return int(high)
    above = (share - share[low]) / up - (cost - cost[low]) / across
    return int(np.argmax(above))


def thinned(cost: pd.Series, number: int) -> list[int]:
    """Return rows spread evenly over the order of costs, both ends included."""
    order = np.argsort(cost.to_numpy(), kind="stable")
    at = np.unique(np.linspace(0, len(order) - 1, min(number, len(order))).round().astype(int))
    return [int(order[i]) for i in at]
