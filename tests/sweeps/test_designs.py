"""Designs: where the points lie, what is left out, and what each point runs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truce_sim import load_config, sweep
from truce_sim.config.compose import loader_for
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.settings.fields import FieldInfo, fields
from truce_sim.settings.quantities import Quantity
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.design.composer import Composer
from truce_sim.sweeps.design.configs import config_of
from truce_sim.sweeps.design.design import Design, describe
from truce_sim.sweeps.design.make import DesignSettings, make_design
from truce_sim.sweeps.design.points import make_specs
from truce_sim.sweeps.design.seeds import seed_of_row
from truce_sim.sweeps.summaries.levels import factor_levels

pytestmark = pytest.mark.slow

THRESHOLD, CAPACITY = "home.threshold=interval(2,8)", "host.capacity=tag(log,interval(0.1,10))"
LAG = "host.lag_days=interval(1,4)"


def design_of(*tokens: str, **settings: Any) -> Design:
    """The design of these overrides."""
    with loader_for() as loader:
        return make_design(Composer(loader, "config"), {}, tokens, DesignSettings(**settings))[0]


# ── where the points lie ─────────────────────────────────────────────────────────────────────


def test_grid_has_every_combination_the_last_factor_fastest() -> None:
    design = design_of("truce=literal,tolerant", "home.threshold=3,4.5")
    assert design.values.to_dict("list") == {
        "truce": ["literal", "literal", "tolerant", "tolerant"],
        "home.threshold": [3.0, 4.5, 3.0, 4.5],
    }
    assert design.values["home.threshold"].dtype == float
    assert [base["truce"]["collapse_strikes"] for base in design.bases] == [1.0, 3.0]
    assert design.base.tolist() == [0, 0, 1, 1]


def test_zip_takes_the_lists_side_by_side() -> None:
    values = design_of("truce=literal,tolerant", "host.lag_days=1,2", design="zip").values
    assert values.to_dict("records") == [
        {"truce": "literal", "host.lag_days": 1},
        {"truce": "tolerant", "host.lag_days": 2},
    ]


@pytest.mark.parametrize(
    ("levels", "meant"),
    [
        ("range(0.7,1.3,0.1)", [0.7, 0.8, 0.9, 1.0, 1.1, 1.2]),
        ("range(1.3,0.7,-0.1)", [1.3, 1.2, 1.1, 1.0, 0.9, 0.8]),
        ("sort(range(0.7,1.3,0.1),reverse=true)", [1.2, 1.1, 1.0, 0.9, 0.8, 0.7]),
        ("range(1,2,0.3)", [1.0, 1.3, 1.6, 1.9]),
        ("range(2.5)", [0.0, 1.0, 2.0]),
        ("range(start=0,stop=3e-5,step=1e-5)", [0.0, 1e-5, 2e-5]),
        ("float(range(1,4))", [1.0, 2.0, 3.0]),
        ("tag(log,range(0.1,10,2))", [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4]),
        ("tag(log,range(0.1,10,10))", [0.1, 1.0]),
        ("tag(log,range(10,1,0.5))", [10.0, 5.0, 2.5, 1.25]),
        ("tag(log,range(1,2,1.1))", [1.0, 1.1, 1.21, 1.331, 1.4641, 1.61051, 1.771561, 1.9487171]),
        ("range(3,0,-1)", [3.0, 2.0, 1.0]),
        ("0.7,0.8,1.3", [0.7, 0.8, 1.3]),
        ("choice(0.8)", [0.8]),
        ("0.01,0.03,0.1,0.3,1", [0.01, 0.03, 0.1, 0.3, 1.0]),
    ],
)
def test_ranges_and_lists_have_the_decimals_that_are_written(
    levels: str, meant: list[float]
) -> None:
    """Stop left out."""
    assert design_of(f"home.capacity={levels}").values["home.capacity"].tolist() == meant


def test_ranges_of_whole_numbers() -> None:
    assert design_of("host.lag_days=range(5,0,-2)").values["host.lag_days"].tolist() == [5, 3, 1]
    log = design_of("host.lag_days=tag(log,range(1,9,2))").values["host.lag_days"]
    assert log.tolist() == [1, 2, 4, 8]
    large = design_of("seed=range(9007199254740993,9007199254740996)").values["seed"].tolist()
    assert large == [2**53 + 1, 2**53 + 2, 2**53 + 3]


def test_a_range_keeps_its_decimals_under_a_constraint_and_in_a_table(tmp_path: Path) -> None:
    at_least = {"where": "home.capacity >= 0.8"}
    in_range = design_of("home.capacity=range(0.7,1.3,0.1)", **at_least)
    assert in_range.values["home.capacity"].tolist() == [0.8, 0.9, 1.0, 1.1, 1.2]
    table = tmp_path / "steps.parquet"
    pd.DataFrame({"home.capacity": [0.7, 0.7 + 0.1, 0.7 + 0.1 + 0.1]}).to_parquet(table)
    kept = design_of(design="table", table=str(table), **at_least).values["home.capacity"]
    assert kept.tolist() == [0.7 + 0.1, 0.7 + 0.1 + 0.1]


def test_levels_that_six_digits_do_not_tell_apart_are_named_in_full() -> None:
    assert list(factor_levels(pd.Series([0.8, 0.7, 0.8]))) == ["0.8", "0.7", "0.8"]
    assert list(factor_levels(pd.Series([0.80000001, 0.8]))) == ["0.80000001", "0.8"]
    assert list(factor_levels(pd.Series(["b", "a", "b"])).cat.categories) == ["b", "a"]
    assert list(factor_levels(pd.Series([True, False]))) == ["True", "False"]


def test_glob_sweeps_the_options_of_a_group() -> None:
    with loader_for() as loader:
        options = loader.get_group_options("truce")
    assert design_of("truce=glob(*)").values["truce"].tolist() == options
    some = design_of("truce=glob([l*,t*],exclude=tol*)").values["truce"].tolist()
    assert some == [name for name in options if name[0] in "lt" and not name.startswith("tol")]


@pytest.mark.parametrize("kind", ["lhs", "sobol", "halton"])
def test_samples_fill_their_intervals_evenly(kind: str) -> None:
    """On the scale asked for; every whole number alike, the ends included."""
    values = design_of(THRESHOLD, CAPACITY, LAG, design=kind, points=256).values
    for unit in ((values["home.threshold"] - 2) / 6, np.log10(values["host.capacity"] * 10) / 2):
        assert stats.kstest(unit, "uniform").statistic < 0.02
    assert values["host.lag_days"].dtype == np.int64
    assert values["host.lag_days"].value_counts().sort_index().tolist() == pytest.approx(
        [64] * 4, abs=2
    )


@pytest.mark.parametrize("kind", ["lhs", "sobol", "halton"])
def test_lists_and_groups_are_crossed_with_the_samples(kind: str) -> None:
    values = design_of(
        THRESHOLD, "truce=literal,tolerant", "home.lag_days=0,1", design=kind, points=5
    ).values
    assert len(values) == 20
    assert values.groupby("home.threshold").size().tolist() == [4] * 5
    assert values.drop(columns="home.threshold").iloc[:4].drop_duplicates().shape == (4, 2)


@pytest.mark.parametrize("kind", ["sobol", "halton", "morris", "saltelli"])
@pytest.mark.parametrize(("fewer", "more"), [(64, 128), (5, 13)])
def test_a_longer_design_begins_with_the_shorter(kind: str, fewer: int, more: int) -> None:
    """Constraint, duplicates and all; scipy does not warn of sizes that are no power of 2."""
    tokens = [THRESHOLD, CAPACITY, LAG, "truce=literal,tolerant"]
    where = "" if kind in ("morris", "saltelli") else "home.threshold > host.capacity"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = design_of(*tokens, design=kind, points=fewer, where=where)
        long = design_of(*tokens, design=kind, points=more, where=where)
    assert short.extendable
    pd.testing.assert_frame_equal(short.values, long.values.iloc[: len(short.values)])
    ours, theirs = (make_specs(design, range(len(short.values))) for design in (short, long))
    assert [_bytes(spec) for spec in ours] == [_bytes(spec) for spec in theirs]


def test_a_latin_hypercube_does_not_extend_and_says_so() -> None:
    short, long = (design_of(THRESHOLD, design="lhs", points=n) for n in (8, 16))
    assert not short.extendable
    assert set(short.values["home.threshold"]).isdisjoint(long.values["home.threshold"])


def test_samples_follow_the_seed() -> None:
    """The same seed the same points, another seed others."""
    one, same, other = (
        design_of(THRESHOLD, f"seed={seed}", design="sobol", points=8).values for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert not one.equals(other)


def test_morris_trajectories_change_one_factor_a_step() -> None:
    """Each factor once, by two thirds of its range, in every trajectory."""
    design = design_of(
        THRESHOLD, CAPACITY, LAG, "truce=literal,tolerant", design="morris", points=9
    )
    assert len(design.values) == 9 * 5
    assert design.rows is not None
    for _, walk in design.values.groupby(design.rows):
        changed = (walk != walk.shift()).iloc[1:]
        assert changed.sum(axis=1).tolist() == [1] * 4
        assert changed.sum(axis=0).tolist() == [1] * 4
        assert walk["home.threshold"].max() - walk["home.threshold"].min() == pytest.approx(4)


def test_saltelli_rows_hold_a_b_and_ab() -> None:
    """AB_i is A but for factor i, which is B's."""
    design = design_of(
        THRESHOLD, CAPACITY, "home.resolve=interval(0,1)", design="saltelli", points=8
    )
    blocks = design.values.to_numpy().reshape(8, 5, 3)
    a, b = blocks[:, 0], blocks[:, 1]
    assert (a != b).all()
    for i in range(3):
        expected = a.copy()
        expected[:, i] = b[:, i]
        assert (blocks[:, 2 + i] == expected).all()


