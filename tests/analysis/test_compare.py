"""Paired comparison: the arithmetic, its intervals, its words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from comparisons import HORIZON, made
from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis import words
from truce_sim.analysis.compare import compare
from truce_sim.analysis.groups import level_in
from truce_sim.sweeps.summaries.contrasts import describe_pair, more_replicates


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two readings of the clause, two thresholds, 40 replicates."""
    folder = tmp_path_factory.mktemp("compare") / "s"
    factors = {"truce": ["literal", "practised"], "home.threshold": [3.0, 5.0]}
    sweep(factors, replicates=40, compare="truce", folder=folder)
    return open_sweep(folder)


# ── against known answers ────────────────────────────────────────────────────────────────────


def test_a_row_is_the_mean_paired_difference_with_its_t_interval(small) -> None:
    found = compare(small, "truce").table
    runs = small.runs.set_index(["home.threshold", "truce", "replicate"]).sort_index()
    for row in found.to_dict("records"):
        ours = runs.loc[(row["home.threshold"], row["truce"])]
        theirs = runs.loc[(row["home.threshold"], "literal")]
        difference = (ours["end_day"] - theirs["end_day"]).to_numpy(float)
        level = 1 - 0.05 / len(found)
        low, high = stats.t.interval(level, 39, difference.mean(), stats.sem(difference))
        assert [row["days"], row["days_low"], row["days_high"]] == pytest.approx(
            [difference.mean(), low, high], rel=1e-9
        )
        assert row["collapse_share"] == ours["collapsed"].mean()
        assert row["collapse"] == pytest.approx(
            ours["collapsed"].mean() - theirs["collapsed"].mean(), abs=1e-12
        )
        assert row["longer"] == (difference > 0).mean()
        assert row["same"] == (difference == 0).mean()


def test_it_says_what_the_sweep_itself_has_written(small) -> None:
    found, written = compare(small).table, small.folder.contrasts
    for name in ("days", "days_low", "days_high", "collapse", "collapse_low", "collapse_high"):
        assert found[name].to_numpy() == pytest.approx(written[name].to_numpy(), rel=1e-9)
    assert list(found["more"]) == list(written["more"])


def test_pooled_rows_are_averages_over_contexts_and_draws_count_once(small) -> None:
    pooled = compare(small, "truce").pooled.iloc[0]
    days = compare(small, "truce").days
    by_draw = (days[:, :, 1] - days[:, :, 0]).mean(axis=0)
    low, high = stats.t.interval(0.95, 39, by_draw.mean(), stats.sem(by_draw))
    assert [pooled["days"], pooled["days_low"], pooled["days_high"]] == pytest.approx(
        [by_draw.mean(), low, high], rel=1e-9
    )


def test_a_crossing_gives_the_difference_of_the_differences_by_replicate(small) -> None:
    """Recomputed by hand from the runs; the other factor is compared at its first level."""
    found = compare(small, "truce")
    (row,) = found.interactions.to_dict("records")
    wide = small.runs.pivot_table("end_day", "replicate", ["home.threshold", "truce"],
                                  observed=True).astype(float)  # fmt: skip
    changes = {t: wide[t]["practised"] - wide[t]["literal"] for t in (3.0, 5.0)}
    gap = (changes[5.0] - changes[3.0]).to_numpy()
    low, high = stats.t.interval(0.95, 39, gap.mean(), stats.sem(gap))
    assert [row["days"], row["days_low"], row["days_high"]] == pytest.approx(
        [gap.mean(), low, high], rel=1e-9
    )
    assert (row["by"], row["level"], row["against"]) == ("home.threshold", 5.0, 3.0)
    assert (row["change"], row["change_against"], row["n"]) == (
        pytest.approx(changes[5.0].mean()), pytest.approx(changes[3.0].mean()), 40,
    )  # fmt: skip
    turned = compare(small, "home.threshold").interactions.iloc[0]
    assert turned["days"] == pytest.approx(row["days"])  # whichever of the two is compared


