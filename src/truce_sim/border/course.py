"""The course of a border on the earth: from km along and km away to longitude and latitude.

`line.geojson` of a border's folder gives the line. A place that lies `away` from the line is put on
the curve of all points at that distance, so distances are true. Along that curve, positions follow
the points of the line that they are nearest to. Inside a bend, where many points of the line are
equally near to the same few places, they share the curve: cells become narrow there instead of
folding over. On the Durand line, distances are within 0.6 km for most places and 5 km for all, and
no cell of up to 224 sectors folds at the default depths. Everything is computed in space on the
WGS84 ellipsoid with numpy alone, so it works at any latitude and across the date line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.errors import InputError

Floats = NDArray[np.float64]

#: WGS84: equatorial radius in km, and the square of the eccentricity.
EARTH_KM, _ECCENTRICITY_2 = 6378.137, 0.00669437999014
_AXES = np.array([1.0, 1.0, 1.0 - _ECCENTRICITY_2])
#: The fewest and most nodes on the line, and their usual distance.
_FEWEST, _MOST, _NODE_KM = 300, 750, 2.0
#: Distance between curves, km; they are closer for a short line.
_CURVE_KM = 5.0
#: Directions are smoothed over the first of these lengths, km, at which no cell of a usual grid
#: folds: its sectors, the km on its home and host sides, and the km per cell.
_TURNING_KM, _USUAL = (9.0, 12.0, 16.0, 24.0), (45, 100.0, 50.0, 10.0)
#: Directions are smoothed over at most this part of the line; positions on a curve, over this share
#: of its distance from the line.
_TURNING_PART, _SHARING = 1 / 8, 1.0
#: A curve leaves out nodes nearer to the line than its distance by more than this part of it.
_SLACK = 0.01


@dataclass(frozen=True, eq=False)
class Course:
    """The line of a border; compared and hashed by identity.

    Attributes:
        points: (n, 2) longitudes and latitudes of its vertices, degrees, from km 0 on.
        home_is_left: whether the home side is on the left as one follows the line.
        span: km at its first and last vertex, as the border counts them; by default from 0 to its
            length.
    """

    points: Floats
    home_is_left: bool
    span: tuple[float, float] = field(default=(0.0, 0.0))

    def __post_init__(self) -> None:
        if self.span == (0.0, 0.0):
            object.__setattr__(self, "span", (0.0, self.length_km))

    @cached_property
    def length_km(self) -> float:
        """The length of the line along the ellipsoid, km."""
        return float(way_along(in_space(self.points))[-1])

    def place(self, km: ArrayLike, away_km: ArrayLike) -> tuple[Floats, Floats]:
        """Return the longitudes and latitudes, degrees, of places near the line.

        Args:
            km: positions along the line, as the border counts them; beyond an end, the end.
            away_km: distances from the line, km: above 0 on the home side, below on the host side.
        """
        km, away = np.broadcast_arrays(np.asarray(km, float), np.asarray(away_km, float))
        nodes = self._nodes.shape[0]
        u = np.clip((km - self.span[0]) / (self.span[1] - self.span[0]), 0.0, 1.0) * (nodes - 1)
        where = np.empty((*km.shape, 3))
        for home in (True, False):
            side = (away >= 0) == home
            if side.any():
                curves = self._curves(home, np.abs(away[side]).max(), self._turning_km)
                where[side] = _between(curves, np.abs(away[side]) / self._curve_km, u[side])
        return _on_earth(where)

    def line(self, start: float, end: float) -> tuple[Floats, Floats]:
        """Return the longitudes and latitudes of the line itself between two positions, km."""
        at = self.span[0] + way_along(in_space(self.points)) * (
            (self.span[1] - self.span[0]) / self.length_km
        )
        km = np.concatenate([[start], at[(at > start) & (at < end)], [end]])
        return np.interp(km, at, _unrolled(self.points[:, 0])), np.interp(km, at, self.points[:, 1])

    @cached_property
    def _nodes(self) -> Floats:
        """(nodes, 3) points of the line at equal distances, in space."""
        corners = in_space(self.points)
        along = way_along(corners)
        number = int(np.clip(along[-1] / _NODE_KM, _FEWEST, _MOST)) + 1
        even = np.linspace(0.0, along[-1], number)
        return _grounded(np.stack([np.interp(even, along, axis) for axis in corners.T], -1))

    @cached_property
    def _turning_km(self) -> float:
        """Over how many km directions are smoothed: the fewest that keep the cells from folding.

        If none of the lengths does, the one with the fewest folds.
        """
        folds = {}
        for length in _TURNING_KM:
            folds[length] = self._folds(length)
            if not folds[length]:
                break
        return min(folds, key=lambda length: folds[length])

    def _folds(self, turning_km: float) -> int:
        """The number of cells of a usual grid that are turned inside out."""
        sectors, *depths, cell = _USUAL
        at = np.linspace(0, len(self._nodes) - 1, sectors + 1).round().astype(int)
        sides = []
        for home, depth in zip((True, False), depths, strict=True):
            steps = np.arange(0.0, depth + 1.0, cell) / self._curve_km
            sides.append([_curve(self, home, i, turning_km)[at] for i in steps.round().astype(int)])
        corners = np.array([*sides[1][:0:-1], *sides[0]])
        across = corners[1:, 1:] - corners[:-1, :-1]
        other = corners[1:, :-1] - corners[:-1, 1:]
        area = (np.cross(across, other) * corners[1:, 1:]).sum(-1)
        return int((area * np.sign(np.median(area)) <= 0).sum())

    def _homeward(self, turning_km: float) -> Floats:
        """(nodes, 3) unit vectors along the ground, at right angles to the line, towards home."""
        nodes = self._nodes
        turning = min(turning_km / self.length_km, _TURNING_PART) * (len(nodes) - 1)
        smooth = np.stack([_smoothed(axis, turning) for axis in nodes.T], -1)
        left = np.cross(up(nodes), np.gradient(smooth, axis=0))
        left /= np.linalg.norm(left, axis=1, keepdims=True)
        return left if self.home_is_left else -left

    @cached_property
    def _curve_km(self) -> float:
        return min(_CURVE_KM, self.length_km / 100)

    def _curves(self, home: bool, farthest: float, turning_km: float) -> Floats:
        """The curves of a side up to the farthest distance, (curves, nodes, 3)."""
        last = int(np.ceil(farthest / self._curve_km - 1e-9))
        return np.stack([_curve(self, home, i, turning_km) for i in range(max(last, 1) + 1)])


def read_course(path: Path, span: tuple[float, float] = (0.0, 0.0)) -> Course:
    """Read the line of a border's folder.

    Args:
        path: a GeoJSON file whose first feature is a LineString, with the property `home_side`.
        span: km at its ends, as the border counts them; by default from 0 to its length.

    Raises:
        InputError: the file cannot be read, or is something else.
    """
    try:
        status = path.stat()
    except OSError:
        raise _bad(path, "no such file") from None
    return _read(path, span, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=16)
def _read(path: Path, span: tuple[float, float], version: tuple[int, int]) -> Course:
    """Read each version of a file once, as its curves take time to make."""
    try:
        feature = json.loads(path.read_text(encoding="utf-8"))["features"][0]
        kind, points = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        side = (feature.get("properties") or {}).get("home_side")
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise _bad(path, "is not a GeoJSON file with a feature") from None
    if kind != "LineString":
        raise _bad(path, "its first feature is not one line", kind, "a LineString")
    if side not in ("left", "right"):
        raise _bad(path, "does not say on which side the home state is", side,
                   "the property home_side: left or right, as one follows the line")  # fmt: skip
    return Course(_checked(path, points), side == "left", span)


def _checked(path: Path, points: Any) -> Floats:
    """Longitudes and latitudes without repetitions."""
    try:
        pairs = np.array([point[:2] for point in points], float).reshape(-1, 2)
    except (TypeError, ValueError):
        raise _bad(path, "has a point that is not a pair of numbers") from None
    wrong = ~(np.isfinite(pairs).all(1) & (np.abs(pairs) <= [180.0, 90.0]).all(1))
    if wrong.any():
        first = int(wrong.argmax())
        raise _bad(path, f"point {first + 1} is not on the earth", pairs[first].tolist(),
                   "longitude from -180 to 180, then latitude from -90 to 90")  # fmt: skip
    new = np.append(True, (np.diff(pairs, axis=0) != 0).any(1))
    if new.sum() < 2:
        raise _bad(path, "has fewer than two different points")
    kept: Floats = pairs[new]
    return kept


def _bad(path: Path, problem: str, value: object = None, allowed: str = "") -> InputError:
    given = str(path) if value is None else str(value)
    return InputError(problem, setting="line.geojson", value=given, allowed=allowed,
                      origin=str(path))  # fmt: skip


# ── curves at a distance ─────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1024)
def _curve(course: Course, home: bool, number: int, turning_km: float) -> Floats:
    """(nodes, 3) the places opposite each node, `number` steps from the line, in space."""
    nodes = course._nodes
    if number == 0:
        return nodes
    away = number * course._curve_km
    apart = course.length_km / (len(nodes) - 1)
    moved = nodes + (away if home else -away) * course._homeward(turning_km)
    kept = np.flatnonzero(_nearest(moved, nodes) >= away * (1 - _SLACK) - apart / 4)
    if len(kept) < 2:  # the line is curled up well within this distance
        return moved
    curve = moved[kept]
    along = np.append(0.0, np.linalg.norm(np.diff(curve, axis=0), axis=1).cumsum())
    shared = np.interp(np.arange(len(nodes)), kept, along)
    shared = _smoothed(shared, _SHARING * away / apart, slope=apart)
    return _grounded(_along_curve(curve, along, shared))


def _nearest(places: Floats, nodes: Floats) -> Floats:
    """The distance of every place from the nearest node, km."""
    products = np.einsum("ik,jk->ij", -2.0 * places, nodes)  # not BLAS: its threads cost more
    products += (nodes**2).sum(1)
    squares = products.min(1) + (places**2).sum(1)
    nearest: Floats = np.sqrt(np.maximum(squares, 0.0))
    return nearest


def _along_curve(curve: Floats, along: Floats, at: Floats) -> Floats:
    """Points of a curve by the distance along it; the curve continues straight beyond its ends."""
    over = max(float(-at.min()), float(at.max() - along[-1]), 0.0) + 1.0
    few = min(10, len(curve) - 1)
    ends = [curve[0] - curve[few], curve[-1] - curve[-1 - few]]
    start, end = (over * each / max(np.linalg.norm(each), 1e-9) for each in ends)
    curve = np.concatenate([[curve[0] + start], curve, [curve[-1] + end]])
    along = np.concatenate([[-over], along, [along[-1] + over]])
    return np.stack([np.interp(at, along, axis) for axis in curve.T], -1)


def _smoothed(values: Floats, width: float, slope: float | None = None) -> Floats:
    """Values smoothed by a normal kernel; beyond the ends they rise by `slope`, or are mirrored."""
    reach = int(np.ceil(4 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    if slope is None:
        padded = np.pad(values, reach, mode="reflect", reflect_type="odd")
    else:
        steps = slope * np.arange(1, reach + 1)
        padded = np.concatenate([values[0] - steps[::-1], values, values[-1] + steps])
    smooth: Floats = np.convolve(padded, kernel / kernel.sum(), "valid")
    return smooth


def _between(curves: Floats, row: Floats, column: Floats) -> Floats:
    """Interpolate (curves, nodes, 3) at fractional rows and columns."""
    r = np.minimum(row.astype(int), curves.shape[0] - 2)
    c = np.minimum(column.astype(int), curves.shape[1] - 2)
    down, right = (row - r)[..., None], (column - c)[..., None]
    upper = curves[r, c] * (1 - right) + curves[r, c + 1] * right
    lower = curves[r + 1, c] * (1 - right) + curves[r + 1, c + 1] * right
    between: Floats = upper * (1 - down) + lower * down
    return between


# ── the ellipsoid ────────────────────────────────────────────────────────────────────────────


def in_space(points: Floats) -> Floats:
    """Return (n, 3) km from the centre of the earth, from longitudes and latitudes in degrees."""
    longitude, latitude = np.radians(points).T
    normal = EARTH_KM / np.sqrt(1.0 - _ECCENTRICITY_2 * np.sin(latitude) ** 2)
    flat = normal * np.cos(latitude)
    return np.stack(
        [flat * np.cos(longitude), flat * np.sin(longitude),
         normal * (1.0 - _ECCENTRICITY_2) * np.sin(latitude)], -1,
    )  # fmt: skip


def _on_earth(where: Floats) -> tuple[Floats, Floats]:
    """Longitudes and latitudes, degrees, of places close to the ground."""
    x, y, z = np.moveaxis(where, -1, 0)
    flat = (1.0 - _ECCENTRICITY_2) * np.hypot(x, y)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, flat))


def up(where: Floats) -> Floats:
    """Return unit vectors that point away from the ground, at places in space."""
    upward: Floats = where / _AXES
    upward /= np.linalg.norm(upward, axis=-1, keepdims=True)
    return upward


def _grounded(where: Floats) -> Floats:
    """Places moved to the ground, towards the centre of the earth."""
    grounded: Floats = where * (EARTH_KM / np.sqrt((where**2 / _AXES).sum(-1, keepdims=True)))
    return grounded


def way_along(where: Floats) -> Floats:
    """Return the distance along the line from the first place to each, km: chords, lengthened to
    arcs."""
    chords = np.linalg.norm(np.diff(where, axis=0), axis=1)
    arcs = chords * (1.0 + chords**2 / (24.0 * EARTH_KM**2))
    return np.append(0.0, arcs.cumsum())


def _unrolled(longitude: Floats) -> Floats:
    """Longitudes without a jump at the date line."""
    return np.degrees(np.unwrap(np.radians(longitude)))
