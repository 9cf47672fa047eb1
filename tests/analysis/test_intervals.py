"""Intervals of means and shares: what they cover, and that they never leave the possible range."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from truce_sim.intervals import (
    CONFIDENCE,
    central,
    differ_from_first,
    log_log_interval,
    mean_within,
    means_within,
    median_days,
    share_interval,
    t_quantile,
    value_within,
    variance_of_mean,
    z_quantile,
)

#: What a test of coverage may fail by chance: once in a million runs.
CHANCE = 1e-6


def drawn(kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Days of runs that are censored on day 365."""
    days = {
        "even": lambda: 400 * rng.random(shape),
        "short": lambda: rng.exponential(60.0, shape),
        "long": lambda: rng.exponential(400.0, shape),
        "two kinds": lambda: np.where(rng.random(shape) < 0.5, 20.0 * rng.random(shape), 365.0),
        "all or nothing": lambda: 365.0 * (rng.random(shape) < 0.4),
    }[kind]()
    return np.minimum(days, 365.0)


@pytest.mark.parametrize("n", [4, 20, 200])
@pytest.mark.parametrize("kind", ["even", "short", "long", "two kinds", "all or nothing"])
def test_intervals_of_bounded_means_cover_and_stay_within(kind: str, n: int) -> None:
    """4,000 samples of days: at least 93 % of the intervals hold the mean (measured: 93.2 % to 100;
    it fails by chance less than once in a million runs), and none leaves 0 to 365 days."""
    rng = np.random.default_rng(1)
    truth = drawn(kind, rng, (4_000_000,)).mean()
    days = drawn(kind, rng, (4000, n))
    variance = days.var(axis=1, ddof=1) / n
    mean, low, high = means_within(
        days.mean(axis=1), variance, np.full(4000, n), np.full(4000, 365.0)
    )
    assert ((low >= 0.0) & (low <= mean) & (mean <= high) & (high <= 365.0)).all()
    hits = int(((low <= truth) & (truth <= high)).sum())
    assert stats.binomtest(hits, 4000, 0.93, "less").pvalue > CHANCE, hits / 4000


def test_with_many_runs_it_is_the_t_interval() -> None:
    days = drawn("long", np.random.default_rng(2), (20_000,))
    found = mean_within(days, np.arange(days.size), 365.0)
    expected = stats.t.interval(0.95, days.size - 1, days.mean(), stats.sem(days))
    assert found[1:] == pytest.approx(expected, abs=0.02)


def test_of_flags_with_shared_draws_it_is_the_interval_of_a_share() -> None:
    rng = np.random.default_rng(3)
    draws = np.repeat(np.arange(40), 3)
    flags = rng.random(120) < 0.3
    ours = mean_within(flags.astype(float), draws, 1.0)
    assert ours == pytest.approx(share_interval(flags, draws))


@pytest.mark.parametrize("value", [0.0, 365.0])
def test_runs_that_end_alike_do_not_prove_that_the_next_one_will(value: float) -> None:
    four, many = (mean_within(np.full(n, value), np.arange(n), 365.0) for n in (4, 400))
    for found in (four, many):
        assert found.value == value
        assert 0.0 <= found.low <= value <= found.high <= 365.0
    assert four.high - four.low > 100.0 > 10.0 > many.high - many.low > 0.0


def test_one_run_has_no_interval_and_a_count_that_never_came_neither() -> None:
    assert np.isnan(mean_within(np.array([9.0]), np.array([0]), 365.0)[1:]).all()
    assert np.isnan(mean_within(np.zeros(9), np.arange(9), None)[1:]).all()
    assert np.isnan(mean_within(np.zeros(0), np.zeros(0, int), None)).all()


def test_intervals_of_counts_start_at_zero_at_the_least_and_cover() -> None:
    """4,000 samples of 30 counts with a long tail: at least 92 % hold the mean, as the t interval
    does of such counts (measured: 92.9 %); by chance it fails less than once in a million runs."""
    rng, hits = np.random.default_rng(4), 0
    counts = rng.negative_binomial(0.5, 0.1, (4000, 30)).astype(float)
    for values in counts:
        found = mean_within(values, np.arange(30), None)
        assert found.low >= 0.0
        hits += found.low <= 4.5 <= found.high
    assert stats.binomtest(hits, 4000, 0.92, "less").pvalue > CHANCE, hits / 4000


