"""The record of a truce beside a run: `truce-sim view --record FILE`."""

from __future__ import annotations

import pytest

from browser.helpers import at, press
from conftest import REPOSITORY
from truce_sim import InputError
from truce_sim.cli.viewer import beside_record
from truce_sim.viewer.state.opening import Opening, open_settings

RECORD = REPOSITORY / "experiments" / "nowcast" / "record.csv"


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_its_rows_are_marked_on_the_time_line(visit, serve) -> None:
    page = visit(serve("seed=1", "--record", str(RECORD)).url)
    press(page, "Step")
    at(page, 0)
    marks = page.locator("[data-testid=recorded]")
    assert marks.count() == 8
    told = marks.nth(3).locator("title").text_content()
    assert told == "the record, day 37, 2025-11-25: strike by home (claimed, 0.5)"
    assert "the record of the truce" in page.inner_text("[data-testid=timeline]")


def test_a_record_is_shown_beside_a_run_alone(tmp_path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("day,kind\n3,bombing\n", encoding="utf-8")
    with pytest.raises(InputError, match="next to one run"):
        beside_record(Opening(), str(RECORD))
    with pytest.raises(InputError, match="line 2"):
        beside_record(open_settings(["seed=1"]), str(bad))
    assert beside_record(Opening(), "") == Opening()
