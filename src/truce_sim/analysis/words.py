"""Results as sentences, written by rules.

Every number comes with its interval, and nothing is called better, worse or first unless the
interval supports it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from truce_sim.analysis.compare import Comparison
from truce_sim.analysis.sensitivity import without_resamples
from truce_sim.intervals import Estimate, differ_from_first, named
from truce_sim.settings.written import count, listed, written
from truce_sim.sweeps.summaries.contrasts import holding, no_effect, pairs, with_sign

Row = Mapping[Any, Any] | pd.Series

#: If more points than this cannot be told from the best or worst one, they are counted, not named.
MOST_TIES = 3
#: The best and worst points are not named if points have fewer runs than this, or if there are
#: more points than this: chance alone would pick them.
ENOUGH_RUNS, MOST_POINTS = 100, 24
#: With more levels than this, only the largest change and those asked about are reported.
MOST_LEVELS = 4


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
    """The share of the best (1) or worst (-1) point, with the points that cannot be told from it.

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
    return told + (f", which cannot be told from {listed(names)})" if names else ")")


def _half_by(row: pd.Series) -> str:
    if not math.isfinite(row["median"]):
        return "fewer than half have collapsed by then"
    return f"half have collapsed by day {value(row['median'], 0)}" + interval(
        row["median_low"], row["median_high"], 0
    )


def setting(row: Row, factors: Sequence[str]) -> str:
    """Format the levels of a point: `truce = literal, mediation = none`."""
    return ", ".join(f"{name} = {written(row[name])}" for name in factors)


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


def what_helps(comparison: Comparison, asked: str = "") -> str:
    """Describe what each level changes, or the largest change, as far as intervals exclude zero.

    Args:
        comparison: the levels of a factor.
        asked: a question; the levels that it names come first.
    """
    table = comparison.pooled
    if not table[["days_low", "days_high"]].any(axis=None):
        same = table.iloc[0].to_dict() | {"why": comparison.why_nowhere()}
        return f"{comparison.factor} {no_effect(same)}."
    if len(table) == 1:
        return _change(table.iloc[0], comparison)
    named = [written(level) for level in table[comparison.factor]]
    first = sorted(range(len(table)), key=lambda i: not _mentions(asked, named[i]))
    few = len(table) <= MOST_LEVELS
    some = first[:MOST_LEVELS] if few else [i for i in first if _mentions(asked, named[i])]
    told = [f"{named[i]} {_longer(table.iloc[i])}" for i in some[:MOST_LEVELS]]
    each = ""
    if told:
        basis = f"n = {pairs(table.iloc[0].to_dict())} each"
        each = (
            f"Against {comparison.factor} = {_base(comparison)}{_averaged(comparison)}, mean "
            f"survival with {'; with '.join(told)} ({basis}, intervals "
            f"{comparison.describe_multiplicity(table)}). "
        )
    return each + _largest(comparison, bool(told))


def _mentions(question: str, level: str) -> bool:
    """Whether a question names a level."""
    return bool(re.search(rf"(?<![\w.]){re.escape(level)}(?![\w.]*\w)", question, re.IGNORECASE))


def _base(comparison: Comparison) -> str:
    return written(comparison.levels[comparison.baseline])


def _averaged(comparison: Comparison) -> str:
    """Say over which settings of other factors a change is averaged."""
    if len(comparison.contexts) == 1:
        return ""
    others = " and ".join(comparison.contexts.columns)
    return f", averaged over the {len(comparison.contexts)} settings of {others}"


def _longer(row: pd.Series) -> str:
    """Say whether mean survival is longer: "is 12.0 days [8.1, 15.9] longer"."""
    if row["days_low"] <= 0.0 <= row["days_high"]:
        return f"cannot be told apart: {signed(row, 'days')}"
    low, high = sorted((abs(row["days_low"]), abs(row["days_high"])))
    word = "longer" if row["days"] > 0 else "shorter"
    return f"is {value(abs(row['days']))} days{interval(low, high)} {word}"


def _change(row: pd.Series, comparison: Comparison) -> str:
    """Describe the only change that was compared."""
    who = f"With {comparison.factor} = {written(row[comparison.factor])} instead of "
    who += f"{_base(comparison)}{_averaged(comparison)}"
    basis = f"n = {pairs(row.to_dict())}, interval 95 %"
    if row["days_low"] <= 0.0 <= row["days_high"]:
        return (
            f"{who}, no difference in mean survival can be shown: {signed(row, 'days')} ({basis})."
        )
    low, high = sorted((abs(row["days_low"]), abs(row["days_high"])))
    word = "longer" if row["days"] > 0 else "shorter"
    return (
        f"{who}, the truce lasts {value(abs(row['days']))} days{interval(low, high)} {word} on "
        f"average{holding(row.to_dict(), f'{comparison.horizon} days')}; {basis}."
    )


