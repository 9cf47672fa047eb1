"""The fine grain: exact values, the same ruler on model and data, intervals that hold."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis import micro
from truce_sim.analysis.incidents import (
    Incidents,
    read_incidents,
    sweep_incidents,
)
from truce_sim.border.course import read_course
from truce_sim.border.folder import find_folder
from truce_sim.border.projection import project
from truce_sim.intervals import quantile_interval

LINE = 1000.0


def made(
    day, km=None, run=None, deaths=None, days=364, runs=None, depth=None, draws=None
) -> Incidents:
    """Incidents at these days; in the middle of the line, one death each, in run 0."""
    day = np.asarray(day)
    n = day.size
    frame = pd.DataFrame({
        "run": np.zeros(n, int) if run is None else run, "day": day,
        "km_along": np.full(n, 500.0) if km is None else km,
        "km_depth": np.full(n, 5.0) if depth is None else depth,
        "deaths": np.ones(n, int) if deaths is None else deaths,
    })  # fmt: skip
    runs = int(frame["run"].max()) + 1 if runs is None else runs
    draws = np.arange(runs) if draws is None else draws
    return Incidents(frame, np.full(runs, days), draws, LINE)


def covers(hits: int, n: int) -> bool:
    """Whether so many intervals of n can hold the truth at 95 %; False by chance 1 in a million."""
    return bool(stats.binomtest(int(hits), n, 0.95).pvalue > 1e-6)


# ── known answers ────────────────────────────────────────────────────────────────────────────


def test_fano_is_variance_over_mean_of_weekly_counts() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(2.0, 52)
    found = micro.fano(made(np.repeat(np.arange(52) * 7, counts)))
    assert found.value == pytest.approx(counts.var(ddof=1) / counts.mean(), rel=1e-12)


def test_fano_of_several_runs_is_taken_within_them() -> None:
    """Two runs of constant but different counts: no run varies."""
    day = np.concatenate([np.arange(0, 364, 7), np.repeat(np.arange(0, 364, 7), 5)])
    run = np.repeat([0, 1], [52, 260])
    assert micro.fano(made(day, run=run)).value == 0.0


def test_a_level_that_changes_from_year_to_year_is_no_burst() -> None:
    """Two years of a data set, each even: only between them do counts differ."""
    day = np.concatenate([np.arange(0, 364, 7), 364 + np.repeat(np.arange(0, 364, 7), 5)])
    assert micro.fano(made(day, days=728)).value == 0.0


def test_weeks_that_are_not_watched_whole_do_not_count() -> None:
    early = made([0, 7, 8, 14], days=17)  # two whole weeks: 1 and 2 incidents
    assert micro.fano(early).value == pytest.approx(0.5 / 1.5)


@pytest.mark.parametrize(
    ("counts", "gini"),
    [([5, 5, 5, 5], 0.0), ([0, 0, 0, 8], 0.75), ([1, 2, 3, 4], 0.25)],
)
def test_gini_of_counts(counts: list[int], gini: float) -> None:
    """Against the mean absolute difference, its definition."""
    x = np.array(counts, float)
    by_pairs = np.abs(x[:, None] - x).sum() / (2 * x.size**2 * x.mean())
    assert micro.gini_by_row(x) == pytest.approx(gini) == pytest.approx(by_pairs)


@pytest.mark.parametrize(("line_km", "bins"), [(1000.0, 10), (1001.0, 10), (1030.0, 11), (80.0, 1)])
def test_bins_cover_the_line_and_no_more(line_km: float, bins: int) -> None:
    """All incidents in one of n bins, its end included: 1 - 1/n. A rest of a km is none."""
    at_end = made([1, 2, 3], np.full(3, line_km))
    found = micro.gini(Incidents(at_end.frame, at_end.days, at_end.draws, line_km))
    assert found.value == pytest.approx(1 - 1 / bins)


def test_sets_are_of_one_size_and_keep_runs_of_the_same_draws_together() -> None:
    """Ten draws, each of three runs with 40 incidents: a block each, a set of 100 of its 120."""
    run = np.repeat(np.arange(30), 40)
    found = made(np.tile(np.arange(40), 30), run=run, draws=np.tile(np.arange(10), 3))
    chosen, block = micro._sets(found, 100)
    assert chosen.shape == (10, 100)
    assert np.unique(chosen).size == chosen.size
    draws = found.draws[run[chosen]]
    blocks_of_draw = [np.unique(block[(draws == d).any(axis=1)]) for d in range(10)]
    assert [list(blocks) for blocks in blocks_of_draw] == [[d] for d in range(10)]
    assert set(np.bincount(run[chosen].ravel(), minlength=30)) <= {33, 34}


def test_near_repeat_counts_pairs_of_the_same_place_and_time() -> None:
    """Against a plain loop over all pairs."""
    rng = np.random.default_rng(2)
    day, km = rng.integers(0, 364, 60), rng.uniform(0, LINE, 60)
    place = km // 50
    pairs = [(i, j) for i in range(60) for j in range(i)]
    close = [abs(day[i] - day[j]) <= 14 for i, j in pairs]
    same = [place[i] == place[j] for i, j in pairs]
    both = sum(a and b for a, b in zip(close, same, strict=True))
    expected = both / (sum(close) * sum(same) / len(pairs))
    assert micro.near_repeat(made(day, km)).value == pytest.approx(expected, rel=1e-12)
    twice = made(np.tile(day, 2), np.tile(km, 2), run=np.repeat([0, 1], 60))
    assert micro.near_repeat(twice).value == pytest.approx(expected, rel=1e-12)
    later = made(np.concatenate([day, day + 364]), np.tile(km, 2), days=728)
    assert micro.near_repeat(later).value == pytest.approx(expected, rel=1e-12)


def test_near_repeat_p_is_small_for_clusters_alone() -> None:
    rng = np.random.default_rng(3)
    start, where = rng.integers(0, 350, 40), rng.uniform(0, LINE, 40)
    clustered = made((start[:, None] + rng.integers(0, 5, (40, 3))).ravel(), np.repeat(where, 3))
    assert micro.near_repeat_p(clustered, permutations=199) == 1 / 200
    scattered = made(rng.integers(0, 364, 120), rng.uniform(0, LINE, 120))
    assert micro.near_repeat_p(scattered, permutations=199) > 0.001


def test_quantiles_and_shares_are_plain() -> None:
    found = made(np.arange(100), deaths=np.arange(1, 101))
    assert micro.deaths_quantile(found, 0.5).value == 50
    assert micro.deaths_quantile(found, 0.9).value == 90
    assert micro.incident_share(found, "deaths", 11).value == 0.9
    deep = made(np.arange(4), depth=[5.0, 20.0, 59.9, 60.0])
    assert micro.incident_share(deep, "km_depth", 20, 60).value == 0.5


def test_exchanges_are_strikes_in_a_row() -> None:
    """Run 0: home, host, home, and 15 days later the host; run 1: home."""
    strikes = pd.DataFrame({
        "point": 0, "replicate": [0, 0, 0, 0, 1], "day": [10, 20, 34, 49, 49],
        "actor": ["home", "host", "home", "host", "home"], "draws": [0, 0, 0, 0, 1],
    })  # fmt: skip
    found = micro.exchange_table(strikes, 14)
    assert found["n"].tolist() == [3, 2, 2, 2]
    assert found["value"].tolist() == pytest.approx([5 / 3, 3 / 2, 1 / 2, 2 / 3])
    assert micro.exchange_table(strikes.head(0), 14)["value"].isna().all()


def test_displacement_quotient_of_a_plain_case() -> None:
    """Before: 10 treated, 10 beside, 20 elsewhere. After: 5, 13, 22. Bowers and Johnson (2003)."""
    counts = [(0, 500, 10), (0, 600, 10), (0, 100, 20), (1, 500, 5), (1, 600, 13), (1, 100, 22)]
    day = np.concatenate([np.full(n, 100 + 150 * after) for after, _, n in counts])
    km = np.concatenate([np.full(n, float(at)) for _, at, n in counts])
    found = micro.displacement(made(day, km), (450, 550), 200).set_index("measure")["value"]
    assert found["treated, before"] == 0.25
    assert found["treated, change"] == pytest.approx(5 / 40 - 10 / 40)
    quotient = (13 / 22 - 10 / 20) / (5 / 22 - 10 / 20)
    assert found["displacement quotient"] == pytest.approx(quotient)


def test_displacement_needs_incidents_before_and_after() -> None:
    with pytest.raises(InputError, match="before or after"):
        micro.displacement(made(np.arange(100)), (450, 550), 100)


def test_a_quotient_over_a_change_that_may_be_none_has_no_interval() -> None:
    rng = np.random.default_rng(4)
    found = made(rng.integers(0, 364, 400), rng.choice([100.0, 500.0, 600.0], 400))
    rows = micro.displacement(found, (450, 550), 182).set_index("measure")
    assert rows.loc["treated, change", "value_low"] < 0 < rows.loc["treated, change", "value_high"]
    assert math.isnan(rows.loc["displacement quotient", "value_low"])


# ── intervals ────────────────────────────────────────────────────────────────────────────────


def clustered(rng: np.random.Generator, runs: int, days: int = 364) -> Incidents:
    """Bursts: starts are Poisson, each with 1 + Poisson(1) incidents near in time and place."""
    starts = rng.poisson(0.1 * days, runs)
    run = np.repeat(np.arange(runs), starts)
    size = 1 + rng.poisson(1.0, run.size)
    day = np.repeat(rng.integers(0, days, run.size), size) + rng.integers(0, 7, size.sum())
    hot = rng.beta(0.5, 1.5, run.size) * LINE * 0.999
    run, km = np.repeat(run, size), np.repeat(hot, size)
    keep = day < days
    deaths = np.maximum(rng.lognormal(1.2, 1.0, keep.sum()).astype(int), 1)
    return made(day[keep], km[keep], run[keep], deaths, days, runs)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 40])
def test_intervals_cover_for_runs_and_for_one_series(runs: int) -> None:
    """400 data sets (6 years, or 40 runs of one): intervals hold the long-run value in 95 %."""
    rng, n = np.random.default_rng(31), 400
    days = 6 * 364 if runs == 1 else 364
    measures = {
        "fano": micro.fano,
        "near_repeat": micro.near_repeat,
        "deaths": lambda i: micro.incident_share(i, "deaths", 11),
    }
    large = clustered(np.random.default_rng(32), 4000, 364)
    truth = {name: measure(large).value for name, measure in measures.items()}
    hits = dict.fromkeys(measures, 0)
    for _ in range(n):
        found = clustered(rng, runs, days)
        for name, measure in measures.items():
            _, low, high = measure(found)
            hits[name] += low <= truth[name] <= high
    for name, count in hits.items():
        assert covers(count, n), (name, count / n)


def repeated(found: Incidents, times: int) -> Incidents:
    """The same runs at several design points, with the draws that they share."""
    moved = [found.frame.assign(run=found.frame["run"] + i * found.runs) for i in range(times)]
    frame = pd.concat(moved, ignore_index=True)
    draws = np.tile(np.arange(found.runs), times)
    return Incidents(frame, np.tile(found.days, times), draws, LINE)


@pytest.mark.slow
def test_runs_that_share_their_draws_tell_no_more_than_one() -> None:
    found = clustered(np.random.default_rng(36), 60)
    for measure in (micro.fano, micro.near_repeat, lambda i: micro.incident_share(i, "deaths", 11)):
        once, often = measure(found), measure(repeated(found, 4))
        assert once == pytest.approx(often, rel=0.01)


@pytest.mark.parametrize(("km", "expected"), [(200.0, 0.0), (203.0, 0.0), (240.0, 1 / 3)])
def test_a_rest_of_a_few_km_is_no_stretch_of_its_own(km: float, expected: float) -> None:
    """Evenly spread over 200 km: the next 3 belong to the second stretch, the next 40 are one."""
    even = made(range(20))
    even = replace(even, line_km=km, frame=even.frame.assign(km_along=np.arange(5.0, 205.0, 10.0)))
    assert micro.gini(even).value == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize("points", [1, 3])
def test_intervals_of_gini_cover_its_mean_at_that_many_incidents(points: int) -> None:
    rng, n, hits = np.random.default_rng(33), 400, 0
    large = repeated(clustered(np.random.default_rng(34), 6000), points)
    truth = micro.gini(large, at_a_time=200).value
    for _ in range(n):
        _, low, high = micro.gini(repeated(clustered(rng, 60), points), at_a_time=200)
        hits += low <= truth <= high
    assert covers(hits, n), hits / n


@pytest.mark.slow
def test_the_interval_of_gini_of_one_series_covers_its_mean() -> None:
    rng, n = np.random.default_rng(37), 400
    found = np.array([micro.gini(clustered(rng, 1, 6 * 364)) for _ in range(n)])
    value, low, high = found.T
    mean = value.mean()
    assert covers(((low <= mean) & (mean <= high)).sum(), n)


@pytest.mark.slow
def test_intervals_of_quantiles_cover() -> None:
    """Woodruff's, of the 90th percentile of values that differ between runs; of whole numbers with
    many ties they hold the quantile at least as often."""
    rng, n, smooth, tied = np.random.default_rng(35), 1000, 0, 0
    pieces = np.repeat(np.arange(50), 12)
    truth = stats.norm.ppf(0.9) * math.sqrt(1.25)
    whole = stats.poisson.ppf(0.5, 2.6)
    for _ in range(n):
        values = rng.normal(0, 1, 600) + np.repeat(rng.normal(0, 0.5, 50), 12)
        found = quantile_interval(values, pieces, 0.9)
        smooth += found.low <= truth <= found.high
        found = quantile_interval(rng.poisson(2.6, 600).astype(float), pieces, 0.5)
        tied += found.low <= whole <= found.high
    assert covers(smooth, n), smooth / n
    assert tied >= stats.binom.ppf(1e-6, n, 0.95), tied / n


def test_the_order_of_runs_changes_no_quantile() -> None:
    values = np.array([1.0] * 50 + [2.0] * 50)
    pieces = np.tile(np.arange(10), 10)
    order = np.random.default_rng(5).permutation(100)
    found = quantile_interval(values, pieces, 0.4)
    assert found == quantile_interval(values[order], pieces[order], 0.4)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 50])
def test_intervals_of_displacement_cover(runs: int) -> None:
    """Shares of treated, neighbours and rest go from (0.3, 0.35, 0.35) to (0.15, 0.425, 0.425): a
    quotient of 0; or to (0.15, 0.5, 0.35), all taken up by the neighbours: -1."""
    rng, n = np.random.default_rng(38), 300
    hits = dict.fromkeys(["treated, change", "even", "taken up"], 0)
    days = 364 if runs > 1 else 8 * 364
    for _ in range(n):
        run = np.sort(rng.integers(0, runs, 1600))
        day = rng.integers(0, days, 1600)
        zone = rng.random(1600) + 0.15 * (day >= days // 2)
        for name, beside in (("even", 0.425), ("taken up", 0.5)):
            width = np.where(day < days // 2, 0.35, beside)
            where = np.where(zone < 0.3, 500.0, np.where(zone < 0.3 + width, 600.0, 100.0))
            found = made(day, where, run, runs=runs, days=days)
            table = micro.displacement(found, (450, 550), days // 2).set_index("measure")
            low, high = table.loc["displacement quotient", ["value_low", "value_high"]]
            hits[name] += low <= (0.0 if name == "even" else -1.0) <= high
        low, high = table.loc["treated, change", ["value_low", "value_high"]]
        hits["treated, change"] += low <= -0.15 <= high
    for name, count in hits.items():
        assert covers(count, n), (name, count / n)


@pytest.mark.slow
def test_intervals_of_exchanges_cover_and_follow_the_geometric_law() -> None:
    """V11 of docs/model.md: each strike of the home state is followed by another with probability
    p p', here 0.48; mean 1/(1-0.48), and 0.52 have but one. Runs hold from none to many exchanges.
    """
    rng, n = np.random.default_rng(39), 250
    hits = np.zeros(3, int)
    for _ in range(n):
        number = rng.poisson(1.5, 60)
        home = rng.geometric(0.52, number.sum())
        size = 2 * home - 1
        run = np.repeat(np.repeat(np.arange(60), number), size)
        place = np.arange(size.sum()) - np.repeat(size.cumsum() - size, size)
        start = np.repeat(np.arange(number.sum()), size) * 1000
        strikes = pd.DataFrame({
            "point": 0, "replicate": run, "draws": run, "day": start + 3 * place,
            "actor": np.where(place % 2 == 0, "home", "host"),
        })  # fmt: skip
        found = micro.exchange_table(strikes, 14).iloc[1:]
        truth = np.array([1 / 0.52, 0.52, 0.52])
        hits += (found["value_low"] <= truth) & (truth <= found["value_high"])
    for name, count in zip(("mean", "single", "geometric"), hits, strict=True):
        assert covers(count, n), (name, count / n)


# ── the model ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A year that no collapse ends, 30 runs with their events."""
    folder = tmp_path_factory.mktemp("micro") / "s"
    sweep({"truce.collapse_strikes": [float("inf")]}, {"sweep.events": True}, replicates=30,
          folder=folder)  # fmt: skip
    return open_sweep(folder)


