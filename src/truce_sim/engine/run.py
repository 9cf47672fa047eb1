"""A run is a value: `RunSpec` in, outcome row out; on request its daily series and event log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truce_sim.engine.ahead import turn_luck
from truce_sim.engine.codes import DONE, TODAY
from truce_sim.engine.compile import entry, rule
from truce_sim.engine.day import run_day
from truce_sim.engine.draws import Key
from truce_sim.engine.frailty import apply_factors, factors_of_points
from truce_sim.engine.launch import settle_targets
from truce_sim.engine.params import record
from truce_sim.engine.record import OUTCOME, close_run
from truce_sim.engine.regime import prepare
from truce_sim.engine.world import make_world, open_truce, reset

#: From that day on, a run uses the random stream of another replicate.
TURN = record(day="i8", replicate="i8")

NO_TURNS = np.zeros(0, TURN)


@dataclass(frozen=True)
class RunSpec:
    """All that a run depends on.

    params: PARAMS (regimes,), ordered by `from_day`; the first holds from the warm-up on.
    border: SECTOR (sectors,), weights summing to 1.
    seed: 0 … 2^63-1; replicate: 0 … 2^32-1.
    """

    params: NDArray[np.void]
    border: NDArray[np.void]
    seed: int
    replicate: int = 0


class RunResult(NamedTuple):
    """One run: OUTCOME (), SERIES (days,), EVENT (events,)."""

    outcome: np.void
    series: NDArray[np.void]
    events: NDArray[np.void]


def run(spec: RunSpec) -> RunResult:
    """One run with its daily series and its event log."""
    world = make_world(recorded=True)
    outcome = outcomes(spec, [spec.replicate], world)[0]
    days = int(outcome["end_day"]) + int(outcome["collapsed"])
    events = world["events"][1 : world["event_count"] + 1]
    return RunResult(outcome, world["series"][:days].copy(), events.copy())


def outcomes(
    spec: RunSpec,
    replicates: Sequence[int] | NDArray[np.int64],
    world: np.void | None = None,
    turns: NDArray[np.void] = NO_TURNS,
) -> NDArray[np.void]:
    """OUTCOME (replicates,) of one design point, outside the GIL; `spec.replicate` is not used.

    A run that fails has a `status` other than `done`, and its numbers mean nothing. `world` is
    memory to run in, made anew if not given; it is left as the last run ended. `turns`, TURN in
    order of days, switches the random stream of every run on those days: the same past with another
    future. Draws made ahead for a band under way are kept.
    """
    return outcomes_of_all([spec], replicates, world, turns)[0]


def outcomes_of_all(
    specs: Sequence[RunSpec],
    replicates: Sequence[int] | NDArray[np.int64],
    world: np.void | None = None,
    turns: NDArray[np.void] = NO_TURNS,
) -> NDArray[np.void]:
    """OUTCOME (points, replicates) of several design points, as `outcomes` of each.

    One call runs all successive points of one border, since a call takes as long as most of a run.
    """
    wanted = np.asarray(replicates, np.int64)
    out = np.zeros((len(specs), wanted.size), OUTCOME)
    world = make_world() if world is None else world
    done = 0
    for _, alike in groupby(specs, lambda spec: (id(spec.border), spec.params.size)):
        some = list(alike)
        rows = out[done : done + len(some)]
        done += len(some)
        params = _stack([spec.params for spec in some])
        seeds = np.array([spec.seed for spec in some], np.int64)
        factors = factors_of_points(params, seeds, wanted)
        border, current = some[0].border, np.zeros(1, params.dtype)
        run_replicates(params, factors, border, seeds, wanted, turns, current, world, rows)
    return out


def _stack(params: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """PARAMS (points, regimes): joined as bytes, since numpy would compare all their layouts."""
    joined = bytearray().join(each.tobytes() for each in params)
    return np.frombuffer(joined, params[0].dtype).reshape(len(params), -1)


@entry
def run_replicates(params, factors, border, seeds, replicates, turns, current, w, out):
    """Run all replicates of each design point; `current` (1,) holds the regime in force."""
    for i in range(seeds.size):
        for r in range(replicates.size):
            key = Key(seeds[i], replicates[r])
            run_one(params[i], factors[i, r], border, key, turns, current, w)
            out[i, r] = w.tally[TODAY]


@rule
def run_one(params, factors, border, key, turns, current, w):
    """One run from the warm-up to its collapse or the horizon."""
    start_regime(params, factors, 0, current)
    p = current[0]
    reset(p, w, border)
    prepare(p, w)
    regime, horizon, turn = 0, p.run.horizon_days, 0
    day = -p.run.warmup_days
    while day < horizon and w.tally[TODAY].collapsed == 0 and w.failure == DONE:
        if regime + 1 < params.size and params[regime + 1].from_day == day:
            regime += 1
            settle_targets(p, w)
            start_regime(params, factors, regime, current)
            prepare(p, w)
        if turn < turns.size and turns[turn].day == day:
            before, key = key, Key(key.seed, turns[turn].replicate)
            turn_luck(w, before, key)
            turn += 1
        if day == 0:
            open_truce(p, w)
        run_day(p, w, key, day)
        day += 1
    close_run(w, day, horizon)


@rule
def start_regime(params, factors, regime, current):
    """Put the parameters of a regime in force, with the run's own frailty."""
    current[0] = params[regime]
    apply_factors(current[0], factors[regime])
