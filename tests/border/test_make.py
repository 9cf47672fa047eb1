"""A border made from a line and events: what is known of a made-up one comes back, and bad input
is answered with numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from truce_sim import load_setup, make_border_folder, simulate
from truce_sim.border.course import Course, read_course
from truce_sim.border.folder import find_folder
from truce_sim.border.line import length_km, read_line
from truce_sim.border.projection import project
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError

GEOD = Geod(ellps="WGS84")
#: A meridian from the south to the north; its home side is in the east, on the right.
SOUTH, EAST = (10.0, 40.0), (12.0, 42.0)


def points(folder: Path, places: object, name: str = "line.csv") -> Path:
    table = pd.DataFrame(np.asarray(places, float), columns=["lon", "lat"])
    table.to_csv(folder / name, index=False)
    return folder / name


def meridian(folder: Path, km: float = 500.0, vertices: int = 51) -> Path:
    east, north, _ = GEOD.fwd([10.0] * vertices, [40.0] * vertices, [0.0] * vertices,
                              np.linspace(0, km * 1000, vertices))  # fmt: skip
    return points(folder, np.column_stack([east, north]))


def events(folder: Path, km: object, away: object, **columns: object) -> Path:
    """Events at known places beside the meridian: east of it for positive distances."""
    km, away = np.asarray(km, float), np.asarray(away, float)
    n = len(km)
    _, north, _ = GEOD.fwd([10.0] * n, [40.0] * n, [0.0] * n, km * 1000)
    east, north, _ = GEOD.fwd([10.0] * n, north, [90.0] * n, away * 1000)
    table = pd.DataFrame({
        "event_id_cnty": [f"X{i}" for i in range(n)],
        "event_date": pd.date_range("2021-01-02", periods=n, freq="17h").strftime("%Y-%m-%d"),
        "actor1": "A", "actor2": "B", "longitude": east, "latitude": north, "fatalities": 2,
        "geo_precision": 1, "time_precision": 1,
    }).assign(**columns)  # fmt: skip
    table.to_csv(folder / "events.csv", index=False)
    return folder / "events.csv"


def test_what_is_known_of_a_made_up_border_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    km, away = rng.uniform(1, 499, 400), rng.uniform(-40, 90, 400)
    made = make_border_folder("mine", meridian(tmp_path), events(tmp_path, km, away),
                              out=tmp_path / "b", home_point=EAST)  # fmt: skip
    assert made.length_km == pytest.approx(500.0, abs=1e-3)
    assert made.events is not None
    assert made.events["km_along"].to_numpy() == pytest.approx(km, abs=0.05)
    assert made.events["km_depth"].to_numpy() == pytest.approx(away, abs=0.05)
    expected = np.histogram(km, np.linspace(0, 500, 51))[0]
    assert made.segments["weight"].tolist() == expected.tolist()
    assert find_folder(tmp_path / "b").about["home_side"] == "right"
    course = read_course(made.folder.line)
    assert not course.home_is_left
    assert course.length_km == pytest.approx(made.length_km, rel=1e-6)
    assert (tmp_path / "b/border.png").stat().st_size > 10_000


def test_it_is_run_by_its_path_and_by_name_in_its_account(tmp_path: Path) -> None:
    made = make_border_folder(
        "mine", meridian(tmp_path, 300), out=tmp_path / "b", home_side="left",
        about={"home": "Here", "epoch": "2020-02-29"},
    )  # fmt: skip
    setup = load_setup({"scenario.path": str(made.folder.path), "run.horizon_days": 30})
    assert setup.border.name == "mine"
    assert setup.border.km_to[-1] == pytest.approx(300, abs=1e-3)
    assert simulate(setup).outcome["attempts"] >= 0
    assert "weights are all alike, as no events were given [assumed]" in made.account
    about = made.folder.about
    assert (about["home"], about["epoch"]) == ("Here", "2020-02-29")
    assert len(about["sources"]["line"]["sha256"]) == 64


def test_the_side_follows_from_the_events_or_is_asked_for(tmp_path: Path) -> None:
    line = meridian(tmp_path)
    km = np.linspace(10, 490, 40)
    found = make_border_folder("a", line, events(tmp_path, km, np.full(40, 9.0)),
                               out=tmp_path / "a")  # fmt: skip
    assert "home is taken to be on the right" in " ".join(found.account)
    assert found.events is not None
    assert found.events["km_depth"].min() > 0
    both = events(tmp_path, km, np.resize([9.0, -9.0], 40))
    with pytest.raises(InputError, match="50% of them are on the left"):
        make_border_folder("b", line, both, out=tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_relief_and_crossings_stand_in_for_events(tmp_path: Path) -> None:
    line = meridian(tmp_path, 100, 11)
    _, north, _ = GEOD.fwd([10.0] * 2, [40.0] * 2, [0.0] * 2, [5_000, 95_000])
    relief = tmp_path / "relief.csv"
    pd.DataFrame({"lon": [10.0, 10.0, 50.0], "lat": [*north, 40.0],
                  "relief_sd_m": [100, 400, 9]}).to_csv(relief, index=False)  # fmt: skip
    gates = tmp_path / "gates.csv"
    gates.write_text(f"name;lon;lat\nGate;10.01;{north[1]}\nFar;60;40\n")
    made = make_border_folder("a", line, out=tmp_path / "a", home_side="left", relief=relief,
                              crossings=gates)  # fmt: skip
    assert made.segments["ruggedness"].to_numpy() == pytest.approx(
        np.linspace(0.2, 0.8, 10), abs=1e-4
    )
    assert made.segments["crossing"].tolist() == [""] * 9 + ["Gate"]
    assert made.segments["weight"].iloc[[0, -1]].tolist() == pytest.approx([0.7, 2.3])
    assert any("crossing Far is left out" in sentence for sentence in made.account)


def test_other_formats_and_projections_give_the_same_line(tmp_path: Path) -> None:
    import geopandas
    from shapely.geometry import LineString

    plain = read_line(meridian(tmp_path))
    frame = geopandas.GeoDataFrame({"id": [1]}, geometry=[LineString(plain.points)], crs=4326)
    frame.to_crs(32632).to_file(tmp_path / "line.gpkg")
    frame.to_crs(3857).to_file(tmp_path / "line.shp")
    for name in ("line.gpkg", "line.shp"):
        assert read_line(tmp_path / name).length_km == pytest.approx(plain.length_km, abs=1e-3)


def pieces(folder: Path, *parts: list[tuple[float, float]]) -> Path:
    features = [{"type": "Feature", "properties": {"id": str(i)},
                 "geometry": {"type": "LineString", "coordinates": part}}
                for i, part in enumerate(parts)]  # fmt: skip
    path = folder / "line.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_pieces_are_joined_in_any_order_and_direction(tmp_path: Path) -> None:
    parts = [[(0, 0), (1, 0)], [(3, 0), (2.02, 0)], [(1, 0), (2, 0)]]
    found = read_line(pieces(tmp_path, *parts))
    assert sorted(found.points[:, 0].tolist()) == [0, 1, 2, 2.02, 3]
    assert np.all(np.diff(found.points[:, 0]) > 0)
    assert found.remarks == ("3 pieces of the line are joined into 1 over gaps of 2.2 km",)
    assert read_line(pieces(tmp_path, *parts), start=(4, 0)).points[0, 0] == 3


@pytest.mark.parametrize(
    ("parts", "arguments", "told"),
    [
        ([[(0, 0), (1, 0)], [(2, 0), (2.5, 0)]], {},
         ("is in 2 pieces of 111.3, 55.7 km", "111.3 km apart", "--gap-km", "--longest")),
        ([[(0, 0), (1, 0), (1, 1), (0, 0)]], {}, ("is a ring of 378.8 km", "--start")),
        ([[(0, 0), (2, 2), (2, 0), (0, 2)]], {}, ("crosses itself 1 times, first at 1.000",)),
        ([[(35.0, 133.0), (35.1, 133.1)]], {}, ("2 of 2 points are not on the earth", "swapped")),
        ([[(0, 0), (1, 0)]], {"select": "id=7"}, ("no feature", "id= one of 0")),
        ([[(0, 0), (1, 0)]], {"select": "nr=7"}, ("not a column", "with id")),
    ],
)  # fmt: skip
def test_what_is_no_line_is_refused_with_numbers(tmp_path, parts, arguments, told) -> None:
    with pytest.raises(InputError) as caught:
        read_line(pieces(tmp_path, *parts), **arguments)
    for text in told:
        assert text in str(caught.value)


def test_points_in_a_wrong_order_are_recognised(tmp_path: Path) -> None:
    whole = read_line(meridian(tmp_path)).points + np.random.default_rng(1).normal(0, 0.01, (51, 2))
    order = np.random.default_rng(2).permutation(51)
    with pytest.raises(InputError, match="crosses itself") as caught:
        read_line(points(tmp_path, whole[np.argsort(np.argsort(order))]))
    assert "points in another order" in str(caught.value)


def test_a_ring_is_cut_where_it_is_to_start_and_the_longest_piece_is_taken(tmp_path: Path) -> None:
    ring = pieces(tmp_path, [(0, 0), (1, 0), (1, 1), (0, 0)])
    assert read_line(ring, start=(1.1, 1.1)).points[0].tolist() == [1, 1]
    almost = pieces(tmp_path, [(0, 0), (1, 0), (1, 1), (0, 0.05)])
    assert read_line(almost).remarks == (
        "the ends of the line are 5.5 km apart: it is almost a ring",
    )
    two = pieces(tmp_path, [(0, 0), (1, 0)], [(2, 0), (2.5, 0)])
    found = read_line(two, longest=True)
    assert found.length_km == pytest.approx(111.32, abs=0.01)
    assert "the others are 33% of the length" in found.remarks[0]


def test_events_elsewhere_are_answered_with_numbers(tmp_path: Path) -> None:
    line, km = meridian(tmp_path), np.linspace(10, 490, 30)
    with pytest.raises(InputError) as caught:
        make_border_folder("a", line, events(tmp_path, km, np.full(30, 400.0)), out=tmp_path / "a")
    assert "30 of 30 events lie more than 100 km from the line; the nearest 400 km" in str(
        caught.value
    )
    swapped = pd.read_csv(events(tmp_path, km, np.full(30, 9.0)))
    swapped.rename(columns={"longitude": "latitude", "latitude": "longitude"}).to_csv(
        tmp_path / "events.csv", index=False
    )
    with pytest.raises(InputError, match="swapped, in the events or in the line, half"):
        make_border_folder("a", line, tmp_path / "events.csv", out=tmp_path / "a")
    khyber = events(tmp_path, km, km * 0, longitude=71.1, latitude=34.1)
    with pytest.raises(InputError, match="They are nearer to durand"):
        make_border_folder("a", line, khyber, out=tmp_path / "a")
    with pytest.raises(InputError, match="has no such event: 0 of 30 rows count; 30 other actors"):
        make_border_folder("a", line, khyber, out=tmp_path / "a", actor="nobody")


def test_a_place_or_line_with_swapped_coordinates_is_recognised(tmp_path: Path) -> None:
    line, told = meridian(tmp_path), "with longitude and latitude swapped, here or in the line"
    with pytest.raises(InputError, match=told):
        make_border_folder("a", line, out=tmp_path / "a", home_point=(42.0, 12.0))
    swapped = points(tmp_path, read_line(line).points[:, ::-1], "swapped.csv")
    with pytest.raises(InputError, match=told):
        make_border_folder("a", swapped, out=tmp_path / "a", home_point=EAST)
    with pytest.raises(InputError, match="must be given, as there are no events"):
        make_border_folder("a", line, out=tmp_path / "a")
    with pytest.raises(InputError, match="must name the columns"):
        read_line(header_less(tmp_path, line))


def header_less(folder: Path, line: Path) -> Path:
    (folder / "bare.csv").write_text(line.read_text().partition("\n")[2])
    return folder / "bare.csv"


def test_events_beyond_the_ends_do_not_pile_up_there(tmp_path: Path) -> None:
    km, away = np.array([250, 499, 520, 530.0, -4]), np.array([5, 5, 5, 5, 1.0])
    made = make_border_folder("a", meridian(tmp_path), events(tmp_path, km, away),
                              out=tmp_path / "a", home_side="right")  # fmt: skip
    assert made.segments["weight"].sum() == 3
    assert "2 more than 10 km beyond the ends of the line" in " ".join(made.account)


def test_nothing_is_overwritten_and_names_are_checked(tmp_path: Path) -> None:
    line = meridian(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/notes").touch()
    for name, out, told in (("a", tmp_path / "a", "nothing is overwritten"),
                            ("a/b", None, "is not a name"),
                            ("mine", "durand", "comes with the program")):  # fmt: skip
        with pytest.raises(InputError, match=told):
            make_border_folder(name, line, out=out, home_side="left")
    for number in ({"segment_km": 0}, {"gap_km": float("nan")}, {"within_km": -5}):
        with pytest.raises(InputError, match="is out of range"):
            make_border_folder("b", line, out=tmp_path / "b", home_side="left", **number)
    with pytest.raises(InputError, match="has no features"):
        read_line(line, select="a=b")
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    mixed = {"type": "GeometryCollection", "geometries": [area]}
    for shape in (area, mixed):
        (tmp_path / "area.geojson").write_text(json.dumps(shape))
        with pytest.raises(InputError, match="holds Polygon, not lines"):
            read_line(tmp_path / "area.geojson")
    with pytest.raises(InputError, match="has no effect without --events"):
        make_border_folder("b", line, out=tmp_path / "b", home_side="left", actor="x")


def test_projection_agrees_with_geodesics_on_a_real_line() -> None:
    """Against the nearest of points every 50 m of the Durand line, and the area of Pakistan."""
    import shapely

    base = json.loads(find_folder("durand").base.read_text(encoding="utf-8"))["features"]
    home = shapely.union_all([
        shapely.from_geojson(json.dumps(one["geometry"])) for one in base
        if one["properties"]["name"] == "Pakistan" and one["properties"]["kind"] == "country"
    ])  # fmt: skip
    course = read_course(find_folder("durand").line)
    rng = np.random.default_rng(5)
    km, away = rng.uniform(0, 2200, 300), rng.uniform(-150, 150, 300)
    east, north = course.place(km, away)
    along, depth = project(course, east, north)
    at = np.arange(0, course.length_km, 0.05)
    line = np.column_stack(course.line(0.0, course.length_km))
    steps = np.append(0.0, GEOD.line_lengths(line[:, 0], line[:, 1]).cumsum()) / 1000
    fine = np.column_stack([np.interp(at, steps, axis) for axis in line.T])
    for i in range(0, 300, 6):
        n = len(fine)
        apart = GEOD.inv([east[i]] * n, [north[i]] * n, *fine.T.copy())[2]
        nearest = int(np.argmin(apart))
        assert abs(depth[i]) == pytest.approx(apart[nearest] / 1000, abs=0.02)
        if apart[nearest] > 2000 and 0 < along[i] < course.length_km - 1:
            assert (depth[i] > 0) == home.contains(shapely.Point(east[i], north[i]))
            assert along[i] == pytest.approx(at[nearest], abs=1.5)


def test_lengths_are_those_published_with_the_lines(sources: Path) -> None:
    """Those of the source are along great circles of a sphere: they differ by less than 0.3 %."""
    path = sources / "conflict_lines.geojson"
    known = {
        f["properties"]["line_id"]: f["properties"]
        for f in json.loads(path.read_text())["features"]
    }
    for name in (
        "ind_pak_loc",
        "isr_lbn",
        "tha_khm",
        "col_ven",
        "prk_kor_mdl",
        "ind_pak_international",
    ):
        found = read_line(path, select=f"line_id={name}")
        assert found.length_km == pytest.approx(known[name]["length_km"], rel=0.003)


def test_a_line_over_the_date_line_is_one_line() -> None:
    course = Course(np.array([[179.5, 0.0], [-179.5, 0.0]]), True)
    along, away = project(course, [180.0, -179.75], [0.1, -0.1])
    assert along == pytest.approx([55.66, 83.49], abs=0.01)
    assert away == pytest.approx([11.06, -11.06], abs=0.01)
    assert length_km(course.points) == pytest.approx(111.32, abs=0.01)


def test_the_command_says_what_it_did(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    meridian(tmp_path)
    events(tmp_path, [50, 60, 70], [5, 5, -5.0])
    words = ["border", "make", "mine", "--line", "line.csv", "--events", "events.csv"]
    assert run_command([*words, "--home-point=12,42", "--segment-km", "25"]) == 0
    said = capsys.readouterr().out
    assert "weights are numbers of events: 2 on the home side, 1 on the host side" in said
    assert "20 segments → borders/mine" in said
    assert run_command([*words, "--home-side", "up"]) == 2
    assert run_command(["border", "mak"]) == 2
    assert "did you mean: make" in capsys.readouterr().err
