"""Sweeps: every run once, every row can be run again, and the summary follows from the rows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from scipy import stats

from truce_sim import load_config, simulate, sweep
from truce_sim.config.compose import conf_folder, loader_for
from truce_sim.errors import InputError
from truce_sim.intervals import count_interval, mean_within, share_difference
from truce_sim.results.store import write_whole
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.configs import config_of
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.design.points import make_specs
from truce_sim.sweeps.folder import plan

FACTORS = {"truce": ["literal", "practised"], "home.capacity": [0.7, 0.9]}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A small sweep of four points."""
    return sweep(
        FACTORS, replicates=70, folder=tmp_path_factory.mktemp("s") / "sweep", compare="truce"
    )


def test_rows_can_be_run_again(result) -> None:  # type: ignore[no-untyped-def]
    """Any row is the run of its settings, seed and replicate."""
    for row in result.runs.sample(12, random_state=1).to_dict("records"):
        settings = {name: row[name] for name in FACTORS}
        again = simulate(settings, seed=row["seed"], replicate=row["replicate"]).outcome
        for name in ("end_day", "collapsed", "attempts", "deaths", "mean_will", "final_belief"):
            assert again[name] == row[name]


def test_results_do_not_depend_on_workers_or_chunks(
    result,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One worker and other chunks give the same rows."""
    monkeypatch.setattr(plan, "RUNS_PER_CHUNK", 17)
    monkeypatch.setattr(plan, "RUNS_PER_BLOCK", 9)
    other = sweep(FACTORS, {"sweep.workers": 1}, replicates=70, folder=tmp_path / "other")
    order = ["point", "replicate"]
    pd.testing.assert_frame_equal(
        result.runs.sort_values(order, ignore_index=True),
        other.runs.sort_values(order, ignore_index=True),
    )


def test_points_are_what_hydra_composes() -> None:
    """Applying values to a composed base equals composing in full."""
    tokens = ["host=unable", "truce=literal,tolerant", "home.threshold=3,4", "mediation=none"]
    with loader_for() as loader:
        design, _ = make_design(Composer(loader, "config"), {}, tokens)
    assert len(design.values) == 4
    for values, base in zip(design.values.to_dict("records"), design.base, strict=True):
        settings = {"host": "unable", "mediation": "none", **values}
        assert config_of(design.bases[base], values) == load_config(settings)


def test_points_made_by_column_are_those_made_one_by_one() -> None:
    """All behavioural settings at once, mediators among them: the same bits in every parameter."""
    study = OmegaConf.load(conf_folder() / "experiment" / "e10_global.yaml")
    tokens = [f"{name}={value}" for name, value in study.hydra.sweeper.params.items()]
    with loader_for() as loader:
        settings = DesignSettings(design="sobol", points=8)
        design, _ = make_design(Composer(loader, "config"), {}, tokens, settings)
    assert len(design.factors) > 80
    made = make_specs(design, range(len(design.values)))
    for spec, values, base in zip(made, design.values.to_dict("records"), design.base, strict=True):
        alone = make_spec(config_of(design.bases[base], values))
        assert spec.params.tobytes() == alone.params.tobytes()


@pytest.mark.parametrize("bad", ["mediation.round_days=2,6", "mediation.mediators.oman.skill=0.5"])
def test_points_made_by_column_are_refused_as_others_are(bad: str) -> None:
    """Rounds that would overlap, and a mediator who is not there."""
    tokens = ["mediation.calendar=[6,10]", "home.threshold=3,4", bad]

    def points() -> None:
        with loader_for() as loader:
            design, _ = make_design(Composer(loader, "config"), {}, tokens)
            make_specs(design, range(len(design.values)))

    with pytest.raises(InputError, match=bad.split("=")[0]):
        points()


def test_own_seeds_without_common_random_numbers(tmp_path: Path) -> None:
    """Each point has its own seed, in its rows, by which they can be run again."""
    settings = {"sweep.common_random_numbers": False}
    runs = sweep({"home.capacity": [0.7, 0.8]}, settings, replicates=3, folder=tmp_path / "s").runs
    assert runs.groupby("point")["seed"].nunique().eq(1).all()
    assert runs["seed"].nunique() == 2
    row = runs.iloc[-1]
    again = simulate(
        {"home.capacity": row["home.capacity"]},
        seed=int(row["seed"]),
        replicate=int(row["replicate"]),
    )
    assert again.outcome["end_day"] == row["end_day"]


def test_summary_follows_from_the_runs(result) -> None:  # type: ignore[no-untyped-def]
    """Shares, means and medians equal direct computation on the rows."""
    for point, runs in result.runs.groupby("point"):
        row = result.summary.loc[point]
        assert row["runs"] == 70
        assert row["collapse_share"] == runs["collapsed"].mean()
        assert row["mean_survival"] == pytest.approx(runs["end_day"].mean())
        days = runs["end_day"].to_numpy(float)
        _, low, high = mean_within(days, np.arange(70), 365)
        assert row["mean_survival_low"] == pytest.approx(low)
        assert row["mean_survival_high"] == pytest.approx(high)
        middle = float(np.sort(runs["end_day"])[34])
        expected = middle if middle < 365 else math.nan
        assert row["median_survival"] == pytest.approx(expected, nan_ok=True)


def test_contrasts_follow_from_the_runs(result) -> None:  # type: ignore[no-untyped-def]
    """Paired differences equal direct computation, with Bonferroni over the pairs."""
    wide = result.runs.pivot_table("end_day", "replicate", "point", observed=True)
    for row in result.contrasts.to_dict("records"):
        difference = (wide[row["point"]] - wide[row["baseline_point"]]).astype(float)
        assert row["days"] == pytest.approx(difference.mean())
        half = stats.t.ppf(1 - 0.025 / len(result.contrasts), 69) * stats.sem(difference)
        assert row["days_high"] - row["days"] == pytest.approx(half)


def test_share_difference_has_a_width_where_no_pair_differs() -> None:
    """Agresti and Min's interval does not claim certainty from agreement."""
    estimate, low, high = share_difference(100, 0.0, 0.0, 0.95)
    assert estimate == 0.0
    assert low < 0.0 < high


def test_wilson() -> None:
    """The textbook value: 15 of 20."""
    assert count_interval(15, 20) == pytest.approx((0.75, 0.5313, 0.8881), abs=1e-4)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """Neither the file nor its temporary stays behind."""

    def write(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "x", write)
    assert list(tmp_path.iterdir()) == []


def test_factors_need_lists(tmp_path: Path) -> None:
    """A single text is no list of levels."""
    with pytest.raises(InputError, match="list"):
        sweep({"truce": "literal"}, folder=tmp_path / "s")
