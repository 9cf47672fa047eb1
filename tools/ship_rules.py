"""Write the rules' intermediate code for a wheel: python tools/ship_rules.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from truce_sim.config.load import load_config
from truce_sim.engine.frailty import FACTORS, fill_factors
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import NO_TURNS, run_replicates
from truce_sim.engine.world import make_world
from truce_sim.simulation.spec import make_spec


def main(folder: Path) -> None:
    """Compile both entries for the arguments that every run has."""
    spec, numbers = make_spec(load_config()), np.zeros(1, np.int64)
    params, current, out = spec.params[None], np.zeros_like(spec.params), np.zeros((1, 1), OUTCOME)
    factors = np.zeros((1, 1, 1), FACTORS)
    fill_factors.ship(folder, params, numbers, numbers, factors)
    run_replicates.ship(
        folder, params, factors, spec.border, numbers, numbers, NO_TURNS, current, make_world(), out
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
