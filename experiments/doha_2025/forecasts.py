"""The truces of the sweep with what the record knows of them, and forecasts made of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis import forecast
from truce_sim.analysis.groups import finished_runs
from truce_sim.engine.frailty import draw_factors
from truce_sim.engine.params import HOME
from truce_sim.intervals import Estimate, clusters, share_interval
from truce_sim.sweeps.sweep import Sweep

#: Days of the record (record.csv): strikes alleged and acknowledged, by the host, collapse.
ALLEGED, STRIKE, HOST_STRIKE, COLLAPSE = 37, 126, 130, 131
#: The second forecast is made at the end of this day.
NOW = 40
#: The rounds of days 6 and 18 last three days in the model.
ROUND_2_ENDS, ROUND_3_ENDS = 8, 20
#: A strike in these days is taken for the one alleged on day 37; a closer reading.
WINDOW, CLOSER = (30, 40), (34, 40)
#: Days survived by three earlier truces (Pakistan and Afghanistan 2025; the TTP 2021 and 2022), and
#: the typical duration of failed ceasefires (ETH/PRIO, second-hand).
EARLIER, TYPICAL = (2, 30, 202), (65, 193)
#: Days of a bin of the log score; the last one holds all that comes later.
BIN, LAST_BIN = 30, 12
#: Fewer independent runs than this make no forecast.
FEW = 20
#: What is asked of a run on day 40, each on top of what stands before it. The readings of the
#: strike alleged on day 37 stand each on top of CLASH; ROUND_2_FAILED is another reading of ROUNDS.
HOLDS, ROUNDS, CLASH = "holds", "+ rounds", "+ rounds, clash"
DENIED, BELIEVED, CLOSER_BELIEVED = "day 37 denied", "day 37 believed", "day 37 believed, closer"
ROUND_2_FAILED = "+ rounds, the second failed"

_EVENTS = ["strike", "friction", "round_succeeded", "round_failed"]
_KEY = ["point", "replicate"]


# ── the truces of the sweep ──────────────────────────────────────────────────────────────────


def truces(sweep: Sweep) -> pd.DataFrame:
    """A row a run: point, replicate, seed, factors, will, attempts and threshold as drawn, and when
    what the record tells of came (∞: never)."""
    runs = finished_runs(sweep.load(["end_day", "collapsed", "drawn_will"])).set_index(
        _KEY, drop=False
    )
    events = sweep.load(["day", "kind", "actor"], "events", where={"kind": _EVENTS})
    runs["end"] = runs["end_day"].where(runs["collapsed"], math.inf).astype(float)
    by_state = {who: _of(events, "strike", actor=who) for who in ("home", "host")}
    for who, strikes in by_state.items():
        runs[f"{who}_strike"] = _first(strikes, runs)
        runs[f"next_{who}_strike"] = _first(strikes[strikes["day"] > NOW], runs)
        runs[f"{who}_strikes_by_now"] = _count(strikes[strikes["day"] <= NOW], runs)
    runs["clashes_by_now"] = _count(_of(events, "friction", until=NOW), runs)
    for name, day in (("round_2", ROUND_2_ENDS), ("round_3", ROUND_3_ENDS)):
        for how in ("succeeded", "failed"):
            ended = _of(events, f"round_{how}")
            runs[f"{name}_{how}"] = _count(ended[ended["day"] == day], runs) > 0
    return _with_frailty(runs, sweep).reset_index(drop=True)


def _of(events: pd.DataFrame, kind: str, actor: str = "", until: float = math.inf) -> pd.DataFrame:
    found = events[(events["kind"] == kind) & (events["day"] <= until)]
    return found[found["actor"] == actor] if actor else found


def _first(events: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    return events.groupby(_KEY)["day"].min().astype(float).reindex(runs.index).fillna(math.inf)


def _count(events: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    return events.groupby(_KEY).size().reindex(runs.index, fill_value=0)


def _with_frailty(runs: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Adds what was drawn before the first day: the home threshold and attempts a day."""
    for point, rows in runs.groupby(level="point"):
        spec = sweep.folder.spec_of(int(str(point)))
        factors = draw_factors(spec.params, spec.seed, rows["replicate"].to_numpy(np.int64))[:, 0]
        threshold = spec.params[0]["states"][HOME]["threshold"]
        attempts = spec.params[0]["militants"]["attempts_per_day"]
        runs.loc[rows.index, "threshold"] = factors["threshold"] * threshold
        runs.loc[rows.index, "attempts"] = factors["attempts"] * attempts
    return runs


