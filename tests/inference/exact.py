"""Truces whose likelihood is known (docs/model.md, V2, V3 and V13), and their exact posteriors.

A truce that ends on day t has survived t days; S(t) is the probability of surviving day t as well.
Posteriors are sums over a grid of normal scores, so they are exact but for the width of its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from truce_sim import load_setup
from truce_sim.inference.data import Truces
from truce_sim.inference.prior import Prior, load_prior
from truce_sim.inference.task import Task

Floats = NDArray[np.float64]

HORIZON = 200
QUANTILES = np.array([0.025, 0.25, 0.5, 0.75, 0.975])

_UNIT = {
    "mediation": "none", "attribution.friction_per_day": 0.0, "run.warmup_days": 0,
    "run.horizon_days": HORIZON, "attribution.false_positive": 1.0, "home.lag_days": 0,
    "belief.threshold_effect": 0.0, "attribution.deaths_scale": 1.0, "attribution.max_weight": 1.0,
}  # fmt: skip
_NO_BANDS = {"militants": "none", "frailty": "none"}
_INSTANT = {
    "militants.excitation": 0.0, "militants.deterrence": 0.0, "militants.band_size": 0.0,
    "militants.spoiler_strength": 0.0, "militants.risk_aversion": 0.0, "militants.evasion": 0.0,
    "militants.pace_cells_per_day": 1000, "militants.staging_days": 0.0, "home.capacity": 0.0,
    "host.capacity": 0.0, "militants.lethal_share": 1.0, "attribution.attack": 1.0,
    "attribution.attack_decay_km": float("inf"), "attribution.domestic_per_day": 0.0,
    "frailty.threshold_cv": 0.0, "frailty.will_concentration": float("inf"),
    "frailty.law": "gamma",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A setting of the model in which the survival of a truce is known.

    Attributes:
        base: overrides.
        prior: of the free settings.
        survival: (days, free settings) -> the probability to survive that day.
    """

    base: Mapping[str, Any]
    prior: Mapping[str, Any]
    survival: Callable[[Floats, pd.DataFrame], Floats]

    def task(self, truces: Truces, seed: int = 1) -> Task:
        """The fit of a table of truces."""
        setup = load_setup(dict(self.base))
        prior = load_prior(self.prior)
        return Task(setup, prior.for_base(setup, list(prior.laws)), (truces,), seed)

    def exact(self, prior: Prior, days: Floats, ended: Floats, cells: int = 0) -> Floats:
        """The posterior's quantiles (settings, quantiles) of normal scores, given truces."""
        d = len(prior.laws)
        line = np.linspace(-5, 5, cells or {1: 4001, 2: 161, 3: 41}[d])
        scores = np.stack(np.meshgrid(*[line] * d, indexing="ij"), -1).reshape(-1, d)
        values = prior.values(scores)
        log = np.zeros(len(scores))
        for day, over in zip(days, ended, strict=True):
            before = self.survival(np.array(day - 1.0), values) if day > 0 else 1.0
            chance = before - self.survival(np.array(day), values) if over else before
            log += np.log(np.maximum(chance, 1e-300))
        log -= (scores**2).sum(axis=1) / 2
        weight = np.exp(log - log.max())
        found = []
        for i in range(d):
            mass = np.array([weight[scores[:, i] == x].sum() for x in line])
            share = np.cumsum(mass) / mass.sum()
            found.append(np.interp(QUANTILES, share, line + (line[1] - line[0]) / 2))
        return np.array(found)


def _law(s: float, scale: float) -> dict[str, Any]:
    return {"law": "lognorm", "s": s, "scale": scale}


def _geometric(day: Floats, values: pd.DataFrame) -> Floats:
    return np.exp(-values["attribution.domestic_per_day"].to_numpy() * (day + 1))


def _first_passage(day: Floats, values: pd.DataFrame) -> Floats:
    least = np.ceil(values["home.threshold"].to_numpy())
    rate = values["attribution.domestic_per_day"].to_numpy()
    return np.asarray(stats.poisson.cdf(least - 1, rate * (day + 1)))


def _lomax(day: Floats, values: pd.DataFrame) -> Floats:
    square = values["frailty.attempts_cv"].to_numpy() ** 2
    rate = values["militants.attempts_per_day"].to_numpy()
    return np.asarray((1 + square * rate * (day + 1)) ** (-1 / square))


#: V2: the first violation ends the truce. V3: the K-th does. V13: as V2, rates differ by truce.
KNOWN = {
    "V2": Known(
        {**_UNIT, **_NO_BANDS, "truce": "literal"},
        {"settings": {"attribution.domestic_per_day": _law(0.8, 0.04)}},
        _geometric,
    ),
    "V3": Known(
        {**_UNIT, **_NO_BANDS, "home.grievance_memory_days": float("inf"),
         "home.initial_grievance": 0.0, "home.decision_noise": 0.0,
         "truce.collapse_strikes": 1.0},
        {"settings": {"attribution.domestic_per_day": _law(0.6, 0.15),
                      "home.threshold": _law(0.4, 5.0)}},
        _first_passage,
    ),
    "V13": Known(
        {**_UNIT, **_INSTANT, "truce": "literal"},
        {"settings": {"militants.attempts_per_day": _law(0.8, 0.04),
                      "frailty.attempts_cv": _law(0.5, 1.0)}},
        _lomax,
    ),
}  # fmt: skip


def truces_like(n: int, horizon: int = HORIZON) -> Truces:
    """A table of `n` truces of which nothing is known yet but how long they are followed."""
    return Truces((1,) * n, (True,) * n, (horizon,) * n)
