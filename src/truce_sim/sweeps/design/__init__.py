"""Designs: the points of a sweep, and what each of them runs."""

from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.configs import config_of
from truce_sim.sweeps.design.design import Design, describe
from truce_sim.sweeps.design.factors import sweep_tokens
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.design.points import make_specs

__all__ = [
    "Composer", "Design", "DesignSettings", "config_of", "describe", "make_design", "make_specs",
    "sweep_tokens",
]  # fmt: skip
