"""Three policies of a front: the cheapest that holds (if any does), the knee, the most robust."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.intervals import central

#: The confidence that a policy reaches the target if the low end of its interval does.
SURE = f"with {100 * central()[1]:g} % confidence"

#: The picks in the order in which they are reported, each with its definition. Only one of the
#: first two is reported.
PICKS = {
    "cheapest that holds": "the least cost of those whose share that holds is at least the target, "
                           + SURE,
    "most successful": "holds most often; none is sure to hold in the target share of runs",
    "knee": "where more cost begins to buy less (the point farthest from the straight line between "
            "the ends of the front; Das 1999)",
    "most robust": "the least largest regret (minimax regret; Savage 1951)",
}  # fmt: skip


def choose(table: pd.DataFrame, target: float) -> dict[str, int]:
    """Return the row of each pick.

    Args:
        table: from `judged`, in worlds not used in the search.
        target: the share that should hold. If none is certain to reach it, the first pick is the
            one that holds most often.
    """
    cost, share = table["cost"].to_numpy(), table["holds"].to_numpy()
    sure = np.flatnonzero(reaches(table, target))
    if sure.size:
        first = {"cheapest that holds": int(sure[np.lexsort((-share[sure], cost[sure]))[0]])}
    else:
        first = {"most successful": int(np.lexsort((cost, -share))[0])}
    robust = int(np.lexsort((cost, table["regret"].to_numpy()))[0])
    return first | {"knee": _knee(cost, share), "most robust": robust}


def reaches(proved: pd.DataFrame | pd.Series, target: float) -> Any:
    """Whether each policy, or a row's, holds in the target share of runs, by the low end of its
    interval."""
    return proved["holds_low"] >= target


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
