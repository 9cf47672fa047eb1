"""Compare any two points of a sweep, run by run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from truce_sim.analysis.compare import Comparison
from truce_sim.analysis.groups import finished_runs, level_in
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError, a_kind
from truce_sim.settings.written import written
from truce_sim.sweeps.sweep import Sweep

#: A point: its number, or the values of enough settings to identify it.
Point = int | Mapping[str, object]

#: Maximum number of points named in a message.
_FEW = 6


@opened
def compare_points(sweep: Sweep, point: Point, against: Point) -> Comparison:
    """Compare two points of a sweep, which may differ in any number of settings.

    Args:
        sweep: the sweep to analyse.
        point: the number of a point, or settings that only it has: `{"truce": "literal"}`.
        against: the point to compare it with.

    Returns:
        A comparison whose factor is `point`, with the settings of each point as its level. Days
        are counted up to the shorter of their horizons. Intervals are about chance given these two
        points; in a sweep over worlds they say nothing about other worlds.

    Raises:
        InputError: there is no such point, several have these settings, or there are no two runs
            of the same replicate.
    """
    ours, theirs = find_point(sweep, point), find_point(sweep, against, "against")
    if ours == theirs:
        raise InputError(
            "is the same point as the other", setting="point", value=ours,
            allowed="two different points",
        )  # fmt: skip
    runs = finished_runs(sweep.load(["end_day"], points=[theirs, ours]))
    replicate = runs["replicate"].to_numpy(np.int64)
    shape = (1, int(replicate.max(initial=-1)) + 1, 2)
    column = (runs["point"] == ours).to_numpy(int)
    horizon = int(sweep.points.loc[[theirs, ours], "horizon"].min())
    days, draws = np.full(shape, np.nan), np.arange(shape[1])[None, :]
    days[0, replicate, column] = np.minimum(runs["end_day"].to_numpy(float), horizon)
    if not np.isfinite(days).all(axis=2).any():
        raise InputError(
            "there are no two runs of the same replicate", setting="point", value=ours,
            allowed="points whose runs did not fail",
        )  # fmt: skip
    levels = tuple(_named(sweep, number) for number in (theirs, ours))
    nowhere = pd.DataFrame(index=[0])
    return Comparison("point", levels, 0, horizon, nowhere, days, draws)


@opened
def find_point(sweep: Sweep, point: Point, setting: str = "point") -> int:
    """Return the number of a point.

    Args:
        sweep: the sweep.
        point: its number, or settings that only it has.
        setting: the name of the argument, for messages.

    Raises:
        InputError: there is no such point, or several.
    """
    design = sweep.folder.design
    if isinstance(point, Mapping):
        rows = design
        for name, level in point.items():
            known = list(dict.fromkeys(rows[sweep.check_factor(name)]))
            rows = rows[rows[name] == known[level_in(known, level, name)]]
        if len(rows) > 1:
            some = ", ".join(map(str, rows.index[:_FEW])) + (", …" if len(rows) > _FEW else "")
            raise InputError(
                f"{len(rows):,} points have these settings: {some}", setting=setting,
                value=dict(point), allowed="the number of one, or more of its settings",
            )  # fmt: skip
        return int(rows.index[0])
    number: object = point
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole or number not in design.index:
        raise InputError(
            "no such point" if whole else f"is not a point but {a_kind(number)}",
            setting=setting, value=point,
            allowed=f"a number from 0 to {len(design) - 1}, or a mapping of settings to values",
        )  # fmt: skip
    return int(point)


def _named(sweep: Sweep, point: int) -> str:
    """A point in words: `3 (truce=literal, home.threshold=5)`."""
    row = sweep.folder.design.loc[point]
    settings = ", ".join(f"{name}={written(row[name])}" for name in sweep.factors)
    return f"{point} ({settings})" if settings else str(point)
