"""Futures of particles from the present on, and what they say, each with its interval.

Futures of one root share a past, and those of one draw share their settings, so intervals treat
roots as clusters. That covers the error of the filter too (Chan and Lai 2013; Lee and Whiteley
2018).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.engine.codes import CAUSES
from truce_sim.following.drawn import Drawn
from truce_sim.following.evidence import CLASSES, Part
from truce_sim.following.particles import Ints, Particles, Share, Watch, counter, play
from truce_sim.intervals import (
    Estimate,
    cut,
    mean_interval,
    mean_within,
    named,
    quantile_interval,
    share_interval,
)

#: No such event before the run ended.
NEVER = np.iinfo(np.int32).max
#: Days ahead for which the chances of events are given.
SOON = (7, 30)
#: The name of a future without collapse.
HOLDS = "holds"


def play_futures(
    drawn: Drawn,
    particles: Particles,
    as_of: int,
    horizon: int,
    claims: Sequence[Part] = (),
    threads: int = 0,
    progress: Share = lambda share: None,
) -> pd.DataFrame:
    """Run particles to a horizon.

    Args:
        drawn: their settings.
        particles: the particles to run.
        as_of: the present.
        horizon: days.
        claims: parts of the record whose events are to be counted.
        threads: how many to use; 0: one for each core.
        progress: called after each run with the share done; what it raises ends the work.

    Returns:
        A row for each: draw, root (as a code from 0), collapsed, end_day (the horizon where it
        holds), cause, the day of the next event of each class (infinite: none), and the number of
        events of each claim, by its number.
    """
    width = len(CLASSES) + len(claims)
    watch = _watch(as_of, horizon, claims)
    outcome, both = play(drawn, particles, horizon, watch, width, threads, progress)
    seen, counts = both[:, : len(CLASSES)], both[:, len(CLASSES) :]
    cause = np.where(outcome["collapsed"] == 1, outcome["cause"], len(CAUSES))
    upcoming = np.where(seen > 0, NEVER - seen, math.inf)
    return pd.DataFrame(
        {
            "draw": particles.draw,
            "root": np.unique(particles.root, return_inverse=True)[1],
            "collapsed": outcome["collapsed"] == 1,
            "end_day": outcome["end_day"].astype(np.int64),
            "cause": np.array([*CAUSES, HOLDS])[cause],
            **dict(zip(CLASSES, upcoming.T, strict=True)),
            **{claim_column(i): counts[:, i] for i in range(len(claims))},
        }
    )


def claim_column(i: int) -> str:
    """Return the column of a claim."""
    return f"claim {i}"


def _watch(as_of: int, horizon: int, claims: Sequence[Part]) -> Watch:
    """Return a function that notes the first day of each class after the present (as NEVER minus
    that day) and counts the events of claims."""
    count = counter(claims, horizon)

    def note(which: Ints, day: Ints, row: NDArray[Any]) -> None:
        later = (which >= 0) & (day > as_of)
        np.maximum.at(row, which[later], NEVER - day[later])
        count(which, day, row[len(CLASSES) :])

    return note


def survival_table(futures: pd.DataFrame, as_of: int, ahead: int) -> pd.DataFrame:
    """Return the share of truces that still hold at the end of each of the days ahead."""
    end, root = futures["end_day"].to_numpy(), futures["root"].to_numpy()
    rows = []
    for step in range(1, ahead + 1):
        share = share_interval(end > as_of + step, root)
        rows.append({"ahead": step, "day": as_of + step, **named("holds", share)})
    return pd.DataFrame(rows)


def median_left(futures: pd.DataFrame, as_of: int) -> Estimate:
    """Return the median of the days left; NaN where more than half outlast the days ahead."""
    days = np.where(futures["collapsed"], futures["end_day"] - as_of, math.inf)
    return Estimate(*(
        x if math.isfinite(x) else math.nan
        for x in quantile_interval(days, futures["root"].to_numpy(), 0.5)
    ))  # fmt: skip


def causes_table(futures: pd.DataFrame) -> pd.DataFrame:
    """Return the chance of each cause of a collapse within the days ahead, and of none."""
    cause, root = futures["cause"].to_numpy(), futures["root"].to_numpy()
    return pd.DataFrame(
        {"cause": name, **named("chance", share_interval(cause == name, root))}
        for name in (*CAUSES, HOLDS)
    )


def next_table(futures: pd.DataFrame, as_of: int, ahead: int) -> pd.DataFrame:
    """Return the chance of at least one event of each class within some days."""
    root = futures["root"].to_numpy()
    collapse = np.where(futures["collapsed"], futures["end_day"], math.inf)
    rows = []
    for name in (*CLASSES, "collapse"):
        day = collapse if name == "collapse" else futures[name].to_numpy()
        row: dict[str, Any] = {"event": name}
        for days in SOON:
            if days <= ahead:
                row |= named(f"within_{days}", share_interval(day <= as_of + days, root))
        rows.append(row)
    return pd.DataFrame(rows)


def plain_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the rows of tables as plain values, as in JSON; NaN and infinity become null."""
    return {
        name: json.loads(table.to_json(orient="records", double_precision=10))
        for name, table in tables.items()
    }


