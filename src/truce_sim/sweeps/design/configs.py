"""Make the configuration of one point: its base with its values applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truce_sim.config.checks import unknown_setting
from truce_sim.config.load import prepare
from truce_sim.config.resolvers import has_references, refuse_resolvers
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import MEDIATORS, is_there
from truce_sim.settings.fields import is_choice
from truce_sim.settings.nested import copied, merge
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.cells import decode


def config_of(base: Mapping[str, Any], values: Mapping[str, object]) -> Config:
    """Return the checked configuration of one point.

    Args:
        base: a full configuration, not resolved.
        values: setting -> cell of the design. The base already contains choices of config groups.

    Raises:
        InputError: if the configuration is invalid.
    """
    return setup_of(base, values).config


def setup_of(base: Mapping[str, Any], values: Mapping[str, object]) -> Setup:
    """Return the setup of one point; arguments and errors as in `config_of`."""
    return prepare(plain_config(base, values))


def plain_config(base: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """Return the configuration of one point, resolved but not checked."""
    plain = merged(base, values)
    return _resolve(plain) if has_references(plain) else plain


def merged(base: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """Return a copy of a base with values applied, neither resolved nor checked.

    Those of a mediator that the point does not have are left out (`effects.py` warns of them).
    """
    plain: dict[str, Any] = copied(dict(base))
    there = mediators_at(base, values)
    for name, cell in values.items():
        if not is_choice(name) and is_there(name, there):
            try:
                merge(plain, name, decode(name, cell))
            except KeyError:
                raise unknown_setting(name) from None
    return plain


def mediators_at(base: Mapping[str, Any], values: Mapping[str, object]) -> list[str]:
    """Return the mediators of a point: those of its base, and those in a mapping among its
    values."""
    given = decode(MEDIATORS, values[MEDIATORS]) if MEDIATORS in values else {}
    return [*base.get("mediation", {}).get("mediators", {}), *given]


def _resolve(plain: dict[str, Any]) -> dict[str, Any]:
    from omegaconf import OmegaConf

    from truce_sim.config.explain import composing_errors, explain

    refuse_resolvers(plain)
    try:
        container = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except composing_errors() as error:
        raise explain(error) from None
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}
