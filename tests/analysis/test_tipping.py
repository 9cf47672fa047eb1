"""Where an outcome passes a level: known lines are found, and their intervals hold.

Coverage of nominal 95 % is held to the binomial bounds at 1e-6 of as many simulations: each such
test fails by chance less than once in a million runs.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis import tipping
from truce_sim.analysis.methods import surface
from truce_sim.analysis.methods.surface import Scatter, crossing, fit, line_over_scatter, misfit
from truce_sim.analysis.tipping import (
    Axis,
    Cells,
    boundary,
    cell_boundary,
    describe_line,
    passing,
    phase_map,
)

LEVELS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three thresholds, two memories and two readings of the clause, 30 replicates."""
    folder = tmp_path_factory.mktemp("tipping") / "s"
    factors = {
        "home.threshold": [1.0, 4.0, 12.0], "home.grievance_memory_days": [10.0, 40.0],
        "truce": ["practised", "tolerant"],
    }  # fmt: skip
    sweep(factors, replicates=30, folder=folder)
    return open_sweep(folder)


# ── the line ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("curve", "rising", "at", "side"),
    [
        ([0.0, 0.2, 0.4, 0.6, 1.0], True, 3.5, "crosses"),
        ([1.0, 0.9, 0.5, 0.1, 0.0], False, 3.0, "crosses"),
        ([0.0, 0.1, 0.1, 0.2, 0.3], True, math.inf, "below everywhere"),
        ([0.6, 0.7, 0.8, 0.9, 1.0], True, -math.inf, "above everywhere"),
        ([0.0, 0.1, 0.1, 0.1, 0.0], False, -math.inf, "below everywhere"),
        ([0.0, 1.0, 0.0, 1.0, 1.0], True, 1.5, "crosses more than once"),
        ([0.0, math.nan, math.nan, 1.0, 1.0], True, 2.5, "crosses"),
        ([math.nan] * 5, True, math.nan, "no runs"),
    ],
)
def test_a_line_passes_where_it_should(curve, rising, at, side) -> None:
    found, told = crossing(LEVELS, np.array(curve), 0.5, rising)
    assert found == pytest.approx(at, nan_ok=True)
    assert told == side


def test_a_cell_is_the_share_of_its_runs(small) -> None:
    found = phase_map(small, "home.grievance_memory_days", "home.threshold")
    assert len(found) == 6
    runs = small.runs.set_index(["home.grievance_memory_days", "home.threshold"]).sort_index()
    for row in found.to_dict("records"):
        ours = runs.loc[(row["home.grievance_memory_days"], row["home.threshold"])]
        assert row["value"] == pytest.approx((~ours["collapsed"]).mean())
        assert row["n"] == len(ours) == 60
        assert row["value_low"] <= row["value"] <= row["value_high"]


def test_the_line_lies_between_the_cells_around_it(small) -> None:
    line = boundary(small, "home.grievance_memory_days", "home.threshold")
    cells = phase_map(small, "home.grievance_memory_days", "home.threshold")
    for row in line[line["side"] == "crosses"].to_dict("records"):
        x = row["home.grievance_memory_days"]
        curve = cells[cells["home.grievance_memory_days"] == x]
        below = curve["home.threshold"][curve["value"] < 0.5].max()
        above = curve["home.threshold"][curve["value"] >= 0.5].min()
        assert below <= row["home.threshold"] <= above
        assert row["home.threshold_low"] <= row["home.threshold"] <= row["home.threshold_high"]
    assert (line["side"] == "crosses").any()


