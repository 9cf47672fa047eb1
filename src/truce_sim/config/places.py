"""Effort on a stretch of the line: interventions with a `where`.

`{day: 30, where: {km: [800, 1000]}, set: {home.capacity: 1.7}}` changes a state's effort between
two points of the line and nowhere else. It applies until the same setting is set again: there, or
along the whole line (an intervention without `where`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border
from truce_sim.engine.params import MAX_PLACES, STATES
from truce_sim.errors import InputError, closest
from truce_sim.settings.nested import leaves
from truce_sim.settings.schema import Config

#: Settings that may differ along the line.
PLACED = tuple(f"{state}.capacity" for state in STATES)

_FORM = "{km: [<from>, <to>]}"


@dataclass(frozen=True)
class Place:
    """A stretch of the line where a state's capacity differs from the rest.

    Attributes:
        state: "home" or "host".
        km_from: where it begins, km along the line.
        km_to: where it ends.
        capacity: of the state, there.
    """

    state: str
    km_from: float
    km_to: float
    capacity: float

    def covers(self, other: Place) -> bool:
        """Whether it wholly overrides another place of the same state."""
        inside = self.km_from <= other.km_from and other.km_to <= self.km_to
        return self.state == other.state and inside


def places(interventions: Sequence[Mapping[str, Any]], day: int) -> list[Place]:
    """Return the places in force on a day, in order: later ones override earlier ones.

    Args:
        interventions: checked, in any order.
        day: of the run.
    """
    found: list[Place] = []
    begun = [entry for entry in interventions if int(entry["day"]) <= day]
    for entry in sorted(begun, key=lambda entry: int(entry["day"])):
        for path, value in leaves(entry["set"]).items():
            if path in PLACED:
                state = path.partition(".")[0]
                low, high = entry["where"]["km"] if "where" in entry else (-math.inf, math.inf)
                made = Place(state, float(low), float(high), float(value))
                found = [place for place in found if not made.covers(place)]
                found += [made] if "where" in entry else []
    return found


def home_capacities(config: Config, day: int, border: Border) -> NDArray[np.float64]:
    """Return (sectors,) the home state's capacity on a day, as `place_capacity` of the engine does.

    Args:
        config: what holds on that day, with its interventions.
        day: of the run.
        border: its border.
    """
    sectors = len(border.sectors)
    capacity = np.full(sectors, float(config.home.capacity))
    edges = np.linspace(border.km_from[0], border.km_to[-1], sectors + 1)
    for place in places(config.interventions, day):
        if place.state == "home":
            inside = np.minimum(edges[1:], place.km_to) - np.maximum(edges[:-1], place.km_from)
            part = np.clip(inside / np.diff(edges), 0.0, 1.0)
            capacity = (1.0 - part) * capacity + part * place.capacity
    return capacity


def check_where(where: object, setting: str) -> None:
    """Check the form of a `where`; whether the line is long enough is checked later.

    Args:
        where: as given.
        setting: what to call the intervention in a message: `interventions[0]`.

    Raises:
        InputError: it has the wrong form.
    """
    if not isinstance(where, Mapping) or "km" not in where:
        raise InputError(
            "is not a stretch of the line", setting=f"{setting}.where", value=where, allowed=_FORM
        )
    for key in where:
        if key != "km":
            raise InputError(
                "no such key", setting=f"{setting}.where.{key}", allowed=_FORM,
                suggestion=closest(str(key), ("km",)),
            )  # fmt: skip
    ends = where["km"]
    if not (isinstance(ends, Sequence) and len(ends) == 2 and all(map(_is_number, ends))
            and ends[0] < ends[1]):  # fmt: skip
        raise InputError(
            "is not a stretch of the line", setting=f"{setting}.where.km", value=ends,
            allowed="[<from>, <to>], two numbers of km along the line, the smaller one first",
        )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def check_placed(path: str, value: object, where: Mapping[str, Any], border: Border) -> None:
    """Check that a setting may differ along the line, and that the stretch lies on the line.

    Raises:
        InputError: it may not, or the stretch does not.
    """
    if path not in PLACED:
        raise InputError(
            "is the same all along the line", setting=path, value=value,
            allowed=f"{' and '.join(PLACED)}, or no where", suggestion=closest(path, PLACED),
        )  # fmt: skip
    low, high = where["km"]
    start, end = float(border.km_from[0]), float(border.km_to[-1])
    if low < start or high > end + 1e-6:
        raise InputError(
            f"reaches beyond the line, which is {end - start:g} km long", setting="where.km",
            value=list(where["km"]), allowed=f"from {start:g} to {end:g} km",
        )  # fmt: skip


def check_number(found: Sequence[Place]) -> None:
    """Refuse more places at one time than a run has room for.

    Raises:
        InputError: there are more.
    """
    if len(found) > MAX_PLACES:
        raise InputError(
            f"{len(found)} stretches at a time are too many", setting="where",
            allowed=f"at most {MAX_PLACES}, for both states together",
        )  # fmt: skip
