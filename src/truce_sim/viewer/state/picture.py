"""A day of a run as data for the browser: the layer, the bands, the incidents."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.analysis.plots.marks import MARKS
from truce_sim.engine.codes import BAND_STATUSES, EVENTS
from truce_sim.engine.params import STATES
from truce_sim.viewer.state.replay import Replay

#: Layers of the grid: title and unit.
LAYERS = {
    "home_effort": ("Home effort", "hazard per cell entered"),
    "host_effort": ("Host effort", "hazard per cell entered"),
    "learned_risk": ("Learned risk", "as the group sees it, 0 to 1"),
    "activity": ("Activity", "share of recent public incidents"),
    "ruggedness": ("Ruggedness", "of the terrain, 0 to 1"),
}

#: Layers between 0 and 1, shown on the same scale for all runs.
_SHARES = ("learned_risk", "ruggedness")

_KINDS = np.array([EVENTS.index(kind) for kind in MARKS])

Scales = dict[str, float]


#: Maximum number of days of a run, and of cells over these days, used for the scales of layers.
_SCALE_DAYS, _SCALE_CELLS = 400, 4_000_000


def layer_scales(model: Replay, last_day: int) -> Scales:
    """Run to the last day and return the largest value of each layer; over long runs and
    large borders, the largest on every second day, every third, and so on."""
    highest = dict.fromkeys(LAYERS, 1e-12)
    days = max(min(_SCALE_DAYS, _SCALE_CELLS // math.prod(model.grid.dimensions)), 1)
    every = -(-(last_day + 1) // days)
    for day in range(last_day % every, last_day + 1, every):
        model.run_to(day)
        for name in LAYERS:
            highest[name] = max(highest[name], float(read_layer(model, name).max()))
    return highest | dict.fromkeys(_SHARES, 1.0)


def read_layer(model: Replay, layer: str) -> NDArray[np.float64]:
    """Return a layer of the model's grid, of shape (sectors, depth)."""
    return model.layer(layer)


#: Kind, sector, depth, deaths, and whether it is blamed on the host's soil.
Incident = tuple[str, int, int, int, bool]


def day_incidents(model: Replay, day: int) -> list[Incident]:
    """List (kind, sector, depth, deaths, attributed) of a day's incidents that have a place."""
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


def list_bands(model: Replay) -> list[tuple[int, int, int, str]]:
    """List (identity, sector, depth, status) of every band under way."""
    records = model.world["bands"][: len(model.bands)]
    fields = records[["entity", "sector", "depth", "status"]].tolist()
    return [(entity, s, d, BAND_STATUSES[status]) for entity, s, d, status in fields]


def list_ways(model: Replay) -> list[tuple[Any, ...]]:
    """List every band under way, each with its age in days, its target in km behind the line, and
    the sector where it crossed, or -1."""
    # read at once: a player may be stepping the model
    records = model.world["bands"][: len(model.bands)]
    fields = records[["entity", "sector", "depth", "status", "target_km", "crossed"]].tolist()
    return [
        (entity, s, d, BAND_STATUSES[status], model.day - launch_day(entity), round(km, 1),
         max(crossed, -1))
        for entity, s, d, status, km, crossed in fields
    ]  # fmt: skip


def launch_day(entity: int) -> int:
    """The day on which a band set out, encoded in its identity (`engine.draws.entity_of`); negative
    in the warm-up."""
    day = entity >> 16
    return day - 0x10000 if day & 0x8000 else day


def band_places(model: Replay) -> dict[int, tuple[int, int]]:
    """Map the identity of every band under way to its (sector, depth), even if the model was run
    without its agents."""
    records = model.world["bands"][: int(model.world["band_count"])]
    return {entity: (s, d) for entity, s, d in records[["entity", "sector", "depth"]].tolist()}


def struck_sectors(model: Replay) -> tuple[int, int] | None:
    """First and last sector reached by a home strike today, or None."""
    if model.day < 0 or not model.world["series"][model.day]["strikes_by_home"]:
        return None
    activity = model.world["sectors"]["activity"][: model.grid.dimensions[0]]
    step = int(model.world["regime"]["stretch"])
    target = int(np.argmax(np.add.reduceat(activity, range(0, activity.size, step))))
    radius = int(model.params["home"]["strike_radius"])
    return max(target - radius, 0) * step, min((target + radius + 1) * step, activity.size) - 1


def striking_states(model: Replay) -> list[str]:
    """The states that strike today: home, host, both or none."""
    if model.day < 0:
        return []
    today = model.world["series"][model.day]
    return [state for state in STATES if today[f"strikes_by_{state}"]]


def colour_power(layer: str) -> float:
    """The exponent applied to a layer before colouring: effort and activity have long tails."""
    return 1.0 if layer in _SHARES else 0.5


def layer_data(model: Replay, layer: str, highest: float) -> str:
    """Return a layer, one of `LAYERS`, as bytes in text; its value `highest` becomes 255."""
    shares = np.clip(read_layer(model, layer) / highest, 0, 1) ** colour_power(layer)
    return b64encode((255 * shares).astype(np.uint8).tobytes()).decode()
