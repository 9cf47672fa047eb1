"""TruceModel: a run that Mesa can step, collect, batch and show.

It applies the engine's rules in the engine's order (`engine/day.py`), so a stepped model and
`engine.run` produce the same run, bit for bit.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import mesa
import numpy as np
import pandas as pd
from mesa.discrete_space import OrthogonalMooreGrid
from numpy.typing import NDArray

from truce_sim.border.dates import first_date
from truce_sim.compat import batch_iteration, layer_array
from truce_sim.config.checks import whole_number
from truce_sim.config.load import as_setup
from truce_sim.config.params import PARAMS
from truce_sim.config.setup import Setup
from truce_sim.engine.codes import COLLAPSED, DONE, STATUSES, STOPPED, TODAY, TRUCE_STATES
from truce_sim.engine.day import run_day
from truce_sim.engine.draws import Key
from truce_sim.engine.frailty import draw_factors
from truce_sim.engine.record import SERIES, close_run
from truce_sim.engine.regime import prepare
from truce_sim.engine.run import start_regime
from truce_sim.engine.world import make_world, open_truce, reset
from truce_sim.model.agents import Band, BorderPost, HomeState, HostState, Mediator, MilitantGroup
from truce_sim.model.rules import Handle, rules
from truce_sim.results.frames import label_outcome
from truce_sim.settings.dates import date_of
from truce_sim.settings.schema import Config


class DailyCollector(mesa.DataCollector):
    """Collects the daily series of a model, without copying each number as Mesa would."""

    def collect(self, model: TruceModel) -> None:
        """Add today's values."""
        times = getattr(self, "_collection_steps", None)
        if times is not None:  # Mesa 3.3 keeps none, and its models have no time
            times.append(model.time)
        for values, value in zip(self.model_vars.values(), model.today, strict=True):
            values.append(value)


