"""How well a run agrees with a record: the likelihood of the record, given the run.

The days so far are cut into *parts*, separately for each class of events. Around each row of the
record lies a window of days in which a run must have had that event, since dates of a run and of
the record never agree to the day; windows that touch are merged. A row that is only claimed counts
with its probability: a window with claims p, q, … agrees with a run of n events with the
probability that n of the claims are true. The record is taken to be complete for strikes: there
were none outside the windows. For clashes, rounds and suspensions it is not: a run may have more.

Violations are compared by counts of weeks. Sources report an unknown share of them, so a week with
n violations of the run has Poisson(share · (n + 0.1)) reports, and the share is integrated out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from truce_sim.inference.record import Record

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Classes of events that a record may name, as numbers.
CLASSES = (
    "strike by home", "strike by host", "clash", "round succeeded", "round failed", "suspension",
    "violation",
)  # fmt: skip
STRIKE_BY_HOME, STRIKE_BY_HOST = 0, 1
VIOLATION = CLASSES.index("violation")
#: Classes for which the record is complete.
COMPLETE = (STRIKE_BY_HOME, STRIKE_BY_HOST)

#: Days of a bin of violations; what is added to a run's count in each, so that none rules out a
#: report; the mean of the share that sources report, which is exponential (all assumed).
WEEK, BACKGROUND, REPORTED = 7, 0.1, 0.5


@dataclass(frozen=True)
class Part:
    """Some days of one class of events.

    Attributes:
        which: the class.
        first: first day.
        last: last day; once it is over, the part counts.
        claims: the probability of each event reported; empty for violations.
        reported: number of violations reported; 0 for other classes.
    """

    which: int
    first: int
    last: int
    claims: tuple[float, ...] = ()
    reported: float = 0.0

    def agreement(self, counts: Counts) -> Floats:
        """Return the probability of what was reported, for numbers of events of runs (n,)."""
        law = number_true(self.claims)
        if self.which in COMPLETE:
            law = np.append(law, 0.0)
            return law[np.minimum(counts, law.size - 1)]
        return np.cumsum(law)[np.minimum(counts, law.size - 1)]


def number_true(claims: Sequence[float]) -> Floats:
    """Return P(k of independent claims are true), for k = 0 … their number."""
    law = np.ones(1)
    for p in claims:
        law = np.convolve(law, (1.0 - p, p))
    return law


def parts_of(record: Record, tolerance: int) -> list[Part]:
    """Return the parts of a record, by their last days.

    Args:
        record: of a truce.
        tolerance: days by which dates may differ.
    """
    parts = []
    for which in range(VIOLATION):
        windows = _windows(record, which, tolerance)
        parts += windows
        if which in COMPLETE:
            edges = [-1, *(day for w in windows for day in (w.first, w.last)), record.as_of + 1]
            gaps = zip(edges[::2], edges[1::2], strict=True)
            parts += [Part(which, a + 1, b - 1) for a, b in gaps if b - a > 1]
    return sorted([*parts, *_weeks(record)], key=lambda part: part.last)


def _windows(record: Record, which: int, tolerance: int) -> list[Part]:
    windows: list[Part] = []
    for entry in record.entries:
        name = " ".join(filter(None, (entry.kind, entry.end, entry.side and f"by {entry.side}")))
        if name != CLASSES[which]:
            continue
        first = max(entry.day - tolerance, 0)
        last = min(entry.day + tolerance, record.as_of)
        claims = (entry.probability,) * int(entry.count)
        if windows and first <= windows[-1].last + 1:
            before = windows.pop()
            first, claims = before.first, (*before.claims, *claims)
        windows.append(Part(which, first, last, claims))
    return windows


def _weeks(record: Record) -> list[Part]:
    """The weeks so far, if violations are on record."""
    found = [entry for entry in record.entries if entry.kind == "violation"]
    if not found:
        return []
    starts = [*range(0, record.as_of + 1, WEEK), record.as_of + 1]
    day, count = (np.array([getattr(e, name) for e in found], float) for name in ("day", "count"))
    count *= [entry.probability for entry in found]
    return [
        Part(VIOLATION, a, b - 1, reported=float(count[(day >= a) & (day < b)].sum()))
        for a, b in pairwise(starts)
    ]


def stages_of(parts: Sequence[Part], as_of: int) -> list[int]:
    """Return the days at whose end a part is over, in order; the last is the present."""
    return sorted({part.last for part in parts} | {as_of})


def log_likelihood(
    parts: Sequence[Part],
    counts: Counts,
    ends: Counts,
    as_of: int,
    reported: float = REPORTED,
) -> Floats:
    """Return (runs, stages): the log likelihood of the record up to each stage; -∞ once over.

    Args:
        parts: of the record.
        counts: (runs, parts) events of the runs in each part.
        ends: (runs,) day of the collapse, or a later day than `as_of`.
        as_of: the present.
        reported: mean share of violations that sources report.
    """
    stages = stages_of(parts, as_of)
    found = np.zeros((len(ends), len(stages)))
    with np.errstate(divide="ignore"):
        for part, column in zip(parts, counts.T, strict=True):
            if part.which != VIOLATION:
                at = stages.index(part.last)
                found[:, at:] += np.log(part.agreement(column))[:, None]
    weeks = [i for i, part in enumerate(parts) if part.which == VIOLATION]
    found += _of_weeks([parts[i] for i in weeks], counts[:, weeks], stages, reported)
    found[ends[:, None] <= np.array(stages)] = -np.inf
    return found


def _of_weeks(
    weeks: Sequence[Part], counts: Counts, stages: Sequence[int], reported: float
) -> Floats:
    """Return (runs, stages): the log likelihood of the weeks by then.

    With an exponential share of mean m, and r reports in a week with n: Π (n + b)^r / r!, times
    Γ(1 + Σ r) / (1/m + Σ (n + b))^(1 + Σ r), over m.
    """
    found = np.zeros((len(counts), len(stages)))
    expected, each, total = np.zeros(len(counts)), np.zeros(len(counts)), 0.0
    for week, column in zip(weeks, counts.T, strict=True):
        mean = column + BACKGROUND
        expected += mean
        each += week.reported * np.log(mean) - gammaln(1 + week.reported)
        total += week.reported
        whole = each + gammaln(1 + total) - (1 + total) * np.log(1 / reported + expected)
        found[:, stages.index(week.last) :] = (whole - np.log(reported))[:, None]
    return found