def plain_estimate(found: Estimate) -> dict[str, float | None]:
    """Return an estimate as plain values; NaN and infinity become null."""
    return {name: None if math.isnan(x) else x for name, x in found._asdict().items()}


def difference_table(
    now: pd.DataFrame, changed: Mapping[str, pd.DataFrame], as_of: int, horizon: int
) -> pd.DataFrame:
    """Return what each lever changes, future by future with the same random stream.

    Returns:
        A row for each lever: the share that holds with it; the change in that share; the change in
        the mean days survived up to the horizon.
    """
    root = now["root"].to_numpy()
    rows = []
    for name, then in changed.items():
        holds, held = (~f["collapsed"].to_numpy(bool) for f in (then, now))
        days = (then["end_day"] - now["end_day"]).to_numpy(float)
        more = mean_interval(holds.astype(float) - held, root)
        left = horizon - as_of - 1
        rows.append({
            "lever": name, **named("holds", share_interval(holds, root)),
            **named("holds_more", cut(more, -1.0, 1.0)),
            **named("days_more", cut(mean_interval(days, root), -left, left)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def claims_table(futures: pd.DataFrame, claims: Sequence[Part]) -> pd.DataFrame:
    """Return how many of the events claimed came true in the runs that agree with the record.

    Returns:
        A row for each window with claims: what, first and last day, how many are claimed, how many
        the record expects, and how many are now expected to be true, with interval.
    """
    root, rows = futures["root"].to_numpy(), []
    for i, part in enumerate(claims):
        counts = futures[claim_column(i)].to_numpy(float)
        found = mean_within(counts, root, float(max(len(part.claims), counts.max())))
        rows.append({
            "event": CLASSES[part.which], "first": part.first, "last": part.last,
            "claimed": len(part.claims), "given": sum(part.claims), **named("now", found),
        })  # fmt: skip
    return pd.DataFrame(rows)


def learned_table(
    values: pd.DataFrame, before: NDArray[np.float64], futures: pd.DataFrame
) -> pd.DataFrame:
    """Return the mean of each drawn setting before the record and after it.

    Args:
        values: the draws.
        before: (draws,) their weights.
        futures: with the draw of each.
    """
    root, draw = futures["root"].to_numpy(), futures["draw"].to_numpy()
    rows = []
    for name in values:
        x = values[name].to_numpy(float)
        mean = float(before @ x)
        spread = math.sqrt(float(before @ (x - mean) ** 2))
        rows.append({
            "setting": str(name), "before": mean, "spread": spread,
            **named("now", mean_interval(x[draw], root)), "spread_now": float(x[draw].std()),
        })  # fmt: skip
    return pd.DataFrame(rows)
