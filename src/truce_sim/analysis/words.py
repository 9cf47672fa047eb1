"""Results as sentences, written by rules.

Every number comes with its interval, and nothing is called better, worse or first unless the
interval supports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from truce_sim.analysis.compare import Comparison
from truce_sim.intervals import Estimate, named
from truce_sim.sweeps.summaries.contrasts import no_effect

Row = Mapping[Any, Any] | pd.Series

#: The best and worst points are not named if points have fewer runs than this, or if there are
#: more points than this: chance alone would pick them.
ENOUGH_RUNS, MOST_POINTS = 100, 24


def value(number: float, digits: int = 1) -> str:
    """Format a number; a missing or infinite one is a dash."""
    return f"{number:,.{digits}f}" if math.isfinite(number) else "–"


def percent(row: Row, name: str) -> str:
    """Format a share with its interval: `41.2 % [38.0, 44.5]`."""
    share, low, high = (100 * row[name + end] for end in ("", "_low", "_high"))
    return f"{value(share)} %{interval(low, high)}"


def amount(row: Row, name: str, unit: str, digits: int = 0) -> str:
    """Format a quantity with its interval and unit: `120 [117, 126] days`."""
    number, low, high = (row[name + end] for end in ("", "_low", "_high"))
    return f"{value(number, digits)}{interval(low, high, digits)} {unit}"


def estimate(row: Row, name: str) -> str:
    """Format a number with its interval, with as many digits as its size calls for.

    A range without a central value is written as such: `1.49 [1.28, 1.74]`, `3 [2, 4]`,
    `0.37 to 0.5`.
    """
    number, low, high = (float(row[name + end]) for end in ("", "_low", "_high"))
    if math.isnan(number) and math.isfinite(low):
        return f"{low:.3g} to {high:.3g}"
    whole = all(x == round(x) for x in (number, low, high) if math.isfinite(x))
    digits = 0 if whole or max(abs(low), abs(high)) >= 10 else 2
    return f"{value(number, digits)}{interval(low, high, digits)}"


def interval(low: float, high: float, digits: int = 1) -> str:
    """Format an interval as ` [low, high]`, with a dash for a missing end."""
    return f" [{value(low, digits)}, {value(high, digits)}]"


def how_long(overall: pd.Series, points: pd.DataFrame, factors: Sequence[str], horizon: int) -> str:
    """Say how often the truce holds, over all runs and from the worst to the best point.

    Args:
        overall: a row of `survival_summary`, up to `horizon`.
        points: `Sweep.points`. No point is named if their horizons differ, because their shares
            then cover different spans.
        factors: names of the swept factors.
        horizon: days that are counted.
    """
    if not overall["runs"]:
        return "No run has ended yet."
    every = "Across all the settings that were swept, the" if len(points) > 1 else "The"
    sentence = f"{every} truce holds for {horizon} days in {percent(overall, 'holds')} of runs"
    unfit = points["runs"].min() < ENOUGH_RUNS or points["horizon"].nunique() > 1
    if len(points) == 1 or len(points) > MOST_POINTS or unfit:
        return f"{sentence}; {_half_by(overall)}."
    shares = points.assign(
        holds=1 - points["collapse_share"],
        holds_low=1 - points["collapse_share_high"],
        holds_high=1 - points["collapse_share_low"],
    ).sort_values("holds")
    worst, best = shares.iloc[0], shares.iloc[-1]
    return (
        f"{sentence}: from {percent(worst, 'holds')} ({setting(worst, factors)}) to "
        f"{percent(best, 'holds')} ({setting(best, factors)})."
    )


def _half_by(row: pd.Series) -> str:
    if not math.isfinite(row["median"]):
        return "fewer than half have collapsed by then"
    return f"half have collapsed by day {value(row['median'], 0)}" + interval(
        row["median_low"], row["median_high"], 0
    )


def setting(row: Row, factors: Sequence[str]) -> str:
    """Format the levels of a point: `truce = literal, mediation = none`."""
    return ", ".join(f"{name} = {plain(row[name])}" for name in factors)


def difference(test: pd.Series, by: str) -> str:
    """Say whether survival differs between groups, by the log-rank test for shared draws.

    Args:
        test: the result of `survival.logrank`.
        by: the factor that defines the groups.
    """
    p = float(test["p_shared"])
    if not math.isfinite(p):
        return f"There are too few replicates to say whether survival differs by {by}."
    p_value = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    test_used = f"log-rank test that allows for shared draws, {p_value}"
    if p < 0.05:
        return f"Survival differs by {by} ({test_used})."
    return f"No difference in survival by {by} can be shown ({test_used})."


def plain(level: object) -> str:
    """Format a level, without superfluous digits."""
    if isinstance(level, float):
        return f"{level:g}".replace("inf", "∞")
    return str(level)


def count(n: int, noun: str) -> str:
    """Format a count: `1 point`, `2,000 points`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def what_helps(comparison: Comparison) -> str:
    """Describe the largest change made by any level whose interval excludes zero."""
    factor, base = comparison.factor, comparison.levels[comparison.baseline]
    table, where = comparison.pooled, ""
    clear = table[(table["days_low"] > 0) | (table["days_high"] < 0)]
    if len(comparison.contexts) > 1:
        others = " and ".join(comparison.contexts.columns)
        where = f", averaged over the {len(comparison.contexts)} settings of {others},"
    if clear.empty:
        widest = float(table[["days_low", "days_high"]].abs().to_numpy().max())
        if not widest:
            same = table.iloc[0].to_dict() | {"why": comparison.why_nowhere()}
            return f"{factor} {no_effect(same)}."
        return (
            f"No level of {factor} can be told apart from {plain(base)}{where} with this number "
            f"of runs; a change of more than {value(widest)} days in mean survival is ruled out."
        )
    row = clear.iloc[int(clear["days"].abs().to_numpy().argmax())]
    longer = row["days"] > 0
    low, high = sorted((abs(row["days_low"]), abs(row["days_high"])))
    averaged = where.rstrip(",")
    return (
        f"Of the levels of {factor}, {plain(row[factor])} makes the largest difference from "
        f"{plain(base)}{averaged}: truces last {value(abs(row['days']))} days"
        f"{interval(low, high)} {'longer' if longer else 'shorter'}, and "
        f"{value(100 * row['collapse_share'])} % of runs collapse instead of "
        f"{value(100 * row['collapse_share_baseline'])} %, a change of "
        f"{value(100 * row['collapse'])} percentage points"
        f"{interval(100 * row['collapse_low'], 100 * row['collapse_high'])} "
        f"(intervals: {comparison.describe_multiplicity(table)})."
    )