def _largest(comparison: Comparison, told: bool) -> str:
    """Name the levels that make the largest difference.

    Args:
        comparison: three levels or more.
        told: whether the differences themselves have been stated.
    """
    table, factor, base = comparison.pooled, comparison.factor, _base(comparison)
    largest, where = comparison.largest_changes, "" if told else _averaged(comparison)
    if not largest:
        widest = float(table[["days_low", "days_high"]].abs().to_numpy().max())
        return (
            f"No level of {factor} can be told apart from {base}{where}; a change of more than "
            f"{value(widest)} days in mean survival is ruled out."
        )
    row = table[table[factor] == largest[0]].iloc[0]
    first = f"{factor} = {written(largest[0])}"
    who = f"{first} makes the largest difference from {base}{where}"
    if len(largest) > 1:
        names = listed([written(level) for level in largest])
        who = (
            f"Of the levels of {factor}, {names} make the largest differences from {base}{where}, "
            "and cannot be told from each other"
        )
    if told:
        return f"{who}."
    numbers = row.to_dict()
    return (
        f"{who}: with {first}, mean survival {_longer(row)}"
        f"{holding(numbers, f'{comparison.horizon} days')}; n = {pairs(numbers)}, intervals "
        f"{comparison.describe_multiplicity(table)}."
    )


def no_regret(comparison: Comparison) -> str:
    """Return a sentence saying that regret cannot be bounded if no level made a difference in any
    run; "" otherwise."""
    table = comparison.regret
    if table["regret"].any() or not table["regret_high"].isna().all():
        return ""
    return (
        f"No level of {comparison.factor} differed from another in the days survived, in any of "
        f"{comparison.days.shape[1]:,} replicates; the runs put no bound on what is rare."
    )


def what_depends(comparison: Comparison) -> list[str]:
    """Say, for each other factor, whether the effect of the compared one depends on it.

    Among several pairs of levels, the one with the largest clear difference is named, or, if none
    is clear, the one with the largest difference.
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
    if not row[["days_low", "days_high"]].any():
        return (
            f"The effect of {factor} is the same in every run, whatever {by} is (n = {row['n']:,})."
        )
    verdict = f"The effect of {factor} depends on {by}"
    if not clear:
        verdict = f"It cannot be shown that the effect of {factor} depends on {by}"
    changed = f"{factor} = {written(row[factor])} instead of {written(row['baseline'])}"
    among = f", the largest of {of}{f', {clear} of them clear' if clear > 1 else ''}" * (of > 1)
    return (
        f"{verdict}: the change in mean survival from {changed} is {_decided(row, 'change')} with "
        f"{by} = {written(row['level'])} and {_decided(row, 'change_against')} with {by} = "
        f"{written(row['against'])}, a difference of {difference_of_differences(row)}{among}."
    )


def _decided(row: Row, name: str) -> str:
    """Format a difference as `signed` does, and say so if it may be zero."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    open_ = " (undecided)" if low <= 0.0 <= high and low != high else ""
    return f"{signed(row, name)}{open_}"


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
    ranked = without_resamples(ranked)
    row = ranked.iloc[0]
    first = str(row["factor"])
    index = named("x", Estimate(row["index"], row["low"], row["high"]))
    size = amount(index, "x", "days", 1) if row["kind"] == "mu_star" else percent(index, "x")
    accounts = _ACCOUNTS[row["kind"]].format(size)
    if "rows" in ranked.attrs:
        accounts += f" (n = {ranked.attrs['rows']:,} {ranked.attrs['of']})"
    if len(ranked) == 1 and row["low"] == row["high"] == 1.0:  # so by construction
        return f"Only {first} was varied, so all that differs between settings is due to it."
    if len(ranked) == 1 and row["low"] > 0.0:
        return f"Only {first} was varied: it {accounts}."
    if len(ranked) == 1:
        return f"Only {first} was varied, and with this number of runs no effect can be shown."
    if not row["low"] > 0.0:
        return "With this number of runs, no factor can be shown to have any effect."
    rivals = list(ranked["factor"][ranked["rank_low"] == 1])
    if rivals == [first] and row["rank_high"] == 1:
        return f"Of the factors varied, {first} matters most: it {accounts}."
    return (
        f"Of the factors varied, {listed(rivals)} matter most, in an order that these runs "
        f"do not settle: {first} {accounts}."
    )


shown, differ, plain = estimate, difference, written  #: Their earlier names.
