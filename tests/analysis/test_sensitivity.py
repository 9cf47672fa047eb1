"""What matters: equal to SALib, right for a random model, and intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis.methods.indices import (
    Bootstrapped,
    elementary_effects,
    is_above,
    replicated_shares,
    sampled_shares,
    sobol,
)
from truce_sim.analysis.sensitivity import (
    _shares,
    drivers,
    given_data_indices,
    morris_effects,
    rank_factors,
    sobol_indices,
)
from truce_sim.intervals import column_deviations, column_means

FACTORS = {"home.threshold": "interval(2,8)", "host.capacity": "interval(0.3,2)"}


def covers(hits: int, n: int) -> bool:
    """Whether so many intervals of n can hold the truth at 95 %; False by chance 1 in a million."""
    return bool(stats.binomtest(int(hits), n, 0.95).pvalue > 1e-6)


def ishigami(x: np.ndarray) -> np.ndarray:
    """Ishigami's function of x (..., 3) in the unit cube, with a = 7 and b = 0.1."""
    z = np.pi * (2 * x - 1)
    return np.sin(z[..., 0]) * (1 + 0.1 * z[..., 2] ** 4) + 7 * np.sin(z[..., 1]) ** 2


FIRST, TOTAL = np.array([0.3139, 0.4424, 0.0]), np.array([0.5576, 0.4424, 0.2437])


def row_numbers(rng: np.random.Generator, n: int, noise: float = 0.0) -> np.ndarray:
    """(n, 5) Ishigami at A, B and AB_1..3; the points of a row share their noise."""
    a, b = rng.random((n, 3)), rng.random((n, 3))
    points = [a, b, *(np.where(np.arange(3) == i, b, a) for i in range(3))]
    y = np.stack([ishigami(x) for x in points], axis=1)
    return y + noise * rng.normal(0, 1, (n, 1))


# ── equal to independent implementations ─────────────────────────────────────────────────────


def test_sobol_indices_are_those_of_salib_and_scipy() -> None:
    """SALib lays rows out as A, AB_1..k, B, and centres by the mean of all of them; `first` is
    compared with scipy, which centres as we do; `total` does not depend on it but for V."""
    from SALib.analyze import sobol as salib

    y = row_numbers(np.random.default_rng(1), 512)
    ours = sobol(y)
    func = {"f_A": y[:, :1].T, "f_B": y[:, 1:2].T, "f_AB": y[:, 2:].T[:, None]}
    scipy = stats.sobol_indices(func=func, n=512)
    assert ours.value[:3] == pytest.approx(scipy.first_order, abs=1e-9)
    assert ours.value[3:6] == pytest.approx(scipy.total_order, abs=1e-9)
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    theirs = salib.analyze(problem, y[:, [0, 2, 3, 4, 1]].ravel(), calc_second_order=False, seed=1)
    assert ours.value[3:6] == pytest.approx(theirs["ST"], abs=1e-9)


def test_elementary_effects_are_those_of_salib() -> None:
    from SALib.analyze import morris

    from truce_sim.sweeps.design.sampling import ROWS

    walks, k = 12, 3
    unit = ROWS["morris"](k, walks, 7).reshape(walks, k + 1, k)
    y = ishigami(unit)
    effects = elementary_effects(unit, y)
    problem = {"num_vars": k, "names": list("abc"), "bounds": [[0, 1]] * k}
    theirs = morris.analyze(problem, unit.reshape(-1, k), y.ravel(), num_levels=4, seed=1)
    assert effects.mean(axis=0) == pytest.approx(np.asarray(theirs["mu"], float), abs=1e-9)
    assert abs(effects).mean(axis=0) == pytest.approx(
        np.asarray(theirs["mu_star"], float), abs=1e-9
    )
    assert effects.std(axis=0, ddof=1) == pytest.approx(
        np.asarray(theirs["sigma"], float), abs=1e-9
    )


def test_chance_is_told_from_factors_when_a_row_shares_its_draws() -> None:
    """Noise as large as the function: shares are of the whole variance, chance has its own."""
    found = sobol(row_numbers(np.random.default_rng(2), 20_000, noise=3.72))
    assert found.value[:3] == pytest.approx(FIRST / 2, abs=0.03)
    assert found.value[3:6] == pytest.approx(TOTAL / 2, abs=0.03)
    assert found.value[6] == pytest.approx(0.5, abs=0.03)


def test_main_effects_of_a_full_grid_are_plain_shares_of_variance() -> None:
    """3 x 4 points, 5 replicates without noise: sums of squares of the two-way table."""
    table = np.array([[1.0, 2, 4, 3], [2, 3, 6, 5], [7, 6, 9, 8]])
    rows, columns = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    found = replicated_shares(np.tile(table.ravel(), (5, 1)), [rows, columns], True)
    about = ((table - table.mean()) ** 2).sum()
    by_row = 4 * ((table.mean(axis=1) - table.mean()) ** 2).sum() / about
    by_column = 3 * ((table.mean(axis=0) - table.mean()) ** 2).sum() / about
    assert found.value == pytest.approx([by_row, by_column, 1 - by_row - by_column], abs=1e-12)


