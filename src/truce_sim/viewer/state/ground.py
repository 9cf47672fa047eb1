"""The map under a day's picture, and what its marks look like, as data for the browser."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np

from truce_sim.analysis.plots.marks import (
    BANDS,
    DARK,
    GROUND,
    GROUP,
    LIGHT,
    MARKS,
    STRIKE,
    TALKS,
    TRUCE_COLOURS,
)
from truce_sim.analysis.plots.style import COLOURS as PALETTE
from truce_sim.border.atlas import Atlas, make_atlas
from truce_sim.border.border import Border
from truce_sim.border.colours import HOME, HOST
from truce_sim.settings.schema import Config

_CIRCLE = "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z"
_TIPS = [
    (radius * math.cos(turn), radius * math.sin(turn))
    for radius, turn in (
        ((0.42, 1.15)[tip % 2 == 0], math.radians(36 * tip - 90)) for tip in range(10)
    )
]
_TRIANGLE = "M0-1.15L1.1 .85H-1.1Z"
_STAR = "M" + "L".join(f"{x:.3f} {y:.3f}" for x, y in _TIPS) + "Z"

#: The shape of each mark as a path of SVG, of size 1. Shapes differ as well as colours, so that
#: nothing relies on colour alone.
SHAPES = {
    "cross": "M-.5-1L0-.5L.5-1L1-.5L.5 0L1 .5L.5 1L0 .5L-.5 1L-1 .5L-.5 0L-1-.5Z",
    "plus": "M-.35-1.1H.35V-.35H1.1V.35H.35V1.1H-.35V.35H-1.1V-.35H-.35Z",
    "wye": "M-.35 1.1V.2L-1.12-.35L-.72-.92L0-.42L.72-.92L1.12-.35L.35 .2V1.1Z",
    "star": _STAR,
    "triangle": _TRIANGLE,
    "ringed": _TRIANGLE,
    "diamond": "M0-1.1L1.1 0L0 1.1L-1.1 0Z",
    "square": "M-.85-.85H.85V.85H-.85Z",
    "circle": _CIRCLE,
}

_NAMED = {
    **TRUCE_COLOURS, **{kind: mark.colour for kind, mark in MARKS.items()}, "strike": STRIKE.colour,
    "home": HOME, "host": HOST, "group": GROUP, "talks": TALKS, "record": HOME,
    **{f"line-{i}": colour for i, colour in enumerate(PALETTE)},
}  # fmt: skip
#: Colours that differ on a dark background: those too dark there, and one that would equal
#: another's. Marks lie on the map's own background.
_ON_DARK = {HOME: "#56B4E9", "#56B4E9": "#F0E442", STRIKE.colour: STRIKE.dark, "#444444": "#BBBBBB"}
_LINES = ("home", "record", "strike", *(name for name in _NAMED if name.startswith("line-")))


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


#: The same colours for the same things on all pages, as in figures: CSS variables by name.
COLOURS = (
    f":root {{ {_variables(_NAMED)} }}\n.theme--dark {{ "
    + _variables({name: _ON_DARK.get(_NAMED[name], _NAMED[name]) for name in _LINES})
    + " }"
)

#: The entries of the map's key, each of which can be hidden.
KEYS = ("crossing", "strike", *BANDS, "trail", *MARKS, "past", "names")

#: What all borders share: how marks look.
LOOKS: dict[str, Any] = {
    "marks": {kind: list(mark) for kind, mark in MARKS.items()},
    "bands": BANDS,
    "strike": STRIKE._asdict(),
    "ground": GROUND,
    "shapes": SHAPES,
    "colours": {"light": LIGHT, "dark": DARK},
}


#: A border with more cells takes seconds to draw.
LARGE_CELLS = 10_000

#: A frame without a day, for a border whose run is not ready yet, and its scale.
NO_DAY: dict[str, Any] = {
    "day": -1, "layer": "", "bands": [], "incidents": [], "past": [], "struck": None,
    "struckBefore": [], "strikes": [], "truce": "",
}  # fmt: skip
NO_SCALE: dict[str, Any] = {"title": "", "unit": "", "layer": "", "power": 1.0, "high": 0.0}


def cells(config: Config) -> int:
    """Return the number of cells of a border."""
    grid = config.border
    return grid.sectors * (grid.host_depth + grid.home_depth)


def ground_of(config: Config, border: Border) -> dict[str, Any]:
    """Return what stays the same through a run: the border's size, labels, crossings and map."""
    atlas = make_atlas(config, border)
    return {
        "sectors": border.sectors.size,
        "hostDepth": config.border.host_depth,
        "homeDepth": config.border.home_depth,
        "cellKm": config.border.cell_km,
        "kmFrom": border.km_from.round(1).tolist(),
        "kmTo": border.km_to.round(1).tolist(),
        "host": list(border.host_province),
        "home": list(border.home_district),
        "crossings": border.crossings(),
        "sides": atlas.sides,
    } | map_data(atlas)


def what_it_is(ground: Mapping[str, Any]) -> str:
    """Say what is being looked at, in the heading of a run's page."""
    host, home = ground["sides"]
    between = f" between {home} (home state) and {host} (host state)" if home and host else ""
    return f"a simulated truce{between}, made up, no forecast"


def clause(ground: Mapping[str, Any]) -> str:
    """Say what the truce asks, with the names of the two sides where they are known."""
    host, home = (
        f"the {role} state{f' ({name})' if name else ''}"
        for role, name in zip(("host", "home"), ground["sides"], strict=True)
    )
    return f"The truce has one clause: no militants cross from {host} into {home}."


def map_data(atlas: Atlas) -> dict[str, Any]:
    """Return the looks of all marks and, if the border has a course, its map.

    Coordinates are km, east and north of the map's centre: of the cells' corners as bytes (32-bit
    numbers, row by row), otherwise as flat lists of x, y, x, y, …, to 0.1 km.
    """
    looks = LOOKS | {"map": None}
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