@pytest.mark.parametrize("rising", [True, False])
def test_a_monotone_line_is_that_of_an_isotonic_regression(rising) -> None:
    """scipy's regression, joined by straight lines, on 200 noisy curves of unequal numbers."""
    rng = np.random.default_rng(6)
    at = np.cumsum(rng.uniform(0.5, 2, 9))
    runs = rng.integers(1, 30, (200, 9)).astype(float)
    sums = rng.binomial(runs.astype(int), np.linspace(0.2, 0.8, 9)[:: 1 if rising else -1])
    found = passing(at, sums.astype(float), runs, 0.5137, rising)
    for i in range(200):
        curve = optimize.isotonic_regression(
            sums[i] / runs[i], weights=runs[i], increasing=rising
        ).x
        assert found[i] == pytest.approx(crossing(at, curve, 0.5137, rising)[0], abs=1e-9)


# ── its interval, on a grid ──────────────────────────────────────────────────────────────────


def logistic(levels: np.ndarray, slope: float, middle: float) -> np.ndarray:
    return 1 / (1 + np.exp(-slope * (levels - middle)))


def cells_of(
    rng: np.random.Generator, replicates: int, share: np.ndarray, at=LEVELS, tied: float = 0.5
) -> Cells:
    """Runs that hold with such a share along y; runs of a replicate share part of their chance."""
    shared, own = rng.normal(0, 1, replicates), rng.normal(0, 1, (len(at), replicates))
    chance = stats.norm.cdf(math.sqrt(tied) * shared + math.sqrt(1 - tied) * own)
    held = (chance < share[:, None]).astype(float).ravel()
    place = np.repeat(np.arange(len(at)), replicates)
    draws = np.tile(np.arange(replicates), len(at))
    one = np.zeros_like(place)
    return Cells(Axis("x", one, ["x"]), Axis("y", place, list(at)), (one, place), held, draws)


def within(hits: int, n: int) -> bool:
    return bool(stats.binomtest(hits, n, 0.95).pvalue > 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("levels", "slope", "replicates", "tied"),
    [(5, 0.8, 200, 0.5), (5, 0.8, 8, 0.5), (20, 0.5, 20, 0.0), (20, 0.5, 50, 0.95)],
)
def test_intervals_of_the_line_cover(monkeypatch, levels, slope, replicates, tied) -> None:
    """Also where levels are many and runs few, so that raw shares pass the level again and again;
    true lines join the true shares."""
    monkeypatch.setattr(tipping, "_RESAMPLES", 300)
    at = np.linspace(1, 10 if levels > 5 else 5, levels)
    share = logistic(at, slope, 5.2 if levels > 5 else 3.3)
    truth, _ = crossing(at, share, 0.5, True)
    rng, hits = np.random.default_rng(4), 0
    for _ in range(200):
        row = cell_boundary(cells_of(rng, replicates, share, at, tied), 0.5).iloc[0]
        hits += bool(row["y_low"] <= truth <= row["y_high"])
        assert row["side"] != "crosses more than once"
    assert within(hits, 200), hits / 200


@pytest.mark.slow
def test_intervals_of_the_line_of_a_mean_cover(monkeypatch) -> None:
    """Days of mean 20 y, normal, whose runs share draws: 60 is passed at y = 3."""
    monkeypatch.setattr(tipping, "_RESAMPLES", 300)
    rng, hits = np.random.default_rng(14), 0
    for _ in range(200):
        cells = cells_of(rng, 40, LEVELS)
        luck = rng.normal(1, 0.6, 40) + rng.normal(1, 0.6, (5, 40))
        days = 10 * LEVELS[:, None] * luck
        row = cell_boundary(cells._replace(outcome=days.ravel()), 60.0, share=False).iloc[0]
        hits += bool(row["y_low"] <= 3.0 <= row["y_high"])
    assert within(hits, 200), hits / 200


def test_a_curve_that_clearly_turns_passes_more_than_once() -> None:
    share = np.array([0.05, 0.9, 0.95, 0.1, 0.05])
    row = cell_boundary(cells_of(np.random.default_rng(2), 200, share), 0.5).iloc[0]
    assert row["side"] == "crosses more than once"
    assert row["rising"]
    assert 1.0 < row["y_low"] <= row["y"] <= row["y_high"] < 2.0


