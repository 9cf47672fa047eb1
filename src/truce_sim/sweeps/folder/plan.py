"""Cut a sweep into chunks: replicates first, so an interrupted sweep is a smaller sweep.

A chunk is a rectangle of some points and some replicates, and its name says which. The names of
the parts therefore say what is done, and what is missing follows from them, whatever the order,
cut or interruption that produced them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: A chunk has about this many runs: enough that writing it costs little, few enough for a smooth
#: progress bar and small losses. Large sweeps have larger chunks, for fewer files.
RUNS_PER_CHUNK = 2000
MOST_RUNS_PER_CHUNK = 200_000
CHUNKS_WANTED = 2000
#: Runs that the engine makes at a time: enough that a call costs little, few enough to find one
#: that never ends, and to stop soon after Ctrl-C.
RUNS_PER_BLOCK = 64

_NAME = re.compile(r"p(\d+)-(\d+)_r(\d+)-(\d+)")


@dataclass(frozen=True)
class Chunk:
    """A block of runs: some points, each with the same replicates.

    Attributes:
        points: the points.
        replicates: the replicates of each.
    """

    points: range
    replicates: range

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.points) * len(self.replicates)

    @property
    def name(self) -> str:
        """The stem of its part's file name, `p<first>-<stop>_r<first>-<stop>`."""
        p, r = self.points, self.replicates
        return f"p{p.start:07d}-{p.stop:07d}_r{r.start:08d}-{r.stop:08d}"

    def meets(self, other: Chunk) -> bool:
        """Whether some run is in both."""
        return _meet(self.points, other.points) and _meet(self.replicates, other.replicates)

    @classmethod
    def from_name(cls, name: str) -> Chunk | None:
        """Return the chunk of that name; None if it is not the name of a chunk."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        a, b, c, d = map(int, match.groups())
        return cls(range(a, b), range(c, d)) if a < b and c < d else None

    def halves(self) -> tuple[Chunk, Chunk]:
        """Split a chunk of two or more runs into two chunks."""
        if len(self.points) > 1:
            middle = (self.points.start + self.points.stop) // 2
            left, right = range(self.points.start, middle), range(middle, self.points.stop)
            return Chunk(left, self.replicates), Chunk(right, self.replicates)
        middle = (self.replicates.start + self.replicates.stop) // 2
        first, last = self.replicates.start, self.replicates.stop
        return Chunk(self.points, range(first, middle)), Chunk(self.points, range(middle, last))


def _meet(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop


def runs_per_chunk(runs: int) -> int:
    """Return the number of runs per chunk in a sweep of `runs` runs."""
    return min(max(RUNS_PER_CHUNK, runs // CHUNKS_WANTED), MOST_RUNS_PER_CHUNK)


def missing(done: Iterable[Chunk], wanted: NDArray[np.int64]) -> Iterator[Chunk]:
    """Yield the runs not covered by `done`, in order, as large rectangles.

    Args:
        done: existing chunks in any order; they may overlap, or exceed what is wanted.
        wanted: (points,) replicates wanted of each point.
    """
    chunks = list(done)
    ends = {int(stop) for stop in np.unique(wanted)}
    sides = (chunk.replicates for chunk in chunks)
    edges = sorted({0} | ends | {edge for side in sides for edge in (side.start, side.stop)})
    covers: list[list[range]] = [[] for _ in edges]
    for chunk in chunks:
        first = bisect_left(edges, chunk.replicates.start)
        for strip in range(first, bisect_left(edges, chunk.replicates.stop)):
            covers[strip].append(chunk.points)
    for strip, (first, stop) in enumerate(pairwise(edges)):
        open_points = wanted >= stop
        for points in covers[strip]:
            open_points[points.start : points.stop] = False
        for points in stretches(open_points):
            yield Chunk(points, range(first, stop))


def stretches(flags: NDArray[np.bool_]) -> Iterator[range]:
    """Yield the ranges in which all flags are set."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    for first, stop in edges.reshape(-1, 2).tolist():
        yield range(first, stop)


def cut(rectangles: Iterable[Chunk], size: int) -> Iterator[Chunk]:
    """Cut rectangles into chunks, one block of replicates after another.

    Args:
        rectangles: blocks of runs of any size.
        size: approximate number of runs per chunk.
    """
    for rectangle in rectangles:
        points, replicates = rectangle.points, rectangle.replicates
        block = max(RUNS_PER_BLOCK, size // len(points))
        for some in _slices(replicates, block):
            for few in _slices(points, max(1, size // len(some))):
                yield Chunk(few, some)


def blocks(points: int, replicates: int) -> Iterator[tuple[slice, slice]]:
    """Cut a table of runs into blocks of some points, or of some replicates of one point."""
    size = max(1, RUNS_PER_BLOCK // replicates)
    for first in range(0, points, size):
        for start in range(0, replicates, RUNS_PER_BLOCK):
            yield slice(first, first + size), slice(start, start + RUNS_PER_BLOCK)


def _slices(whole: range, size: int) -> Sequence[range]:
    return [whole[i : i + size] for i in range(0, len(whole), size)]


def incomplete_chunks(chunks: Iterable[Chunk], done: Sequence[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks not fully covered by `done`."""
    exactly = set(done)
    for chunk in chunks:
        if chunk not in exactly and not is_covered(chunk, done):
            yield chunk


def is_covered(chunk: Chunk, done: Iterable[Chunk]) -> bool:
    """Whether `done` covers all runs of a chunk."""
    left = np.ones((len(chunk.points), len(chunk.replicates)), bool)
    for other in done:
        p, r = other.points, other.replicates
        rows = slice(max(p.start - chunk.points.start, 0), max(p.stop - chunk.points.start, 0))
        first, stop = r.start - chunk.replicates.start, r.stop - chunk.replicates.start
        left[rows, max(first, 0) : max(stop, 0)] = False
    return not left.any()
