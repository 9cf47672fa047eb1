"""truce_sim: a laboratory for one-clause truces.

    from truce_sim import TruceModel, load_config, open_sweep, simulate, sweep

Names are imported when first used, so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from truce_sim.moved import install
from truce_sim.version import __version__

if TYPE_CHECKING:
    from truce_sim.analysis.sweep import open_sweep
    from truce_sim.config.load import load_config
    from truce_sim.errors import InputError, NoEffectWarning
    from truce_sim.model import TruceModel
    from truce_sim.simulation.run import simulate
    from truce_sim.sweeps.api import sweep

__all__ = [
    "InputError", "NoEffectWarning", "TruceModel", "__version__", "load_config", "open_sweep",
    "simulate", "sweep",
]  # fmt: skip

_HOMES = {
    "InputError": "truce_sim.errors",
    "NoEffectWarning": "truce_sim.errors",
    "TruceModel": "truce_sim.model",
    "load_config": "truce_sim.config.load",
    "open_sweep": "truce_sim.analysis.sweep",
    "simulate": "truce_sim.simulation.run",
    "sweep": "truce_sim.sweeps.api",
}

install()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'truce_sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