def test_lines_of_two_directions_are_told_by_each_row() -> None:
    rng = np.random.default_rng(3)
    up, down = (cells_of(rng, 200, logistic(LEVELS, s, 3.3)) for s in (1.5, -1.5))
    place = np.repeat([0, 1], up.outcome.size)
    both = Cells(
        Axis("x", place, ["a", "b"]), up.y, (place, np.tile(up.place[1], 2)),
        np.concatenate([up.outcome, down.outcome]), np.tile(up.clusters, 2),
    )  # fmt: skip
    line = cell_boundary(both, 0.5)
    assert line["rising"].tolist() == [True, False]
    assert line["y"].to_numpy() == pytest.approx([3.3, 3.3], abs=0.4)


def test_few_sets_of_draws_have_no_interval() -> None:
    share = logistic(LEVELS, 0.8, 3.3)
    few, enough = (cell_boundary(cells_of(np.random.default_rng(1), n, share), 0.5).iloc[0]
                   for n in (5, 6))  # fmt: skip
    assert math.isnan(few["y_low"])
    assert math.isnan(few["y_high"])
    assert enough["y_low"] < enough["y_high"]


def test_all_or_none_and_no_runs_at_an_x_are_said() -> None:
    rng = np.random.default_rng(1)
    for share, side, ends in ((1.0, "above everywhere", -math.inf),
                              (0.0, "below everywhere", math.inf)):  # fmt: skip
        row = cell_boundary(cells_of(rng, 30, np.full(5, share)), 0.5).iloc[0]
        assert row["side"] == side
        assert math.isnan(row["y"])
        assert row["y_low"] == row["y_high"] == ends
    cells = cells_of(rng, 30, logistic(LEVELS, 2, 3))
    lonely = cells._replace(x=Axis("x", cells.x.place, ["x", "failed"]))
    row = cell_boundary(lonely, 0.5).iloc[1]
    assert row["side"] == "no runs"
    assert row["n"] == 0
    assert row[["y", "y_low", "y_high"]].isna().all()


def test_between_levels_spread_by_their_logarithm_the_line_is_straight_in_it() -> None:
    at = np.array([1.0, 4.0, 16.0, 64.0])
    place = np.repeat(np.arange(4), 4)
    held = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1], float)
    one, draws = np.zeros_like(place), np.tile(np.arange(4), 4)
    cells = Cells(Axis("x", one, ["x"]), Axis("y", place, at.tolist()), (one, place), held, draws)
    assert cell_boundary(cells, 0.5)["y"].iloc[0] == pytest.approx(8.0)


@pytest.mark.slow
def test_intervals_of_cells_cover_when_their_points_share_draws() -> None:
    """1,000 data sets in which four points of a cell share most of their chance."""
    from truce_sim.intervals import share_interval

    rng, hits = np.random.default_rng(9), 0
    draws = np.tile(np.arange(80), 4)
    for _ in range(1000):
        chance = stats.norm.cdf(
            (2 * rng.normal(0, 1, 80) + rng.normal(0, 1, (4, 80))) / math.sqrt(5)
        )
        found = share_interval((chance < 0.3).ravel(), draws)
        hits += found.low <= 0.3 <= found.high
    assert within(hits, 1000), hits / 1000


# ── its interval, over scattered points ──────────────────────────────────────────────────────


def scatter_of(
    rng: np.random.Generator, points: int, replicates: int, third: float = 0.0, bend: float = 0.0
) -> Scatter:
    """Runs at random points that hold with a probit share: a half of them on y = 3 + 0.4 x; half
    of a run's chance is its replicate's. third: what an unseen factor does; bend: a wave in y."""
    x, y, z = (rng.uniform(*ends, points) for ends in ((1, 9), (1, 10), (-1, 1)))
    height = (y - 3 - 0.4 * x) / 1.6 + third * z + bend * np.sin(2 * y)
    chance = (rng.normal(0, 1, replicates) + rng.normal(0, 1, (points, replicates))) / math.sqrt(2)
    held = (chance < height[:, None]).astype(float).ravel()
    of = np.repeat(np.arange(points), replicates)
    return Scatter(x[of], y[of], held, True, np.tile(np.arange(replicates), points), of)


