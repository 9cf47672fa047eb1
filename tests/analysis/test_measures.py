"""Any outcome by groups: equal to what is known otherwise, and intervals that hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis.compare import compare
from truce_sim.analysis.measures import DAYS_LIVED, change, measure, measured
from truce_sim.analysis.survival import survival_summary
from truce_sim.sweeps.sweep import Sweep


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("measures") / "s"
    factors = {"home.threshold": [3, 6], "mediation": ["none", "qatar_turkiye"]}
    return open_sweep(sweep(factors, replicates=30, folder=folder).folder)


def test_the_mean_of_days_is_that_of_the_summary(made: Sweep) -> None:
    ours = measure(made, "end_day", by="mediation")
    theirs = survival_summary(made, "mediation")
    for end in ("", "_low", "_high"):
        assert ours[f"value{end}"].to_numpy() == pytest.approx(theirs[f"mean{end}"].to_numpy())


def test_a_change_of_days_is_that_of_a_comparison(made: Sweep) -> None:
    ours = change(made, "mediation", "end_day", by="home.threshold")
    theirs = compare(made, "mediation").table
    for end in ("", "_low", "_high"):
        assert ours[f"value{end}"].to_numpy() == pytest.approx(theirs[f"days{end}"].to_numpy())


def test_a_rate_is_a_ratio_of_totals(made: Sweep) -> None:
    row = measure(made, "violations", DAYS_LIVED, where={"mediation": "none"}).iloc[0]
    runs = made.runs[made.runs["mediation"] == "none"]
    days = (runs["end_day"] + runs["collapsed"]).sum()
    assert row["value"] == pytest.approx(runs["violations"].sum() / days)
    assert row["value_low"] < row["value"] < row["value_high"]


def test_runs_without_a_value_are_left_out(made: Sweep) -> None:
    row = measure(made, "first_strike_day").iloc[0]
    came = made.runs["first_strike_day"].dropna().astype(float)
    assert (row["runs"], row["value"]) == (len(came), pytest.approx(came.mean()))


def test_intervals_of_rates_hold_where_draws_are_shared() -> None:
    """Two points with the same shock each: 400 made-up sweeps of 40 replicates, nominal 95 %; the
    bound is passed by chance once in a million."""
    rng, hits = np.random.default_rng(1), 0
    for _ in range(400):
        shock, days = rng.gamma(2.0, 1.0, 40), rng.integers(20, 200, 80)
        runs = pd.DataFrame({
            "seed": 1, "replicate": np.tile(np.arange(40), 2), "collapsed": False, "end_day": days,
            "violations": rng.poisson(0.2 * np.tile(shock, 2) * days),
        })  # fmt: skip
        _, low, high = measured(runs, "violations", DAYS_LIVED).interval()
        hits += low <= 0.4 <= high
    # Nominal less what 40 sets of skewed shocks cost (measured: 93.8 % of 6,000 sweeps).
    assert stats.binomtest(hits, 400, 0.938).pvalue > 1e-6


def test_what_is_no_number_is_refused(made: Sweep) -> None:
    with pytest.raises(InputError, match="cause"):
        measure(made, "cause")
    with pytest.raises(InputError, match="no such factor"):
        measure(made, "deaths", by="home.treshold")
    with pytest.raises(InputError, match=f"by='{made.factors[0]}'"):
        measure(made, "deaths", made.factors[0])


def test_one_replicate_has_no_interval(tmp_path: Path) -> None:
    one = sweep({"mediation": ["none", "qatar_turkiye"]}, replicates=1, folder=tmp_path / "s")
    assert measure(open_sweep(one.folder), "deaths")["value_low"].isna().all()
