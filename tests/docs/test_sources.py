"""What the sources of the project may not name, wherever they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY

#: Folders and files that are the project's, as against what is made from it.
PROJECT = ("src", "conf", "docs", "experiments", "tests", "tools", "README.md", "CONTRIBUTING.md",
           "CHANGELOG.md", "Makefile", "pyproject.toml", "mkdocs.yml", "CITATION.cff")  # fmt: skip
TEXTS = {".py", ".md", ".csv", ".txt", ".toml", ".yml", ".yaml", ".vue", ".css", ".j2", ".cff", ""}

#: Where intervals are stated, and none is worked out.
STATED = ("src/truce_sim/viewer", "src/truce_sim/analysis/plots", "src/truce_sim/analysis/report",
          "src/truce_sim/cli", "experiments")  # fmt: skip
_HOME_MADE = re.compile(r"\b1\.96\b|[\"'.]sem\b|\b(norm|t)\.ppf\b|\bndtri\b|\bstdtrit\b")


def texts(*places: str) -> Iterator[tuple[str, str]]:
    """(path, text) of every text file of some places, this one left out."""
    for place in places:
        root = REPOSITORY / place
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and path.suffix in TEXTS and path != Path(__file__):
                yield str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["MODEL.md", "../shared", "shared/data", '"shared" /'])
def test_nothing_points_out_of_the_project(word: str) -> None:
    """A reader has the project alone: pages that are cited are in it, and source tables, which are
    not, are found through TRUCE_SIM_SOURCES."""
    assert [path for path, text in texts(*PROJECT) if word in text] == []


def test_no_interval_is_home_made() -> None:
    """Pages, figures and studies take intervals from the estimators of the package."""
    found = [path for path, text in texts(*STATED) if _HOME_MADE.search(text)]
    assert [path for path in found if path.endswith((".py", ".vue"))] == []
