"""Measure how long truces last: Kaplan-Meier curves, restricted means, medians, log-rank tests.

A run survives a day if it ends that day in force, strained or suspended: `survival` on day t is the
share of runs that have not collapsed by the end of that day. Runs that reach their horizon are
censored there; failed runs are left out and counted. Bands allow for draws shared by runs
(`methods.ends`). For what happens along the way, see `incidence` and `spells`.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from truce_sim.analysis.groups import By, Where, add_levels, finished_runs, groups, names_in, stack
from truce_sim.analysis.methods.ends import EVENT, Ends, Floats, Ints, count_ends
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

#: The estimates of `survival_summary`.
ESTIMATES = ("holds", "mean", "median")


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
    days = int(ends.day.max()) + 1
    survival, derivatives = product_limit(ends, days)
    variance = ends.variance(derivatives) * ends.allowance**2
    low, high = log_log_interval(survival, variance, ends.watched(days))
    return pd.DataFrame({
        "day": np.arange(days), "survival": survival, "survival_low": low, "survival_high": high,
        "at_risk": ends.at_risk(days), "collapses": ends.by_day(EVENT, days),
    })  # fmt: skip


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


def curve_median(curve: pd.DataFrame) -> tuple[float, float, float]:
    """Return median survival with its interval: the first days with curve and band at most 1/2."""
    names = ("survival", "survival_low", "survival_high")
    value, low, high = (float(x) for x in median_days(*(curve[n].to_numpy(float) for n in names)))
    return value, low, high


# ── tests ────────────────────────────────────────────────────────────────────────────────────


def logrank(sweep: Sweep, by: By, where: Where = None) -> pd.Series:
    """Test whether survival differs between groups, by the log-rank test (Mantel 1966).

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        chi2 and p of the classical test, which treats runs as independent; chi2_shared and
        p_shared with the variance by clusters, as common random numbers require (Lin and Wei
        1989); df; n, the number of runs. If no run differs, the clustered test has no variance and
        its p is 1; if there are no more sets of draws than groups, it is missing.

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
    return logrank_test(last_day(runs), runs["collapsed"].to_numpy(bool), group, clusters(runs))


def logrank_test(day: Ints, event: Bools, group: Ints, clusters: Ints) -> pd.Series:
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
    # contribution of a run of each group, last day and event to the excess of each group
    hazard = np.cumsum(d / y)
    by_share = np.cumsum(share[:-1] * d / y, axis=1).T
    own = np.eye(k, k - 1)[:, None]
    scores = np.stack([by_share - own * hazard[:, None]] * 2)
    scores[1] += own - share[:-1].T
    state = (event.astype(np.int64), group, day)
    sums = np.stack([np.bincount(clusters, scores[..., g][state]) for g in range(k - 1)], axis=1)
    chi2, chi2_shared = (_quadratic(excess, v.astype(float)) for v in (plain, sums.T @ sums))
    return pd.Series({
        "chi2": chi2, "p": float(special.chdtrc(k - 1, chi2)),
        "chi2_shared": chi2_shared, "p_shared": _p_of_clusters(chi2_shared, k - 1, len(sums)),
        "df": k - 1, "n": day.size,
    })  # fmt: skip


def _p_of_clusters(chi2: float, df: int, clusters: int) -> float:
    """p by Hotelling's T², which allows for the poor variance estimate from few clusters.

    NaN if there are no more clusters than degrees of freedom.
    """
    left = clusters - df
    if left < 1:
        return math.nan
    return float(special.fdtrc(df, left, left / df * chi2 / max(clusters - chi2, 1e-300)))


def _quadratic(excess: Floats, variance: Floats) -> float:
    return float(excess @ np.linalg.pinv(variance, hermitian=True) @ excess)
