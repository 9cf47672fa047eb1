"""What a report says of its own sweep follows from that sweep, not from the defaults."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest

from truce_sim import open_sweep, simulate, sweep
from truce_sim.analysis.compare import compare
from truce_sim.analysis.plots.border import plot_border
from truce_sim.analysis.plots.marks import MARKS
from truce_sim.analysis.report.assumptions import FITTED, fitted_in_words, thresholds_of
from truce_sim.analysis.report.write import render
from truce_sim.analysis.survival import survival_summary
from truce_sim.analysis.words import amount, what_depends, what_helps
from truce_sim.border.atlas import make_atlas
from truce_sim.cli.commands import run_command
from truce_sim.settings.fields import by_path
from truce_sim.viewer.state.sweep_data import SweepData
from undrawn import draw_nothing

DEFAULT = by_path()[FITTED].default
SHORT = {"run.horizon_days": 30}


def text_of(folder: Path, *, drawn: bool = False) -> str:
    """A report as its reader sees it, without pictures, which are drawn on request."""
    with pytest.MonkeyPatch.context() as patch:
        if not drawn:
            draw_nothing(patch)
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


@pytest.fixture(scope="module")
def crossed(tmp_path_factory) -> Path:
    """A question that crosses two factors; 20 runs a point."""
    folder = tmp_path_factory.mktemp("report") / "s"
    question = {"sweep.question": "Does the reading matter less if the host is unwilling?"}
    factors = {"host": ["unwilling", "unable"], "truce": ["literal", "practised"]}
    sweep(factors, question, replicates=20, folder=folder)
    return folder


def test_a_report_of_a_crossing_begins_with_the_change_and_what_it_depends_on(crossed) -> None:
    """With the paired difference, the difference of the differences in one sentence, and a figure
    of curves for each level of the other factor."""
    text, found = text_of(crossed), compare(open_sweep(crossed))
    (sentence,) = what_depends(found)
    assert ", a difference of " in sentence
    main = what_helps(found)
    assert "averaged over the 2 settings of host" in main
    assert text.index(main) < text.index(sentence) < text.index("Across all the settings")
    for level in ("unwilling", "unable"):
        assert f"Share of truces that still hold with host = {level}, by day" in text


def test_interventions_are_named_among_the_assumptions(tmp_path) -> None:
    late = {"day": 9, "set": {FITTED: 7.0, "mediation.mediators": {}}}
    made = sweep({"interventions": [[], [late]]}, SHORT, replicates=2, folder=tmp_path / "swept")
    text = text_of(made.folder)
    assert f"none; from day 9 {FITTED} = 7, mediation.mediators = none" in text
    assert "a variant of several settings" not in text
    fixed = sweep({"home.capacity": [0.8, 0.9]}, SHORT | {"interventions": [late]}, replicates=2,
                  folder=tmp_path / "fixed")  # fmt: skip
    assert f"interventions from day 9 {FITTED} = 7" in text_of(fixed.folder)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_report_of_infinite_levels_warns_of_nothing(tmp_path) -> None:
    infinite = float("inf")
    factors = {FITTED: [3.0, 4.0, infinite], "host.threshold": [1.5, infinite]}
    made = sweep(factors, SHORT, replicates=8, folder=tmp_path / "s")
    assert f"{FITTED} = inf" in text_of(made.folder, drawn=True)


def test_one_folder_has_one_median(crossed, capsys) -> None:
    """In the summary that the sweep writes, in `Sweep.points`, by level, in the heat map of the
    viewer, and in what is printed; and it is a day, not the middle of two."""
    opened = open_sweep(crossed)
    names = ["median_survival", "median_survival_low", "median_survival_high"]
    written = opened.folder.summary[names].to_numpy(float)
    by = survival_summary(opened, list(opened.factors))[["median", "median_low", "median_high"]]
    assert opened.points[names].to_numpy(float) == pytest.approx(written, nan_ok=True)
    assert by.to_numpy(float) == pytest.approx(written, nan_ok=True)
    heat = SweepData(opened.folder).heat("median_survival", "truce", "host", {})["rows"]
    cells = [[cell[end] for end in ("value", "low", "high")] for row in heat for cell in row]
    assert np.array(cells, float) == pytest.approx(written, nan_ok=True)
    days = opened.runs.groupby("point")["end_day"].apply(lambda x: sorted(x)[9])
    expected = [day if day < 365 else np.nan for day in days]
    assert written[:, 0] == pytest.approx(expected, nan_ok=True)
    assert run_command(["summary", str(crossed)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for row in written[np.isfinite(written[:, 0])]:
        assert (
            amount(dict(zip(["m", "m_low", "m_high"], row, strict=True)), "m", "").strip()
            in printed
        )


#: Percentages in a report that are not estimates: the level of intervals and of a tipping line.
NO_ESTIMATES = {"95 %", "50 %"}


@pytest.mark.parametrize("design", ["grid", "sobol"])
def test_every_percentage_of_a_report_has_its_interval(design, crossed, tmp_path) -> None:
    """And each lies within 0 and 100 %, as every mean lies within 0 and 365 days."""
    folder = crossed
    if design == "sobol":
        factors = {"home.threshold": "interval(2,8)", "truce": ["literal", "practised"]}
        folder = sweep(
            factors, design="sobol", points=64, replicates=4, folder=tmp_path / "s"
        ).folder
    text = text_of(folder)
    text = (
        text[: text.index("What the model assumes")] if "What the model assumes" in text else text
    )
    bare = set(re.findall(r"[\d.]+ %(?! \[)", text)) - NO_ESTIMATES
    assert bare == set()
    found = re.findall(r"([\d.]+) % \[([-\d.]+), ([-\d.]+)\]", text)
    assert len(found) > 10
    for share in found:
        value, low, high = map(float, share)
        assert 0.0 <= low <= value <= high <= 100.0
    for low, high in re.findall(r"[\d.]+ \[([-\d.]+), ([\d.]+)\] ?days", text):
        assert 0.0 <= float(low) <= float(high) <= 365.0
    assert not re.search(r"(?<![\d.])-0(\.0)?(?![\d.])", text)


def test_the_summary_names_the_horizon_that_it_counts_to(tmp_path, capsys) -> None:
    folder = sweep({"run.horizon_days": [20, 60]}, replicates=9, folder=tmp_path / "s").path
    assert run_command(["summary", str(folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "hold 20 days" in printed
    assert "means restricted to 20 days" in printed


# ── the border ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scenario", ["durand", "congo_rwanda", "synthetic"])
def test_a_run_on_its_border_shows_every_incident(scenario: str) -> None:
    """All of a run's incidents, each kind by its mark, at the places of their cells."""
    run = simulate({"scenario": scenario}, seed=3)
    ax = plot_border(run)
    atlas, shown = make_atlas(run.config, run.border), 0
    for kind, mark in MARKS.items():
        of_kind = run.events[run.events["kind"] == kind]
        found = [dots for dots in ax.collections if dots.get_label() == mark.words]
        assert len(found) == (len(of_kind) > 0)
        for dots in found:
            places = atlas.place(of_kind["sector"] + 0.5, of_kind["depth"] + 0.5)
            np.testing.assert_array_equal(dots.get_offsets(), places)
            shown += len(of_kind)
    assert shown > 50
    names = {text.get_text().replace("\n", " ") for text in ax.texts}
    states = zip(atlas.sides, ("host", "home"), strict=True)
    assert not atlas.is_map or {f"{name} {role} state" for name, role in states} <= names


def test_a_report_has_the_border_once(tmp_path: Path) -> None:
    sweep({"truce": ["literal", "practised"]}, SHORT, replicates=3, folder=tmp_path / "s")
    page = render(open_sweep(tmp_path / "s"))
    assert page.count("The border, with the incidents of the run of median length") == 1
    assert len(page) < 2_000_000
