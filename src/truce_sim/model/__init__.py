"""The Mesa face of the model: the same rules, one agent each for those who act."""

from .agents import Band, BorderPost, HomeState, HostState, Mediator, MilitantGroup
from .truce_model import TruceModel

__all__ = [
    "Band",
    "BorderPost",
    "HomeState",
    "HostState",
    "Mediator",
    "MilitantGroup",
    "TruceModel",
]
