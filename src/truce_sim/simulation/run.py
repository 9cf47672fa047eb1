"""Simulate one run from Python; results are pandas objects, each made when it is asked for."""

from __future__ import annotations

import html
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from truce_sim.border.border import Border
from truce_sim.border.dates import first_date
from truce_sim.border.places import cell_places
from truce_sim.config.arguments import refuse_arguments
from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.engine.codes import DONE
from truce_sim.engine.run import RunResult, RunSpec, outcomes, run
from truce_sim.engine.world import make_world
from truce_sim.results.frames import (
    event_frame,
    label_outcome,
    series_frame,
    with_dates,
    with_places,
)
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec

Overrides = Setup | Config | Mapping[str, object] | Sequence[str] | str | None

#: Outcomes shown when a notebook displays a run.
_SHOWN = (
    "collapsed", "end_day", "cause", "days_suspended", "attempts", "attacks", "deaths",
    "violations", "strikes_by_home", "strikes_by_host", "rounds_succeeded",
)  # fmt: skip

_of_thread = threading.local()


class Simulation:
    """One run.

    The outcome is known at once. Daily series and events cost more: when first asked for, the run
    is repeated with its record, which changes nothing else.

    Attributes:
        setup: its configuration and all that follows from it.
        spec: the run as a value; `engine.run.run(spec)` repeats it.
        record: its outcome as the engine's record, OUTCOME ().
    """

    def __init__(self, setup: Setup, spec: RunSpec, record: np.void) -> None:
        self.setup, self.spec, self.record = setup, spec, record

    @property
    def config(self) -> Config:
        """Its configuration."""
        return self.setup.config

    @property
    def border(self) -> Border:
        """Its border."""
        return self.setup.border

    @property
    def first_date(self) -> date | None:
        """The date of day 0, None if it has none (`scenario.start_date`)."""
        return first_date(self.config.scenario)

    @cached_property
    def outcome(self) -> pd.Series:
        """A value for each of `columns.OUTCOME`."""
        return label_outcome(self.record)

    @cached_property
    def series(self) -> pd.DataFrame:
        """One row per day, `columns.SERIES`; with dates (`date`), where day 0 has one."""
        return with_dates(series_frame(self._recorded.series), self.first_date)

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per event, in order, `columns.EVENT`; with dates, where day 0 has one, and with
        longitudes and latitudes, where the border has a course."""
        records = self._recorded.events
        places = cell_places(self.config, self.border, records["sector"], records["depth"])
        return with_places(with_dates(self.log, self.first_date), places)

    @cached_property
    def log(self) -> pd.DataFrame:
        """The events without dates and places: finding these takes longer than many runs."""
        return event_frame(self._recorded.events, list(self.setup.mediators))

    @cached_property
    def _recorded(self) -> RunResult:
        return run(self.spec)

    def __repr__(self) -> str:
        return f"<Simulation {self._in_words()}>"

    def _repr_html_(self) -> str:
        table = self.outcome[list(_SHOWN)].to_frame("this run").to_html()
        return f"<p>A run that {html.escape(self._in_words())}</p>{table}"

    def _in_words(self) -> str:
        horizon, day = self.config.run.horizon_days, int(self.record["end_day"])
        end = f"collapsed on day {day}" if self.record["collapsed"] else "held"
        return f"{end} of {horizon}: seed {self.spec.seed}, replicate {self.spec.replicate}"


def simulate(
    overrides: Overrides = None,
    changes: Mapping[str, object] | None = None,
    *,
    seed: int | None = None,
    replicate: int | None = None,
    **unknown: object,
) -> Simulation:
    """Simulate one truce.

    To run many variants of one configuration, compose it once with `load_setup`: with a Setup,
    checking the changes and running take a fraction of a millisecond more than the model itself.

    Args:
        overrides: settings that differ from the defaults, as a mapping
            (`{"truce": "literal", "home.threshold": 5}`) or as strings in Hydra's syntax; or a
            Config; or a Setup, which is not checked again.
        changes: setting or config group -> value, further changes for this run; a mapping or a row
        of a table.
        seed: replaces the configuration's.
        replicate: replaces the configuration's.
        unknown: none; a setting given like this is refused, with where it goes.

    Raises:
        InputError: a bad setting.
        RuntimeError: the run fails.
    """
    refuse_arguments(simulate, unknown, "the first argument")
    setup = as_setup(overrides)
    if changes is not None:
        setup = setup.with_changes(changes)
    return run_spec(setup, make_spec(setup, seed, replicate))


def run_spec(setup: Setup, spec: RunSpec) -> Simulation:
    """Run a spec made from this setup.

    Raises:
        RuntimeError: the run fails.
    """
    record = outcomes(spec, [spec.replicate], room())[0]
    if record["status"] != DONE:
        status = label_outcome(record)["status"]
        raise RuntimeError(
            f"seed {spec.seed}, replicate {spec.replicate}: the run failed: {status}"
        )
    return Simulation(setup, spec, record)


def room() -> np.void:
    """Return this thread's memory for runs, without series and events; it is reused."""
    if not hasattr(_of_thread, "world"):
        _of_thread.world = make_world()
    world: np.void = _of_thread.world
    return world


def recording_room() -> np.void:
    """Return this thread's memory for runs with series and events; it is reused."""
    if not hasattr(_of_thread, "recorded"):
        _of_thread.recorded = make_world(recorded=True)
    world: np.void = _of_thread.recorded
    return world
