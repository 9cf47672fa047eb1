"""Figures draw what their tables say: values, intervals, units, n."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from truce_sim import open_sweep, simulate, sweep
from truce_sim.analysis import discovery, incidence, incidents, micro, sensitivity, spells, tipping
from truce_sim.analysis.compare import compare
from truce_sim.analysis.measures import measure
from truce_sim.analysis.plots import compare as of_compare
from truce_sim.analysis.plots import discovery as of_discovery
from truce_sim.analysis.plots import measures as of_measures
from truce_sim.analysis.plots import micro as of_micro
from truce_sim.analysis.plots import sensitivity as of_sensitivity
from truce_sim.analysis.plots import survival as of_survival
from truce_sim.analysis.plots import tipping as of_tipping
from truce_sim.analysis.plots.style import COLOURS
from truce_sim.analysis.plots.timeline import plot_timeline
from truce_sim.analysis.survival import kaplan_meier, survival_summary


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Two readings of the clause by three thresholds, 40 replicates, with events."""
    folder = tmp_path_factory.mktemp("plots") / "s"
    factors = {"truce": ["literal", "practised"], "home.threshold": [3.0, 5.0, 9.0]}
    sweep(factors, {"sweep.events": True}, replicates=40, compare="truce", folder=folder)
    return open_sweep(folder)


@pytest.fixture(autouse=True)
def _closed():
    mpl.use("agg")
    yield
    plt.close("all")


def notes(ax) -> str:
    """What stands around the axes."""
    return " ".join(text.get_text() for text in ax.texts).replace("\n", " ")


def test_survival_curves_are_steps_with_their_bands(opened) -> None:
    table = kaplan_meier(opened, "truce")
    ax = of_survival.plot_survival(table, "truce")
    for line, level in zip(ax.get_lines(), ["literal", "practised"], strict=True):
        rows = table[table["truce"] == level]
        assert line.get_label() == level
        assert line.get_ydata() == pytest.approx(100 * rows["survival"].to_numpy())
    for band, level in zip(ax.collections, ["literal", "practised"], strict=True):
        rows = table[table["truce"] == level]
        top = band.get_paths()[0].vertices[:, 1].max()
        assert top == pytest.approx(100 * rows["survival_high"].max())
    assert len({line.get_linestyle() for line in ax.get_lines()}) == 2  # grey print
    assert (ax.get_xlabel(), ax.get_ylabel()[-1]) == ("Day", "%")
    assert "n = 240 runs" in notes(ax)
    assert "95 %" in notes(ax)


def test_causes_hazards_states_spells_and_summaries_are_drawn_with_n(opened) -> None:
    causes = incidence.cumulative_incidence(opened)
    ax = of_survival.plot_incidence(causes)
    last = {line.get_label(): line.get_ydata()[-1] for line in ax.get_lines()}
    at_end = causes.groupby("cause")["incidence"].last()
    assert last == pytest.approx((100 * at_end[at_end > 0]).to_dict())
    hazard = incidence.hazard(opened, "truce")
    ax = of_survival.plot_hazard(hazard, "truce")
    assert len(ax.containers) == 2
    assert f"n = {hazard['days_at_risk'].sum():,} days" in notes(ax)
    states = incidence.state_shares(opened, "truce")
    ax = of_survival.plot_states(states)
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == pytest.approx((100 * states["share"]).tolist())
    found = spells.spell_survival(opened)
    ax = of_survival.plot_spells(found)
    assert len(ax.get_lines()) == found["spell"].nunique()
    summary = survival_summary(opened, ["truce", "home.threshold"])
    ax = of_survival.plot_summary(summary)
    assert ax.containers[0].lines[0].get_xdata() == pytest.approx(summary["mean"].to_numpy())
    assert "n = 240 runs" in notes(ax)


def test_runs_at_risk_stand_below_the_survival_curves(opened) -> None:
    table = kaplan_meier(opened, "truce")
    ax = of_survival.plot_survival(table, "truce")
    for i, level in enumerate(["literal", "practised"]):
        ours = [text for text in ax.texts if text.get_color() == COLOURS[i]]
        left = table[table["truce"] == level].set_index("day")["at_risk"]
        numbers = [text for text in ours if text.get_text() != level]
        assert len(numbers) == len(ours) - 1 > 3
        for text in numbers:
            assert text.get_text() == f"{left.get(text.xy[0], 0):,}"


def test_a_curve_goes_on_where_nothing_more_can_come_and_ends_where_none_was_watched(opened):
    """Of first violations all have come by some day; of long spells none is left to watch."""
    table = incidence.first_times(opened)
    ax = of_survival.plot_incidence(table)
    assert {line.get_xdata()[-1] for line in ax.get_lines()} == {table["day"].max()}
    curves = spells.spell_survival(opened)
    ax = of_survival.plot_spells(curves)
    for line, (_, rows) in zip(ax.get_lines(), curves.groupby("spell"), strict=True):
        over = rows["survival"].iloc[-1] == 0
        assert line.get_xdata()[-1] == (curves if over else rows)["day"].max()


