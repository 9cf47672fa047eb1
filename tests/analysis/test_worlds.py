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
from numpy.typing import NDArray

from truce_sim.analysis.compare import compare
from truce_sim.analysis.incidents import sweep_incidents
from truce_sim.analysis.measures import DAYS_LIVED, change, measure
from truce_sim.analysis.methods.ends import count_ends
from truce_sim.analysis.points import compare_points
from truce_sim.analysis.report.write import CAVEAT_OVER_WORLDS, render
from truce_sim.analysis.spells import spell_curve, spell_survival, spells
from truce_sim.analysis.survival import curve, kaplan_meier, last_day, survival_summary
from truce_sim.analysis.tipping import phase_map
from truce_sim.analysis.worlds import (
    over_worlds,
    spread_over_worlds,
    spread_sentence,
    world_gains,
)
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError, NoEffectWarning
from truce_sim.intervals import (
    clusters,
    mean_interval,
    mean_within,
    share_interval,
    simultaneous,
)
from truce_sim.sweeps.api import sweep
from truce_sim.sweeps.sweep import Sweep, open_sweep
from truce_sim.viewer.state.sweep_data import SweepData

WORDS = ["+posterior=draws.csv", "mediation=none,qatar_turkiye,monitored", "run.horizon_days=90",
         "sweep.compare=mediation", "sweep.replicates=3", "sweep.events=true",
         "output.name=over"]  # fmt: skip


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


# Runs of a world are one cluster, whatever is asked. The right width is that of independent worlds:
# with equally many runs in each, that of the means of worlds.


@pytest.fixture(scope="module")
def over(place: Path) -> Sweep:
    return open_sweep(place / "outputs" / "over")


def worlds_of(runs: pd.DataFrame) -> NDArray[np.int64]:
    """Codes of worlds, from what tells them apart in the design: their will."""
    return np.unique(runs["host.will"], return_inverse=True)[1]


def test_a_run_has_its_world(over: Sweep) -> None:
    assert (over.runs["world"] == worlds_of(over.runs)).all()
    assert (clusters(over.runs) == worlds_of(over.runs)).all()
    assert over.columns_help.loc["world", "meaning"]


def test_measures_count_worlds(over: Sweep) -> None:
    row = measure(over, "end_day", by="mediation").set_index("mediation").loc["none"]
    runs = over.runs[over.runs["mediation"] == "none"]
    means = runs.groupby("host.will")["end_day"].mean().to_numpy()
    right = mean_within(means, np.arange(20), 90.0)
    assert (row["value"], row["value_low"], row["value_high"]) == pytest.approx(right)
    gain = change(over, "mediation", "end_day").set_index("mediation").loc["monitored"]
    pairs = over.runs.pivot_table("end_day", "host.will", "mediation", observed=True)
    apart = (pairs["monitored"] - pairs["none"]).to_numpy()
    wide = mean_interval(apart, np.arange(20), simultaneous(2))
    assert (gain["value_low"], gain["value_high"]) == pytest.approx(wide[1:])


def test_curves_count_worlds(over: Sweep) -> None:
    runs = over.runs[over.runs["mediation"] == "none"]
    right = curve(count_ends(last_day(runs), runs["collapsed"].to_numpy(int), worlds_of(runs)))
    found = kaplan_meier(over, "mediation", where={"mediation": "none"})
    assert found["survival_low"].to_numpy() == pytest.approx(right["survival_low"].to_numpy())
    spell = spell_survival(over, most=1)
    assert np.isfinite(spell["survival_low"]).all()
    rows = spells(over)
    rows = rows[rows["spell"] == 1]
    again = spell_curve(rows.drop(columns="world").assign(seed=worlds_of(rows), replicate=0))
    assert spell["survival_low"].to_numpy() == pytest.approx(again["survival_low"].to_numpy())


def test_tipping_and_cells_of_the_viewer_count_worlds(over: Sweep) -> None:
    here = over.runs[(over.runs["mediation"] == "none") & (over.runs["home.threshold"] == 2.0)]
    right = share_interval(~here["collapsed"].to_numpy(bool), worlds_of(here))
    cells = phase_map(over, "mediation", "home.threshold").set_index(
        ["mediation", "home.threshold"]
    )
    cell = cells.loc[("none", 2.0)]
    assert (cell["value_low"], cell["value_high"]) == pytest.approx(right[1:])
    heat = SweepData(over.folder).heat("holds", "mediation", "home.threshold", {})
    seen = heat["rows"][heat["ys"].index("2")][heat["xs"].index("none")]
    assert (seen["low"], seen["high"]) == pytest.approx(right[1:])
    rate = SweepData(over.folder).heat("violations", "mediation", "", {})["rows"][0][0]
    told = measure(over, "violations", DAYS_LIVED, by="mediation").iloc[0]
    assert (rate["low"], rate["high"]) == pytest.approx((told["value_low"], told["value_high"]))


