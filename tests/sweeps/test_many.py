"""simulate_many: the rows of a table in this process, equal to the points of a sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim import InputError, load_setup, rerun, simulate, simulate_many, sweep
from truce_sim.engine.run import outcomes
from truce_sim.simulation.spec import make_spec

SHORT = {"run.horizon_days": 60}


@pytest.fixture(scope="module")
def base():
    return load_setup(SHORT)


def points() -> pd.DataFrame:
    """Numbers, a flag, a word and a config group; no two rows alike."""
    return pd.DataFrame({
        "mediation": ["none", "monitored", "monitored", "none"],
        "home.threshold": [2.0, 3.0, 3.0, 4.0],
        "host.lag_days": [1, 2, 3, 4],
        "frailty.law": ["gamma", "lognormal", "gamma", "gamma"],
        "mediation.announced": [True, False, True, True],
    })  # fmt: skip


def test_rows_are_those_of_a_sweep(tmp_path: Path, base) -> None:
    """To the last bit, with types and order of columns: common random numbers, all factors."""
    made = sweep(table=points(), overrides=SHORT, replicates=70, folder=tmp_path / "s")
    expected = made.runs.sort_values(["point", "replicate"], ignore_index=True)
    for threads in (1, 3):
        runs = simulate_many(points(), base, replicates=70, threads=threads)
        pd.testing.assert_frame_equal(runs, expected, check_exact=True)


def test_a_column_of_seeds(tmp_path: Path, base) -> None:
    frame = pd.DataFrame({"seed": [5.0, 6.0], "home.threshold": [3, 3]})
    made = sweep(table=frame, overrides=SHORT, replicates=3, folder=tmp_path / "s").runs
    runs = simulate_many(frame, base, replicates=3)
    pd.testing.assert_frame_equal(runs, made.sort_values(["point", "replicate"], ignore_index=True))
    assert runs["seed"].tolist() == [5, 5, 5, 6, 6, 6]
    alone = simulate(base, {"home.threshold": 3}, seed=6, replicate=2)
    assert runs.iloc[5]["deaths"] == alone.outcome["deaths"]


@pytest.mark.parametrize(
    "table",
    [
        {"home.threshold": [2.0, 3.0]},
        [{"home.threshold": 2.0}, {"home.threshold": 3.0}],
        pd.DataFrame({"home.threshold": np.array([2.0, 3.0], np.float32)}),
    ],
)
def test_kinds_of_tables(base, table) -> None:
    runs = simulate_many(table, base)
    spec = make_spec(base.with_changes({"home.threshold": 3.0}))
    assert runs["end_day"].tolist()[1] == int(outcomes(spec, [0])["end_day"][0])


def test_equal_rows_are_all_run(base) -> None:
    runs = simulate_many({"home.threshold": [3.0, 3.0]}, base, replicates=2)
    assert runs["point"].tolist() == [0, 0, 1, 1]


def test_interventions_and_lengths(base) -> None:
    """What cannot be filled in by column is prepared row by row."""
    changed = base.with_changes({"interventions": [{"day": 20, "set": {"home.threshold": 9.0}}]})
    runs = simulate_many({"run.horizon_days": [30, 60], "host.will": [0.2, 0.3]}, changed)
    for row in (0, 1):
        assert rerun(runs.iloc[row], changed).outcome["end_day"] == runs["end_day"][row]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"home.threshold": [3.0, -1.0]}, ["home.threshold = -1.0", "row 1 (counted from 0)"]),
        ({"home.threshold": [3.0, np.nan]}, ["home.threshold", "is not a number", "row 1"]),
        ({"home.threshold": [3.0, "x"]}, ["home.threshold = 'x'", "row 1"]),
        ({"host.lag_days": [1.0, 2.5]}, ["host.lag_days = 2.5", "whole number", "row 1"]),
        ({"host.lag_days": [True, False]}, ["host.lag_days", "whole number", "row 0"]),
        ({"home.treshold": [3.0]}, ["home.treshold", "home.threshold"]),
        ({"mediation": ["none", "non"]}, ["mediation = 'non'", "row 1", "qatar_turkiye"]),
        ({"militants.excitation": [1.0, 9.0]}, ["militants.excitation = 9.0", "point 1"]),
        ({"replicate": [1]}, ["replicate", "cannot be swept"]),
        ({"mediation.verification.lag_days": [1, 20]}, ["no effect", "enabled is false"]),
        ({}, ["no columns"]),
        ({"home.threshold": []}, ["has no rows"]),
        ({"home.threshold": [1.0], "host.will": [0.1, 0.2]}, ["is not a table"]),
        (5, ["is not a table but an int"]),
        ("home.threshold=3", ["is not a table but a str"]),
    ],
)
def test_a_bad_row_is_named(base, table, words) -> None:
    with pytest.raises(InputError) as caught:
        simulate_many(table, base)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("given", [0, -1, 2.5, True, "3", None])
def test_bad_replicates(base, given) -> None:
    with pytest.raises(InputError, match="replicates"):
        simulate_many({"home.threshold": [3.0]}, base, replicates=given)


def test_failed_runs_have_only_a_status(base) -> None:
    runs = simulate_many(
        {"militants.attempts_per_day": [20.0, 0.3], "militants.spoiler_strength": [10.0, 0.0]},
        base.with_changes({"frailty.attempts_cv": 3.0}), replicates=40,
    )  # fmt: skip
    failed = runs["status"] != "done"
    assert runs.loc[failed, "deaths"].isna().all()
    assert runs.loc[~failed, "deaths"].notna().all()


# ── a row again ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rerun") / "s"
    factors = {"mediation": ["none", "monitored"], "home.threshold": [2.0, 4.0]}
    return sweep(factors, SHORT | {"host.will": 0.2}, replicates=3, folder=folder)


def test_any_row_of_a_sweep_again(swept) -> None:
    for _, row in swept.runs.iterrows():
        for kind in (row, row.to_dict(), row.to_frame().T):
            run = rerun(kind, swept)
            assert run.outcome["deaths"] == row["deaths"]
            assert run.config.host.will == 0.2
    assert len(run.series) == int(run.outcome["end_day"]) + int(run.outcome["collapsed"])


def test_any_row_of_simulate_many_again(base) -> None:
    runs = simulate_many(points(), base, replicates=2)
    for _, row in runs.iterrows():
        assert rerun(row, base).outcome["end_day"] == row["end_day"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deaths": 10**6}, ["deaths", "when this row is run again"]),
        ({"home.threshold": 3.0}, ["home.threshold = 3.0", "is 2.0 when"]),
        ({"point": 99}, ["no such point"]),
        ({"replicate": 1.5}, ["replicate = 1.5", "whole number"]),
        ({"seed": 12}, ["seed = 12"]),
    ],
)
def test_a_row_that_is_another(swept, change, words) -> None:
    row = swept.runs.iloc[0].to_dict() | change
    with pytest.raises(InputError) as caught:
        rerun(row, swept)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("row", [5, pd.DataFrame({"point": [0, 1]}), [1, 2], {"replicate": 0}])
def test_no_row(swept, row) -> None:
    with pytest.raises(InputError, match="row"):
        rerun(row, swept)
