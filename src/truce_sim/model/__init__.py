"""The Mesa face of the model: the same rules, one agent each for those who act."""

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
