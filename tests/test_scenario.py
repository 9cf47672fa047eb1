"""Scenarios: the Durand table, users' own tables, made-up lines, and resampling."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from truce_sim.border.border import (
    Border,
    error_function,
    majority_labels,
    make_border,
    resample,
    spread,
)
from truce_sim.border.make import RELIEF_M
from truce_sim.border.segments import Segments
from truce_sim.config.load import load_config
from truce_sim.engine.params import SECTOR
from truce_sim.errors import InputError
from truce_sim.settings.schema import BorderConfig, Config, ScenarioConfig

TABLE = Path(__file__).parents[1] / "src" / "truce_sim" / "data" / "durand_segments.csv"


def border(sectors: int = 45, floor: float = 0.05, **scenario: object) -> Border:
    chosen = ScenarioConfig(**scenario)  # type: ignore[arg-type]
    return make_border(Config(border=BorderConfig(sectors=sectors, floor=floor), scenario=chosen))


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def own_table(folder: Path, *lines: str, header: str = "km_from,km_to,weight,ruggedness") -> str:
    path = folder / "own.csv"
    path.write_text("\n".join((header, *lines)), encoding="utf-8")
    return str(path)


lengths = st.lists(st.floats(0.01, 500), min_size=1, max_size=30)


@st.composite
def segments(draw: st.DrawFn) -> Segments:
    edges = np.concatenate(([0.0], np.cumsum(draw(lengths)))) + draw(st.floats(-100, 100))
    n = len(edges) - 1
    weight = np.array(draw(st.lists(st.floats(0, 1e4), min_size=n, max_size=n)))
    weight[draw(st.integers(0, n - 1))] += 1.0
    rugged = np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    names = tuple(draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=n, max_size=n)))
    return Segments(edges, weight, rugged, names, names, names)


# ── the Durand scenario ──────────────────────────────────────────────────────────────────────


def test_durand_is_the_default_scenario() -> None:
    made = make_border(load_config())
    assert made.name == "durand"
    assert made.sectors.dtype == SECTOR
    assert made.sectors.shape == (45,)
    assert_allclose(made.km_to - made.km_from, 2240 / 45)
    assert made.host_province[0] == "Badakhshan"


def test_durand_table_is_that_of_the_sources(sources: Path) -> None:
    with (sources / "durand_segments_10km.csv").open(encoding="utf-8", newline="") as file:
        source = list(csv.DictReader(file))
    own = [name for name in rows()[0] if name != "ruggedness_relief"]
    assert [{name: row[name] for name in own} for row in rows()] == [
        {name: row[name] for name in own} for row in source
    ]


def test_measured_ruggedness_is_that_of_the_heights(sources: Path) -> None:
    """The mean of a segment's ends, over the 500 m of `border make`, at most 1."""
    with (sources / "durand_line_relief_10km.csv").open(encoding="utf-8", newline="") as file:
        at = np.array([float(row["relief_sd_20km_m"]) for row in csv.DictReader(file)])
    expected = np.minimum((at[:-1] + at[1:]) / 2 / RELIEF_M, 1.0)
    made = border(len(expected), relief="measured").sectors["ruggedness"]
    assert_allclose(made, expected, atol=1e-4)


def test_measured_ruggedness_changes_ruggedness_alone() -> None:
    assumed, measured = border(), border(relief="measured")
    for name in ("weight", "crossings"):
        assert (assumed.sectors[name] == measured.sectors[name]).all()
    correlation = np.corrcoef(assumed.sectors["ruggedness"], measured.sectors["ruggedness"])[0, 1]
    assert 0.7 < correlation < 0.85


@pytest.mark.parametrize("period", ["2004_2021", "2015_2021"])
def test_as_many_sectors_as_segments_gives_the_counts_back(period: str) -> None:
    counts = np.array([float(row[f"ttp_events_{period}"]) for row in rows()])
    made = border(len(counts), 0.05, period=period).sectors
    expected = (counts / counts.sum() + 0.05 / len(counts)) / 1.05
    assert_allclose(made["weight"], expected, atol=1e-15)
    assert_allclose(made["ruggedness"], [float(row["ruggedness"]) for row in rows()], atol=1e-12)


