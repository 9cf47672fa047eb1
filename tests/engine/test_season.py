"""The day of the year, for rules with a season: exact on every date, and there only if needed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from theory.spec import spec
from truce_sim import TruceModel, load_setup
from truce_sim.config import params, rules
from truce_sim.engine.compile import rule
from truce_sim.engine.season import day_of_year
from truce_sim.settings.dates import YEARS, date_of

SEASONAL = "militants.tempo_cv"


def test_it_is_the_calendars_on_every_date_that_a_run_may_have() -> None:
    p = spec({}).params[0].copy()
    first, last = date(YEARS[0], 1, 1), date(YEARS[1] + 10, 12, 31)
    p["first_day"] = first.toordinal()
    found = np.zeros((last - first).days + 1, np.int64)
    days_of_year(p, found)
    assert found.tolist() == [date_of(first, day).timetuple().tm_yday for day in range(len(found))]


@rule
def days_of_year(p, found):
    """Write the day of the year of day 0 and all that follow it."""
    for day in range(found.size):
        found[day] = day_of_year(p, day)


def test_the_warm_up_has_days_of_the_year_too() -> None:
    p = spec({}).params[0].copy()
    p["first_day"] = date(2028, 1, 1).toordinal()
    assert [day_of_year(p, day) for day in (-366, -1, 0, 59)] == [365, 365, 1, 60]


def test_without_a_date_there_is_none() -> None:
    assert day_of_year(spec({}).params[0], 37) == 0


def test_the_rules_know_the_date_if_a_setting_with_a_season_is_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that a date alone changes no point; in the regime where it is on, and only there."""
    monkeypatch.setattr(params, "seasonal", lambda: (SEASONAL,))
    change = {"interventions": [{"day": 9, "set": {SEASONAL: 0.0}}]}
    setup = load_setup({SEASONAL: 0.5, "scenario.start_date": "2027-12-30", **change})
    assert setup.params["first_day"].tolist() == [date(2027, 12, 30).toordinal(), 0]
    off = setup.with_changes({SEASONAL: 0.0})
    assert off.params["first_day"].tolist() == [0, 0]
    assert not params.is_alone(SEASONAL)
    model = TruceModel(setup, seed=1)
    for _ in range(5):
        model.step()
        assert day_of_year(model.params, model.day) == model.day_of_year


def test_a_setting_with_a_season_is_refused_without_a_date() -> None:
    rule = rules._season(SEASONAL)
    dated, undated = (load_setup({"scenario.start_date": text}).config.scenario
                      for text in ("2025-10-19", ""))  # fmt: skip
    assert rule.holds(0.0, undated)
    assert rule.holds(0.5, dated)
    assert not rule.holds(0.5, undated)
    error = rule.refusal(0.5, undated)
    assert error.setting == SEASONAL
    assert "needs the day of the year, but day 0 has no date" in str(error)
