"""A border's grid on the plane: the one geometry of screen, pictures and films.

A border with a course lies on a map: x is km to the east and y km to the north of the map's centre
(azimuthal equidistant on a sphere, so lengths are true to 0.5 % out to 1,000 km), with a base map.
Any other border is a strip: x counts sectors, y depths, the host side on top.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.border.border import Border
from truce_sim.border.course import Course, read_course
from truce_sim.border.folder import BorderFolder, folder_of
from truce_sim.errors import InputError
from truce_sim.settings.schema import BorderConfig, Config, ScenarioConfig

Floats = NDArray[np.float64]

_EARTH_KM = 6371.0
#: Maximum number of straight pieces in a sector's edge, and in all edges together.
_PIECES, _ALL_PIECES = 8, 270
#: Rows and columns of a grid that are enough to tell in which country it lies.
_ENOUGH = 60


class Shape(NamedTuple):
    """An area or a line of the base map.

    kind: country or province. name: "" for none. closed: whether it is an area. xy: (n, 2).
    """

    kind: str
    name: str
    closed: bool
    xy: Floats


class Label(NamedTuple):
    """A name on the map, the most important first.

    kind: country, province, place, capital or crossing. xy: (2,), the middle of a country's or
        province's name, or the position of a place or crossing.
    """

    kind: str
    name: str
    xy: Floats


@dataclass(frozen=True, eq=False)
class Atlas:
    """The grid of a border, and what is drawn around it.

    Attributes:
        corners: (depths + 1, sectors * pieces + 1, 2) points of the cells' edges; row 0 is the edge
            farthest on the host side.
        pieces: of a sector's edge.
        host_depth: rows of cells on the host side.
        line: (n, 2) the line between the two sides.
        shapes: the base map; none on a strip.
        labels: names on the map; on a strip, only crossings.
        is_map: whether x and y are km east and north.
        sides: names of the host and the home state, "" if unknown: as in the border's folder, or
            else that of the country with most of the side on the base map.
    """

    corners: Floats
    pieces: int
    host_depth: int
    line: Floats
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    is_map: bool
    sides: tuple[str, str] = ("", "")

    @property
    def sectors(self) -> int:
        """Number of sectors."""
        return int(self.corners.shape[1] - 1) // self.pieces

    @property
    def depths(self) -> int:
        """Number of cells across."""
        return int(self.corners.shape[0] - 1)

    def place(self, sector: ArrayLike, depth: ArrayLike) -> Floats:
        """Return where places in the grid lie, (…, 2).

        Args:
            sector: a fractional number: 2.5 is the middle of the third sector.
            depth: likewise, from the far edge of the host side.
        """
        across, along = np.asarray(depth, float), np.asarray(sector, float) * self.pieces
        r = np.clip(across.astype(int), 0, self.depths - 1)
        c = np.clip(along.astype(int), 0, self.corners.shape[1] - 2)
        down, right = (across - r)[..., None], (along - c)[..., None]
        grid = self.corners
        upper = grid[r, c] * (1 - right) + grid[r, c + 1] * right
        lower = grid[r + 1, c] * (1 - right) + grid[r + 1, c + 1] * right
        between: Floats = upper * (1 - down) + lower * down
        return between

    def outline(self, sectors: tuple[int, int], depths: tuple[int, int]) -> Floats:
        """Return the closed outline (n, 2) of the cells from the first up to, but excluding, the
        last."""
        (left, right), (top, bottom) = np.multiply(sectors, self.pieces), depths
        rows, columns = slice(top, bottom + 1), slice(left, right + 1)
        edges = (
            self.corners[top, columns], self.corners[rows, right],
            self.corners[bottom, columns][::-1], self.corners[rows, left][::-1],
        )  # fmt: skip
        return np.concatenate(edges)


def make_atlas(config: Config, border: Border) -> Atlas:
    """Return the map of a border, or its strip if it has no course.

    Args:
        config: its depths, and where its course is.
        border: its sectors.

    Raises:
        InputError: the course or the base map cannot be read.
    """
    course, folder = course_of(config.scenario, border), folder_of(config.scenario)
    if course is None or folder is None:
        return _strip(config.border, border, _named(folder))
    return _map(course, config.border, border, folder)


def course_of(scenario: ScenarioConfig, border: Border) -> Course | None:
    """Return the course of a border, or None without one.

    Raises:
        InputError: the line cannot be read.
    """
    folder = folder_of(scenario)
    if folder is None or not folder.line.is_file():
        return None
    return read_course(folder.line, (float(border.km_from[0]), float(border.km_to[-1])))


def _named(folder: BorderFolder | None) -> tuple[str, str]:
    """The names of the host and the home state in a border's folder; "" if it gives none."""
    about = folder.about if folder else {}
    return str(about.get("host") or ""), str(about.get("home") or "")


