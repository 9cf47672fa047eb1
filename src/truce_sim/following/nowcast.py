"""`nowcast(...)`: what comes next in a truce, given its record so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from truce_sim.border.dates import first_date
from truce_sim.config.arguments import refuse_arguments
from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.engine.codes import MAX_DAYS
from truce_sim.errors import InputError
from truce_sim.following.drawn import Drawn
from truce_sim.following.draws import AnyDraws, Draws, read_draws
from truce_sim.following.evidence import REPORTED, Part, parts_of
from truce_sim.following.futures import (
    causes_table,
    claims_table,
    difference_table,
    learned_table,
    median_left,
    next_table,
    plain_estimate,
    plain_tables,
    play_futures,
    survival_table,
)
from truce_sim.following.particles import (
    Filtered,
    Particles,
    effective,
    first_particles,
    joined,
    run_filter,
    scaled,
)
from truce_sim.inference.prior import AnyPrior
from truce_sim.inference.record import AnyRecord, Record, read_record
from truce_sim.intervals import Estimate
from truce_sim.settings.dates import date_of
from truce_sim.simulation.run import Overrides
from truce_sim.sweeps.design.worlds import systematic

#: Levers to try from the present on: name -> setting -> value.
WhatIf: TypeAlias = Mapping[str, Mapping[str, object]]

Progress: TypeAlias = Callable[[str], object]

#: Days by which dates of a run may differ from those of the record; days looked ahead.
TOLERANCE, AHEAD = 7, 180
#: Particles of a round; the most rounds until they are worth enough; and the rounds after which it
#: is clear whether they will be.
PARTICLES, ROUNDS, TRIED = 20_000, 25, 5
#: Futures at most, unless asked for; they are particles drawn by their weights.
FUTURES = 10_000
#: Fewer effective runs than this are too few, unless `least` is lower.
ENOUGH = 1_000


@dataclass(frozen=True)
class Nowcast:
    """What comes next in a truce, given its record so far.

    Attributes:
        record: as known on the day.
        first: the date of day 0, None if it has none.
        source: where the settings were drawn from, in words.
        particles: how many runs were weighed.
        effective: how many independent runs they are worth now; particles with a common ancestor
        count once.
        draws: how many draws of the settings they are worth; intervals treat draws as clusters.
        agreement: the mean likelihood of the record, as a logarithm.
        ahead: days looked ahead.
        left: the median of the days left; NaN if that is beyond the days ahead.
        survival: a row for each day: days ahead, day, the share of truces that still hold when it
            ends, with interval.
        causes: a row for each cause of a collapse in the days ahead, with its chance, and one for
            none.
        coming: a row for each kind of event: its chance in 7 and in 30 days, with intervals.
        claims: a row for each claim: how likely it was said to be, and how likely it is now.
        learned: a row for each drawn setting: its mean before and now, with intervals.
        what_if: a row for each lever: change of the share that holds, and of the days survived.
        futures: a row for each future: draw, root, collapsed, end_day, cause, and the day of the
            next event of each class.
    """

    record: Record
    first: date | None
    source: str
    particles: int
    effective: float
    draws: float
    agreement: float
    ahead: int
    left: Estimate
    survival: pd.DataFrame
    causes: pd.DataFrame
    coming: pd.DataFrame
    claims: pd.DataFrame
    learned: pd.DataFrame
    what_if: pd.DataFrame
    futures: pd.DataFrame

    @property
    def enough(self) -> bool:
        """Whether the particles are worth as many independent runs as they should be."""
        return self.effective >= ENOUGH

    def as_dict(self) -> dict[str, Any]:
        """Return what it says as plain values, as in JSON; NaN and infinity become null."""
        tables = {
            name: table for name, table in vars(self).items()
            if isinstance(table, pd.DataFrame) and name != "futures"
        }  # fmt: skip
        day = date_of(self.first, self.record.as_of)
        return {
            "as_of": self.record.as_of, "date": None if day is None else day.isoformat(),
            "rows_used": len(self.record.entries), "rows_later": self.record.later,
            "settings": self.source, "particles": self.particles, "effective": self.effective,
            "draws": self.draws,
            "enough": self.enough, "log_agreement": self.agreement, "ahead": self.ahead,
            "days_left": plain_estimate(self.left), **plain_tables(tables),
        }  # fmt: skip


def nowcast(
    record: AnyRecord = None,
    as_of: object = None,
    base: Overrides = None,
    *,
    posterior: AnyDraws = None,
    prior: AnyPrior = "default",
    what_if: WhatIf | None = None,
    particles: int = PARTICLES,
    futures: int | None = None,
    ahead: int = AHEAD,
    tolerance: int = TOLERANCE,
    reported: float = REPORTED,
    least: int = ENOUGH,
    threads: int = 0,
    progress: Progress = lambda words: None,
    **unknown: object,
) -> Nowcast:
    """Say what comes next in a truce, given its record so far.

    Args:
        record: a CSV file, a table or rows (`record.py`); None: nothing has happened.
        as_of: the day whose end is the present, as a number or a date; None: the last of the
            record.
        base: the settings that are not drawn, and the scenario; by default the defaults.
        posterior: draws of settings: a folder of `truce-sim fit`, a Parquet or CSV file, or a
            table, with a column for each setting and perhaps `weight`; "none": all settings as
            the base has them; None: the prior.
        prior: of settings that the base leaves at their defaults, as in `draw_prior`.
        what_if: levers to try from the next day on, against no change, with the same random
        streams: setting -> value, or an intervention without its day (`set`, `where`).
        particles: runs weighed at a time; more are added, up to 25 times as many, until they are
            worth `least` independent ones.
        futures: how many are followed from the present on; None: as many as particles, at most
            10,000.
        ahead: days looked ahead.
        tolerance: days by which dates of runs and record may differ.
        reported: mean share of violations that sources report.
        least: independent runs that the answer must rest on.
        threads: how many to use; 0: one for each core.
        progress: called with what is being done.
        unknown: none; a setting given like this is refused, with where it goes.

    Raises:
        InputError: a bad record, day, setting or draw; no run agrees with the record, or the runs
            that do are worth too few.
    """
    refuse_arguments(nowcast, unknown, "the third argument, base")
    n = _whole("particles", particles, 2)
    m = min(n, FUTURES) if futures is None else _whole("futures", futures, 2)
    setup = as_setup(base)
    known = read_record(record, as_of, first_date(setup.config.scenario))
    setup = _with_horizon(setup, known.as_of, _whole("ahead", ahead, 1))
    parts, levers = parts_of(known, _whole("tolerance", tolerance, 0)), what_if or {}
    for lever in levers.values():  # refused before anything is run
        Drawn(setup, pd.DataFrame(index=range(1))).with_changes(known.as_of + 1, lever)
    chance, luck = np.random.default_rng(setup.config.seed), count()
    job = _Job(parts, known.as_of, n, _positive("reported", reported), _whole("least", least, 1),
               threads, progress)  # fmt: skip
    found, draws = job.filtered(read_draws(posterior, prior, setup, n), luck, chance)
    chosen = systematic(scaled(found.log_weight), m, chance)
    kept = found.particles.taken(chosen, known.as_of + 1, luck)
    return _summarized(
        known, setup, found, draws, job.followed(draws.drawn, kept, ahead, levers), ahead
    )


def _summarized(
    known: Record,
    setup: Setup,
    found: Filtered,
    draws: Draws,
    futures: tuple[pd.DataFrame, dict[str, pd.DataFrame], list[Part]],
    ahead: int,
) -> Nowcast:
    """Summarize futures: those without a change, those with each lever, the claims counted."""
    now, changed, claims = futures
    return Nowcast(
        record=known, first=first_date(setup.config.scenario), source=draws.source,
        particles=len(found.particles), effective=worth(found), ahead=ahead,
        draws=effective(np.bincount(found.particles.root, scaled(found.log_weight))),
        agreement=float(logsumexp(found.log_weight)), left=median_left(now, known.as_of),
        survival=survival_table(now, known.as_of, ahead), causes=causes_table(now),
        coming=next_table(now, known.as_of, ahead), claims=claims_table(now, claims),
        learned=learned_table(draws.drawn.values, draws.weight, now),
        what_if=difference_table(now, changed, known.as_of, known.as_of + 1 + ahead), futures=now,
    )  # fmt: skip


def worth(found: Filtered) -> float:
    """Return how many independent runs weighted particles are worth; those with a common ancestor
    count once. Two runs of one draw of the settings still count as two: intervals account for the
    number of draws."""
    return effective(np.bincount(found.particles.replicate, scaled(found.log_weight)))


@dataclass(frozen=True)
class _Job:
    """What runs need besides random streams."""

    parts: Sequence[Part]
    as_of: int
    n: int
    reported: float
    least: int
    threads: int
    progress: Progress

    def followed(
        self, drawn: Drawn, kept: Particles, ahead: int, levers: WhatIf
    ) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], list[Part]]:
        """Follow particles from the present on.

        Returns:
            Their futures, those with each lever, and the parts of the record that are claims.
        """
        self.progress(f"following {len(kept):,} futures for {ahead:,} days")
        claims = [part for part in self.parts if any(0 < p < 1 for p in part.claims)]
        day, horizon = self.as_of + 1, self.as_of + 1 + ahead
        now = play_futures(drawn, kept, self.as_of, horizon, claims, self.threads)
        changed = {}
        for name, change in levers.items():
            self.progress(f"what if {name}")
            lever_on = drawn.with_changes(day, change, kept.draw)
            changed[name] = play_futures(lever_on, kept, self.as_of, horizon, threads=self.threads)
        return now, changed, claims

    def filtered(
        self, draws: Draws, luck: Iterator[int], chance: np.random.Generator
    ) -> tuple[Filtered, Draws]:
        """Filter rounds of particles until they are worth enough.

        Returns:
            The particles, and the draws that they refer to.

        Raises:
            InputError: they will not be worth enough.
        """
        rounds: list[Filtered] = []
        self.progress(f"drawing {self.n:,} settings")
        while True:
            more = " more" if rounds else ""
            self.progress(f"weighing {self.n:,}{more} runs by the record")
            draws = draws.with_more(self.n) if rounds else draws
            begun = first_particles(draws.take(self.n, chance), luck, draws.shared)
            rounds.append(
                run_filter(
                    draws.drawn, begun, self.parts, self.as_of, luck, chance,
                    self.reported, self.threads,
                )
            )  # fmt: skip
            found = joined(rounds)
            if worth(found) >= self.least:
                return found, draws
            hopeless = worth(found) * ROUNDS < self.least * len(rounds) / 2
            if len(rounds) == ROUNDS or (len(rounds) >= TRIED and hopeless):
                raise self._too_few(found)

    def _too_few(self, found: Filtered) -> InputError:
        """The error where too few runs agree with the record."""
        n, has = len(found.particles), worth(found)
        if has == 0.0:
            return InputError(
                f"no run of {n:,} agrees with it", setting="record",
                allowed="more --tolerance or --particles; or look at its rows one by one",
            )  # fmt: skip
        more = math.ceil(1.2 * self.least / has * n / ROUNDS / 1000) * 1000
        return InputError(
            f"weighed by it, {n:,} runs are worth {has:,.0f} independent ones, fewer than "
            f"{self.least:,}", setting="record",
            allowed=f"--particles {more}; more --tolerance; or --least {max(math.floor(has), 1)}",
        )  # fmt: skip


def _with_horizon(setup: Setup, as_of: int, ahead: int) -> Setup:
    """Return the setup with a horizon that is long enough."""
    days = as_of + 1 + ahead
    if as_of >= MAX_DAYS - 1:
        raise InputError(
            f"is day {as_of:,}, and no run is longer than {MAX_DAYS:,} days", setting="--as-of",
            allowed="an earlier day; or another scenario.start_date, the date of day 0",
        )  # fmt: skip
    if days > MAX_DAYS:
        raise InputError(
            f"ends on day {days:,}, and no run is longer than {MAX_DAYS:,} days",
            setting="--ahead", value=ahead, allowed=f"at most {max(MAX_DAYS - as_of - 1, 0):,}",
        )  # fmt: skip
    longest = max(days, setup.config.run.horizon_days)
    return setup.with_changes({"run.horizon_days": longest}, tell=False)


def _whole(name: str, value: object, least: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:  # type: ignore[operator]
        raise InputError("is not a whole number that will do", setting=name, value=value,
                         allowed=f"from {least} up")  # fmt: skip
    return int(value)  # type: ignore[call-overload, no-any-return]


def _positive(name: str, value: object) -> float:
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        raise InputError("is not above 0", setting=name, value=value, allowed="such as 0.5")
    return float(value)
