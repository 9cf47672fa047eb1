"""Parallel coordinates: what brushes keep, in the page and in the address; a search as a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from folders import small_search
from truce_sim import sweep
from truce_sim.errors import InputError
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.viewer.state.opening import Opening, open_folder
from truce_sim.viewer.state.parallel import brushed, kept, level_axis, number_axis
from truce_sim.viewer.state.search_view import SearchView
from truce_sim.viewer.state.visit import Visit

FACTORS = {"home.threshold": [3.0, 6.0, 9.0], "mediation": ["none", "qatar_turkiye"],
           "truce.collapse_strikes": [2, 4]}  # fmt: skip


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Opening:
    path = tmp_path_factory.mktemp("sweeps") / "three"
    sweep(FACTORS, {"run.horizon_days": 90}, replicates=4, folder=path)
    return Opening(sweep=read_folder(path))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_search(tmp_path_factory.mktemp("searches") / "small")


def test_places_on_axes() -> None:
    """Levels are evenly spaced, in order; numbers lie between the ends; nothing has no place."""
    levels = pd.Series(pd.Categorical(["a", "c", "b"], ["a", "b", "c"], ordered=True))
    assert level_axis("x", "x", levels).at.tolist() == [0.0, 1.0, 0.5]
    numbers = number_axis("y", "y", pd.Series([1.0, 4.0, np.nan]))
    assert numbers.at[:2].tolist() == [0.25, 1.0]
    assert np.isnan(numbers.at[2])
    assert kept([numbers], {"y": (0.0, 1.0)}).tolist() == [True, True, False]


def test_brushes_keep_the_lines_that_cross_them_all() -> None:
    axes = [number_axis(name, name, pd.Series([0.0, 0.5, 1.0])) for name in ("x", "y")]
    brushes = brushed(brushed({}, "x", (0.7, 0.2)), "y", (0.0, 0.6))
    assert brushes == {"x": (0.2, 0.7), "y": (0.0, 0.6)}
    assert kept(axes, brushes).tolist() == [False, True, False]
    assert brushed(brushes, "x", ()) == {"y": (0.0, 0.6)}


def test_curves_colours_and_table_follow_a_brush(swept) -> None:
    """They are those of the points that it keeps, and the sentence counts the same runs."""
    visit = Visit(swept, "?brush.home.threshold=0.4:1")
    view = visit.view
    assert visit.problem.value == ""
    assert view is not None
    high = view.data.summary["home.threshold"] > 3
    brushes = view.brushes.value
    assert (view.data.matching_points({}, brushes) == high).all()
    assert sum(curve["n"] for curve in view.data.curves("mediation", {}, brushes)) == 4 * high.sum()
    heat = view.data.heat("holds", "home.threshold", "mediation", {}, brushes)
    assert [row[0] for row in heat["rows"]] == [None, None]
    assert all(cell for row in heat["rows"] for cell in row[1:])
    assert f"{high.sum()} of 12 points are kept" in view.data.in_words(brushes)
    assert f"of {4 * high.sum()} runs (95 % interval:" in view.data.in_words(brushes)
    assert "brush.home.threshold=0.4:1" in visit.query()


def test_two_factors_need_no_axes(tmp_path) -> None:
    """A heat map shows them completely."""
    sweep({"home.threshold": [3.0, 6.0]}, replicates=2, folder=tmp_path / "one")
    view = Visit(Opening(sweep=read_folder(tmp_path / "one"))).view
    assert view is not None
    assert view.data.axes == []


@pytest.mark.parametrize("brush", ["brush.x=0:1", "brush.holds=1:0", "brush.holds=a", "brush.=0:9"])
def test_a_bad_brush_is_explained(swept, brush) -> None:
    visit = Visit(swept, f"?{brush}")
    assert "is not a brush" in visit.problem.value
    assert visit.view.brushes.value == {}


def test_a_search_as_a_page(searched) -> None:
    """Its policies, a run under one of them, and the address of both."""
    opening = open_folder(searched)
    visit = Visit(opening, "?search=small&policy=1&brush.holds=0:1")
    assert visit.problem.value == ""
    view = visit.search
    assert view is not None
    assert visit.query() == "search=small&policy=1&brush.holds=0:1"
    pareto = view.found.pareto
    assert [row[0] for row in view.table()["rows"]] == list(range(len(pareto)))
    assert len(view.parallel()["lines"]) == len(view.trade_off()["proved"]) == len(pareto)
    assert view.trade_off()["proved"][1][1] == pytest.approx(pareto["holds"][1], abs=1e-4)
    assert f"Holds {100 * pareto['holds'][1]:.0f} %" in view.in_words()[1]
    visit.show(view.opening())
    config = visit.session.value.config
    assert config.home.capacity == pareto["effort"][1]
    assert config.home.threshold == pareto["patience"][1]
    assert visit.query().startswith("search=small&")
    again = Visit(opening, visit.query())
    assert again.problem.value == ""
    assert again.session.value.config == config


def test_what_is_no_search_is_explained(searched, tmp_path) -> None:
    with pytest.raises(InputError, match="is the folder of a search"):
        open_folder(searched, run="0:0")
    assert "none of that number" in Visit(open_folder(searched), "?policy=99").problem.value
    (tmp_path / "search.json").write_text((searched / "search.json").read_text())
    with pytest.raises(InputError, match="has not finished"):
        open_folder(tmp_path)
    (tmp_path / "search.json").write_text("[]")
    with pytest.raises(InputError, match="is damaged"):
        open_folder(tmp_path)


def test_today_may_lie_outside_the_range_of_a_lever(searched) -> None:
    """Its place is an end of the axis then, and its value is run as it is."""
    view = SearchView(open_folder(searched).search)
    today = int(view.found.pareto["pick"].str.contains("today").to_numpy().argmax())
    view.policy.value = today
    assert view.opening().config.home.capacity == 0.85
    assert 0.0 <= view.axes[0].at[today] <= 1.0
