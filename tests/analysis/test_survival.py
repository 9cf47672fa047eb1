"""Survival: equal to independent implementations, and intervals that hold."""

from __future__ import annotations

import math
import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis.incidence import (
    group_hazard,
    hazard_rows,
    incidence,
    incidence_columns,
)
from truce_sim.analysis.methods.ends import count_ends
from truce_sim.analysis.survival import (
    curve,
    curve_columns,
    curve_median,
    kaplan_meier,
    logrank,
    logrank_test,
    survival_summary,
)
from truce_sim.intervals import mean_interval, mean_within, share_interval

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lifelines import AalenJohansenFitter, KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test
    from lifelines.utils import restricted_mean_survival_time


def covers(hits: int, n: int, nominal: float = 0.95) -> bool:
    """Whether so many intervals of n can hold the truth; False by chance once in a million."""
    return bool(stats.binomtest(int(hits), n, nominal).pvalue > 1e-6)


def lives(seed: int, n: int = 199, horizon: int = 40):
    """Days with ties, some on day 0, censored at two horizons; causes 1 to 3."""
    rng = np.random.default_rng(seed)
    day = rng.geometric(0.06, n) - 1
    end = np.where(rng.random(n) < 0.3, horizon // 2, horizon)
    event = day < end
    return np.minimum(day, end), event, rng.integers(1, 4, n)


# ── equal to independent implementations ─────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
def test_curve_band_and_median_are_those_of_lifelines(seed: int) -> None:
    day, event, _ = lives(seed)
    found = curve(count_ends(day, event.astype(int), np.arange(day.size)))
    theirs = KaplanMeierFitter().fit(day, event)
    ours = found.set_index("day").loc[theirs.survival_function_.index.astype(int)]
    at, band = theirs.survival_function_.to_numpy()[:, 0], theirs.confidence_interval_.to_numpy()
    assert ours["survival"].to_numpy() == pytest.approx(at, abs=1e-9)
    inside = (at > 0) & (at < 1)
    assert ours[["survival_low", "survival_high"]].to_numpy()[inside] == pytest.approx(
        band[inside], abs=1e-9
    )
    assert curve_median(found)[0] == theirs.median_survival_time_


def test_the_band_is_that_of_scipy() -> None:
    day, event, _ = lives(9)
    data = stats.CensoredData.right_censored(day, ~event)
    found = stats.ecdf(data).sf
    low = found.confidence_interval(method="log-log").low
    ours = curve(count_ends(day, event.astype(int), np.arange(day.size))).set_index("day")
    some = found.quantiles[(found.probabilities > 0) & (found.probabilities < 1)]
    assert ours["survival_low"].loc[some].to_numpy() == pytest.approx(low.evaluate(some), abs=1e-9)


def test_a_mean_restricted_to_the_horizon_is_the_area_under_the_curve() -> None:
    day = np.minimum(np.random.default_rng(3).geometric(0.02, 300), 100)
    event = day < 100
    area = restricted_mean_survival_time(KaplanMeierFitter().fit(day, event), 100)
    assert mean_interval(day.astype(float), np.arange(300)).value == pytest.approx(area, abs=1e-9)


@pytest.mark.parametrize("groups", [2, 4])
def test_logrank_is_that_of_lifelines(groups: int) -> None:
    day, event, _ = lives(5, 300)
    group = np.random.default_rng(1).integers(0, groups, day.size)
    ours = logrank_test(day, event, group, np.arange(day.size))
    theirs = multivariate_logrank_test(day, group, event)
    assert ours["chi2"] == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert ours["p"] == pytest.approx(theirs.p_value, rel=1e-9)


def test_incidence_is_that_of_lifelines_without_ties() -> None:
    rng = np.random.default_rng(8)
    day = rng.permutation(400)[:150] + 1
    kind = rng.integers(0, 3, 150)
    ours = incidence(count_ends(day, kind, np.arange(150))).set_index("day")["incidence"]
    theirs = AalenJohansenFitter(calculate_variance=False).fit(day, kind, 1)
    theirs = theirs.cumulative_density_["CIF_1"]
    assert ours.loc[theirs.index.astype(int)].to_numpy() == pytest.approx(theirs, abs=1e-9)


def test_incidences_of_all_causes_add_up_to_the_share_collapsed() -> None:
    day, event, cause = lives(11)
    runs = np.arange(day.size)
    parts = [
        incidence(count_ends(day, np.where(event, np.where(cause == k, 1, 2), 0), runs))
        for k in (1, 2, 3)
    ]
    total = sum(part["incidence"].to_numpy() for part in parts)
    whole = 1 - curve(count_ends(day, event.astype(int), runs))["survival"].to_numpy()
    assert total == pytest.approx(whole, abs=1e-12)


def test_variances_are_the_binomial_ones_where_all_are_censored_at_the_end() -> None:
    """Closed forms: p(1-p)/n for a share of the runs, whichever way it is reached."""
    rng = np.random.default_rng(2)
    day = np.minimum(rng.geometric(0.03, 500), 60)
    kind = np.where(day < 60, rng.integers(1, 3, 500), 0)
    found = incidence(count_ends(day, kind, np.arange(500)))
    share = found["incidence"].iloc[-1]
    z = (np.log(-np.log(found["incidence_low"])) - np.log(-np.log(found["incidence"]))).iloc[-1]
    error = z / stats.norm.ppf(0.975) * share * abs(math.log(share))
    assert error == pytest.approx(math.sqrt(share * (1 - share) / 500), rel=1e-9)


def test_draws_that_all_differ_are_the_usual_case_and_twins_count_once() -> None:
    """Every run doubled, with the same draws: the same band but for g/(g-1), half the naive one."""
    day, event, _ = lives(4)
    kind, runs = event.astype(int), np.arange(day.size)
    once = curve(count_ends(day, kind, runs))
    twice = curve(count_ends(np.tile(day, 2), np.tile(kind, 2), np.tile(runs, 2)))
    assert twice["survival"].to_numpy() == pytest.approx(once["survival"].to_numpy())
    width = (once["survival_high"] - once["survival_low"]).iloc[15]
    assert (twice["survival_high"] - twice["survival_low"]).iloc[15] == pytest.approx(
        width, rel=0.01
    )


def test_the_shared_logrank_test_is_that_of_scores_summed_by_cluster() -> None:
    """Against the definition, written out run by run, with all signs of ten clusters."""
    rng = np.random.default_rng(1)
    day, event, group = rng.integers(0, 30, 80), rng.random(80) < 0.7, rng.integers(0, 3, 80)
    draws = rng.permutation(np.arange(80) % 10)
    passed = [sum((event & (day == s)).sum() / (day >= s).sum() for s in range(t + 1)) for t in day]
    scores = np.zeros((10, 2))
    for i in range(80):
        for g in range(2):
            scores[draws[i], g] += ((group[i] == g) - (group == g).mean()) * (event[i] - passed[i])
    excess, weight = scores.sum(axis=0), np.zeros((2, 2))
    for s in range(30):
        risk, died = day >= s, (event & (day == s)).sum()
        share = np.array([(group[risk] == g).mean() for g in range(2)])
        spread = died * (risk.sum() - died) / max(risk.sum() - 1, 1)
        weight += spread * (np.diag(share) - np.outer(share, share))
    weight = np.linalg.inv(weight)
    flipped = [np.array(signs) @ scores for signs in product((1, -1), repeat=10)]
    chi2, all_signs = excess @ weight @ excess, np.array([x @ weight @ x for x in flipped])
    found = logrank_test(day, event, group, draws)
    assert found["chi2"] == pytest.approx(chi2, rel=1e-9)
    assert found["chi2_shared"] == pytest.approx(2 * chi2 / all_signs.mean(), rel=1e-9)
    assert found["p_shared"] == (all_signs >= chi2 - 1e-9).mean()


def test_six_replicates_that_are_all_alike_cannot_show_more_than_two_signs_in_64() -> None:
    """Nothing varies between them: the usual statistic would be as large as it can be."""
    group, draws = np.repeat(np.arange(4), 6), np.tile(np.arange(6), 4)
    found = logrank_test(np.where(group == 0, 3, 30), group == 0, group, draws)
    assert found["p_shared"] == 2 / 64
    few = draws < 5
    found = logrank_test(np.where(group == 0, 3, 30)[few], (group == 0)[few], group[few],
                         draws[few])  # fmt: skip
    assert np.isnan(found["p_shared"])


# ── intervals hold ───────────────────────────────────────────────────────────────────────────


def twins(
    rng: np.random.Generator, replicates: int, points: int, shared: float, mean: float = 30.0
):
    """Days (exponential, censored at 60) of points that share much of their chance."""
    common = rng.normal(0, 1, replicates)
    own = rng.normal(0, 1, (points, replicates))
    u = special.ndtr(shared * common + math.sqrt(1 - shared**2) * own)
    day = np.minimum((-mean * np.log(u)).astype(int), 60).ravel()
    return day, (day < 60).astype(int), np.tile(np.arange(replicates), points)


DAY, TRUTH = 20, math.exp(-21 / 30)  # survives day 20 if the clock passes 21


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_survival_bands_medians_and_means_cover(shared: float) -> None:
    """1,500 data sets of 60 replicates and 4 points, with and without common draws."""
    rng, n = np.random.default_rng(21), 1500
    mean = sum(math.exp(-(t + 1) / 30) for t in range(60))
    median = next(t for t in range(60) if math.exp(-(t + 1) / 30) <= 0.5)
    band = middle = means = shares = naive = 0
    for _ in range(n):
        day, event, draws = twins(rng, 60, 4, shared)
        found = curve_columns(count_ends(day, event, draws))
        band += found["survival_low"][DAY] <= TRUTH <= found["survival_high"][DAY]
        _, low, high = curve_median(found)
        middle += low <= median <= high
        means += inside(mean_within(day.astype(float), draws, 60.0), mean)
        shares += inside(share_interval(day > DAY, draws), TRUTH)
        found = curve_columns(count_ends(day, event, np.arange(day.size)))
        naive += found["survival_low"][DAY] <= TRUTH <= found["survival_high"][DAY]
    for hits in (band, means, shares):
        assert covers(hits, n), hits / n
    assert stats.binomtest(middle, n, 0.95, "less").pvalue > 1e-6  # whole days: at least
    assert covers(naive, n) == (shared == 0.0), naive / n


def inside(found, truth: float) -> bool:
    return found[1] <= truth <= found[2]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_shares_cover_rare_and_common(share: float) -> None:
    """Wilson's interval of 400 independent runs, averaged over shares nearby (it is discrete)."""
    rng, n = np.random.default_rng(22), 4000
    p = share * rng.uniform(0.9, 1.1, n).clip(0, 0.99 / share)
    hits = [
        inside(share_interval(np.arange(400) < k, np.arange(400)), q)
        for q, k in zip(p, rng.binomial(400, p), strict=True)
    ]
    assert abs(np.mean(hits) - 0.95) < 5 * math.sqrt(0.0475 / n) + 0.01  # Wilson's own error


@pytest.mark.slow
def test_incidence_and_hazard_cover_when_draws_are_shared() -> None:
    """1,000 data sets of 80 replicates and 3 points; two causes, the first in four of ten."""
    rng, n, cause, rate = np.random.default_rng(23), 1000, 0, 0
    share = 0.4 * (1 - math.exp(-21 / 30))
    hazard = 1 - math.exp(-1 / 30)
    for _ in range(n):
        day, event, draws = twins(rng, 80, 3, 0.8)
        kind = np.where(event == 1, np.where(rng.random(80) < 0.4, 1, 2)[draws], 0)
        found = incidence_columns(count_ends(day, kind, draws))
        cause += found["incidence_low"][DAY] <= share <= found["incidence_high"][DAY]
        row = hazard_rows(count_ends(day, event, draws), 20)[1]
        rate += row["hazard_low"] <= hazard <= row["hazard_high"]
    assert covers(cause, n), cause / n
    assert covers(rate, n), rate / n


@pytest.mark.slow
def test_p_is_uniform_where_nothing_differs() -> None:
    """1,500 data sets: the classical test for independent runs, the shared one for twins, of which
    the classical one is far too rarely small."""
    rng, n = np.random.default_rng(24), 1500
    p = {"independent": [], "shared": [], "classical": []}
    for _ in range(n):
        group = np.repeat([0, 1], 100)
        day, event, draws = twins(rng, 100, 2, 0.0)
        p["independent"].append(logrank_test(day, event == 1, group, np.arange(200))["p"])
        day, event, draws = twins(rng, 100, 2, 0.9)
        found = logrank_test(day, event == 1, group, draws)
        p["shared"].append(found["p_shared"])
        p["classical"].append(found["p"])
    small = {name: int((np.array(values) < 0.05).sum()) for name, values in p.items()}
    assert covers(small["independent"], n, 0.05), small
    assert covers(small["shared"], n, 0.05), small
    assert not covers(small["classical"], n, 0.05), small


@pytest.mark.parametrize(
    ("replicates", "points", "mean"),
    [(4, 2, 30), (6, 3, 30), (6, 4, 600), (8, 2, 30), (12, 4, 30), (20, 4, 30), (20, 4, 600)],
)
@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_p_is_honest_with_few_replicates(replicates, points, mean, shared) -> None:
    """500 data sets without a difference, with common draws or independent runs and with frequent
    or rare collapse: p is below 0.05 in about 6 % of them at the most, and below 0.001 in 0.3 %.
    Were it in exactly as many, a case would fail by chance once in twenty million (14 cases)."""
    rng, n = np.random.default_rng(25), 500
    group, p = np.repeat(np.arange(points), replicates), []
    for _ in range(n):
        day, event, draws = twins(rng, replicates, points, shared, mean)
        p.append(logrank_test(day, event == 1, group, draws)["p_shared"])
    for level, most in ((0.05, 0.06), (0.001, 0.003)):
        small = int((np.array(p) < level).sum())
        assert stats.binomtest(small, n, most, "greater").pvalue > 5e-8, small / n


def test_a_large_difference_is_found_with_eight_replicates() -> None:
    rng = np.random.default_rng(26)
    day, event, draws = twins(rng, 8, 3, 0.8)
    day[:8], event[:8] = 1, 1
    assert logrank_test(day, event == 1, np.repeat(np.arange(3), 8), draws)["p_shared"] < 0.05


# ── edges ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_collapsed() -> None:
    found = curve(count_ends(np.full(50, 30), np.zeros(50, int), np.arange(50)))
    assert (found["survival"] == 1).all()
    assert (found["survival_high"] == 1).all()
    assert (found["survival_low"].between(0.9, 0.999)).all()
    assert np.isnan(curve_median(found)).all()


@pytest.mark.parametrize("day", [0, 1])
def test_everything_collapsed_at_once(day: int) -> None:
    found = curve(count_ends(np.full(50, day), np.ones(50, int), np.arange(50)))
    assert found["survival"].iloc[-1] == 0
    assert 0 < found["survival_high"].iloc[-1] < 0.1
    assert curve_median(found)[0] == day
    rate = group_hazard(count_ends(np.full(50, day), np.ones(50, int), np.arange(50)), 30)
    assert rate["hazard"].tolist() == [1 / (day + 1)]


def test_one_replicate_of_many_points_has_no_interval() -> None:
    """All runs share their draws: chance cannot be told from the points."""
    found = curve(count_ends(np.arange(5, 25), np.ones(20, int), np.zeros(20, int)))
    assert found["survival"].iloc[10] == pytest.approx(0.7)
    assert found[["survival_low", "survival_high"]].isna().all(axis=None)
    assert np.isnan(share_interval(np.arange(4) < 2, np.zeros(4, int))[1])
    test = logrank_test(np.arange(20), np.ones(20, bool), np.arange(20) % 2, np.zeros(20, int))
    assert np.isnan(test["p_shared"])


def test_draws_that_agree_on_a_day_do_not_make_the_share_certain() -> None:
    """In each of 16 pairs one run collapses by day 8, and in one the other does later."""
    day, event = np.repeat([8, 30], 16), np.repeat([1, 0], 16)
    day[-1], event[-1] = 20, 1
    draws = np.tile(np.arange(16), 2)
    found = curve(count_ends(day, event, draws))
    at_half = found.set_index("day").loc[8]
    assert at_half["survival"] == 0.5
    low, high = share_interval(day > 8, draws)[1:]
    assert at_half["survival_low"] == pytest.approx(low, abs=0.05)
    assert at_half["survival_high"] == pytest.approx(high, abs=0.05)
    assert share_interval(day > 20, draws)[2] > 0.5
    assert found["survival_high"].min() > 0.5
    assert curve_median(found)[0] == 8
    assert np.isnan(curve_median(found)[2])
    cause = incidence(count_ends(day, event, draws)).set_index("day").loc[8]
    assert cause["incidence_high"] - cause["incidence_low"] > 0.3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two readings of the clause, with spoilers and with so many that runs fail (overflow)."""
    folder = tmp_path_factory.mktemp("survival") / "s"
    factors = {"truce": ["practised", "literal"], "militants.spoiler_strength": [0.8, 10.0]}
    sweep(factors, FLOODED, replicates=20, folder=folder)
    return open_sweep(folder)


#: Nothing stops a band, and launches rise e³-fold: with spoilers, beyond what a day can take.
FLOODED = {
    "militants.attempts_per_day": 8, "militants.excitation": 0, "militants.risk_prior": 1,
    "militants.deterrence": 3, "militants.learning_rate": 0.5, "militants.pace_cells_per_day": 20,
    "militants.staging_days": 0, "home.capacity": 0, "host.capacity": 0, "home.threshold": 1e9,
    "frailty": "none", "home.initial_grievance": 0,
}  # fmt: skip


def test_failed_runs_are_left_out_and_counted(small) -> None:
    found = survival_summary(small, "militants.spoiler_strength").set_index(
        "militants.spoiler_strength"
    )
    failed = small.points.groupby("militants.spoiler_strength")["failed"].sum()
    assert failed.loc[10.0] > 0
    assert found["failed"].to_dict() == failed.to_dict()
    assert found["runs"].sum() + found["failed"].sum() == 80
    assert kaplan_meier(small)["at_risk"].iloc[0] == found["runs"].sum()


def test_levels_come_in_the_order_of_the_sweep(small) -> None:
    assert survival_summary(small, "truce")["truce"].tolist() == ["practised", "literal"]


def test_a_missing_factor_an_unknown_level_and_one_group_are_named(small) -> None:
    with pytest.raises(InputError, match="no such factor"):
        kaplan_meier(small, "mediation")
    with pytest.raises(InputError, match="no run has that level"):
        kaplan_meier(small, "truce", where={"truce": "strict"})
    with pytest.raises(InputError, match="at least two levels"):
        logrank(small, "truce", where={"truce": "literal"})


def test_no_runs_give_empty_tables(tmp_path) -> None:
    from folders import sweep_into

    assert sweep_into(tmp_path / "p", "truce=literal,practised", "--prepare") == 0
    empty = open_sweep(tmp_path / "p")
    assert kaplan_meier(empty, "truce").empty
    assert survival_summary(empty, "truce").empty
    assert survival_summary(empty)["runs"].tolist() == [0]
    with pytest.raises(InputError, match="at least two levels"):
        logrank(empty, "truce")


def test_curves_by_two_factors_are_those_of_the_points(small) -> None:
    found = kaplan_meier(small, ["truce", "militants.spoiler_strength"])
    ours = found[(found["truce"] == "literal") & (found["militants.spoiler_strength"] == 0.8)]
    runs = small.runs
    runs = runs[(runs["truce"] == "literal") & (runs["militants.spoiler_strength"] == 0.8)]
    theirs = KaplanMeierFitter().fit(runs["end_day"].astype(int), runs["collapsed"].astype(bool))
    last = int(runs["end_day"].max())
    assert ours["survival"].iloc[-1] == pytest.approx(
        theirs.survival_function_at_times(last).iloc[0]
    )
    assert isinstance(found["truce"].iloc[0], str)
    assert pd.api.types.is_float_dtype(found["militants.spoiler_strength"])
