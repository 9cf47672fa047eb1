"""The course of a border: lengths, sides, true distances, cells that do not fold."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from truce_sim.border.course import Course, read_course
from truce_sim.errors import InputError
from truce_sim.files import DATA

pyproj = pytest.importorskip("pyproj")
GEOD = pyproj.Geod(ellps="WGS84")
DURAND = DATA / "borders" / "durand" / "line.geojson"
Places = tuple[np.ndarray, np.ndarray]
DEPTHS = np.arange(-50.0, 101.0, 10.0)  # of the default cells: 5 on the host side, 10 on the home


@pytest.fixture(scope="module")
def durand() -> Course:
    return read_course(DURAND, (0.0, 2240.0))


def distance(a: Places, b: Places) -> np.ndarray:
    """Km along the ellipsoid between places, broadcast."""
    arrays = np.broadcast_arrays(*a, *b)
    flat = [np.ascontiguousarray(each).ravel() for each in arrays]
    return np.asarray(GEOD.inv(*flat)[2]).reshape(arrays[0].shape) / 1000.0


def close_to(a: Places, b: Places) -> Places:
    """For each of some places, the ten of others that are closest on a sphere."""
    x, y = (np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
            for lon, lat in (np.radians(a), np.radians(b)))  # fmt: skip
    closest = np.argsort(-(x.T @ y), axis=1)[:, :10]
    return b[0][closest], b[1][closest]


def areas(course: Course, sectors: int) -> np.ndarray:
    """Signed areas of the cells, squared degrees of latitude; (depths, sectors)."""
    km = np.linspace(*course.span, sectors + 1)
    lon, lat = course.place(km[None], DEPTHS[:, None])
    x, y = lon * np.cos(np.radians(lat.mean())), lat
    across = (x[1:, 1:] - x[:-1, :-1]) * (y[1:, :-1] - y[:-1, 1:])
    return (across - (y[1:, 1:] - y[:-1, :-1]) * (x[1:, :-1] - x[:-1, 1:])) / 2


def test_lengths_are_those_along_the_ellipsoid(durand: Course) -> None:
    lon, lat = durand.points.T
    assert_allclose(durand.length_km, GEOD.line_length(lon, lat) / 1000, rtol=1e-6)
    said = json.loads(DURAND.read_text(encoding="utf-8"))["features"][0]["properties"]
    assert_allclose(durand.length_km, said["length_km"], atol=0.05)
    start = durand.line(0.0, 1120.0)
    assert_allclose(GEOD.line_length(*start) / 1000, durand.length_km / 2, rtol=1e-4)


def test_the_line_passes_the_points_of_the_table(durand: Course) -> None:
    """They lie 10 km apart on it, but end some 4 km before its end: it is scaled to the table."""
    with (DATA / "durand_line.csv").open(encoding="utf-8", newline="") as file:
        rows = np.array([[float(cell) for cell in row.values()] for row in csv.DictReader(file)])
    apart = distance(durand.place(rows[:, 0], 0.0), (rows[:, 1], rows[:, 2]))
    assert apart.max() < 5.0


def test_places_lie_at_their_distance_on_their_side(durand: Course) -> None:
    """Within 5 km everywhere, within 1 km for most; home is to the south and east."""
    km = np.linspace(0.0, 2240.0, 225)
    line = durand.place(np.linspace(0.0, 2240.0, 2241), 0.0)
    for away in (-45.0, -15.0, -5.0, 5.0, 15.0, 45.0, 95.0):
        place = durand.place(km, away)
        nearest = distance((place[0][:, None], place[1][:, None]), close_to(place, line)).min(1)
        error = np.abs(nearest - abs(away))
        assert error.max() < 5.0
        assert np.median(error) < 1.0
    home, host = durand.place(km, 50.0), durand.place(km, -50.0)
    assert ((home[0] - home[1]) > (host[0] - host[1])).mean() > 0.95


@pytest.mark.parametrize("sectors", [10, 45, 90, 224])
def test_no_cell_turns_inside_out(durand: Course, sectors: int) -> None:
    found = areas(durand, sectors)
    assert found.shape == (15, sectors)
    assert (np.sign(found) == np.sign(found[0, 0])).all()


@pytest.mark.parametrize("name", [path.name for path in sorted((DATA / "borders").iterdir())])
def test_no_cell_of_a_border_that_comes_with_the_program_folds(name: str) -> None:
    """At the default sectors and depths, also beside a short line with a sharp bend."""
    found = areas(read_course(DATA / "borders" / name / "line.geojson"), 45)
    assert found.shape == (15, 45)
    assert (np.sign(found) == np.sign(np.median(found))).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_right_angle(tmp_path: Path, side: str) -> None:
    """East along the equator, then north: distances are exact but for the corner."""
    path = write(tmp_path, [[0, 0], [3, 0], [3, 3]], side)
    course = read_course(path)
    first, second = GEOD.inv(0, 0, 3, 0)[2] / 1000, GEOD.inv(3, 0, 3, 3)[2] / 1000
    assert_allclose(course.length_km, first + second, rtol=1e-6)
    lon, lat = course.place([first / 3, first + second * 2 / 3], [60.0, 60.0])
    sign = 1 if side == "left" else -1
    assert_allclose([lon[0], lat[1]], [1.0, 2.0], atol=0.02)
    north = GEOD.inv(0, 0, 0, lat[0])[2] / 1000
    west = GEOD.inv(3, lat[1], lon[1], lat[1])[2] / 1000
    assert_allclose([north, west], 60.0, atol=0.2)
    assert np.sign(lat[0]) == sign
    assert np.sign(3 - lon[1]) == sign
    found = areas(course, 12)
    assert (np.sign(found) == np.sign(found[0, 0])).all()


def test_the_date_line_and_the_far_north(tmp_path: Path) -> None:
    path = write(tmp_path, [[179, 68], [-179, 68.5]], "right")
    course = read_course(path, (100.0, 200.0))
    assert_allclose(course.length_km, GEOD.inv(179, 68, -179, 68.5)[2] / 1000, rtol=1e-4)
    lon, lat = course.place(150.0, 40.0)
    assert distance((lon, lat), course.place(150.0, 0.0)) == pytest.approx(40.0, abs=0.1)
    assert lat < 68.25
    assert (np.diff(course.line(100.0, 200.0)[0]) > 0).all()


def test_places_keep_the_shape_of_what_is_asked(durand: Course) -> None:
    assert durand.place(5.0, 5.0)[0].shape == ()
    assert durand.place(np.zeros((3, 1)), np.zeros(4))[1].shape == (3, 4)
    assert durand.place([], [])[0].shape == (0,)
    assert_allclose(durand.place(-5.0, 0.0), durand.points[0], atol=1e-6)
    assert_allclose(durand.place(9999.0, 0.0), durand.points[-1], atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not a GeoJSON file with a feature"),
        ('{"features": []}', "is not a GeoJSON file with a feature"),
        (json.dumps({"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}),
         "not one line"),
    ],
)  # fmt: skip
def test_files_that_are_no_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "line.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_course(path)


@pytest.mark.parametrize(
    ("points", "side", "words"),
    [
        ([[0, 0], [1, 1]], "north", "on which side the home state is"),
        ([[0, 0], [200, 1]], "left", "point 2 is not on the earth"),
        ([[0, 0], [30, 91]], "left", "point 2 is not on the earth"),
        ([[0, 0], ["a", 1]], "left", "not a pair of numbers"),
        ([[0, 0], [0, 0]], "left", "fewer than two different points"),
    ],
)
def test_lines_that_cannot_be_used(
    tmp_path: Path, points: list[object], side: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_course(write(tmp_path, points, side))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_course(tmp_path / "line.geojson")


def test_it_needs_numpy_alone() -> None:
    code = (
        "import sys; from truce_sim.border.course import read_course; "
        "print([m for m in ('shapely', 'pyproj', 'geopandas', 'scipy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def write(folder: Path, points: list[object], side: str) -> Path:
    path = folder / "line.geojson"
    geometry = {"type": "LineString", "coordinates": points}
    feature = {"type": "Feature", "geometry": geometry, "properties": {"home_side": side}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path