class TruceModel(mesa.Model):
    """One run, a day per step. The first step is day 0; the warm-up has ended by then.

    Args:
        config: a Config, a Setup (which is not checked again), overrides as a mapping, a sequence
            or one string (`"truce=literal home.threshold=5"`), or None for the defaults.
        seed: replaces the configuration's. Every draw is a function of seed and replicate.
        replicate: replaces the configuration's. Without seed and replicate, the iterations of
            `mesa.batch_run` are replicates: iteration i has the configuration's replicate plus i.
        rng: for Mesa's own use; the model draws nothing from it.

    Raises:
        InputError: a bad configuration.
        RuntimeError: the run fails.
    """

    today: tuple[float, ...]
    grid_class: Any = OrthogonalMooreGrid

    def __init__(
        self,
        config: Setup | Config | Mapping[str, object] | Sequence[str] | str | None = None,
        seed: int | None = None,
        replicate: int | None = None,
        rng: int | None = None,
    ) -> None:
        super().__init__(rng=rng)
        self.setup = as_setup(config)
        self.config, self.border = self.setup.config, self.setup.border
        iteration = batch_iteration()
        if seed is None and replicate is None:
            replicate = self.config.replicate + iteration
        elif seed is None and iteration:
            warnings.warn(
                f"replicate={replicate} is given, so that iteration {iteration} of batch_run "
                "repeats the first: leave it out, and iterations are replicates",
                stacklevel=2,
            )
        self.key = Key(
            self.config.seed if seed is None else whole_number("seed", seed),
            self.config.replicate if replicate is None else whole_number("replicate", replicate),
        )
        self.rules = rules()
        self._begin()
        self._place_agents()
        self._update_layers()

    def __repr__(self) -> str:
        key = f"seed {self.key.seed}, replicate {self.key.replicate}"
        days = self.config.run.horizon_days
        return f"<TruceModel after {self.day + 1} of {days} days: {key}>"

    @property
    def date(self) -> dt.date | None:
        """The date of the last day that was run; None if day 0 has none (`scenario.start_date`)."""
        return date_of(first_date(self.config.scenario), self.day)

    @property
    def day_of_year(self) -> int | None:
        """The day of the year, from 1 for 1 January, of `date`: for mechanisms with a season."""
        moment = self.date
        return None if moment is None else moment.timetuple().tm_yday

    # ── the start ────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """Set up the world and run its warm-up."""
        self._regimes = self.setup.params
        replicates = np.array([self.key.replicate], np.int64)
        self._factors = draw_factors(self._regimes, self.key.seed, replicates)[0]
        self._current = np.zeros(1, PARAMS)
        self.params = self._current[0]
        self.world = make_world(recorded=True)
        self.p, self.w = Handle(self.params), Handle(self.world)
        self._start_regime(0)
        for day in range(-self.config.run.warmup_days, 0):
            run_day(self.params, self.world, self.key, day)
        self.day = -1

    def _start_regime(self, regime: int) -> None:
        self._regime = regime
        start_regime(self._regimes, self._factors, regime, self._current)
        if regime == 0:
            reset(self.params, self.world, self.border.sectors)
        prepare(self.params, self.world)

    def _place_agents(self) -> None:
        """Place states, group, mediators, posts and the bands under way on the border grid."""
        depth = self.config.border.host_depth + self.config.border.home_depth
        size = (self.border.sectors.size, depth)
        self.grid = self.grid_class(size, torus=False, random=self.random)
        self._layers = []
        for name in ("host_effort", "home_effort", "learned_risk", "activity", "ruggedness"):
            self.grid.create_property_layer(name, default_value=0.0, dtype=float)
            self._layers.append(layer_array(self.grid, name))
        self._layers.pop()[...] = self.border.sectors["ruggedness"][:, None]
        self.home, self.host = HomeState(self), HostState(self)
        self.group = MilitantGroup(self)
        names = self.setup.mediators
        self.mediators = [Mediator(self, name, i) for i, name in enumerate(names)]
        line = self.config.border.host_depth
        self.posts = [
            BorderPost(self, self.grid[(int(s), line)], name) for s, name in self.border.crossings()
        ]
        self.bands: list[Band] = []
        self._update_band_cells()
        self.datacollector = DailyCollector(
            model_reporters={
                name: lambda model, i=i: model.today[i] for i, name in enumerate(DAILY)
            }
        )

    # ── a day ────────────────────────────────────────────────────────────────────────────────

    def step(self) -> None:
        """Run one day, phase by phase as in `engine.day.run_day`."""
        if not self.running:
            return
        self.day += 1
        self._begin_day()
        do, p, w, key, day = self.rules, self.p, self.w, self.key, self.day
        do.follow_calendar(p, w, day)  # 1
        self.home.review_posture()  # 2
        self.host.review_posture()
        self.group.launch()  # 3
        self._add_new_bands()
        for band in self.bands:  # 4
            band.move()
        for band in self.bands:  # 5
            band.attack()
        do.make_other_incidents(p, w, key, day)
        self.home.attribute()  # 6
        do.fade(p, w)
        do.verify(p, w, key, day)  # 7
        do.update_activity(p, w)
        do.add_incidents(p, w)  # 8
        do.update_thresholds(p, w, day)
        self.home.decide_strike()  # 9
        self.host.decide_strike()
        self.home.execute_strike()
        self.host.execute_strike()
        do.update_truce(p, w, key, day)  # 10
        if not self.collapsed:
            for mediator in self.mediators:  # 11
                mediator.call_round()
            do.end_rounds(p, w, key, day)
            do.relax(p, w, day)  # 12
        self._remove_ended_bands()
        do.learn_and_leave(p, w)
        do.record_day(p, w, day)
        self._end_day()

    def _begin_day(self) -> None:
        """Clear yesterday's incidents and start a new regime if one is due."""
        following = self._regime + 1
        if following < self._regimes.size and self._regimes[following]["from_day"] == self.day:
            self._start_regime(following)
        if self.day == 0:
            open_truce(self.params, self.world)
        self.rules.begin_day(self.w)

    def _end_day(self) -> None:
        """Update the bands' cells, layers and collected series; end the run if it is over."""
        self._update_band_cells()
        self._update_layers()
        self.today = self.world["series"][self.day].item()
        self.datacollector.collect(self)
        if self.world["failure"] != DONE:
            raise RuntimeError(f"the run failed on day {self.day}: {self.status}")
        if self.collapsed or self.day + 1 == self.config.run.horizon_days:
            self.running = False
            close_run(self.world, self.day + 1, self.config.run.horizon_days)

    # ── bands and layers follow the records ──────────────────────────────────────────────────

    def _add_new_bands(self) -> None:
        for i in range(len(self.bands), int(self.world["band_count"])):
            self.bands.append(Band(self, i))

    def _remove_ended_bands(self) -> None:
        """Remove bands that have ended and close the gaps, as in `learn_and_leave`."""
        status = self.world["bands"]["status"][: len(self.bands)].tolist()
        if max(status, default=0) < STOPPED:
            return
        staying: list[Band] = []
        for band, now in zip(self.bands, status, strict=True):
            if now >= STOPPED:
                band.remove()
            else:
                band.index = len(staying)
                staying.append(band)
        self.bands = staying

    def _update_band_cells(self) -> None:
        self._add_new_bands()
        records = self.world["bands"][: len(self.bands)]
        places = zip(records["sector"].tolist(), records["depth"].tolist(), strict=True)
        for band, place in zip(self.bands, places, strict=True):
            band.cell = self.grid[place]

    def _update_layers(self) -> None:
        self.rules.map_border(self.p, self.w, *self._layers)

    # ── readings ─────────────────────────────────────────────────────────────────────────────

    @property
    def truce(self) -> str:
        """The state of the truce: in_force, strained, suspended or collapsed."""
        return TRUCE_STATES[int(self.world["truce"])]

    @property
    def collapsed(self) -> bool:
        """Whether the truce has collapsed."""
        return bool(self.world["truce"] == COLLAPSED)

    @property
    def status(self) -> str:
        """The status of the run: done unless it failed."""
        return STATUSES[int(self.world["failure"])]

    @property
    def series(self) -> NDArray[np.void]:
        """The daily records, SERIES (days so far,)."""
        days: NDArray[np.void] = self.world["series"][: self.day + 1]
        return days

    @property
    def events(self) -> NDArray[np.void]:
        """The event log, EVENT (events so far,)."""
        log: NDArray[np.void] = self.world["events"][1 : self.world["event_count"] + 1]
        return log

    def outcome(self) -> pd.Series:
        """Return the outcome row; it is final once the model has stopped running."""
        return label_outcome(self.world["tally"][TODAY])


#: Columns of the daily series, in order.
DAILY: tuple[str, ...] = SERIES.names or ()