def known(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The runs that agree with the record up to day 40, by how much of it is asked for."""
    holds = runs[runs["end"] > NOW]
    talks = holds[holds["round_3_failed"] & ~holds["round_3_succeeded"]]
    rounds = talks[talks["round_2_succeeded"]]
    clash = rounds[rounds["clashes_by_now"] > 0]
    calm = clash[clash["host_strikes_by_now"] == 0]
    struck = calm[calm["home_strikes_by_now"] == 1]
    return {
        HOLDS: holds,
        ROUNDS: rounds,
        CLASH: clash,
        DENIED: calm[calm["home_strikes_by_now"] == 0],
        BELIEVED: struck[struck["home_strike"].between(*WINDOW)],
        CLOSER_BELIEVED: struck[struck["home_strike"].between(*CLOSER)],
        ROUND_2_FAILED: talks[talks["round_2_failed"]],
    }


# ── forecasts ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Runs:
    """A forecast by runs, cut at the horizon."""

    name: str
    runs: pd.DataFrame
    horizon: int

    @cached_property
    def clusters(self) -> NDArray[np.int64]:
        """Runs that share draws."""
        return clusters(self.runs)

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """Days survived, restricted to the horizon."""
        return np.minimum(self.runs["end"].to_numpy(float), self.horizon)

    def between(self, start: int, stop: float) -> Estimate:
        """The probability of a collapse on a day from `start` to before `stop`."""
        return share_interval((self.days >= start) & (self.days < stop), self.clusters)

    def crps(self, recorded: float) -> Estimate:
        """The score of the recorded day."""
        return forecast.crps(self.days, recorded, self.clusters)


@dataclass(frozen=True)
class Law:
    """A forecast by an exact law: beyond[d] = P(T > d), d up to the day before the horizon."""

    name: str
    beyond: NDArray[np.float64]

    def between(self, start: int, stop: float) -> Estimate:
        """The probability of a collapse on a day from `start` to before `stop`."""
        at = np.concatenate([[1.0], self.beyond, [0.0]])
        share = float(at[start] - at[int(min(stop, at.size - 1))])
        return Estimate(share, share, share)

    def crps(self, recorded: float) -> Estimate:
        """The score of the recorded day."""
        score = forecast.crps_of_law(self.beyond, recorded)
        return Estimate(score, score, score)


Forecast = Runs | Law


def nulls(horizon: int) -> list[Law]:
    """Laws of a constant hazard, none of which uses this case: the rate of the earlier truces, the
    same with the rate as uncertain as three truces leave it (gamma posterior of Jeffreys' prior,
    hence a Lomax law), and the ends of the typical range."""
    survived = np.arange(1, horizon + 1)  # whole days, once day d has passed
    total, n = sum(EARLIER), len(EARLIER)
    uncertain = Law(f"constant hazard, rate uncertain (n = {n})", (total / (total + survived)) ** n)
    means = [total / n, *map(float, TYPICAL)]
    fixed = [Law(f"constant hazard, mean {m:.0f} d", np.exp(-survived / m)) for m in means]
    return [fixed[0], uncertain, *fixed[1:]]


def enough(made: Iterable[Forecast]) -> list[Forecast]:
    """The laws, and of forecasts by runs those that are of enough."""
    return [
        f for f in made if not isinstance(f, Runs) or forecast.effective_runs(f.clusters) >= FEW
    ]


def given_that_it_holds(law: Law) -> Law:
    """The law once day 40 has passed."""
    later = np.arange(law.beyond.size) > NOW
    return Law(law.name, np.where(later, law.beyond / law.beyond[NOW], 1.0))


def in_bin(made: Forecast, day: float) -> Estimate:
    """The probability that a forecast gives to the bin of the log score in which a day falls."""
    i = min(int(day) // BIN, LAST_BIN)
    return made.between(i * BIN, math.inf if i == LAST_BIN else (i + 1) * BIN)


def gains(taken: Runs, other: Forecast) -> NDArray[np.float64]:
    """By how much the log score of `other` is worse, for each run of `taken` as the case.

    Where the other is of runs, half a run is added to each of its bins, lest one be empty.
    """
    bins = np.minimum(taken.days // BIN, LAST_BIN).astype(np.int64)
    ours = np.bincount(bins, minlength=LAST_BIN + 1) / max(bins.size, 1)
    theirs = np.array([in_bin(other, i * BIN).value for i in range(LAST_BIN + 1)])
    if isinstance(other, Runs):
        theirs = (theirs * other.days.size + 0.5) / (other.days.size + (LAST_BIN + 1) / 2)
    return np.log(ours[bins] / theirs[bins])
