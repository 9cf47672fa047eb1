"""Events over time: collapse by cause, first violation and strike, hazard, states."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from truce_sim.analysis.groups import By, Where, add_levels, finished_runs, groups, names_in, stack
from truce_sim.analysis.methods.ends import (
    CENSORED,
    COMPETING,
    EVENT,
    Ends,
    Floats,
    Ints,
    count_ends,
)
from truce_sim.analysis.opened import opened
from truce_sim.analysis.survival import last_day, product_limit, run_ends
from truce_sim.errors import InputError
from truce_sim.intervals import (
    clusters,
    effective_size,
    log_log_interval,
    mean_within,
    named,
    wilson,
)
from truce_sim.sweeps.sweep import Sweep

#: The events of `first_times`, and the column with the day of each.
FIRSTS = {
    "violation": "first_violation_day",
    "strike": "first_strike_day",
    "suspension": "first_suspension_day",
}
STATES = {
    "in force": "days_in_force",
    "strained": "days_strained",
    "suspended": "days_suspended",
}


@opened
def cumulative_incidence(sweep: Sweep, by: By = (), where: Where = None) -> pd.DataFrame:
    """Return the share of runs collapsed by each day, by cause (Aalen and Johansen 1978).

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group, cause and day: the factors of `by`, cause, day, incidence with its
        log-log band, and runs. Summed over causes, incidence is the share collapsed.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    found = []
    for levels, runs in groups(sweep, ["end_day", "collapsed", "cause"], by, where):
        done = finished_runs(runs)
        day, shared = last_day(done), clusters(done)
        collapsed = done["collapsed"].to_numpy(bool)
        for cause in done["cause"].cat.categories if len(done) else ():
            ours = collapsed & (done["cause"] == cause).to_numpy(bool)
            kind = np.where(ours, EVENT, np.where(collapsed, COMPETING, CENSORED))
            table = incidence(count_ends(day, kind, shared))
            found.append(add_levels(table, levels | {"cause": cause}))
    return stack(found, [*names_in(by), "cause", "day", "incidence", "incidence_low",
                         "incidence_high", "runs"])  # fmt: skip


