"""When a truce ends: V1, V2, V3, V13 and V14 of docs/model.md, *Exact results*.

Days are numbered from 0, so a truce that ends with the first violation, each day bringing one with
probability p, ends on day t with probability p (1-p)^t: end_day + 1 is geometric on 1, 2, …
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from theory import bounds
from theory.spec import (
    INSTANT,
    LITERAL,
    NO_BANDS,
    NO_FRAILTY,
    NO_INTERDICTION,
    NO_MEDIATORS,
    NO_STRIKES,
    STEADY_GROUP,
    TWO_MEDIATORS,
    Settings,
    recorded,
    replicates,
    spec,
)

QUIET: Settings = {**NO_BANDS, "attribution.friction_per_day": 0.0, "run.warmup_days": 0}

#: Every domestic attack is blamed on the host, with weight 1.
UNIT_VIOLATIONS: Settings = {
    **QUIET, **NO_MEDIATORS, "attribution.false_positive": 1.0,
    "attribution.deaths_scale": 1.0, "attribution.max_weight": 1.0, "belief.threshold_effect": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("talks", [NO_MEDIATORS, TWO_MEDIATORS], ids=["no talks", "talks"])
def test_v01_nothing_happens(talks: Settings) -> None:
    """V1: λ0 = n_h = f_pos = μ_fr = 0, G0 = 0. No violation, survival 1, no strike by either state.

    logit b starts at logit b0 and gains c = ν_ref κ (e_C - e_U) a day while ζ of its distance from
    logit b0 remains: after day t it is logit b0 + c (1-ζ^(t+1))/(1-ζ), rising to
    logit b0 + c/(1-ζ). Exact: to 1e-12 in b.
    """
    settings = {**QUIET, **talks, "attribution.false_positive": 0.0, "home.initial_grievance": 0.0}
    gain, zeta, prior = 0.8 * 0.6 * (0.7 - 0.15), 0.96, math.log(0.45 / 0.55)
    for result in recorded(spec(settings), 20):
        outcome, days = result.outcome, np.arange(365)
        assert outcome["collapsed"] == 0
        assert outcome["end_day"] == 365
        assert outcome["violations"] == outcome["strikes_by_home"] == 0
        assert outcome["strikes_by_host"] == 0
        assert outcome["first_violation_day"] == outcome["first_strike_day"] == -1
        assert outcome["domestic_attacks"] > 0
        expected = 1 / (1 + np.exp(-(prior + gain * (1 - zeta ** (days + 1)) / (1 - zeta))))
        assert np.abs(result.series["belief"] - expected).max() < 1e-12
        assert (np.diff(result.series["belief"]) >= 0).all()
        assert outcome["final_belief"] == pytest.approx(
            1 / (1 + math.exp(-prior - gain / (1 - zeta))), abs=1e-6
        )


@pytest.mark.parametrize("per_day", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_v02_literal_clause(per_day: float, share: float) -> None:
    """V2: under the literal clause the first violation ends the truce on its day.

    Domestic attacks ~ Poisson(μ), each blamed with probability f: a day has a violation with
    probability p = 1 - exp(-μ f), so end_day + 1 ~ Geometric(p): mean 1/p, variance (1-p)/p².
    20,000 runs, the whole distribution: detects a hazard off by 6 %.
    """
    settings = {
        **UNIT_VIOLATIONS, **LITERAL, **NO_FRAILTY, "run.horizon_days": 3650,
        "attribution.domestic_per_day": per_day, "attribution.false_positive": share,
    }  # fmt: skip
    p = -math.expm1(-per_day * share)
    runs = replicates(spec(settings), 20_000)
    assert runs["collapsed"].all()
    assert (runs["end_day"] == runs["first_violation_day"]).all()
    assert (runs["end_day"] == runs["first_strike_day"]).all()
    assert (runs["strikes_by_home"] == 1).all()
    days = runs["end_day"] + 1
    bounds.days_follow(runs["end_day"], lambda t: 1 - (1 - p) ** (t + 1))
    bounds.mean_is(days, 1 / p, math.sqrt(1 - p) / p)
    bounds.variance_is(days, 1 / p, (1 - p) / p**2)


@pytest.mark.parametrize(("rate", "threshold"), [(0.4, 5.0), (2.0, 20.0), (0.1, 0.5), (1.0, 6.5)])
def test_v03_first_passage(rate: float, threshold: float) -> None:
    """V3: unit weights that never fade, Poisson(ν) a day; the truce ends when G >= K.

    G after day t ~ Poisson(ν (t+1)) and does not fall, so P(end_day <= t) is the probability that
    this is at least K (for a K between whole numbers, the next one). Every day from 0 on is
    compared: 20,000 runs detect K off by one, or ν by 2 %.
    """
    settings = {
        **UNIT_VIOLATIONS, **NO_FRAILTY, "run.horizon_days": 3650,
        "attribution.domestic_per_day": rate, "home.threshold": threshold,
        "home.grievance_memory_days": math.inf, "home.initial_grievance": 0.0,
        "home.lag_days": 0, "home.decision_noise": 0.0, "home.resolve": 1.0,
        "truce.collapse_strikes": 1.0,
    }  # fmt: skip
    runs = replicates(spec(settings), 20_000)
    least = math.ceil(threshold)
    bounds.days_follow(runs["end_day"], lambda t: stats.poisson.sf(least - 1, rate * (t + 1)))


def lomax(cv: float, rate: float, horizon: int = 400) -> Settings:
    """The literal clause, violated by bands that nobody intercepts at rate ν × a gamma factor."""
    return {
        **UNIT_VIOLATIONS, **LITERAL, **STEADY_GROUP, **INSTANT, **NO_INTERDICTION, **NO_FRAILTY,
        "run.horizon_days": horizon, "militants.attempts_per_day": rate / (0.75 * 0.8),
        "militants.lethal_share": 0.75, "attribution.attack": 0.8,
        "attribution.attack_decay_km": math.inf, "attribution.domestic_per_day": 0.0,
        "frailty.attempts_cv": cv, "frailty.law": "gamma",
    }  # fmt: skip


@pytest.mark.parametrize(("cv", "rate"), [(0.5, 0.02), (1.0, 0.05), (2.0, 0.1)])
def test_v13_gamma_frailty(cv: float, rate: float) -> None:
    """V13: literal clause, Poisson violations at rate ν F a day, F gamma with mean 1 and this CV.

    P(survive day t) = E exp(-ν F (t+1)) = (1 + CV² ν (t+1))^(-1/CV²): Lomax, whose daily hazard
    1 - S(t)/S(t-1) falls. 20,000 runs, the whole distribution and the censored: detects ν off by
    5 % or CV by 8 %; the hazard of the first ten days is above that of the days 90 to 99.
    """
    horizon, n = 400, 20_000
    runs = replicates(spec(lomax(cv, rate, horizon)), n)
    days = runs["end_day"]

    def survival(t: np.ndarray) -> np.ndarray:
        return np.asarray((1 + cv**2 * rate * (t + 1.0)) ** (-1 / cv**2))

    bounds.days_follow(days, lambda t: np.where(t < horizon, 1 - survival(t), 1.0))
    hazards = []
    for first in (0, 90):
        at_risk, ended = (days >= first).sum(), ((days >= first) & (days < first + 10)).sum()
        hazards.append((ended, at_risk))
    p_value = stats.fisher_exact(
        [[ended, at_risk - ended] for ended, at_risk in hazards], alternative="greater"
    ).pvalue
    assert p_value < bounds.ALPHA


def test_v13_without_frailty_the_hazard_is_constant() -> None:
    """The same without frailty is geometric: a falling hazard comes from frailty alone here."""
    runs = replicates(spec(lomax(0.0, 0.05)), 20_000)
    p = -math.expm1(-0.05)
    bounds.days_follow(runs["end_day"], lambda t: np.where(t < 400, 1 - (1 - p) ** (t + 1), 1.0))


#: Everything that drives states to strike, and to collapse.
FIERCE: Settings = {
    **TWO_MEDIATORS, "run.horizon_days": 200, "attribution.friction_per_day": 1.0,
    "home.threshold": 0.5, "host.threshold": 0.3, "host.resolve": 1.0, "attribution.foiled": 1.0,
}  # fmt: skip


def test_v14_infinite_thresholds() -> None:
    """V14: a state with θ = ∞ never strikes, whatever the other does; with both, nothing ends."""
    home = replicates(spec({**FIERCE, "home.threshold": math.inf}), 200)
    host = replicates(spec({**FIERCE, "host.threshold": math.inf}), 200)
    both = replicates(spec({**FIERCE, **NO_STRIKES}), 200)
    assert (home["strikes_by_home"] == 0).all()
    assert (home["strikes_by_host"] > 0).all()
    assert (host["strikes_by_host"] == 0).all()
    assert (host["strikes_by_home"] > 0).all()
    for name in ("strikes_by_home", "strikes_by_host", "collapsed", "days_suspended"):
        assert (both[name] == 0).all()
    assert (both["first_strike_day"] == -1).all()


def test_v14_no_number_of_strikes_collapses() -> None:
    """V14: with collapse_strikes = ∞ strikes follow strikes and the truce is never over."""
    runs = replicates(spec({**FIERCE, "truce.collapse_strikes": math.inf}), 200)
    assert (runs["strikes_by_home"] + runs["strikes_by_host"] > 20).all()
    assert (runs["collapsed"] == 0).all()
    assert (runs["cause"] == -1).all()
    assert (runs["end_day"] == 200).all()
