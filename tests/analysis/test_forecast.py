"""Scores of forecasts: equal to closed forms and definitions, proper, with intervals that hold."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from conftest import REPOSITORY
from truce_sim import simulate
from truce_sim.analysis.forecast import (
    brier_score,
    cases_needed,
    crps,
    crps_of_law,
    effective_runs,
    log_score,
    rank,
)
from truce_sim.intervals import Estimate

CASE = REPOSITORY / "experiments" / "doha_2025"


def alone(n: int):
    """Runs that share no draws."""
    return np.arange(n)


def crps_of_exponential(mean: float, y: float) -> float:
    """Closed form: y - 2m(1 - exp(-y/m)) + m/2."""
    return y - 2 * mean * (1 - math.exp(-y / mean)) + mean / 2


# ── equal to definitions and closed forms ────────────────────────────────────────────────────


def test_crps_is_its_definition() -> None:
    days = np.random.default_rng(1).integers(0, 9, 40).astype(float)  # with ties
    pairs = np.abs(days[:, None] - days).sum() / (40 * 39)
    expected = np.abs(days - 3).mean() - pairs / 2
    assert crps(days, 3, alone(40)).value == pytest.approx(expected, abs=1e-12)


def test_crps_of_a_law_is_its_definition() -> None:
    """E|X - y| - E|X - X'| / 2 over the days of a law, cut at the horizon."""
    p = np.random.default_rng(2).dirichlet(np.ones(31))
    days = np.arange(31)
    apart = p @ np.abs(days[:, None] - days) @ p
    for recorded in (0, 7, 29, 30, 500):
        expected = p @ np.abs(days - min(recorded, 30)) - apart / 2
        found = crps_of_law(1 - np.cumsum(p)[:30], recorded)
        assert found == pytest.approx(expected, abs=1e-12)


def test_crps_of_exponential_days_is_the_closed_form() -> None:
    days = np.random.default_rng(3).exponential(80, 20_000)
    found = crps(days, 131, alone(days.size))
    error = (found.high - found.low) / (2 * stats.norm.ppf(0.975))
    assert abs(found.value - crps_of_exponential(80, 131)) < 5 * error  # by chance: 6e-7
    law = crps_of_law(np.exp(-(np.arange(4000) + 0.5) / 80), 131)
    assert law == pytest.approx(crps_of_exponential(80, 131), rel=1e-3)


def test_scores_of_shares() -> None:
    share = Estimate(0.2, 0.1, 0.4)
    assert log_score(share) == pytest.approx((-math.log(0.2), -math.log(0.4), -math.log(0.1)))
    assert brier_score(share, came=True) == pytest.approx((0.64, 0.36, 0.81))
    assert brier_score(share, came=False) == pytest.approx((0.04, 0.01, 0.16))
    assert log_score(Estimate(0.0, 0.0, 0.5)) == (math.inf, -math.log(0.5), math.inf)


def test_a_day_is_ranked_with_half_of_its_ties_and_those_that_never_came_after_it() -> None:
    days = np.array([1.0, 2, 2, 3, math.inf])
    found = rank(days, 2, alone(5))
    assert found.value == pytest.approx(2 / 5)  # one before, half of two on it
    assert found.low < 1 / 5
    assert found.high > 3 / 5
    assert rank(days, 1000, alone(5)).value == pytest.approx(4 / 5)


def test_runs_that_share_draws_are_worth_fewer() -> None:
    assert effective_runs(alone(7)) == 7
    assert effective_runs(np.repeat(np.arange(10), 5)) == pytest.approx(10)
    assert effective_runs(np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)


def test_cases_needed_is_the_squared_ratio_of_spread_and_mean() -> None:
    gains = np.random.default_rng(4).normal(0.5, 2.0, 5000)
    found = cases_needed(gains, alone(5000))
    assert found.value == pytest.approx((2 * gains.std() / gains.mean()) ** 2)
    assert found.low < (2 * 2.0 / 0.5) ** 2 < found.high
    assert cases_needed(-gains, alone(5000)).value == math.inf


