"""What docs/validation.md and docs/model.md lean on is there: tests, engine files, values."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import REPOSITORY
from truce_sim.settings.schema import MilitantsConfig

ENGINE = REPOSITORY / "src" / "truce_sim" / "engine"
VALIDATION = (REPOSITORY / "docs" / "validation.md").read_text(encoding="utf-8")
MODEL = (REPOSITORY / "docs" / "model.md").read_text(encoding="utf-8")

_TEST = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
_ENGINE_FILE = re.compile(r"engine/(\w+\.py)")
_THEORY_ROW = re.compile(r"^\| V(\d+) .*?\(\.\./(tests/\w+/\w+\.py)\) `(\w+)`", re.MULTILINE)

#: (file, function) of every test that docs/validation.md names; no function: the whole file.
NAMED = sorted(set(_TEST.findall(VALIDATION)))
SUBMODELS = re.findall(r"^### (7\.\d+ .+?)\n(.*?)(?=^##)", MODEL, re.MULTILINE | re.DOTALL)


@cache
def defined_in(path: str) -> frozenset[str]:
    """The functions that a file defines; none if it does not exist."""
    file = REPOSITORY / path
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return frozenset(re.findall(r"^def (\w+)\(", text, re.MULTILINE))


def test_every_test_that_is_named_exists() -> None:
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not defined_in(path) or (name and name not in defined_in(path))
    ]
    assert missing == []
    assert len(NAMED) > 50


def test_every_exact_result_has_its_test() -> None:
    rows = _THEORY_ROW.findall(MODEL)
    assert [int(number) for number, _, _ in rows] == list(range(1, 19))
    for number, path, name in rows:
        assert name in defined_in(path)
        assert name.startswith(f"test_v{int(number):02}_")


@pytest.mark.parametrize(("title", "text"), SUBMODELS, ids=[title for title, _ in SUBMODELS])
def test_every_submodel_names_its_file_its_reason_and_where_it_comes_from(
    title: str, text: str
) -> None:
    files = _ENGINE_FILE.findall(text)
    assert files
    assert all((ENGINE / file).is_file() for file in files)
    assert "*Why:*" in text
    assert "*Status:*" in text


def test_every_file_of_the_engine_is_on_the_page_of_the_model() -> None:
    assert {path.name for path in ENGINE.glob("*.py")} == set(_ENGINE_FILE.findall(MODEL))


def test_the_laws_of_deaths_and_depth_are_those_of_the_data(sources: Path) -> None:
    """Mean and standard deviation of logs, as far as the defaults say; under 1 km counts as 1."""
    events, law = pd.read_csv(sources / "ucdp_ged_ttp_2015_2021.csv"), MilitantsConfig()
    deaths = np.log(events["best"][events["best"] > 0])
    depth = np.log(events["km_to_line"].clip(lower=1))
    found = [deaths.mean(), deaths.std(), depth.mean(), depth.std()]
    due = [law.deaths_mu, law.deaths_sigma, law.depth_mu, law.depth_sigma]
    assert found == pytest.approx(due, abs=0.006)