def test_incidents_of_the_model_are_its_lethal_attacks(small) -> None:
    found = sweep_incidents(small)
    assert len(found.frame) == small.runs["lethal_attacks"].sum()
    assert found.frame["deaths"].sum() == small.runs["deaths"].sum()
    assert found.frame["cross_border"].astype(bool).all()
    assert (found.days == 365).all()
    both = sweep_incidents(small, domestic=True)
    assert len(both.frame) == len(found.frame) + small.runs["domestic_attacks"].sum()
    table = micro.micro_table(found)
    assert (table["value_low"] <= table["value"]).all()
    assert (table["value"] <= table["value_high"]).all()


def test_attribution_agrees_with_the_outcomes(small) -> None:
    found = micro.attribution_table(small).set_index("measure")
    events = small.events
    said = events["attributed"].fillna(False) & (events["deaths"] > 0)
    false = events["kind"] == "misattribution"
    assert found.loc["precision", "n"] == said.sum()
    assert found.loc["precision", "value"] == pytest.approx(1 - false.sum() / said.sum())
    assert 0.3 < found.loc["recall", "value"] < 0.7


def test_lags_are_those_of_the_events(small) -> None:
    """Against a plain loop: back from the strike to the choice, from that to what provoked it."""
    lags: dict[str, list[int]] = {"home": [], "host": []}
    for _, events in small.events.groupby("replicate"):
        rows = events.to_dict("records")
        chosen = [(r["actor"], r["day"]) for r in rows if r["kind"] == "strike_chosen"]
        blamed = [r["day"] for r in rows if r["attributed"] is True]
        strikes = [(r["actor"], r["day"]) for r in rows if r["kind"] == "strike"]
        for actor, day in strikes:
            choice = max(d for who, d in chosen if who == actor and d <= day)
            by_home = [d for who, d in strikes if who == "home" and d < choice]
            before = [d for d in blamed if d <= choice] if actor == "home" else by_home
            lags[actor] += [day - max(before)] if before else []
    found = micro.response_lags(small).set_index("measure")
    for actor, days in lags.items():
        assert len(days) > 10
        for q in (0.1, 0.5, 0.9):
            row = found.loc[f"{100 * q:.0f} % of {actor}'s strikes come within"]
            assert row["n"] == len(days)
            assert row["value"] == np.quantile(days, q, method="inverted_cdf")


