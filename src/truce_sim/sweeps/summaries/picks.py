"""Pick a run of a point to look at: a typical one, the worst, the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError

if TYPE_CHECKING:
    from truce_sim.sweeps.folder.folder import SweepFolder

#: Name of a flag -> the run of a point that it opens.
PICKS = {
    "worst": "the run that ended first",
    "median": "the run of median length",
    "best": "the run that lasted longest",
    "first-collapse": "the first run, by replicate, that collapsed",
}


def pick_run(sweep: SweepFolder, point: int, pick: str) -> int:
    """Return the replicate of a point that a pick selects; the lowest of several.

    Args:
        sweep: the sweep's folder.
        point: number of the point.
        pick: a key of PICKS.

    Raises:
        InputError: if there is no such point or run.
    """
    if not 0 <= point < sweep.points:
        raise InputError(
            "no such point", setting=f"--{pick}", value=point, allowed=f"0 to {sweep.points - 1}"
        )
    runs = sweep.runs(["end_day", "collapsed"], points=[point])
    runs = runs[runs["status"] == "done"].sort_values("replicate", kind="stable")
    if pick == "first-collapse":
        runs = runs[runs["collapsed"].astype(bool)]
    if runs.empty:
        problem = f"no run of this point {'collapsed' if pick == 'first-collapse' else 'is done'}"
        raise InputError(problem, setting=f"--{pick}", value=point)
    return int(runs["replicate"].iloc[pick_place(runs["end_day"].to_numpy(float), pick)])


def pick_place(days: NDArray[np.float64], pick: str) -> int:
    """Return the index of the picked run.

    Args:
        days: (runs,) how long each run lasts; for "first-collapse", only runs that collapsed.
        pick: a key of PICKS.
    """
    if pick == "median":
        return int(np.argmin(np.abs(days - np.sort(days)[(len(days) - 1) // 2])))
    if pick == "first-collapse":
        return 0
    return int(np.argmin(days) if pick == "worst" else np.argmax(days))
