"""A particle filter over runs: each particle is a run that may switch random streams on some days.

A run is a function of its settings and its random stream, so a particle needs no copy of the
world's state: to follow one past into another future, the run is repeated with the stream of
another replicate from that day on (`engine.run.TURN`). Particles are weighted by how well they
agree with the record (`evidence.py`) and resampled when few of them carry most of the weight
(Gordon, Salmond and Smith 1993). The first copy of a particle keeps its stream, since its future
has not been used yet.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from truce_sim.engine.codes import (
    DONE,
    EVENTS,
    FRICTION_CLASH,
    ROUND_FAILED,
    ROUND_SUCCEEDED,
    STRIKE_EXECUTED,
    SUSPENSION,
)
from truce_sim.engine.frailty import FACTORS, fill_factors
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import NO_TURNS, TURN, run_replicates
from truce_sim.engine.world import make_world
from truce_sim.following.drawn import Drawn
from truce_sim.following.evidence import (
    CLASSES,
    STRIKE_BY_HOME,
    VIOLATION,
    Part,
    log_likelihood,
    stages_of,
)
from truce_sim.sweeps.design.worlds import systematic
from truce_sim.sweeps.many import in_threads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Particles are resampled where their effective number falls below this share of their number.
RESAMPLE_BELOW = 0.1
#: Particles that a thread runs before it takes more work.
_AT_A_TIME = 256
#: No turn: a particle that keeps its stream.
_NO_TURN = -1

_CLASS_OF_EVENT = np.full(len(EVENTS), -1)
for _event, _name in (
    (FRICTION_CLASH, "clash"), (ROUND_SUCCEEDED, "round succeeded"),
    (ROUND_FAILED, "round failed"), (SUSPENSION, "suspension"),
    (STRIKE_EXECUTED, "strike by home"),
):  # fmt: skip
    _CLASS_OF_EVENT[_event] = CLASSES.index(_name)


@dataclass(frozen=True)
class Particles:
    """Runs with their random streams.

    Attributes:
        draw: (n,) the row of the draws that gives each its settings.
        replicate: (n,) the replicate whose stream each begins with.
        turns: TURN (n, resamplings): the days on which each switched streams, -1 where it did not.
        root: (n,) the particle it began as; those of one root are dependent.
    """

    draw: Ints
    replicate: Ints
    turns: NDArray[np.void]
    root: Ints

    def __len__(self) -> int:
        return len(self.draw)

    def taken(self, parents: Ints, day: int, replicates: Iterator[int]) -> Particles:
        """Return copies of some; from `day` on, all but the first copy have their own streams."""
        again = np.ones(len(parents), bool)
        again[np.unique(parents, return_index=True)[1]] = False
        turn = np.full((len(parents), 1), np.array((_NO_TURN, 0), TURN), TURN)
        turn["day"][again, 0] = day
        turn["replicate"][again, 0] = [next(replicates) for _ in range(int(again.sum()))]
        turns = np.concatenate([self.turns[parents], turn], axis=1)
        return Particles(self.draw[parents], self.replicate[parents], turns, self.root[parents])

    def some(self, which: Any) -> Particles:
        """Return those that an index selects."""
        return Particles(*(array[which] for array in _arrays(self)))


@dataclass(frozen=True)
class Filtered:
    """Particles at the end of the present day.

    Attributes:
        particles: those that were run last.
        log_weight: (n,) of each; weights sum to the evidence, the mean likelihood of the record.
    """

    particles: Particles
    log_weight: Floats


def first_particles(draws: Ints, replicates: Iterator[int], shared: bool) -> Particles:
    """Return a particle for each of the draws (n,), each with its own random stream.

    `shared`: whether particles of one draw share a root.
    """
    luck = np.array([next(replicates) for _ in range(len(draws))], np.int64)
    root = draws if shared else luck
    return Particles(draws, luck, np.zeros((len(draws), 0), TURN), root.copy())


def joined(rounds: Sequence[Filtered]) -> Filtered:
    """Merge rounds of filtered particles, equally many in each."""
    turns = max(each.particles.turns.shape[1] for each in rounds)
    parts = [_wider(each.particles, turns) for each in rounds]
    weight = [each.log_weight - math.log(len(rounds)) for each in rounds]
    whole = (np.concatenate(x) for x in zip(*map(_arrays, parts), strict=True))
    return Filtered(Particles(*whole), np.concatenate(weight))


def _wider(particles: Particles, turns: int) -> Particles:
    none = np.full((len(particles), turns - particles.turns.shape[1]),
                   np.array((_NO_TURN, 0), TURN), TURN)  # fmt: skip
    return replace(particles, turns=np.concatenate([particles.turns, none], axis=1))


def _arrays(particles: Particles) -> tuple[NDArray[Any], ...]:
    return particles.draw, particles.replicate, particles.turns, particles.root


def run_filter(
    drawn: Drawn,
    particles: Particles,
    parts: Sequence[Part],
    as_of: int,
    replicates: Iterator[int],
    rng: np.random.Generator,
    reported: float,
    threads: int = 0,
) -> Filtered:
    """Run particles to the present and weight them by the record.

    Args:
        drawn: their settings.
        particles: as they begin.
        parts: of the record, by their last days.
        as_of: the present.
        replicates: unused replicate numbers.
        rng: chooses the copies.
        reported: mean share of violations that sources report.
        threads: how many to use; 0: one for each core.
    """
    stages = stages_of(parts, as_of)
    watch = counter(parts, as_of)

    def weigh(some: Particles) -> Floats:
        outcome, counts = play(drawn, some, as_of + 1, watch, len(parts), threads)
        ends = np.where(outcome["collapsed"] == 1, outcome["end_day"], as_of + 1)
        return log_likelihood(parts, counts, ends, as_of, reported)

    known, evidence = weigh(particles), -math.log(len(particles))
    absorbed = np.zeros(len(particles))
    first = 0
    while True:
        stage = _few(known - absorbed[:, None], first)
        if stage is None:
            return Filtered(particles, evidence + known[:, -1] - absorbed)
        log_weight = known[:, stage] - absorbed
        evidence += float(logsumexp(log_weight)) - math.log(len(particles))
        parents = systematic(scaled(log_weight), len(particles), rng)
        particles = particles.taken(parents, stages[stage] + 1, replicates)
        known, again = known[parents], particles.turns["day"][:, -1] != _NO_TURN
        known[again] = weigh(particles.some(again))
        absorbed, first = known[:, stage], stage + 1


def _few(log_weight: Floats, first: int) -> int | None:
    """Return the first stage, the last excluded, where few particles carry the weight; None if
    none."""
    for stage in range(first, log_weight.shape[1] - 1):
        worth = effective(scaled(log_weight[:, stage]))
        if 0.0 < worth < RESAMPLE_BELOW * len(log_weight):
            return stage
    return None


def scaled(log_weight: Floats) -> Floats:
    """Return weights scaled so that the largest is 1; all 0 where none agrees at all."""
    most = float(log_weight.max())
    return np.asarray(np.exp(log_weight - most)) if most > -math.inf else np.zeros(log_weight.size)


def effective(weight: Floats) -> float:
    """Return the effective number of weights (n,), (Σ w)² / Σ w² (Kish 1965); 0 for none."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0.0 else 0.0