def test_saltelli_gives_the_indices_of_a_known_function() -> None:
    """y = 4 x1 + x2: first-order indices 16/17 and 1/17, by scipy's own estimator."""
    design = design_of("home.resolve=interval(0,1)", "host.resolve=interval(0,1)",
                       design="saltelli", points=256)  # fmt: skip
    y = (4 * design.values["home.resolve"] + design.values["host.resolve"]).to_numpy()
    y = y.reshape(-1, 4)
    found = stats.sobol_indices(
        func={"f_A": y[:, :1].T, "f_B": y[:, 1:2].T, "f_AB": y[:, 2:].T[:, None]}, n=256
    )
    assert found.first_order.ravel() == pytest.approx([16 / 17, 1 / 17], abs=0.02)
    assert found.total_order.ravel() == pytest.approx([16 / 17, 1 / 17], abs=0.02)


# ── tables ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_has_its_points_as_they_are(form: str, tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "truce": ["literal", "tolerant"],
            "home.threshold": [3, 4.5],
            "host.lag_days": [1, 2],
            "mediation.verification.enabled": [True, False],
            "interventions": ["[]", '[{"day": 3, "set": {"host.will": 0.5}}]'],
        }
    )
    path = tmp_path / f"points.{form}"
    rows.to_csv(path, index=False) if form == "csv" else rows.to_parquet(path)
    design = design_of(design="table", table=str(path))
    pd.testing.assert_frame_equal(
        design.values.reset_index(drop=True), rows, check_dtype=False, check_names=False
    )
    config = config_of(design.bases[1], design.values.iloc[1].to_dict())
    assert config == load_config(
        {
            "truce": "tolerant", "home.threshold": 4.5, "host.lag_days": 2,
            "interventions": [{"day": 3, "set": {"host.will": 0.5}}],
        }
    )  # fmt: skip


