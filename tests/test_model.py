"""The Mesa model steps the same run as the engine, bit for bit, day by day."""

from __future__ import annotations

import itertools

import mesa
import numpy as np
import pandas as pd
import pytest

from random_configs import GROUPS, random_overrides
from truce_sim import TruceModel, load_setup, simulate
from truce_sim.compat import layer_array
from truce_sim.engine.codes import TODAY
from truce_sim.engine.run import run
from truce_sim.model import Band, BorderPost, Mediator
from truce_sim.simulation.spec import make_spec

CONFIGURATIONS = 200


@pytest.mark.parametrize("batch", range(10))
def test_a_stepped_model_is_the_engines_run(batch: int) -> None:
    """Series, events and outcome are equal to the last bit, for random configurations that cover
    every config group and variant."""
    for number in range(batch * CONFIGURATIONS // 10, (batch + 1) * CONFIGURATIONS // 10):
        setup = load_setup(random_overrides(number))
        expected = run(make_spec(setup))
        model = TruceModel(setup)
        while model.running:
            model.step()
            day = model.day
            assert model.series[day].tobytes() == expected.series[day].tobytes(), (number, day)
        assert model.series.tobytes() == expected.series.tobytes(), number
        assert model.events.tobytes() == expected.events.tobytes(), number
        assert model.world["tally"][TODAY].tobytes() == expected.outcome.tobytes(), number


def test_any_two_options_meet_in_these_configurations() -> None:
    drawn = [random_overrides(number) for number in range(CONFIGURATIONS)]
    for one, other in itertools.combinations(GROUPS, 2):
        met = {(chosen[one], chosen[other]) for chosen in drawn}
        assert met == set(itertools.product(GROUPS[one], GROUPS[other]))


def test_bands_stand_where_the_records_say() -> None:
    """One Band agent for each active band, on its cell; bands that have ended are removed."""
    model = TruceModel({"militants.attempts_per_day": 3})
    for _ in range(60):
        model.step()
        records = model.world["bands"][: model.world["band_count"]]
        bands = list(model.agents_by_type[Band])
        assert len(bands) == len(records)
        for band in bands:
            record = records[band.index]
            assert band.cell.coordinate == (record["sector"], record["depth"])
            assert band.status in ("moving", "waiting")


def test_agents_are_those_of_the_case() -> None:
    """Two mediators by name, and a post in the border cell of each sector with crossings."""
    model = TruceModel()
    assert [m.name for m in model.agents_by_type[Mediator]] == ["qatar", "turkiye"]
    posts = {post.cell.coordinate[0] for post in model.agents_by_type[BorderPost]}
    assert posts == set(np.flatnonzero(model.border.sectors["crossings"]).tolist())
    line = model.config.border.host_depth
    assert all(post.cell.coordinate[1] == line for post in model.agents_by_type[BorderPost])


def test_property_layers_follow_the_run() -> None:
    """Effort appears only on its own side; the other layers follow the records."""
    model = TruceModel()
    for _ in range(30):
        model.step()
    host_depth = model.config.border.host_depth
    host, home = (layer_array(model.grid, name) for name in ("host_effort", "home_effort"))
    assert (host[:, :host_depth] > 0).all()
    assert not host[:, host_depth:].any()
    assert (home[:, host_depth:] > 0).all()
    assert not home[:, :host_depth].any()
    sectors, n = model.world["sectors"], host.shape[0]
    for layer, field in (("activity", "activity"), ("learned_risk", "risk")):
        data = layer_array(model.grid, layer)
        assert (data == sectors[field][:n, None]).all()
    assert (layer_array(model.grid, "ruggedness") == sectors["ruggedness"][:n, None]).all()


def test_collected_series_is_the_daily_series() -> None:
    """The DataCollector's frame has one row per day with the engine's values."""
    model = TruceModel({"run.horizon_days": 50}, seed=3)
    while model.running:
        model.step()
    collected = model.datacollector.get_model_vars_dataframe()
    expected = pd.DataFrame(run(make_spec(model.config, seed=3)).series)
    pd.testing.assert_frame_equal(
        collected.reset_index(drop=True), expected, check_dtype=False, check_exact=True
    )


def test_a_finished_model_stays_finished() -> None:
    """Further steps change nothing, and the outcome equals the library's."""
    model = TruceModel("truce=literal", seed=5, replicate=2)
    while model.running:
        model.step()
    before = model.world["tally"][TODAY].tobytes()
    model.step()
    assert model.world["tally"][TODAY].tobytes() == before
    pd.testing.assert_series_equal(
        model.outcome(), simulate("truce=literal", seed=5, replicate=2).outcome
    )


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has none")
def test_batch_run() -> None:
    """`mesa.batch_run` runs it over configurations and replicates and reports the last day."""
    results = pd.DataFrame(
        mesa.batch_run(
            TruceModel,
            parameters={"config": ["truce=literal", "truce=tolerant"], "replicate": range(4)},
            max_steps=400,
            number_processes=1,
            display_progress=False,
        )
    )
    assert len(results) == 8
    for row in results.itertuples():
        expected = simulate(row.config, replicate=row.replicate)
        assert row.belief == expected.series["belief"].iloc[-1]
        assert row.grievance_home == expected.series["grievance_home"].iloc[-1]


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has none")
@pytest.mark.filterwarnings("ignore:The `iterations` keyword:DeprecationWarning")
def test_iterations_of_batch_run_are_replicates() -> None:
    """Not the same run three times; a seed or replicate that is given stays as it is."""

    def ends(parameters: dict[str, object]) -> list[float]:
        rows = mesa.batch_run(
            TruceModel, parameters, number_processes=1, iterations=3, max_steps=400,
            display_progress=False,
        )  # fmt: skip
        return [row["grievance_home"] for row in sorted(rows, key=lambda row: row["iteration"])]

    expected = [
        simulate("truce=literal", replicate=r).series["grievance_home"].iloc[-1] for r in range(3)
    ]
    assert ends({"config": "truce=literal"}) == expected
    assert len(set(expected)) == 3
    with pytest.warns(UserWarning, match="repeats the first"):
        assert ends({"config": "truce=literal", "replicate": 2}) == [expected[2]] * 3


def test_a_model_says_how_far_it_is() -> None:
    model = TruceModel({"run.horizon_days": 60}, seed=4)
    assert repr(model) == "<TruceModel after 0 of 60 days: seed 4, replicate 0>"
    model.step()
    assert repr(model) == "<TruceModel after 1 of 60 days: seed 4, replicate 0>"


def test_a_model_knows_its_date_and_the_day_of_the_year() -> None:
    """Over a leap day and a new year; without a date of day 0 there is none."""
    short = {"truce": "tolerant", "run.horizon_days": 120}
    model = TruceModel({**short, "scenario.start_date": "2027-12-30"}, seed=1)
    known = {}
    while model.running:
        model.step()
        known[model.day] = (model.date.isoformat(), model.day_of_year)
    assert known[0] == ("2027-12-30", 364)
    assert known[2] == ("2028-01-01", 1)
    assert known[61] == ("2028-02-29", 60)
    undated = TruceModel({**short, "scenario": "synthetic"})
    undated.step()
    assert (undated.date, undated.day_of_year) == (None, None)
