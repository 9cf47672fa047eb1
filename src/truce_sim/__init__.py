"""truce_sim: a laboratory for one-clause truces.

    from truce_sim import TruceModel, load_setup, open_sweep, simulate, simulate_many, sweep

Names are imported when first used, so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from truce_sim.moved import install
from truce_sim.version import __version__

if TYPE_CHECKING:
    from truce_sim.border.make import make_border_folder
    from truce_sim.config.load import load_config, load_setup
    from truce_sim.errors import InputError, NoEffectWarning
    from truce_sim.following.conditional import futures
    from truce_sim.following.nowcast import nowcast
    from truce_sim.inference.fit import fit, open_fit
    from truce_sim.inference.predictive import prior_predictive
    from truce_sim.inference.prior import draw_prior
    from truce_sim.model import TruceModel
    from truce_sim.policy.api import search
    from truce_sim.simulation.run import simulate
    from truce_sim.sweeps.api import sweep
    from truce_sim.sweeps.many import simulate_many
    from truce_sim.sweeps.replay import rerun
    from truce_sim.sweeps.sweep import open_sweep

__all__ = [
    "InputError", "NoEffectWarning", "TruceModel", "__version__", "draw_prior", "fit",
    "futures", "load_config", "load_setup", "make_border_folder", "nowcast", "open_fit",
    "open_sweep", "prior_predictive", "rerun", "search", "simulate", "simulate_many", "sweep",
]  # fmt: skip

_HOMES = {
    "InputError": "truce_sim.errors",
    "NoEffectWarning": "truce_sim.errors",
    "TruceModel": "truce_sim.model",
    "draw_prior": "truce_sim.inference.prior",
    "fit": "truce_sim.inference.fit",
    "load_config": "truce_sim.config.load",
    "load_setup": "truce_sim.config.load",
    "make_border_folder": "truce_sim.border.make",
    "futures": "truce_sim.following.conditional",
    "nowcast": "truce_sim.following.nowcast",
    "open_fit": "truce_sim.inference.fit",
    "open_sweep": "truce_sim.sweeps.sweep",
    "prior_predictive": "truce_sim.inference.predictive",
    "rerun": "truce_sim.sweeps.replay",
    "search": "truce_sim.policy.api",
    "simulate": "truce_sim.simulation.run",
    "simulate_many": "truce_sim.sweeps.many",
    "sweep": "truce_sim.sweeps.api",
}

install()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'truce_sim' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found  # looked up once
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
