"""Dates: day 0 has one or none; they name days and change nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim import load_config, load_setup, open_sweep, simulate, simulate_many, sweep
from truce_sim.border.dates import days_for_dates, first_date
from truce_sim.cli.viewer import at_day
from truce_sim.config.setup import set_up
from truce_sim.errors import InputError
from truce_sim.settings.schema import Config
from truce_sim.simulation.account import outcome_in_words
from truce_sim.simulation.folder import run_into_folder
from truce_sim.sweeps.folder.meaning import changes
from truce_sim.viewer.pictures.movie import parse_days
from truce_sim.viewer.state.opening import open_settings

SHORT = {"run.horizon_days": 30}


def of(*overrides: str) -> date | None:
    """The date of day 0 under some overrides."""
    return first_date(load_config(list(overrides)).scenario)


def test_day_0_of_the_case_is_the_day_of_its_record() -> None:
    """experiments/doha_2025/record.csv dates what the calendar has as days."""
    assert of() == date(2025, 10, 19)
    assert load_config(["mediation=doha_2025"]).mediation.calendar == [6]
    dated = "interventions=[{day: 2025-11-30, set: {mediation.calendar: [2025-10-25,2025-11-06]}}]"
    entry = load_config([dated]).interventions[0]
    assert entry == {"day": 42, "set": {"mediation.calendar": [6, 18]}}


def test_a_border_of_ones_own_has_no_date_unless_it_is_given(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("km_from,km_to,weight,ruggedness\n0,50,1,0.2\n50,100,3,0.4\n")
    assert of("scenario=synthetic") is None
    assert of(f"scenario.table={table}") is None
    assert of('scenario.start_date=""') is None
    assert of(f"scenario.table={table}", "scenario.start_date=2003-11-26") == date(2003, 11, 26)
    assert first_date(
        load_setup().with_changes({"scenario.table": str(table)}).config.scenario
    ) is (None)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("19-10-2025", "is not a date in the form YYYY-MM-DD"),
        ("20251019", "is not a date in the form YYYY-MM-DD"),
        ("2025-02-30", "is not a day of the calendar"),
        ("0025-10-19", "is not within the years 1700 to 2200"),
    ],
)
def test_bad_dates_are_refused(given: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        load_config([f"scenario.start_date={given}"])
    assert caught.value.setting == "scenario.start_date"
    assert "YYYY-MM-DD" in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "setting", "problem"),
    [
        (["mediation.calendar=[2025-10-18]"], "mediation.calendar[0]", "is before day 0"),
        (["mediation.calendar=[3,2026-13-01]"], "mediation.calendar[1]", "not a day of the cal"),
        (["scenario=synthetic", "mediation.calendar=[2025-10-25]"], "mediation.calendar[0]",
         "is a date, but day 0 has none"),
        (["interventions=[{day: 2025-10-01, set: {home.threshold: 5.0}}]"], "interventions[0].day",
         "is before day 0"),
        (["interventions=[{day: 2027-10-01, set: {home.threshold: 5.0}}]"], "interventions[0].day",
         "is not a day of the run"),
        (["scenario.start_date=soon", "mediation.calendar=[2025-10-25]"], "scenario.start_date",
         "is not a date"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_days_are_refused(
    overrides: list[str], setting: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        load_config(overrides)
    assert caught.value.setting == setting


def test_dates_are_pythons_too_and_the_configuration_given_stays() -> None:
    given = {"mediation.calendar": [date(2025, 10, 25), pd.Timestamp("2025-11-06")]}
    assert load_config(given).mediation.calendar == [6, 18]
    plain = {"mediation": {"calendar": ["2025-10-25"]}, "interventions": []}
    assert days_for_dates(plain)["mediation"] == {"calendar": [6]}
    assert plain["mediation"] == {"calendar": ["2025-10-25"]}


def test_dates_change_no_run() -> None:
    base, moved = load_setup(SHORT), load_setup(SHORT | {"scenario.start_date": "1999-01-01"})
    assert base.params.tobytes() == moved.params.tobytes()
    assert base.with_changes({"scenario.start_date": ""}).params.tobytes() == base.params.tobytes()
    assert simulate(base).outcome.equals(simulate(moved).outcome)


def test_a_start_date_cannot_be_swept(tmp_path: Path) -> None:
    for act in (
        lambda: sweep({"scenario.start_date": ["2025-10-19", ""]}, folder=tmp_path / "s"),
        lambda: simulate_many({"scenario.start_date": ["2025-10-19", ""]}),
    ):
        with pytest.raises(InputError, match="no outcome depends on it"):
            act()


def test_series_and_events_of_a_run_are_dated_and_its_folder_is_not(tmp_path: Path) -> None:
    run, folder = run_into_folder(load_config(SHORT | {"output.dir": str(tmp_path)}))
    assert run.series["date"].iloc[0] == pd.Timestamp("2025-10-19")
    events = run.events
    assert list(events)[:2] == ["day", "date"]
    assert (events["date"] - pd.Timestamp("2025-10-19")).dt.days.eq(events["day"]).all()
    for name in ("series", "events"):
        assert "date" not in pd.read_parquet(folder / f"{name}.parquet")
    assert "date" not in simulate(SHORT | {"scenario.start_date": ""}).series


def test_the_account_tells_the_date_of_a_collapse() -> None:
    run = simulate({"truce": "literal"})
    day = int(run.outcome["end_day"])
    moment = date(2025, 10, 19).toordinal() + day
    said = date.fromordinal(moment)
    assert f"on day {day} ({said.day} {said:%B %Y})" in outcome_in_words(run)


def test_a_sweep_dates_the_rows_of_borders_that_have_a_date(tmp_path: Path) -> None:
    made = sweep(
        {"scenario": ["durand", "synthetic"]},
        SHORT | {"sweep.events": True, "sweep.workers": 1, "output.dir": str(tmp_path)},
        replicates=2,
    )  # fmt: skip
    events = open_sweep(made.path).events
    durand = events["scenario"] == "durand"
    assert events.loc[~durand, "date"].isna().all()
    passed = events.loc[durand, "date"] - pd.Timestamp("2025-10-19")
    assert passed.dt.days.eq(events.loc[durand, "day"]).all()
    some = made.load(["kind", "date"], "events", points=[0])
    assert {"kind", "date", "day"} <= set(some)
    assert made.folder.first_dates[0] == np.datetime64("2025-10-19")
    assert np.isnat(made.folder.first_dates[1])


def test_a_folder_of_before_the_setting_can_be_extended() -> None:
    now = {"scenario": {"kind": "durand", "start_date": "auto"}}
    assert list(changes({"scenario": {"kind": "durand"}}, now, {})) == []
    now["scenario"]["start_date"] = "2003-11-26"
    assert [change.setting for change in changes({"scenario": {"kind": "durand"}}, now, {})] == [
        "scenario.start_date"
    ]


def test_views_and_films_take_dates() -> None:
    first = date(2025, 10, 19)
    assert parse_days("30-90") == (30, 90)
    assert parse_days("2025-11-18-2026-01-17", first) == (30, 90)
    with pytest.raises(InputError, match="day 0 has none"):
        parse_days("2025-11-18-2026-01-17")
    assert at_day(open_settings(["seed=1"]), "2025-11-25").day == 37
    with pytest.raises(InputError, match="after the end of the run"):
        at_day(open_settings(["seed=1"]), "2027-01-01")


def test_a_configuration_without_the_setting_has_its_default() -> None:
    assert set_up(Config()).config.scenario.start_date == "auto"
