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
from truce_sim.intervals import Estimate, differ_from_first, named
from truce_sim.sweeps.summaries.contrasts import no_effect, with_sign

Row = Mapping[Any, Any] | pd.Series

#: Points that cannot be told from the best or the worst one are counted instead of named.
MOST_TIES = 3
#: The best and worst points are not named if points have fewer runs than this, or if there are
#: more points than this: chance alone would pick them.
ENOUGH_RUNS, MOST_POINTS = 100, 24


def value(number: float, digits: int = 1) -> str:
    """Format a number; a missing or infinite one is a dash, and nothing is -0."""
    return f"{round(number, digits) + 0.0:,.{digits}f}" if math.isfinite(number) else "–"


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
    share = f"{percent(overall, 'holds')} of {count(int(overall['runs']), 'run')}"
    sentence = f"{every} truce holds for {horizon} days in {share}"
    unfit = points["runs"].min() < ENOUGH_RUNS or points["horizon"].nunique() > 1
    if len(points) == 1 or len(points) > MOST_POINTS or unfit:
        return f"{sentence}; {_half_by(overall)}."
    worst, best = (_extreme(points, factors, sign) for sign in (-1, 1))
    if worst is None or best is None:
        return f"{sentence}; no setting can be told apart from all others."
    return f"{sentence}: from {worst} to {best}."


def _extreme(points: pd.DataFrame, factors: Sequence[str], sign: int) -> str | None:
    """The share of the best (1) or worst (-1) point, with the points that may as well be it.

    None if that is every point.
    """
    ordered = points.sort_values("holds", ascending=sign < 0, kind="stable")
    share, n = ordered["holds"].to_numpy(float), ordered["runs"].to_numpy(float)
    tied = ordered[~differ_from_first(share, n)]
    if len(tied) == len(points):
        return None
    first, rest = tied.iloc[0], tied.iloc[1:]
    told = f"{percent(first, 'holds')} of {int(first['runs']):,} ({setting(first, factors)}"
    if len(rest) > MOST_TIES:
        return f"{told}, which cannot be told from {count(len(rest), 'other setting')})"
    names = [setting(row, factors) for _, row in rest.iterrows()]
    return told + (f", which cannot be told from {_join_words(names)})" if names else ")")


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
    largest = comparison.largest_changes
    if len(comparison.contexts) > 1:
        others = " and ".join(comparison.contexts.columns)
        where = f", averaged over the {len(comparison.contexts)} settings of {others},"
    if not largest:
        widest = float(table[["days_low", "days_high"]].abs().to_numpy().max())
        if not widest:
            same = table.iloc[0].to_dict() | {"why": comparison.why_nowhere()}
            return f"{factor} {no_effect(same)}."
        return (
            f"No level of {factor} can be told apart from {plain(base)}{where} with this number "
            f"of runs; a change of more than {value(widest)} days in mean survival is ruled out."
        )
    row = table[table[factor] == largest[0]].iloc[0]
    longer = row["days"] > 0
    low, high = sorted((abs(row["days_low"]), abs(row["days_high"])))
    averaged, first = where.rstrip(","), plain(largest[0])
    who, whose = f"{first} makes the largest difference from {plain(base)}{averaged}", ""
    if len(largest) > 1:
        who = (
            f"{_join_words([plain(level) for level in largest])} make the largest differences from "
            f"{plain(base)}{averaged}, and cannot be told from each other"
        )
        whose = f"with {first}, "
    if len(table) == 1:
        who, whose = f"With {factor} = {first} instead of {plain(base)}{averaged}", ""
    start = who if len(table) == 1 else f"Of the levels of {factor}, {who}"
    joint = ", " if len(table) == 1 else ": "
    return (
        f"{start}{joint}{whose}truces last {value(abs(row['days']))} days"
        f"{interval(low, high)} {'longer' if longer else 'shorter'}, and "
        f"{percent(row, 'holds_share')} of them hold for {comparison.horizon} days instead of "
        f"{percent(row, 'holds_share_baseline')}, a change of "
        f"{value(100 * row['holds'])} percentage points"
        f"{interval(100 * row['holds_low'], 100 * row['holds_high'])}; "
        f"n = {int(row['n']):,} pairs, intervals {comparison.describe_multiplicity(table)}."
    )


def no_regret(comparison: Comparison) -> str:
    """Say so if no level made a difference in any run, so that regret cannot be bounded."""
    table = comparison.regret
    if table["regret"].any() or not table["regret_high"].isna().all():
        return ""
    return (
        f"No level of {comparison.factor} differed from another in the days survived, in any of "
        f"{comparison.days.shape[1]:,} replicates; the runs put no bound on what is rare."
    )


def what_depends(comparison: Comparison) -> list[str]:
    """Say of each other factor whether what the compared one changes depends on it.

    Of several pairs of levels, the one with the largest difference that is clear is named; if none
    is, the one with the largest difference.
    """
    table, told = comparison.interactions, []
    for by, rows in table.groupby("by", sort=False) if len(table) else ():
        clear = rows[(rows["days_low"] > 0) | (rows["days_high"] < 0)]
        some = rows if clear.empty else clear
        row = some.iloc[int(some["days"].abs().to_numpy().argmax())]
        told.append(_dependence(row, str(by), len(clear), len(rows), comparison))
    return told


def _dependence(row: pd.Series, by: str, clear: int, of: int, comparison: Comparison) -> str:
    factor = comparison.factor
    verdict = f"What {factor} changes depends on {by}"
    if not clear:
        verdict = f"It cannot be shown that what {factor} changes depends on {by}"
    changed = f"{factor} = {plain(row[factor])} instead of {plain(row['baseline'])}"
    if not row[["days_low", "days_high"]].any():
        return (
            f"What {factor} changes is the same in every run, whatever {by} is (n = {row['n']:,})."
        )
    gap = difference_of_differences(row)
    among = f", the largest of {of}{f', {clear} of them clear' if clear > 1 else ''}" * (of > 1)
    return (
        f"{verdict}: {changed} changes mean survival by {signed(row, 'change')} with {by} = "
        f"{plain(row['level'])} and by {signed(row, 'change_against')} with {by} = "
        f"{plain(row['against'])}. The difference of the two is {gap}{among}."
    )


def difference_of_differences(row: Row) -> str:
    """Format a row of `Comparison.interactions`: `−1.0 days [−12.2, +10.3] (n = 60)`."""
    return f"{signed(row, 'days')} (n = {int(row['n']):,})"


def signed(row: Row, name: str) -> str:
    """Format a difference in days with its sign and interval: `+12.0 days [+8.1, +15.9]`."""
    number, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if low == high:
        return f"{with_sign(number)} days in every run"
    return f"{with_sign(number)} days [{with_sign(low)}, {with_sign(high)}]"


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
    if "rows" in ranked.attrs:
        accounts += f" (n = {ranked.attrs['rows']:,} {ranked.attrs['of']})"
    if len(ranked) == 1:
        return f"Only {first} was varied: it {accounts}."
    if not row["low"] > 0.0:
        return "With this number of runs, no factor can be shown to have any effect."
    rivals = list(ranked["factor"][ranked["rank_low"] == 1])
    if rivals == [first] and row["rank_high"] == 1:
        return f"Of the factors varied, {first} matters most: it {accounts}."
    return (
        f"Of the factors varied, {_join_words(rivals)} matter most, in an order that these runs "
        f"do not settle: {first} {accounts}."
    )


def _join_words(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


shown, differ = estimate, difference  #: Their names in 0.1.