def test_a_value_is_that_of_its_variance() -> None:
    values = np.random.default_rng(5).gamma(2.0, 3.0, 40)
    draws = np.arange(40) // 2
    found = value_within(values.mean(), variance_of_mean(values, draws), 20, None)
    assert found == pytest.approx(mean_within(values, draws, None))


# ── medians ──────────────────────────────────────────────────────────────────────────────────


def test_where_the_curve_is_one_half_that_day_is_the_median() -> None:
    """Not the next step, and not the middle, as `survfit` of R has it; nor does rounding matter."""
    curve = np.array([1.0, 0.8, 0.5, 0.5, 0.2])
    assert median_days(curve, curve + 1e-12, curve + 0.01) == (2.0, 2.0, 4.0)
    assert np.isnan(median_days(np.array([1.0, 0.6]))).all()


@pytest.mark.parametrize("n", [20, 60, 61])
def test_medians_of_few_runs_cover(n: int) -> None:
    """2,000 samples, as a sweep's summary has them: whole days, so at least 95 %."""
    from truce_sim.sweeps.summaries.summary import Survival

    rng = np.random.default_rng(n)
    days = np.minimum(rng.geometric(1 / 80, (2000, n)) - 1, 365)
    truth = stats.geom.median(1 / 80) - 1
    counted = Survival(range(2000), np.full(2000, 365))
    for point, ends in enumerate(days):
        counted._counts[point] = np.bincount(ends, minlength=366)
    table = counted.table()
    high = table["median_survival_high"].fillna(np.inf)
    hits = int(((table["median_survival_low"] <= truth) & (truth <= high)).sum())
    assert stats.binomtest(hits, 2000, 0.94, "less").pvalue > CHANCE, hits / 2000


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 40])
def test_medians_by_counts_are_those_of_the_curves(n: int) -> None:
    """A summary looks up how many collapses it takes; here, each day of each curve is worked out.
    That needs the curves to fall with every collapse, which is checked for up to 2,000 runs."""
    from truce_sim.sweeps.summaries.summary import Survival, collapses_to_half

    rng = np.random.default_rng(n)
    counted = Survival(range(200), np.full(200, 30))
    for point in range(200):
        ends = np.minimum(rng.geometric(rng.uniform(0.01, 0.3), n) - 1, 30)
        counted._counts[point] = np.bincount(ends, minlength=31)
    dead = counted._counts[:, :-1].cumsum(axis=1)
    plain = median_days(*(curve[dead] for curve in curves_by_count(n)))
    table = counted.table()
    for end, expected in zip(("", "_low", "_high"), plain, strict=True):
        np.testing.assert_array_equal(table[f"median_survival{end}"], expected)
    for size in range(50 * n, 50 * n + 50):
        for curve, enough in zip(curves_by_count(size), collapses_to_half(size), strict=True):
            low = curve <= 0.5 + 1e-9
            assert low.any() != np.isnan(enough)
            assert not low.any() or (low[int(enough) :].all() and not low[: int(enough)].any())


def curves_by_count(n: int) -> list[NDArray[np.float64]]:
    """The share that holds, and the ends of its interval, after 0 to n collapses."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1.0 - np.arange(n + 1) / n
        variance = share * (1.0 - share) / n
        return [share, *log_log_interval(share, variance, np.full(n + 1, n))]


# ── ties ─────────────────────────────────────────────────────────────────────────────────────


def test_equal_shares_are_rarely_told_apart() -> None:
    """3,000 sets of five equal shares: the first is told from none in at least 95 % of them."""
    rng, wrong = np.random.default_rng(6), 0
    for _ in range(3000):
        share = rng.binomial(200, 0.3, 5) / 200
        wrong += bool(differ_from_first(share, np.full(5, 200.0)).any())
    assert stats.binomtest(wrong, 3000, 0.05, "greater").pvalue > CHANCE, wrong / 3000
    assert differ_from_first(np.array([0.2, 0.25, 0.6]), np.full(3, 200.0)).tolist() == [
        False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("level", [CONFIDENCE, 0.95, 0.9])
def test_quantiles_that_are_written_out_are_those_of_scipy(level: float) -> None:
    """They are, so that a sweep need not import what computes them."""
    assert z_quantile(level) == special.ndtri(0.5 + level / 2)


def test_intervals_of_both_kinds_follow_the_usual_level() -> None:
    """What a change of `CONFIDENCE` would leave behind fails here, at any level."""
    assert z_quantile() == z_quantile(CONFIDENCE)
    assert t_quantile(1e9) == pytest.approx(z_quantile())
    assert central() == pytest.approx(special.ndtr([-z_quantile(), z_quantile()]))
