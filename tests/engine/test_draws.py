"""The generator against its publication and an independent one; quantiles against scipy."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numba
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from randomgen import Philox
from scipy import stats

from theory.spec import spec
from truce_sim.engine import draws
from truce_sim.engine.draws import Key, entity_of, happens, philox4x32, pick, uniform
from truce_sim.engine.frailty import draw_factors

#: Smallest p-value that a statistical check here lets pass; seeds are fixed.
ALPHA = 1e-9

WORDS = st.integers(0, 2**32 - 1)
UNIFORMS = st.integers(0, 2**52 - 1).map(lambda k: (k + 0.5) / 2.0**52)


# ── the generator ────────────────────────────────────────────────────────────────────────────


def block(counter: Iterable[int], key: Iterable[int]) -> list[int]:
    """Four words of Philox4x32-10."""
    return [int(x) for x in philox4x32(*(np.uint64(x) for x in (*counter, *key)))]


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
    ids=["zeros", "ones", "pi"],
)  # fmt: skip
def test_published_known_answers(counter: str, key: str, words: str) -> None:
    """The three vectors of Random123's kat_vectors for philox4x32 with 10 rounds."""
    hexed = [[int(x, 16) for x in text.split()] for text in (counter, key, words)]
    assert block(hexed[0], hexed[1]) == hexed[2]


@given(counter=st.tuples(WORDS, WORDS, WORDS, WORDS), key=st.tuples(WORDS, WORDS))
@example(counter=(0, 0, 0, 0), key=(0, 0))
@example(counter=(0, 1, 0, 0), key=(2**32 - 1, 0))
@example(counter=(0, 0, 0, 5), key=(0, 2**32 - 1))
def test_equals_an_independent_philox(counter: tuple[int, ...], key: tuple[int, ...]) -> None:
    """randomgen's Philox4x32 gives the same words (it adds 1 to its counter before each block)."""
    number = sum(word << (32 * i) for i, word in enumerate(counter))
    before = (number - 1) % 2**128
    theirs = Philox(number=4, width=32, counter=before, key=key[0] + (key[1] << 32))
    assert [int(x) for x in theirs.random_raw(4)] == block(counter, key)


@given(
    seed=st.integers(0, 2**63 - 1), replicate=WORDS, stream=st.integers(0, 27), entity=WORDS,
    index=st.integers(-1000, 3650),
)  # fmt: skip
def test_uniform_is_52_bits_of_its_block(
    seed: int, replicate: int, stream: int, entity: int, index: int
) -> None:
    """Counter (index, entity, stream, replicate) under key (seed): 26 high bits of two words, and a
    half, so that neither 0 nor 1 can come out."""
    counter = (index % 2**32, entity, stream, replicate)
    a, b, _, _ = block(counter, (seed % 2**32, seed >> 32))
    expected = ((a >> 6) * 2**26 + (b >> 6) + 0.5) / 2**52
    assert uniform(Key(seed, replicate), stream, entity, index) == expected


@numba.njit
def fill(
    seeds: NDArray[np.int64], replicates: int, streams: int, entities: int, indices: int,
    out: NDArray[np.float64],
) -> None:  # fmt: skip
    """All combinations, indices from -indices to indices-1, in order."""
    i = 0
    for seed in seeds:
        for r in range(replicates):
            for stream in range(streams):
                for entity in range(entities):
                    for index in range(-indices, indices):
                        out[i] = uniform(Key(seed, r), stream, entity, index)
                        i += 1


#: Seeds that differ in either half, one of them above 2^32, and a pair with the halves swapped.
SEEDS = np.array([0, 1, 2, 2**32, 2**32 + 1, 2**33, 5 << 32, 5, 2**63 - 1], np.int64)


@pytest.fixture(scope="module")
def many() -> NDArray[np.float64]:
    """1.1 million uniforms over 9 seeds, 6 replicates, 28 streams, 20 entities, 40 indices."""
    out = np.empty(SEEDS.size * 6 * 28 * 20 * 40)
    fill(SEEDS, 6, 28, 20, 20, out)
    return out


