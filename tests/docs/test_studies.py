"""The studies in experiments/: each runs as its README says, and quotes only what it found."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from conftest import REPOSITORY
from truce_sim.analysis import words
from truce_sim.cli.commands import run_command

EXPERIMENTS = REPOSITORY / "experiments"
STUDIES = sorted(path.parent.name for path in EXPERIMENTS.glob("*/analysis.py"))

_BRACKET = re.compile(r"\[\s*([-−–]?[\d.,]*\d[^\[\]]*?,\s*[^\[\]]*?)\s*\](?!\()")
_COMMAND = re.compile(r"truce-sim sweep \+experiment=(\w+)")


def readme(study: str) -> str:
    return (EXPERIMENTS / study / "README.md").read_text(encoding="utf-8")


def brackets(text: str) -> set[str]:
    """All intervals quoted in a text, without blanks, their minus signs as in plain output."""
    plain = text.replace("−", "-")
    return {re.sub(r"\s", "", found) for found in _BRACKET.findall(plain)}


def test_there_are_ten_and_the_case() -> None:
    numbers = {name[:3] for name in STUDIES}
    assert {f"e{n:02}" for n in range(1, 11)} | {"doh"} <= numbers


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_a_study_runs_small(
    study: str, forked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command with size=small, then its script: all figures, and findings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names = list(dict.fromkeys(_COMMAND.findall(readme(study))))
    assert names
    for name in names:
        words_of = ["sweep", f"+experiment={name}", "size=small", "sweep.workers=1"]
        assert run_command(words_of) == 0
    done = subprocess.run(
        [forked, EXPERIMENTS / study / "analysis.py",
         *(f"outputs/small/{name}" for name in names), "--to", "found"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    made = {path.name for path in Path("found").glob("*.png")}
    assert made == {path.name for path in (EXPERIMENTS / study).glob("*.png")}
    assert "size=small" in Path("found/findings.txt").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("study", STUDIES)
def test_what_a_study_quotes_was_found(study: str) -> None:
    """Every interval in its README stands in the findings that its script wrote, at full size."""
    findings = (EXPERIMENTS / study / "findings.txt").read_text(encoding="utf-8")
    assert "size=small" not in findings
    assert brackets(readme(study)) - brackets(findings) == set()
    assert brackets(readme(study))


@pytest.mark.parametrize("study", STUDIES)
def test_the_figures_of_a_study_are_shown(study: str) -> None:
    """Every figure beside the script is on its page."""
    shown = readme(study)
    assert all(f"]({path.name})" in shown for path in (EXPERIMENTS / study).glob("*.png"))


def test_what_the_search_quotes_was_found() -> None:
    """E11 has no script; every interval of its page stands in what the command printed."""
    findings = (EXPERIMENTS / "e11_policy" / "findings.txt").read_text(encoding="utf-8")
    assert len(brackets(readme("e11_policy"))) > 20
    assert brackets(readme("e11_policy")) - brackets(findings) == set()


@pytest.mark.parametrize("study", ["e12_mechanisms", "population"])
def test_a_study_of_records_quotes_what_was_found(study: str) -> None:
    """Studies that need the source tables: their pages quote what their scripts wrote."""
    folder = EXPERIMENTS / study
    findings = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.txt"))
    page = readme(study)
    if study == "population":
        page += (REPOSITORY / "docs" / "population.md").read_text(encoding="utf-8")
    assert len(brackets(page)) > 20
    assert brackets(page) - brackets(findings) == set()


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of E12."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.syspath_prepend(EXPERIMENTS / "e12_mechanisms")
    return importlib.import_module("choose")


@pytest.mark.slow
def test_mechanisms_are_chosen_small(choose: ModuleType, tmp_path: Path) -> None:
    """With few worlds, from what was computed of the record."""
    choose.main(["--small", "--to", str(tmp_path)])
    findings = (tmp_path / "findings.txt").read_text(encoding="utf-8")
    assert "size=small" in findings.splitlines()[0]
    assert "Chosen: " in findings
    assert (tmp_path / "scores.png").is_file()


@pytest.mark.slow
def test_floors_are_scored_small(choose: ModuleType, tmp_path: Path) -> None:
    """The script of the floor with few worlds; it scores the other sets as E12 does."""
    importlib.import_module("floor").main(["--small", "--to", str(tmp_path)])
    found = (tmp_path / "floor.txt").read_text(encoding="utf-8")
    assert "size=small" in found.splitlines()[0]
    rows = dict(re.findall(r"^\| (\w+) \|(.*)$", found, re.MULTILINE))
    assert {*choose.MECHANISMS, "floor"} < set(rows)


def test_floors_are_scored_beside_the_sets_of_the_study() -> None:
    """At full size, rows of the other sets are those of the study's own findings."""
    folder = EXPERIMENTS / "e12_mechanisms"
    found, study = ((folder / name).read_text() for name in ("floor.txt", "findings.txt"))
    rows = re.findall(r"^\| (?:tempo|offspring|signal|values) \|.*$", found, re.MULTILINE)
    assert len(rows) == 4
    assert all(row in study for row in rows)


