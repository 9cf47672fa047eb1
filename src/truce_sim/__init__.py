"""truce_sim: a laboratory for one-clause truces.

    from truce_sim import TruceModel, load_config, open_sweep, simulate, sweep

Names are imported when first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analysis.sweep import open_sweep
    from .config import load_config
    from .errors import InputError
    from .library import simulate, sweep
    from .model import TruceModel

__version__ = "0.1.0"

__all__ = ["InputError", "TruceModel", "load_config", "open_sweep", "simulate", "sweep"]

_HOMES = {
    "InputError": ".errors",
    "TruceModel": ".model",
    "load_config": ".config",
    "open_sweep": ".analysis.sweep",
    "simulate": ".library",
    "sweep": ".library",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'truce_sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
