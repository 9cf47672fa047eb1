"""Events on the earth: longitude and latitude of their cells, and files that QGIS opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from truce_sim import InputError, open_sweep, simulate, sweep
from truce_sim.analysis.export import export_sweep
from truce_sim.border.atlas import course_of
from truce_sim.cli.commands import run_command

SHORT = {"run.horizon_days": 60, "seed": 3}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places") / "s"
    factors = {"border.sectors": [30, 45], "scenario": ["durand", "synthetic"]}
    return sweep(factors, SHORT | {"sweep.events": True}, replicates=2, folder=folder)


def test_events_of_a_run_lie_where_their_cells_are() -> None:
    """By hand, from the middle of the cell; without a place, no coordinates."""
    run = simulate(SHORT)
    events = run.events
    at = list(events).index("depth")
    assert list(events)[at + 1 : at + 3] == ["longitude", "latitude"]
    placed = events[events["sector"].notna()]
    assert len(placed)
    row = placed.iloc[-1]
    km = (run.border.km_from[row["sector"]] + run.border.km_to[row["sector"]]) / 2
    course = course_of(run.config.scenario, run.border)
    expected = course.place(km, (row["depth"] - 5 + 0.5) * 10.0)
    assert_allclose([row["longitude"], row["latitude"]], expected)
    assert placed["longitude"].between(60, 76).all()
    assert placed["latitude"].between(28, 38.5).all()
    assert events.loc[events["sector"].isna(), ["longitude", "latitude"]].isna().all(axis=None)


def test_events_of_a_sweep_have_the_places_of_their_runs(made) -> None:
    """At the resolution of their point; asked for by name or with all, and never stored."""
    whole = made.events
    at = list(whole).index("depth")
    assert list(whole)[at + 1 : at + 3] == ["longitude", "latitude"]
    assert whole.loc[whole["scenario"] == "synthetic", "longitude"].isna().all()
    for point in made.points.index[made.points["scenario"] == "durand"]:
        mine = whole[(whole["point"] == point) & (whole["replicate"] == 1)]
        settings = SHORT | {"border.sectors": int(made.points.loc[point, "border.sectors"])}
        again = simulate(settings, replicate=1).events
        assert_allclose(mine[["longitude", "latitude"]], again[["longitude", "latitude"]])
    named = made.load(["kind", "longitude"], "events", where={"kind": ["attack"]})
    assert list(named) == ["point", "replicate", *made.factors, "kind", "longitude"]
    assert_allclose(named["longitude"], whole.loc[whole["kind"] == "attack", "longitude"])


def test_places_of_a_sweep_without_a_course_are_refused_by_name(tmp_path: Path) -> None:
    settings = SHORT | {"scenario": "synthetic", "sweep.events": True}
    made = sweep({"home.threshold": [3, 4]}, settings, replicates=1, folder=tmp_path / "s")
    assert "longitude" not in made.events
    with pytest.raises(InputError, match="has no course"):
        made.load(["kind", "longitude"], "events")


def test_events_without_a_course_have_no_place() -> None:
    assert "longitude" not in simulate(SHORT | {"scenario": "synthetic"}).events


def test_places_are_not_stored(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", "seed=3", "run.horizon_days=60", "output.name=r"]) == 0
    (path,) = tmp_path.rglob("events.parquet")
    assert not {"longitude", "latitude", "date"} & set(pd.read_parquet(path))


def test_geojson(made, tmp_path: Path) -> None:
    """Every event with a place of the borders with a course, with all its columns."""
    (path,) = export_sweep(made, "geojson", tmp_path / "g")
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    events = made.load(None, "events")
    expected = events[events["sector"].notna() & (events["scenario"] == "durand")]
    assert len(features) == len(expected) > 0
    assert {feature["geometry"]["type"] for feature in features} == {"Point"}
    mine = pd.DataFrame([feature["properties"] for feature in features])
    filled = set(expected.dropna(axis=1, how="all"))
    assert set(mine) == filled - {"longitude", "latitude"}
    assert "grievance" not in filled  # only decisions have one, and these have no place
    np.testing.assert_array_equal(mine["sector"], expected["sector"])
    np.testing.assert_array_equal(mine["kind"], expected["kind"])
    assert mine["date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()


@pytest.mark.parametrize("form", ["geojson", "gpkg"])
def test_files_that_qgis_opens(made, tmp_path: Path, form: str) -> None:
    """Read back through GDAL, with coordinates in WGS84, the same in both."""
    pyogrio = pytest.importorskip("pyogrio", reason="pyogrio is not installed (extra: geo)")
    (path,) = export_sweep(made, form, tmp_path / form)
    info = pyogrio.read_info(path)
    assert info["crs"] == "EPSG:4326"
    assert info["geometry_type"] == "Point"
    frame = pyogrio.read_dataframe(path)
    west, south, east, north = frame.total_bounds
    assert 60 < west < east < 76
    assert 28 < south < north < 38.5
    assert {"kind", "deaths", "point", "replicate"} <= set(frame.columns)
    assert dict(zip(info["fields"], info["dtypes"], strict=True))["date"] == "datetime64[D]"


def test_a_sweep_without_places_is_refused(tmp_path: Path, capsys) -> None:
    settings = SHORT | {"scenario": "synthetic", "sweep.events": True}
    sweep({"home.threshold": [3, 4]}, settings, replicates=1, folder=tmp_path / "s")
    with pytest.raises(InputError, match="has no course"):
        export_sweep(open_sweep(tmp_path / "s"), "geojson", tmp_path / "g")
    assert not (tmp_path / "g").exists()
    assert run_command(["export", str(tmp_path / "s"), "--to", "shp"]) == 2
    assert "geojson" in capsys.readouterr().err