def test_a_surface_of_means_is_least_squares_and_its_variance_a_jackknife(monkeypatch) -> None:
    """numpy's least squares, and refits without one group at a time: equal to 1e-9."""
    monkeypatch.setattr(surface, "_RIDGE", 0.0)
    rng = np.random.default_rng(8)
    runs = scatter_of(rng, 30, 6)._replace(outcome=rng.normal(size=180), share=False)
    found = fit(runs)
    terms = found.terms(runs.x, runs.y)

    def refit(kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(terms[kept], runs.outcome[kept], rcond=None)[0]

    assert found.coefficients == pytest.approx(refit(np.full(180, True)), abs=1e-9)
    for groups, covariance in zip((runs.clusters, runs.points), found.covariances, strict=False):
        n = groups.max() + 1
        moved = np.stack([refit(groups != g) - found.coefficients for g in range(n)])
        assert covariance == pytest.approx((n - 1) / n * moved.T @ moved, abs=1e-9)


def test_a_surface_of_shares_is_the_most_likely() -> None:
    runs = scatter_of(np.random.default_rng(8), 60, 5)
    found = fit(runs)
    terms = found.terms(runs.x, runs.y)

    def loss(beta: np.ndarray) -> float:
        height = terms @ beta
        likelihood = runs.outcome @ height - np.logaddexp(0, height).sum()
        return float(surface._RIDGE / 2 * beta @ beta - likelihood)

    best = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-6})
    assert found.coefficients == pytest.approx(best.x, abs=1e-4)
    rest = runs.outcome - special.expit(terms @ found.coefficients)
    assert terms.T @ rest == pytest.approx(surface._RIDGE * found.coefficients, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("replicates", [4, 20])
def test_intervals_of_a_surface_cover_a_known_line(replicates) -> None:
    """The share is probit, the surface logistic: they agree where a half holds."""
    rng, hits = np.random.default_rng(5), 0
    along = np.linspace(1, 10, 100)
    for _ in range(300):
        runs = scatter_of(rng, 128, replicates)
        row = line_over_scatter(runs, fit(runs), np.array([4.0]), along, 0.5).iloc[0]
        hits += bool(row["y_low"] <= 4.6 <= row["y_high"])
    assert within(hits, 300), hits / 300


@pytest.mark.slow
def test_intervals_of_a_surface_of_means_cover_a_known_line() -> None:
    """Days of mean 100 + 10 (y - 3 - 0.4 x), normal, whose runs share draws. (Skewed draws cost
    what they cost any t interval: 0.92 is covered with 20 exponential ones.)"""
    rng, hits = np.random.default_rng(15), 0
    along = np.linspace(1, 10, 100)
    for _ in range(300):
        runs = scatter_of(rng, 128, 12)
        luck = rng.normal(0, 30, 12)[runs.clusters] + rng.normal(0, 30, runs.y.size)
        days = 100 + 10 * (runs.y - 3 - 0.4 * runs.x) + luck
        runs = runs._replace(outcome=days, share=False)
        row = line_over_scatter(runs, fit(runs), np.array([4.0]), along, 100.0).iloc[0]
        hits += bool(row["y_low"] <= 4.6 <= row["y_high"])
    assert within(hits, 300), hits / 300


@pytest.mark.slow
def test_intervals_of_a_surface_are_honest_about_factors_not_seen() -> None:
    """Points differ by a third factor: the line of its average is covered in 95 % or more."""
    rng, hits = np.random.default_rng(5), 0
    along = np.linspace(1, 10, 100)
    for _ in range(200):
        runs = scatter_of(rng, 128, 20, third=2.0)
        row = line_over_scatter(runs, fit(runs), np.array([4.0]), along, 0.5).iloc[0]
        hits += bool(row["y_low"] <= 4.6 <= row["y_high"])
    assert stats.binomtest(hits, 200, 0.95, alternative="less").pvalue > 1e-6, hits / 200


@pytest.mark.slow
def test_a_surface_that_does_not_fit_is_told_from_one_that_does() -> None:
    """At 1 %: of 150 that fit hardly one is called rough (the binomial bound at 1e-6: 10); a share
    that goes up and down in waves is called so."""
    rng = np.random.default_rng(7)
    fine = [misfit(runs, fit(runs))[1] for runs in (scatter_of(rng, 256, 20) for _ in range(150))]
    assert sum(p < 0.01 for p in fine) <= stats.binom.isf(1e-6, 150, 0.01)
    wave = scatter_of(rng, 512, 40, bend=1.5)
    gap, p = misfit(wave, fit(wave))
    assert p < 0.01
    assert abs(gap) > 0.1


def test_one_set_of_draws_gives_a_surface_without_an_interval() -> None:
    runs = scatter_of(np.random.default_rng(1), 200, 1)
    surface = fit(runs)
    row = line_over_scatter(runs, surface, np.array([4.0]), np.linspace(1, 10, 100), 0.5).iloc[0]
    assert math.isnan(row["y_low"])
    assert math.isnan(row["y_high"])
    assert math.isnan(misfit(runs, surface)[1])


@pytest.mark.parametrize(("held", "side"), [(1.0, "above"), (0.0, "below")])
def test_a_surface_where_all_or_none_hold_has_no_line(held, side) -> None:
    runs = scatter_of(np.random.default_rng(1), 100, 8)
    runs = runs._replace(outcome=np.full_like(runs.outcome, held))
    row = line_over_scatter(runs, fit(runs), np.array([4.0]), LEVELS, 0.5).iloc[0]
    assert row["side"] == f"{side} everywhere"
    assert math.isnan(row["y"])


# ── of sweeps ────────────────────────────────────────────────────────────────────────────────


def test_one_replicate_has_a_line_without_an_interval() -> None:
    line = cell_boundary(cells_of(np.random.default_rng(1), 1, np.array([0, 0, 1, 1, 1.0])), 0.5)
    line.attrs |= {"outcome": "holds", "within": "365 days"}
    assert line["y"].tolist() == [2.5]
    assert line[["y_low", "y_high"]].isna().all(axis=None)
    assert "at least 2.5 (too few sets of draws for an interval)" in describe_line(line)[0]


# ── words ────────────────────────────────────────────────────────────────────────────────────


def line_of(side: str, y: float, low: float, high: float, rising: bool = True) -> pd.DataFrame:
    line = pd.DataFrame({"m": [30.0], "t": [y], "t_low": [low], "t_high": [high], "side": [side],
                         "rising": [rising]})  # fmt: skip
    line.attrs = {"x": "m", "y": "t", "level": 0.5, "outcome": "holds", "within": "365 days",
                  "from": 2.0, "to": 8.0, "units": {"m": "d", "t": ""}}  # fmt: skip
    return line


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (line_of("crosses", 5.2, 5.0, 5.4),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs if t is at least "
         "5.2 [5, 5.4]."),
        (line_of("crosses", 5.2, 5.0, math.inf, rising=False),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs if t is at most "
         "5.2 [5, beyond]."),
        (line_of("below everywhere", math.nan, math.inf, math.inf),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs at no t from 2 to "
         "8."),
        (line_of("below everywhere", math.nan, 6.5, math.inf),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs at no t from 2 to "
         "8 (perhaps if it is at least 6.5)."),
        (line_of("above everywhere", math.nan, 6.5, math.inf, rising=False),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs at every t from 2 "
         "to 8 (perhaps only if it is at most 6.5)."),
        (line_of("above everywhere", math.nan, -math.inf, -math.inf),
         "With m = 30 d, the truce holds for 365 days in at least 50 % of runs at every t from 2 "
         "to 8."),
    ],
)  # fmt: skip
def test_the_line_in_words(line, told) -> None:
    assert describe_line(line) == [told]