def test_hazards_are_steps_with_their_intervals(opened) -> None:
    table = incidence.hazard(opened, "truce")
    ax = of_survival.plot_hazard(table, "truce")
    for stairs, bars, level in zip(
        ax.patches, ax.containers, ["literal", "practised"], strict=True
    ):
        rows = table[table["truce"] == level]
        values, edges, _ = stairs.get_data()
        assert stairs.get_label() == level
        assert values == pytest.approx(1000 * rows["hazard"].to_numpy())
        assert list(edges) == [*rows["from_day"], rows["to_day"].iloc[-1]]
        ends = np.stack([arm[:, 1] for arm in bars.lines[2][0].get_segments()])
        assert ends == pytest.approx(1000 * rows[["hazard_low", "hazard_high"]].to_numpy())
        x = bars.lines[0].get_xdata()
        assert ((rows["from_day"] < x) & (x < rows["to_day"])).all()


def test_an_interval_without_an_end_is_an_arrow_and_a_missing_median_is_told(opened) -> None:
    table = survival_summary(opened, "truce").reset_index(drop=True)
    table[["median", "median_low", "median_high"]] = [[50.0, 40.0, np.nan], [np.nan] * 3]
    ax = of_survival.plot_summary(table)
    (arrow,) = [
        line for line in ax.get_lines() if line.get_marker() == ">" and len(line.get_xdata())
    ]
    assert arrow.get_xdata() > table["mean_high"].max()
    medians = ax.containers[1]
    assert medians.lines[0].get_xdata() == pytest.approx([50.0])
    (arm,) = medians.lines[2][0].get_segments()
    assert list(arm[:, 0]) == [40.0, arrow.get_xdata()[0]]
    assert "no median where fewer than half" in notes(ax)


def test_comparisons_show_every_pair_with_its_interval(opened) -> None:
    found = compare(opened, "truce")
    ax = of_compare.plot_comparison(found)
    drawn = np.concatenate([c.lines[0].get_xdata() for c in ax.containers])
    assert sorted(drawn) == pytest.approx(sorted(found.table["days"]))
    assert "n = 40 pairs" in notes(ax)
    assert "all 3 comparisons" in notes(ax)
    ax = of_compare.plot_regret(found)
    assert ax.containers[0].lines[0].get_xdata() == pytest.approx(found.regret["regret"].to_numpy())


def test_drivers_boxes_and_peeling_are_drawn(opened) -> None:
    table = sensitivity.drivers(opened)
    ax = of_sensitivity.plot_drivers(table)
    assert ax.containers[0].lines[0].get_xdata() == pytest.approx(table["index"].to_numpy())
    assert [text.get_text() for text in ax.get_yticklabels()] == table["factor"].tolist()
    box = discovery.prim(opened)[0]
    ax = of_discovery.plot_box(box, opened)
    assert f"(orange): {100 * (1 - box.density.value):.0f} % [" in notes(ax)
    ax = of_discovery.plot_peeling(box)
    assert ax.containers[0].lines[0].get_ydata() == pytest.approx([box.density.value])


def test_sobol_and_morris_name_their_factors(tmp_path) -> None:
    factors = {"home.threshold": "interval(2,8)", "host.capacity": "interval(0.3,2)"}
    sweep(factors, design="saltelli", points=8, replicates=1, folder=tmp_path / "a")
    sweep(factors, design="morris", points=4, replicates=1, folder=tmp_path / "b")
    table = sensitivity.sobol_indices(open_sweep(tmp_path / "a"))
    ax = of_sensitivity.plot_sobol(table)
    assert {text.get_text() for text in ax.get_yticklabels()} == set(factors)
    assert "chance alone" in notes(ax)
    ax = of_sensitivity.plot_morris(sensitivity.morris_effects(open_sweep(tmp_path / "b")))
    assert all(name in notes(ax) for name in factors)
    assert "days" in ax.get_xlabel()


def test_a_phase_map_has_its_values_and_its_line(opened) -> None:
    table = tipping.phase_map(opened, "truce", "home.threshold")
    line = tipping.boundary(opened, "truce", "home.threshold")
    ax = of_tipping.plot_phase(table, line)
    written = {text.get_text().rstrip("*") for text in ax.texts}
    assert {f"{100 * value:.0f}" for value in table["value"]} <= written
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("truce", "home.threshold")
    assert "n = 240 runs" in notes(ax)
    ax = of_tipping.plot_boundary(line)
    assert ax.get_lines()[0].get_ydata() == pytest.approx(
        line["home.threshold"].to_numpy(), nan_ok=True
    )


