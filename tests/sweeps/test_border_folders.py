"""A sweep keeps the border folders it was made with, as it keeps border tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from folders import rows, sweep_into
from truce_sim import load_config, simulate
from truce_sim.border.folder import find_folder, folder_of
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError
from truce_sim.files import shipped_borders
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.viewer.state.opening import open_folder

SEGMENTS = "km_from,km_to,weight,ruggedness\n0,40,3,0.6\n40,90,{weight},0.4\n"
COMMAND = ["scenario.path=north,south/", "run.horizon_days=60", "sweep.replicates=3"]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two border folders and a sweep over both."""
    place = tmp_path / "lab"
    for name, weight in (("north", 1), ("south", 9)):
        (place / name).mkdir(parents=True)
        (place / name / "segments.csv").write_text(SEGMENTS.format(weight=weight))
        (place / name / "border.yaml").write_text(f"name: {name}\ntitle: The {name}\n")
        (place / name / "notes.txt").write_text("not part of a border")
    monkeypatch.chdir(place)
    assert sweep_into(Path("s"), *COMMAND) == 0
    return place


def test_a_swept_folder_is_kept_and_resumed_and_verified_elsewhere(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(lab / "s")
    assert before["scenario.path"].unique().tolist() == ["north", "south/"]
    moved = (lab / "s").rename(tmp_path / "elsewhere")
    shutil.rmtree(lab)
    monkeypatch.chdir(tmp_path)
    copies = sorted(path.name for path in (moved / "sources/tables").rglob("*") if path.is_file())
    assert copies == ["border.yaml"] * 2 + ["segments.csv"] * 2
    next((moved / "parts").glob("*.parquet")).unlink()
    assert run_command(["resume", str(moved)]) == 0
    assert run_command(["verify", str(moved), "--runs", "6"]) == 0
    config = read_folder(moved).config_of(1)
    assert folder_of(config.scenario).title == "The south"  # type: ignore[union-attr]


def test_a_folder_that_has_changed_is_not_mixed_with_itself(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("south/notes.txt").write_text("changed")
    assert sweep_into(Path("s"), *COMMAND[:2], "sweep.replicates=4") == 0
    Path("south/segments.csv").write_text(SEGMENTS.format(weight=8))
    assert sweep_into(Path("s"), *COMMAND[:2], "sweep.replicates=5") == 2
    said = capsys.readouterr().err
    for text in ("scenario.path = 'south//segments.csv'", "'40,90,9,0.4'", "'40,90,8,0.4'"):
        assert text in said
    assert "south//segments.csv line 3" in said
    assert "the folder as it was" in said
    shutil.rmtree("south")
    assert sweep_into(Path("s"), *COMMAND[:2], "sweep.replicates=5") == 2
    assert "the copy that the folder keeps" in capsys.readouterr().err


def test_a_run_keeps_its_folder(lab: Path) -> None:
    words = ["scenario.path=north", "run.horizon_days=60", "output.dir=.", "output.name=r"]
    assert run_command(["run", *words]) == 0
    shutil.rmtree("north")
    opening = open_folder(Path("r"))
    assert opening.row is not None
    run = simulate(opening.setup)
    assert opening.row.differences(run.outcome) == []
    assert run.border.name == "north"


def test_folders_by_name_and_by_path(lab: Path) -> None:
    assert find_folder("north").name == "north"
    assert find_folder(lab / "south").about["title"] == "The south"
    assert shipped_borders()[0] == "durand"
    assert find_folder("durand").name == "durand"
    assert folder_of(load_config(["scenario=synthetic"]).scenario) is None
    with pytest.raises(InputError, match="no such folder") as caught:
        find_folder("durant")
    assert caught.value.suggestion == "durand"


def test_a_border_yaml_that_is_none_is_named(lab: Path) -> None:
    Path("north/border.yaml").write_text("a: [")
    with pytest.raises(InputError, match="cannot be read") as caught:
        find_folder("north").name  # noqa: B018
    assert "north/border.yaml" in str(caught.value)
