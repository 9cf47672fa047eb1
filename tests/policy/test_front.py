"""A search finds a front that is known, what it reports is unbiased, and a stop changes nothing.

Bands set out at λ a day and violate the clause if they pass both states, each with its effort (V7);
under the literal clause the first violation ends the truce (V2). So a truce holds T days with
probability exp(-λ T exp(-k_H - k_D)), and what each effort costs makes the front.
"""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from theory import bounds
from theory.spec import FLAT, INSTANT, LITERAL, NO_FRAILTY, STEADY_GROUP
from truce_sim import search
from truce_sim.policy.api import Search
from truce_sim.policy.problem import Problem, load_problem
from truce_sim.sweeps.execution.progress import Silence

pytest.importorskip("pymoo")

RATE, DAYS = 0.1, 60

BASE: dict[str, Any] = {
    **LITERAL, **STEADY_GROUP, **INSTANT, **FLAT, **NO_FRAILTY, "mediation": "none",
    "militants.attempts_per_day": RATE, "militants.lethal_share": 1.0, "host.will": 1.0,
    "home.forward": 1.0, "host.threshold": math.inf, "attribution.foiled": 0.0,
    "attribution.attack": 1.0, "attribution.attack_decay_km": math.inf,
    "attribution.domestic_per_day": 0.0, "attribution.friction_per_day": 0.0,
    "run.horizon_days": DAYS, "run.warmup_days": 0, "border.sectors": 2,
}  # fmt: skip
del BASE["mediation.save"], BASE["frailty.threshold_cv"]

CONTENT: dict[str, Any] = {
    "name": "known",
    "base": {key: value for key, value in BASE.items() if not key.startswith("frailty")}
    | {"frailty": "none"},
    "levers": {
        "host": {"set": "host.capacity", "low": 0, "high": 2, "step": 0.1,
                 "cost": {0: 0, 1: 1, 2: 4}},
        "home": {"set": "home.capacity", "low": 0, "high": 2, "step": 0.1,
                 "cost": {0: 0, 2: 4}},
    },
    "target": 0.5,
    "worlds": {"scenarios": {"one": {}}},
    "sizes": {"population": 24, "generations": 8, "rungs": [8, 40, 160], "luck": 4,
              "proof_worlds": 50, "proof_luck": 8, "reported": 8},
}  # fmt: skip


def chance(policy: pd.Series | dict[str, Any]) -> float:
    """The share that holds, in closed form."""
    return math.exp(-RATE * DAYS * math.exp(-policy["host"] - policy["home"]))


def volume(cost: np.ndarray, share: np.ndarray, dearest: float) -> float:
    """The hypervolume of cost (falling) and share (rising) against (dearest, 0)."""
    order, total, best = np.argsort(cost, kind="stable"), 0.0, 0.0
    for i, here in enumerate(order):
        best = max(best, share[here])
        until = cost[order[i + 1]] if i + 1 < len(order) else dearest
        total += best * (until - cost[here])
    return total / dearest


def everything(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Cost and chance of every policy there is."""
    names = [lever.name for lever in problem.levers]
    every = [dict(zip(names, values, strict=True))
             for values in product(*(lever.values for lever in problem.levers))]  # fmt: skip
    return np.array([problem.cost(one) for one in every]), np.array([*map(chance, every)])


def test_a_known_front_is_found() -> None:
    """Of 441 policies it tries at most half; what it reports covers 95 % of the hypervolume
    of the true front; none reported is more than 0.1 below the best for its cost; and the proof is
    right."""
    problem = load_problem(CONTENT, sizes={"reported": 20})
    found = search(problem)
    cost, share = everything(problem)
    assert len(found.seen) <= 220
    proved = found.pareto[found.pareto["pick"] != "today"]
    true = np.array([chance(row) for _, row in proved.iterrows()])
    whole = volume(cost, share, 8.0)
    assert volume(proved["cost"].to_numpy(), true, 8.0) > 0.95 * whole
    best = np.array([share[cost <= limit + 1e-9].max() for limit in proved["cost"]])
    assert (best - true).max() < 0.1
    for value, expected in zip(proved["holds"], true, strict=True):
        bounds.share_is(round(value * 400), 400, expected)


def test_what_is_reported_is_unbiased() -> None:
    """Over 8 searches with little luck, the proof of the policy picked for holding is right on
    average. 3,200 runs: a shift of 0.07 would be seen."""
    sizes = {"generations": 3, "population": 12, "rungs": [4, 8], "luck": 2, "reported": 4}
    found = [search(CONTENT, sizes=sizes, seed=seed).pareto for seed in range(8)]
    picked = [rows[rows["pick"].str.contains("cheapest")].iloc[0] for rows in found]
    expected = [chance(row) for row in picked]
    off = sum(row["holds"] for row in picked) - sum(expected)
    error = math.sqrt(sum(p * (1 - p) / 400 for p in expected))
    bounds.sure(math.erfc(abs(off) / error / math.sqrt(2)), f"off by {off:.3g} ± {error:.2g}")


class Killer(Silence):
    """Stops a search after some runs, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, runs: int) -> None:
        """Count down."""
        self.left -= runs
        if self.left < 0:
            raise KeyboardInterrupt


def same(one: Search, other: Search) -> None:
    """Both ended the same, to the last bit."""
    pd.testing.assert_frame_equal(one.pareto, other.pareto, check_exact=True)
    pd.testing.assert_frame_equal(one.seen, other.seen, check_exact=True)
    assert one.loss == other.loss


def test_killed_and_resumed_it_ends_the_same(tmp_path: Path) -> None:
    """However often it is stopped, on any number of threads; what was tried is not run again."""
    sizes = {"generations": 4, "population": 12, "rungs": [4, 8], "reported": 4}
    whole = search(CONTENT, sizes=sizes, threads=1)
    folder = tmp_path / "s"
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            search(CONTENT, sizes=sizes, folder=folder, progress=Killer(1500))
    (sorted((folder / "trials").glob("*.parquet"))[0]).write_bytes(b"cut short")
    resumed = search(CONTENT, sizes=sizes, folder=folder)
    same(whole, resumed)
    assert 0 < resumed.runs < whole.runs
    again = search(CONTENT, sizes=sizes, folder=folder)
    same(whole, again)
    assert again.runs == 0
    assert not search(CONTENT, sizes=sizes, seed=2).seen.equals(whole.seen)
