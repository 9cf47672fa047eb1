"""Simulate one run from Python; results are pandas objects."""

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

    Attributes:
        config: its configuration.
        border: its border.
        spec: the run as a value; `engine.run.run(spec)` repeats it.
        outcome: a value for each of `columns.OUTCOME`.
        series: one row per day, `columns.SERIES`.
        events: one row per event, in order, `columns.EVENT`.
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

    Args:
        overrides: settings that differ from the defaults, as a mapping
            (`{"truce": "literal", "home.threshold": 5}`) or as strings in Hydra's syntax; or a
            Config; or a Setup, which is not checked again.
        seed: replaces the configuration's.
        replicate: replaces the configuration's.

    Raises:
        InputError: a bad setting.
        RuntimeError: the run fails.
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