@pytest.mark.parametrize("sectors", [1, 7, 45, 60, 224, 500])
def test_every_crossing_keeps_a_place_at_any_resolution(sectors: int) -> None:
    made = border(sectors)
    names = [row["crossing"] for row in rows() if row["crossing"]]
    assert [name for _, name in made.crossings()] == names
    assert made.sectors["crossings"].sum() == len(names)
    assert [len(n) for n in made.crossing_names] == list(made.sectors["crossings"])


def test_a_crossing_lies_in_the_sector_that_holds_its_segments_midpoint() -> None:
    made = border(45)
    sector = {name: s for s, name in made.crossings()}["Torkham"]
    row = next(row for row in rows() if row["crossing"] == "Torkham")
    middle = (float(row["km_from"]) + float(row["km_to"])) / 2
    assert made.km_from[sector] <= middle < made.km_to[sector]


def test_borders_share_nothing_that_can_be_changed() -> None:
    border().sectors["weight"] = 7
    assert border().sectors["weight"].sum() == pytest.approx(1)


# ── resampling ───────────────────────────────────────────────────────────────────────────────


@given(segments(), st.integers(1, 80))
def test_resampling_conserves_weight(table: Segments, sectors: int) -> None:
    onto = np.linspace(table.edges[0], table.edges[-1], sectors + 1)
    moved = spread(table.edges, table.weight, onto)
    assert (moved >= 0).all()
    assert moved.sum() == pytest.approx(table.weight.sum(), rel=1e-12)


@given(segments(), st.integers(1, 40))
def test_spread_equals_overlap_by_overlap(table: Segments, sectors: int) -> None:
    onto = np.linspace(table.edges[0], table.edges[-1], sectors + 1)
    overlap = np.clip(
        np.minimum(onto[1:, None], table.edges[1:]) - np.maximum(onto[:-1, None], table.edges[:-1]),
        0,
        None,
    )
    expected = overlap @ (table.weight / np.diff(table.edges))
    assert_allclose(spread(table.edges, table.weight, onto), expected, atol=1e-9, rtol=1e-6)


@given(segments(), st.integers(1, 80), st.floats(1e-3, 1))
def test_a_border_is_sound(table: Segments, sectors: int, floor: float) -> None:
    made = resample(table, sectors, floor, "test")
    assert made.sectors["weight"].sum() == pytest.approx(1, abs=1e-12)
    assert (made.sectors["weight"] >= floor / sectors / (1 + floor) * (1 - 1e-12)).all()
    assert ((made.sectors["ruggedness"] >= 0) & (made.sectors["ruggedness"] <= 1)).all()
    assert made.sectors["crossings"].sum() == sum(bool(name) for name in table.crossing)
    assert len(made.host_province) == len(made.home_district) == sectors
    mean = np.average(table.ruggedness, weights=np.diff(table.edges))
    assert made.sectors["ruggedness"].mean() == pytest.approx(mean, abs=1e-9)


@given(segments(), st.integers(1, 20))
def test_halving_the_resolution_adds_neighbours(table: Segments, sectors: int) -> None:
    fine = resample(table, 2 * sectors, 0.05, "test").sectors["weight"]
    coarse = resample(table, sectors, 0.05, "test").sectors["weight"]
    assert_allclose(fine.reshape(-1, 2).sum(1), coarse, atol=1e-12)


def test_labels_go_by_most_kilometres_and_ties_to_the_first() -> None:
    edges = np.array([0.0, 4, 10, 15, 20])
    onto = np.array([0.0, 10, 20])
    assert majority_labels(edges, ("a", "b", "c", "d"), onto) == ("b", "c")
    assert majority_labels(edges, ("a", "b", "d", "a"), np.array([0.0, 20])) == ("a",)


# ── a table of the user's own ────────────────────────────────────────────────────────────────


