"""What comes over the days: against plain counts, hand-made curves, and by simulation."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from folders import sweep_into
from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis.incidence import (
    FIRSTS,
    STATES,
    cumulative_incidence,
    first_times,
    group_hazard,
    hazard,
    hazard_rows,
    incidence,
    incidence_columns,
    state_shares,
)
from truce_sim.analysis.methods.ends import Ends, count_ends
from truce_sim.analysis.spells import spell_survival, spells
from truce_sim.analysis.survival import (
    curve_columns,
    curve_median,
    kaplan_meier,
    logrank,
    product_limit,
    survival_summary,
)
from truce_sim.intervals import allowance, clusters, mean_interval, mean_within, share_interval

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lifelines import KaplanMeierFitter


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """With and without mediators, two thresholds, 60 replicates, with events."""
    folder = tmp_path_factory.mktemp("incidence") / "s"
    factors = {"mediation": ["none", "qatar_turkiye"], "home.threshold": [4.0, 6.0]}
    sweep(factors, {"sweep.events": True, "sweep.workers": 1}, replicates=60, folder=folder)
    return open_sweep(folder)


@pytest.fixture(scope="module")
def staggered(tmp_path_factory):
    """Horizons of 60 and 200 days: the runs of a point are censored at its own."""
    folder = tmp_path_factory.mktemp("staggered") / "s"
    sweep({"run.horizon_days": [60, 200]}, {"sweep.workers": 1}, replicates=150, folder=folder)
    return open_sweep(folder)


# ── against plain counts ─────────────────────────────────────────────────────────────────────


def test_first_times_are_shares_of_runs(opened) -> None:
    """All are watched until the horizon, so a collapse before is a run that never sees it."""
    table, runs = first_times(opened), opened.runs
    for first, column in FIRSTS.items():
        rows = table[table["first"] == first]
        day = runs[column].astype(float).to_numpy()
        share = [(day <= t).mean() for t in rows["day"]]
        assert rows["incidence"].to_numpy() == pytest.approx(share, abs=1e-12)
        assert (rows["runs"] == 240).all()


def test_causes_are_shares_of_runs_too(opened) -> None:
    table = cumulative_incidence(opened, "mediation", where={"home.threshold": 4})
    runs = opened.runs[opened.runs["home.threshold"] == 4.0]
    for (level, cause), rows in table.groupby(["mediation", "cause"], observed=True):
        ours = runs[runs["mediation"] == level]
        of_cause = ours["collapsed"].astype(bool) & (ours["cause"] == cause)
        share = [(of_cause & (ours["end_day"] <= t)).mean() for t in rows["day"]]
        assert rows["incidence"].to_numpy() == pytest.approx(share, abs=1e-12)


def test_state_shares_add_up_and_have_the_interval_of_a_mean(opened) -> None:
    table = state_shares(opened, "mediation")
    assert table.groupby("mediation", observed=True)["share"].sum().to_numpy() == pytest.approx(1.0)
    runs = opened.runs[opened.runs["mediation"] == "none"]
    for state, column in STATES.items():
        row = table[(table["mediation"] == "none") & (table["state"] == state)].iloc[0]
        expected = mean_within(runs[column].to_numpy(float) / 365, clusters(runs), 1.0)
        assert tuple(row[["share", "share_low", "share_high"]]) == pytest.approx(expected)


@pytest.mark.parametrize("width", [1, 7, 30, 60, 1000])
def test_hazards_are_collapses_over_days_lived(opened, width) -> None:
    table, runs = hazard(opened, width=width), opened.runs
    end, collapsed = runs["end_day"].to_numpy(int), runs["collapsed"].to_numpy(bool)
    assert table["from_day"].tolist() == [0, *table["to_day"][:-1]]
    assert table["to_day"].iloc[-1] == 365
    length = (table["to_day"] - table["from_day"]).to_numpy()
    assert (length[:-1] == width).all()
    assert width / 2 <= length[-1] < 1.5 * width or len(length) == 1
    for row in table.to_dict("records"):
        start, stop = row["from_day"], row["to_day"]
        came = (collapsed & (start <= end) & (end < stop)).sum()
        lived = np.clip(end + collapsed - start, 0, stop - start).sum()
        assert (row["collapses"], row["days_at_risk"]) == (came, lived)
        assert row["hazard"] == pytest.approx(came / lived)
    assert table["collapses"].sum() == collapsed.sum()
    assert table["days_at_risk"].sum() == (end + collapsed).sum()


def test_spells_are_the_days_in_force_and_strained(opened) -> None:
    """Also where a truce was suspended and renewed on one day, which the sweep has."""
    table = spells(opened)
    runs = opened.runs.set_index(["point", "replicate"])
    by_run = table.groupby(["point", "replicate"])
    lived = runs["days_in_force"] + runs["days_strained"]
    assert (by_run["days"].sum() == lived.reindex(by_run.size().index)).all()
    assert (by_run.size() == (runs["renewals"] + 1).reindex(by_run.size().index)).all()
    kinds = opened.load(["day", "kind"], "events", where={"kind": ["suspension", "renewal"]})
    per_day = kinds.groupby(["point", "replicate", "day"])["kind"].nunique()
    assert (per_day == 2).any()
    held = table[table["ended"] == "horizon"]
    assert (held["start"] + held["days"] == 365).all()
    direct = table[table["ended"] == "collapsed"].set_index(["point", "replicate"])
    assert len(direct) > 0
    assert (direct["start"] + direct["days"] == runs["end_day"].reindex(direct.index)).all()
    assert runs["collapsed"].reindex(direct.index).all()


def test_the_curve_of_first_spells_is_that_of_the_first_suspension(opened) -> None:
    table = spell_survival(opened, most=2)
    assert table["spell"].unique().tolist() == [1, 2]
    first = table[table["spell"] == 1].set_index("day")["survival"]
    day = opened.runs["first_suspension_day"].astype(float).to_numpy()
    assert first.to_numpy() == pytest.approx([1 - (day <= t).mean() for t in first.index])


# ── horizons that differ ─────────────────────────────────────────────────────────────────────


def test_a_run_is_at_risk_on_the_days_it_has_and_no_longer(staggered) -> None:
    """Half of the runs have 60 days, 0 to 59; lifelines is told so by an end at 59.5."""
    table, runs = kaplan_meier(staggered).set_index("day"), staggered.runs
    collapsed = runs["collapsed"].to_numpy(bool)
    time = runs["end_day"].to_numpy(float) - 0.5 * ~collapsed
    theirs = KaplanMeierFitter().fit(time, collapsed)
    at = theirs.survival_function_at_times(table.index.to_numpy(float)).to_numpy()
    assert table["survival"].to_numpy() == pytest.approx(at, abs=1e-9)
    short = ((runs["run.horizon_days"] == 60) & ~collapsed).sum()
    ended = (collapsed & (runs["end_day"] == 59)).sum()
    assert table["at_risk"].loc[59] - table["at_risk"].loc[60] == short + ended


def test_only_days_that_all_were_watched_can_be_asked_for(staggered) -> None:
    assert survival_summary(staggered).equals(survival_summary(staggered, until=60))
    whole = survival_summary(staggered, where={"run.horizon_days": 200}, until=200)
    runs = staggered.runs[staggered.runs["run.horizon_days"] == 200]
    assert whole["holds"].iloc[0] == pytest.approx(1 - runs["collapsed"].mean())
    for until in (61, 0, -3):
        with pytest.raises(InputError, match="runs are not that long"):
            survival_summary(staggered, until=until)


def test_a_share_that_lasts_n_days_does_not_depend_on_how_long_one_went_on(staggered) -> None:
    """A run that collapses on day 60 has lasted 60 days, 0 to 59, as one whose horizon that is."""
    table = survival_summary(staggered, "run.horizon_days", until=60)
    assert table["holds"].nunique() == 1  # the same draws, so the same runs
    assert table["mean"].nunique() == 1


@pytest.mark.slow
def test_bands_hold_where_few_are_left_to_tell() -> None:
    """5,000 data sets of 200 runs, 180 of them censored on day 10; none, or one in a hundred, has
    collapsed by day 30: the interval is that of the few that were watched so long."""
    rng, n, hits = np.random.default_rng(31), 5000, 0
    for _ in range(n):
        day = rng.geometric(0.001, 200) - 1
        end = np.where(np.arange(200) < 180, 10, 30)
        found = curve_columns(count_ends(np.minimum(day, end), day <= end, np.arange(200)))
        truth = 0.999 ** (found["day"][-1] + 1)
        hits += found["survival_low"][-1] <= truth <= found["survival_high"][-1]
    assert stats.binomtest(int(hits), n, 0.95, "less").pvalue > 1e-6, hits / n


# ── variances by another way ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["survival", "incidence"])
def test_variances_are_those_of_numerical_derivatives(what: str) -> None:
    """Each state's count moved by a little; the estimate's slopes, summed over clusters."""
    rng = np.random.default_rng(7)
    day, kind = rng.integers(0, 12, 90), rng.integers(0, 3, 90)
    kind = np.minimum(kind, 1) if what == "survival" else kind
    draws = rng.permutation(np.repeat(np.arange(30), 3))
    states, place = np.unique(3 * day + kind, return_inverse=True)

    def estimate(count: np.ndarray) -> np.ndarray:
        survival, rows = 1.0, []
        share = 0.0
        for t in range(12):
            risk = count[states // 3 >= t].sum()
            by_kind = [count[states == 3 * t + k].sum() / risk for k in (1, 2)]
            share += survival * by_kind[0]
            survival *= 1 - sum(by_kind)
            rows.append(survival if what == "survival" else share)
        return np.array(rows)

    count = np.bincount(place).astype(float)
    slopes = np.stack([
        (estimate(count + 1e-4 * e) - estimate(count - 1e-4 * e)) / 2e-4 for e in np.eye(len(count))
    ])  # fmt: skip
    sums = np.stack([np.bincount(draws, slopes[place, t]) for t in range(12)])
    expected = 30 / 29 * (sums**2).sum(axis=1)
    ends = count_ends(day, kind, draws)
    if what == "survival":
        assert ends.variance(product_limit(ends, 12)[1])[:-1] == pytest.approx(
            expected[:-1], rel=1e-6
        )
        return
    found = incidence(ends)
    log = np.log(found["incidence"])
    step = np.log(np.log(found["incidence_low"]) / log) * -found["incidence"] * log
    z = stats.t.ppf(0.975, 29)
    assert (step / z).to_numpy()[1:] ** 2 == pytest.approx(expected[1:], rel=1e-6)


def test_a_variance_that_is_0_but_for_rounding_makes_no_interval_of_no_width() -> None:
    """One point of three always holds: the share is 1/3 in every cluster."""
    flags, draws = np.repeat([True, False, False], 50), np.tile(np.arange(50), 3)
    found = share_interval(flags, draws)
    assert found.low < 0.25
    assert found.high > 0.4
    day = np.repeat([5, 9, 9], 50)
    row = group_hazard(count_ends(day, (day == 5).astype(int), draws), 10).iloc[0]
    assert row["hazard_low"] < 0.9 * row["hazard"] < 1.1 * row["hazard"] < row["hazard_high"]


def test_clusters_are_runs_of_equal_seed_and_replicate() -> None:
    runs = pd.DataFrame({"seed": [1, 1, 2, 2, 1], "replicate": [0, 3, 0, 3, 0]})
    assert clusters(runs).tolist() == [0, 1, 2, 3, 0]
    assert clusters(runs.iloc[:0]).size == 0


# ── intervals hold ───────────────────────────────────────────────────────────────────────────


def alike(rng: np.random.Generator, replicates: int, points: int, shared: float) -> np.ndarray:
    """Uniform numbers (points × replicates) of points that share much of their chance."""
    common, own = rng.normal(size=replicates), rng.normal(size=(points, replicates))
    return special.ndtr(shared * common + math.sqrt(1 - shared**2) * own).ravel()


def holds(hits: int, n: int, nominal: float = 0.95) -> bool:
    """Whether coverage is nominal, as far as n simulations tell; False once in a million."""
    return bool(stats.binomtest(int(hits), n, nominal).pvalue > 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_shares_and_means_hold_with_a_dozen_replicates(shared: float) -> None:
    """3,000 data sets of 12 replicates and 4 points; a share of the days, as in state_shares."""
    rng, n, draws = np.random.default_rng(32), 3000, np.tile(np.arange(12), 4)
    share = mean = 0
    for _ in range(n):
        u = alike(rng, 12, 4, shared)
        found = share_interval(u < 0.4, draws)
        share += found.low <= 0.4 <= found.high
        found = mean_interval(u**2, draws)
        mean += found.low <= 1 / 3 <= found.high
    assert holds(mean, n), mean / n
    assert stats.binomtest(int(share), n, 0.95, "less").pvalue > 1e-6, share / n
    assert share / n < 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("share", "shared"), [(0.03, 0.3), (0.1, 0.9), (0.5, 0.9)])
def test_shares_of_dependent_runs_hold(share: float, shared: float) -> None:
    """3,000 data sets of 200 replicates and 4 points. Taken as independent, runs that share nearly
    all their chance would make the interval too narrow by half."""
    rng, n, draws = np.random.default_rng(33), 3000, np.tile(np.arange(200), 4)
    hits = naive = 0
    for _ in range(n):
        flags = alike(rng, 200, 4, shared) < share
        found = share_interval(flags, draws)
        hits += found.low <= share <= found.high
        found = share_interval(flags, np.arange(800))
        naive += found.low <= share <= found.high
    assert abs(hits / n - 0.95) < 0.01 + 5 * math.sqrt(0.0475 / n), hits / n  # Wilson is discrete
    assert (naive / n < 0.85) == (shared == 0.9), naive / n


@pytest.mark.slow
def test_curves_first_times_and_hazards_hold_with_twenty_replicates() -> None:
    """1,500 data sets of 20 replicates and 4 points. Found: 96 %, 96 %, 96 %."""
    rng, n, draws = np.random.default_rng(34), 1500, np.tile(np.arange(20), 4)
    band = first = rate = middle = 0
    truth, median = math.exp(-21 / 30), 20
    for _ in range(n):
        end = (-30 * np.log(alike(rng, 20, 4, 0.5))).astype(int)
        day, event = np.minimum(end, 60), (end < 60).astype(int)
        ends = count_ends(day, event, draws)
        found = curve_columns(ends)
        band += found["survival_low"][20] <= truth <= found["survival_high"][20]
        _, low, high = curve_median(found)
        middle += low <= median <= (math.inf if math.isnan(high) else high)
        row = hazard_rows(ends, 20)[0]
        rate += row["hazard_low"] <= 1 - math.exp(-1 / 30) <= row["hazard_high"]
        # seen half way to the collapse, in half of the runs; never in the others
        seen = (rng.random(20) < 0.5)[draws] & (day // 2 < 60)
        kind = np.where(seen, 1, 2 * event)
        found = incidence_columns(count_ends(np.where(seen, day // 2, day), kind, draws))
        expected = 0.5 * (1 - math.exp(-22 / 30))
        first += found["incidence_low"][10] <= expected <= found["incidence_high"][10]
    for hits in (band, first, rate):
        assert holds(hits, n) or 0.95 < hits / n < 0.975, hits / n
    assert stats.binomtest(int(middle), n, 0.95, "less").pvalue > 1e-6, middle / n


def test_the_allowance_for_few_clusters_vanishes_with_many() -> None:
    assert allowance(10) == pytest.approx(stats.t.ppf(0.975, 9) / stats.norm.ppf(0.975))
    assert allowance(10**6) == pytest.approx(1.0, abs=1e-5)
    assert allowance(1) == 1.0


# ── edges ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize("day", [0, 1])
def test_all_end_alike(day: int, n: int, kind: int) -> None:
    """Censored, by the event, or by another: shares of 0 or 1, with their intervals."""
    ends = count_ends(np.full(n, day), np.full(n, kind), np.arange(n))
    row = incidence(ends).iloc[-1]
    assert row["incidence"] == float(kind == 1)
    low, high = stats.binomtest(n if kind == 1 else 0, n).proportion_ci(method="wilson")
    assert (row["incidence_low"], row["incidence_high"]) == pytest.approx((low, high))
    assert group_hazard(ends, 30)["hazard"].iloc[0] == (kind == 1) / (day + 1)


def test_runs_that_all_share_their_draws_have_no_interval() -> None:
    ends = count_ends(np.arange(10), np.ones(10, int), np.zeros(10, int))
    assert isinstance(ends, Ends)
    ends_of_hazard = group_hazard(ends, 5)[["hazard_low", "hazard_high"]]
    assert ends_of_hazard.isna().all(axis=None)
    assert incidence(ends)[["incidence_low", "incidence_high"]].isna().all(axis=None)
    assert np.isnan(mean_interval(np.arange(4.0), np.zeros(4, int))[1:]).all()
    assert np.isnan(mean_interval(np.array([]), np.array([], int))).all()
    assert np.isnan(share_interval(np.array([], bool), np.array([], int))).all()


def test_bad_requests_are_named(opened) -> None:
    for asked in (cumulative_incidence, first_times, hazard, state_shares):
        with pytest.raises(InputError, match=r"home\.threshold"):
            asked(opened, "threshold")
        with pytest.raises(InputError, match="no run has that level"):
            asked(opened, where={"mediation": "nobody"})
    for width in (0, -1):
        with pytest.raises(InputError, match="number of days"):
            hazard(opened, width=width)


def test_nothing_run_yet_gives_empty_tables_with_their_columns(tmp_path) -> None:
    words = ("truce=literal,practised", "sweep.events=true", "--prepare")
    assert sweep_into(tmp_path / "p", *words) == 0
    empty = open_sweep(tmp_path / "p")
    for asked, column in (
        (cumulative_incidence, "incidence"), (first_times, "incidence"), (hazard, "hazard"),
        (state_shares, "share"),
    ):  # fmt: skip
        table = asked(empty, "truce")
        assert table.empty
        assert {"truce", column, f"{column}_low", f"{column}_high"} <= set(table.columns)


def test_a_sweep_in_which_all_fail_is_counted_and_no_more(tmp_path) -> None:
    """Launches rise beyond what a day can take."""
    failing = {
        "militants.attempts_per_day": 20, "militants.excitation": 0, "militants.risk_prior": 1,
        "militants.spoiler_strength": 10, "militants.deterrence": 3, "militants.learning_rate": 0.5,
        "militants.pace_cells_per_day": 20, "militants.staging_days": 0, "home.capacity": 0,
        "host.capacity": 0, "home.threshold": 1e9, "home.initial_grievance": 0, "frailty": "none",
    }  # fmt: skip
    settings = failing | {"sweep.events": True, "sweep.workers": 1}
    sweep({"truce": ["practised", "literal"]}, settings, replicates=3, folder=tmp_path / "s")
    failed = open_sweep(tmp_path / "s")
    failed_practised = {"truce": "practised"}
    row = survival_summary(failed, where=failed_practised).iloc[0]
    assert (row["runs"], row["failed"], row["collapsed"]) == (0, 3, 0)
    assert row[["holds", "mean", "median"]].isna().all()
    assert kaplan_meier(failed, where=failed_practised).empty
    assert cumulative_incidence(failed, where=failed_practised).empty
    assert first_times(failed, where=failed_practised).empty
    assert hazard(failed, where=failed_practised).empty
    assert state_shares(failed, where=failed_practised)["share"].isna().all()
    with pytest.raises(InputError, match="at least two levels"):
        logrank(failed, "truce", where=failed_practised)
    assert (spells(failed)["point"] == 1).all()


def test_spells_want_the_events_of_all_runs(tmp_path) -> None:
    words = ("sweep.events=true", "sweep.only_if_collapsed=true", "--prepare")
    assert sweep_into(tmp_path / "p", *words) == 0
    with pytest.raises(InputError, match="bias the spells"):
        spells(open_sweep(tmp_path / "p"))
