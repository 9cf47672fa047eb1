"""The likelihood of a record: windows, claims, weeks of violations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from truce_sim.following.evidence import (
    BACKGROUND,
    CLASSES,
    VIOLATION,
    Part,
    log_likelihood,
    number_true,
    parts_of,
    stages_of,
)
from truce_sim.inference.record import Entry, Record


def days_of(parts: list[Part], which: int) -> list[tuple[int, int, tuple[float, ...]]]:
    return sorted((p.first, p.last, p.claims) for p in parts if p.which == which)


def test_windows_and_gaps_of_strikes_cover_every_day_once() -> None:
    entries = (
        Entry(10, "strike", "home"),
        Entry(16, "strike", "home", probability=0.5),
        Entry(37, "strike", "home"),
    )
    parts = parts_of(Record(40, entries), 3)
    assert days_of(parts, 0) == [
        (0, 6, ()), (7, 19, (1.0, 0.5)), (20, 33, ()), (34, 40, (1.0,)),
    ]  # fmt: skip
    assert days_of(parts, 1) == [(0, 40, ())]  # no strike by the host is on record
    assert stages_of(parts, 40) == [6, 19, 33, 40]


def test_other_events_are_asked_for_in_their_windows_alone() -> None:
    entries = (Entry(5, "clash", count=2.0), Entry(30, "round", end="failed"))
    parts = parts_of(Record(40, entries), 7)
    assert days_of(parts, CLASSES.index("clash")) == [(0, 12, (1.0, 1.0))]
    assert days_of(parts, CLASSES.index("round failed")) == [(23, 37, (1.0,))]
    assert days_of(parts, CLASSES.index("round succeeded")) == []


def test_claims_count_with_their_probability() -> None:
    assert number_true([]) == pytest.approx([1.0])
    assert number_true([0.3, 1.0]) == pytest.approx([0.0, 0.7, 0.3])
    counts = np.arange(4)
    strikes = Part(0, 0, 9, (0.3, 1.0))
    assert strikes.agreement(counts) == pytest.approx([0.0, 0.7, 0.3, 0.0])
    clashes = Part(2, 0, 9, (0.3, 1.0))  # a run may have more than the record
    assert clashes.agreement(counts) == pytest.approx([0.0, 0.7, 1.0, 1.0])
    assert Part(1, 0, 9).agreement(counts) == pytest.approx([1.0, 0.0, 0.0, 0.0])


def test_a_run_that_is_over_contradicts_every_later_stage() -> None:
    parts = [Part(0, 0, 9), Part(0, 10, 20, (0.5,))]
    counts = np.array([[0, 1], [0, 0], [1, 1], [0, 0]])
    found = log_likelihood(parts, counts, np.array([31, 31, 31, 9]), 30)
    half = np.log(0.5)
    gone = -np.inf
    expected = [[0, half, half], [0, half, half], [gone, gone, gone], [gone, gone, gone]]
    assert found == pytest.approx(np.array(expected))


def test_weeks_of_violations_are_integrated_over_the_share_reported() -> None:
    reported, counts, mean = [2.0, 0.0, 1.0], np.array([[3, 1, 0], [0, 0, 0]]), 0.4
    parts = [Part(VIOLATION, 7 * i, 7 * i + 6, reported=r) for i, r in enumerate(reported)]
    found = log_likelihood(parts, counts, np.array([99, 99]), 20, mean)
    for row, run in zip(found, counts, strict=True):
        for weeks in (1, 2, 3):

            def density(share: float, run=run, weeks=weeks) -> float:
                each = stats.poisson.pmf(reported[:weeks], share * (run[:weeks] + BACKGROUND))
                return float(np.prod(each)) * np.exp(-share / mean) / mean

            exact = integrate.quad(density, 0, np.inf)[0]
            assert row[weeks - 1] == pytest.approx(np.log(exact), abs=1e-7)


def test_a_claimed_violation_counts_as_part_of_one() -> None:
    entries = (Entry(1, "violation", count=3.0, probability=0.5), Entry(6, "violation"))
    parts = [p for p in parts_of(Record(9, entries), 7) if p.which == VIOLATION]
    assert [(p.first, p.last, p.reported) for p in parts] == [(0, 6, 2.5), (7, 9, 0.0)]
