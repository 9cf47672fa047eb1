"""What is missing follows from the names of what is there, whatever order or cut it came from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truce_sim.sweeps.folder.plan import Chunk, cut, is_covered, missing, runs_per_chunk


def runs(chunk: Chunk) -> set[tuple[int, int]]:
    return {(point, replicate) for point in chunk.points for replicate in chunk.replicates}


def spans(most: int) -> st.SearchStrategy[range]:
    ends = st.tuples(st.integers(0, most - 1), st.integers(1, 6))
    return ends.map(lambda e: range(e[0], e[0] + e[1]))


chunks = st.builds(Chunk, spans(12), spans(20))
wanted = st.lists(st.integers(0, 24), min_size=1, max_size=15).map(np.array)


@given(st.lists(chunks, max_size=12), wanted, st.integers(1, 40))
def test_what_is_missing_is_planned_once(
    done: list[Chunk], wanted: np.ndarray[tuple[int], np.dtype[np.int64]], size: int
) -> None:
    """Every run that is wanted and not there, once, and no other; also of overlapping chunks and
    chunks beyond what is wanted."""
    there = set().union(*map(runs, done)) if done else set()
    asked = {(p, r) for p, count in enumerate(wanted) for r in range(count)}
    planned = [run for chunk in cut(missing(done, wanted), size) for run in runs(chunk)]
    assert len(planned) == len(set(planned))
    assert set(planned) == asked - there


@pytest.mark.parametrize(("points", "replicates"), [(1, 1), (1, 5000), (7, 130), (4000, 3)])
def test_replicates_come_first(points: int, replicates: int) -> None:
    """An interrupted sweep is a smaller one: blocks of replicates in order, all points in each."""
    plan = list(cut(missing([], np.full(points, replicates)), 2000))
    assert sum(chunk.runs for chunk in plan) == points * replicates
    firsts = [chunk.replicates.start for chunk in plan]
    assert firsts == sorted(firsts)


@given(chunks)
def test_names_say_which_runs(chunk: Chunk) -> None:
    """A name and its chunk are the same; what is no name is none."""
    assert Chunk.from_name(chunk.name) == chunk
    assert Chunk.from_name(chunk.name + "x") is None
    assert Chunk.from_name("p0000001-0000001_r00000000-00000001") is None


@given(chunks)
def test_halves_have_the_same_runs(chunk: Chunk) -> None:
    """Nothing is lost, nothing is run twice."""
    if chunk.runs > 1:
        first, second = chunk.halves()
        assert runs(first) | runs(second) == runs(chunk)
        assert first.runs + second.runs == chunk.runs


@given(chunks, st.lists(chunks, max_size=8))
def test_is_covered(chunk: Chunk, done: list[Chunk]) -> None:
    """Whether all its runs are among those of the others."""
    there = set().union(*map(runs, done)) if done else set()
    assert is_covered(chunk, done) == (runs(chunk) <= there)


def test_large_sweeps_have_larger_chunks() -> None:
    """Fewer files; yet never so large that much is lost with one."""
    assert runs_per_chunk(1000) == runs_per_chunk(10**6) == 2000
    assert runs_per_chunk(10**8) == 50_000
    assert runs_per_chunk(10**10) == 200_000
