"""Make the border of a scenario: weights, ruggedness, crossings and labels of equal sectors.

The weights of the segments are spread over the sectors in proportion to the kilometres they share,
ruggedness is averaged in the same way, and a crossing goes to the sector that contains the midpoint
of its segment. So one override changes the resolution (`border.sectors=90`). The weights W of the
sectors become the site prior w = (W/ΣW + floor/S) / (1 + floor), which sums to 1 and is nowhere
zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.folder import DURAND_TABLE, find_folder
from truce_sim.border.segments import Segments, read_segments
from truce_sim.engine.arithmetic import exact_exp
from truce_sim.engine.params import SECTOR
from truce_sim.errors import InputError
from truce_sim.settings.schema import Config, ScenarioConfig


@dataclass(frozen=True, eq=False)
class Border:
    """The border of a run: S sectors along the line, NE to SW.

    Attributes:
        name: of the scenario ("durand", "synthetic", the name of the border folder or the stem of
            the user's table).
        sectors: `SECTOR` (S,): weight (sums to 1), ruggedness, crossings.
        km_from: (S,) start of each sector along the line, km.
        km_to: (S,) end of each sector along the line, km.
        host_province: S labels, each of the province with most of the sector's kilometres.
        home_district: S labels, each of the district with most of the sector's kilometres.
        crossing_names: S tuples of names, empty where there is no crossing.
        crossing_km: S tuples with the position of each along the line, km.
    """

    name: str
    sectors: NDArray[np.void]
    km_from: NDArray[np.float64]
    km_to: NDArray[np.float64]
    host_province: tuple[str, ...]
    home_district: tuple[str, ...]
    crossing_names: tuple[tuple[str, ...], ...]
    crossing_km: tuple[tuple[float, ...], ...]

    def crossings(self) -> list[tuple[int, str]]:
        """Return every crossing as (index of its sector, name), along the line."""
        return [(s, name) for s, names in enumerate(self.crossing_names) for name in names]

    def place(self, sector: int) -> str:
        """Name a sector by its district or, where none is known, by number and kilometres."""
        kilometres = f"km {self.km_from[sector]:.0f}–{self.km_to[sector]:.0f}"
        return self.home_district[sector] or f"sector {sector} ({kilometres})"


def make_border(config: Config) -> Border:
    """Return the border of `config.scenario` at the resolution of `config.border`.

    Raises:
        InputError: the scenario's table is missing, unused or invalid.
    """
    scenario = config.scenario
    check_table_choice(scenario)
    if scenario.kind == "synthetic":
        return _synthetic(scenario, config.border.sectors, config.border.floor)
    if scenario.table:
        path = Path(scenario.table).expanduser()
        segments, name = read_segments(path), path.stem
    elif scenario.kind == "durand" and not scenario.path:
        segments, name = _durand(scenario), "durand"
    else:
        folder = find_folder(scenario.path or scenario.kind)
        segments, name = read_segments(folder.segments, setting="scenario.path"), folder.name
    border = _resample_once(segments, config.border.sectors, config.border.floor, name)
    return replace(border, sectors=border.sectors.copy())


def _durand(scenario: ScenarioConfig) -> Segments:
    """The segments of the Durand line, with weights and ruggedness as the scenario chooses."""
    rugged = "ruggedness" if scenario.relief == "assumed" else "ruggedness_relief"
    return read_segments(DURAND_TABLE, f"ttp_events_{scenario.period}", rugged_column=rugged)


def check_table_choice(scenario: ScenarioConfig) -> None:
    """Refuse a scenario that lacks its table or folder, or that has one but does not use it.

    Raises:
        InputError: naming `scenario.table` or `scenario.path`.
    """
    sources = (
        ("table", "table", scenario.table, "a CSV file with the segments of the border"),
        ("folder", "path", scenario.path, "a border folder, made by truce-sim border make"),
    )
    for kind, name, value, what in sources:
        if scenario.kind == kind and not value:
            raise InputError(
                f"scenario.kind={kind} needs a {kind}", setting=f"scenario.{name}", value=value,
                allowed=f"the path of {what}",
            )  # fmt: skip
        if scenario.kind not in (kind, "durand") and value:  # the kind follows, from durand
            raise InputError(
                f"a {scenario.kind} scenario uses no {kind}", setting=f"scenario.{name}",
                value=value, allowed=f"scenario.kind={kind} to use it; or empty text",
            )  # fmt: skip


@lru_cache(maxsize=16)
def _resample_once(segments: Segments, sectors: int, floor: float, name: str) -> Border:
    return resample(segments, sectors, floor, name)


def resample(segments: Segments, sectors: int, floor: float, name: str) -> Border:
    """Lay equal sectors over the segments of a border.

    Args:
        segments: of any lengths.
        sectors: number of sectors, S.
        floor: uniform part of the site prior, above 0.
        name: of the scenario.
    """
    edges = np.linspace(segments.edges[0], segments.edges[-1], sectors + 1)
    weight = spread(segments.edges, segments.weight, edges)
    rugged = spread(segments.edges, segments.ruggedness * np.diff(segments.edges), edges)
    names, km = _crossings(segments, edges)
    records = _records(weight, rugged / np.diff(edges), [len(n) for n in names], floor)
    return Border(
        name,
        records,
        edges[:-1],
        edges[1:],
        majority_labels(segments.edges, segments.host_province, edges),
        majority_labels(segments.edges, segments.home_district, edges),
        names,
        km,
    )


def spread(
    edges: NDArray[np.float64], amounts: NDArray[np.float64], onto: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Spread amounts over other intervals of the same range; the total stays the same.

    Args:
        edges: (n + 1,) ends of the given intervals, rising.
        amounts: (n,) amount in each of them, spread evenly within it.
        onto: (m + 1,) ends of the new intervals.

    Returns:
        (m,), the amount in each new interval.
    """
    total = np.concatenate(([0.0], np.cumsum(amounts)))
    return np.maximum(np.diff(np.interp(onto, edges, total)), 0.0)


def majority_labels(
    edges: NDArray[np.float64], labels: tuple[str, ...], onto: NDArray[np.float64]
) -> tuple[str, ...]:
    """Return the label with the most kilometres in each interval of `onto` (ties: the first)."""
    first = np.clip(np.searchsorted(edges, onto[:-1], "right") - 1, 0, len(labels) - 1)
    last = np.clip(np.searchsorted(edges, onto[1:], "left"), 1, len(labels))
    chosen = []
    for s, (i, j) in enumerate(zip(first, last, strict=True)):
        kilometres: dict[str, float] = {}
        for k in range(i, j):
            overlap = min(edges[k + 1], onto[s + 1]) - max(edges[k], onto[s])
            kilometres[labels[k]] = kilometres.get(labels[k], 0.0) + overlap
        most = max(kilometres.values())
        chosen.append(next(name for name, km in kilometres.items() if km >= most - 1e-9))
    return tuple(chosen)


def _crossings(
    segments: Segments, edges: NDArray[np.float64]
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[float, ...], ...]]:
    """The names of the crossings in each sector, and their positions along the line."""
    middles = (segments.edges[:-1] + segments.edges[1:]) / 2
    where = np.clip(np.searchsorted(edges, middles, "right") - 1, 0, len(edges) - 2)
    names: list[list[str]] = [[] for _ in edges[1:]]
    places: list[list[float]] = [[] for _ in edges[1:]]
    for sector, name, middle in zip(where, segments.crossing, middles.tolist(), strict=True):
        if name:
            names[sector].append(name)
            places[sector].append(middle)
    return tuple(map(tuple, names)), tuple(map(tuple, places))


