"""The sentences of a report follow from its numbers by rules."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from comparisons import comparison
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
        "collapse_share": share,
        "collapse_share_low": share - 0.02, "collapse_share_high": share + 0.02,
    })  # fmt: skip


def ranked(rows: list[tuple[str, float, float, float, int]], kind: str = "first"):
    table = pd.DataFrame(rows, columns=["factor", "index", "low", "high", "rank_low"])
    return table.assign(kind=kind, rank_high=table.groupby("rank_low")["factor"].transform("size"))


# ── how long ─────────────────────────────────────────────────────────────────────────────────


def test_one_point_is_told_with_its_median() -> None:
    told = words.how_long(summary_row(0.27, 0.26, 0.28, 120.0), points([0.73]), ("f",), 365)
    assert told == (
        "The truce holds for 365 days in 27.0 % [26.0, 28.0] of runs; half have collapsed by day "
        "120 [115, 125]."
    )


def test_a_median_beyond_the_horizon_is_not_invented() -> None:
    told = words.how_long(summary_row(0.6, 0.55, 0.65), points([0.4]), ("f",), 365)
    assert told.endswith("fewer than half have collapsed by then.")


def test_points_are_told_from_the_worst_to_the_best_with_intervals() -> None:
    told = words.how_long(summary_row(0.3, 0.2, 0.4), points([0.5, 0.9, 0.7]), ("f",), 365)
    assert "from 10.0 % [8.0, 12.0] (f = l1) to 50.0 % [48.0, 52.0] (f = l0)" in told


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
    assert "c makes the largest difference from a:" in told
    assert ("longer" in told) == (effect > 0)
    assert ("shorter" in told) == (effect < 0)
    assert "[" in told


def test_no_level_is_named_when_none_can_be_told_apart() -> None:
    told = words.what_helps(comparison([0.0, 0.5, -0.5], noise=40.0))
    assert "No level of f can be told apart from a" in told
    assert "longer" not in told
    assert "is ruled out" in told


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
    assert [words.plain(x) for x in (4.0, 0.25, "none", True)] == ["4", "0.25", "none", "True"]