def test_two_crossed_factors_need_no_factor_to_be_named(tmp_path) -> None:
    folder = sweep({"truce": ["literal", "practised"], "home.threshold": [3.0, 5.0]},
                   replicates=4, folder=tmp_path / "s").path  # fmt: skip
    assert compare(open_sweep(folder)).factor == "home.threshold"


def test_four_runs_do_not_leave_the_horizon(tmp_path) -> None:
    """A difference of days lies within -365 to 365, and its interval with it."""
    days = np.array([[[0.0, 365.0], [365.0, 0.0], [0.0, 365.0], [10.0, 300.0]]])
    found = made(days)
    for table in (found.table, found.pooled, found.regret):
        for name in ("days_low", "days_high", "regret_low", "regret_high"):
            if name in table:
                assert table[name].abs().max() <= HORIZON


def test_another_baseline_turns_the_sign(small) -> None:
    one, other = compare(small, "truce"), compare(small, "truce", "practised")
    assert one.pooled["days"].iloc[0] == -other.pooled["days"].iloc[0]
    assert other.table["truce"].unique().tolist() == ["literal"]


def test_a_number_as_text_names_a_level(small) -> None:
    assert compare(small, "home.threshold", "5.0").levels[1] == 5.0
    assert compare(small, "home.threshold", "5.0").baseline == 1


def test_runs_held_at_a_level_are_compared_alone(small) -> None:
    whole, part = compare(small, "truce"), compare(small, "truce", where={"home.threshold": "3.0"})
    assert len(part.contexts) == 1
    assert part.table["days"].iloc[0] == whole.table["days"].iloc[0]


def test_regret_is_the_worst_shortfall_from_the_best_level() -> None:
    days = np.zeros((2, 50, 3))
    days[0] += [100, 150, 120]
    days[1] += [100, 60, 90]
    days += np.random.default_rng(1).normal(0, 5, (2, 50, 1))  # shared: cancels
    found = made(days).regret.set_index("f")
    assert found.loc["a", "regret"] == pytest.approx(50)
    assert found.loc["b", "regret"] == pytest.approx(40)
    assert found.loc["c", "regret"] == pytest.approx(30)
    assert found.loc["b", "worst"] == "c=1"
    assert found["best_in"].tolist() == [1, 1, 0]


def test_regret_is_withheld_where_every_run_says_the_same() -> None:
    """Three runs without a difference put no bound on what is rare; nor do equal differences."""
    found = made(np.full((2, 3, 2), 365.0))
    assert found.regret["regret"].tolist() == [0.0, 0.0]
    assert found.regret[["regret_low", "regret_high"]].isna().all(axis=None)
    assert "No level of f differed" in words.no_regret(found)
    days = np.full((2, 3, 2), 100.0)
    days[:, :, 1] = 150.0
    same = made(days)
    assert np.isnan(same.regret.set_index("f").loc["a", "regret_high"])
    assert not words.no_regret(same)
    clear = made(days + np.random.default_rng(1).normal(0, 5, days.shape)).regret.set_index("f")
    assert clear.loc["b", "regret_high"] == 0.0  # clearly the best in each
    assert clear.loc["a", "regret_low"] < clear.loc["a", "regret_high"]


# ── intervals cover what they should ─────────────────────────────────────────────────────────


def within(hits: int, n: int, nominal: float) -> bool:
    """Whether so many hits can come from that coverage; false by chance once in a million."""
    return bool(stats.binomtest(hits, n, nominal).pvalue > 1e-6)


