"""What the states feel, believe and answer: V4, V9, V10 and V11 of docs/model.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from theory import bounds
from theory.spec import (
    NO_BANDS,
    NO_FRAILTY,
    NO_MEDIATORS,
    NO_STRIKES,
    TWO_MEDIATORS,
    Settings,
    recorded,
    replicates,
    series,
    spec,
)

BLAMED: Settings = {
    **NO_BANDS, **NO_FRAILTY, **NO_MEDIATORS, "run.warmup_days": 0,
    "attribution.false_positive": 1.0, "attribution.friction_per_day": 0.0,
}  # fmt: skip


def deaths_law(mu: float, sigma: float, most: int) -> np.ndarray:
    """P(deaths = k), deaths = max(1, floor(lognormal)), k = 0 … most; the last holds all beyond."""
    reached = stats.lognorm(sigma, scale=math.exp(mu)).sf(np.arange(most + 1))
    reached[:2] = 1.0
    p = -np.diff(reached, append=0.0)
    p[0] = 0.0
    return p


@pytest.mark.parametrize("memory", [3.0, 30.0])
@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_v04_home_grievance(memory: float, rate: float) -> None:
    """V4: no strike ever; G_t = φ G_(t-1) + weights of the day, Poisson(ν) attacks each of weight
    w = min(deaths/d0, w_max).

    After day t: mean ν E[w] (1-φ^(t+1))/(1-φ) and variance ν E[w²] (1-φ^(2(t+1)))/(1-φ²), tending
    to νE[w]/(1-φ) and νE[w²]/(1-φ²). Checked at t = 5 and at t = 8 τ, where the transient is below
    0.04 % of the mean. 4,000 runs: detects 2 % of a mean and 15 % of a variance at ν = 2, τ = 30.
    """
    last = int(8 * memory)
    settings = {
        **BLAMED, **NO_STRIKES, "run.horizon_days": last + 1,
        "attribution.domestic_per_day": rate, "home.grievance_memory_days": memory,
    }  # fmt: skip
    grievance = series(spec(settings), 4000, "grievance_home")
    law, weights = deaths_law(1.24, 1.06, 40), np.minimum(np.arange(41) / 10, 4.0)
    phi = math.exp(-1 / memory)
    for t in (5, last):
        mean = rate * (law @ weights) * (1 - phi ** (t + 1)) / (1 - phi)
        variance = rate * (law @ weights**2) * (1 - phi ** (2 * t + 2)) / (1 - phi**2)
        bounds.mean_is(grievance[:, t], mean, math.sqrt(variance))
        bounds.variance_is(grievance[:, t], mean, variance)
    assert mean == pytest.approx(rate * (law @ weights) / (1 - phi), rel=4e-4)


def test_v04_friction_weighs_on_both() -> None:
    """The same law for friction alone, which both states resent, each with its own memory."""
    settings = {
        **BLAMED, **NO_STRIKES, "run.horizon_days": 201, "attribution.domestic_per_day": 0.0,
        "attribution.friction_per_day": 0.7, "attribution.friction_weight": 1.5,
        "home.grievance_memory_days": 25.0, "host.grievance_memory_days": 4.0,
    }  # fmt: skip
    runs = recorded(spec(settings), 4000)
    for state, memory in (("home", 25.0), ("host", 4.0)):
        phi = math.exp(-1 / memory)
        mean, variance = 0.7 * 1.5 / (1 - phi), 0.7 * 1.5**2 / (1 - phi**2)
        last = [run.series[f"grievance_{state}"][-1] for run in runs]
        mean *= 1 - phi**201
        variance *= 1 - phi**402
        bounds.mean_is(last, mean, math.sqrt(variance))
        bounds.variance_is(last, mean, variance)
    assert all(run.outcome["violations"] == 0 for run in runs)


def test_v04_initial_grievance_fades() -> None:
    """Without incidents G of the home state is G0 φ^(t+1) after day t, that of the host 0."""
    settings = {
        **BLAMED, **NO_STRIKES, "home.threshold": 50.0, "home.initial_grievance": 0.4,
        "attribution.domestic_per_day": 0.0, "home.grievance_memory_days": 20.0,
    }  # fmt: skip
    row = recorded(spec(settings), 1)[0].series
    days = np.arange(365)
    assert row["grievance_home"] == pytest.approx(20.0 * np.exp(-(days + 1) / 20.0), rel=1e-12)
    assert (row["grievance_host"] == 0).all()


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.5, 1.0])
def test_v09_will_relaxes(rho: float) -> None:
    """V9: ω without shocks. A change of ω̄ from 0.3 to 0.9 on day 10 leaves ω_0 = 0.3 to relax:
    after k days ω = 0.9 + (0.3-0.9)(1-ρ)^k; before it ω stays at 0.3. Exact to 1e-12."""
    settings = {
        **NO_FRAILTY, **NO_STRIKES, **NO_MEDIATORS, "host.will": 0.3,
        "host.will_relaxation_per_day": rho,
    }  # fmt: skip
    will = recorded(spec(settings, interventions=[(10, {"host.will": 0.9})]), 1)[0].series["will"]
    after = np.maximum(np.arange(365) - 9, 0)
    assert will == pytest.approx(0.9 - 0.6 * (1 - rho) ** after, abs=1e-12)


def test_v09_will_stays_at_its_own_mean() -> None:
    """V9 with frailty: ω_0 = ω̄ of the run, so that without shocks it never moves."""
    settings = {**NO_STRIKES, **NO_MEDIATORS, "host.will": 0.4, "frailty.will_concentration": 3.0}
    means = set()
    for run in recorded(spec(settings), 20):
        assert run.series["will"] == pytest.approx(run.outcome["drawn_will"], abs=1e-12)
        assert run.outcome["mean_will"] == pytest.approx(run.outcome["drawn_will"], abs=1e-12)
        means.add(float(run.outcome["drawn_will"]))
    assert len(means) == 20


def logit(b: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(b / (1 - b)))


#: e_C, e_U, κ and ν_ref that tests of belief use.
COMMITTED, UNCOMMITTED, CAPABLE, REFERENCE = 0.5, 0.2, 0.7, 0.9


def belief(persistence: float, capable: float = CAPABLE, rate: float = 0.8) -> Settings:
    """Domestic attacks, all blamed: `rate` violations a day."""
    return {
        **BLAMED, **NO_STRIKES, "run.horizon_days": 40, "attribution.domestic_per_day": rate,
        "belief.persistence": persistence, "belief.perceived_capability": capable,
        "belief.committed_hazard": COMMITTED, "belief.uncommitted_hazard": UNCOMMITTED,
        "belief.reference_rate": REFERENCE, "belief.prior": 0.3,
    }  # fmt: skip


@pytest.mark.parametrize("persistence", [1.0, 0.9, 0.0])
def test_v10_belief_follows_violations(persistence: float) -> None:
    """V10, day by day: logit b = logit b0 + ζ (logit b_prev - logit b0) + n ln((1-κe_C)/(1-κe_U))
    + ν_ref κ (e_C-e_U), n the violations of the day. Exact to 1e-9."""
    said = math.log((1 - CAPABLE * COMMITTED) / (1 - CAPABLE * UNCOMMITTED))
    normal = REFERENCE * CAPABLE * (COMMITTED - UNCOMMITTED)
    prior = math.log(0.3 / 0.7)
    for run in recorded(spec(belief(persistence)), 20):
        x = np.concatenate([[prior], logit(run.series["belief"])])
        expected = prior + persistence * (x[:-1] - prior) + run.series["violations"] * said + normal
        assert x[1:] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rate", [0.2, 0.8, 2.0])
def test_v10_mean_drift(rate: float) -> None:
    """V10: with ζ = 1 the mean drift of logit b is ν ln((1-κe_C)/(1-κe_U)) + ν_ref κ(e_C-e_U) a
    day. 4,000 runs of 40 days: detects 2 % of the first term at ν = 0.8."""
    run_spec = spec(belief(1.0, rate=rate))
    rise = logit(series(run_spec, 4000, "belief")[:, -1]) - math.log(0.3 / 0.7)
    said = math.log((1 - CAPABLE * COMMITTED) / (1 - CAPABLE * UNCOMMITTED))
    drift = rate * said + REFERENCE * CAPABLE * (COMMITTED - UNCOMMITTED)
    bounds.mean_is(rise / 40, drift, abs(said) * math.sqrt(rate / 40))


def test_v10_no_capability_no_lesson() -> None:
    """V10: κ = 0, a host held incapable: violations say nothing and b stays at its prior."""
    for run in recorded(spec(belief(1.0, capable=0.0)), 5):
        assert run.outcome["violations"] > 0
        assert run.series["belief"] == pytest.approx(0.3, abs=1e-12)


#: The home state is provoked on day 0 only; both give all grievance away in a decision.
EXCHANGE: Settings = {
    **BLAMED, "run.horizon_days": 400, "attribution.domestic_per_day": 40.0,
    "home.initial_grievance": 0.0, "home.threshold": 0.5, "host.threshold": 0.5,
    "home.decision_noise": 0.0, "host.decision_noise": 0.0, "home.release": 1.0,
    "host.release": 1.0, "home.resolve": 1.0, "truce.collapse_strikes": math.inf,
    "truce.suspended_friction": 1.0, "belief.threshold_effect": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(("home_lag", "host_lag"), [(0, 0), (1, 3), (0, 4)])
@pytest.mark.parametrize(("answer", "reply"), [(0.5, 0.6), (0.9, 0.8), (0.0, 1.0)])
def test_v11_exchange_of_strikes(home_lag: int, host_lag: int, answer: float, reply: float) -> None:
    """V11: one strike of the home state starts an exchange; the host answers each with probability
    p, the home state each answer with p'.

    Every strike puts G (0 since the last decision) to its weight 2, above the thresholds, one day
    later; a decision takes all of it away, carried out or not. So the exchange goes on for another
    strike of the home state with probability p p': their number is Geometric(1-pp') on 1, 2, …,
    mean 1/(1-pp'), and the host's number follows it. 10,000 runs, the whole distribution of both:
    detects 2 % of p p' at 0.72.
    """
    settings = {
        **EXCHANGE, "home.lag_days": home_lag, "host.lag_days": host_lag, "host.resolve": answer,
    }  # fmt: skip
    calm = {"attribution.domestic_per_day": 0.0, "home.resolve": reply}
    run_spec = spec(settings, interventions=[(1, calm)])
    runs = replicates(run_spec, 10_000)
    by_home, by_host = runs["strikes_by_home"], runs["strikes_by_host"]
    go_on = answer * reply
    bounds.days_follow(by_home - 1, lambda k: 1 - go_on ** (k + 1.0))
    bounds.mean_is(by_home, 1 / (1 - go_on), math.sqrt(go_on) / (1 - go_on) + 1e-12)
    bounds.share_is((by_host == by_home).sum(), 10_000, answer * (1 - reply) / (1 - go_on))
    assert ((by_home - by_host == 0) | (by_home - by_host == 1)).all()


def test_v11_truce_is_suspended_while_it_lasts() -> None:
    """An exchange suspends the truce from its first strike to `suspension_days` after its last."""
    settings = {**EXCHANGE, **TWO_MEDIATORS, "mediation.mediators": {}, "mediation.calendar": []}
    calm = {"attribution.domestic_per_day": 0.0, "home.resolve": 0.5}
    run_spec = spec({**settings, "host.resolve": 0.7}, interventions=[(1, calm)])
    for run in recorded(run_spec, 50):
        struck = run.series["strikes_by_home"] + run.series["strikes_by_host"] > 0
        last = int(np.flatnonzero(struck)[-1])
        first = int(run.outcome["first_suspension_day"])
        suspended = np.flatnonzero(run.series["status"] == 2)
        assert suspended.tolist() == list(range(first, last + 14))
        assert run.outcome["renewals"] == 1
