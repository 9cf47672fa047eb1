"""From overrides to what the rules read: compose, check, and explain what is wrong."""

from truce_sim.config.branching import effective_branching
from truce_sim.config.compose import conf_folder, find_origin, loader_for
from truce_sim.config.explain import explain
from truce_sim.config.load import as_config, load_config, to_plain, validate
from truce_sim.config.params import to_params
from truce_sim.config.regimes import mediator_names
from truce_sim.config.tokens import as_tokens
from truce_sim.errors import InputError
from truce_sim.settings.schema import Config

__all__ = [
    "Config",
    "InputError",
    "as_config",
    "as_tokens",
    "conf_folder",
    "effective_branching",
    "explain",
    "find_origin",
    "load_config",
    "loader_for",
    "mediator_names",
    "to_params",
    "to_plain",
    "validate",
]  # fmt: skip
