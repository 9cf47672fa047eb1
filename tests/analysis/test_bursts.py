"""Fano factors by window, and stretches between strikes, against what they must be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.test_micro import made
from truce_sim import sweep
from truce_sim.analysis.bursts import WINDOWS, fano_by_window
from truce_sim.analysis.incidents import between, read_incidents, sweep_incidents
from truce_sim.analysis.validation import EVENTS_FILE, SOURCES, WITHIN_KM
from truce_sim.intervals import Estimate


def test_bursts_within_a_week_show_in_short_windows_and_waves_in_long_ones() -> None:
    """Pairs on a day, days Poisson: 2 at every window. A rate that doubles by half-years: 1 in a
    day, far more in a quarter. Each is known to 6 standard errors of its own."""
    rng = np.random.default_rng(1)
    pairs = np.repeat(rng.integers(0, 36_400, 3000), 2)
    found = fano_by_window(made(pairs, days=36_400))
    assert list(found["n"]) == [6000] * len(WINDOWS)
    errors = (found["value_high"] - found["value_low"]) / (2 * 1.96)
    assert (abs(found["value"] - 2.0) < 6 * errors).all()
    rate = np.where(np.arange(36_400) // 182 % 2 == 0, 0.4, 0.8)
    waves = fano_by_window(made(np.repeat(np.arange(36_400), rng.poisson(rate)), days=36_400))
    assert waves["value"].iloc[0] < 1.2
    assert waves["value"].iloc[-1] > 3.0
    assert waves["value"].is_monotonic_increasing


def test_runs_are_cut_at_strikes() -> None:
    """Two runs of ten days: one struck on days 3 and 4, the other on its last day."""
    incidents = made(
        [0, 3, 5, 9, 0, 8, 9], run=[0, 0, 0, 0, 1, 1, 1], days=10, draws=np.array([4, 4])
    )
    cuts = pd.DataFrame({"run": [0, 0, 1, 0], "day": [3, 4, 9, 3]})
    found = between(incidents, cuts)
    assert list(found.days) == [3, 5, 9]
    assert found.frame[["run", "day"]].to_numpy().tolist() == [[0, 0], [1, 0], [1, 4], [2, 0],
                                                                [2, 8]]  # fmt: skip
    assert list(found.draws) == [4, 4, 4]
    longer = between(incidents, cuts, least=5)
    assert list(longer.days) == [5, 9]
    assert longer.frame["run"].tolist() == [0, 0, 1, 1]
    none = between(incidents, cuts, least=11)
    assert none.runs == 0
    assert none.frame.empty
    whole = between(incidents, cuts.head(0))
    pd.testing.assert_frame_equal(whole.frame, incidents.frame)
    assert list(whole.days) == [10, 10]


def test_strike_free_stretches_of_a_sweep(tmp_path: Path) -> None:
    """Days add up to those of the runs less those of strikes; no incident is on a strike's day."""
    made_ = sweep({"truce.collapse_strikes": [float("inf")]}, ["sweep.events=true"], replicates=6,
                  folder=tmp_path / "s", progress=False)  # fmt: skip
    whole = sweep_incidents(made_, domestic=True)
    cut = sweep_incidents(made_, domestic=True, strike_free=1)
    strikes = made_.load(["day"], "events", where={"kind": ["strike"]})
    assert len(strikes) > 5
    struck = strikes.drop_duplicates(["point", "replicate", "day"])
    assert cut.days.sum() == whole.days.sum() - len(struck)
    assert (cut.frame["day"] < cut.days[cut.frame["run"]]).all()
    assert 0 < len(cut.frame) <= len(whole.frame)


@pytest.mark.skipif(SOURCES not in os.environ, reason=f"{SOURCES} is not set")
def test_the_record_of_the_pages() -> None:
    """The figures of docs/validation.md: TTP 2015-21 within 100 km."""
    path = Path(os.environ[SOURCES]) / EVENTS_FILE
    found = fano_by_window(read_incidents(path, within_km=WITHIN_KM))
    assert found["value"].round(2).tolist() == [1.24, 1.39, 1.49, 2.05, 3.36]
    seven = Estimate(*found.iloc[2][["value", "value_low", "value_high"]].astype(float))
    assert tuple(round(x, 2) for x in seven) == (1.49, 1.28, 1.74)
