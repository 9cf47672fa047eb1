"""What a report says of its own sweep follows from that sweep, not from the defaults."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from truce_sim import open_sweep, sweep
from truce_sim.analysis.report.assumptions import FITTED, fitted_in_words, thresholds_of
from truce_sim.analysis.report.write import render
from truce_sim.settings.fields import by_path

DEFAULT = by_path()[FITTED].default
SHORT = {"run.horizon_days": 30}


def text_of(folder: Path) -> str:
    """A report as its reader sees it, without pictures."""
    page = render(open_sweep(folder))
    page = re.sub(r"<style.*?</style>|<img.*?>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([DEFAULT], "This sweep uses it."),
        ([6.0], f"This sweep does not use it: {FITTED} is 6."),
        ([3.0, 6.0], f"This sweep does not use it: {FITTED} is 3 and 6."),
        ([9.0, DEFAULT], "This sweep uses it, as well as values that were not fitted: 9."),
        (list(range(100, 200)), f"{FITTED} is 100 values from 100 to 199."),
        ([float("inf")], f"{FITTED} is inf."),
    ],
)
def test_the_fitted_default_is_told_from_the_values_used(values, told) -> None:
    sentence = fitted_in_words(values)
    assert sentence.startswith(f"The default of {FITTED}, {DEFAULT:g}, was fitted in-sample to one")
    assert sentence.endswith(told)


@pytest.mark.parametrize(
    ("factors", "settings", "values"),
    [
        ({"home.capacity": [0.8, 0.9]}, {}, {DEFAULT}),
        ({"home.capacity": [0.8, 0.9]}, {FITTED: 6.0}, {6.0}),
        ({FITTED: [3.0, DEFAULT, 6.0]}, {}, {3.0, DEFAULT, 6.0}),
        ({"truce": ["literal", "tolerant"]}, {}, {0.01, 2 * DEFAULT}),
        ({"host.threshold": [1.0, 2.0]}, {FITTED: "${host.threshold}"}, {1.0, 2.0}),
        ({"home.capacity": [0.8]}, {"interventions": [{"day": 9, "set": {FITTED: 7.0}}]},
         {DEFAULT, 7.0}),
    ],
)  # fmt: skip
def test_a_report_names_the_threshold_of_its_sweep(factors, settings, values, tmp_path) -> None:
    """Whether it is set, swept, chosen with a group, taken from another or changed on the way."""
    made = sweep(factors, SHORT | settings, replicates=2, folder=tmp_path / "s")
    assert thresholds_of(open_sweep(made.folder).folder) == values
    assert fitted_in_words(values) in text_of(made.folder)


def test_a_tag_is_that_of_the_usual_value(tmp_path) -> None:
    """A value of the user's own has no source; beside it stands the usual one with its source."""
    settings = SHORT | {"home.grievance_memory_days": 21.0}
    settings |= {"scenario": "synthetic", "truce": "literal"}
    made = sweep({"home.capacity": [0.8]}, settings, replicates=2, folder=tmp_path / "s")
    text = text_of(made.folder)
    assert re.search(r"home\.grievance_memory_days 21 d [^|]*? 30, found in published", text)
    assert re.search(rf"{FITTED} 0\.01 [^|]*? {DEFAULT:g}, fitted to one case", text)
    assert "a grid along a border" in text
    assert "a grid along the de facto line" not in text


def test_different_horizons_are_not_called_by_the_longest(tmp_path) -> None:
    """What is compared counts up to the shortest; what is not says from when to when."""
    made = sweep({"run.horizon_days": [20, 60]}, replicates=120, folder=tmp_path / "s")
    text = text_of(made.folder)
    assert "240 simulated truces of 20 to 60 days" in text
    assert "the truce holds for 20 days in" in text
    assert "Means are restricted to 20 days" in text
    assert "60 days in" not in text


def test_the_summary_names_the_horizon_that_it_counts_to(tmp_path, capsys) -> None:
    from truce_sim.cli.commands import run_command

    folder = sweep({"run.horizon_days": [20, 60]}, replicates=9, folder=tmp_path / "s").folder
    assert run_command(["summary", str(folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "hold 20 days" in printed
    assert "means restricted to 20 days" in printed