def test_every_coordinate_makes_another_draw(many: NDArray[np.float64]) -> None:
    """Seed (both halves), replicate, stream, entity and index, negative ones too, all count: no
    value repeats (a repeat by chance among 1.1e6 of 2^52: 1.4e-4; the seeds are fixed)."""
    assert np.unique(many).size == many.size


def test_uniforms_are_uniform(many: NDArray[np.float64]) -> None:
    """Mean, variance and Kolmogorov-Smirnov; detects a mean off by 0.002."""
    n = many.size
    assert abs(many.mean() - 0.5) < 6 * math.sqrt(1 / 12 / n)
    assert abs(many.var() - 1 / 12) < 6 * math.sqrt(1 / 180 / n)
    assert stats.kstest(many, "uniform").pvalue > ALPHA
    assert many.min() > 0
    assert many.max() < 1


@pytest.mark.parametrize("axis", range(5), ids=["seed", "replicate", "stream", "entity", "index"])
def test_neighbours_are_uncorrelated(many: NDArray[np.float64], axis: int) -> None:
    """Along every coordinate successive draws are uncorrelated, as are their distances from ½."""
    grid = many.reshape(SEEDS.size, 6, 28, 20, 40) - 0.5
    for values in (grid, np.abs(grid) - 0.25):
        here = np.take(values, range(values.shape[axis] - 1), axis)
        there = np.take(values, range(1, values.shape[axis]), axis)
        r = (here * there).mean() / values.var()
        assert abs(r) < 6 / math.sqrt(here.size)


def test_low_bits_are_fair(many: NDArray[np.float64]) -> None:
    """The last 8 of the 52 bits are uniform too: nothing was lost on the way to a float."""
    low = (many * 2.0**52 - 0.5).astype(np.int64) & 0xFF
    assert stats.chisquare(np.bincount(low, minlength=256)).pvalue > ALPHA


