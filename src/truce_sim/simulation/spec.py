"""From a configuration to the value that the engine runs."""

from __future__ import annotations

from truce_sim.config.checks import whole_number
from truce_sim.config.regimes import mediator_names
from truce_sim.config.setup import Setup, set_up
from truce_sim.engine.run import RunSpec
from truce_sim.settings.schema import Config

__all__ = ["make_spec", "mediator_names"]


def make_spec(
    config: Config | Setup, seed: int | None = None, replicate: int | None = None
) -> RunSpec:
    """Return the run that a configuration describes, as a value.

    Args:
        config: a checked configuration, or its setup.
        seed: replaces the configuration's.
        replicate: replaces the configuration's.

    Raises:
        InputError: settings that contradict each other, a bad scenario table or intervention; a
            seed or replicate that is not a whole number in range.
    """
    setup = set_up(config) if isinstance(config, Config) else config
    return RunSpec(
        params=setup.params,
        border=setup.border.sectors,
        seed=setup.config.seed if seed is None else whole_number("seed", seed),
        replicate=setup.config.replicate
        if replicate is None
        else whole_number("replicate", replicate),
    )
