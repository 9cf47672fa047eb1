"""Estimate the time and disk space of a sweep from a few of its runs."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from truce_sim.engine.run import outcomes
from truce_sim.engine.world import make_world
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.design.points import each_spec, make_specs
from truce_sim.sweeps.execution.crew import count_workers

#: Bytes on disk per run, in its part and in runs.parquet (measured; docs/scaling.md).
BYTES_PER_RUN = 90
#: Ratio of wall time to engine time in a long sweep (measured), and seconds to start.
OVERHEAD, START_SECONDS = 1.15, 2.0

_POINTS, _REPLICATES, _SECONDS = 40, 5, 1.5


@dataclass(frozen=True)
class Estimate:
    """The size of a sweep.

    Attributes:
        runs: number of runs.
        seconds: estimated wall time on this machine.
        workers: worker processes assumed.
        bytes: disk space, without series and events.
        timed: number of runs timed for the estimate.
    """

    runs: int
    seconds: float
    workers: int
    bytes: int
    timed: int


def estimate(design: Design, shared: Config) -> Estimate:
    """Time a few runs of points spread over the design, after checking every point.

    Args:
        design: the points.
        shared: the configuration of the sweep itself.

    Raises:
        InputError: for the first invalid point.
    """
    points = len(design.values)
    for _ in each_spec(design, range(points)):
        pass
    until = shared.sweep.until
    runs = points * (until.ceiling if until.outcome else shared.sweep.replicates)
    seconds, timed = _time_some(design)
    workers = count_workers(shared.sweep.workers)
    wall = START_SECONDS + OVERHEAD * runs * seconds / workers
    return Estimate(runs, wall, workers, BYTES_PER_RUN * runs, timed)


def _time_some(design: Design) -> tuple[float, int]:
    """Return the mean seconds per run, and the number of runs timed."""
    world, timed, spent = make_world(), 0, 0.0
    chosen = np.unique(np.linspace(0, len(design.values) - 1, _POINTS).astype(int))
    outcomes(make_specs(design, range(1))[0], [0], world)  # compiles
    for point in np.random.default_rng(0).permutation(chosen).tolist():
        spec = make_specs(design, range(point, point + 1))[0]
        begun = time.perf_counter()
        outcomes(spec, range(_REPLICATES), world)
        spent, timed = spent + time.perf_counter() - begun, timed + _REPLICATES
        if spent > _SECONDS:
            break
    return spent / timed, timed
