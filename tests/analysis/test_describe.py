"""`truce-sim border describe`: laws found again, the case's own events, answers to bad files."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim import load_config, simulate
from truce_sim.analysis.describe import Description, deaths_law, describe_border, write_option
from truce_sim.analysis.methods.excitation import Excitation, Series, simulate_like
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError

DAYS = 900


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up file beside the Durand line, with known laws and a known branching ratio."""
    rng = np.random.default_rng(3)
    series = Series(np.zeros(DAYS, np.int64), np.zeros(DAYS, np.int64), np.ones(1))
    known = Excitation(series, 0.4, 8.0, np.array([0.6]), 0.0)
    counts = simulate_like(known, rng).counts
    day = np.repeat(np.arange(DAYS), counts)
    n = day.size
    date = np.datetime64("2016-01-01") + day
    deaths = np.maximum(np.floor(np.exp(rng.normal(1.0, 0.9, n))), 1).astype(int)
    path = tmp_path_factory.mktemp("events") / "events.csv"
    pd.DataFrame({
        "id": np.arange(n), "date_start": date, "date_end": date, "best": deaths,
        "latitude": 33.0, "longitude": 70.0, "where_prec": 1, "date_prec": 1, "event_clarity": 1,
        "dyad_name": "Government - Group", "side_a": "Government", "side_b": "Group",
        "country": "Pakistan", "km_to_line": np.exp(rng.normal(3.0, 0.8, n)).round(1),
        "km_from_northeast": rng.uniform(500, 900, n).round(1),
    }).to_csv(path, index=False)  # fmt: skip
    return path


@pytest.fixture(scope="module")
def found(events: Path) -> Description:
    return describe_border("durand", events, until="2018-06-18", within_km=400.0, draws=9)


def value(found: Description, quantity: str) -> pd.Series:
    """The row of the first quantity that begins so."""
    return found.table[found.table["quantity"].str.startswith(quantity)].iloc[0]


@pytest.mark.parametrize(
    ("quantity", "truth"),
    [
        ("deaths of an attack: mean", 1.0),
        ("deaths of an attack: deviation", 0.9),
        ("logarithm of depth in km: mean", 3.0),
        ("logarithm of depth in km: deviation", 0.8),
        ("attacks that an attack brings about, rate constant", 0.4),
        ("memory of attacks, rate constant", 8.0),
    ],
)
def test_what_was_put_in_is_found_again(found: Description, quantity: str, truth: float) -> None:
    """Within twice the distance to the interval's ends: four standard errors, with a fixed seed."""
    row = value(found, quantity)
    low, middle, high = row["value_low"], row["value"], row["value_high"]
    assert low < middle < high
    assert middle - 2 * (middle - low) < truth < middle + 2 * (high - middle)


def test_the_places_are_shares_beside_weights(found: Description) -> None:
    places = found.places
    assert places["share"].sum() == pytest.approx(1.0)
    assert places["weight"].sum() == pytest.approx(1.0)
    assert places["events"].sum() == found.events
    assert set(places.loc[places["events"] > 0, "km_from"]) == {500.0, 600.0, 700.0, 800.0}
    assert (places["share_high"] > 0).all()  # no events is not certainty


def test_deaths_are_fitted_as_the_model_rounds_them() -> None:
    """Five standard errors of 40,000 draws; the mean of logs would be off by fifteen."""
    rng = np.random.default_rng(4)
    drawn = np.maximum(np.floor(np.exp(rng.normal(1.24, 1.06, 40_000))), 1.0)
    mu, sigma = deaths_law(drawn)
    assert mu == pytest.approx(1.24, abs=5 * 1.2 * 1.06 / math.sqrt(40_000))
    assert sigma == pytest.approx(1.06, abs=5 * 1.2 * 1.06 / math.sqrt(40_000))
    assert abs(np.log(drawn).mean() - 1.24) > 0.05


def test_an_option_is_written_that_runs(found: Description, tmp_path: Path) -> None:
    file = write_option(found, "mine", tmp_path / "conf", ["made up\nseed: 5"])
    config = load_config(["militants=mine"], config_dir=tmp_path / "conf")
    assert config.seed == 1  # a line of the sources stays a comment
    assert config.militants.depth_mu == pytest.approx(3.0, abs=0.2)
    assert config.militants.attempts_per_day == load_config().militants.attempts_per_day
    assert simulate(config).outcome["end_day"] >= 0
    text = file.read_text(encoding="utf-8")
    assert text.count("[C]") == 7
    with pytest.raises(InputError, match="nothing is overwritten"):
        write_option(found, "mine", tmp_path / "conf", [])
    with pytest.raises(InputError, match="is not the name of an option"):
        write_option(found, "../mine", tmp_path / "conf", [])


def test_the_command_prints_estimates_and_defaults(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["border", "describe", "durand", "--events", str(events), "--within-km", "400"]
    code = run_command([*words, "--write", str(tmp_path), "--name", "own"])
    out = capsys.readouterr().out
    assert code == 0
    assert "rows count" in out
    assert "militants.depth_mu" in out
    assert "militants=own" in out
    assert run_command([*words, "--write", str(tmp_path)]) == 2
    assert "belong together" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keep", "problem"),
    [(slice(0, 12), "12 events on"), (slice(0, 0), "has no"), ("one day", "on 1 days")],
    ids=["few", "none", "one day"],
)
def test_too_little_is_withheld(
    events: Path, tmp_path: Path, keep: slice | str, problem: str
) -> None:
    table = pd.read_csv(events)
    if isinstance(keep, slice):
        table = table.iloc[keep]
    else:
        table["date_start"] = table["date_end"] = "2016-03-01"
    path = tmp_path / "few.csv"
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match=problem):
        describe_border("durand", path, until="2018-06-18", within_km=400.0, draws=9)


@pytest.mark.skipif(not os.environ.get("TRUCE_SIM_SOURCES"), reason="needs the source tables")
def test_the_events_of_the_case() -> None:
    """What docs/validation.md says of the defaults tagged C."""
    path = Path(os.environ["TRUCE_SIM_SOURCES"]) / "ucdp_ged_ttp_2015_2021.csv"
    seen = describe_border("durand", path, since="2015-01-01", until="2021-12-31",
                           within_km=150.0, draws=9)  # fmt: skip
    assert seen.events == 513
    settings = seen.table[seen.table["setting"].str.startswith("militants.d")]
    assert settings["agrees"].all()
    constant = value(seen, "attacks that an attack brings about, rate constant")
    by_year = value(seen, "attacks that an attack brings about, rate free")
    assert tuple(round(constant[name], 2) for name in ("value", "value_low", "value_high")) == (
        0.65, 0.51, 0.80,
    )  # fmt: skip
    assert tuple(round(by_year[name], 2) for name in ("value", "value_low", "value_high")) == (
        0.28, 0.12, 0.46,
    )  # fmt: skip
