"""From a configuration to the value that the engine runs."""

from __future__ import annotations

from truce_sim.border.border import make_border
from truce_sim.config.params import to_params
from truce_sim.config.regimes import mediator_names
from truce_sim.engine.run import RunSpec
from truce_sim.settings.schema import Config

__all__ = ["make_spec", "mediator_names"]


def make_spec(config: Config, seed: int | None = None, replicate: int | None = None) -> RunSpec:
    """The run that a configuration describes; `seed` and `replicate` replace its own.

    Raises InputError for a border table that cannot be read.
    """
    border = make_border(config)
    return RunSpec(
        params=to_params(config, border),
        border=border.sectors,
        seed=config.seed if seed is None else seed,
        replicate=config.replicate if replicate is None else replicate,
    )
