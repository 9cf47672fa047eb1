"""The record that the compiled rules read: built from the schema, filled from the configuration.

Every setting that a rule may read gets a field with its name and type; none is listed here.
Settings that both states have are in `states`, which the rules index by HOME and HOST.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from math import inf
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border
from truce_sim.border.dates import first_date
from truce_sim.config.places import Place, places
from truce_sim.config.regimes import Regime, mediators_by_slot, regimes
from truce_sim.engine.params import MAX_CALENDAR, MAX_MEDIATORS, MAX_PLACES, PLACE, STATES, record
from truce_sim.settings.fields import field_at, seasonal
from truce_sim.settings.schema import Config, HomeConfig, HostConfig, MediatorConfig

#: Parts of the configuration that rules read.
_PARTS = (
    "run", "border", "militants", "home", "host", "attribution", "belief", "mediation", "truce",
    "frailty",
)  # fmt: skip

#: Settings that lay out the border; the rules see only its sectors.
_OF_THE_BORDER = ("sectors", "floor")

#: Settings that make a rule need the length of a sector, so that more than their own value changes.
ALONG_THE_LINE = ("militants.offspring_km", "border.stretch_km")

#: How a setting's type is stored; an option is stored as its number.
_STORED = {float: "f8", int: "i8", bool: "i8", str: "i8"}


def _part_fields(part: type, leave_out: Sequence[str] = ()) -> dict[str, object]:
    """The fields of a part of the schema: name -> type in the record."""
    hints = get_type_hints(part)
    return {
        entry.name: _storage_type(hints[entry.name])
        for entry in fields(part)
        if entry.name not in leave_out and get_origin(hints[entry.name]) is not dict
    }


def _storage_type(hint: Any) -> object:
    if is_dataclass(hint):
        return record(**_part_fields(hint))  # type: ignore[arg-type]
    if get_origin(hint) is list:
        return _STORED[get_args(hint)[0]], (MAX_CALENDAR,)
    return _STORED[hint]


_SHARED = tuple(name for name in _part_fields(HomeConfig) if name in _part_fields(HostConfig))


def is_alone(path: str) -> bool:
    """Whether a setting changes no field of the record but its own."""
    return path not in ALONG_THE_LINE and path not in seasonal()


def _params() -> np.dtype[np.void]:
    left_out = {"border": _OF_THE_BORDER, "home": _SHARED, "host": _SHARED}
    layout: dict[str, object] = {"from_day": "i8", "sector_km": "f8", "first_day": "i8"}
    for part in _PARTS:
        if part == STATES[0]:
            shared = {name: _part_fields(HomeConfig)[name] for name in _SHARED}
            layout["states"] = (record(**shared), (len(STATES),))
        kind = get_type_hints(Config)[part]
        layout[part] = record(**_part_fields(kind, left_out.get(part, ())))
        if part == "mediation":
            mediator = record(active="i8", **_part_fields(MediatorConfig))
            layout["mediators"] = (mediator, (MAX_MEDIATORS,))
    layout["places"] = (PLACE, (MAX_PLACES,))
    return record(**layout)


#: One regime of a run. Its layout changes with the schema; files say which layout they have.
PARAMS = _params()


def to_params(config: Config, border: Border) -> NDArray[np.void]:
    """Return one `PARAMS` record for each regime, shape (regimes,), by `from_day`.

    A mediator keeps its slot through all regimes; it is inactive in a regime without that mediator.

    Raises:
        InputError: as `regimes` does, or more mediators than slots.
    """
    sequence = regimes(config, border)
    return fill_params(sequence, mediators_by_slot(sequence), border)


def fill_params(
    sequence: Sequence[Regime], names: Sequence[str], border: Border
) -> NDArray[np.void]:
    """Return `PARAMS` (regimes,); `names` are the mediators by slot."""
    params = np.zeros(len(sequence), PARAMS)
    for row, (day, regime) in zip(params, sequence, strict=True):
        row["from_day"] = day
        row["sector_km"] = border.km_to[0] - border.km_from[0] if _along_the_line(regime) else 0.0
        row["first_day"] = _first_day(regime)
        fill(row, regime, names)
        _fill_places(row, places(regime.interventions, day), border)
    return params


def _fill_places(params: np.void, here: Sequence[Place], border: Border) -> None:
    """Fill in the stretches where effort differs, in sectors along the line."""
    start, length = border.km_from[0], border.km_to[0] - border.km_from[0]
    for row, place in zip(params["places"], here, strict=False):
        row["state"] = STATES.index(place.state)
        row["capacity"] = place.capacity
        # rounded, so that a stretch of whole sectors does not fall a hair short
        row["first"] = round((place.km_from - start) / length, 9)
        row["end"] = round((place.km_to - start) / length, 9)


def _along_the_line(config: Config) -> bool:
    """Whether a rule needs the length of a sector; if not, it is left out, so that points stay
    equal."""
    return config.militants.offspring_km < inf or config.border.stretch_km > 0


def _first_day(config: Config) -> int:
    """The ordinal of day 0's date if a rule needs it, else 0: dates alone change no point."""
    needed = any(attrgetter(path)(config) > 0 for path in seasonal())
    first = first_date(config.scenario) if needed else None
    return first.toordinal() if first else 0


def fill(params: np.void, config: Config, mediators: Sequence[str] = ()) -> None:
    """Fill one `PARAMS` record with a configuration; `mediators` are names by slot."""
    for part in _PARTS:
        _fill_part(params[part], getattr(config, part), part)
    for i, state in enumerate(STATES):
        _fill_part(params["states"][i], getattr(config, state), state)
    for slot, name in enumerate(mediators):
        mediator = config.mediation.mediators.get(name)
        if mediator is not None:
            params["mediators"][slot]["active"] = 1
            for field in fields(mediator):
                params["mediators"][slot][field.name] = getattr(mediator, field.name)


def _fill_part(params: np.void, part: object, path: str) -> None:
    for name in params.dtype.names or ():
        value = getattr(part, name)
        if is_dataclass(value):
            _fill_part(params[name], value, f"{path}.{name}")
        elif isinstance(value, list):
            params[name] = -1
            params[name][: len(value)] = sorted(value)
        else:
            params[name] = as_number(f"{path}.{name}", value)


def as_number(path: str, value: object) -> Any:
    """Return a value as the record stores it: an option as its number, others unchanged."""
    info = field_at(path)
    return info.options.index(value) if info is not None and isinstance(value, str) else value


def column(params: NDArray[np.void], path: str, mediators: Sequence[str] = ()) -> NDArray[Any]:
    """Return a writable view of one setting's values in several records.

    Args:
        params: PARAMS (n,).
        path: of the setting ("home.threshold").
        mediators: names by slot; only the settings of mediators need them.

    Returns:
        (n,), or (n, MAX_CALENDAR) for the calendar.
    """
    part, *rest = path.split(".")
    if rest[0] == "mediators":
        slot = list(mediators).index(rest[1])
        return np.asarray(params["mediators"][rest[2]][:, slot])
    if part in STATES and rest[0] in _SHARED:
        return np.asarray(params["states"][rest[0]][:, STATES.index(part)])
    place: Any = params[part]
    for name in rest:
        place = place[name]
    return np.asarray(place)