def test_the_design_of_a_sweep_is_a_table(tmp_path: Path) -> None:
    """Its values are the points; its numbers, bases and keys are that sweep's own."""
    factors = ["truce=literal,tolerant", "interventions=[],[{day: 3, set: {host.will: 0.5}}]"]
    made = design_of(*factors, "home.threshold=interval(3,5)", design="morris", points=2)
    numbers = range(len(made.values))
    own = {"base": made.base, "key": list(map(str, numbers)), "row": made.rows}
    made.values.assign(**own).reset_index().to_parquet(tmp_path / "design.parquet")
    again = design_of(design="table", table=str(tmp_path / "design.parquet"))
    expected = made.values.drop_duplicates().reset_index(drop=True)
    pd.testing.assert_frame_equal(
        again.values.reset_index(drop=True), expected, check_dtype=False, check_names=False
    )


# ── what is left out ─────────────────────────────────────────────────────────────────────────


def test_what_is_left_out_is_counted() -> None:
    design = design_of("home.threshold=2,3,3.0,4", "host.threshold=1,2",
                       where="home.threshold > 1.5 * host.threshold")  # fmt: skip
    assert design.left_out == {"duplicate": 2, "constraint": 2}
    assert design.values.index.tolist() == [0, 1, 2, 3]
    assert design.values.to_dict("list") == {
        "home.threshold": [2, 3, 4, 4], "host.threshold": [1, 1, 1, 2],
    }  # fmt: skip


def test_bases_that_no_point_needs_are_left_out() -> None:
    design = design_of("truce=literal,tolerant", "home.threshold=3,4", where='truce == "tolerant"')
    assert len(design.bases) == 1
    assert design.base.tolist() == [0, 0]


def test_rows_that_belong_together_keep_their_duplicates() -> None:
    """A Saltelli row without one of its points could not be used."""
    design = design_of("home.lag_days=interval(0,1)", "host.lag_days=interval(0,1)",
                       design="saltelli", points=8)  # fmt: skip
    assert len(design.values) == 8 * 4
    assert design.left_out == {}


