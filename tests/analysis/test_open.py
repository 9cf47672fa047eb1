"""A sweep as pandas objects: what is there, typed, lazily, and the same in plain pandas."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from folders import sweep_into
from truce_sim import InputError, columns, open_sweep, simulate, sweep


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A grid over a group, a number and a flag, with events and weekly series."""
    folder = tmp_path_factory.mktemp("open") / "s"
    factors = {
        "truce": ["practised", "literal"], "home.threshold": [5.0, 3.0],
        "mediation.announced": [True, False],
    }  # fmt: skip
    settings = {"sweep.events": True, "sweep.series_every_days": 7}
    sweep(factors, settings, replicates=6, folder=folder)
    return folder


@pytest.fixture(scope="module")
def opened(path):
    return open_sweep(path)


def test_factors_are_numbers_or_ordered_words_in_the_order_of_the_sweep(opened) -> None:
    for table in (opened.runs, opened.points, opened.series, opened.events):
        assert list(table["truce"].cat.categories) == ["practised", "literal"]
        assert table["truce"].cat.ordered
        assert pd.api.types.is_float_dtype(table["home.threshold"])
        assert pd.api.types.is_bool_dtype(table["mediation.announced"])


def test_runs_are_those_of_plain_pandas(opened, path) -> None:
    plain = pd.read_parquet(path / "runs.parquet")
    assert list(opened.runs.columns) == list(plain.columns)
    for name in ("end_day", "deaths", "final_belief"):
        assert opened.runs[name].tolist() == plain[name].tolist()
    assert len(opened.runs) == 48


def test_points_have_their_estimates(opened) -> None:
    by_point = opened.runs.groupby("point")["collapsed"].mean()
    assert opened.points["collapse_share"].tolist() == by_point.tolist()
    assert (opened.points["runs"] == 6).all()


def test_series_and_events_are_those_of_the_runs(opened) -> None:
    row = opened.runs.iloc[9]
    run = simulate(opened.folder.config_of(row["point"]), replicate=int(row["replicate"]))
    ours = (opened.events["point"] == row["point"]) & (
        opened.events["replicate"] == row["replicate"]
    )
    assert opened.events[ours]["day"].tolist() == run.events["day"].tolist()
    assert opened.events[ours]["kind"].tolist() == run.events["kind"].tolist()
    ours = (opened.series["point"] == row["point"]) & (
        opened.series["replicate"] == row["replicate"]
    )
    expected = run.series["grievance_home"].iloc[::7].tolist()
    assert opened.series[ours]["grievance_home"].tolist() == expected


def test_some_columns_points_and_rows_are_read_alone(opened) -> None:
    found = opened.load(["day"], "events", points=[3, 1], where={"kind": ["strike", "collapse"]})
    whole = opened.events
    whole = whole[whole["point"].isin([1, 3]) & whole["kind"].isin(["strike", "collapse"])]
    assert set(found.columns) == {"point", "replicate", *opened.factors, "day", "kind"}
    assert sorted(found["day"]) == sorted(whole["day"])
    few = opened.load(["end_day"], points=[2], where={"cause": ["foiled"]})
    assert (few["point"] == 2).all()
    assert (few["cause"] == "foiled").all()


def test_every_column_has_its_meaning_and_unit(opened) -> None:
    told = opened.columns_help
    for table in (opened.runs, opened.series, opened.events):
        assert set(table.columns) <= set(told.index)
    assert (told["meaning"] != "").all()
    assert told.loc["end_day", "unit"] == "day"
    assert "strike" in told.loc["home.threshold", "meaning"]


@pytest.mark.parametrize("name", ["days", "holds", "collapsed", "deaths", "first_strike_day"])
def test_outcomes_are_numbers(opened, name) -> None:
    found = opened.outcome(name)
    assert pd.api.types.is_float_dtype(found["y"])
    assert {"point", "replicate", "seed", *opened.factors, "y"} == set(found.columns)
    if name == "holds":
        assert (found["y"] == 1 - opened.outcome("collapsed")["y"]).all()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda s: s.outcome("end_dya"), "end_day"),
        (lambda s: s.load(["nothing"]), "no such column"),
        (lambda s: s.load(["dya"], "events"), "day"),
        (lambda s: s.load(["day"], "diary"), "runs, series, events"),
        (lambda s: s.load(["day"], "events", where={"knd": ["strike"]}), "kind"),
        (lambda s: s.check_factor("treshold"), "home.threshold"),
    ],
)
def test_what_is_not_there_is_named(opened, ask, told) -> None:
    with pytest.raises(InputError) as caught:
        ask(opened)
    assert told in str(caught.value)


def test_tables_that_were_not_kept_are_asked_for(tmp_path) -> None:
    sweep({"truce": ["literal"]}, replicates=2, folder=tmp_path / "s")
    bare = open_sweep(tmp_path / "s")
    for name, setting in (("series", "sweep.series_every_days"), ("events", "sweep.events=true")):
        with pytest.raises(InputError) as caught:
            getattr(bare, name)
        assert setting in str(caught.value)


def test_a_sweep_that_has_not_finished_is_read_as_far_as_it_is(path, tmp_path) -> None:
    """Without its results, and with one part gone: the runs that are there, once each."""
    shutil.copytree(path, tmp_path / "s")
    for name in ("runs", "summary", "failures"):
        (tmp_path / f"s/{name}.parquet").unlink()
    manifest = json.loads((tmp_path / "s/manifest.json").read_text())
    manifest["status"] = "running"
    (tmp_path / "s/manifest.json").write_text(json.dumps(manifest))
    part = open_sweep(tmp_path / "s")
    assert len(part.runs) == 48
    assert part.failures.empty
    assert list(part.points.columns) == list(open_sweep(path).points.columns)


def test_a_sweep_of_nothing_yet_is_empty(tmp_path) -> None:
    assert sweep_into(tmp_path / "p", "truce=literal,practised", "--prepare") == 0
    empty = open_sweep(tmp_path / "p")
    assert empty.runs.empty
    assert empty.failures.empty
    assert (empty.points["runs"] == 0).all()
    assert set(empty.runs.columns) >= {"truce", "end_day"}


def test_a_swept_seed_and_a_list_are_factors_too(tmp_path) -> None:
    factors = {"seed": [1, 2], "mediation.calendar": [[6], [10, 40]]}
    sweep(factors, replicates=2, folder=tmp_path / "s")
    found = open_sweep(tmp_path / "s")
    assert sorted(found.runs["seed"].unique()) == [1, 2]
    assert list(found.runs["mediation.calendar"].cat.categories) == ["[6]", "[10, 40]"]
    assert len(found.outcome("days")) == 8


def test_a_folder_of_something_else_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        open_sweep(tmp_path / "nowhere")


def test_all_outcomes_are_columns(opened) -> None:
    assert set(columns.OUTCOME) <= set(opened.runs.columns)
    assert np.isfinite(opened.runs["mean_will"]).all()
