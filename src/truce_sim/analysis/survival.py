"""Measure how long truces last: Kaplan-Meier curves, restricted means, medians, log-rank tests.

A run survives a day if it ends that day in force, strained or suspended: `survival` on day t is the
share of runs that have not collapsed by the end of that day. Runs that reach their horizon are
censored there; failed runs are left out and counted. Bands allow for draws shared by runs
(`methods.ends`). For what happens along the way, see `incidence` and `spells`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from truce_sim.analysis.groups import By, Where, add_levels, finished_runs, groups, names_in, stack
from truce_sim.analysis.methods.ends import EVENT, Ends, Floats, Ints, count_ends
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.intervals import (
    clusters,
    log_log_interval,
    mean_within,
    median_days,
    named,
    share_interval,
)
from truce_sim.sweeps.sweep import Sweep

Bools = NDArray[np.bool_]

#: Fewer clusters cannot give a p below 0.05 (all of five on one side: 2 / 2⁵).
LEAST_CLUSTERS = 6
#: Up to this number of clusters, `logrank` goes through all their signs.
FLIPPED = 12

#: The estimates of `survival_summary`.
ESTIMATES = ("holds", "mean", "median")


@opened
def kaplan_meier(sweep: Sweep, by: By = (), where: Where = None) -> pd.DataFrame:
    """Return the survival of the truce by day, with log-log bands (Kalbfleisch and Prentice 1980).

    As long as no run, or once every run, has collapsed, the band is Wilson's for a share of 1 or 0.

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group and day: the factors of `by`, day, survival, survival_low,
        survival_high, at_risk, collapses.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    found = []
    for levels, runs in groups(sweep, ["end_day", "collapsed"], by, where):
        ends = run_ends(finished_runs(runs))
        if ends.runs:
            found.append(add_levels(curve(ends), levels))
    return stack(found, [*names_in(by), "day", "survival", "survival_low", "survival_high",
                         "at_risk", "collapses"])  # fmt: skip


def run_ends(runs: pd.DataFrame) -> Ends:
    """Count the ends of runs, with collapse as the event."""
    return count_ends(last_day(runs), runs["collapsed"].to_numpy(np.int64), clusters(runs))


def last_day(runs: pd.DataFrame) -> Ints:
    """Return the last day on which each run could collapse, (runs,).

    For a censored run this is the day before its horizon, because days are numbered from 0.
    """
    return np.asarray(runs["end_day"].to_numpy(np.int64) - ~runs["collapsed"].to_numpy(bool))


def curve(ends: Ends) -> pd.DataFrame:
    """Return the Kaplan-Meier curve of one group, as in `kaplan_meier`."""
    return pd.DataFrame(curve_columns(ends))


def curve_columns(ends: Ends) -> dict[str, Floats | Ints]:
    """Return the columns of `curve`, (days,) each."""
    days = int(ends.day.max()) + 1
    survival, derivatives = product_limit(ends, days)
    variance = ends.variance_of_share(survival, derivatives)
    low, high = log_log_interval(survival, variance, ends.watched(days))
    return {
        "day": np.arange(days), "survival": survival, "survival_low": low, "survival_high": high,
        "at_risk": ends.at_risk(days), "collapses": ends.by_day(EVENT, days),
    }  # fmt: skip


def product_limit(ends: Ends, days: int) -> tuple[Floats, Floats]:
    """Return S(t), (days,), and its derivatives by the weight of each state, (states, days)."""
    died, risk = ends.by_day(EVENT, days), ends.at_risk(days)
    survival: Floats = np.cumprod(1.0 - died / np.maximum(risk, 1)).astype(float)
    left = np.maximum(risk - died, 1)  # once none is left, the curve and its derivatives are 0
    passed = np.cumsum(died / (np.maximum(risk, 1) * left))
    day = np.arange(days)
    own = ((ends.event == EVENT) / left[ends.day])[:, None] * (ends.day[:, None] <= day)
    run = passed[np.minimum(ends.day[:, None], day)]
    return survival, survival * (run - own)


# ── one row a group ──────────────────────────────────────────────────────────────────────────


@opened
def survival_summary(
    sweep: Sweep, by: By = (), where: Where = None, until: int | None = None
) -> pd.DataFrame:
    """Summarise survival in each group.

    The median is the first day on which the Kaplan-Meier curve is at most one half, and its
    interval inverts the log-log band (Brookmeyer and Crowley 1982). It is missing if the curve does
    not reach one half, and an end of its interval if the band does not. The interval of the mean
    stays between 0 and `until` (`intervals.means_within`).

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.
        until: number of days that count; by default those of the shortest horizon.

    Returns:
        A row for each group: the factors of `by`, runs, failed, collapsed and, with intervals,
        holds (the share that lasts `until` days), mean (restricted mean survival, in days) and
        median (in days).

    Raises:
        InputError: a factor was not swept or does not have that level, or some runs are shorter
            than `until`.
    """
    if until is not None and until < 1:
        raise _not_watched(until, sweep.horizon)
    found = []
    for levels, runs in groups(sweep, ["end_day", "collapsed"], by, where):
        done = finished_runs(runs)
        row: dict[str, object] = {**levels, "runs": len(done), "failed": len(runs) - len(done)}
        row["collapsed"] = int(done["collapsed"].sum())
        found.append(row | _estimates(done, until or shortest_horizon(sweep)))
    ends = [name + end for name in ESTIMATES for end in ("", "_low", "_high")]
    return pd.DataFrame(found, columns=[*names_in(by), "runs", "failed", "collapsed", *ends])


