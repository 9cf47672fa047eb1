"""A checked configuration with everything derived from it, made once and passed on."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border, make_border
from truce_sim.config.params import fill_params
from truce_sim.config.regimes import Regime, mediators_by_slot, regimes
from truce_sim.settings.schema import Config


@dataclass(frozen=True, eq=False)
class Setup:
    """A checked configuration and everything derived from it.

    Attributes:
        config: the checked configuration.
        border: the border of its scenario.
        regimes: (first day, configuration) of each regime; the first starts with the warm-up.
        mediators: names by slot, of all regimes.
        params: `PARAMS` (regimes,), what the rules of the model read.
    """

    config: Config
    border: Border
    regimes: tuple[Regime, ...]
    mediators: tuple[str, ...]
    params: NDArray[np.void]

    def with_seed(self, seed: int | None = None, replicate: int | None = None) -> Setup:
        """Return the same setup with another seed or replicate; no check depends on them.

        Args:
            seed: None keeps the configuration's.
            replicate: None keeps the configuration's.
        """
        seed = self.config.seed if seed is None else seed
        replicate = self.config.replicate if replicate is None else replicate
        config = replace(self.config, seed=seed, replicate=replicate)
        sequence = [(day, copy.copy(regime)) for day, regime in self.regimes]
        for _, regime in sequence:  # without checking each again, all interventions included
            regime.seed, regime.replicate = seed, replicate
        return replace(self, config=config, regimes=tuple(sequence))


def set_up(config: Config) -> Setup:
    """Check settings against each other and return the setup of a configuration.

    Args:
        config: each of its settings is in range.

    Raises:
        InputError: settings that contradict each other, a bad scenario table or intervention.
    """
    border = make_border(config)
    sequence = regimes(config, border)
    names = mediators_by_slot(sequence)
    return Setup(config, border, tuple(sequence), tuple(names), fill_params(sequence, names))