def test_a_line_that_passes_twice_says_so() -> None:
    assert "it changes again" in describe_line(line_of("crosses more than once", 3.0, 2.0, 4.0))[0]


def test_a_long_line_is_told_in_a_few_sentences_and_a_rough_one_is_called_so() -> None:
    line = pd.concat([line_of("crosses", 5.2, 5.0, 5.4)] * 25, ignore_index=True)
    line["m"] = np.linspace(15, 60, 25)
    line.attrs |= {"misfit": -0.12, "misfit_p": 0.001}
    told = describe_line(line)
    assert len(told) == 6
    assert told[0].startswith("With m = 15 d")
    assert told[-2].startswith("With m = 60 d")
    assert "misses the mean of some points by 12 points" in told[-1]


# ── edges ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ("home.threshold", "truce", "is made of words"),
        ("home.threshold", "home.threshold", "the two factors are the same"),
        ("home.threshold", "host.will", "no such factor"),
        ("memory", "home.threshold", "no such factor"),
    ],
)
def test_bad_factors_are_named(small, x, y, told) -> None:
    with pytest.raises(InputError, match=told):
        boundary(small, x, y)


def test_an_unknown_outcome_is_named(small) -> None:
    with pytest.raises(InputError, match="no such outcome"):
        phase_map(small, "truce", "home.threshold", "endday")