def test_incidents_count_worlds(over: Sweep) -> None:
    found = sweep_incidents(over)
    assert np.unique(found.draws).tolist() == list(range(20))
    assert len(found.draws) == 3 * 3 * 20


def test_comparisons_count_worlds_and_those_of_points_are_given_theirs(over: Sweep) -> None:
    pooled = compare(over, "mediation").pooled.set_index("mediation").loc["monitored"]
    pairs = over.runs.pivot_table("end_day", "host.will", "mediation", observed=True)
    apart = (pairs["monitored"] - pairs["none"]).to_numpy()
    right = mean_interval(apart, np.arange(20), simultaneous(2))
    assert (pooled["days_low"], pooled["days_high"]) == pytest.approx(right[1:])
    alone = compare_points(over, 2, 0).pooled.iloc[0]
    runs = over.runs.set_index(["point", "replicate"])["end_day"]
    chance = (runs.loc[2] - runs.loc[0]).to_numpy(float)
    given = mean_interval(chance, np.arange(3))
    assert (alone["days_low"], alone["days_high"]) == pytest.approx(given[1:], nan_ok=True)
    assert "95 % interval" in SweepData(over.folder).point_in_words(0)


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
    assert run_command(["sweep", "+posterior=nobody", "mediation=none,monitored"]) == 2
    assert "posterior = 'nobody': no such fit or file" in capsys.readouterr().err


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


# ── draws of what a policy lacks ─────────────────────────────────────────────────────────────

OF_MEDIATORS = pd.DataFrame({
    "home.threshold": [3.0, 4.0, 5.0], "mediation.relief": [0.5, 0.6, 0.7],
    "mediation.mediators.qatar.skill": [0.2, 0.5, 0.9],
    "mediation.mediators.turkiye.call": [0.2, 0.3, 0.4],
})  # fmt: skip


def test_a_policy_uses_what_it_has_of_a_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """Without mediators, worlds are as if theirs had not been drawn; with them, they count."""
    monkeypatch.chdir(tmp_path)
    policy = {"mediation": ["none", "qatar_turkiye"]}
    made = sweep(policy, ["run.horizon_days=60"], design="posterior", table=OF_MEDIATORS,
                 replicates=2, folder="with")  # fmt: skip
    told = [str(warning.message) for warning in recwarn]
    assert any("qatar.skill has no effect at 3 of 6 points" in text for text in told)
    assert any("there is no mediator qatar" in text for text in told)
    alone = OF_MEDIATORS[["home.threshold"]]
    without = sweep({"mediation": ["none"]}, ["run.horizon_days=60"], design="posterior",
                    table=alone, replicates=2, folder="without")  # fmt: skip
    names = ["end_day", "violations", "deaths", "seed"]
    of_none = made.runs[made.runs["mediation"] == "none"]
    assert of_none[names].to_numpy().tolist() == without.runs[names].to_numpy().tolist()
    for point in range(6):
        mediators = made.folder.config_of(point).mediation.mediators
        world = OF_MEDIATORS.iloc[point // 2]
        skill = {"qatar": world["mediation.mediators.qatar.skill"]} if mediators else {}
        assert {n: m.skill for n, m in mediators.items() if n == "qatar"} == skill
    assert run_command(["verify", str(made.path)]) == 0


def test_draws_without_any_effect_are_told_of_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(NoEffectWarning, match="qatar.skill has no effect while there is no"):
        made = sweep({}, ["mediation=none", "run.horizon_days=30"], design="posterior",
                     table=OF_MEDIATORS, replicates=1)  # fmt: skip
    assert made.runs_new == 3


def test_a_mediator_of_some_options_may_be_swept_and_one_of_none_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    skill = "mediation.mediators.qatar.skill"
    with pytest.warns(NoEffectWarning, match="at 2 of 4 points"):
        made = sweep({"mediation": ["none", "qatar_turkiye"], skill: [0.2, 0.8]},
                     ["run.horizon_days=30"], replicates=1)  # fmt: skip
    assert made.runs["mediation"].tolist().count("none") == 2
    with pytest.raises(InputError, match="no such mediator"):
        sweep({"mediation": ["none", "qatar_turkiye"], skill.replace("qatar", "qatr"): [0.2, 0.8]})