def test_the_record_of_mechanisms_is_that_of_the_sources(choose: ModuleType, sources: Path) -> None:
    """What the script computes from the tables is what stands beside it."""
    kept = pd.read_csv(EXPERIMENTS / "e12_mechanisms" / "record.csv", dtype={"left_out": str})
    found = choose.read_periods(sources)
    pd.testing.assert_frame_equal(found, kept.fillna({"left_out": ""}))


def test_what_doha_says_of_worlds_was_found() -> None:
    """Every interval over a posterior stands in what the commands printed, or above on the page."""
    above, _, over = readme("doha").partition("## Not knowing the settings")
    findings = (EXPERIMENTS / "doha" / "worlds.txt").read_text(encoding="utf-8")
    assert len(brackets(over)) > 10
    assert brackets(over) - brackets(findings) - brackets(above) == set()


@pytest.mark.slow
def test_the_search_runs_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """E11's command with --small: its two figures, perhaps one of a region, and three policies."""
    pytest.importorskip("pymoo")
    monkeypatch.chdir(tmp_path)
    assert "truce-sim search doha" in readme("e11_policy")
    assert run_command(["search", "doha", "--small"]) == 0
    made = {path.name for path in Path("outputs/search-doha").glob("*.png")} - {"places.png"}
    assert made == {path.name for path in (EXPERIMENTS / "e11_policy").glob("*.png")}


def test_the_summary_quotes_the_studies() -> None:
    """Every interval of the page that sums up stands in some study's findings."""
    page = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    findings = (path.read_text(encoding="utf-8") for path in EXPERIMENTS.glob("*/findings.txt"))
    assert brackets(page) - brackets("\n".join(findings)) == set()
    assert len(brackets(page)) > 20


def test_the_validation_page_quotes_its_table() -> None:
    """Every row of patterns.csv stands on the page with its numbers and its verdict; the intervals
    of the unfitted threshold in its own table."""
    page = readme("validation")
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    table = pd.read_csv(EXPERIMENTS / "validation" / "patterns.csv")
    assert len(rows) == len(table)
    for line, row in zip(rows, table.to_dict("records"), strict=True):
        assert brackets(words.shown(row, "model")) <= brackets(line), line
        assert row["verdict"] in line
        assert row["standing"] in line
        if pd.notna(row["reference"]) and row["status"] == "C":
            assert brackets(words.shown(row, "reference")) <= brackets(line), line
    unfitted = pd.read_csv(EXPERIMENTS / "validation" / "unfitted.csv").to_dict("records")
    known = [words.shown(row, name) for row in (*table.to_dict("records"), *unfitted)
             for name in ("model", "reference")]  # fmt: skip
    quoted = brackets(page) - {"71,71"}  # a share in percent
    assert quoted <= brackets(" ".join(known))


def test_an_invented_interval_is_found() -> None:
    """The check itself: brackets are read whatever their blanks and minus signs; links are none."""
    assert brackets("1 [2,\n 3], −4 [−5, −3.5], [a, b](c), [6](x)") == {"2,3", "-5,-3.5"}


def test_the_model_says_of_its_defaults_what_was_found() -> None:
    """Every interval in the table of why defaults stay stands above on that page or in findings."""
    page = (REPOSITORY / "docs" / "model.md").read_text(encoding="utf-8").replace("+", "")
    above, _, rest = page.partition("## Why each default stays")
    table = rest.partition("\n## ")[0]
    found = [path.read_text(encoding="utf-8") for path in EXPERIMENTS.glob("*/*.txt")]
    assert len(brackets(table)) > 15
    assert brackets(table) - brackets("\n".join([above, *found])) == set()
