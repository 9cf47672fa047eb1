"""The page of how much each setting matters: it has every setting that the tool covers."""

from __future__ import annotations

import re
import sys

import pytest

from conftest import REPOSITORY
from truce_sim import load_setup
from truce_sim.intervals import Estimate
from truce_sim.settings.fields import by_path

sys.path.insert(0, str(REPOSITORY / "tools"))
import levers

PAGE = (REPOSITORY / "docs" / "levers.md").read_text(encoding="utf-8")


def test_the_page_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| (\S+) \|", PAGE, re.MULTILINE))
    found = {info.path: f"{value:g}" for info, _, value in levers.numbers(load_setup())}
    assert len(found) > 80
    assert rows == found


def test_what_moves_nothing_at_the_defaults_is_shown_to_matter_somewhere() -> None:
    """Each setting called inert, or not told from 0, has a row of the second table in which a value
    moves an outcome, by an interval without 0."""
    called = re.findall(r"^\*\*(?:Inert|Not told from 0)\*\*.*$", PAGE, re.MULTILINE)
    little = set(re.findall("`([^`]+)`", " ".join(called)))
    assert len(called) == 2
    assert len(little) > 5
    shown = {
        name
        for name, row in re.findall(r"^\| `([^`]+)`, (?:with|by) (.*)$", PAGE, re.MULTILINE)
        if any(float(low) * float(high) > 0 for low, high in intervals(row))
    }
    assert little <= shown


def intervals(row: str) -> list[tuple[str, ...]]:
    """The ends of the intervals in a row of a table."""
    return re.findall(r"\[(\S+), (\S+)\]", row.replace("−", "-"))


@pytest.mark.parametrize(
    ("path", "value", "factor", "expected"),
    [
        ("militants.lethal_share", 0.75, 2.0, 1.0),  # cut to its range
        ("home.lag_days", 1.0, 0.5, 1),  # halves are rounded up
        ("truce.collapse_strikes", 3.0, 0.5, 2.0),
        ("home.threshold", 4.5, 2.0, 9.0),
    ],
)
def test_values_stay_in_range_and_whole(
    path: str, value: float, factor: float, expected: float
) -> None:
    new = levers.moved(by_path()[path], value, factor)
    assert new == expected
    assert type(new) is type(by_path()[path].default)


def test_what_moves_and_what_is_inert() -> None:
    """Paired with themselves, runs do not differ; a threshold of twice its size makes them last."""
    setup = load_setup({"frailty": "none"})
    usual = levers.simulate_many({"home.threshold": [4.5]}, setup, replicates=60)
    usual = usual["end_day"].to_numpy(float)
    assert levers.move(setup, "home.threshold", 4.5, usual) == Estimate(0.0, 0.0, 0.0)
    longer = levers.move(setup, "home.threshold", 9.0, usual)
    assert longer is not None
    assert longer.low > 0
    assert levers.move(setup, "militants.excitation", 3.2, usual) is None
    assert levers.is_inert([Estimate(0.0, -1.0, 1.0), None])
    assert not levers.is_inert([Estimate(0.0, -3.0, 1.0)])
    assert levers.may_be_none([Estimate(0.0, -3.0, 1.0)])
    assert not levers.may_be_none([longer])