@pytest.mark.slow
def test_pooled_intervals_cover_when_contexts_share_their_draws() -> None:
    """2,000 data sets of 3 contexts that share most of their noise."""
    rng, hits, naive = np.random.default_rng(5), 0, 0
    for _ in range(2000):
        shared = rng.normal(0, 40, (1, 60))
        days = np.zeros((3, 60, 2))
        days[:, :, 1] = 7 + shared + rng.normal(0, 20, (3, 60))
        (row,) = made(days, np.tile(np.arange(60), (3, 1)))._pooled_rows()
        hits += row["days_low"] <= 7 <= row["days_high"]
        (row,) = made(days)._pooled_rows()
        naive += row["days_low"] <= 7 <= row["days_high"]
    assert within(hits, 2000, 0.95)
    assert not within(naive, 2000, 0.95)  # as if the 180 pairs were independent


@pytest.mark.slow
def test_differences_of_differences_cover_with_shared_draws() -> None:
    """1,500 crossings of 2 x 3 levels with draws in common: both intervals hold at once in at least
    95 %, and are far narrower than without pairing."""
    rng, hits, width = np.random.default_rng(9), 0, 0.0
    for _ in range(1500):
        days = 100 + rng.normal(0, 40, (1, 40, 1)) + rng.normal(0, 8, (3, 40, 2))
        days[:, :, 1] += np.array([0.0, 6.0, -9.0])[:, None]
        table = made(days, np.tile(np.arange(40), (3, 1))).interactions
        truth = np.array([6.0, -9.0])
        hits += bool(((table["days_low"] <= truth) & (truth <= table["days_high"])).all())
        width += float((table["days_high"] - table["days_low"]).mean()) / 1500
    assert stats.binomtest(hits, 1500, 0.95, "less").pvalue > 1e-6, hits / 1500
    assert width < 16.0  # unpaired: about 4 x 2.3 x 40 / sqrt(40) = 58


@pytest.mark.slow
def test_intervals_cover_together() -> None:
    """Four levels: all three intervals hold at once in at least 95 % of 1,000 data sets; so do the
    shares of pairs that last longer, each in 95 %, and every regret."""
    rng, together, longer, regrets = np.random.default_rng(6), 0, 0, 0
    effect = np.array([0.0, 5.0, 0.0, -8.0])
    truth = {"a": 5.0, "b": 0.0, "c": 5.0, "d": 13.0}
    for _ in range(1000):
        base = rng.normal(100, 30, (1, 80, 1))
        found = made(base + effect + rng.normal(0, 10, (1, 80, 4)))
        table = found.table
        inside = (table["days_low"] <= effect[1:]) & (effect[1:] <= table["days_high"])
        together += inside.all()
        p = stats.norm.cdf(effect[1] / math.sqrt(200))
        longer += table["longer_low"].iloc[0] <= p <= table["longer_high"].iloc[0]
        regret = found.regret.set_index("f")
        regrets += all(
            regret.loc[name, "regret_low"] <= value <= regret.loc[name, "regret_high"]
            for name, value in truth.items()
        )
    assert stats.binomtest(together, 1000, 0.95, "less").pvalue > 1e-6
    assert stats.binomtest(longer, 1000, 0.95, "less").pvalue > 1e-6
    assert stats.binomtest(regrets, 1000, 0.95, "less").pvalue > 1e-6


@pytest.mark.slow
def test_as_many_more_replicates_as_said_tell_a_difference_in_four_cases_of_five() -> None:
    rng, n, effect, sd = np.random.default_rng(7), 100, 2.0, 15.0
    half = stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n)
    more = more_replicates(n, effect, effect - half, effect + half, 0.95)
    size = n + int(more)
    data = rng.normal(effect, sd, (3000, size))
    p = stats.ttest_1samp(data, 0.0, axis=1).pvalue
    assert abs((p < 0.05).mean() - 0.8) < 5 * math.sqrt(0.16 / 3000) + 0.01  # + rounding, t for z


# ── words ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_longer_or_shorter_when_the_interval_crosses_zero() -> None:
    """On 300 random comparisons, with and without an effect."""
    rng = np.random.default_rng(8)
    for _ in range(300):
        effect = np.array([0.0, rng.choice([0.0, 25.0, -25.0])])
        days = rng.normal(100, 30, (1, 30, 2)) + effect
        found = made(days)
        row, sentence = found.table.iloc[0], found.sentences()[0]
        crosses = row["days_low"] <= 0 <= row["days_high"]
        assert ("longer" in sentence) == (not crosses and row["days"] > 0)
        assert ("shorter" in sentence) == (not crosses and row["days"] < 0)
        assert ("cannot be told apart" in sentence) == crosses