def test_own_table_with_uneven_segments(tmp_path: Path) -> None:
    table = own_table(tmp_path, "0,10,4,0.2", "10,40,4,0.8")
    made = border(2, 0.05, table=table)
    assert made.name == "own"
    assert_allclose(made.sectors["weight"], (np.array([16 / 3, 8 / 3]) / 8 + 0.025) / 1.05)
    assert_allclose(made.sectors["ruggedness"], [0.5, 0.8])
    assert made.host_province == ("", "")
    assert made.crossings() == []


def test_own_table_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_table(tmp_path, "0,10,1,0.2", "10,40,1,0.8")
    monkeypatch.chdir(tmp_path)
    for extra in ([], ["scenario.kind=table"]):
        config = load_config(["scenario.table=own.csv", "border.sectors=3", *extra])
        assert make_border(config).km_to[-1] == 40


def test_an_edited_table_is_read_again(tmp_path: Path) -> None:
    before = border(1, table=own_table(tmp_path, "0,10,1,0.2"))
    after = border(1, table=own_table(tmp_path, "0,10,1,0.25"))
    assert before.sectors["ruggedness"][0] == pytest.approx(0.2)
    assert after.sectors["ruggedness"][0] == pytest.approx(0.25)


def test_a_spreadsheets_byte_order_mark_and_line_ends_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes("\ufeffkm_from, km_to,weight,ruggedness\r\n0,10, 1,0.5\r\n\r\n".encode())
    assert border(1, table=str(path)).sectors["weight"] == [1.0]


def test_columns_may_come_in_any_order_among_others(tmp_path: Path) -> None:
    header = "note,ruggedness,weight,crossing,km_to,km_from"
    table = own_table(tmp_path, 'x,0.5,1,"Gate, the",10,0', header=header)
    assert border(1, table=table).crossings() == [(0, "Gate, the")]


def test_a_bad_table_names_file_and_line(tmp_path: Path) -> None:
    table = own_table(tmp_path, "0,10,1,0.2", "11,20,1,0.2")
    with pytest.raises(InputError, match=r"leaves a gap") as caught:
        border(2, table=table)
    assert caught.value.setting == "scenario.table"
    assert caught.value.origin == f"{table} line 3"


# ── made-up lines ────────────────────────────────────────────────────────────────────────────


def test_uniform() -> None:
    made = border(8, kind="synthetic", profile="uniform", crossings=4, ruggedness=0.25)
    assert_allclose(made.sectors["weight"], 1 / 8)
    assert_allclose(made.sectors["ruggedness"], 0.25)
    assert list(made.sectors["crossings"]) == [0, 1, 0, 1, 0, 1, 0, 1]


def test_hot_spots_are_where_they_should_be() -> None:
    """With 99 sectors, each of the three centres is the middle of a sector."""
    made = border(99, 0.01, kind="synthetic", hot_spots=3, concentration=0.9)
    weight = made.sectors["weight"]
    peaks = [s for s in range(1, 98) if weight[s] > max(weight[s - 1], weight[s + 1])]
    assert_allclose((made.km_from + made.km_to)[peaks] / 2, [500 / 3, 500, 2500 / 3])


def test_the_error_function() -> None:
    x = np.concatenate([np.linspace(-9, 9, 3001), [0.0, 1e-300, 5e-324, math.inf, -math.inf]])
    assert_allclose(error_function(x), [math.erf(v) for v in x], rtol=2e-15, atol=0)
    assert error_function(np.zeros(0)).size == 0


@given(
    st.integers(1, 500), st.floats(1, 20000), st.integers(1, 100), st.floats(0.1, 5000),
    st.floats(0, 1), st.integers(0, 1000),
)  # fmt: skip
def test_any_synthetic_border_is_sound(
    sectors: int, length: float, spots: int, width: float, share: float, crossings: int
) -> None:
    made = border(
        sectors, kind="synthetic", length_km=length, hot_spots=spots, hot_spot_km=width,
        concentration=share, crossings=crossings,
    )  # fmt: skip
    assert made.sectors["weight"].sum() == pytest.approx(1, abs=1e-12)
    assert (made.sectors["weight"] > 0).all()
    assert made.sectors["crossings"].sum() == crossings == len(made.crossings())