def _records(
    weight: NDArray[np.float64],
    ruggedness: NDArray[np.float64],
    crossings: list[int],
    floor: float,
) -> NDArray[np.void]:
    records = np.zeros(len(weight), SECTOR)
    records["weight"] = (weight / weight.sum() + floor / len(weight)) / (1 + floor)
    records["ruggedness"] = np.clip(ruggedness, 0.0, 1.0)
    records["crossings"] = crossings
    return records


def _synthetic(scenario: ScenarioConfig, sectors: int, floor: float) -> Border:
    edges = np.linspace(0.0, scenario.length_km, sectors + 1)
    middles = (
        (np.arange(scenario.crossings) + 0.5) / scenario.crossings
        if scenario.crossings
        else np.zeros(0)
    )
    where = np.minimum((middles * sectors).astype(int), sectors - 1)
    inside = [np.flatnonzero(where == s) for s in range(sectors)]
    names = tuple(tuple(f"crossing {i + 1}" for i in here) for here in inside)
    places = tuple(tuple((middles[here] * scenario.length_km).tolist()) for here in inside)
    records = _records(
        _synthetic_weight(scenario, edges),
        np.full(sectors, scenario.ruggedness),
        [len(n) for n in names],
        floor,
    )
    labels = [("host side",) * sectors, ("home side",) * sectors]
    return Border("synthetic", records, edges[:-1], edges[1:], labels[0], labels[1], names, places)


def _synthetic_weight(scenario: ScenarioConfig, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of each sector: a uniform part plus normal hot spots, cut off at the line's ends."""
    uniform = np.diff(edges) / scenario.length_km
    if scenario.profile == "uniform":
        return uniform
    centres = (np.arange(scenario.hot_spots) + 0.5) / scenario.hot_spots * scenario.length_km
    spots = np.zeros(len(uniform))
    for share in _normal_shares(edges, centres, scenario.hot_spot_km):
        spots += share
    spots /= spots.sum()
    return (1 - scenario.concentration) * uniform + scenario.concentration * spots


def _normal_shares(
    edges: NDArray[np.float64], centres: NDArray[np.float64], deviation: float
) -> NDArray[np.float64]:
    """Shares (centres, sectors) of normal distributions between the edges."""
    scaled = (edges - centres[:, None]) / (deviation * math.sqrt(2.0))
    return np.diff(error_function(scaled))


def error_function(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return erf(x) to 1e-15 by its series (DLMF 7.6.2), the same on every machine.

    That of C libraries differs in the last bit from one to the next, and so would all runs.
    """
    result = np.sign(x)
    near = np.abs(x) < 6.0  # beyond, it is 1 to the last bit
    total = term = x[near]
    squares = total * total
    n = 1.0
    while (np.abs(term) > 2.0**-54 * np.abs(total)).any():
        n += 2.0
        term = term * (2.0 * squares / n)
        total = total + term
    result[near] = 2.0 / math.sqrt(math.pi) * exact_exp(-squares) * total
    return result
