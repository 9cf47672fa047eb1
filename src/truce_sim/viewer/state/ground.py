"""The map under a day's picture, and what its marks look like, as data for the browser."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np

from truce_sim.analysis.plots.marks import BANDS, DARK, LIGHT, MARKS, STRIKE
from truce_sim.border.atlas import Atlas


def map_data(atlas: Atlas) -> dict[str, Any]:
    """Return the looks of all marks and, if the border has a course, its map.

    Coordinates are km, east and north of the map's centre: of the cells' corners as bytes (32-bit
    numbers, row by row), otherwise as flat lists of x, y, x, y, …, to 0.1 km.
    """
    looks = {
        "marks": {kind: list(mark) for kind, mark in MARKS.items()},
        "bands": BANDS,
        "strike": STRIKE,
        "colours": {"light": LIGHT, "dark": DARK},
        "map": None,
    }
    if not atlas.is_map:
        return looks
    corners = atlas.corners.astype("<f4")
    roles = dict(zip(atlas.sides, ("host", "home"), strict=True))
    labels = [
        (each.kind, each.name, *each.xy.round(1).tolist(),
         roles.get(each.name, "") if each.kind == "country" else "")
        for each in atlas.labels
    ]  # fmt: skip
    return looks | {
        "map": {
            "corners": b64encode(corners.tobytes()).decode(),
            "pieces": atlas.pieces,
            "low": corners.min((0, 1)).tolist(),
            "high": corners.max((0, 1)).tolist(),
            "line": _flat(atlas.line),
            "shapes": [(each.kind, each.closed, _flat(each.xy)) for each in atlas.shapes],
            "labels": labels,
        }
    }


def _flat(xy: np.ndarray) -> list[float]:
    return [float(number) for number in xy.round(1).ravel()]