_ACCOUNTS = {
    "first": "accounts for {} of the variance of mean survival between settings",
    "total": "accounts, alone and through interactions, for {} of the variance of survival",
    "mu_star": "moves mean survival by {} over its range, on average",
}


def what_matters(ranked: pd.DataFrame) -> str:
    """Say which factor matters most, if the runs settle that.

    Args:
        ranked: a row for each factor, best first: factor, index, low, high and kind (as returned
            by `sensitivity.drivers`), and rank_low and rank_high, the interval of its rank.
    """
    if ranked.empty:
        return "Nothing was varied."
    row = ranked.iloc[0]
    first = str(row["factor"])
    index = named("x", Estimate(row["index"], row["low"], row["high"]))
    size = amount(index, "x", "days", 1) if row["kind"] == "mu_star" else percent(index, "x")
    accounts = _ACCOUNTS[row["kind"]].format(size)
    if len(ranked) == 1:
        return f"Only {first} was varied: it {accounts}."
    if not row["low"] > 0.0:
        return "With this number of runs, no factor can be shown to have any effect."
    rivals = list(ranked["factor"][ranked["rank_low"] == 1])
    if rivals == [first] and row["rank_high"] == 1:
        return f"Of the factors varied, {first} matters most: it {accounts}."
    return (
        f"Of the factors varied, {_join_words(rivals)} matter most, in an order that these runs "
        f"do not settle ({first} {accounts})."
    )


def _join_words(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


shown, differ = estimate, difference  #: Their names in 0.1.
