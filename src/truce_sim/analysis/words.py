"""Numbers in words, by rules: never without an interval, and nothing is called better, worse or
first unless the interval allows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from truce_sim.analysis.compare import Comparison
from truce_sim.intervals import Estimate, named

Row = Mapping[Any, Any] | pd.Series

#: Of points with fewer runs, or of more points than this, none is named as the highest or lowest:
#: chance would choose it.
ENOUGH_RUNS, MOST_POINTS = 100, 24


def value(number: float, digits: int = 1) -> str:
    """A number; a dash where there is none."""
    return f"{number:,.{digits}f}" if math.isfinite(number) else "–"


def percent(row: Row, name: str) -> str:
    """A share with its interval: `41.2 % [38.0, 44.5]`."""
    share, low, high = (100 * row[name + end] for end in ("", "_low", "_high"))
    return f"{value(share)} %{interval(low, high)}"


def amount(row: Row, name: str, unit: str, digits: int = 0) -> str:
    """An amount with its interval and unit: `120 [117, 126] days`."""
    number, low, high = (row[name + end] for end in ("", "_low", "_high"))
    return f"{value(number, digits)}{interval(low, high, digits)} {unit}"


def shown(row: Row, name: str) -> str:
    """A number with its interval and as many digits as they ask for; a range alone where there is
    no number: `1.49 [1.28, 1.74]`, `3 [2, 4]`, `0.37 to 0.5`."""
    number, low, high = (float(row[name + end]) for end in ("", "_low", "_high"))
    if math.isnan(number) and math.isfinite(low):
        return f"{low:.3g} to {high:.3g}"
    whole = all(x == round(x) for x in (number, low, high) if math.isfinite(x))
    digits = 0 if whole or max(abs(low), abs(high)) >= 10 else 2
    return f"{value(number, digits)}{interval(low, high, digits)}"


def interval(low: float, high: float, digits: int = 1) -> str:
    """` [low, high]`, a dash where an end is missing."""
    return f" [{value(low, digits)}, {value(high, digits)}]"


def how_long(overall: pd.Series, points: pd.DataFrame, factors: Sequence[str], horizon: int) -> str:
    """How often the truce holds, over all runs and from the worst to the best point.

    overall: a row of survival_summary until `horizon`. points: Sweep.points; none is named where
    their horizons differ, for their shares are of different spans.
    """
    if not overall["runs"]:
        return "No run has ended yet."
    every = "Over all settings that were varied, the" if len(points) > 1 else "The"
    told = f"{every} truce holds {horizon} days in {percent(overall, 'holds')} of runs"
    unfit = points["runs"].min() < ENOUGH_RUNS or points["horizon"].nunique() > 1
    if len(points) == 1 or len(points) > MOST_POINTS or unfit:
        return f"{told}; {_half_by(overall)}."
    held = points.assign(
        holds=1 - points["collapse_share"],
        holds_low=1 - points["collapse_share_high"],
        holds_high=1 - points["collapse_share_low"],
    ).sort_values("holds")
    worst, best = held.iloc[0], held.iloc[-1]
    return (
        f"{told}: from {percent(worst, 'holds')} ({setting(worst, factors)}) to "
        f"{percent(best, 'holds')} ({setting(best, factors)})."
    )


def _half_by(row: pd.Series) -> str:
    if not math.isfinite(row["median"]):
        return "fewer than half have collapsed by then"
    return f"half have collapsed by day {value(row['median'], 0)}" + interval(
        row["median_low"], row["median_high"], 0
    )


def setting(row: Row, factors: Sequence[str]) -> str:
    """The levels of a point: `truce = literal, mediation = none`."""
    return ", ".join(f"{name} = {plain(row[name])}" for name in factors)


def differ(test: pd.Series, by: str) -> str:
    """What a log-rank test that allows for shared draws says, as a sentence."""
    p = float(test["p_shared"])
    if not math.isfinite(p):
        return f"There are too few replicates to tell whether survival differs by {by}."
    told = f"Survival {'differs' if p < 0.05 else 'cannot be told apart'} by {by}"
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    return f"{told} (log-rank test that allows for shared draws, {shown})."


def plain(level: object) -> str:
    """A level as text, numbers without needless digits."""
    if isinstance(level, float):
        return f"{level:g}".replace("inf", "∞")
    return str(level)


def counted(n: int, noun: str) -> str:
    """`1 point`, `2,000 points`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def what_helps(comparison: Comparison) -> str:
    """The largest change that a level makes, among those that can be told from none."""
    factor, base = comparison.factor, comparison.levels[comparison.baseline]
    table, where = comparison.pooled, ""
    told = table[(table["days_low"] > 0) | (table["days_high"] < 0)]
    if len(comparison.contexts) > 1:
        others = " and ".join(comparison.contexts.columns)
        where = f", averaged over the {len(comparison.contexts)} settings of {others},"
    if told.empty:
        widest = float(table[["days_low", "days_high"]].abs().to_numpy().max())
        return (
            f"No level of {factor} can be told apart from {plain(base)}{where} at this number of "
            f"runs: a change of more than {value(widest)} days of mean survival is ruled out."
        )
    row = told.iloc[int(told["days"].abs().to_numpy().argmax())]
    longer = row["days"] > 0
    low, high = sorted((abs(row["days_low"]), abs(row["days_high"])))
    return (
        f"Of the levels of {factor}, the largest change against {plain(base)}{where} is that of "
        f"{plain(row[factor])}: truces last {value(abs(row['days']))} days"
        f"{interval(low, high)} {'longer' if longer else 'shorter'}, and "
        f"{value(100 * row['collapse_share'])} % of runs collapse instead of "
        f"{value(100 * row['collapse_share_baseline'])} %, a change by "
        f"{value(100 * row['collapse'])} points"
        f"{interval(100 * row['collapse_low'], 100 * row['collapse_high'])} "
        f"(intervals: {comparison.describe_multiplicity(table)})."
    )


_ACCOUNTS = {
    "first": "accounts for {} of the variance of mean survival between settings",
    "total": "accounts, alone and in interplay, for {} of the variance of survival",
    "mu_star": "moves mean survival by {} over its range, on average",
}


def what_matters(ranked: pd.DataFrame) -> str:
    """Which factor matters most, if that is settled.

    ranked: a row a factor, best first: factor, index, low, high, kind (as `sensitivity.drivers`
    gives them) and rank_low, rank_high, the interval of its rank.
    """
    if ranked.empty:
        return "Nothing was varied."
    row = ranked.iloc[0]
    first = str(row["factor"])
    found = Estimate(row["index"], row["low"], row["high"])
    if row["kind"] == "mu_star":
        told = amount(named("x", found), "x", "days", 1)
    else:
        told = percent(named("x", found), "x")
    accounts = _ACCOUNTS[row["kind"]].format(told)
    if len(ranked) == 1:
        return f"{first} alone was varied: it {accounts}."
    if not row["low"] > 0.0:
        return "None of what was varied can be told from having no effect, at this number of runs."
    rivals = list(ranked["factor"][ranked["rank_low"] == 1])
    if rivals == [first] and row["rank_high"] == 1:
        return f"Of what was varied, {first} matters most: it {accounts}."
    return (
        f"Of what was varied, {_join_words(rivals)} matter most, in an order that these runs do "
        f"not settle ({first} {accounts})."
    )


def _join_words(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
