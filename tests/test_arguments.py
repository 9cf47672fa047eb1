"""Arguments that a function does not take are refused, and it is said where the setting goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from truce_sim import InputError, load_config, load_setup, simulate, simulate_many, sweep
from truce_sim.sweeps.sweep import Sweep

LEVELS = {"truce": ["literal", "practised"]}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sweep(LEVELS, events=True), "the second argument, .*: {'sweep.events': True}"),
        (lambda: sweep(LEVELS, horizon_days=9), "{'run.horizon_days': 9}"),
        (lambda: sweep(LEVELS, replicate=9), "did you mean: replicates"),
        (lambda: sweep(LEVELS | {"run.horizon_days": 9}), "second argument: {'run.horizon_days'"),
        (lambda: sweep(LEVELS, load_config()), "load_setup"),
        (lambda: simulate(truce="literal"), "the first argument: {'truce': 'literal'}"),
        (lambda: simulate({}, horizon_days=9), "{'run.horizon_days': 9}"),
        (lambda: simulate_many([{"seed": 1}], events=True), "the second argument, base"),
    ],
)
def test_a_setting_in_the_wrong_place_is_told_its_place(
    call: Callable[[], object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as refused:
        call()
    assert re.search(words, str(refused.value))
    assert not list(tmp_path.iterdir())


def small() -> pd.DataFrame:
    return pd.DataFrame({
        "km_from": [0, 120], "km_to": [120, 300], "weight": [4, 9], "ruggedness": [0.8, 0.4],
        "host_province": ["North", "South"], "home_district": ["Upper", "Lower"],
        "crossing": ["", "Bridge"],
    })  # fmt: skip


def test_a_frame_is_a_border_wherever_a_path_is(tmp_path: Path) -> None:
    """In a run, a change of it, a sweep and a level of one; the folder keeps the table."""
    file = tmp_path / "small.csv"
    small().to_csv(file, index=False)
    own = {"border.sectors": 10, "run.horizon_days": 30}
    runs = [
        simulate(own | {"scenario.table": str(file)}),
        simulate(own | {"scenario.table": small()}),
        simulate(load_setup(own), {"scenario.table": small()}),
    ]
    assert len({tuple(run.outcome) for run in runs}) == 1
    assert {run.config.scenario.kind for run in runs} == {"table"}
    shared = sweep({"home.threshold": [3, 4]}, own | {"scenario.table": small()}, replicates=2,
                   folder=tmp_path / "a")  # fmt: skip
    level = sweep({"scenario.table": [str(file), small()]}, own, replicates=2,
                  folder=tmp_path / "b")  # fmt: skip
    assert_equal_pairs(level)
    assert set(shared.runs["status"]) == {"done"}


def assert_equal_pairs(made: Sweep) -> None:
    days = made.runs.pivot_table(index="replicate", columns="point", values="end_day")
    assert (days[0] == days[1]).all()


FEW = {"border.sectors": 10}
BOTH = FEW | {"scenario.kind": "durand", "scenario.table": small()}


@pytest.mark.parametrize(
    "call",
    [
        lambda: simulate(BOTH),
        lambda: simulate(load_setup(), BOTH),
        lambda: simulate(
            load_setup(FEW | {"scenario.table": small()}), {"scenario.kind": "durand"}
        ),
        lambda: simulate_many([{"scenario.kind": "durand"}], FEW | {"scenario.table": small()}),
        lambda: sweep({"home.threshold": [3, 4]}, BOTH),
        lambda: sweep({"scenario.kind": ["durand", "table"]}, FEW | {"scenario.table": small()}),
        lambda: sweep(
            {"scenario.table": [small()], "seed": [1, 2]}, FEW | {"scenario.kind": "durand"}
        ),
    ],
)
def test_the_de_facto_line_by_name_is_not_replaced_by_a_table(call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="is the de facto line, but a table of another border"):
        call()


def test_nor_where_a_file_names_it(tmp_path: Path) -> None:
    """A file of one's own counts as what was typed, in run or swept; one without kind does not."""
    options = tmp_path / "conf" / "scenario"
    options.mkdir(parents=True)
    table = tmp_path / "x.csv"
    small().to_csv(table, index=False)
    (options / "both.yaml").write_text(f"kind: durand\ntable: {table}\n")
    (options / "line.yaml").write_text("kind: durand\n")
    (options / "alone.yaml").write_text(f"table: {table}\n")
    conf = tmp_path / "conf"
    refused = "is the de facto line, but a table of another border"
    with pytest.raises(InputError, match=refused) as caught:
        load_setup({"scenario": "both"}, config_dir=conf)
    assert "both.yaml" in caught.value.origin
    for factors, more in (
        ({"scenario": ["durand", "both"]}, {}),
        ({"home.threshold": [3, 4]}, {"scenario": "both"}),
        ({"scenario.table": [str(table), str(table)]}, {"scenario": "line"}),
    ):
        with pytest.raises(InputError, match=refused):
            sweep(factors, more, config_dir=conf, folder=tmp_path / "never", replicates=2)
    assert not (tmp_path / "never").exists()
    assert load_setup({"scenario": "alone"}, config_dir=conf).config.scenario.kind == "table"


def test_nor_by_a_border_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is the de facto line, but a folder of another border"):
        load_setup({"scenario.kind": "durand", "scenario.path": str(tmp_path)})
