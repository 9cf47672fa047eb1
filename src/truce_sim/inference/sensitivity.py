"""How a posterior moves if a summary of the data is left out: a new flow, the same simulations.

A posterior that rests on one summary stands or falls with how that summary was measured, and with
how well the model reproduces it. A row where nothing is left out shows what training alone moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.inference import flow
from truce_sim.intervals import z_quantile

if TYPE_CHECKING:
    from truce_sim.inference.task import Task

Floats = NDArray[np.float64]

#: Draws of each posterior.
_DRAWS = 2000
#: The name of the row that shows training alone.
NOTHING = "nothing"
#: A median that moves by this many of its deviations moves by more than training alone does.
TOLD_FROM = 0.3


def sensitivity(task: Task, found: flow.Flow, scores: Floats, summaries: Floats) -> pd.DataFrame:
    """Return a row for each summary left out and each setting.

    Args:
        task: the fit.
        found: the flow trained on all summaries.
        scores: (draws, settings) that it was trained on.
        summaries: (draws, fitted summaries) of their simulations.

    Returns:
        Columns: left_out (`NOTHING`: the flow with all summaries, trained once more); setting;
            moved, how far the median moves, in deviations of the posterior from all summaries, with
            an interval for the finite number of draws; wider, the ratio of deviations.
    """
    observed, groups = task.observed[task.fitted], _groups(task)
    before = found.sample(observed[None], _DRAWS, task.seed)[:, 0]
    rows = []
    for name, columns in {NOTHING: [], **groups}.items():
        again = found.without(columns, scores, summaries, task.seed + 1)
        after = again.sample(observed[None], _DRAWS, task.seed)[:, 0]
        rows += _rows(name, task.prior.settings, before, after)
    return pd.DataFrame(rows)


def _groups(task: Task) -> dict[str, list[int]]:
    """Groups of fitted summaries left out together -> their numbers; empty if that leaves
    nothing."""
    names = [one.called for one in task.summaries if one.fitted]
    found = {name: [i for i, n in enumerate(names) if n == name] for name in dict.fromkeys(names)}
    return found if len(found) > 1 else {}


def _rows(
    name: str, settings: Sequence[str], before: Floats, after: Floats
) -> list[dict[str, str | float]]:
    spread = before.std(axis=0)
    moved = (np.median(after, axis=0) - np.median(before, axis=0)) / spread
    wider = after.std(axis=0) / spread
    # A median of n normal draws has the variance π/2n of their variance.
    error = z_quantile() * np.sqrt(np.pi / 2 / _DRAWS * (1 + wider**2))
    return [
        {"left_out": name, "setting": path, "moved": float(moved[i]),
         "moved_low": float(moved[i] - error[i]), "moved_high": float(moved[i] + error[i]),
         "wider": float(wider[i])}
        for i, path in enumerate(settings)
    ]  # fmt: skip


def sentences(table: pd.DataFrame) -> list[str]:
    """What the posterior depends on, in words."""
    noise = table.loc[table["left_out"] == NOTHING, "moved"].abs().max()
    rest = table[table["left_out"] != NOTHING]
    if rest.empty:
        return []
    far = rest[rest["moved"].abs() > max(TOLD_FROM, 2 * noise)]
    first = far.reindex(far["moved"].abs().sort_values(ascending=False).index)
    listed = [f"{row.setting} without {row.left_out} ({row.moved:+.1f})"
              for row in first.drop_duplicates("left_out").head(4).itertuples()]  # fmt: skip
    training = f"training once more moves medians by up to {noise:.1f} deviations"
    if not listed:
        most = rest["moved"].abs().max()
        return [f"No summary carries the posterior alone: leaving one out moves medians by up to "
                f"{most:.1f} of their deviations; {training}."]  # fmt: skip
    return [f"The posterior depends on some summaries. Leaving one out moves the median, in its "
            f"deviations, of {'; '.join(listed)}; {training}."]  # fmt: skip
