"""The borders that come with the program: complete, runnable, and what their sources give."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from borders import make
from conftest import REPOSITORY
from truce_sim import load_setup, simulate
from truce_sim.border.course import read_course
from truce_sim.border.dates import first_date
from truce_sim.border.folder import find_folder
from truce_sim.files import conf, shipped_borders

MADE = [name for name in shipped_borders() if name != "durand"]


@pytest.mark.parametrize("name", MADE)
def test_a_border_is_complete_and_runs(name: str) -> None:
    folder = find_folder(name)
    course = read_course(folder.line, folder.span)
    assert course.length_km == pytest.approx(folder.span[1], rel=1e-3)
    assert {f.name for f in folder.path.iterdir()} == {
        "README.md", "base.geojson", "border.yaml", "line.geojson", "segments.csv",
    }  # fmt: skip
    assert folder.base.stat().st_size < 100_000
    setup = load_setup([f"scenario={name}", "run.horizon_days=30"])
    assert setup.border.name == name
    assert first_date(setup.config.scenario) == folder.epoch is not None
    assert simulate(setup).outcome["end_day"] > 0
    assert f"| `{name}` |" in (REPOSITORY / "docs/borders.md").read_text(encoding="utf-8")


def test_every_border_has_an_option_and_the_other_way_round() -> None:
    options = {path.stem for path in (conf() / "scenario").glob("*.yaml")}
    assert options == {*shipped_borders(), "synthetic"}


@pytest.mark.parametrize("name", ["line_of_control", "congo_rwanda", "armenia_azerbaijan"])
def test_the_sources_give_what_is_shipped(name: str, sources: Path, tmp_path: Path) -> None:
    made, shipped = make(name, sources, tmp_path / name), find_folder(name).path
    pd.testing.assert_frame_equal(
        pd.read_csv(made / "segments.csv"), pd.read_csv(shipped / "segments.csv"), rtol=1e-4
    )
    lines = [json.loads((place / "line.geojson").read_text()) for place in (made, shipped)]
    assert lines[0]["features"][0]["properties"] == lines[1]["features"][0]["properties"]
    assert (made / "README.md").read_text() == (shipped / "README.md").read_text()
