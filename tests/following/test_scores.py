"""What docs/nowcast.md says of scores stands in the findings, and the nulls are what they claim."""

from __future__ import annotations

import importlib
import re
from datetime import date

import numpy as np
import pytest
from scipy import stats

from conftest import REPOSITORY
from truce_sim.inference.record import read_record

STUDY = REPOSITORY / "experiments" / "nowcast"


def intervals(text: str) -> set[str]:
    return set(re.findall(r"[-\d.,]+ \[[-\d.]+, [-\d.]+\]", text))


def test_every_interval_on_the_page_was_found() -> None:
    page = (REPOSITORY / "docs" / "nowcast.md").read_text(encoding="utf-8")
    quoted = intervals(page.partition("## How good it is")[2])
    assert len(quoted) > 40
    assert quoted <= intervals((STUDY / "findings.txt").read_text(encoding="utf-8"))


def test_the_record_is_that_of_the_case() -> None:
    found = read_record(STUDY / "record.csv", 130, date(2025, 10, 19))
    assert [entry.day for entry in found.entries] == [11, 18, 19, 37, 47, 126, 130]
    assert found.later == 1


def test_nulls_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(STUDY)
    scores = importlib.import_module("scores")
    rng = np.random.default_rng(1)
    days, broke = np.floor(rng.exponential(40, 300)), rng.random(300) < 0.6
    law = scores.KaplanMeier(days, broke)
    exact = stats.ecdf(stats.CensoredData.right_censored(days, ~broke)).sf
    at = np.arange(150.0)
    assert law(at) == pytest.approx(exact.evaluate(at))
    # given that it holds at the end of day 9, a constant hazard is as on day 0
    first, later = (scores.of_law("", scores.constant, now, now + 40) for now in (0, 9))
    assert first.crps.value == pytest.approx(later.crps.value)
    assert first.rank.value == pytest.approx(later.rank.value)
    mean, days_left = sum(scores.EARLIER) / 3, np.arange(1, 181)
    chance = np.exp(-days_left / mean)
    assert first.crps.value == pytest.approx(
        float(((np.concatenate([[1.0], chance]) - (np.arange(181) < 40)) ** 2).sum())
    )
