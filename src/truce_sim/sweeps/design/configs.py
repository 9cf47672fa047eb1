"""The configuration of one point: its base with its values applied."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from truce_sim.config.checks import unknown
from truce_sim.config.load import prepare
from truce_sim.config.setup import Setup
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.cells import decode, is_choice


def config_of(base: Mapping[str, Any], values: Mapping[str, object]) -> Config:
    """One point's checked configuration: its base with its values applied.

    base: a full configuration, not resolved. values: setting -> cell of the design; choices of
    config groups are in the base already. Raises InputError.
    """
    return setup_of(base, values).config


def setup_of(base: Mapping[str, Any], values: Mapping[str, object]) -> Setup:
    """The setup of the same point."""
    return prepare(plain_of(base, values))


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

    from truce_sim.config.explain import composing_errors, explain

    try:
        container = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except composing_errors() as error:
        raise explain(error) from error
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}