def test_a_million_points() -> None:
    """As a table, not as objects."""
    design = design_of(
        "home.threshold=range(1,101)", "home.strike_weight=range(0,100)", "truce=literal,tolerant",
        "host.threshold=range(1,51)",
    )  # fmt: skip
    assert len(design.values) == 1_000_000
    assert (
        make_specs(design, range(999_999, 1_000_000))[0].params["states"]["threshold"][0, 0] == 100
    )


# ── constraints ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("home.threshold > 2", [3, 4]),
        ("home.threshold == host.threshold", [2]),  # not swept
        ("1 < home.threshold <= 3", [2, 3]),
        ("home.threshold in (1, 4) or home.threshold == 3", [1, 3, 4]),
        ("home.threshold not in [1, 4] and not home.threshold == 3", [2]),
        ("-home.threshold + 2 ** 3 // 3 * 1.5 > 0", [1, 2]),
        ("max(home.threshold, 2, 1) == 2 and min(home.threshold, 2) == 2", [2]),
        ("sqrt(home.threshold) == 2", [4]),
        ("log(home.threshold - 3.5) < 5", [4]),  # log(-1) is no number
        ("1 / (home.threshold - 1) < 0.6", [3, 4]),
        ('truce == "practised" and mediation != "none" and home.threshold < 2', [1]),
        ("mediation.verification.enabled or home.threshold == 4", [4]),
        ("mediation.verification.enabled == false and home.threshold < 1.5", [1]),
        ("mediation.mediators.qatar.call > 0 and home.threshold < 2", [1]),
        ("home.initial_grievance == home.threshold / 4", [2]),  # follows a swept setting
        ("home.threshold ** 1e300 > 1", [2, 3, 4]),
        ("home.threshold % 2 == 1", [1, 3]),
        ("home.threshold * 0.1 <= 0.3", [1, 2, 3]),  # 3 * 0.1 is 0.30000000000000004
        ("home.threshold / 10 + 0.2 == 0.3", [1]),
        ("home.threshold / 10 + 0.2 > 0.3", [2, 3, 4]),
    ],
)
def test_constraints(where: str, kept: list[float]) -> None:
    tokens = ["home.threshold=1,2,3,4", "host.threshold=2", "home.initial_grievance=0.5"]
    if "initial" in where:
        tokens = [*tokens[:2], "host.will=0.5", "home.initial_grievance=${host.will}"]
    assert design_of(*tokens, where=where).values["home.threshold"].tolist() == kept


def test_a_constraint_follows_references_to_swept_settings() -> None:
    design = design_of("home.threshold=1,2,3", "host.threshold=${home.threshold}",
                       where="host.threshold > 1.5")  # fmt: skip
    assert design.values["home.threshold"].tolist() == [2, 3]
    states = [spec.params["states"]["threshold"][0] for spec in make_specs(design, range(2))]
    assert np.array(states).tolist() == [[2, 2], [3, 3]]


# ── what a point runs ────────────────────────────────────────────────────────────────────────


def test_points_share_the_seed_unless_told_otherwise() -> None:
    design = design_of("home.threshold=3,4", "seed=7")
    assert [spec.seed for spec in make_specs(design, range(2))] == [7, 7]
    own = "sweep.common_random_numbers=false"
    design = design_of("home.threshold=3,4", "seed=7", own)
    few = [spec.seed for spec in make_specs(design, range(2))]
    assert len({*few, 7}) == 3
    larger = design_of("home.threshold=2,3,3.5,4", "seed=7", own)
    assert [make_specs(larger, range(4))[i].seed for i in (1, 3)] == few
    assert [s.seed for s in make_specs(design_of("seed=3,4", "home.threshold=3"), range(2))] == [
        3,
        4,
    ]


@pytest.mark.parametrize(("kind", "size"), [("morris", 3), ("saltelli", 4)])
def test_points_of_a_row_share_a_seed_of_their_own(kind: str, size: int) -> None:
    design = design_of(THRESHOLD, LAG, "seed=7", design=kind, points=3)
    seeds = [spec.seed for spec in make_specs(design, range(3 * size))]
    assert seeds == [seed_of_row(7, row) for row in range(3) for _ in range(size)]
    assert len(set(seeds)) == 3


#: Settings that `conf/` does not let vary by themselves, or that are none of a point.
_ASIDE = ("scenario.table", "scenario.kind", "output.", "sweep.", "replicate", "<name>")


