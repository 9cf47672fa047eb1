"""Write a border folder completely or not at all: its table, line, base map, account and
picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.folder import MadeBorder
from truce_sim.border.picture import draw_border

Floats = NDArray[np.float64]

#: Degrees by which the shapes of a base map are simplified.
_COARSE = 0.01
_NAMES = ("name", "name_long", "admin", "shapename")


def write_folder(
    made: MadeBorder, points: Floats, content: Mapping[str, Any], base: Sequence[str | Path],
    within_km: float,
) -> None:  # fmt: skip
    """Write the folder of a border that was made, and its picture.

    Args:
        made: the border; its folder does not exist yet, or is empty.
        points: (n, 2) longitudes and latitudes of the line.
        content: of `border.yaml`.
        base: vector files for the base map.
        within_km: how far events may lie from the line.
    """
    from omegaconf import OmegaConf

    target = made.folder.path
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        made.segments.to_csv(part / "segments.csv", index=False)
        line = {
            "type": "Feature",
            "properties": {key: content[key] for key in ("name", "home_side", "length_km")},
            "geometry": {"type": "LineString", "coordinates": np.round(points, 5).tolist()},
        }
        _write_features(part / "line.geojson", [line])
        shapes = [one for file in base for one in base_features(Path(file), points, within_km)]
        if shapes:
            _write_features(part / "base.geojson", shapes)
        text = OmegaConf.to_yaml(OmegaConf.create(dict(content)))
        (part / "border.yaml").write_text(text, encoding="utf-8")
        title = str(content.get("title") or content["name"])
        draw_border(
            part / "border.png", made, points, content["home_side"] == "left", shapes, title
        )
        if target.exists():
            target.rmdir()  # it is empty
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_features(path: Path, features: Sequence[Mapping[str, Any]]) -> None:
    rows = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n', encoding="utf-8")


def base_features(path: Path, points: Floats, margin_km: float) -> list[dict[str, Any]]:
    """Return the features of a vector file around a line: areas as countries, lines, and places.

    Args:
        path: the file, with names in a column such as `name`.
        points: (n, 2) the line.
        margin_km: km shown beyond the line.

    Raises:
        InputError: the file cannot be read.
    """
    import shapely

    from truce_sim.border.line import read_features

    frame = read_features(path, "--base")
    degrees = margin_km / 111.0
    window = shapely.box(*points.min(0), *points.max(0)).buffer(degrees, join_style="mitre")
    name = next((c for c in frame.columns if str(c).lower() in _NAMES), None)
    kinds = {"Polygon": "country", "MultiPolygon": "country", "Point": "place"}
    found = []
    for _, row in frame[frame.intersects(window)].iterrows():
        shape = row.geometry
        kind = kinds.get(shape.geom_type, "coast")
        if kind == "country":
            shape = shapely.make_valid(shape)
        shape = shape.intersection(window).simplify(_COARSE)
        if not shape.is_empty:
            properties = {"kind": kind, "name": "" if name is None else str(row[name])}
            geometry = json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-4)))
            found.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return found
