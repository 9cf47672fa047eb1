"""Read the course of a border from any vector file, and make one line of it.

Lengths are geodesics on the WGS84 ellipsoid (Karney 2013, by PROJ), never degrees. Pieces are put
together where their ends meet or lie close; what cannot be one line (a ring, a line that crosses
itself, pieces far apart, areas) is refused with the numbers that show why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.geo import need_geo
from truce_sim.errors import InputError
from truce_sim.events.files import lacks, numbers, read_cells

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Place = tuple[float, float]

#: Names of columns with coordinates in a CSV file.
_LONGITUDE, _LATITUDE = ("longitude", "lon", "lng", "long", "x"), ("latitude", "lat", "y")
#: Longest stretch without a point in a line that is written, km: shorter ones need no geodesic.
_DENSE_KM = 10.0
#: Most points of a line that is written.
MOST_POINTS = 1500


@dataclass(frozen=True, eq=False)
class Line:
    """One line on the earth, from km 0 on.

    Attributes:
        points: (n, 2) longitudes and latitudes, degrees.
        remarks: what was done to make it one line, in sentences.
    """

    points: Floats
    remarks: tuple[str, ...] = ()

    @property
    def length_km(self) -> float:
        """Its length along the ellipsoid."""
        return length_km(self.points)


def read_line(
    path: str | Path, select: str = "", gap_km: float = 10.0, longest: bool = False,
    start: Place | None = None,
) -> Line:  # fmt: skip
    """Read one line from a vector file that pyogrio knows, or from a CSV file of points.

    Args:
        path: the file (GeoJSON, GeoPackage, Shapefile, KML, …; CSV with longitude and latitude).
        select: `column=value`, the features to take; "" takes all.
        gap_km: pieces whose ends are no farther apart than this are joined by a straight stretch.
        longest: take the longest piece where several remain.
        start: a place near the end that is to be km 0; a ring is cut there. By default the line
            starts where it does in the file.

    Raises:
        InputError: the file cannot be read or does not hold one line.
    """
    need_geo("border make")
    path = Path(path)
    of_points = path.suffix.lower() in (".csv", ".txt", ".tsv")
    if select and of_points:
        raise InputError("a CSV file of points has no features", setting="--select", value=select,
                         allowed="no --select, or a file with features")  # fmt: skip
    pieces = _points_of(path) if of_points else _pieces_of(path, select)
    for piece in pieces:
        _check_coordinates(piece, path)
    chains, remarks = join(pieces, gap_km)
    chain = _only(chains, path, gap_km, longest, remarks)
    apart = float(distance_km(chain[0], chain[-1]))
    if 0 < apart <= min(gap_km, 0.1 * length_km(chain)):
        remarks.append(f"the ends of the line are {apart:.2g} km apart: it is almost a ring")
    line = Line(_oriented(chain, start, path), tuple(remarks))
    _refuse_crossings(line, path)
    return line


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def coordinates(table: pd.DataFrame, path: str | Path) -> Floats:
    """Return the places of a table, (rows, 2) longitudes and latitudes.

    Raises:
        InputError: it has no such columns, or a cell is not a number.
    """
    names = []
    for kind, known in (("longitude", _LONGITUDE), ("latitude", _LATITUDE)):
        found = [name for name in known if name in table]
        if not found:
            raise lacks(table, kind, path)
        names.append(found[0])
    places: Floats = np.stack([numbers(table, name, path).to_numpy(float) for name in names], -1)
    if np.isnan(places).any():
        row = int(np.isnan(places).any(1).argmax())
        raise InputError("has a row without a place", value=str(path),
                         origin=f"{path}, row {row + 1}")  # fmt: skip
    return places


def _points_of(path: Path) -> list[Floats]:
    points = coordinates(read_cells(path, "a CSV file of longitude, latitude, in order"), path)
    if len(points) < 2:
        raise InputError("has fewer than two points", setting="--line", value=str(path))
    return [points]


def _pieces_of(path: Path, select: str) -> list[Floats]:
    """The lines of a vector file, in degrees on WGS84."""
    frame = read_features(path, "--line")
    parts = _selected(frame, select, path).geometry.explode(index_parts=False)
    kinds = set(parts.geom_type)
    if not kinds <= {"LineString", "LinearRing"}:
        raise InputError(
            f"holds {', '.join(sorted(kinds))}, not lines", setting="--line", value=str(path),
            allowed="lines; or a CSV file of points (longitude, latitude), in order",
        )  # fmt: skip
    found = [np.asarray(part.coords, float)[:, :2] for part in parts if len(part.coords) > 1]
    return [piece for piece in found if np.ptp(piece, axis=0).any()]


def read_features(path: Path, setting: str) -> Any:
    """Return the features of a vector file as a GeoDataFrame in degrees on WGS84.

    Raises:
        InputError: it is missing, has several layers, no features, or a format that pyogrio does
            not know.
    """
    import geopandas
    import pyogrio

    if not path.exists():
        raise InputError("no such file", setting=setting, value=str(path))
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if len(layers) > 1:
            raise InputError(f"has {len(layers)} layers: {', '.join(layers)}", setting=setting,
                             value=str(path), allowed="a file with one layer")  # fmt: skip
        frame = geopandas.read_file(path, engine="pyogrio")
    except InputError:
        raise
    except Exception as error:  # GDAL's errors share no class
        reason = re.split(r"\.?; It might help", str(error).splitlines()[0])[0]
        raise InputError(f"cannot be read: {reason}", setting=setting, value=str(path),
                         allowed="GeoJSON, GeoPackage, Shapefile, KML; or a CSV file of longitude, "
                         "latitude") from None  # fmt: skip
    if not isinstance(frame, geopandas.GeoDataFrame) or frame.geometry.dropna().empty:
        raise InputError("has no features with a place", setting=setting, value=str(path))
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    return frame.to_crs(4326) if frame.crs is not None else frame


def _selected(frame: Any, select: str, path: Path) -> Any:
    if not select:
        return frame
    column, equals, value = select.partition("=")
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    if not equals or column not in columns:
        raise InputError("is not a column and its value", setting="--select", value=select,
                         allowed=f"column=value, with {', '.join(columns)}")  # fmt: skip
    chosen = frame[frame[column].astype(str) == value]
    if chosen.empty:
        known = ", ".join(sorted(set(frame[column].astype(str)))[:12])
        raise InputError(f"no feature of {path} has it", setting="--select", value=select,
                         allowed=f"{column}= one of {known}")  # fmt: skip
    return chosen


def _check_coordinates(points: Floats, path: Path) -> None:
    wrong = ~np.isfinite(points).all(1) | (np.abs(points) > [360.0, 90.0]).any(1)
    if not wrong.any():
        return
    first = points[int(wrong.argmax())]
    swapped = (np.abs(points[:, ::-1]) <= [360.0, 90.0]).all()
    hint = "longitude and latitude are swapped: longitude comes first" if swapped else ""
    raise InputError(
        f"{int(wrong.sum())} of {len(points)} points are not on the earth, such as "
        f"{first[0]:g}, {first[1]:g}", setting="--line", value=str(path), suggestion=hint,
        allowed="degrees on WGS84, longitude first; or a file that names its projection",
    )  # fmt: skip


# ── one line ─────────────────────────────────────────────────────────────────────────────────


def join(pieces: Sequence[Floats], gap_km: float) -> tuple[list[Floats], list[str]]:
    """Join pieces at the ends that are nearest to each other, the smallest gap first.

    Args:
        pieces: (n, 2) longitudes and latitudes of each.
        gap_km: largest gap to bridge.

    Returns:
        The pieces that remain, the longest first, in the direction of most of their length; and
        what was done, in sentences.
    """
    chains, bridged = [np.asarray(piece, float) for piece in pieces], []
    forward = [length_km(chain) for chain in chains]  # minus what is reversed
    while len(chains) > 1:
        ends = np.array([[chain[0], chain[-1]] for chain in chains])
        apart = distance_km(ends[:, None, :, None], ends[None, :, None, :])
        apart[np.arange(len(chains)), np.arange(len(chains))] = np.inf
        i, j, at, to = np.unravel_index(int(apart.argmin()), apart.shape)
        gap = float(apart[i, j, at, to])
        if gap > gap_km:
            break
        first = chains[i][::-1] if at == 0 else chains[i]
        second = chains[j] if to == 0 else chains[j][::-1]
        joined = np.concatenate([first, second[1:] if gap == 0 else second])
        sense = (-forward[i] if at == 0 else forward[i]) + (forward[j] if to == 0 else -forward[j])
        if sense < 0:
            joined = joined[::-1]
        others = [k for k in range(len(chains)) if k not in (i, j)]
        chains = [*(chains[k] for k in others), joined]
        forward = [*(forward[k] for k in others), abs(sense)]
        bridged += [gap] if gap > 0 else []
    remarks = []
    if len(pieces) > len(chains):
        gaps = f" over gaps of {', '.join(f'{gap:.2g}' for gap in bridged)} km" if bridged else ""
        remarks.append(f"{len(pieces)} pieces of the line are joined into {len(chains)}{gaps}")
    return sorted(chains, key=length_km, reverse=True), remarks


def _only(
    chains: list[Floats], path: Path, gap_km: float, longest: bool, remarks: list[str]
) -> Floats:
    """The one piece that remains."""
    if not chains:
        raise InputError("holds no line", setting="--line", value=str(path))
    if len(chains) == 1:
        return chains[0]
    lengths = [length_km(chain) for chain in chains]
    texts = ", ".join(f"{km:,.1f}" for km in lengths[:6]) + (", …" if len(lengths) > 6 else "")
    if longest:
        share = sum(lengths[1:]) / sum(lengths)
        remarks.append(f"of {len(chains)} pieces ({texts} km) the longest is taken; the others are "
                       f"{share:.0%} of the length")  # fmt: skip
        return chains[0]
    ends = np.array([[chain[0], chain[-1]] for chain in chains])
    apart = distance_km(ends[:, None, :, None], ends[None, :, None, :])
    apart[np.arange(len(chains)), np.arange(len(chains))] = np.inf
    raise InputError(
        f"is in {len(chains)} pieces of {texts} km; the nearest ends are {apart.min():,.1f} km "
        f"apart, more than {gap_km:g}", setting="--line", value=str(path),
        allowed="--gap-km, to bridge the gaps; --longest, to take the longest piece; --select "
        "column=value, to take some features (--select x tells the columns)",
    )  # fmt: skip


def _oriented(points: Floats, start: Place | None, path: Path) -> Floats:
    """The line from the end that is nearest to `start`; a ring is cut at its nearest point."""
    points = points[np.append(True, (np.diff(points, axis=0) != 0).any(1))]
    ring = bool((points[0] == points[-1]).all())
    if ring and start is None:
        raise InputError(
            f"is a ring of {length_km(points):,.1f} km: its ends meet at {points[0][0]:g}, "
            f"{points[0][1]:g}", setting="--line", value=str(path),
            allowed="--start longitude,latitude, where it is to be cut",
        )  # fmt: skip
    if start is None:
        return points
    apart = distance_km(points, np.asarray(start, float))
    if ring:
        cut = int(apart[:-1].argmin())
        return np.concatenate([points[cut:-1], points[: cut + 1]])
    return points if apart[0] <= apart[-1] else points[::-1]


def _refuse_crossings(line: Line, path: Path) -> None:
    """Refuse a line that crosses itself, as points in the wrong order make it do."""
    import shapely

    points = np.column_stack([unrolled(line.points[:, 0]), line.points[:, 1]])
    if shapely.LineString(points).is_simple:
        return
    pairs = np.stack([points[:-1], points[1:]], axis=1)
    steps = shapely.linestrings(pairs)
    one, other = shapely.STRtree(steps).query(steps, predicate="intersects")
    apart = (other - one > 1) & ~(
        (one == 0) & (other == len(steps) - 1) & (pairs[0, 0] == pairs[-1, 1]).all()
    )
    if not apart.any():
        return
    where = shapely.intersection(steps[one[apart][0]], steps[other[apart][0]]).centroid
    chain = length_km(_nearest_first(line.points))
    hint = ""
    if chain < 0.7 * line.length_km:
        hint = (f"points in another order: from one to the nearest next, the line has "
                f"{chain:,.0f} km, not {line.length_km:,.0f}")  # fmt: skip
    raise InputError(
        f"crosses itself {int(apart.sum())} times, first at {where.x:.3f}, {where.y:.3f}",
        setting="--line", value=str(path), allowed="a line that does not cross itself",
        suggestion=hint,
    )  # fmt: skip


def _nearest_first(points: Floats) -> Floats:
    """The points from the first on, each followed by the nearest one that is left."""
    if len(points) > 2 * MOST_POINTS:
        return points
    left, order = list(range(1, len(points))), [0]
    while left:
        step = distance_km(points[left], points[order[-1]]).argmin()
        order.append(left.pop(int(step)))
    return points[order]


def thinned(line: Line, most: int = MOST_POINTS) -> Line:
    """Return a line with at most `most` points, and at least one every 10 km.

    Points are left out by Douglas and Peucker's rule, with the smallest tolerance that suffices,
    and added along geodesics.
    """
    import shapely

    dense = _dense(line.points)
    flat = np.column_stack([unrolled(dense[:, 0]), dense[:, 1]])
    tolerance, points = 1e-5, flat
    while len(points) > most:
        simple = np.asarray(shapely.LineString(flat).simplify(tolerance).coords)
        points, tolerance = _dense(simple), tolerance * 1.5
    if len(points) < len(flat):
        return replace(line, points=points, remarks=(*line.remarks, f"of {len(flat):,} points of "
                       f"the line {len(points):,} are kept"))  # fmt: skip
    return replace(line, points=points)


def _dense(points: Floats) -> Floats:
    """The points, with others added on the geodesics between those more than 10 km apart."""
    steps = distance_km(points[:-1], points[1:])
    found: list[Floats] = []
    for start, end, step in zip(points[:-1], points[1:], steps, strict=True):
        found.append(start[None])
        more = int(np.ceil(step / _DENSE_KM)) - 1
        if more > 0:
            between = _geod().npts(*start, *end, more)
            found.append(np.asarray(between, float))
    return np.concatenate([*found, points[-1:]])


# ── the ellipsoid ────────────────────────────────────────────────────────────────────────────


def _geod() -> Any:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def length_km(points: Floats) -> float:
    """Return the length of a line along the ellipsoid, km."""
    return float(_geod().line_length(points[:, 0], points[:, 1])) / 1000.0


def distance_km(places: Floats, others: Floats) -> Floats:
    """Return the distances between places (…, 2) along the ellipsoid, km."""
    one, other = np.broadcast_arrays(places, others)
    shape = one.shape[:-1]
    arguments: Iterable[Floats] = (
        part[..., axis].ravel().copy() for part in (one, other) for axis in (0, 1)
    )
    return np.asarray(_geod().inv(*arguments)[2], float).reshape(shape) / 1000.0


def unrolled(longitude: Floats) -> Floats:
    """Return longitudes without a jump at the date line."""
    return np.degrees(np.unwrap(np.radians(longitude)))
