"""The same from Python: one run, or a sweep, as pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from truce_sim.border.border import Border
from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.engine.run import RunSpec, run
from truce_sim.results.frames import event_frame, label_outcome, series_frame
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec

Overrides = Setup | Config | Mapping[str, object] | Sequence[str] | str | None


@dataclass(frozen=True)
class Simulation:
    """One run.

    outcome: one value each of `columns.OUTCOME`. series: a row a day, `columns.SERIES`. events: a
    row each, in order, `columns.EVENT`. `spec` is the run as a value: `engine.run.run(spec)` gives
    it again.
    """

    config: Config
    border: Border
    spec: RunSpec
    outcome: pd.Series
    series: pd.DataFrame
    events: pd.DataFrame


def simulate(
    overrides: Overrides = None, *, seed: int | None = None, replicate: int | None = None
) -> Simulation:
    """Simulate one truce.

    overrides: settings that differ from the defaults, as a mapping
    (`{"truce": "literal", "home.threshold": 5}`), as strings in Hydra's syntax, a Config, or a
    Setup, which is checked already. seed and replicate replace the configuration's.

    Raises InputError for a bad setting, RuntimeError if the run fails.
    """
    setup = as_setup(overrides)
    spec = make_spec(setup, seed, replicate)
    result = run(spec)
    outcome = label_outcome(result.outcome)
    if outcome["status"] != "done":
        raise RuntimeError(
            f"seed {spec.seed}, replicate {spec.replicate}: the run failed: {outcome['status']}"
        )
    return Simulation(
        setup.config,
        setup.border,
        spec,
        outcome,
        series_frame(result.series),
        event_frame(result.events, list(setup.mediators)),
    )
