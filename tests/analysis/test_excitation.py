"""Self-excitation fitted to counts: known processes are found again, and misfits are seen.

Every statistical test fails by chance less than once in a million runs: bounds are quantiles of the
binomial law, or five standard errors and more.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2

from truce_sim import load_setup, simulate
from truce_sim.analysis.describe import attack_delays
from truce_sim.analysis.methods import excitation as process
from truce_sim.errors import InputError

RARE = 1e-6


def truth(
    days: int, branching: float = 0.6, memory: float = 10.0, rate: float = 0.25,
    stretches: int = 1, delay: tuple[float, ...] = (1.0,),
) -> process.Excitation:  # fmt: skip
    """A process whose rate doubles from each stretch to the next."""
    stretch = np.arange(days) * stretches // days
    series = process.Series(np.zeros(days, np.int64), stretch, np.array(delay))
    rates = rate * 2.0 ** np.arange(stretches)
    return process.Excitation(series, branching, memory, rates, 0.0)


@pytest.mark.parametrize(
    "known",
    [
        truth(2500),
        truth(2500, branching=0.3, memory=4.0, rate=0.8),
        truth(2400, stretches=3, branching=0.5),
        truth(2500, delay=(0.0, 0.0, 0.2, 0.5, 0.3)),
    ],
    ids=["usual", "weak", "drifting", "delayed"],
)
def test_branching_and_memory_are_found_again(known: process.Excitation) -> None:
    """Means over 24 series, within five standard errors and a bias of a fiftieth."""
    rng = np.random.default_rng(5)
    fits = [process.fit(process.simulate_like(known, rng)) for _ in range(24)]
    n = np.array([found.branching for found in fits])
    assert abs(n.mean() - known.branching) < 5.0 * n.std(ddof=1) / np.sqrt(n.size) + 0.02
    memory = np.log([found.memory for found in fits])
    slack = 5.0 * memory.std(ddof=1) / np.sqrt(n.size) + 0.1
    assert abs(memory.mean() - np.log(known.memory)) < slack
    rates = np.mean([found.rates for found in fits], axis=0)
    assert rates == pytest.approx(known.rates, rel=0.3)


def test_intervals_cover_what_they_say() -> None:
    """An interval has a value if the likelihood ratio does not refuse it; 95 % of them should."""
    known, rng, most = truth(1200), np.random.default_rng(6), chi2.ppf(0.95, 1) / 2
    covered = np.zeros(2, int)
    for _ in range(120):
        found = process.fit(process.simulate_like(known, rng))
        there = (
            process.fit(found.series, branching=known.branching, near=found),
            process.fit(found.series, memory=known.memory, near=found),
        )
        covered += [found.log_likelihood - one.log_likelihood <= most for one in there]
    low, high = binom.ppf([RARE / 4, 1 - RARE / 4], 120, 0.94)
    assert ((covered >= low) & (covered <= high)).all(), covered


def test_the_ends_of_an_interval_are_where_the_ratio_refuses() -> None:
    found = process.fit(process.simulate_like(truth(1500), np.random.default_rng(7)))
    gap = chi2.ppf(0.95, 1) / 2
    for end in process.branching_interval(found)[1:]:
        there = process.fit(found.series, branching=end, near=found)
        assert found.log_likelihood - there.log_likelihood == pytest.approx(gap, abs=0.03)
    for end in process.memory_interval(found)[1:]:
        there = process.fit(found.series, memory=end, near=found)
        assert found.log_likelihood - there.log_likelihood == pytest.approx(gap, abs=0.03)


def test_without_excitation_the_memory_is_unknown() -> None:
    rng = np.random.default_rng(8)
    series = process.Series(rng.poisson(0.4, 1500), np.zeros(1500, np.int64), np.ones(1))
    found = process.fit(series)
    assert process.branching_interval(found).low == 0.0
    assert process.memory_interval(found).high == np.inf


def test_the_test_of_fit_has_its_size() -> None:
    """Of series of the process itself, a tenth are refused at 10 %."""
    known, rng = truth(400), np.random.default_rng(9)
    refused = np.zeros(2, int)
    for i in range(40):
        found = process.fit(process.simulate_like(known, rng))
        seen = process.goodness(found, draws=19, seed=i)
        refused += [seen.counts <= 0.1, seen.course <= 0.1]
    assert (refused <= binom.ppf(1 - RARE / 2, 40, 0.1)).all(), refused


def test_misfits_are_seen() -> None:
    """Days with many events at once are no Poisson counts; a rate that doubles is not constant."""
    rng = np.random.default_rng(10)
    bursts = rng.poisson(0.15, 900) * 5
    counts = process.Series(bursts, np.zeros(900, np.int64), np.ones(1))
    assert process.goodness(process.fit(counts), draws=39).counts <= 0.025
    drifting = np.repeat([0.2, 2.0, 0.2, 2.0], 225)
    series = process.Series(rng.poisson(drifting), np.zeros(900, np.int64), np.ones(1))
    free = process.fit(process.Series(series.counts, np.arange(900) // 225, np.ones(1)))
    constant = process.fit(series)
    assert constant.branching > 0.5 > free.branching + 0.2  # a drift looks like excitation
    assert free.log_likelihood > constant.log_likelihood + 20


def test_delays_are_those_of_the_model() -> None:
    """Days from launch to attack of bands that nobody stops."""
    settings = {"home.capacity": 0.0, "host.capacity": 0.0, "home.threshold": float("inf"),
                "militants.attempts_per_day": 4.0, "militants.excitation": 0.0,
                "run.warmup_days": 0, "truce.collapse_strikes": float("inf")}  # fmt: skip
    setup = load_setup(settings)
    expected = attack_delays(setup)
    assert expected.sum() == pytest.approx(1.0)
    events = simulate(setup).events
    launched = events[events["kind"] == "launch"].set_index("band")["day"]
    launched = launched[launched < 300]
    through = events[events["kind"].isin(["attack"])].set_index("band")["day"]
    days = (through - launched).dropna().astype(int)
    assert days.size > 500
    seen = np.bincount(days, minlength=expected.size)[: expected.size]
    often = expected * days.size > 5
    off = (seen - expected * days.size)[often] ** 2 / (expected * days.size)[often]
    assert off.sum() < chi2.ppf(1 - RARE, often.sum())


@pytest.mark.parametrize(("days", "words"), [
    (np.arange(12), "12 events on 12 days"),
    (np.full(400, 7), "400 events on 1 days"),
    (np.zeros(0, int), "0 events on 0 days"),
])  # fmt: skip
def test_too_little_is_withheld(days: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        process.daily(days, 500)
