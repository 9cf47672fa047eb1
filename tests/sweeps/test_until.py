"""`sweep.until`: its interval covers after stopping, and it stops where it should.

Each coverage test simulates 4,000 sweeps and asks whether their coverage could be that of an
interval that covers 95 %: with a true coverage of 95 % it fails by chance with probability 1e-8,
so all together less than once in a million runs. The plain intervals fail it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from folders import parts, rows, sweep_into
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.sweeps.summaries import targets
from truce_sim.sweeps.summaries.until import BLOCK, Until, outcome_bounds

SWEEPS, BLOCKS, HORIZON = 4000, 48, 365.0
ENOUGH = int(stats.binom.ppf(1e-8, SWEEPS, 0.95))
Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


def share(p: float) -> Draw:
    return lambda rng, shape: (rng.random(shape) < p).astype(float)


def days(mu: float, sigma: float) -> Draw:
    return lambda rng, shape: np.minimum(np.exp(mu + sigma * rng.standard_normal(shape)), HORIZON)


def rare_difference(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """One pair in a hundred differs, by up to 300 days."""
    u = rng.random(shape)
    return np.where(u < 0.01, 100 * 300 * u, 0.0)


def share_difference(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    u = rng.random(shape)
    return (u < 0.02).astype(float) - (u > 0.995)


def mean_of_days(mu: float, sigma: float) -> float:
    z = stats.norm.ppf((np.arange(1_000_000) + 0.5) / 1_000_000)
    return float(np.minimum(np.exp(mu + sigma * z), HORIZON).mean())


CASES: dict[str, tuple[Draw, float, float, float]] = {
    "rare": (share(0.01), 0.01, 0.0, 1.0),
    "common": (share(0.4), 0.4, 0.0, 1.0),
    "skewed": (days(3, 1), mean_of_days(3, 1), 0.0, HORIZON),
    "short": (days(1.5, 0.8), mean_of_days(1.5, 0.8), 0.0, HORIZON),
    "censored": (days(7, 1), mean_of_days(7, 1), 0.0, HORIZON),
    "days, paired": (rare_difference, 1.5, -HORIZON, HORIZON),
    "share, paired": (share_difference, 0.015, -1.0, 1.0),
}


def sums(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """n, total and squares after each block, (sweeps, blocks)."""
    rng = np.random.default_rng([20251019, list(CASES).index(name)])
    totals = np.empty((2, SWEEPS, BLOCKS))
    for block in range(BLOCKS):
        x = CASES[name][0](rng, (SWEEPS, BLOCK))
        totals[:, :, block] = x.sum(1), (x**2).sum(1)
    total, squares = totals.cumsum(axis=2)
    return np.broadcast_to(BLOCK * np.arange(1.0, BLOCKS + 1), total.shape), total, squares


def covered(
    stop: NDArray[np.bool_], low: NDArray[np.float64], high: NDArray[np.float64], truth: float
) -> int:
    """How many sweeps cover the truth at the first block that stops them, or at the last."""
    stop = stop.copy()
    stop[:, -1] = True
    at = np.arange(SWEEPS), stop.argmax(axis=1)
    return int(((low[at] <= truth) & (truth <= high[at])).sum())


@pytest.mark.parametrize("name", CASES)
def test_coverage_after_stopping(name: str) -> None:
    """At half-widths that take from one block to most of them."""
    _, truth, least, most = CASES[name]
    n, total, squares = sums(name)
    spread = float(np.sqrt(squares[:, -1].sum() / n[:, -1].sum() - truth**2))
    for runs in (64, 128, 300, 700, 1500):
        rule = Until(1.96 * spread / np.sqrt(runs), 10**6, least, most)
        _, low, high = rule.interval(n, total, squares)
        assert covered(~rule.open(n, total, squares), low, high, truth) >= ENOUGH


@pytest.mark.parametrize("name", ["skewed", "censored", "days, paired"])
def test_a_plain_interval_would_not_do(name: str) -> None:
    """Student's t, stopped in the same way, fails the same test."""
    n, total, squares = sums(name)
    mean = total / n
    half = stats.t.ppf(0.975, n - 1) * np.sqrt((squares / n - mean**2) / (n - 1))
    width = float(np.median(half[:, 4]))
    assert covered(half <= width, mean - half, mean + half, CASES[name][1]) < ENOUGH


def test_a_share_has_the_interval_of_agresti_and_coull() -> None:
    """Two successes and two failures more, at 97 %."""
    mean, low, high = Until(0.1, 1000).interval([100], [15], [15])
    p, z = 17 / 104, stats.norm.ppf(0.985)
    half = z * np.sqrt(p * (1 - p) / 104)
    assert (mean[0], low[0], high[0]) == pytest.approx((0.15, p - half, p + half))


def test_stops_when_narrow_or_at_the_ceiling_never_before_a_block() -> None:
    """Points are judged one by one."""
    n = np.array([32, 64, 64, 512])
    total = np.array([0, 0, 32, 256])
    assert Until(0.05, 640).open(n, total, total).tolist() == [True, False, True, False]
    assert Until(0.01, 512).open(n, total, total).tolist() == [True, True, True, False]


def test_no_runs() -> None:
    """The whole range, and no mean."""
    mean, low, high = Until(1.0, 100, 0.0, 365.0).interval([0], [0], [0])
    assert np.isnan(mean[0])
    assert (low[0], high[0]) == (0.0, 365.0)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_is_above_zero(width: float) -> None:
    """Anything else is refused."""
    with pytest.raises(InputError, match="half-width"):
        Until(width, 100)


def test_bounds_of_outcomes() -> None:
    """Shares and days are bounded; deaths are not."""
    assert outcome_bounds("collapsed", 365) == outcome_bounds("mean_will", 365) == (0.0, 1.0)
    assert outcome_bounds("end_day", 365) == outcome_bounds("days_in_force", 365) == (0.0, 365.0)
    with pytest.raises(InputError, match=r"sweep.until.outcome(.|\n)*end_day"):
        outcome_bounds("deaths", 365)


def test_an_interrupted_sweep_stops_where_an_undisturbed_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that a kill left between two checks do not add a check: it might stop by chance."""
    monkeypatch.setattr(targets, "runs_per_chunk", lambda runs: 150)
    words = (
        "truce=practised,tolerant", "run.horizon_days=90", "sweep.until.outcome=collapsed",
        "sweep.until.half_width=0.04", "sweep.until.ceiling=1024",
    )  # fmt: skip
    folder = tmp_path / "s"
    assert sweep_into(folder, *words) == 0
    expected = rows(folder)
    counts = expected.groupby("point").size()
    assert counts.max() > 2 * BLOCK
    for kept in (128, 192, 256):
        lost = [part for part in parts(folder) if starts_at(part) > kept]
        assert lost
        for part in lost:
            part.unlink()
        assert run_command(["resume", str(folder)]) == 0
        pd.testing.assert_frame_equal(rows(folder), expected)


def starts_at(part: Path) -> int:
    """The first replicate of a part."""
    chunk = Chunk.from_name(part.stem)
    assert chunk is not None
    return chunk.replicates.start
