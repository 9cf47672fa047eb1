"""The report as a reader opens it: offline, whole, and saying what its numbers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truce_sim import open_sweep, sweep
from truce_sim.analysis.compare import compare
from truce_sim.analysis.report.write import write_report

pytestmark = pytest.mark.browser

SECTIONS = [
    "How long the truce lasts", "What changes it, compared run by run", "Day by day",
    "What drives the outcome", "Where it fails", "Three runs", "Assumptions that matter",
    "Data and provenance", "How to reproduce",
]  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, Path]:
    """Of a grid with a question, of a sampled design, and of one setting that never collapses."""
    folder = tmp_path_factory.mktemp("reports")
    sweep(
        {"mediation": ["none", "qatar_turkiye"], "home.threshold": [3.0, 5.0]},
        {"sweep.question": "What do <mediators> buy?"},
        replicates=120, compare="mediation", folder=folder / "grid",
    )  # fmt: skip
    sweep(
        {"home.threshold": "interval(2,8)", "host.capacity": "interval(0.3,2)"},
        design="saltelli", points=32, replicates=1, folder=folder / "saltelli",
    )  # fmt: skip
    sweep({"truce.collapse_strikes": [float("inf")]}, replicates=1, folder=folder / "one")
    return {path.name: write_report(open_sweep(path)) for path in folder.iterdir()}


@pytest.fixture
def read(browser):
    """Open a file with the network closed; any console message or request fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    problems: list[str] = []

    def open_report(path: Path):
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: _check(request.url, path, problems))
        page.goto(path.as_uri())
        return page

    yield open_report
    context.close()
    assert problems == []


def _check(url: str, path: Path, problems: list[str]) -> None:
    if url != path.as_uri() and not url.startswith("data:"):
        problems.append(f"request to {url}")


@pytest.mark.parametrize("name", ["grid", "saltelli", "one"])
def test_it_opens_offline_with_every_section_and_every_picture(reports, read, name) -> None:
    page = read(reports[name])
    assert page.locator("h2").all_inner_texts() == SECTIONS
    pictures = page.locator("figure img")
    assert pictures.count() >= 3
    assert all(pictures.evaluate_all("all => all.map(i => i.complete && i.naturalWidth > 100)"))
    assert all(pictures.evaluate_all("all => all.map(i => i.alt.length > 10)"))
    text = page.inner_text("body")
    # A level may be inf, as it is typed; no end of an interval and no estimate is.
    assert not re.search(r"\bnan\b|[\[,–] ?-?inf\b|\binf (days|%)|None|Traceback", text)
    assert "not forecasts" in page.inner_text(".answer")
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide


def test_the_question_and_the_answer_come_first(reports, read) -> None:
    page = read(reports["grid"])
    assert page.inner_text("h1") == "What do <mediators> buy?"
    answer = page.inner_text(".answer")
    assert answer.count("[") >= 3
    found = compare(open_sweep(reports["grid"].parent), "mediation")
    row = found.interactions.iloc[0]
    for days in (row["days"], row["change"], row["change_against"]):
        assert f"{abs(days):.1f} days" in answer
    assert "480 simulated truces" in page.inner_text(".sub")


def test_every_pair_reads_as_in_compare(reports, read) -> None:
    items = read(reports["grid"]).locator("#comparison li").all_inner_texts()
    assert items == compare(open_sweep(reports["grid"].parent), "mediation").sentences()


def test_what_cannot_be_shown_is_named(reports, read) -> None:
    text = read(reports["one"]).inner_text("body")
    assert "Not compared:" in text
    assert "Not shown:" in text


def test_the_runs_shown_are_there_to_be_opened(reports, read) -> None:
    page = read(reports["grid"])
    commands = page.locator("#runs pre").all_inner_texts()
    assert len(commands) == 3
    folder = open_sweep(reports["grid"].parent).folder
    for command in commands:
        point, replicate = map(int, command.split()[-1].split(":"))
        assert point < folder.points
        assert replicate < folder.replicates


def test_it_prints_and_reads_on_a_phone(reports, read) -> None:
    page = read(reports["grid"])
    assert len(page.pdf()) > 20_000
    page.set_viewport_size({"width": 380, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_the_same_sweep_gives_the_same_report(reports, tmp_path) -> None:
    again = write_report(open_sweep(reports["grid"].parent), tmp_path / "again.html")
    assert again.read_bytes() == reports["grid"].read_bytes()