def _strip(grid: BorderConfig, border: Border, sides: tuple[str, str]) -> Atlas:
    host_depth, sectors = grid.host_depth, border.sectors.size
    depths = host_depth + grid.home_depth
    x, y = np.meshgrid(np.arange(sectors + 1.0), -np.arange(depths + 1.0))
    corners = np.stack([x, y], -1)
    gates = tuple(
        Label("crossing", name, np.array([s + 0.5, -host_depth])) for s, name in border.crossings()
    )
    return Atlas(corners, 1, host_depth, corners[host_depth], (), gates, False, sides)


def _map(course: Course, grid: BorderConfig, border: Border, folder: BorderFolder) -> Atlas:
    sectors, host_depth = border.sectors.size, grid.host_depth
    pieces = int(np.clip(_ALL_PIECES // sectors, 1, _PIECES))
    km = np.linspace(*course.span, sectors * pieces + 1)
    away = grid.cell_km * np.arange(-host_depth, grid.home_depth + 1)
    plane = Plane.around(course)
    corners = plane(*course.place(km[None], away[:, None]))
    gates = tuple(
        Label("crossing", name, plane(*course.place(at, 0.0)))
        for names, places in zip(border.crossing_names, border.crossing_km, strict=True)
        for name, at in zip(names, places, strict=True)
    )
    shapes, labels = _base(folder.base, plane) if folder.base.is_file() else ((), ())
    line = plane(*course.line(*course.span))
    halves = corners[:host_depth], corners[host_depth + 1 :]
    named = _named(folder)
    countries = tuple(
        _country(shapes, half) or name for half, name in zip(halves, named, strict=True)
    )
    host, home = (ours or theirs for ours, theirs in zip(named, countries, strict=True))
    names = dict(zip(countries, (host, home), strict=True)) if len(set(countries)) == 2 else {}
    labels = tuple(_in_sight(label, countries, halves) for label in labels)
    labels = tuple(
        each._replace(name=names.get(each.name, each.name)) if each.kind == "country" else each
        for each in labels
    )
    return Atlas(corners, pieces, host_depth, line, shapes, gates + labels, True, (host, home))


def _in_sight(label: Label, sides: tuple[str, ...], halves: tuple[Floats, Floats]) -> Label:
    """A state's name, moved to the middle of its side if it would be far from the grid."""
    if label.kind != "country" or label.name not in sides:
        return label
    grid = np.concatenate([half.reshape(-1, 2) for half in halves])
    if ((grid.min(0) <= label.xy) & (label.xy <= grid.max(0))).all():
        return label
    half = halves[sides.index(label.name)]
    return label._replace(xy=half[half.shape[0] // 2, half.shape[1] // 2])


def _country(shapes: tuple[Shape, ...], where: Floats) -> str:
    """The country in which most of these places lie; "" if most lie in none. (In a very large grid,
    a sample of rows and columns decides.)"""
    every = [-(-size // _ENOUGH) for size in where.shape[:2]]
    places = where[:: every[0], :: every[1]].reshape(-1, 2)
    inside: dict[str, int] = {}
    for shape in shapes:
        if shape.kind == "country" and shape.closed:
            hits = int(_inside(places, shape.xy).sum())
            inside[shape.name] = inside.get(shape.name, 0) + hits
    best = max(inside, key=lambda name: inside[name], default="")
    return best if inside.get(best, 0) > len(places) / 2 else ""


def _inside(places: Floats, ring: Floats) -> NDArray[np.bool_]:
    """Whether each place is in a ring: a ray from it crosses the ring an odd number of times."""
    upwards = np.argsort(places[:, 1])
    x, y = places[upwards].T
    edges = np.stack([ring, np.roll(ring, 1, axis=0)], 1)
    first, last = (np.searchsorted(y, ends) for ends in (edges.min(1)[:, 1], edges.max(1)[:, 1]))
    beside = last - first  # so many places, from the first on, lie as high as each edge
    (x0, y0), (x1, y1) = edges.repeat(beside, axis=0).transpose(1, 2, 0)
    place = np.arange(beside.sum()) + np.repeat(last - np.cumsum(beside), beside)
    crossed = x[place] < (x1 - x0) * (y[place] - y0) / (y1 - y0) + x0
    inside = np.empty(len(places), bool)
    inside[upwards] = np.bincount(place[crossed], minlength=len(places)) % 2 == 1
    return inside


class Plane(NamedTuple):
    """Longitudes and latitudes laid on a plane, in km from its centre; distances to it are true.

    longitude, latitude: of the centre, degrees.
    """

    longitude: float
    latitude: float

    @classmethod
    def around(cls, course: Course) -> Plane:
        """Return the plane with its centre in the middle of a line's extent."""
        lon, lat = course.line(*course.span)
        return cls((lon.min() + lon.max()) / 2, (lat.min() + lat.max()) / 2)

    def __call__(self, longitude: ArrayLike, latitude: ArrayLike) -> Floats:
        """Return x and y, (…, 2)."""
        turn = np.radians(np.asarray(longitude, float) - self.longitude)
        lat, middle = np.radians(np.asarray(latitude, float)), np.radians(self.latitude)
        x = np.cos(lat) * np.sin(turn)
        y = np.cos(middle) * np.sin(lat) - np.sin(middle) * np.cos(lat) * np.cos(turn)
        straight = np.hypot(x, y)
        forward = np.sin(middle) * np.sin(lat) + np.cos(middle) * np.cos(lat) * np.cos(turn)
        angle = np.arctan2(straight, forward)
        stretch = _EARTH_KM * np.where(straight > 1e-12, angle / np.maximum(straight, 1e-12), 1.0)
        return np.stack([x * stretch, y * stretch], -1)


@lru_cache(maxsize=8)
def _base(path: Path, plane: Plane) -> tuple[tuple[Shape, ...], tuple[Label, ...]]:
    """The shapes and names of a base map."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        shapes = [shape for feature in features for shape in _shapes(feature, plane)]
        labels = [label for feature in features for label in _label(feature, plane)]
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise InputError(
            "is not a base map", setting="base.geojson", value=str(path),
            allowed="GeoJSON whose features have a kind and a name",
        ) from None  # fmt: skip
    order = ("country", "capital", "place", "province")
    labels.sort(key=lambda label: order.index(label.kind) if label.kind in order else len(order))
    return tuple(shapes), tuple(labels)


def _shapes(feature: dict[str, Any], plane: Plane) -> list[Shape]:
    about, kind = feature["properties"], feature["geometry"]["type"]
    parts = feature["geometry"]["coordinates"]
    if kind == "MultiPolygon":
        parts = [ring for polygon in parts for ring in polygon]
    elif kind == "LineString":
        parts = [parts]
    elif kind == "Point":
        parts = []
    return [
        Shape(str(about["kind"]), str(about["name"]), kind.endswith("Polygon"),
              plane(*np.array(part, float).T[:2]))
        for part in parts
    ]  # fmt: skip


def _label(feature: dict[str, Any], plane: Plane) -> list[Label]:
    """The name of a feature, if it has one and a place for it."""
    about, shape = feature["properties"], feature["geometry"]
    at = shape["coordinates"] if shape["type"] == "Point" else about.get("label")
    if at is None or not about["name"]:
        return []
    kind = "capital" if about.get("capital") else str(about["kind"])
    return [Label(kind, str(about["name"]), plane(*at[:2]))]