@given(
    a=st.tuples(st.integers(-1000, 3650), st.integers(0, 2000)),
    b=st.tuples(st.integers(-1000, 3650), st.integers(0, 2000)),
)
def test_entities_do_not_collide(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Two bands share an identity only if they share launch day and slot."""
    assert (entity_of(*a) == entity_of(*b)) == (a == b)
    assert 0 <= entity_of(*a) < 2**32


def test_streams_are_distinct() -> None:
    """No two decisions share a stream."""
    names = [name for name in vars(draws) if name.isupper() and not name.startswith(("_", "MAX"))]
    numbers = [getattr(draws, name) for name in names]
    assert sorted(numbers) == list(range(29))


def test_happens_at_the_ends() -> None:
    """Never at probability 0, always at 1, and at p in a share p of cases."""
    hits = {p: [happens(p, Key(7, 0), 1, 2, i) for i in range(2000)] for p in (0.0, 0.3, 1.0)}
    assert not any(hits[0.0])
    assert all(hits[1.0])
    assert stats.binomtest(sum(hits[0.3]), 2000, 0.3).pvalue > ALPHA


# ── quantiles ────────────────────────────────────────────────────────────────────────────────


def near_a_step(probability: float, u: float) -> bool:
    """Whether u lies within rounding of a jump of the quantile, where either side will do."""
    return math.isclose(probability, u, rel_tol=1e-12, abs_tol=1e-13) or math.isclose(
        1 - probability, 1 - u, rel_tol=1e-9, abs_tol=1e-13
    )


@given(u=UNIFORMS, mean=st.floats(0, draws.MAX_POISSON_MEAN))
@example(u=1 - 2.0**-53, mean=700.0)
@example(u=2.0**-53, mean=700.0)
@example(u=1 - 2.0**-53, mean=0.02)
@example(u=0.5, mean=0.0)
def test_poisson_quantile(u: float, mean: float) -> None:
    """The least k whose distribution function reaches u, as scipy has it (the last of 53 bits of
    the far tail left aside)."""
    k = draws.poisson(u, mean)
    reference = 0 if mean == 0 else int(stats.poisson.ppf(u, mean))
    if k != reference:
        step = stats.poisson.cdf(min(k, reference), mean)
        assert near_a_step(step, u)


@given(u=UNIFORMS, mean=st.one_of(st.just(0.0), st.floats(1, 365)))
@example(u=1 - 2.0**-53, mean=365.0)
@example(u=0.3, mean=1.0)
def test_geometric_quantile(u: float, mean: float) -> None:
    """Support 1, 2, … with this mean; 0 for mean 0."""
    k = draws.geometric(u, mean)
    reference = int(mean) if mean <= 1 else int(stats.geom.ppf(u, 1 / mean))
    if k != reference:
        assert near_a_step(stats.geom.cdf(min(k, reference), 1 / mean), u)


@given(u=UNIFORMS)
@example(u=2.0**-53)
@example(u=1 - 2.0**-53)
@example(u=0.075)
@example(u=0.925)
@example(u=math.exp(-25.0))
def test_normal_quantile(u: float) -> None:
    """scipy's ndtri to a relative 2e-14 through centre, shoulders and tails."""
    assert draws.normal(u) == pytest.approx(stats.norm.ppf(u), rel=2e-14, abs=1e-15)


def test_normal_quantile_on_a_grid() -> None:
    """The same on 20,001 points from 2^-53 to the other end: no gap where pieces join."""
    u = np.concatenate([2.0 ** -np.linspace(1, 53, 10_001), 1 - 2.0 ** -np.linspace(1, 53, 10_000)])
    z = np.array([draws.normal(x) for x in u])
    assert np.allclose(z, stats.norm.ppf(u), rtol=2e-14, atol=1e-15)


@given(u=UNIFORMS, mu=st.floats(-5, 8), sigma=st.floats(0, 3))
def test_lognormal_quantile(u: float, mu: float, sigma: float) -> None:
    """exp(mu + sigma z)."""
    expected = math.exp(mu + sigma * float(stats.norm.ppf(u)))
    assert draws.lognormal(u, mu, sigma) == pytest.approx(expected, rel=1e-12)


@given(x=st.floats(-800, 800))
def test_logistic(x: float) -> None:
    """1/(1+exp(-x)) without overflow, and symmetric."""
    assert draws.logistic(x) == pytest.approx(stats.logistic.cdf(x), rel=1e-14, abs=1e-300)
    assert draws.logistic(x) + draws.logistic(-x) == pytest.approx(1.0, abs=1e-15)


@given(u=UNIFORMS, weights=st.lists(st.floats(0, 10), min_size=1, max_size=30))
def test_pick(u: float, weights: list[float]) -> None:
    """Category i holds the share of (0, 1) that its weight is of the whole; weight 0 never."""
    cumulative = np.cumsum(weights)
    if not cumulative[-1] > 1e-3:
        return
    i = pick(u, cumulative, len(weights))
    assert weights[i] > 0
    low = cumulative[i - 1] if i else 0.0
    assert low <= u * cumulative[-1] <= cumulative[i]


@given(u=UNIFORMS, a=st.floats(0, 700), b=st.floats(0, 700))
def test_poisson_is_monotone_in_its_mean(u: float, a: float, b: float) -> None:
    """More is expected, no less comes."""
    low, high = sorted((a, b))
    assert draws.poisson(u, low) <= draws.poisson(u, high)


@given(u=UNIFORMS, a=st.floats(1, 365), b=st.floats(1, 365))
def test_geometric_is_monotone_in_its_mean(u: float, a: float, b: float) -> None:
    """A longer mean wait, no shorter wait."""
    low, high = sorted((a, b))
    assert draws.geometric(u, low) <= draws.geometric(u, high)


@given(u=UNIFORMS, v=UNIFORMS, mean=st.floats(0, 700))
def test_quantiles_are_monotone_in_the_uniform(u: float, v: float, mean: float) -> None:
    """A larger uniform, no smaller value."""
    low, high = sorted((u, v))
    assert draws.poisson(low, mean) <= draws.poisson(high, mean)
    assert draws.geometric(low, 1 + mean) <= draws.geometric(high, 1 + mean)
    assert draws.normal(low) <= draws.normal(high)


@numba.njit
def fill_poisson(mean: float, out: NDArray[np.int64]) -> None:
    for i in range(out.size):
        out[i] = draws.poisson(uniform(Key(3, 0), 0, 0, i), mean)


@pytest.mark.parametrize("mean", [0.02, 0.6, 8.0, 300.0])
def test_poisson_distribution(mean: float) -> None:
    """Mean and variance of 200,000 draws; detects 1.5 % at mean 0.6, 0.1 % at 300."""
    counts = np.empty(200_000, np.int64)
    fill_poisson(mean, counts)
    total = stats.poisson(mean * counts.size)
    assert min(total.cdf(counts.sum()), total.sf(counts.sum() - 1)) > ALPHA
    spread = math.sqrt((mean + 2 * mean**2) / counts.size)
    assert abs(((counts - mean) ** 2).mean() - mean) < 6 * spread


# ── frailty ──────────────────────────────────────────────────────────────────────────────────


def factors(settings: dict[str, object], n: int = 40_000) -> NDArray[np.void]:
    """FACTORS (n,) under these settings."""
    return draw_factors(spec(settings).params, 1, np.arange(n))[:, 0]


@pytest.mark.parametrize("law", ["lognormal", "gamma"])
@pytest.mark.parametrize("cv", [0.1, 0.4, 1.0])
def test_frailty_factors(law: str, cv: float) -> None:
    """Factors on λ0 and θ have mean 1, the CV asked for and the law asked for, and are
    independent of one another."""
    drawn = factors({"frailty.attempts_cv": cv, "frailty.threshold_cv": cv, "frailty.law": law})
    s2 = math.log1p(cv**2)
    laws = {
        "lognormal": stats.lognorm(math.sqrt(s2), scale=math.exp(-s2 / 2)),
        "gamma": stats.gamma(1 / cv**2, scale=cv**2),
    }
    assert laws[law].mean() == pytest.approx(1)
    assert laws[law].std() == pytest.approx(cv)
    for name in ("attempts", "threshold"):
        assert stats.kstest(drawn[name], laws[law].cdf).pvalue > ALPHA
        assert abs(drawn[name].mean() - 1) < 6 * cv / math.sqrt(drawn.size)
    assert stats.spearmanr(drawn["attempts"], drawn["threshold"]).pvalue > ALPHA


@pytest.mark.parametrize(("mean", "concentration"), [(0.3, 4.0), (0.2, 1.0), (0.05, 40.0)])
def test_will_frailty(mean: float, concentration: float) -> None:
    """ω̄ ~ Beta(mean c, (1-mean) c)."""
    drawn = factors({"host.will": mean, "frailty.will_concentration": concentration})["will"]
    law = stats.beta(mean * concentration, (1 - mean) * concentration)
    assert stats.kstest(drawn, law.cdf).pvalue > ALPHA
    assert abs(drawn.mean() - mean) < 6 * law.std() / math.sqrt(drawn.size)


@pytest.mark.parametrize("law", ["gamma", "lognormal"])
@pytest.mark.parametrize("cv", [1e-7, 1e-9, 7e-287, 5e-324])
def test_a_frailty_too_small_to_see_is_none(law: str, cv: float) -> None:
    """A variance that underflows once divided by zero."""
    drawn = factors({"frailty.attempts_cv": cv, "frailty.law": law}, 50)["attempts"]
    assert np.abs(drawn - 1.0).max() <= 10 * cv


def test_frailty_off() -> None:
    """CV 0 and infinite concentration leave the means; ω̄ of 0 or 1 cannot vary."""
    off = {"frailty.attempts_cv": 0.0, "frailty.threshold_cv": 0.0}
    drawn = factors({**off, "frailty.will_concentration": math.inf, "host.will": 0.3}, 50)
    assert (drawn["attempts"] == 1).all()
    assert (drawn["threshold"] == 1).all()
    assert (drawn["will"] == 0.3).all()
    for will in (0.0, 1.0):
        assert (factors({"host.will": will}, 50)["will"] == will).all()


@given(u=st.integers(0, 10_000), cv=st.floats(0.05, 2.0), other=st.floats(0.05, 2.0))
def test_a_replicate_keeps_its_rank(u: int, cv: float, other: float) -> None:
    """Whatever the spread, a replicate that is above another stays above it."""
    first, second = (
        draw_factors(spec({"frailty.attempts_cv": x}).params, 1, np.array([u, u + 1]))[:, 0]
        for x in (cv, other)
    )
    assert (np.diff(first["attempts"]) > 0) == (np.diff(second["attempts"]) > 0)
