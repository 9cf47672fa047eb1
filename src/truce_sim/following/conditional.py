"""`futures(...)`: one run followed many times from one of its days on.

All futures share the run up to that day: its events, its state, its settings and its frailty. From
the next day on, each has its own random stream (`engine.run.TURN`). So they show how much of what
follows was decided by then, which one run cannot. Given the past they are independent, and
intervals treat them so; what an observer who sees only the events could say is a `nowcast`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.border.dates import first_date
from truce_sim.config.arguments import refuse_arguments
from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.engine.run import TURN
from truce_sim.errors import InputError
from truce_sim.following.drawn import Drawn
from truce_sim.following.futures import (
    causes_table,
    difference_table,
    median_left,
    next_table,
    plain_estimate,
    plain_tables,
    play_futures,
    survival_table,
)
from truce_sim.following.particles import Particles, Share
from truce_sim.intervals import Estimate
from truce_sim.settings.dates import date_of, day_of
from truce_sim.simulation.run import Overrides, run_spec
from truce_sim.simulation.spec import make_spec

#: Futures, unless asked for more or fewer.
FUTURES = 1_000
#: Replicates are whole numbers below this.
_REPLICATES = 2**32


@dataclass(frozen=True, eq=False)
class Futures:
    """Futures of one run from one of its days on.

    Attributes:
        setup: the run's configuration.
        day: the last day that they share.
        each: a row for each: replicate (whose random stream it uses), collapsed, end_day (the
            horizon where it holds), cause, and the day of the next event of each kind (infinite:
            none).
        failed: how many failed and were left out.
    """

    setup: Setup
    day: int
    each: pd.DataFrame
    failed: int = 0

    @property
    def first(self) -> date | None:
        """The date of day 0, None if it has none."""
        return first_date(self.setup.config.scenario)

    @property
    def horizon(self) -> int:
        """The horizon of the run, in days."""
        return self.setup.config.run.horizon_days

    @property
    def ahead(self) -> int:
        """Days from the shared ones to the horizon."""
        return self.horizon - self.day - 1

    @property
    def holds(self) -> Estimate:
        """The share that holds to the horizon."""
        return Estimate(*self.survival.iloc[-1][["holds", "holds_low", "holds_high"]])

    @cached_property
    def survival(self) -> pd.DataFrame:
        """A row for each day: days ahead, day, the share of truces that still hold when it ends."""
        return survival_table(self.each, self.day, self.ahead)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """The chance of each cause of a collapse up to the horizon, and of none."""
        return causes_table(self.each)

    @cached_property
    def coming(self) -> pd.DataFrame:
        """The chance of at least one event of each kind in the next 7 and 30 days."""
        return next_table(self.each, self.day, self.ahead)

    @cached_property
    def left(self) -> Estimate:
        """The median of the days left; NaN where more than half last to the horizon."""
        return median_left(self.each, self.day)

    def as_dict(self) -> dict[str, Any]:
        """Return what they say as plain values, as in JSON; NaN and infinity become null."""
        tables = {"survival": self.survival, "causes": self.causes, "coming": self.coming}
        day = date_of(self.first, self.day)
        return {
            "day": self.day, "date": None if day is None else day.isoformat(),
            "seed": self.setup.config.seed, "replicate": self.setup.config.replicate,
            "futures": len(self.each), "failed": self.failed, "ahead": self.ahead,
            "days_left": plain_estimate(self.left), **plain_tables(tables),
        }  # fmt: skip

    def compare(self, other: Futures) -> pd.Series:
        """Return how other futures differ, paired by replicate: the same random stream in both.

        Args:
            other: futures of another run from the same day on, such as of a fork of this one.

        Returns:
            The number of pairs; the share of the other futures that hold; the change in that share
            (holds_more) and in the mean days survived (days_more), with intervals.

        Raises:
            InputError: they are from another day, or have another horizon.
        """
        if (other.day, other.horizon) != (self.day, self.horizon):
            raise InputError("are from another day, or have another horizon", setting="futures",
                             value=other.day, allowed=str(self.day))  # fmt: skip
        both = self.each.merge(other.each, on="replicate", suffixes=("", "_other"))
        ours, theirs = (
            pd.DataFrame({name: both[f"{name}{end}"] for name in ("collapsed", "end_day")})
            for end in ("", "_other")
        )
        ours["root"] = np.arange(len(both))
        found = difference_table(ours, {"": theirs}, self.day, self.horizon).iloc[0]
        return pd.Series({"pairs": len(both), **found.drop("lever").to_dict()})


def futures(
    overrides: Overrides = None,
    day: object = 0,
    n: int = FUTURES,
    *,
    threads: int = 0,
    progress: Share = lambda share: None,
    **unknown: object,
) -> Futures:
    """Follow a run many times from one of its days on: the same past, other random draws from then
    on.

    Args:
        overrides: the run, as `simulate` takes it, with its seed and replicate.
        day: the last day that all share, as a number or a date; -1: only the warm-up.
        n: how many. They use the random streams of the next n replicates.
        threads: how many to use; 0: one for each core.
        progress: called with the share that is done; what it raises ends the work.
        unknown: none; a setting given like this is refused, with where it goes.

    Raises:
        InputError: a bad setting or number; the run is over by that day.
        RuntimeError: the run fails.
    """
    refuse_arguments(futures, unknown, "the first argument")
    setup = as_setup(overrides)
    n = _number(n)
    last = _shared_day(setup, day)
    luck = (setup.config.replicate + 1 + np.arange(n)) % _REPLICATES
    turns = np.zeros((len(luck), 1), TURN)
    turns["day"], turns["replicate"] = last + 1, luck[:, None]
    own = np.full(len(luck), setup.config.replicate)
    particles = Particles(np.zeros_like(own), own, turns, luck)
    settings, horizon = Drawn(setup, pd.DataFrame(index=range(1))), setup.config.run.horizon_days
    each = play_futures(settings, particles, last, horizon, threads=threads, progress=progress)
    each = each.drop(columns="draw").assign(replicate=luck)
    good = each["end_day"] > last  # a failed run counts as ended earlier
    kept = each[good].reset_index(drop=True)
    return Futures(setup, last, kept.assign(root=np.arange(len(kept))), int((~good).sum()))


def _number(n: object) -> int:
    if isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0:
        return int(n)
    raise InputError("is not a number of futures", setting="n", value=n, allowed="1, 2, …")


def _shared_day(setup: Setup, day: object) -> int:
    """Return the day as a number.

    Raises:
        InputError: it is not a day, or the run is over by then.
        RuntimeError: the run fails.
    """
    run = run_spec(setup, make_spec(setup)).record
    last = int(run["end_day"]) - 1  # of a run that collapses or reaches its horizon then
    text = str(day)
    number = int(text) if text.removeprefix("-").isdecimal() and text.isascii() else (
        day_of(text, first_date(setup.config.scenario), "day")
    )  # fmt: skip
    least = min(last, setup.config.run.horizon_days - 2)
    if not -1 <= number <= least:
        over = "the truce has collapsed by then" if run["collapsed"] else "no day is left"
        raise InputError(over if number >= 0 else "is before the truce", setting="day", value=day,
                         allowed=f"-1 to {least}")  # fmt: skip
    return number