def test_shares_of_samples_are_epsilon_squared() -> None:
    """Against its definition from a one-way analysis of variance (Kelley 1935)."""
    rng = np.random.default_rng(3)
    code, y = rng.integers(0, 4, 200), rng.normal(0, 1, 200)
    y += code
    groups = [y[code == g] for g in range(4)]
    f = stats.f_oneway(*groups).statistic
    between_over_within = f * 3 / 196
    eta = between_over_within / (1 + between_over_within)
    expected = 1 - (1 - eta) * 199 / 196
    found = sampled_shares(y, [code], np.arange(200))
    assert found.value[0] == pytest.approx(expected, rel=1e-9)


# ── intervals hold ───────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_intervals_of_sobol_indices_cover() -> None:
    """300 designs of 256 rows with noise: first, total and chance, each in 95 %."""
    rng, n = np.random.default_rng(4), 300
    share = 13.845 / (13.845 + 4.0)
    truth = np.concatenate([FIRST * share, TOTAL * share, [1 - share]])
    hits = np.zeros(7)
    for _ in range(n):
        found = sobol(row_numbers(rng, 256, noise=2.0))
        hits += (found.low <= truth) & (truth <= found.high)
    assert all(covers(count, n) for count in hits), hits / n


@pytest.mark.slow
def test_intervals_of_given_data_indices_cover() -> None:
    """300 samples of 300 points (an additive outcome), and 300 grids with shared draws."""
    rng, n, sampled, grid = np.random.default_rng(5), 300, 0, np.zeros(2)
    levels = np.array([0.0, 1.0, 2.0, 3.0])
    truth = np.var(levels) / (np.var(levels) + 1.0)
    rows, columns = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    mean = levels[rows] + 0.8 * columns
    shares = np.array([np.var(levels), 0.64 * np.var([0, 1, 2])]) / np.var(mean)
    for _ in range(n):
        code = rng.integers(0, 4, 300)
        found = sampled_shares(levels[code] + rng.normal(0, 1, 300), [code], np.arange(300))
        sampled += found.low[0] <= truth <= found.high[0]
        noise = rng.normal(0, 2, (60, 1)) + rng.normal(0, 2, (60, 12))
        found = replicated_shares(mean + noise, [rows, columns], True)
        grid += (found.low[:2] <= shares) & (shares <= found.high[:2])
    assert covers(sampled, n), sampled / n
    assert all(covers(count, n) for count in grid), grid / n


@pytest.mark.slow
def test_intervals_of_elementary_effects_cover() -> None:
    """2,000 designs of 30 walks, of normal effects: mean, mean size, standard deviation."""
    rng, n, hits = np.random.default_rng(6), 2000, np.zeros(3)
    truth = 2.0, stats.foldnorm(2 / 3, scale=3.0).mean(), 3.0
    for _ in range(n):
        effects = rng.normal(2.0, 3.0, (30, 1))
        found = column_means(effects), column_means(abs(effects)), column_deviations(effects)
        hits += [low[0] <= t <= high[0] for t, (_, low, high) in zip(truth, found, strict=True)]
    assert all(covers(count, n) for count in hits), hits / n


@pytest.mark.slow
def test_the_interval_of_interactions_covers() -> None:
    """400 grids of 3 x 4 points with interplay and 100 replicates that share draws."""
    rng, n, hits = np.random.default_rng(9), 400, 0
    rows, columns = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    mean = rows + columns + 1.0 * rows * columns
    truth = replicated_shares(np.tile(mean, (2, 1)), [rows, columns], True).value[2]
    for _ in range(n):
        noise = rng.normal(0, 3, (100, 1)) + rng.normal(0, 3, (100, 12))
        found = replicated_shares(mean + noise, [rows, columns], True)
        hits += found.low[2] <= truth <= found.high[2]
    assert covers(hits, n), hits / n


@pytest.mark.slow
def test_ranks_hold_all_at_once() -> None:
    """500 sets of five true indices, two of them equal: no factor is ever placed wrongly in more
    than 5 % of them."""
    rng, n, wrong = np.random.default_rng(7), 500, 0
    truth = np.array([5.0, 3.0, 3.0, 1.0, 0.0])
    best = np.array([1, 2, 2, 4, 5])
    worst = np.array([1, 3, 3, 4, 5])
    for _ in range(n):
        value = truth + rng.normal(0, 0.5, 5)
        above = is_above(value, value + rng.normal(0, 0.5, (500, 5)))
        low, high = 1 + above.sum(axis=0), 5 - above.sum(axis=1)
        wrong += bool(((low > worst) | (high < best)).any())
    assert stats.binomtest(wrong, n, 0.05, "greater").pvalue > 1e-6, wrong / n


# ── of sweeps ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Small sweeps of three designs."""
    base = tmp_path_factory.mktemp("sensitivity")
    sweep(FACTORS, design="saltelli", points=32, replicates=2, folder=base / "saltelli")
    sweep(FACTORS, design="morris", points=8, replicates=4, folder=base / "morris")
    sweep(
        {"host.adaptivity": [0.4, 0.5, 0.6], "truce": ["practised", "literal"]}, replicates=40,
        folder=base / "grid",
    )  # fmt: skip
    return {path.name: open_sweep(path) for path in base.iterdir()}


