"""From a point of a design to its checked configuration, and to the value that the engine runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from truce_sim.checks import unknown
from truce_sim.config import validate
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.fields import field_at
from truce_sim.schema import Config
from truce_sim.spec import make_spec

from .seeds import seed_of_point

if TYPE_CHECKING:
    from .design import Design

_SCALARS = ("float", "int", "bool", "str")


def is_choice(name: str) -> bool:
    """Whether a factor chooses an option of a config group, which is part of a point's base."""
    return "." not in name and name != "interventions" and field_at(name) is None


def encode(name: str, value: object) -> object:
    """A value as a cell of the design: numbers, flags and words as they are, else JSON text."""
    if is_choice(name):
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    info = field_at(name)
    scalar = info is not None and info.type in _SCALARS
    return value if scalar and not isinstance(value, list | dict) else json.dumps(value)


def decode(name: str, cell: object) -> Any:
    """The value that `encode` made a cell of."""
    info = field_at(name)
    if info is not None and info.type in _SCALARS:
        return cell.item() if hasattr(cell, "item") else cell
    return json.loads(str(cell))


def config_of(base: Mapping[str, Any], values: Mapping[str, object]) -> Config:
    """One point's checked configuration: its base with its values applied.

    base: a full configuration, not resolved. values: setting -> cell of the design; choices of
    config groups are in the base already. Raises InputError.
    """
    plain = copy.deepcopy(dict(base))
    for name, cell in values.items():
        if not is_choice(name):
            _put(plain, name, decode(name, cell))
    return validate(_resolved(plain) if "${" in repr(plain) else plain)


def _put(plain: dict[str, Any], path: str, value: Any) -> None:
    """Set one setting; a mapping is merged into what is there, as Hydra does."""
    *way, last = path.split(".")
    place: Any = plain
    for part in way:
        place = place.setdefault(part, {}) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        raise unknown(path)
    if isinstance(value, dict) and isinstance(place.get(last), dict):
        for key, inner in value.items():
            _put(place[last], key, inner)
    else:
        place[last] = value


def _resolved(plain: dict[str, Any]) -> dict[str, Any]:
    from omegaconf import OmegaConf

    from truce_sim.explain import composing_errors, explain

    try:
        container = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except composing_errors() as error:
        raise explain(error) from error
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def specs_of(design: Design, points: range) -> list[RunSpec]:
    """The runs of some points, checked; raises InputError for the first bad point, naming it."""
    return [_spec_of(design, point) for point in points]


def _spec_of(design: Design, point: int) -> RunSpec:
    values = {name: design.values[name].iloc[point] for name in design.factors}
    try:
        config = config_of(design.bases[design.base[point]], values)
        spec = make_spec(config)
    except InputError as error:
        told = ", ".join(f"{name}={value}" for name, value in values.items())
        raise error.at(origin=f"point {point} ({told})") from None
    if design.rows is not None:
        return replace(spec, seed=seed_of_point(spec.seed, int(design.rows[point])))
    if not config.sweep.common_random_numbers:
        return replace(spec, seed=seed_of_point(spec.seed, point))
    return spec