def test_nothing_is_said_of_too_few_runs() -> None:
    none, one = np.array([]), np.array([5.0])
    assert all(map(math.isnan, crps(one, 3, alone(1))))
    assert all(map(math.isnan, crps(none, 3, alone(0))))
    assert all(map(math.isnan, rank(none, 3, alone(0))))
    assert effective_runs(alone(0)) == 0


# ── what they are for ────────────────────────────────────────────────────────────────────────


def test_scores_are_proper() -> None:
    """On average over what comes, the truth scores best against laws beside it."""
    days = np.arange(400)
    beyond = {mean: np.exp(-(days + 1) / mean) for mean in (60.0, 80.0, 110.0)}
    chance = -np.diff(np.concatenate([[1.0], beyond[80.0], [0.0]]))  # of each day, and of none
    expected = {
        mean: sum(p * crps_of_law(b, y) for y, p in enumerate(chance)) for mean, b in beyond.items()
    }
    assert min(expected, key=expected.__getitem__) == 80.0
    said = np.linspace(0.01, 0.99, 99)
    for score in (
        lambda q: 0.3 * brier_score(q, True).value + 0.7 * brier_score(q, False).value,
        lambda q: 0.3 * log_score(q).value + 0.7 * log_score(Estimate(*(1 - x for x in q))).value,
    ):
        losses = [score(Estimate(q, q, q)) for q in said]
        assert said[np.argmin(losses)] == pytest.approx(0.3)


@pytest.mark.parametrize("shared", [1, 4])
def test_the_interval_of_crps_covers(shared: int) -> None:
    """Days of runs that share a draw in fours, or do not: 95 of 100 intervals hold the truth.

    The test fails by chance once in a million.
    """
    rng, n, sets = np.random.default_rng(5), 400, 60
    clusters = np.repeat(np.arange(sets), shared)
    hits = 0
    for _ in range(n):
        common, own = rng.exponential(80, (2, sets * shared))
        common = common[:sets].repeat(shared)
        found = crps(np.where(rng.random(common.size) < 0.5, common, own), 131, clusters)
        hits += found.low <= crps_of_exponential(80, 131) <= found.high
    assert stats.binomtest(hits, n, 0.94).pvalue > 1e-6


def test_ranks_are_uniform_when_forecasts_are_right() -> None:
    rng = np.random.default_rng(6)
    ranks = [
        rank(rng.geometric(0.02, 200).astype(float), rng.geometric(0.02), alone(200)).value
        for _ in range(300)
    ]
    assert stats.kstest(ranks, "uniform").pvalue > 1e-6


# ── the case: experiments/doha_2025 ──────────────────────────────────────────────────────────


def test_talks_change_nothing_before_they_are_known() -> None:
    """A forecast does not see rounds that were fixed after its day."""
    days = {
        name: simulate({"mediation": name}, seed=2).series
        for name in ("qatar_turkiye", "istanbul", "doha_2025")
    }
    assert days["istanbul"][:11].equals(days["qatar_turkiye"][:11])
    assert days["doha_2025"][:42].equals(days["istanbul"][:42])
    assert days["istanbul"].loc[18:20, "in_round"].all()
    assert days["doha_2025"].loc[42:44, "in_round"].all()


def test_days_of_the_record_are_those_of_its_dates() -> None:
    record = pd.read_csv(CASE / "record.csv", parse_dates=["date"])
    assert record["day"].tolist() == (record["date"] - pd.Timestamp("2025-10-19")).dt.days.tolist()
    assert record["day"].is_monotonic_increasing


def test_the_case_uses_the_truces_found(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three earlier truces, this one not among them, and the day it ended."""
    monkeypatch.syspath_prepend(CASE)
    case = importlib.import_module("forecasts")
    truces = pd.read_csv(sources / "case_truces.csv").set_index("id")["days"]
    assert sorted(case.EARLIER) == sorted(truces[["AP-48h", "TTP-2021", "TTP-2022"]])
    assert truces["AP-Doha"] == case.COLLAPSE