@opened
def first_times(sweep: Sweep, by: By = (), where: Where = None) -> pd.DataFrame:
    """Return the share of runs with a first violation, strike or suspension by each day.

    A run that collapses first can no longer have the event: collapse is a competing event, not
    censoring.

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group, event and day: the factors of `by`, first (a key of `FIRSTS`), day,
        incidence with its band, and runs.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    found = []
    names = ["end_day", "collapsed", *FIRSTS.values()]
    for levels, runs in groups(sweep, names, by, where):
        done = finished_runs(runs)
        shared, end = clusters(done), last_day(done)
        for first, column in FIRSTS.items() if len(done) else ():
            came = done[column].notna().to_numpy(bool)
            day = np.where(came, done[column].fillna(0).to_numpy(np.int64), end)
            other = np.where(done["collapsed"].to_numpy(bool), COMPETING, CENSORED)
            table = incidence(count_ends(day, np.where(came, EVENT, other), shared))
            found.append(add_levels(table, levels | {"first": first}))
    return stack(found, [*names_in(by), "first", "day", "incidence", "incidence_low",
                         "incidence_high", "runs"])  # fmt: skip


def incidence(ends: Ends) -> pd.DataFrame:
    """Return the cumulative incidence of the event by day, with its log-log band."""
    return pd.DataFrame(incidence_columns(ends)).assign(runs=ends.runs)


def incidence_columns(ends: Ends) -> dict[str, Floats | Ints]:
    """Return the columns of `incidence`, (days,) each, but for the number of runs."""
    days = int(ends.day.max()) + 1
    came = ends.by_day(EVENT, days)
    left = Ends(ends.day, np.minimum(ends.event, EVENT), ends.count, ends.clusters, ends.shared)
    survival, derivatives = product_limit(left, days)
    risk = np.maximum(ends.at_risk(days), 1)
    rate = came / risk
    before = np.concatenate([[1.0], survival[:-1]])
    slopes = np.concatenate([np.zeros((len(ends.day), 1)), derivatives[:, :-1]], axis=1) * rate
    slopes -= (ends.day[:, None] >= np.arange(days)) * (before * rate / risk)
    ours = np.flatnonzero(ends.event == EVENT)
    slopes[ours, ends.day[ours]] += before[ends.day[ours]] / risk[ends.day[ours]]
    share = np.cumsum(before * rate)
    variance = ends.variance_of_share(share, slopes.cumsum(axis=1))
    low, high = log_log_interval(share, variance, ends.watched(days))
    return {
        "day": np.arange(days),
        "incidence": share,
        "incidence_low": low,
        "incidence_high": high,
    }


@opened
def hazard(sweep: Sweep, by: By = (), where: Where = None, width: int = 30) -> pd.DataFrame:
    """Return the hazard of collapse: collapses per day at risk, window by window.

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.
        width: days of a window. A remainder of less than half a window at the end is added to the
            last one.

    Returns:
        A row for each group and window: the factors of `by`, from_day, to_day, hazard with its
        interval (Wilson's, at the effective number of days at risk), collapses and days_at_risk.

    Raises:
        InputError: a factor was not swept or does not have that level, or the width is less than
            a day.
    """
    if width < 1:
        raise InputError(
            "is not a valid number of days", setting="width", value=width, allowed="1 or more"
        )
    found = []
    for levels, runs in groups(sweep, ["end_day", "collapsed"], by, where):
        ends = run_ends(finished_runs(runs))
        if ends.runs:
            found.append(add_levels(group_hazard(ends, width), levels))
    return stack(found, [*names_in(by), "from_day", "to_day", "hazard", "hazard_low",
                         "hazard_high", "collapses", "days_at_risk"])  # fmt: skip


def group_hazard(ends: Ends, width: int) -> pd.DataFrame:
    """Return the hazard of one group, as in `hazard`."""
    return pd.DataFrame(hazard_rows(ends, width))


def hazard_rows(ends: Ends, width: int) -> list[dict[str, float]]:
    """Return the rows of `group_hazard`."""
    days, rows = int(ends.day.max()) + 1, []
    edges = [*range(0, max(days - (width - 1) // 2, 1), width), days]
    for start, stop in pairwise(edges):
        inside = (ends.event == EVENT) & (ends.day >= start) & (ends.day < stop)
        lived = np.clip(ends.day + 1 - start, 0, stop - start).astype(float)
        exposed = float(lived @ ends.count)
        collapses = int(ends.count[inside].sum())
        rate = collapses / exposed
        variance = float(ends.variance((inside - rate * lived) / exposed))
        size = effective_size(rate, variance, exposed * ends.clusters / ends.runs)
        found = wilson(rate, size / ends.allowance**2)
        rows.append({"from_day": start, "to_day": stop} | named("hazard", found)
                    | {"collapses": collapses, "days_at_risk": int(exposed)})  # fmt: skip
    return rows


@opened
def state_shares(sweep: Sweep, by: By = (), where: Where = None) -> pd.DataFrame:
    """Return the shares of the days of the horizon that truces spend in each state.

    The days after a collapse count as the state "collapsed".

    Args:
        sweep: the sweep to analyse.
        by: factors whose levels define the groups.
        where: levels at which other factors are held fixed.

    Returns:
        A row for each group and state: the factors of `by`, state, share with its interval
        (`intervals.means_within`), and runs.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    horizons, found = sweep.points["horizon"], []
    for levels, runs in groups(sweep, list(STATES.values()), by, where):
        done = finished_runs(runs)
        horizon, shared = horizons.reindex(done["point"]).to_numpy(float), clusters(done)
        shares = {state: done[name].to_numpy(float) / horizon for state, name in STATES.items()}
        shares["collapsed"] = 1.0 - sum(shares.values(), np.zeros(len(done)))
        for state, values in shares.items():
            row = named("share", mean_within(values, shared, 1.0))
            found.append({**levels, "state": state, **row, "runs": len(done)})
    names = [*names_in(by), "state", "share", "share_low", "share_high", "runs"]
    return pd.DataFrame(found, columns=names)
