"""Records: what is read, what is refused and how."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from truce_sim import InputError
from truce_sim.inference.record import Entry, read_record

FIRST = date(2025, 10, 19)
ROWS = [
    {"date": "2025-10-24", "kind": "violation", "value": 2},
    {"date": "2025-10-30", "kind": "round", "value": "succeeded"},
    {"day": 37, "kind": "strike", "side": "home", "probability": 0.5},
    {"day": 131, "date": "2026-02-27", "kind": "collapse"},
]


def written(folder: Path, text: str) -> Path:
    path = folder / "record.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_dates_are_days_and_later_rows_are_counted() -> None:
    found = read_record(ROWS, "2025-11-28", FIRST)
    assert found.as_of == 40
    assert found.later == 1
    assert found.entries == (
        Entry(5, "violation", count=2.0),
        Entry(11, "round", end="succeeded"),
        Entry(37, "strike", "home", probability=0.5),
    )


def test_a_file_a_table_and_rows_are_the_same_record(tmp_path: Path) -> None:
    text = "date,day,kind,side,value,probability,note\n2025-10-24,,violation,,2,,two bands\n"
    text += "2025-10-30,11,round,,succeeded,,\n,37,strike,home,,0.5,denied\n,131,collapse,,,,\n"
    of_file = read_record(written(tmp_path, text), 40, FIRST)
    assert of_file == read_record(ROWS, 40, FIRST) == read_record(pd.DataFrame(ROWS), 40, FIRST)


def test_without_a_day_the_present_is_the_last_day_of_the_record() -> None:
    assert read_record(ROWS[:3], None, FIRST).as_of == 37
    assert read_record(None, 12, None).entries == ()
    followed = read_record([*ROWS[:3], {"day": 60, "kind": "followed"}], None, FIRST)
    assert (followed.as_of, len(followed.entries)) == (60, 3)  # nothing happened on that day


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"day": 3, "kind": "bombing"}, "kind = 'bombing': is not known"),
        ({"day": 3, "kind": ""}, "kind: is missing"),
        ({"day": 3, "kind": "strike"}, "side: is missing"),
        ({"day": 3, "kind": "clash", "side": "home"}, "only for strikes"),
        ({"day": 3, "kind": "round"}, "value: is missing"),
        ({"day": 3, "kind": "strike", "side": "home", "value": 0}, "is not a count"),
        ({"day": 3, "kind": "violation", "value": "many"}, "is not a number"),
        ({"day": 3, "kind": "violation", "value": "nan"}, "is not a number"),
        ({"day": 3, "kind": "clash", "probability": 1.5}, "is not a probability"),
        ({"day": 30, "kind": "collapse", "probability": 0.5}, "not for what is known"),
        ({"day": -3, "kind": "clash"}, "is before day 0"),
        ({"date": "2025-10-18", "kind": "clash"}, "is before day 0, which is 2025-10-19"),
        ({"date": "18 October", "kind": "clash"}, "is not a date in the form YYYY-MM-DD"),
        ({"date": "2025-02-30", "kind": "clash"}, "is not a day of the calendar"),
        ({"date": "2025-10-20", "day": 3, "kind": "clash"}, "which is 1"),
        ({"kind": "clash"}, "lacks the column date or day"),
        ({"day": "", "kind": "clash"}, "date: is missing"),
    ],
)
def test_bad_rows_are_refused_with_their_place(row: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_record([row], 40, FIRST)
    assert words in str(refused.value)
    assert "row 0" in str(refused.value) or "lacks the column" in words
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column kind"),
        ("day,kind\n", "has no rows"),
        ("day,sort\n1,clash\n", "lacks the column kind"),
        ("day,kind,kind\n1,clash,clash\n", "names a column twice"),
        ("day,kind\n1,clash,3\n", "has more or fewer cells"),
        ("day,kind,value\n1\n", "has more or fewer cells"),
        ("day,kind\n1,clash\n1,clash\n", "is given twice for day 1"),
        ("day;kind\n1;clash\n", "is not separated by commas"),
        ("day,kind,side\n10,collapse,\n12,strike,home\n", "is after the collapse, on day 10"),
        ("day,kind\n10,collapse\n12,collapse\n", "is after the collapse, on day 10"),
        ("day,kind\n3.5,clash\n", "is not a whole day"),
        ("day,kind,side,value\n3,strike,home,100000\n", "is not a count"),
        (",,\n,,\n", "lacks the column kind"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_record(written(tmp_path, text), 40, FIRST)
    assert words in str(refused.value)
    assert len(str(refused.value)) <= 300 + len(str(tmp_path))


def test_what_spreadsheets_leave_behind_is_read(tmp_path: Path) -> None:
    """Blanks around names, lines of empty cells, whole numbers with a point, any order of rows."""
    text = '\ufeffday , kind,note,\n12.0,clash,,\n,,,\n3.0,clash,"two\nlines",\n\n'
    found = read_record(written(tmp_path, text), None, FIRST)
    assert (found.as_of, [entry.day for entry in found.entries]) == (12, [3, 12])


def test_a_truce_that_is_over_has_no_future() -> None:
    with pytest.raises(InputError, match="a day before 131"):
        read_record(ROWS, 131, FIRST)
    with pytest.raises(InputError, match="a day before 131"):
        read_record(ROWS, None, FIRST)


def test_the_present_needs_a_day() -> None:
    for as_of, words in ((None, "is missing"), (-1, "before day 0"), ("2025-10-20", "has none")):
        with pytest.raises(InputError, match=words):
            read_record(None, as_of, None)


def test_no_file_and_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_record(tmp_path / "none.csv", 3, FIRST)
    with pytest.raises(InputError, match="is not a table"):
        read_record({"day": 1, "kind": "clash"}, 3, FIRST)  # type: ignore[arg-type]