def test_words_along_x_and_means_of_counts_are_fine(small) -> None:
    line = boundary(small, "truce", "home.threshold", level=100.0, outcome="days")
    assert line["truce"].tolist() == ["practised", "tolerant"]
    table = phase_map(small, "truce", "home.threshold", "strikes_by_home")
    assert (table["value_low"] <= table["value"]).all()


@pytest.mark.parametrize("level", [0.0, 1.0, 50.0])
def test_a_level_that_no_share_passes_is_refused(small, level) -> None:
    with pytest.raises(InputError, match="not a share that can be crossed"):
        boundary(small, "truce", "home.threshold", level)


def test_cells_that_a_constraint_leaves_out_are_missing_and_the_line_goes_on() -> None:
    cells = cells_of(np.random.default_rng(1), 50, np.array([0, 0, 0.6, 1, 1]))
    kept = cells.place[1] != 2
    holed = cells._replace(
        place=(cells.place[0][kept], cells.place[1][kept]), outcome=cells.outcome[kept],
        clusters=cells.clusters[kept],
    )  # fmt: skip
    row = cell_boundary(holed, 0.5).iloc[0]
    assert (row["y"], row["y_low"], row["y_high"]) == (3.0, 3.0, 3.0)
    assert row["n"] == 200


def test_scattered_points_have_a_line_from_a_surface_and_a_map_of_ranges(tmp_path) -> None:
    sweep({"home.threshold": "interval(1,12)", "host.capacity": "interval(0.3,2)",
           "truce": ["practised", "literal"]}, design="sobol", points=64, replicates=8,
          folder=tmp_path / "sobol")  # fmt: skip
    sampled = open_sweep(tmp_path / "sobol")
    table = phase_map(sampled, "host.capacity", "home.threshold")
    assert len(table) == 9
    assert table["n"].sum() == 2 * 64 * 8
    assert table["home.threshold"].between(1, 12).all()
    line = boundary(sampled, "host.capacity", "home.threshold")
    assert line.attrs["method"] == "surface"
    assert len(line) == 25
    assert line["host.capacity"].is_monotonic_increasing
    assert (line["home.threshold"].dropna().between(1, 12)).all()
    assert 0 <= line.attrs["misfit_p"] <= 1
    by_word = boundary(sampled, "truce", "home.threshold")
    assert by_word["truce"].tolist() == ["practised", "literal"]
    assert by_word["n"].tolist() == [512, 512]
