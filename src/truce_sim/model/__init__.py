"""The Mesa version of the model: the same rules, with an agent for each actor."""

from truce_sim.model.agents import Band, BorderPost, HomeState, HostState, Mediator, MilitantGroup
from truce_sim.model.truce_model import TruceModel

__all__ = [
    "Band",
    "BorderPost",
    "HomeState",
    "HostState",
    "Mediator",
    "MilitantGroup",
    "TruceModel",
]
