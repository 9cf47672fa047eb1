"""A day of a run as the browser draws it: the layer, the bands, the incidents."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border
from truce_sim.compat import layer_array
from truce_sim.engine.codes import BAND_STATUSES, EVENTS
from truce_sim.model import TruceModel

#: Layers of the grid: title and unit.
LAYERS = {
    "home_effort": ("Home effort", "hazard of entering a cell"),
    "host_effort": ("Host effort", "hazard of entering a cell"),
    "learned_risk": ("Learned risk", "as the group sees it, 0 to 1"),
    "activity": ("Activity", "share of recent public incidents"),
    "ruggedness": ("Ruggedness", "of the ground, 0 to 1"),
}

#: Layers that are shares of 1 are shown on one scale for all runs.
_SHARES = ("learned_risk", "ruggedness")

#: Incidents that are drawn where they happen.
INCIDENTS = (*EVENTS[:7], "band_destroyed")
_KINDS = np.array([EVENTS.index(kind) for kind in INCIDENTS])

Scales = dict[str, float]


def layer_scales(model: TruceModel) -> Scales:
    """The largest value of each layer over a run, which is stepped to its end for it."""
    highest = dict.fromkeys(LAYERS, 1e-12)
    while model.running:
        model.step()
        for name in LAYERS:
            highest[name] = max(highest[name], float(read_layer(model, name).max()))
    return highest | dict.fromkeys(_SHARES, 1.0)


def read_layer(model: TruceModel, layer: str) -> NDArray[np.float64]:
    """A layer of the model's grid, (S, D)."""
    values: NDArray[np.float64] = layer_array(model.grid, layer)
    return values


def day_incidents(model: TruceModel, day: int) -> list[tuple[str, int, int, int, bool]]:
    """(kind, sector, depth, deaths, attributed) of what happened somewhere on a day."""
    log = model.events
    first, last = np.searchsorted(log["day"], [day, day + 1])
    today = log[first:last]
    today = today[np.isin(today["kind"], _KINDS)]
    return [
        (EVENTS[kind], sector, depth, deaths, attributed == 1)
        for kind, sector, depth, deaths, attributed in today[
            ["kind", "sector", "depth", "deaths", "attributed"]
        ].tolist()
    ]


def list_bands(model: TruceModel) -> list[tuple[int, int, int, str]]:
    """(identity, sector, depth, status) of every band under way."""
    records = model.world["bands"][: len(model.bands)]
    fields = records[["entity", "sector", "depth", "status"]].tolist()
    return [(entity, s, d, BAND_STATUSES[status]) for entity, s, d, status in fields]


def band_places(model: TruceModel) -> dict[int, tuple[int, int]]:
    """Identity to (sector, depth) of every band under way."""
    return {entity: (s, d) for entity, s, d, _ in list_bands(model)}


def struck_sectors(model: TruceModel) -> tuple[int, int] | None:
    """First and last sector that a home strike reached today, None without one."""
    if model.day < 0 or not model.world["series"][model.day]["strikes_by_home"]:
        return None
    target = int(np.argmax(read_layer(model, "activity")[:, 0]))
    radius = int(model.params["home"]["strike_radius"])
    return max(target - radius, 0), min(target + radius, model.border.sectors.size - 1)


def colour_power(layer: str) -> float:
    """What values are raised to before they are coloured: effort and activity have long tails."""
    return 1.0 if layer in _SHARES else 0.5


def drawn(
    model: TruceModel, layer: str, highest: float, before: dict[int, tuple[int, int]]
) -> dict[str, Any]:
    """All that the canvas needs of a day; the layer as bytes, 255 where it is at its highest;
    bands with where they stood `before`."""
    shares = np.clip(read_layer(model, layer) / highest, 0, 1) ** colour_power(layer)
    values = (255 * shares).astype(np.uint8)
    return {
        "day": model.day,
        "layer": b64encode(values.tobytes()).decode(),
        "bands": [(*band, *before.get(band[0], band[1:3])) for band in list_bands(model)],
        "incidents": day_incidents(model, model.day),
        "struck": struck_sectors(model),
        "truce": model.truce,
    }


def ground(border: Border, host_depth: int, home_depth: int, cell_km: float) -> dict[str, Any]:
    """What stays as it is: size, labels, crossings."""
    return {
        "sectors": border.sectors.size,
        "hostDepth": host_depth,
        "homeDepth": home_depth,
        "cellKm": cell_km,
        "kmFrom": border.km_from.round(1).tolist(),
        "kmTo": border.km_to.round(1).tolist(),
        "host": list(border.host_province),
        "home": list(border.home_district),
        "crossings": border.crossings(),
    }
