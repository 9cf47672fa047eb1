"""Make the light base map of a border's folder, `base.geojson`, from Natural Earth.

    python tools/basemap.py src/truce_sim/data/borders/durand NATURAL_EARTH
        --between Afghanistan,Pakistan --home Pakistan --provinces afpak_admin1.geojson

NATURAL_EARTH is a folder with these files of Natural Earth (public domain), as GeoJSON:
ne_10m_admin_0_boundary_lines_land, ne_10m_coastline, ne_50m_admin_0_countries and
ne_10m_populated_places_simple, each ending in .json. With `--between`, the folder's line.geojson is
made too: the boundary of two countries. Needs shapely and pyproj.

Countries are the faces between the boundary lines and coasts of the 1:10m map, so that they meet
the line exactly; the 1:50m map names them. Boundaries are de facto, as Natural Earth draws them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import shapely
from pyproj import Geod
from shapely import STRtree, box, ops
from shapely.geometry import LineString, Point, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

#: Degrees of longitude and latitude shown around the line, and by which lines are simplified:
#: screens are wider than high.
MARGINS, TOLERANCE = (11.0, 1.8), 0.01
#: Faces smaller than this, in square degrees, are left out: small islands.
SMALLEST = 0.002
PLACES = 80
Feature = dict[str, Any]


def main() -> None:
    """Write line.geojson, if asked to, and base.geojson."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the border's folder")
    parser.add_argument("natural_earth", type=Path)
    parser.add_argument("--between", default="", help="two countries: make their line as well")
    parser.add_argument("--home", default="", help="the one of the two that is the home state")
    parser.add_argument("--west-first", action="store_true", help="km 0 is the western end")
    parser.add_argument("--provinces", type=Path, help="GeoJSON of provinces: name, name_current")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / "line.geojson"
    if options.between:
        pair = options.between.split(",")
        write(path, [line_between(options.natural_earth, pair, options.home, options.west_first)])
    line = shape(json.loads(path.read_text(encoding="utf-8"))["features"][0]["geometry"])
    west, south, east, north = line.bounds
    wide, high = MARGINS
    window = box(west - wide, south - high, east + wide, north + high)
    features = countries(options.natural_earth, window, line)
    if options.provinces:
        features += provinces(options.provinces, window)
    write(options.folder / "base.geojson", features + places(options.natural_earth, window, line))


def write(path: Path, features: list[Feature]) -> None:
    """Write a FeatureCollection, a feature on each line."""
    rows = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    text = f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n'
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {len(features)} features, {len(text.encode()) / 1e3:.0f} kB")


def feature(geometry: BaseGeometry, **properties: object) -> Feature:
    """Return a feature with coordinates to four digits, some 10 m."""
    plain = json.loads(json.dumps(mapping(shapely.set_precision(geometry, 1e-4))),
                       parse_float=lambda text: round(float(text), 4))  # fmt: skip
    return {"type": "Feature", "properties": properties, "geometry": plain}


def read(folder: Path, name: str) -> list[Feature]:
    """Return the features of a file of Natural Earth, property names in lower case."""
    features = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["features"]
    for one in features:
        one["properties"] = {k.lower(): v for k, v in one["properties"].items()}
    return list(features)


def line_between(folder: Path, pair: list[str], home: str, west_first: bool) -> Feature:
    """Return the boundary of two countries as one line."""
    pieces = [
        shape(one["geometry"]) for one in read(folder, "ne_10m_admin_0_boundary_lines_land")
        if {one["properties"]["adm0_left"], one["properties"]["adm0_right"]} == set(pair)
    ]  # fmt: skip
    merged = ops.linemerge(shapely.union_all(pieces))
    line = max(getattr(merged, "geoms", [merged]), key=lambda each: each.length)
    if (line.coords[0][0] < line.coords[-1][0]) != west_first:
        line = line.reverse()
    line = LineString([(round(x, 5), round(y, 5)) for x, y, *_ in line.coords])
    state = next(shape(one["geometry"]) for one in read(folder, "ne_50m_admin_0_countries")
                 if one["properties"]["admin"] == home)  # fmt: skip
    left = line.parallel_offset(0.3, "left").intersection(state).length
    right = line.parallel_offset(0.3, "right").intersection(state).length
    return {
        "type": "Feature",
        "properties": {
            "home_side": "left" if left > right else "right",
            "length_km": round(Geod(ellps="WGS84").geometry_length(line) / 1000, 1),
        },
        "geometry": mapping(line),
    }


