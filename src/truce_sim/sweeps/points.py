"""From a point of a design to its checked configuration, and to the value that the engine runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from truce_sim.checks import unknown
from truce_sim.config import validate
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.fields import field_at
from truce_sim.schema import Config
from truce_sim.spec import make_spec

from .seeds import seed_of_point, seed_of_row

if TYPE_CHECKING:
    from .design import Design

#: Points made together: enough to be quick, few enough to fit the largest border in memory.
_BLOCK = 256

Template = tuple[Config, RunSpec]

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
    return validate(plain_of(base, values))


def plain_of(base: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """One point's configuration, resolved but not checked."""
    plain = copy.deepcopy(dict(base))
    for name, cell in values.items():
        if not is_choice(name):
            _put(plain, name, decode(name, cell))
    return _resolved(plain) if has_references(plain) else plain


def has_references(plain: Mapping[str, Any]) -> bool:
    """Whether some setting takes its value from another (`${home.threshold}`)."""
    return "${" in repr(plain)


def setting_at(plain: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; raises KeyError."""
    place: Any = plain
    for part in path.split("."):
        place = place[part]
    return place


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


# ── what the engine runs ─────────────────────────────────────────────────────────────────────


def specs_of(design: Design, points: range) -> list[RunSpec]:
    """The runs of some points, checked; raises InputError for the first bad point, naming it."""
    specs: list[RunSpec] = []
    templates: dict[int, Template | None] = {}
    for start in range(points.start, points.stop, _BLOCK):
        block = range(start, min(start + _BLOCK, points.stop))
        quick = _quick_specs(design, block, templates)
        specs += [quick.get(point) or _spec_of(design, point) for point in block]
    return specs


def _quick_specs(
    design: Design, block: range, templates: dict[int, Template | None]
) -> dict[int, RunSpec]:
    """Those of the points that can be made by column, checked."""
    from .bulk import filled, plain_number

    names = [name for name in design.factors if not is_choice(name) and name != "seed"]
    if not names or not all(map(plain_number, names)):
        return {}
    found: dict[int, RunSpec] = {}
    for base in np.unique(design.base[block.start : block.stop]):
        members = block.start + np.flatnonzero(design.base[block.start : block.stop] == base)
        if base not in templates:
            templates[base] = _template(design, int(members[0]))
        template = templates[base]
        if template is None:
            continue
        config, spec = template
        columns = {name: design.values[name].to_numpy()[members] for name in names}
        params, good = filled(config, spec, columns)
        for i in np.flatnonzero(good):
            point = int(members[i])
            made = RunSpec(params[i : i + 1], spec.border, spec.seed, spec.replicate)
            found[point] = _with_seed(design, point, config, made)
    return found


def _template(design: Design, point: int) -> Template | None:
    """A checked point that others of its base can be copied from; None where there is none."""
    base, values = design.bases[design.base[point]], _values_of(design, point)
    if base["interventions"] or has_references(base):
        return None
    try:
        config = config_of(base, values)
        return config, make_spec(config)
    except InputError:
        return None


def _values_of(design: Design, point: int) -> dict[str, Any]:
    return {name: design.values[name].iloc[point] for name in design.factors}


def _spec_of(design: Design, point: int) -> RunSpec:
    """One point the long way."""
    values = _values_of(design, point)
    try:
        config = config_of(design.bases[design.base[point]], values)
        return _with_seed(design, point, config, make_spec(config))
    except InputError as error:
        told = ", ".join(f"{name}={value}" for name, value in values.items())
        raise error.at(origin=f"point {point} ({told})") from None


def _with_seed(design: Design, point: int, config: Config, spec: RunSpec) -> RunSpec:
    """The spec with the seed of its point: all have the same, unless the design or the sweep says
    otherwise. config: of any point with the same base."""
    seed = int(design.values["seed"].iloc[point]) if "seed" in design.factors else config.seed
    if design.rows is not None:
        return replace(spec, seed=seed_of_row(seed, int(design.rows[point])))
    spec = replace(spec, seed=seed)
    if config.sweep.common_random_numbers:
        return spec
    return replace(spec, seed=seed_of_point(spec))