def test_a_map_explains_every_mark_and_prints_none_over_its_numbers(opened) -> None:
    """Whether a line crosses, lies beyond the range or is not known."""
    table = tipping.phase_map(opened, "truce", "home.threshold")
    line = tipping.boundary(opened, "truce", "home.threshold")
    literal, practised = (line["truce"] == level for level in ("literal", "practised"))
    assert line.loc[literal, "home.threshold"].isna().all()
    known = line["home.threshold"]
    beyond = known.mask(practised)  # where it crosses is not known, but an interval for it is
    for some, crosses in (
        (literal, known), (practised, known), (literal | practised, known), (practised, beyond),
    ):  # fmt: skip
        part = line.assign(**{"home.threshold": crosses, "truce": line["truce"].astype(str)})[some]
        part.attrs = line.attrs
        ax = of_tipping.plot_phase(table, part)
        ax.figure.canvas.draw()
        drawn = {str(m.get_marker()): m for m in ax.get_lines() if np.isfinite(m.get_ydata()).any()}
        assert ("diamonds" in notes(ax)) == ("D" in drawn)
        arms = [arm for bars in ax.containers for arm in bars[2][0].get_segments()]
        assert ("whiskers" in notes(ax)) == any(len(arm) and np.isfinite(arm).all() for arm in arms)
        assert ("triangles" in notes(ax)) == bool({"v", "^"} & set(drawn))
        assert "." not in drawn
        cells = [text for text in ax.texts if text.get_text().rstrip("*").isdigit()]
        assert ("*: the interval includes 50 %" in notes(ax)) == any(
            text.get_text().endswith("*") for text in cells
        )
        for text, mark in ((text, mark) for text in cells for mark in drawn.values()):
            at = ax.transData.transform(np.column_stack(mark.get_data()))
            assert not any(text.get_window_extent().contains(*place) for place in at)
    assert notes(of_tipping.plot_phase(table)).endswith("n = 240 runs; in the cells: %")


def test_an_infinite_level_has_its_place_on_a_phase_map(opened) -> None:
    """Levels then stand side by side, in order, and no line runs between them."""
    table = tipping.phase_map(opened, "truce", "home.threshold")
    line = tipping.boundary(opened, "truce", "home.threshold")
    endless = table.assign(**{"home.threshold": table["home.threshold"].replace(9.0, np.inf)})
    endless.attrs = table.attrs
    ax = of_tipping.plot_phase(endless, line)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["3", "5", "inf"]
    assert not ax.get_lines()


def test_model_and_data_stand_in_one_panel_a_measure(opened) -> None:
    table = micro.micro_table(incidents.sweep_incidents(opened))
    panels = of_micro.plot_micro({"model": table, "data": table})
    assert len(panels) == len(table)
    for ax, row in zip(panels, table.to_dict("records"), strict=True):
        assert ax.containers[0].lines[0].get_xdata() == pytest.approx([row["value"]])
        assert [text.get_text() for text in ax.get_yticklabels()] == ["model", "data"]


def test_a_timeline_shows_every_strike_and_state() -> None:
    run = simulate(seed=3)
    ax = plot_timeline(run)
    by_label = {line.get_label(): line for line in ax.get_lines()}
    assert by_label["grievance of the home state"].get_ydata() == pytest.approx(
        run.series["grievance_home"].to_numpy()
    )
    strikes = run.outcome["strikes_by_home"] + run.outcome["strikes_by_host"]
    drawn = [n for name, n in by_label.items() if name.startswith("strike by")]
    assert sum(len(line.get_xdata()) for line in drawn) == strikes


def test_a_figure_leaves_the_callers_style_alone_and_draws_into_axes_of_theirs(opened) -> None:
    before = dict(mpl.rcParams)
    figure, axes = plt.subplots(1, 2)
    ax = of_survival.plot_survival(kaplan_meier(opened, "truce"), "truce", ax=axes[1])
    assert ax is axes[1]
    assert dict(mpl.rcParams) == before
    assert not axes[0].get_lines()
    assert len(set(COLOURS)) == len(COLOURS)
    plt.close(figure)


def test_a_measure_is_drawn_with_its_whiskers_in_the_order_of_levels(opened) -> None:
    table = measure(opened, "collapsed", by=["truce", "home.threshold"])
    ax = of_measures.plot_measure(table, "home.threshold", "truce", "collapsed, %", scale=100)
    for drawn, (_, rows) in zip(ax.containers, table.groupby("truce", observed=True), strict=True):
        line, _, (bars,) = drawn.lines
        assert line.get_ydata() == pytest.approx(100 * rows["value"].to_numpy())
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        assert ends == pytest.approx(100 * rows[["value_low", "value_high"]].to_numpy())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["3", "5", "9"]
    assert ax.get_ylabel() == "collapsed, %"
