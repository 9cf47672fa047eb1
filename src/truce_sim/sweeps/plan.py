"""How a sweep is cut into chunks: replicate-major, so that an interrupted one is a smaller one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A chunk has about this many runs: long enough that writing it hardly counts, short enough for a
#: lively progress bar and little to lose.
RUNS_PER_CHUNK = 2000
REPLICATES_PER_BLOCK = 64


@dataclass(frozen=True)
class Chunk:
    """Some points, each with the same replicates [first, first + count)."""

    index: int
    points: range
    first: int
    count: int

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.points) * self.count

    @property
    def replicates(self) -> NDArray[np.int64]:
        """The replicates' numbers."""
        return np.arange(self.first, self.first + self.count, dtype=np.int64)


def plan_chunks(points: int, replicates: int) -> Iterator[Chunk]:
    """All chunks of a sweep, in the order in which they are run."""
    block = min(replicates, REPLICATES_PER_BLOCK if points > 1 else RUNS_PER_CHUNK)
    width = max(1, RUNS_PER_CHUNK // block)
    index = 0
    for first in range(0, replicates, block):
        for start in range(0, points, width):
            chosen = range(start, min(start + width, points))
            yield Chunk(index, chosen, first, min(block, replicates - first))
            index += 1
