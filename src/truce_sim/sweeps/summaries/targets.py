"""The state of a sweep with `sweep.until`: which points or pairs have intervals still too wide.

All of it follows from the existing parts, so an interrupted sweep resumes as if nothing happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.settings.schema import SweepConfig
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk, cut, missing, runs_per_chunk
from truce_sim.sweeps.summaries.contrasts import Pair, find_pairs, strips
from truce_sim.sweeps.summaries.until import BLOCK, Until, outcome_bounds


def check_until(sweep: SweepConfig, horizon: int) -> None:
    """Raise InputError for an outcome without bounds, or for pairs without sweep.compare."""
    if not sweep.until.outcome:
        return
    outcome_bounds(sweep.until.outcome, horizon)
    if sweep.until.paired and not sweep.compare:
        raise InputError(
            "pairs compare the levels of sweep.compare, which is empty",
            setting="sweep.until.paired", value=True, allowed="false, or a factor to compare",
        )  # fmt: skip


def target_replicates(folder: SweepFolder) -> NDArray[np.int64]:
    """Return (points,) the replicates wanted of each point; with sweep.until, as known so far."""
    if folder.settings.until.outcome:
        return Targets(folder).wanted()
    return np.full(folder.points, folder.settings.replicates)


def chunks_to_run(folder: SweepFolder, done: Iterable[Chunk] = ()) -> Iterator[Chunk]:
    """Cut the runs wanted that `done` does not cover, the same way in every process."""
    size = runs_per_chunk(folder.points * folder.replicates)  # the same whatever is already done
    return cut(missing(done, target_replicates(folder)), size)


class Targets:
    """Counts and sums of the runs of each unit: a point, or a pair with sweep.until.paired."""

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self._asked = folder.settings.until
        units = len(self.pairs) if self._asked.paired else folder.points
        # n, Σ, Σ² of each unit.
        self._sums = np.zeros((3, units))
        # The replicates read so far, and those at which the rule is checked next for each unit.
        self._read = 0
        self._due = np.full(units, min(BLOCK, self._asked.ceiling))
        for values in self._values():
            self._add(values)

    def _add(self, values: NDArray[np.float64]) -> None:
        """Add (units, replicates) values, and check the rule where a check is due.

        Only there: an interrupted sweep also passes through other numbers of runs, and must stop
        where an undisturbed one does.
        """
        while values.shape[1]:
            ends = (self._read // BLOCK + 1) * BLOCK, self._asked.ceiling
            size = min(end for end in ends if end > self._read) - self._read
            some, values = values[:, :size], values[:, size:]
            good = np.isfinite(some)
            kept = np.where(good, some, 0.0)
            self._sums += [good.sum(axis=1), kept.sum(axis=1), (kept**2).sum(axis=1)]
            self._read += size
            checked = (self._due == self._read) & (self._available >= self._read)
            sums = self._sums[:, checked]
            more = self.rule.wanted(*sums) - sums[0].astype(np.int64)
            self._due[checked] = np.minimum(self._read + more, self._asked.ceiling)

    @cached_property
    def pairs(self) -> list[Pair]:
        """The pairs to compare."""
        factors = self._folder.factors
        return find_pairs(self._folder.design, factors, self._folder.settings.compare)

    @cached_property
    def rule(self) -> Until:
        """The stopping rule of each unit."""
        low, high = outcome_bounds(self._asked.outcome, self._folder.horizon)
        low = low - high if self._asked.paired else low
        return Until(self._asked.half_width, self._asked.ceiling, low, high)

    def _values(self) -> Iterator[NDArray[np.float64]]:
        """Yield (units, replicates) outcomes or differences, block by block; NaN if missing."""
        for (values,) in strips(self._folder, [self._asked.outcome]):
            if not self._asked.paired:
                yield values
                continue
            others = [pair.other for pair in self.pairs]
            yield values[others] - values[[pair.baseline for pair in self.pairs]]

    def wanted(self) -> NDArray[np.int64]:
        """Return (points,) the replicates wanted of each point before the next check."""
        if not self._asked.paired:
            return np.asarray(np.maximum(self._done, self._due))
        points = self._done.copy()
        for pair, due in zip(self.pairs, self._due.tolist(), strict=True):
            both = [pair.baseline, pair.other]
            points[both] = np.maximum(points[both], due)
        return points

    @cached_property
    def _available(self) -> NDArray[np.int64]:
        """(units,) replicates of each unit, from 0 up to the first gap."""
        if not self._asked.paired:
            return self._done
        done = [self._done[[pair.baseline, pair.other]].min() for pair in self.pairs]
        return np.array(done, np.int64)

    @cached_property
    def _done(self) -> NDArray[np.int64]:
        """(points,) replicates of each point, from 0 up to the first gap."""
        done = np.zeros(self._folder.points, np.int64)
        for chunk in self._folder.chunks():
            few = done[chunk.points.start : chunk.points.stop]
            follows = few >= chunk.replicates.start
            few[follows] = np.maximum(few[follows], chunk.replicates.stop)
        return done

    def table(self) -> pd.DataFrame:
        """Return one row per unit.

        The columns are point (and baseline_point), n, the mean outcome or difference, its interval
        after stopping, half_width, and reached, which says whether that is narrow enough.
        """
        n, *_ = self._sums
        mean, low, high = self.rule.interval(*self._sums)
        units = (
            {"point": [p.other for p in self.pairs],
             "baseline_point": [p.baseline for p in self.pairs]}
            if self._asked.paired
            else {"point": np.arange(self._folder.points)}
        )  # fmt: skip
        values = {"n": n.astype(int), "mean": mean, "low": low, "high": high}
        values |= {"half_width": self.rule.half_widths(*self._sums)}
        frame = pd.DataFrame(units | values)
        return frame.assign(reached=frame["half_width"] <= self._asked.half_width)
