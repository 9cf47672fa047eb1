"""The model against the record: rules of the verdict, and references that follow from the data."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim.analysis import validation
from truce_sim.analysis.validation import (
    SOURCES,
    default_data,
    hazard_ratio,
    measured,
    reference,
    verdict,
)
from truce_sim.border.folder import BorderFolder
from truce_sim.cli.commands import run_command

MICRO = 9


def test_recorded_references_are_those_of_the_data(sources: Path) -> None:
    """What the package records is what the event file gives."""
    fresh = measured(sources).set_index("pattern")
    kept = reference().set_index("pattern").loc[fresh.index]
    for name in ("reference", "reference_low", "reference_high", "n"):
        assert kept[name].astype(float).to_numpy() == pytest.approx(
            fresh[name].astype(float).to_numpy(), abs=6e-5
        )
    assert len(fresh) == MICRO


def test_references_of_one_border_do_not_judge_another(tmp_path: Path) -> None:
    """General ones stay; those of the Durand line and its case go, or give way to own events."""
    general = validation._of_border(reference().set_index("pattern"), None, None)
    assert len(general) == len(reference()) - MICRO - 3
    assert not general["source"].str.startswith(("UCDP GED", "the case")).any()
    (tmp_path / "border.yaml").write_text("sources: {events: {file: x.csv}}")
    row = {"pattern": "Gini over 100 km", "reference": 0.5, "reference_low": 0.4,
           "reference_high": 0.6, "n": 30, "source": "own"}  # fmt: skip
    fresh = pd.DataFrame([row, row | {"pattern": "median deaths"}])
    table = reference().set_index("pattern")
    own = validation._of_border(table, fresh, BorderFolder(tmp_path))
    assert own.loc[fresh["pattern"], "reference"].tolist() == [0.5, 0.5]
    assert own.loc[fresh["pattern"], "source"].tolist() == ["own", "own"]
    assert own.loc[fresh["pattern"], "standing"].tolist() == ["same data", "test"]
    assert len(own) == len(general) + 2


def test_a_record_too_short_for_an_interval_gets_none_of_another_record() -> None:
    """And so no verdict; the other references stay as they are."""
    row = {"pattern": "Gini over 100 km", "reference": 0.5, "reference_low": math.nan,
           "reference_high": math.nan, "n": 30}  # fmt: skip
    recorded = reference().set_index("pattern")
    own = validation._renewed(recorded, pd.DataFrame([row])).reset_index()
    gini = own["pattern"] == "Gini over 100 km"
    (found,) = own[gini].to_dict("records")
    assert (found["reference"], found["n"]) == (0.5, 30)
    assert verdict(found | {"model_low": 0.49, "model_high": 0.51}) == "undecided"
    assert math.isnan(found["reference_low"])
    pd.testing.assert_frame_equal(own[~gini], recorded.reset_index()[~gini])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--since", "2020-01-01"], "--since: has no effect without --events"),
        (["--events", "x.csv", "scenario=synthetic"], "needs a border that lies somewhere"),
        (["--data", "x", "scenario=synthetic"], "which cannot judge another border"),
        (["--data", "x", "--events", "y"], "cannot be given with --data"),
        (["--border", "nowhere"], "no such folder"),
    ],
)
def test_events_of_a_border_that_cannot_be_used(words, told, capsys) -> None:
    assert run_command(["validate", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(1.2, 1.8, "pass"), (2.1, 2.2, "fail"), (0.2, 0.9, "fail"), (0.9, 1.1, "undecided"),
     (0.5, 3.0, "undecided"), (math.nan, math.nan, "undecided")],
)  # fmt: skip
def test_the_verdict_needs_the_whole_interval(low: float, high: float, said: str) -> None:
    row = {"model_low": low, "model_high": high, "reference_low": 1.0, "reference_high": 2.0}
    assert verdict(row) == said
    assert verdict(row | {"reference_low": math.nan, "reference_high": math.nan}) == "undecided"


def ends(days: np.ndarray, horizon: int = 365) -> pd.DataFrame:
    return pd.DataFrame({"end_day": np.minimum(days, horizon), "collapsed": days < horizon})


def test_a_constant_hazard_has_ratio_one_and_a_mixture_less() -> None:
    """20,000 made-up truces each. Of the constant hazard the interval is widened to one that misses
    by chance once in a million; the mixture of two hazards falls to about a half."""
    rng = np.random.default_rng(1)
    value, low, high = hazard_ratio(ends(rng.geometric(0.004, 20_000) - 1))
    assert abs(math.log(value)) < 4.9 / 1.96 * math.log(high / value)
    mixed = np.where(rng.random(20_000) < 0.5, 0.001, 0.01)
    value, low, high = hazard_ratio(ends(rng.geometric(mixed) - 1))
    assert low < value < high < 0.8


def test_the_command_says_pass_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a user types it, with few runs and settings of their own, also such as the patterns set:
    every pattern, a verdict each, a table and a figure."""
    out = tmp_path / "v"
    own = ["militants=surge", "militants.excitation=1.5", "truce.collapse_strikes=4"]
    words = ["validate", "sweep.workers=1", *own, "--replicates", "60", "--out", str(out)]
    assert run_command(words) == 0
    told = capsys.readouterr().out
    table = pd.read_csv(out / "patterns.csv")
    assert list(table["pattern"]) == list(reference()["pattern"])
    assert set(table["verdict"]) <= {"pass", "fail", "undecided"}
    measured_ones = table[~table["pattern"].str.contains("hazard|the same")]  # few last so long
    assert measured_ones["model"].notna().all()
    assert "Of the 5 that are tests" in told
    assert (out / "patterns.png").stat().st_size > 20_000
    assert table.loc[table["standing"] == "fitted", "note"].str.contains("home.threshold").all()


def test_source_tables_are_found_by_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the recorded figures are used; a folder without events is named, and nothing
    runs."""
    monkeypatch.delenv(SOURCES, raising=False)
    assert default_data() is None
    monkeypatch.setenv(SOURCES, str(tmp_path))
    assert run_command(["validate", "--out", str(tmp_path / "v")]) == 2
    assert f"{SOURCES} = '{tmp_path}'" in capsys.readouterr().err.replace('"', "'")
    assert not (tmp_path / "v").exists()
    (tmp_path / "ucdp_ged_ttp_2015_2021.csv").touch()
    assert default_data() == tmp_path


def test_bad_input_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["home.treshold=3"], "did you mean: home.threshold"),
        (["--data", str(tmp_path)], "ucdp_ged_ttp_2015_2021.csv"),
        (["--replicates", "0"], "--replicates"),
    ):
        assert run_command(["validate", *words, "--out", str(tmp_path / "v")]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "v").exists()