@opened
def shortest_horizon(sweep: Sweep) -> int:
    """Return the shortest horizon, in days; all points can be compared up to there."""
    return int(sweep.points["horizon"].min())


def _estimates(runs: pd.DataFrame, until: int) -> dict[str, float]:
    if runs.empty:
        return {n + end: math.nan for n in ESTIMATES for end in ("", "_low", "_high")}
    days, shared = runs["end_day"].to_numpy(float), clusters(runs)
    longest = days[~runs["collapsed"].to_numpy(bool)].min(initial=math.inf)
    if longest < until:
        raise _not_watched(until, int(longest))
    return (
        named("holds", share_interval(days >= until, shared))
        | named("mean", mean_within(np.minimum(days, until), shared, until))
        | named("median", curve_median(curve(run_ends(runs))))
    )


def _not_watched(until: int, horizon: int) -> InputError:
    return InputError(
        "runs are not that long", setting="until", value=until,
        allowed=f"from 1 to {horizon} days",
    )  # fmt: skip


def curve_median(
    curve: pd.DataFrame | Mapping[str, Floats | Ints],
) -> tuple[float, float, float]:
    """Return median survival with its interval: the first days with curve and band at most 1/2."""
    names = ("survival", "survival_low", "survival_high")
    value, low, high = (float(x) for x in median_days(*(np.asarray(curve[n]) for n in names)))
    return value, low, high


# ── tests ────────────────────────────────────────────────────────────────────────────────────


@opened
def logrank(sweep: Sweep, by: By, where: Where = None) -> pd.Series:
    """Test whether survival differs between groups, by the log-rank test (Mantel 1966).

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        chi2 and p of the classical test, which treats runs as independent; chi2_shared and
        p_shared, which allow for the draws that runs share, as common random numbers require; df;
        n, the number of runs. p_shared is how often chi2 would be as large if chance decided for
        each set of draws whether it counts for or against: over all signs for up to 12 sets,
        beyond that by the chi-squared distribution with the same mean and variance (Rao and Scott
        1984). chi2_shared is df times chi2 over that mean. p_shared is 1 if no run differs, and
        missing for fewer than six sets.

    Raises:
        InputError: fewer than two groups have runs.
    """
    found = [finished_runs(runs) for _, runs in groups(sweep, ["end_day", "collapsed"], by, where)]
    found = [runs for runs in found if len(runs)]
    if len(found) < 2:
        raise InputError(
            "needs at least two levels with runs", setting="by", value=by,
            allowed="a factor that was swept",
        )  # fmt: skip
    runs = pd.concat(found, ignore_index=True)
    group = np.repeat(np.arange(len(found)), [len(r) for r in found])
    day, event = last_day(runs), runs["collapsed"].to_numpy(bool)
    return pd.Series(logrank_test(day, event, group, clusters(runs)))


def logrank_test(day: Ints, event: Bools, group: Ints, clusters: Ints) -> dict[str, float]:
    """Return the log-rank test of runs (n,), as in `logrank`."""
    k, days = int(group.max()) + 1, int(day.max()) + 1
    died = np.stack([np.bincount(day[event & (group == g)], minlength=days) for g in range(k)])
    ended = np.stack([np.bincount(day[group == g], minlength=days) for g in range(k)])
    risk = ended[:, ::-1].cumsum(axis=1)[:, ::-1]
    d, y = died.sum(axis=0), np.maximum(risk.sum(axis=0), 1)
    share = risk / y
    excess = (died - share * d).sum(axis=1)[:-1]
    spread = d * (y - d) / np.maximum(y - 1, 1)
    inner = share[:-1] * spread
    plain = np.diag(inner.sum(axis=1)) - inner @ share[:-1].T
    # a run's score: its own collapse less the hazard that it has passed (Peto and Peto 1972)
    score = event - np.cumsum(d / y)[day]
    sums = np.stack(
        [np.bincount(clusters, ((group == g) - (group == g).mean()) * score) for g in range(k - 1)],
        axis=1,
    )  # they add up to `excess`, because scores add up to 0
    weight = np.linalg.pinv(plain, hermitian=True)
    chi2 = float(excess @ weight @ excess)
    expected, p_shared = _shared_test(chi2, weight, sums)
    return {
        "chi2": chi2, "p": float(special.chdtrc(k - 1, chi2)),
        "chi2_shared": (k - 1) * chi2 / expected if expected > 0.0 else 0.0, "p_shared": p_shared,
        "df": k - 1, "n": day.size,
    }  # fmt: skip


def _shared_test(chi2: float, weight: Floats, scores: Floats) -> tuple[float, float]:
    """Mean of chi2 and its p if each cluster's scores (clusters, groups - 1) may change sign.

    Weighting scores by their own variance would reward clusters that are alike: where few differ,
    any direction in which they don't makes that statistic as large as it can be.
    """
    spread = weight @ (scores.T @ scores)
    expected, square = float(np.trace(spread)), float(np.trace(spread @ spread))
    n = len(scores)
    if n < LEAST_CLUSTERS:
        return expected, math.nan
    if not square > 0.0:
        return expected, 1.0
    if n > FLIPPED:
        return expected, float(special.chdtrc(expected**2 / square, chi2 * expected / square))
    signs = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    flipped = signs @ scores
    reached = ((flipped @ weight) * flipped).sum(axis=1) >= chi2 - 1e-9 * max(chi2, expected)
    return expected, float(reached.mean())
