"""A sweep as pandas objects: what is there, typed, lazily, and the same in plain pandas."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from folders import edit_manifest, parts, sweep_into
from truce_sim import (
    InputError,
    analysis,
    load_config,
    load_setup,
    open_sweep,
    rerun,
    simulate,
    sweep,
)
from truce_sim.analysis import groups, micro
from truce_sim.analysis.compare import compare
from truce_sim.analysis.incidents import sweep_incidents
from truce_sim.analysis.validation import score_patterns
from truce_sim.results import columns


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


def unfinished(path) -> None:
    """Make a finished sweep one that is under way: its results are not there yet."""
    for name in ("runs", "summary", "failures"):
        (path / f"{name}.parquet").unlink()
    edit_manifest(path, status="running")


def test_a_sweep_that_has_not_finished_is_read_as_far_as_it_is(tmp_path) -> None:
    """Of two parts one is gone: the runs of the other, once each, and points with fewer runs."""
    for replicates in (4, 10):
        words = ("home.threshold=3,5", f"sweep.replicates={replicates}", "sweep.events=true")
        assert sweep_into(tmp_path / "s", *words) == 0
    whole = open_sweep(tmp_path / "s")
    runs, columns_of_points = whole.runs, list(whole.points.columns)
    unfinished(tmp_path / "s")
    _, second = parts(tmp_path / "s")
    second.unlink()
    part = open_sweep(tmp_path / "s")
    first = runs[runs["replicate"] < 4].reset_index(drop=True)
    found = part.runs.sort_values(["point", "replicate"], ignore_index=True)
    pd.testing.assert_frame_equal(found, first, check_exact=True)
    assert list(part.points.columns) == columns_of_points
    assert part.points["runs"].tolist() == [4, 4]
    assert part.failures.empty
    assert set(part.events["replicate"]) == {0, 1, 2, 3}


def test_failures_have_their_error_and_no_outcome_while_it_runs_and_after(tmp_path) -> None:
    """Launches rise beyond what a day can take, where spoilers are strong."""
    words = [
        "militants.attempts_per_day=20", "militants.excitation=0", "militants.risk_prior=1",
        "militants.deterrence=3", "militants.learning_rate=0.5", "militants.pace_cells_per_day=20",
        "militants.staging_days=0", "home.capacity=0", "host.capacity=0", "home.threshold=inf",
        "frailty=none", "militants.spoiler_strength=0,10", "sweep.replicates=3",
    ]  # fmt: skip
    assert sweep_into(tmp_path / "s", *words) == 1
    after = open_sweep(tmp_path / "s")
    assert after.points[["runs", "failed"]].to_numpy().tolist() == [[3, 0], [0, 3]]
    assert set(after.failures["status"]) == {"too_many_attempts"}
    assert (after.failures["militants.spoiler_strength"] == 10).all()
    assert after.failures["error"].str.contains("attempts expected on one day").all()
    assert len(after.runs) == 6
    assert (after.outcome("days")["militants.spoiler_strength"] == 0).all()
    told = after.failures
    unfinished(tmp_path / "s")
    pd.testing.assert_frame_equal(open_sweep(tmp_path / "s").failures, told)


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


# ── wrong objects ────────────────────────────────────────────────────────────────────────────


def functions_of_a_sweep() -> dict[str, Callable[..., object]]:
    """Every public function of the analysis whose first argument is a sweep."""
    found = {}
    for module in pkgutil.walk_packages(analysis.__path__, "truce_sim.analysis."):
        for name, thing in vars(import_module(module.name)).items():
            ours = inspect.isfunction(thing) and thing.__module__ == module.name
            takes = next(iter(inspect.signature(thing).parameters), "") if ours else ""
            if takes == "sweep" and not name.startswith("_"):
                found[f"{module.name}.{name}"] = thing
    return found


@pytest.mark.parametrize("name", functions_of_a_sweep())
@pytest.mark.parametrize("given", [None, 5, simulate])
def test_what_is_no_sweep_is_refused_by_all_of_the_analysis(name: str, given: object) -> None:
    function = functions_of_a_sweep()[name]
    needed = [
        each.name for each in inspect.signature(function).parameters.values()
        if each.default is each.empty
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"^sweep.*: is not a sweep but (nothing|an int|a func)"):
        function(**dict.fromkeys(needed) | {"sweep": given})


@pytest.mark.parametrize("name", ["micro_table", "fano", "gini", "near_repeat", "displacement"])
def test_what_is_no_set_of_incidents_is_refused(name: str) -> None:
    rest = [(0.0, 100.0), 30] if name == "displacement" else []
    with pytest.raises(InputError, match=r"^incidents = 5: are not incidents but an int"):
        getattr(micro, name)(5, *rest)


def test_incidents_are_those_of_a_sweep_or_its_path(tmp_path) -> None:
    made = sweep({"seed": [1, 2]}, {"sweep.events": True}, replicates=3, folder=tmp_path / "s")
    expected = micro.micro_table(sweep_incidents(made))
    for given in (made, made.path, str(made.path)):
        pd.testing.assert_frame_equal(micro.micro_table(given), expected)
    assert [levels for levels, _ in groups.groups(str(made.path), ["end_day"], "seed")] == [
        {"seed": 1}, {"seed": 2},
    ]  # fmt: skip


def test_the_path_of_a_folder_will_do(opened, path) -> None:
    expected = compare(opened, "truce").table
    for given in (path, str(path)):
        pd.testing.assert_frame_equal(compare(given, "truce").table, expected)
    row = opened.runs.iloc[3]
    for given in (opened, path, str(path)):
        assert rerun(row, given).outcome["end_day"] == row["end_day"]
    for ask in (lambda no: compare(no, "truce"), lambda no: rerun(row, no)):
        with pytest.raises(InputError, match="no such folder"):
            ask("outputs/none")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sweep(None), "factors: is not a set of factors but nothing"),
        (lambda: sweep(5), "factors = 5: is not a set of factors but an int"),
        (lambda: sweep({}, 5), "5: is not a set of overrides but an int"),
        (lambda: sweep({}, load_config()), "overrides: a Config does not say"),
        (lambda: sweep({}, load_setup(), config_dir="x"), "config_dir = 'x': differs from that"),
        (lambda: load_setup(load_setup()), "is not a set of overrides but a Setup"),
        (lambda: load_setup().with_changes(None), "changes: is not a mapping"),
        (lambda: score_patterns("outputs"), "evidence = 'outputs': is not the evidence but a str"),
    ],
)
def test_other_wrong_objects_are_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert words in str(caught.value).splitlines()[0]


def test_a_sweep_takes_a_setup_and_overrides_as_one_text(tmp_path) -> None:
    base = load_setup("truce=literal run.horizon_days=60").with_changes({"host.lag_days": 3})
    made = sweep("home.threshold=3,5", base, replicates=2, folder=tmp_path / "a")
    overrides = {"truce": "literal", "run.horizon_days": 60, "host.lag_days": 3}
    same = sweep({"home.threshold": [3, 5]}, overrides, replicates=2, folder=tmp_path / "b")
    pd.testing.assert_frame_equal(made.runs, same.runs)
    pd.testing.assert_series_equal(
        rerun(made.runs.iloc[1].to_dict(), made).outcome,
        simulate(base, {"home.threshold": 3}, replicate=1).outcome,
    )