# ── running them ─────────────────────────────────────────────────────────────────────────────

#: Fills a row from a run's events: classes (events,), days (events,), the row.
Watch = Callable[[Ints, Ints, NDArray[Any]], None]


def counter(parts: Sequence[Part], as_of: int) -> Watch:
    """Return a function that counts the events of each part."""
    place = np.full((len(CLASSES) + 1, as_of + 2), len(parts))
    for i, part in enumerate(parts):
        place[part.which, part.first : part.last + 1] = i

    def count(which: Ints, day: Ints, row: NDArray[Any]) -> None:
        row += np.bincount(place[which, day], minlength=len(parts) + 1)[:-1].astype(row.dtype)

    return count


#: Called with the share of the runs done; an exception it raises ends the work.
Share = Callable[[float], object]


def play(
    drawn: Drawn,
    particles: Particles,
    horizon: int,
    watch: Watch,
    width: int,
    threads: int = 0,
    progress: Share = lambda share: None,
) -> tuple[NDArray[np.void], Ints]:
    """Run particles from the warm-up to a horizon.

    Args:
        drawn: their settings.
        particles: the particles to run.
        horizon: days.
        watch: fills the row of a run from its events.
        width: columns of that row.
        threads: how many to use; 0: one for each core.
        progress: called after each run.

    Returns:
        OUTCOME (n,), and what was watched (n, width). A run that failed counts as collapsed before
        day 0, and so contradicts any record.
    """
    rows = np.zeros(len(particles), OUTCOME)
    seen = np.zeros((len(particles), width), np.int64)
    done = count(1)

    def tell() -> None:
        progress(next(done) / len(particles))

    def work(worlds: list[np.void], start: int) -> None:
        world = worlds.pop() if worlds else make_world(recorded=True)
        some = slice(start, min(start + _AT_A_TIME, len(particles)))
        _play_some(drawn, particles.some(some), horizon, watch, world, rows[some], seen[some], tell)
        worlds.append(world)

    starts, worlds = range(0, len(particles), _AT_A_TIME), list[np.void]()
    in_threads(lambda start: work(worlds, start), starts, threads or os.cpu_count() or 1)
    failed = rows["status"] != DONE
    rows["collapsed"][failed], rows["end_day"][failed] = 1, -1
    return rows, seen


def _play_some(
    drawn: Drawn,
    particles: Particles,
    horizon: int,
    watch: Watch,
    world: np.void,
    rows: NDArray[np.void],
    seen: Ints,
    tell: Callable[[], object],
) -> None:
    params, border = drawn.params(particles.draw, horizon), drawn.setup.border.sectors
    seed, replicate = np.array([drawn.setup.config.seed], np.int64), np.zeros(1, np.int64)
    # Each run is given the same arrays: those that rules know already are passed on at once.
    here, now, row = np.zeros_like(params[:1]), np.zeros(1, params.dtype), np.zeros((1, 1), OUTCOME)
    factors = np.empty((1, 1, params.shape[1]), FACTORS)
    into, given = here.view(np.uint8)[0], params.view(np.uint8)
    for i in range(len(particles)):
        turns = particles.turns[i]
        turns = turns[turns["day"] != _NO_TURN] if turns.size else NO_TURNS
        into[:], replicate[0] = given[i], particles.replicate[i]
        fill_factors(here, seed, replicate, factors)  # type: ignore[no-untyped-call]
        run_replicates(  # type: ignore[no-untyped-call]
            here, factors, border, seed, replicate, turns, now, world, row
        )
        rows[i] = row[0, 0]
        if world["event_count"]:
            watch(*_classes(world["events"][1 : world["event_count"] + 1]), seen[i])
        tell()


def _classes(events: NDArray[np.void]) -> tuple[Ints, Ints]:
    """Return the class and the day of each event; class -1: not one that a record may name."""
    kind = events["kind"]
    which = _CLASS_OF_EVENT[kind]
    strike = which == STRIKE_BY_HOME
    which[strike] += events["actor"][strike]
    which[(kind < FRICTION_CLASH) & (events["attributed"] == 1)] = VIOLATION
    return which, events["day"]