def test_indices_of_a_sweep_are_those_of_its_points(sweeps) -> None:
    ours = sweeps["saltelli"]
    means = ours.runs.groupby("point")["end_day"].mean().to_numpy().reshape(32, 4)
    found = sobol_indices(ours)
    assert found["total"].to_numpy() == pytest.approx(sobol(means).value[2:4], abs=1e-12)
    assert (found["total_low"] <= found["total"]).all()
    assert (found.attrs["rows"], found.attrs["left_out"]) == (32, 0)


def test_effects_of_a_sweep_have_the_sign_of_the_model(sweeps) -> None:
    found = morris_effects(sweeps["morris"]).set_index("factor")
    assert found.loc["home.threshold", "mu"] > 0
    assert (found["mu_star"] >= found["mu"].abs() - 1e-9).all()


def test_a_literal_clause_matters_most_in_a_grid(sweeps) -> None:
    found = rank_factors(drivers(sweeps["grid"]))
    assert found["factor"].iloc[0] == "truce"
    assert found["rank_high"].iloc[0] == 1
    assert given_data_indices(sweeps["grid"]).attrs["interactions"][0] < 0.5


def test_shares_of_variance_stay_within_0_and_1() -> None:
    """Cut there; an interval that lies wholly outside is none. Ranks use the estimates as they
    were."""
    raw = Bootstrapped(*(np.array(x) for x in ([0.9, 1.1, -0.02], [0.3, 1.05, -0.1],
                                               [1.3, 1.2, 0.04])), np.zeros((1, 3)))  # fmt: skip
    found = _shares("x", raw)
    assert found["x"].tolist() == [0.9, 1.0, 0.0]
    assert found["x_low"] == pytest.approx([0.3, np.nan, 0.0], nan_ok=True)
    assert found["x_high"] == pytest.approx([1.0, np.nan, 0.04], nan_ok=True)


def test_no_table_has_an_impossible_share_or_size(sweeps) -> None:
    """Of few rows, walks and replicates."""
    for opened in sweeps.values():
        table = drivers(opened)
        numbers = table[["index", "low", "high"]].to_numpy()
        most = np.inf if table["kind"].iloc[0] == "mu_star" else 1.0
        assert ((numbers >= 0.0) & (numbers <= most) | np.isnan(numbers)).all()
        assert table["factor"].tolist() == rank_factors(table)["factor"].tolist()


def test_drivers_take_the_best_measure_of_the_design(sweeps) -> None:
    kinds = {name: drivers(found)["kind"].iloc[0] for name, found in sweeps.items()}
    assert kinds == {"saltelli": "total", "morris": "mu_star", "grid": "first"}


def test_a_row_with_a_failed_point_is_left_out_whole(sweeps, monkeypatch) -> None:
    ours = open_sweep(sweeps["saltelli"].path)
    runs = ours.outcome("days")
    monkeypatch.setattr(ours, "outcome", lambda name: runs[runs["point"] != 5])
    found = sobol_indices(ours)
    means = runs.groupby("point")["y"].mean().to_numpy().reshape(32, 4)
    assert (found.attrs["rows"], found.attrs["left_out"]) == (31, 1)
    assert found["total"].to_numpy() == pytest.approx(
        sobol(np.delete(means, 1, axis=0)).value[2:4], abs=1e-12
    )


def test_a_factor_of_one_level_explains_nothing(tmp_path) -> None:
    factors = {"home.threshold": [2.0, 8.0], "host.capacity": [1.0, 1.0]}
    sweep(factors, replicates=60, folder=tmp_path / "s")
    found = given_data_indices(open_sweep(tmp_path / "s")).set_index("factor")
    one = found.loc["host.capacity", ["first", "first_low", "first_high"]].to_numpy(float)
    assert one == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert found.loc["home.threshold", "first"] == pytest.approx(1.0, abs=1e-12)


def test_another_design_is_asked_for(sweeps) -> None:
    with pytest.raises(InputError) as caught:
        sobol_indices(sweeps["grid"])
    assert "hydra.sweeper.design=saltelli" in str(caught.value)
    with pytest.raises(InputError, match="this needs a morris design"):
        morris_effects(sweeps["saltelli"])


def test_an_outcome_that_never_varies_has_no_drivers(tmp_path) -> None:
    settings = {"truce.collapse_strikes": float("inf")}
    sweep({"home.threshold": [3.0, 5.0]}, settings, replicates=4, folder=tmp_path / "s")
    with pytest.raises(InputError, match="nothing for factors to explain"):
        drivers(open_sweep(tmp_path / "s"))


def test_one_replicate_of_a_grid_has_no_interval(tmp_path) -> None:
    sweep({"home.threshold": [2.0, 3.0, 8.0]}, replicates=1, folder=tmp_path / "s")
    found = drivers(open_sweep(tmp_path / "s"))
    assert found[["low", "high"]].isna().all(axis=None)
