"""The sentences of a report follow from its numbers by rules."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from comparisons import comparison, made
from truce_sim.analysis import words


def summary_row(holds: float, low: float, high: float, median: float = math.nan) -> pd.Series:
    return pd.Series({
        "runs": 1000, "failed": 0, "holds": holds, "holds_low": low, "holds_high": high,
        "median": median, "median_low": median - 5, "median_high": median + 5,
    })  # fmt: skip


def points(shares: list[float], runs: int = 500) -> pd.DataFrame:
    """A row a point of one factor `f`; shares collapsed."""
    share = np.array(shares)
    return pd.DataFrame({
        "f": [f"l{i}" for i in range(share.size)], "runs": runs, "horizon": 365,
        "holds": 1 - share, "holds_low": 0.98 - share, "holds_high": 1.02 - share,
    })  # fmt: skip


def ranked(rows: list[tuple[str, float, float, float, int]], kind: str = "first"):
    table = pd.DataFrame(rows, columns=["factor", "index", "low", "high", "rank_low"])
    return table.assign(kind=kind, rank_high=table.groupby("rank_low")["factor"].transform("size"))


# ── how long ─────────────────────────────────────────────────────────────────────────────────


def test_one_point_is_told_with_its_median() -> None:
    told = words.how_long(summary_row(0.27, 0.26, 0.28, 120.0), points([0.73]), ("f",), 365)
    assert told == (
        "The truce holds for 365 days in 27.0 % [26.0, 28.0] of 1,000 runs; half have collapsed by "
        "day 120 [115, 125]."
    )


def test_a_median_beyond_the_horizon_is_not_invented() -> None:
    told = words.how_long(summary_row(0.6, 0.55, 0.65), points([0.4]), ("f",), 365)
    assert told.endswith("fewer than half have collapsed by then.")


def test_points_are_told_from_the_worst_to_the_best_with_intervals() -> None:
    told = words.how_long(summary_row(0.3, 0.2, 0.4), points([0.5, 0.9, 0.7]), ("f",), 365)
    assert "from 10.0 % [8.0, 12.0] of 500 (f = l1) to 50.0 % [48.0, 52.0] of 500 (f = l0)" in told


def test_points_that_cannot_be_told_apart_are_named_together() -> None:
    told = words.how_long(summary_row(0.3, 0.2, 0.4), points([0.5, 0.9, 0.51, 0.89]), ("f",), 365)
    assert "from 10.0 % [8.0, 12.0] of 500 (f = l1, which cannot be told from f = l3) to" in told
    assert "50.0 % [48.0, 52.0] of 500 (f = l0, which cannot be told from f = l2)." in told
    many = points([0.9, *np.linspace(0.5, 0.52, 6)])
    told = words.how_long(summary_row(0.3, 0.2, 0.4), many, ("f",), 365)
    assert "(f = l1, which cannot be told from 5 other settings)" in told
    alike = words.how_long(summary_row(0.3, 0.2, 0.4), points([0.5, 0.51, 0.5]), ("f",), 365)
    assert alike.endswith("; no setting can be told apart from all others.")


def test_the_worst_of_points_with_few_runs_is_not_named() -> None:
    """It would be the one with the worst luck."""
    told = words.how_long(summary_row(0.3, 0.2, 0.4, 90.0), points([0.5, 0.9], 20), ("f",), 365)
    assert "f = " not in told
    many = points(list(np.linspace(0.2, 0.8, 100)))
    assert "f = " not in words.how_long(summary_row(0.3, 0.2, 0.4, 90.0), many, ("f",), 365)


def test_no_run_is_no_answer() -> None:
    row = summary_row(math.nan, math.nan, math.nan)
    row["runs"] = 0
    assert words.how_long(row, points([0.5]), ("f",), 365) == "No run has ended yet."


# ── what changes it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("effect", [30.0, -30.0])
def test_the_largest_decided_change_is_named_in_its_direction(effect: float) -> None:
    told = words.what_helps(comparison([0.0, 3.0, effect], noise=10.0))
    assert "f = c makes the largest difference from a." in told
    assert "(n = 50 pairs each, intervals 95 % for all 2" in told
    told_c = re.search(r"with b (is|cannot) .*; with c is [\d.]+ days \[.*?\] (\w+)", told)
    assert told_c is not None
    assert told_c[2] == ("longer" if effect > 0 else "shorter")
    assert "[" in told


def test_levels_that_cannot_be_told_apart_are_named_together() -> None:
    """c and d add as much; b adds clearly less, e takes away."""
    found = comparison([0.0, 10.0, 40.0, 41.0, -30.0], noise=8.0)
    told = words.what_helps(found)
    assert set(found.largest_changes) == set(found.longest) == {"c", "d"}
    assert " make the largest differences from a, and cannot be told from each other." in told
    assert "b" not in found.longest
    fewer = comparison([0.0, -40.0, -41.0], noise=8.0)
    assert set(fewer.largest_changes) == {"b", "c"}
    assert fewer.longest == ("a",)


def crossed(by_context: list[float], noise: float = 5.0):
    """Two levels in as many contexts; the second adds so many days to the same draws."""
    rng = np.random.default_rng(2)
    days = rng.normal(100, 30, (1, 60, 1)) + rng.normal(0, noise, (len(by_context), 60, 2))
    days[:, :, 1] += np.array(by_context)[:, None]
    return made(days, np.tile(np.arange(60), (len(by_context), 1)))


def test_a_change_that_depends_on_another_factor_is_told_so() -> None:
    (told,) = words.what_depends(crossed([5.0, 35.0]))
    assert told.startswith("The effect of f depends on c: the change in mean survival from f = b")
    assert re.search(r", a difference of \+[23]\d\.\d days \[\+2\d", told)
    assert told.count(".") == told.count(".", 0, -1) + 1
    assert "undecided" in words.what_depends(crossed([0.0, 35.0]))[0]
    assert "(n = 60)." in told
    (told,) = words.what_depends(crossed([5.0, 5.0, 35.0]))
    assert ", the largest of 2" in told


def test_a_change_that_may_be_the_same_everywhere_is_told_so() -> None:
    (told,) = words.what_depends(crossed([5.0, 5.0]))
    assert told.startswith("It cannot be shown that the effect of f depends on c:")
    assert re.search(r"of [+-]\d\.\d days \[-\d\.\d, \+\d\.\d\]", told)
    assert words.what_depends(comparison([0.0, 3.0], noise=1.0)) == []
    (told,) = words.what_depends(made(np.full((2, 20, 2), 50.0)))
    assert told == "The effect of f is the same in every run, whatever c is (n = 20)."


def test_no_level_is_named_when_none_can_be_told_apart() -> None:
    told = words.what_helps(comparison([0.0, 0.5, -0.5], noise=40.0))
    assert "No level of f can be told apart from a" in told
    assert "longer" not in told
    assert "is ruled out" in told


def test_the_levels_that_a_question_names_come_first() -> None:
    found = comparison([0.0, 5.0, 30.0, 10.0, 12.0, 14.0], noise=5.0)
    told = words.what_helps(found, "How much does d help?")
    assert told.startswith("Against f = a, mean survival with d is 1")
    assert " c is " not in told
    assert words.what_helps(found).startswith("f = c makes the largest difference")


def test_a_single_change_that_may_be_none_is_undecided() -> None:
    told = words.what_helps(comparison([0.0, 0.5], noise=40.0))
    assert told.startswith("With f = b instead of a, no difference in mean survival can be shown: ")
    longer = made(np.array([[[100.0 + r % 7, 130.0 + r % 5] for r in range(40)]]))
    told = words.what_helps(longer)
    assert "days [" in told.partition(" longer on average; no difference can be shown in the")[0]


def test_words_keep_to_the_intervals_on_random_comparisons() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        found = comparison([0.0, *rng.normal(0, 8, 2)], noise=20.0, seed=int(rng.integers(1e6)))
        told, table = words.what_helps(found), found.pooled
        decided = (table["days_low"] > 0) | (table["days_high"] < 0)
        assert ("longer" in told or "shorter" in told) == decided.any()


# ── what matters ─────────────────────────────────────────────────────────────────────────────


def test_a_factor_matters_most_only_if_no_other_can_be_first() -> None:
    told = words.what_matters(ranked([("a", 0.6, 0.5, 0.7, 1), ("b", 0.3, 0.2, 0.4, 2)]))
    assert "a matters most: it accounts for 60.0 % [50.0, 70.0]" in told
    told = words.what_matters(ranked([("a", 0.4, 0.2, 0.6, 1), ("b", 0.3, 0.1, 0.5, 1)]))
    assert "a and b matter most, in an order that these runs do not settle" in told


def test_elementary_effects_are_told_in_days() -> None:
    told = words.what_matters(ranked([("a", 60.0, 50.0, 70.0, 1), ("b", 3, 2, 4, 2)], "mu_star"))
    assert "a matters most: it moves mean survival by 60.0 [50.0, 70.0] days" in told


def test_nothing_matters_when_the_first_may_be_nothing() -> None:
    told = words.what_matters(ranked([("a", 0.1, -0.1, 0.3, 1), ("b", 0.0, -0.1, 0.1, 1)]))
    assert told.startswith("With this number of runs, no factor can be shown to have any effect")


def test_one_factor_has_no_rank() -> None:
    assert words.what_matters(ranked([("a", 1.0, 0.9, 1.0, 1)])).startswith("Only a was varied")
    whole = words.what_matters(ranked([("a", 1.0, 1.0, 1.0, 1)]))
    assert whole == "Only a was varied, so all that differs between settings is due to it."
    assert words.what_matters(ranked([])) == "Nothing was varied."


# ── whether levels differ ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("p", "told"),
    [
        (1e-5, "Survival differs by f"),
        (0.2, "No difference in survival by f can be shown"),
        (math.nan, "There are too few"),
    ],
)
def test_levels_differ_only_if_the_test_says_so(p: float, told: str) -> None:
    assert words.difference(pd.Series({"p_shared": p}), "f").startswith(told)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────


def test_a_missing_end_is_a_dash_and_a_level_has_no_needless_digits() -> None:
    row = {"m": 120.0, "m_low": 110.0, "m_high": math.nan}
    assert words.amount(row, "m", "days") == "120 [110, –] days"
    assert [words.plain(x) for x in (4.0, 0.25, "none", True)] == ["4", "0.25", "none", "true"]
    assert [words.plain(x) for x in (math.inf, "[]", "{}", 1234567.0)] == [
        "inf", "none", "none", "1234567",
    ]  # fmt: skip