def countries(folder: Path, window: Polygon, line: BaseGeometry) -> list[Feature]:
    """Return the countries in the window, cut off at its edge, each with a place for its name."""
    known = read(folder, "ne_50m_admin_0_countries")
    shapes = [shape(one["geometry"]).buffer(0) for one in known]
    tree = STRtree(shapes)
    edges = [line]
    for name in ("ne_10m_admin_0_boundary_lines_land", "ne_10m_coastline"):
        edges += [shape(one["geometry"]) for one in read(folder, name)]
    near = [shapely.force_2d(edge) for edge in edges if edge.intersects(window)]
    whole = ops.linemerge(shapely.union_all([edge.intersection(window) for edge in near]))
    arcs = [arc.simplify(TOLERANCE) for arc in getattr(whole, "geoms", [whole])]
    faces = ops.polygonize(shapely.union_all([*arcs, window.exterior]))
    found: dict[str, list[Polygon]] = {}
    for face in faces:
        shares = {int(i): shapes[i].intersection(face).area for i in tree.query(face)}
        best = max(shares, key=lambda i: shares[i], default=None)
        if best is not None and shares[best] > face.area / 2 and face.area > SMALLEST:
            state = known[best]["properties"]
            name = "" if state["type"] == "Indeterminate" else state["name_long"]
            found.setdefault(name, []).append(face)
    return [
        feature(union := shapely.union_all(parts), kind="country", name=name,
                label=label_place(union))
        for name, parts in sorted(found.items())
    ]  # fmt: skip


def provinces(path: Path, window: Polygon) -> list[Feature]:
    """Return the edges of the provinces in the window; provinces that have since merged are
    merged."""
    found: dict[str, list[BaseGeometry]] = {}
    for one in json.loads(path.read_text(encoding="utf-8"))["features"]:
        name = one["properties"]["name_current"].partition(" (")[0].partition(";")[0]
        found.setdefault(name, []).append(shape(one["geometry"]).buffer(0))
    cut = box(*shapely.total_bounds([part for parts in found.values() for part in parts]))
    inner = cut.buffer(-TOLERANCE, join_style="mitre")  # where the file ends, there is no edge
    features = []
    for name, parts in sorted(found.items()):
        union = shapely.union_all(parts)
        edges = shapely.line_merge(union.boundary.intersection(inner).intersection(window))
        inside = union.intersection(window)
        if not inside.is_empty and not edges.is_empty:
            features.append(feature(edges, kind="province", name=name, label=label_place(inside)))
    return features


def places(folder: Path, window: Polygon, line: BaseGeometry) -> list[Feature]:
    """Return the places in the window, the largest and nearest first."""
    found = []
    for one in read(folder, "ne_10m_populated_places_simple"):
        known = one["properties"]
        point = Point(known["longitude"], known["latitude"])
        if point.within(window):
            people = max(known["pop_max"], 1)
            found.append((people / (0.3 + point.distance(line)) ** 2, point, known))
    found.sort(key=lambda each: -each[0])
    return [
        feature(point, kind="place", name=known["name"], people=int(known["pop_max"]),
                capital=known["featurecla"] == "Admin-0 capital")
        for _, point, known in found[:PLACES]
    ]  # fmt: skip


def label_place(geometry: BaseGeometry) -> list[float]:
    """Return the point of the largest part that is farthest from its edge."""
    largest = max(getattr(geometry, "geoms", [geometry]), key=lambda part: part.area)
    point = ops.polylabel(largest, 0.05)
    return [round(point.x, 3), round(point.y, 3)]


if __name__ == "__main__":
    main()
