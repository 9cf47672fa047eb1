"""Turn the points of a design into checked specs, which are what the engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from truce_sim.config.resolvers import has_references
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import is_there
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.settings.fields import is_choice
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.design.configs import setup_of
from truce_sim.sweeps.design.seeds import seed_of_point, seed_of_row

if TYPE_CHECKING:
    from truce_sim.sweeps.design.design import Design

#: Points made together: many enough to be fast, few enough for the largest border in memory.
_BLOCK = 256

# ── what the engine runs ─────────────────────────────────────────────────────────────────────


def make_specs(design: Design, points: range) -> list[RunSpec]:
    """Return the specs of some points, as `each_spec` makes them."""
    return list(each_spec(design, points))


def each_spec(design: Design, points: range) -> Iterator[RunSpec]:
    """Yield the specs of some points, in order and checked.

    Raises:
        InputError: for the first invalid point, which the message names.
    """
    templates: dict[int, Setup | None] = {}
    for start in range(points.start, points.stop, _BLOCK):
        block = range(start, min(start + _BLOCK, points.stop))
        quick = _quick_specs(design, block, templates)
        for point in block:
            yield quick.get(point) or _single_spec(design, point)


def _quick_specs(
    design: Design, block: range, templates: dict[int, Setup | None]
) -> dict[int, RunSpec]:
    """Return checked specs of those points that can be filled in by column."""
    from truce_sim.sweeps.design.bulk import fill_params, plain_number

    names = [name for name in design.factors if not is_choice(name) and name != "seed"]
    if not names or not all(map(plain_number, names)):
        return {}
    specs: dict[int, RunSpec] = {}
    for base in np.unique(design.base[block.start : block.stop]):
        members = block.start + np.flatnonzero(design.base[block.start : block.stop] == base)
        if base not in templates:
            templates[base] = _template(design, int(members[0]))
        template = templates[base]
        there = () if template is None else template.mediators
        used = [name for name in names if is_there(name, there)]
        if template is None or not used:
            continue
        columns = {name: design.values[name].to_numpy()[members] for name in used}
        params, good = fill_params(template, columns)
        sectors, seed = template.border.sectors, template.config.seed
        for i in np.flatnonzero(good):
            point = int(members[i])
            made = RunSpec(params[i : i + 1], sectors, seed, template.config.replicate)
            specs[point] = _with_seed(design, point, template.config, made)
    return specs


def _template(design: Design, point: int) -> Setup | None:
    """Return a checked point from which others of its base can be copied; None if this one cannot
    serve."""
    base, values = design.bases[design.base[point]], _point_values(design, point)
    if base["interventions"] or has_references(base):
        return None
    try:
        return setup_of(base, values)
    except InputError:
        return None


def _point_values(design: Design, point: int) -> dict[str, Any]:
    return {name: design.values[name].iloc[point] for name in design.factors}


def _single_spec(design: Design, point: int) -> RunSpec:
    """Make one point by itself."""
    values = _point_values(design, point)
    try:
        setup = setup_of(design.bases[design.base[point]], values)
        return _with_seed(design, point, setup.config, make_spec(setup))
    except InputError as error:
        listed = ", ".join(f"{name}={value}" for name, value in values.items())
        raise error.at(origin=f"point {point} ({listed})") from None


def _with_seed(design: Design, point: int, config: Config, spec: RunSpec) -> RunSpec:
    """Return the spec with its point's seed, which all share unless design or sweep differ.

    config: the configuration of any point with the same base.
    """
    seed = int(design.values["seed"].iloc[point]) if "seed" in design.factors else config.seed
    if design.rows is not None:
        return replace(spec, seed=seed_of_row(seed, int(design.rows[point])))
    spec = spec if spec.seed == seed else replace(spec, seed=seed)
    if config.sweep.common_random_numbers:
        return spec
    return replace(spec, seed=seed_of_point(spec))
