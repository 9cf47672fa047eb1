"""Data of a fit: what is read, and clear answers to bad tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truce_sim import InputError
from truce_sim.inference.data import read_case, read_pattern, read_truces

FIRST = date(2025, 10, 19)


def test_truces_are_counted_by_window() -> None:
    table = [{"days": 2, "ended": 1}, {"days": 40, "ended": 0}, {"days": 35, "ended": 1}]
    found = read_truces(table)
    assert found.followed == (40, 40, 40)  # what ended counts as followed as long as the longest
    seen = {s.name: x for s, x in zip(found.summaries, found.observed, strict=True)}
    assert seen["ended, days 0 to 2"] == 1
    assert seen["ended, days 30 to 40"] == 1
    assert seen["days at risk, 0 to 2"] == pytest.approx(np.log1p(2 + 3 + 3))
    assert seen["days at risk, 30 to 40"] == pytest.approx(np.log1p(10 + 5))


def test_simulated_truces_are_censored_like_the_real_ones() -> None:
    found = read_truces([{"days": 10, "ended": 1, "followed": 20}, {"days": 50, "ended": 0}])
    runs = pd.DataFrame({"end_day": [30, 50], "collapsed": [True, True]})
    as_data = read_truces([{"days": 20, "ended": 0}, {"days": 50, "ended": 1}])
    read = found.read(runs, np.random.default_rng(1))[0]
    np.testing.assert_allclose(read, as_data.observed)


def test_dates_and_files_do_as_well(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,start,end,ended\na,2021-11-09,2021-12-09,1\nb,2022-05-10,2022-11-28,0\n")
    assert read_truces(file).days == (30, 202)


BAD_TRUCES: list[tuple[Any, tuple[str, ...]]] = [
    ([], ("has no rows",)),
    (3, ("is not a table", "int")),
    ({"days": [3]}, ("is not a table",)),
    ("nowhere.csv", ("no such file", "nowhere.csv")),
    ([{"days": -1, "ended": 1}], ("not a number of days", "row 0")),
    ([{"days": 2.5, "ended": 1}], ("not a number of days",)),
    ([{"days": "x", "ended": 1}], ("not a number of days",)),
    ([{"days": "inf", "ended": 1}], ("not a number of days", "row 0")),
    ([{"days": "nan", "ended": 1}], ("not a number of days", "row 0")),
    ([{"days": 5}], ("lacks the column ended",)),
    ([{"days": 5, "ended": ""}], ("does not say whether", "1 or 0")),
    ([{"ended": 1}], ("lacks the column days or start",)),
    ([{"start": "", "ended": 1}], ("is not a date", "or a column days")),
    ([{"start": "2025-02-30", "end": "2025-03-01", "ended": 1}], ("is not a date",)),
    ([{"start": "2025-03-02", "end": "2025-03-01", "ended": 0}], ("before the start",)),
    ([{"id": "a", "days": 3, "ended": 1}] * 2, ("is there twice", "row 0")),
    ([{"days": 0, "ended": 0}], ("was not followed for a day",)),
    ([{"days": 9, "ended": 1, "followed": 5}], ("less than the 9 days",)),
    ([{"days": 9, "ended": 0, "followed": 50}], ("contradicts days",)),
]


@pytest.mark.parametrize(("table", "words"), BAD_TRUCES)
def test_a_bad_table_of_truces_is_refused_in_words(table: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        read_truces(table)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) <= 300


def test_censored_truces_bound_from_below_and_are_said_to() -> None:
    found = read_truces([{"days": 90, "ended": 0}] * 3)
    assert "None ended" in found.account[0]


def test_a_case_is_read_from_its_record() -> None:
    record = [
        {"date": "2025-11-25", "kind": "strike", "side": "home", "probability": 0.3},
        {"date": "2026-02-22", "kind": "strike", "side": "home"},
        {"date": "2026-02-26", "kind": "strike", "side": "host"},
        {"day": 6, "kind": "round", "value": "succeeded"},
        {"day": 12, "kind": "violation"},
        {"date": "2026-02-27", "kind": "collapse"},
    ]
    assert read_case([*record[:1], {**record[1], "value": 3}], FIRST).counts["strikes_by_home"] == 3
    found = read_case(record, FIRST)
    assert (found.last, found.ended, found.firsts) == (131, True, {"strike": 126})
    assert found.counts == {"strikes_by_home": 1, "strikes_by_host": 1, "rounds_called": 1}
    assert "collapsed on day 131" in found.account[0]
    runs = pd.DataFrame({
        "end_day": [131], "collapsed": [True], "first_strike_day": [126], "strikes_by_home": [1],
        "strikes_by_host": [1], "rounds_called": [1],
    })  # fmt: skip
    read = found.read(runs, np.random.default_rng(1))
    np.testing.assert_allclose(read[0], found.observed)


def test_a_truce_in_force_is_followed_to_the_last_day_on_record() -> None:
    found = read_case([{"day": 80, "kind": "followed"}, {"day": 20, "kind": "suspension"}], None)
    assert (found.last, found.ended, found.horizon) == (80, False, 80)


BAD_RECORDS: list[tuple[Any, tuple[str, ...]]] = [
    ([], ("has no rows",)),
    ([{"day": 3, "kind": "violation"}], ("no rows that can be used", "suspension")),
    ([{"day": 3, "kind": "strik"}], ("is not known", "strike")),
    ([{"day": 3, "kind": "round"}], ("value: is missing", "succeeded")),
    ([{"day": 5000, "kind": "followed"}], ("too long after day 0", "3,650")),
    ([{"day": 3, "kind": "suspension"}] * 2, ("given twice for day 3",)),
    ([{"day": 3, "kind": "collapse"}, {"day": 9, "kind": "suspension"}], ("after the collapse",)),
]


@pytest.mark.parametrize(("record", "words"), BAD_RECORDS)
def test_a_bad_record_is_refused_in_words(record: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        read_case(record, FIRST)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_date_needs_the_date_of_day_0() -> None:
    with pytest.raises(InputError, match="day 0 has none"):
        read_case([{"date": "2025-11-01", "kind": "suspension"}], None)


@pytest.mark.parametrize(
    ("word", "words"),
    [("stopped=0.3..0.6", "no such measure"), ("stopped_at_border", "is not a range"),
     ("stopped_at_border=0.6..0.3", "is not a range"), ("ended_by_131=0.1..0.2", "horizon")],
)  # fmt: skip
def test_a_bad_pattern_is_refused_in_words(word: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_pattern(word, 90)


def test_a_pattern_has_the_error_of_its_reference() -> None:
    """The deviation of 4,000 errors is within 6 standard errors (1.1 %) of the reference's."""
    found = read_pattern("stopped_at_border=0.3..0.5", 365)
    runs = pd.DataFrame({"foiled_at_border": [4] * 80_000, "crossings": [10] * 80_000})
    read = found.read(runs, np.random.default_rng(2))[:, 0]
    assert read.std() == pytest.approx(0.2 / (2 * 1.96), rel=0.07)
    assert found.observed[0] == pytest.approx(0.4)
