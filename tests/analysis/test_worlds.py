"""Sweeps over a posterior: what is said of them, and that they are verified, resumed and shared.

The draws are a table of made-up ones; a fit's folder is read the same way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim.analysis.report.write import CAVEAT_OVER_WORLDS, render
from truce_sim.analysis.survival import survival_summary
from truce_sim.analysis.worlds import (
    over_worlds,
    spread_over_worlds,
    spread_sentence,
    world_gains,
)
from truce_sim.cli.commands import run_command
from truce_sim.sweeps.sweep import open_sweep

WORDS = ["+posterior=draws.csv", "mediation=none,qatar_turkiye,monitored", "run.horizon_days=90",
         "sweep.compare=mediation", "sweep.replicates=3", "output.name=over"]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds")
    pd.DataFrame(
        {"home.threshold": [2.0, 6.0] * 10, "host.will": np.linspace(0.1, 0.5, 20)}
    ).to_csv(folder / "draws.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run_command(["sweep", *WORDS]) == 0
    return folder


def test_gains_and_shares_belong_together(place: Path) -> None:
    sweep = open_sweep(place / "outputs" / "over")
    gains, table = world_gains(sweep), over_worlds(sweep)
    assert len(gains) == 2 * 20
    found = gains.groupby("level", observed=True)["days"].mean()
    for row in table.to_dict("records"):
        assert found[row["level"]] == pytest.approx(row["days"])
    back = over_worlds(sweep, baseline="monitored").set_index("level")
    ahead = table.set_index("level")
    assert back.loc["none", "days"] == pytest.approx(-ahead.loc["monitored", "days"])


def test_intervals_of_means_are_over_worlds(place: Path) -> None:
    """As wide as those of the means of worlds, not as if all runs were independent."""
    sweep = open_sweep(place / "outputs" / "over")
    row = survival_summary(sweep, "mediation").set_index("mediation").loc["none"]
    runs = sweep.runs[sweep.runs["mediation"] == "none"]
    means = runs.groupby("seed")["end_day"].mean()
    wide = 2 * 1.96 * means.std() / np.sqrt(len(means))
    assert row["mean_high"] - row["mean_low"] == pytest.approx(wide, rel=0.15)


def test_the_spread_is_told_from_chance(place: Path) -> None:
    """A threshold of 2 or 6 matters: some of the spread is due to the settings, some is chance."""
    spread = spread_over_worlds(str(place / "outputs" / "over"))
    assert spread["mediation"].tolist() == ["none", "qatar_turkiye", "monitored"]
    assert (spread["worlds"] == 20).all()
    assert spread["due_to_settings"].between(0, 1).all()
    assert spread["due_to_settings"].max() > 0.05
    text = spread_sentence(spread)
    assert "is not knowing the settings; the rest is chance" in text
    alone = spread.assign(due_to_settings_low=float("nan"))
    assert "cannot be told apart" in spread_sentence(alone)


@pytest.mark.parametrize("words", [["compare"], ["summary"]])
def test_commands_speak_of_worlds(
    words: list[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([*words, str(place / "outputs" / "over")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "not knowing the settings; the rest is chance" in printed
    assert "host.will=" not in printed  # a world is no context


def test_what_has_no_effect_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(place / "outputs" / "over")
    assert run_command(["compare", folder, "--pooled"]) == 2
    assert "no effect on a sweep over a posterior" in capsys.readouterr().err
    assert run_command(["compare", folder, "--baseline", "nobody"]) == 2
    assert "is not a level of mediation" in capsys.readouterr().err


def test_the_report_tells_chance_from_ignorance(place: Path) -> None:
    text = render(open_sweep(place / "outputs" / "over"))
    assert "worlds compatible with the data" in text
    assert "What helps, in how many worlds, and what is chance" in text
    assert CAVEAT_OVER_WORLDS[:40] in text
    assert "cover only the randomness of the simulation" not in text


def test_it_is_verified_resumed_and_shared(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows are the same after a part is lost, and as jobs of joblib."""
    monkeypatch.chdir(place)
    folder = place / "outputs" / "over"
    before = pd.read_parquet(folder / "runs.parquet")
    assert run_command(["verify", str(folder)]) == 0
    next((folder / "parts").glob("*.parquet")).unlink()
    assert run_command(["resume", str(folder)]) == 0
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "runs.parquet"), before)
    jobs = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"output.dir={tmp_path}"]
    main = "from truce_sim.cli import main; main()"
    command = [sys.executable, "-c", main, "sweep", *WORDS, *jobs]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stderr
    assert "as jobs" in done.stdout + done.stderr
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "over" / "runs.parquet"), before)
