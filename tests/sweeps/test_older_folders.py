"""A folder of truce_sim 0.1.0, whose records have another layout: read, run again, made again.
Its rules took exp and log from the C library, so floats are compared to nine digits.

`folder-0.1.0` is a sweep of four points and three replicates with verification, an intervention,
gamma frailty and seeds of the points' own. Its rules were compiled from other sources.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from folders import rows
from truce_sim import rerun
from truce_sim.cli.commands import run_command
from truce_sim.config.layout import build_dtype, describe_layout, first_layout, identities, upgrade
from truce_sim.config.load import load_config
from truce_sim.config.params import PARAMS
from truce_sim.engine.compile import DIGEST
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.replay import TOLERANCE, replay

OLD = Path(__file__).with_name("folder-0.1.0")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return shutil.copytree(OLD, tmp_path / "old")


def test_verify_runs_it_again(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["verify", str(old)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Ran 12 of 12 runs again: all \d+ columns are the same, floats to nine", said)
    assert f"made by other rules (2c69a5d097b16d93); for these runs, today's rules ({DIGEST})" in (
        " ".join(said.split())
    )


def test_a_changed_value_is_found(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = pd.read_parquet(old / "design.parquet")
    design["home.capacity"] = design["home.capacity"].replace(1.2, 1.3)
    design.to_parquet(old / "design.parquet")
    assert run_command(["verify", str(old)]) == 1
    assert "key of its design" in capsys.readouterr().out


def test_the_same_command_makes_the_same_runs(old: Path, tmp_path: Path) -> None:
    """Seeds of the points' own among them, which follow from what a point is."""
    overrides = json.loads((old / "manifest.json").read_text(encoding="utf-8"))["overrides"]
    where = [f"output.dir={tmp_path}", "output.name=new"]
    assert run_command(["sweep", *overrides, *where]) == 0
    before = rows(old)
    now = rows(tmp_path / "new")[before.columns]
    pd.testing.assert_frame_equal(now, before, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("command", ["summary", "compare", "status"])
def test_it_is_read(old: Path, command: str) -> None:
    assert run_command([command, str(old)]) == 0


def test_a_row_made_again_is_the_stored_one(old: Path) -> None:
    """In the viewer and in films, and by `rerun` of Python: as `verify` compares it."""
    folder = read_folder(old)
    stored = rows(old)
    for point in range(folder.points):
        assert replay(folder, point, 0)[1] == []
        rerun(stored[stored["point"] == point].iloc[0], old)


def test_it_is_not_gone_on_with(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its floats differ in their last bits from those of today's rules: refused, with the value."""
    assert run_command(["resume", str(old)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "made by other rules (2c69a5d097b16d93 of truce-sim 0.1.0; today" in said
    assert re.search(r"Run \d:\d differs: .* is stored as", said)
    assert "they cannot be mixed" in said


def test_records_of_0_1_0_are_todays_with_defaults_for_what_is_new(old: Path) -> None:
    folder = read_folder(old)
    for point in range(folder.points):
        spec = make_spec(folder.config_of(point))
        assert folder.spec_of(point).params.tobytes() == spec.params.tobytes()


# ── layouts ──────────────────────────────────────────────────────────────────────────────────


def params(*overrides: str) -> np.ndarray:
    return make_spec(load_config(overrides)).params


def test_a_layout_is_written_and_read() -> None:
    assert build_dtype(json.loads(json.dumps(describe_layout(PARAMS)))) == PARAMS


def test_every_field_of_the_first_layout_has_a_place_today() -> None:
    old = np.zeros(1, first_layout())
    old.view(np.int64)[:] = np.arange(1, old.dtype.itemsize // 8 + 1)
    words = upgrade(old).view(np.int64)
    assert set(old.view(np.int64)) <= set(words)


def test_a_record_with_an_unknown_field_is_refused() -> None:
    foreign = np.zeros(1, np.dtype([("from_day", "i8"), ("weather", "f8")]))
    with pytest.raises(ValueError, match="weather"):
        upgrade(foreign)


def test_a_new_setting_at_its_default_leaves_identities_as_they_were() -> None:
    usual, again, other = identities(
        [params(), params("truce.strained_at=0.5"), params("truce.strained_at=0.6")]
    )
    assert usual == again
    assert len(usual) == first_layout().itemsize
    assert other == usual + b" truce.strained_at=[0.6]"


def test_an_intervention_on_a_new_setting_is_part_of_the_identity() -> None:
    change = "interventions=[{day: 30, set: {truce.strained_at: 0.6}}]"
    (changed,) = identities([params(change)])
    assert changed.endswith(b" truce.strained_at=[0.5, 0.6]")