def test_exchanges_are_those_of_the_events(small) -> None:
    strikes = small.events[small.events["kind"] == "strike"]
    found = micro.exchange_lengths(small).iloc[0]
    assert found["n"] == sum(
        1 + (np.diff(rows["day"]) > 14).sum() for _, rows in strikes.groupby("replicate")
    )
    assert found["value"] * found["n"] == pytest.approx(len(strikes))


def test_events_that_were_not_kept_are_asked_for(tmp_path) -> None:
    sweep({"truce": ["literal"]}, replicates=2, folder=tmp_path / "s")
    with pytest.raises(InputError, match="did not keep events") as caught:
        sweep_incidents(open_sweep(tmp_path / "s"))
    assert "sweep.events=true" in str(caught.value)


def test_incidents_along_different_borders_are_not_pooled(tmp_path) -> None:
    sweep({"border.sectors": [20, 45]}, {"sweep.events": True, "run.horizon_days": 30},
          replicates=1, folder=tmp_path / "s")  # fmt: skip
    with pytest.raises(InputError, match="varies the border"):
        sweep_incidents(open_sweep(tmp_path / "s"))


# ── event files ──────────────────────────────────────────────────────────────────────────────


def test_the_reference_data_give_the_figures_of_the_model_page(sources: Path) -> None:
    """The patterns of docs/model.md, computed from all 541 rows, 28 of them without deaths. Its
    ranges: the Fano factor is 1.4 within years and 1.8 over all seven; the Gini coefficient 0.76
    within 100 km of the line, where the model has its incidents, 0.79 within 60 km, 0.745 within
    150 km.
    """
    path = sources / "ucdp_ged_ttp_2015_2021.csv"
    data = read_incidents(path, lethal=False)
    found = micro.micro_table(data).set_index("measure")["value"]
    assert len(data.frame) == 541
    assert 1.4 <= found["weekly Fano factor"] <= 1.9
    weeks = np.bincount(data.frame["day"] // 7)
    assert 1.4 <= weeks.var(ddof=1) / weeks.mean() <= 1.9
    assert found["median deaths"] == 3
    assert found["90th percentile of deaths"] == 15
    assert found["share with at least 11 deaths"] == pytest.approx(0.17, abs=0.005)
    shares = [found[f"share {name}"] for name in ("within 20 km", "20 to 60 km", "beyond 60 km")]
    assert shares == pytest.approx([0.39, 0.39, 0.22], abs=0.01)
    near = [read_incidents(path, lethal=False, within_km=km) for km in (100, 60)]
    assert [micro.gini(i).value for i in near] == pytest.approx([0.76, 0.79], abs=0.006)


def test_places_are_found_from_coordinates(sources: Path) -> None:
    """Against the distances from the whole line that come with UCDP's events."""
    raw = pd.read_csv(sources / "ucdp_ged_pakistan_within150km_1989_2021.csv")
    course = read_course(find_folder("durand").line)
    along, depth = project(course, raw["longitude"], raw["latitude"])
    assert np.quantile(np.abs(np.abs(depth) - raw["km_to_line"]), 0.99) < 1
    assert np.quantile(np.abs(along - raw["km_from_northeast"]), 0.99) < 5
    assert np.mean(depth > 0) > 0.97  # all of them are in Pakistan


def acled(folder: Path, **changes: object) -> Path:
    """Four events in ACLED's layout; changes: columns set to other values."""
    table = pd.DataFrame({
        "event_date": ["2021-03-01", "2021-03-02", "02 April 2021", "2021-05-05"],
        "actor1": ["TTP: Tehreek-i-Taliban", "BLA", "TTP", "TTP"], "actor2": ["Police"] * 4,
        "latitude": [33.0, 30.0, 34.1, 33.6], "longitude": [70.1, 66.9, 71.2, 73.0],
        "fatalities": [3, 1, 0, 2],
    }).assign(**changes)  # fmt: skip
    table.to_csv(folder / "events.csv", index=False)
    return folder / "events.csv"


def test_acled_layout(tmp_path: Path) -> None:
    path = acled(tmp_path)
    assert len(read_incidents(path).frame) == 2  # one without deaths, one 200 km off
    assert len(read_incidents(path, lethal=False, within_km=1000).frame) == 4
    ttp = read_incidents(path, lethal=False, within_km=1000, actor="ttp")
    assert ttp.frame["day"].tolist() == [0, 32, 65]
    assert read_incidents(path, since="2021-02-01", until="2021-03-31").days.tolist() == [59]
    both = acled(tmp_path, country=["Pakistan", "Afghanistan", "Pakistan", None])
    assert len(read_incidents(both, lethal=False, within_km=1000, country="pakistan").frame) == 2


def test_times_of_day_in_ucdp_dates_do_not_matter(tmp_path: Path) -> None:
    table = pd.DataFrame({
        "date_start": ["2021-03-01 00:00:00.000", "2021-03-09"], "best": [1, 2],
        "latitude": 33.0, "longitude": 70.1, "date_prec": [1, 3], "where_prec": 1,
    })  # fmt: skip
    table.to_csv(tmp_path / "ged.csv", index=False)
    found = read_incidents(tmp_path / "ged.csv")
    assert found.frame["day"].tolist() == [0]  # the other is dated to a week
    assert found.days.tolist() == [9]


@pytest.mark.parametrize(
    ("changes", "settings", "told"),
    [
        ({"event_date": ["x"] * 4}, {}, "event_date = 'x': is not a date"),
        ({"event_date": [2021] * 4}, {}, "event_date = '2021': is not a date"),
        ({"event_date": ["03/04/2021"] * 4}, {}, "is not a date"),
        ({"fatalities": [1, "?", 1, 1]}, {}, "row 2"),
        ({}, {"country": "Pakistan"}, "country"),
        ({"latitude": [33, "?", 34, 33]}, {}, "latitude = '?': is not a number"),
        ({"latitude": [133, 33, 34, 33]}, {}, "is not on the earth"),
        ({"event_date": ["0018-03-01"] * 4}, {}, "is not in a year of event data (4 of 4 rows)"),
        ({}, {"since": "01/02/2018"}, "since = '01/02/2018': is not a date"),
        ({}, {"side": "left"}, "is not a side"),
        ({}, {"border": "nowhere"}, "no such folder"),
        ({}, {"actor": "nobody"}, "has no such event"),
        ({}, {"since": "yesterdayish"}, "since"),
    ],
)
def test_bad_files_are_named(tmp_path, changes, settings, told) -> None:
    with pytest.raises(InputError) as caught:
        read_incidents(acled(tmp_path, **changes), **settings)
    assert told in str(caught.value)


def test_a_file_of_another_layout_and_one_that_is_not_there(tmp_path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="has an unknown layout"):
        read_incidents(tmp_path / "other.csv")
    (tmp_path / "header.csv").write_text("event_date,fatalities\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no events"):
        read_incidents(tmp_path / "header.csv")
    (tmp_path / "empty.csv").touch()
    for name in ("none.csv", "empty.csv", ""):
        with pytest.raises(InputError, match="cannot be read"):
            read_incidents(tmp_path / name)


def test_one_incident_has_no_pairs_and_no_spread() -> None:
    table = micro.micro_table(made([3])).set_index("measure")
    assert table.loc["median deaths", "value"] == 1
    assert math.isnan(table.loc["near-repeat ratio, 50 km and 14 days", "value"])
    assert math.isnan(table.loc["Gini over 100 km", "value_low"])


@pytest.mark.parametrize("runs", [1, 3])
def test_no_incidents_have_no_numbers(runs: int) -> None:
    table = micro.micro_table(made([], runs=runs))
    assert table["n"].eq(0).all()
    assert table["value"].isna().all()
