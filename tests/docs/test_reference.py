"""The reference pages say what the program says: `make reference` has been run."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from conftest import REPOSITORY
from truce_sim.settings.fields import fields, groups
from truce_sim.version import __version__


def load(path: Path) -> ModuleType:
    """A script of tools/ as a module."""
    made = importlib.util.spec_from_file_location(path.stem, path)
    assert made is not None
    assert made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


reference = load(REPOSITORY / "tools" / "reference.py")


@pytest.mark.parametrize("page", reference.pages(), ids=lambda page: page.name)
def test_a_page_is_as_it_would_be_generated(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == reference.regenerate(page), "make reference"


def test_every_region_has_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in reference.pages())
    for name in reference.REGIONS:
        assert text.count(f"<!-- generated: {name} -->\n") == 1


@pytest.mark.parametrize("command", reference.command_names())
def test_every_command_has_an_entry_with_an_example(command: str) -> None:
    """From the registry; the example is the first in the documentation, where it is run."""
    section = reference._command(command)
    assert f"\ntruce-sim {command} " in section, "the help does not name it"
    assert "For example" in section, "no page uses it in a bash block"


def test_arguments_and_defaults_are_those_of_the_parser() -> None:
    text = reference.commands()
    for row in (
        "| `--runs RUNS` | number of runs | 50 |",
        "| `[FACTOR]` | factor to compare | sweep.compare |",
        "| `--where FACTOR=LEVEL` | use only these runs; may be repeated |  |",
        "| `--format FORMAT` | text, csv, json | text |",
        "| `--port PORT` | port; if taken, the next free one | `8765` |",
        "| `--worst [POINT]` | the run that ended first (of POINT, by default 0) |  |",
        "| `--failed` | rerun the failed runs |  |",
    ):
        assert row in text


def test_every_setting_of_the_model_is_listed_and_read_by_a_rule() -> None:
    text = reference.settings() + reference.sweep_settings()
    for info in fields():
        group, _, name = info.path.partition(".")
        assert f"| `{name}` |" in text or f"| `{info.path}` |" in text
        if group in set(groups()) - {"output", "sweep"} and name:
            assert reference.readers().get(info.path), f"no rule reads {info.path}"


def test_readers_are_found_through_aliases_states_and_names() -> None:
    source = """
def rule(p, w, who):
    m, v = p.militants, p.mediation.verification
    mine = p.states[who]
    return m.evasion + v.lag_days + mine.release + p.states[HOME].threshold + w.militants.pace

def other(q):
    return q.militants.excitation + p["frailty"]["law"]
"""
    found = {path for path in reference.reads(source) if "." in path}
    assert found >= {
        "militants.evasion", "mediation.verification.lag_days", "home.release", "host.release",
        "home.threshold", "frailty.law",
    }  # fmt: skip
    assert not found & {"host.threshold", "militants.pace", "militants.excitation"}


def test_defaults_are_those_of_the_configuration() -> None:
    by_path = {info.path: info for info in fields()}
    for path, default in (
        ("home.threshold", 4.5),
        ("mediation.calendar", [6]),
        ("mediation.mediators.<name>.skill", 0.55),
    ):
        assert reference.default_of(by_path[path]) == default


def test_the_citation_is_of_this_version() -> None:
    """CITATION.cff has what the format (1.2.0) requires, and says what the package says."""
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["cff-version"] == "1.2.0"
    assert cited["message"]
    assert cited["title"].startswith("truce_sim")
    assert cited["authors"] == project["authors"]
    assert (cited["version"], cited["license"]) == (__version__, project["license"])
