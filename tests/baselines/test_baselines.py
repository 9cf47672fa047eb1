"""A number that changed is explained, or it is a mistake: the outcomes that a release stands by."""

from __future__ import annotations

import re

import pytest

from baselines.frozen import (
    FLOATS,
    REPLICATES,
    SPECS,
    changed,
    digest,
    file_of,
    line,
    problem,
    read,
    rows_now,
    table,
)
from conftest import REPOSITORY
from truce_sim.version import __version__

CHANGED = """
The outcomes are not those of {file}:
{what}

If this was not meant, a rule, a default or a library has changed by mistake. If it was:
  1. make baselines
  2. say why in CHANGELOG.md, as it asks for
"""

UNEXPLAINED = """
CHANGELOG.md does not explain the outcomes in {file}. Put WHY, in some words, into a line
{line}
"""


@pytest.fixture(scope="module")
def frozen() -> str:
    """The rows of this version."""
    path = file_of()
    if not path.exists():
        pytest.fail(f"no {path.name} yet for this version: make baselines")
    return read(path)


@pytest.fixture(scope="module")
def now() -> str:
    """What the rules give now."""
    return rows_now()


def explained(changelog: str, version: str, rows: str) -> bool:
    """Whether the section of a version, or of what is not released yet, has a line, under Results,
    with these rows' digest and a reason of three words or more."""
    return any(_explained(changelog, section, rows) for section in ("Unreleased", version))


def _explained(changelog: str, name: str, rows: str) -> bool:
    section = re.search(rf"^## \[{re.escape(name)}\].*?(?=^## |\Z)", changelog, re.M | re.S)
    results = section and re.search(r"^### Results$.*?(?=^### |\Z)", section[0], re.M | re.S)
    reason = results and re.search(rf"^- Baselines `{digest(rows)}`: (.+)$", results[0], re.M)
    return bool(reason) and len(reason[1].split()) >= 3


# ── the release ──────────────────────────────────────────────────────────────────────────────


def test_the_outcomes_are_those_of_the_release(frozen: str, now: str) -> None:
    """To the last digit."""
    what = problem(frozen, now)
    assert not what, CHANGED.format(file=file_of().name, what=what)


def test_the_changelog_explains_them(frozen: str) -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    message = UNEXPLAINED.format(file=file_of().name, line=line(frozen))
    assert explained(changelog, __version__, frozen), message


def test_every_outcome_varies(frozen: str) -> None:
    """A column that is the same in all runs would notice nothing."""
    same = [name for name, values in table(frozen).items() if values.nunique() == 1]
    assert same == ["status"]
    assert len(table(frozen)) == REPLICATES * len(SPECS)


# ── the tools themselves ─────────────────────────────────────────────────────────────────────


def with_values(rows: str, column: str, change, runs: int | None = None) -> str:
    """The rows with a column changed, in the first so many runs or in all."""
    frame = table(rows)
    frame.iloc[:runs, frame.columns.get_loc(column)] = frame[column].iloc[:runs].map(change)
    return frame.reset_index().to_csv(index=False)


def test_rows_read_back_as_they_were_written(frozen: str, tmp_path) -> None:
    from baselines.frozen import write

    write(tmp_path / "rows.csv", frozen)
    assert read(tmp_path / "rows.csv") == frozen
    assert table(frozen).reset_index().to_csv(index=False) == frozen
    for name in FLOATS:
        assert [repr(float(text)) for text in table(frozen)[name]] == list(table(frozen)[name])


def test_the_last_digit_counts(frozen: str) -> None:
    other = with_values(frozen, "mean_will", lambda text: repr(float(text) * (1 + 1e-15)), 1)
    told = problem(frozen, other)
    assert "truce=literal: 1 of 8 runs" in told
    assert re.search(r"mean_will: 0\.\d+ -> 0\.\d+ \(replicate 0\)", told)


def test_what_came_and_went_is_told(frozen: str) -> None:
    old = table(frozen)
    without = old.drop(columns="saves").drop(index="mediation=none", level="spec")
    rows = without.reset_index().to_csv(index=False)
    assert "no longer run: mediation=none" in problem(frozen, rows)
    assert "new: mediation=none" in problem(rows, frozen)
    assert "on one side only: saves" in problem(frozen, rows)
    assert not changed(old, without).to_numpy().any()


def test_a_new_column_changes_no_run(frozen: str) -> None:
    rows = table(frozen).drop(columns="saves").reset_index().to_csv(index=False)
    assert problem(rows, frozen) == ""


def test_a_reason_is_some_words_at_the_right_place() -> None:
    entry = f"- Baselines `{digest('rows')}`: a rule was wrong.\n"
    good = f"## [0.2.0]\n\n### Results\n\n{entry}\n## [0.1.0]\n"
    assert explained(good, "0.2.0", "rows")
    assert explained(good.replace("0.2.0", "Unreleased"), "0.2.0", "rows")
    assert not explained(good, "0.1.0", "rows")
    assert not explained(good, "0.2.0", "other rows")
    assert not explained(good.replace("a rule was wrong.", "WHY"), "0.2.0", "rows")
    assert not explained(good.replace("Results", "Added"), "0.2.0", "rows")
