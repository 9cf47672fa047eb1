"""What commands print is whole: tables, words, intervals, names."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truce_sim.cli.printing.layout import print_sentence, print_table, short_names
from truce_sim.terminal import CleanConsole

COLUMNS = ["mediation.verification.lag_days", "mediation.verification.coverage", "runs", "mean"]
ROWS = [["1", "0.25", "2,000", "41.2 [38.0, 44.5]"], ["20", "0.75", "2,000", "120.6 [99.0, 141.3]"]]


def printed(width: int, columns=COLUMNS, rows=ROWS, left: int = 2) -> str:
    out = io.StringIO()
    print_table(CleanConsole(file=out, width=width), columns, rows, left=left)
    return out.getvalue()


@pytest.mark.parametrize("width", range(40, 90, 7))
def test_no_level_is_parted_from_its_factor(width: int) -> None:
    out = io.StringIO()
    told = "What truce changes depends on it, with mediation = qatar_turkiye and truce = literal."
    print_sentence(CleanConsole(file=out, width=width), told, "  ")
    assert "mediation = qatar_turkiye" in out.getvalue()
    assert "truce = literal" in out.getvalue()
    assert all(line.startswith("  ") for line in out.getvalue().splitlines())


def test_a_table_that_fits_has_its_full_names() -> None:
    lines = printed(100).splitlines()
    assert len(lines) == 3
    assert lines[0].split() == COLUMNS


def test_a_wider_one_has_names_shortened_from_the_left() -> None:
    lines = printed(60).splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["…lag_days", "…coverage", "runs", "mean"]


def test_one_that_does_not_fit_becomes_records() -> None:
    lines = [line.rstrip() for line in printed(40).splitlines()]
    assert "  mean  41.2 [38.0, 44.5]" in lines
    assert "  runs  2,000" in lines
    assert "mediation.verification.lag_days = 20," in lines


@given(st.integers(20, 200))
def test_no_width_cuts_a_cell_or_breaks_an_interval(width: int) -> None:
    text = printed(width)
    for row in ROWS:
        for cell in row:
            assert cell in text


SENTENCE = (
    "Truces last 63.8 days longer [27.0, 100.7]; 82.5 % [68.1, 91.3] instead of 97.5 % [-, –]."
)


@given(st.integers(30, 120))
def test_a_sentence_wraps_between_words_and_no_interval_breaks(width: int) -> None:
    out = io.StringIO()
    print_sentence(CleanConsole(file=out, width=width), SENTENCE, "  • ")
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(out.getvalue().split()) == f"• {SENTENCE}"
    for estimate in ("longer [27.0, 100.7]", "82.5 % [68.1, 91.3]", "97.5 % [-, –]"):
        assert any(estimate in line for line in lines)


@given(st.lists(st.from_regex(r"[ab](\.[ab]){0,3}", fullmatch=True), unique=True, min_size=1))
def test_shortened_names_stay_distinct_and_end_like_the_name(names: list[str]) -> None:
    short = short_names(names)
    assert len(set(short)) == len(names)
    for name, shown in zip(names, short, strict=True):
        assert name.endswith(shown.removeprefix("…"))
        assert len(shown) <= len(name) + 1


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["home.capacity", "host.capacity"], ["home.capacity", "host.capacity"]),
        (["a.x.lag", "b.x.lag"], ["a.x.lag", "b.x.lag"]),
        (["a.x.lag", "a.y.lag"], ["…x.lag", "…y.lag"]),
        (["truce", "home.threshold"], ["truce", "…threshold"]),
    ],
)
def test_names(names: list[str], short: list[str]) -> None:
    assert short_names(names) == short
