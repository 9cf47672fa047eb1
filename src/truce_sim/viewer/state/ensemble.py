"""A fork over many draws: the average effect of the change, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.intervals import (
    CONFIDENCE,
    Estimate,
    count_interval,
    cut,
    mean_difference,
    share_difference,
    wilson_intervals,
)
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.summaries.contrasts import with_sign

Interval = Estimate

#: Number of pairs run before progress is shown.
_AT_ONCE = 20


@dataclass(frozen=True)
class Ensemble:
    """Paired differences between a run's settings and its fork's.

    Each `Interval` is (value, low, high) at 95 %.

    Attributes:
        n: Number of pairs in which neither run failed.
        failed: Number of pairs left out because a run failed.
        over_before: Number of pairs whose truce collapsed before the fork, which cannot differ.
        day: First day of the fork.
        horizon: Last day counted.
        days: Mean difference in days of survival, fork minus run.
        holds: Share of the runs whose truce holds to the horizon.
        holds_fork: That share for the forks.
        holds_more: Paired difference of these shares, fork minus run.
        ends: The last days of the runs and of their forks, (n,) each; the horizon for those that
            hold.
    """

    n: int
    failed: int
    over_before: int
    day: int
    horizon: int
    days: Interval
    holds: Interval
    holds_fork: Interval
    holds_more: Interval
    ends: tuple[NDArray[np.int64], ...] = ()


def compare_fork(
    plain: Config,
    forked: Config,
    day: int,
    replicates: int = 1000,
    progress: Callable[[float], object] = lambda share: None,
) -> Ensemble:
    """Run both settings with the same draws.

    Args:
        plain: The run's configuration.
        forked: The fork's configuration.
        day: First day of the fork.
        replicates: Number of pairs: replicates 0 to `replicates` - 1 of the seed.
        progress: Called with the share done after every few pairs; what it raises ends the work.
    """
    ours, theirs = _pairs(plain, forked, replicates, progress)
    good = (ours["status"] == 0) & (theirs["status"] == 0)
    ours, theirs = ours[good], theirs[good]
    held, held_fork = ours["collapsed"] == 0, theirs["collapsed"] == 0
    return Ensemble(
        n=int(good.sum()),
        failed=int((~good).sum()),
        over_before=int((~held & (ours["end_day"] < day)).sum()),
        day=day,
        horizon=plain.run.horizon_days,
        days=cut(
            _paired_interval(theirs["end_day"] - ours["end_day"], mean_difference),
            -plain.run.horizon_days,
            plain.run.horizon_days,
        ),
        holds=count_interval(int(held.sum()), held.size),
        holds_fork=count_interval(int(held_fork.sum()), held_fork.size),
        holds_more=_paired_interval(held_fork.astype(float) - held, share_difference),
        ends=(ours["end_day"].astype(np.int64), theirs["end_day"].astype(np.int64)),
    )


def survival_curve(
    name: str, ends: NDArray[np.int64], horizon: int, since: int = -1
) -> dict[str, Any]:
    """Return the share of independent runs that hold at the end of each day, for the browser.

    Args:
        name: What the runs are called.
        ends: (n,) Their last days; the horizon for those that hold.
        horizon: Days of the curve.
        since: A day to whose end all are known to hold.
    """
    holding = ends.size - np.cumsum(np.bincount(ends, minlength=horizon + 1))[:horizon]
    parts = np.array(wilson_intervals(holding, np.full(horizon, ends.size)))
    parts[:, : since + 1] = 1.0
    share, low, high = parts.round(4).tolist()
    return {"level": name, "n": ends.size, "share": share, "low": low, "high": high}


def _pairs(
    plain: Config, forked: Config, replicates: int, progress: Callable[[float], object]
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The outcomes of both settings, a few pairs at a time."""
    specs, world = [make_spec(config) for config in (plain, forked)], make_world()
    found: tuple[list[NDArray[np.void]], list[NDArray[np.void]]] = ([], [])
    for first in range(0, replicates, _AT_ONCE):
        some = np.arange(first, min(first + _AT_ONCE, replicates))
        for spec, parts in zip(specs, found, strict=True):
            parts.append(outcomes(spec, some, world))
        progress(float(some[-1] + 1) / replicates)
    ours, theirs = map(np.concatenate, found)
    return ours, theirs


def describe_ensemble(e: Ensemble) -> list[str]:
    """Describe the ensemble in sentences; never "longer" where the interval contains zero."""
    mean, low, high = e.days
    if math.isnan(low):
        return ["Too few runs to tell."]
    span = "the year" if e.horizon == 365 else f"{e.horizon} days"
    gap = (
        f"difference {with_sign(100 * e.holds_more[0])} percentage points "
        f"[{with_sign(100 * e.holds_more[1])}, {with_sign(100 * e.holds_more[2])}]."
    )
    ours, theirs = in_percent(e.holds_fork), in_percent(e.holds)
    shares = f"The truce holds for {span} in {ours} of runs instead of {theirs}; {gap}"
    if e.holds_more[1] <= 0.0 <= e.holds_more[2]:
        shares = (
            f"No clear difference in the share of truces that hold for {span}: {ours} with the "
            f"change, {theirs} without; {gap}"
        )
    return [longer(mean, low, high), shares, _basis(e)]


def longer(mean: float, low: float, high: float) -> str:
    """Say what a change does to the days survived; never "longer" if the interval contains zero."""
    if low == high == 0.0:
        return "No run lasts a day more or less."
    if low <= 0.0 <= high:
        ends = f"[{with_sign(low)}, {with_sign(high)}]"
        return f"No clear difference: {with_sign(mean)} days {ends} on average."
    if low > 0.0:
        return f"On average {mean:.1f} days longer [{low:.1f}, {high:.1f}]."
    return f"On average {-mean:.1f} days shorter [{-high:.1f}, {-low:.1f}]."


def _basis(e: Ensemble) -> str:
    failed = f"; {e.failed:,} pairs failed and are left out" if e.failed else ""
    return (
        f"{e.n:,} pairs of runs with shared draws; days are counted up to the horizon; 95 % "
        f"intervals. In {e.over_before:,} pairs the truce collapsed before day {e.day}, so nothing "
        f"differs{failed}. Assumed values, not a forecast."
    )


def _paired_interval(differences: object, interval: object) -> Interval:
    values = np.asarray(differences, float)
    total, squares = float(values.sum()), float((values**2).sum())
    result: Interval = interval(values.size, total, squares, CONFIDENCE)  # type: ignore[operator]
    return result


def in_percent(interval: Interval) -> str:
    """Return a share with its interval in whole percents."""
    value, low, high = (100 * part for part in interval)
    return f"{value:.0f} % [{low:.0f}, {high:.0f}]"
