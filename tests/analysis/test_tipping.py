"""Where an outcome passes a level: known lines are found, and their intervals hold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis import tipping
from truce_sim.analysis.tipping import (
    Axis,
    Cells,
    boundary,
    boundary_of,
    crossing,
    in_words,
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


# ── its interval ─────────────────────────────────────────────────────────────────────────────


def cells_of(rng: np.random.Generator, replicates: int, slope: float, middle: float) -> Cells:
    """Runs that hold with a logistic share in y; cells of a replicate share half their chance."""
    shared = rng.normal(0, 1, replicates)
    own = rng.normal(0, 1, (LEVELS.size, replicates))
    chance = stats.norm.cdf((shared + own) / math.sqrt(2))
    share = 1 / (1 + np.exp(-slope * (LEVELS - middle)))
    held = (chance < share[:, None]).astype(float).ravel()
    place = np.repeat(np.arange(LEVELS.size), replicates)
    draws = np.tile(np.arange(replicates), LEVELS.size)
    one = np.zeros_like(place)
    return Cells(
        Axis("x", one, ["x"]), Axis("y", place, LEVELS.tolist()), (one, place), held, draws
    )


@pytest.mark.slow
def test_intervals_of_the_line_cover(monkeypatch) -> None:
    """600 data sets with shared draws, 300 resamples each: the line of straight lines through the
    true shares lies inside in 95 % of them (fails by chance once in a million)."""
    monkeypatch.setattr(tipping, "_RESAMPLES", 300)
    rng, hits = np.random.default_rng(4), 0
    share = 1 / (1 + np.exp(-0.8 * (LEVELS - 3.3)))
    truth, _ = crossing(LEVELS, share, 0.5, True)
    for _ in range(600):
        line = boundary_of(cells_of(rng, 200, 0.8, 3.3), 0.5)
        hits += bool(line["y_low"].iloc[0] <= truth <= line["y_high"].iloc[0])
    assert stats.binomtest(hits, 600, 0.95).pvalue > 1e-6, hits / 600


@pytest.mark.slow
def test_intervals_of_cells_cover_when_their_points_share_draws() -> None:
    """1,000 data sets in which four points of a cell share most of their chance."""
    from truce_sim.analysis.inference import share_interval

    rng, hits = np.random.default_rng(9), 0
    draws = np.tile(np.arange(80), 4)
    for _ in range(1000):
        chance = stats.norm.cdf(
            (2 * rng.normal(0, 1, 80) + rng.normal(0, 1, (4, 80))) / math.sqrt(5)
        )
        found = share_interval((chance < 0.3).ravel(), draws)
        hits += found.low <= 0.3 <= found.high
    assert stats.binomtest(hits, 1000, 0.95).pvalue > 1e-6, hits / 1000


def test_one_replicate_has_a_line_without_an_interval(tmp_path) -> None:
    sweep({"home.threshold": [0.01, 400.0], "truce": ["practised"]}, replicates=1,
          folder=tmp_path / "one")  # fmt: skip
    line = boundary(open_sweep(tmp_path / "one"), "truce", "home.threshold")
    assert line["side"].tolist() == ["crosses"]
    assert np.isnan(line["home.threshold_low"].iloc[0])
    assert "[–, –]" in in_words(line)[0]


# ── words ────────────────────────────────────────────────────────────────────────────────────


def line_of(side: str, y: float, low: float, high: float, rising: bool = True) -> pd.DataFrame:
    line = pd.DataFrame({"m": [30.0], "t": [y], "t_low": [low], "t_high": [high], "side": [side]})
    line.attrs = {"x": "m", "y": "t", "level": 0.5, "outcome": "holds", "horizon": 365,
                  "from": 2.0, "to": 8.0, "rising": rising}  # fmt: skip
    return line


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (line_of("crosses", 5.2, 5.0, 5.4),
         "With m = 30, the truce holds 365 days in 50 % of runs or more from t = 5.2 [5, 5.4] on."),
        (line_of("crosses", 5.2, 5.0, math.inf, rising=False),
         "With m = 30, the truce holds 365 days in 50 % of runs or more up to t = 5.2 "
         "[5, beyond]."),
        (line_of("below everywhere", math.nan, math.inf, math.inf),
         "With m = 30, the truce holds 365 days in 50 % of runs or more at no t from 2 to 8."),
        (line_of("above everywhere", math.nan, -math.inf, -math.inf),
         "With m = 30, the truce holds 365 days in 50 % of runs or more at every t from 2 to 8."),
    ],
)  # fmt: skip
def test_the_line_in_words(line, told) -> None:
    assert in_words(line) == [told]


def test_a_line_that_passes_twice_says_so() -> None:
    assert "it changes again" in in_words(line_of("crosses more than once", 3.0, 2.0, 4.0))[0]


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


def test_samples_are_cut_into_cells_of_several_points(tmp_path) -> None:
    sweep({"home.threshold": "interval(1,12)", "host.capacity": "interval(0.3,2)"}, design="sobol",
          points=128, replicates=8, folder=tmp_path / "sobol")  # fmt: skip
    sampled = open_sweep(tmp_path / "sobol")
    table = phase_map(sampled, "host.capacity", "home.threshold")
    assert len(table) == 9
    assert table["n"].sum() == 128 * 8
    assert table["home.threshold"].between(1, 12).all()