def test_an_undecided_pair_says_how_many_replicates_more_would_decide() -> None:
    row = {"f": "b", "baseline": "a", "n": 100, "days": 2.0, "days_low": -1.0, "days_high": 5.0}
    more = more_replicates(100, 2.0, -1.0, 5.0, 0.95)
    sentence = describe_pair(row | {"more": more}, "f", f"{HORIZON} days")
    assert "cannot be told apart (+2.0 days [-1.0, +5.0]; n = 100 pairs)" in sentence
    assert "about 360 more replicates would show a difference this large" in sentence


def test_a_difference_too_small_to_chase_is_ruled_out_instead() -> None:
    row = {"f": "b", "baseline": "a", "n": 100, "days": 1e-4, "days_low": -1.0, "days_high": 1.0}
    row["more"] = more_replicates(100, 1e-4, -1.0, 1.0, 0.95)
    sentence = describe_pair(row, "f", f"{HORIZON} days")
    assert "more than 1.0 days is ruled out" in sentence
    assert "replicates" not in sentence


def test_pairs_that_never_differ_say_so() -> None:
    same = made(np.full((1, 20, 2), 50.0))
    said = "this had no effect in any run on the days survived (n = 20 pairs): so far as"
    assert said in same.sentences()[0]
    assert same.table["collapse_low"].iloc[0] < 0 < same.table["collapse_high"].iloc[0]


# ── edges ────────────────────────────────────────────────────────────────────────────────────


def test_one_replicate_gives_a_difference_without_an_interval() -> None:
    found = made(np.array([[[10.0, 30.0]]]))
    row = found.table.iloc[0]
    assert row["days"] == 20.0
    assert math.isnan(row["days_low"])
    assert found.sentences() == ["f=b rather than a: too few runs to say."]


def test_pairs_with_a_failed_run_are_left_out() -> None:
    days = np.random.default_rng(2).normal(100, 9, (1, 12, 2))
    days[0, 3, 1] = np.nan
    assert made(days).table["n"].iloc[0] == 11
    assert "(1 more runs have no partner, which failed or was not run)" in made(days).sentences()[0]


@pytest.mark.parametrize(
    ("factor", "baseline", "words"),
    [
        ("trce", None, "no such factor"),
        ("truce", "strict", "no run has that level"),
        ("", None, ""),
    ],
)
def test_bad_input_is_named(small, factor, baseline, words) -> None:
    if not words:
        assert compare(small).factor == "truce"  # that of sweep.compare
        return
    with pytest.raises(InputError, match=words):
        compare(small, factor, baseline)


def test_a_factor_that_never_differs_alone_cannot_be_compared(tmp_path) -> None:
    sweep({"home.threshold": [3.0, 4.0], "host.threshold": [1.0, 2.0]}, design="zip",
          replicates=2, folder=tmp_path / "z")  # fmt: skip
    with pytest.raises(InputError, match="no two points with runs differ in this factor alone"):
        compare(open_sweep(tmp_path / "z"), "home.threshold")


@pytest.mark.parametrize("wanted", ["0.8", 0.8, "0.80", "0.7999999999999999", "0.8000001"])
def test_a_level_is_found_as_it_is_printed(wanted) -> None:
    assert level_in([0.7, 0.7 + 0.1, 0.9], wanted, "home.capacity") == 1


def test_an_exact_level_comes_before_one_that_is_printed_alike() -> None:
    assert level_in([0.7 + 0.1, 0.8], "0.8", "home.capacity") == 1
    with pytest.raises(InputError, match="several levels are printed like that"):
        level_in([0.80000001, 0.80000002], "0.8", "home.capacity")