@dataclass(frozen=True)
class Draw:
    """A value of a setting, often at an end of its range and now and then outside it."""

    rng: np.random.Generator

    def of(self, info: FieldInfo) -> object:
        meta = info.meta
        if info.type == "list[int]":
            return sorted(int(day) for day in self.rng.integers(0, 400, self.rng.integers(3)))
        if info.options:
            return str(self.rng.choice(info.options))
        if not isinstance(meta, Quantity):
            return bool(self.rng.random() < 0.5)
        span = min(meta.high, 10 * info.default + 1)
        value = meta.low + (span - meta.low) * self.rng.choice([0, 1e-3, 0.1, 0.3, 0.6, 1, 1.01])
        return int(value) if info.type == "int" or meta.whole else float(value)


def _random_points(number: int, size: int) -> Design:
    """Points that differ in a few settings, any of the schema's."""
    rng = np.random.default_rng([20251019, number])
    known = [i for i in fields() if not any(word in i.path for word in _ASIDE)]
    chosen = [known[i] for i in rng.choice(len(known), 3, replace=False)]
    if number % 2:  # one of those that the guard against ever more attacks looks at
        guarded = ("militants.excitation", "militants.depth_mu", "home.capacity", "home.forward")
        chosen[0] = next(i for i in known if i.path == guarded[number // 2 % 4])
    draw = Draw(rng)
    values = pd.DataFrame(
        {i.path: [draw.of(i) for _ in range(size)] for i in {c.path: c for c in chosen}.values()}
    )
    with loader_for() as loader:
        base = Composer(loader, "config").compose(
            [f"truce={rng.choice(['literal', 'practised', 'tolerant'])}", "run.warmup_days=3"]
        )
    cells = values.map(lambda v: str(v) if isinstance(v, list) else v)
    return Design("table", tuple(values), cells, (base.plain,), np.zeros(size, np.int64))


def _points(design: Design, points: list[int]) -> Design:
    """Some of the points, as a design."""
    values = design.values.iloc[points].reset_index(drop=True)
    return Design(design.kind, design.factors, values, design.bases, design.base[points])


def _one_by_one(design: Design, point: int) -> RunSpec | str:
    """What a point runs, the long way, or why it cannot."""
    values = {name: design.values[name].iloc[point] for name in design.factors}
    try:
        return make_spec(config_of(design.bases[0], values))
    except InputError as error:
        return _message(error)


def _message(error: InputError) -> str:
    return str(error).partition("\n  where")[0]


def _bytes(spec: RunSpec) -> tuple[object, ...]:
    return spec.params.tobytes(), spec.border.tobytes(), spec.seed, spec.replicate


@pytest.mark.parametrize("number", range(60))
def test_points_made_by_column_equal_points_made_one_by_one(number: int) -> None:
    """Parameters, border and messages, over the whole schema; 600 points in all."""
    design = _random_points(number, 10)
    slow = [_one_by_one(design, point) for point in range(10)]
    good = [point for point, found in enumerate(slow) if isinstance(found, RunSpec)]
    quick = make_specs(_points(design, good), range(len(good)))
    assert [_bytes(s) for s in quick] == [_bytes(s) for s in slow if isinstance(s, RunSpec)]
    for point in set(range(10)) - set(good):  # a bad one, behind a good one if there is any
        pair = _points(design, [*good[:1], point])
        with pytest.raises(InputError) as caught:
            make_specs(pair, range(len(pair.values)))
        assert _message(caught.value) == slow[point]


def test_the_first_bad_point_is_named() -> None:
    design = design_of("home.capacity=0.9,0.5,0.1", "militants.excitation=0.5,1.6")
    with pytest.raises(InputError, match=r"n_eff(.|\n)*point 3 \(home.capacity=0.5, mil"):
        make_specs(design, range(6))


# ── in words, and from Python ────────────────────────────────────────────────────────────────


def test_describe() -> None:
    design = design_of(THRESHOLD, "truce=literal,tolerant", design="sobol", points=8,
                       where="home.threshold < 7")  # fmt: skip
    told = describe(design)
    assert told["kind"] == "sobol"
    assert told["points"] == len(design.values) == 16 - told["left_out"]["constraint"]
    assert told["factors"]["truce"] == "literal, tolerant"
    assert len(told["first_points"]) == 5


def test_from_python(tmp_path: Path) -> None:
    result = sweep(
        {"home.threshold": "interval(2,8)", "truce": ["literal", "tolerant"]},
        design="halton", points=3, where="home.threshold < 100", replicates=2,
        folder=tmp_path / "s",
    )  # fmt: skip
    assert len(result.points) == 6
    assert len(result.runs) == 12
