"""How many bands set out, where, how far they get and who is blamed: V5, V7, V8 and V12 of
docs/model.md, *Exact results*."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from theory import bounds
from theory.spec import (
    FLAT,
    INSTANT,
    NO_FRAILTY,
    NO_INTERDICTION,
    NO_MEDIATORS,
    NO_STRIKES,
    STEADY_GROUP,
    Settings,
    border,
    recorded,
    replicates,
    series,
    spec,
    uneven_border,
)
from truce_sim.engine import codes as names

PEACE: Settings = {**NO_STRIKES, **NO_MEDIATORS, **NO_FRAILTY}

# ── V5: self-excitation ──────────────────────────────────────────────────────────────────────


OWN_LAUNCHES = 0.3


def excited(own: float, memory: float, days: int, warmup: int = 0) -> Settings:
    """Every band attacks on its day; one attack brings about `own` others, over `memory` days."""
    return {
        **PEACE, **STEADY_GROUP, **INSTANT, **NO_INTERDICTION,
        "militants.attempts_per_day": OWN_LAUNCHES, "militants.excitation": own,
        "militants.excitation_memory_days": memory,
        "run.horizon_days": days, "run.warmup_days": warmup,
    }  # fmt: skip


def count_moments(own: float, memory: float, days: int, warmup: int) -> tuple[float, float]:
    """Exact mean and variance of the number of attacks on days 0 … days-1.

    The process is linear: attacks X_t = λ_t + e_t with λ_t = λ0 + n(1-β) A_t and A_t = β A_(t-1) +
    X_(t-1), the shocks e_t uncorrelated with variance E λ_t. A shock brings about Ψ_k attacks up to
    k days later, so the sum has variance Σ_t E λ_t Ψ², k the days that remain (those in the warm-up
    count less what came before day 0).
    """
    beta = math.exp(-1 / memory)

    def response(base: float, first: float) -> NDArray[np.float64]:
        out, excitement, before = np.empty(days + warmup), 0.0, 0.0
        for t in range(out.size):
            excitement = beta * excitement + before
            before = base + own * (1 - beta) * excitement + (first if t == 0 else 0.0)
            out[t] = before
        return out

    means, caused = response(OWN_LAUNCHES, 0.0), np.cumsum(response(0.0, 1.0))
    still = np.array([
        caused[days + warmup - 1 - t] - (caused[warmup - 1 - t] if t < warmup else 0.0)
        for t in range(days + warmup)
    ])  # fmt: skip
    return float(means[warmup:].sum()), float((means * still**2).sum())


@pytest.mark.parametrize(("own", "memory"), [(0.5, 3.0), (0.8, 6.0), (0.0, 14.0)])
def test_v05_mean_and_long_run_fano(own: float, memory: float) -> None:
    """V5: INGARCH(1,1), mean λ0/(1-n_h) a day, long-run Fano factor 1/(1-n_h)².

    Totals over 1,200 days after 200 of warm-up: mean and variance are compared with their exact
    values for that length, which lie within 1 % and 5 % of the limits. 2,000 runs: detects n_h off
    by 0.01 (mean) at n_h = 0.8, and a Fano factor off by 30 %.
    """
    days, warmup = 1200, 200
    totals = replicates(spec(excited(own, memory, days, warmup)), 2000)["attacks"]
    mean, variance = count_moments(own, memory, days, warmup)
    assert mean / days == pytest.approx(OWN_LAUNCHES / (1 - own), rel=0.01)
    assert variance / mean == pytest.approx(1 / (1 - own) ** 2, rel=0.05)
    bounds.mean_is(totals, mean, math.sqrt(variance))
    bounds.variance_is(totals, mean, variance)


def test_v05_daily_law() -> None:
    """The daily counts of INGARCH(1,1), λ_t = λ0(1-β) + a X_(t-1) + β λ_(t-1) with a = n_h(1-β):
    variance m (1-(a+β)²+a²)/(1-(a+β)²) and lag-one covariance m a (1-β(a+β))/(1-(a+β)²) (Ferland,
    Latour and Oraichi 2006). 4,000 runs detect 20 % of either excess over Poisson."""
    own, memory = 0.7, 2.0
    beta = math.exp(-1 / memory)
    a, m = own * (1 - beta), OWN_LAUNCHES / (1 - own)
    counts = series(spec(excited(own, memory, 60, 100)), 4000, "attacks")
    both = a + beta
    variance = m * (1 - both**2 + a**2) / (1 - both**2)
    covariance = m * a * (1 - beta * both) / (1 - both**2)
    bounds.mean_is(counts.mean(axis=1), m)
    bounds.mean_is(((counts - m) ** 2).mean(axis=1), variance)
    bounds.mean_is(((counts[:, 1:] - m) * (counts[:, :-1] - m)).mean(axis=1), covariance)


def test_v05_excitement_remembers_attacks() -> None:
    """Day by day A_t = β A_(t-1) + attacks of day t-1, exact, on the default way to the target."""
    settings = {**PEACE, "militants.attempts_per_day": 3.0, "militants.excitation": 0.9}
    beta = math.exp(-1 / 14.0)
    for run in recorded(spec(settings), 5):
        a, x = run.series["excitement"], run.series["attacks"]
        assert x.sum() > 100
        assert a[1:] == pytest.approx(beta * a[:-1] + x[:-1], rel=1e-12)


# ── V7: passing ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pace", [{}, INSTANT], ids=["walking", "instant"])
@pytest.mark.parametrize(
    ("host", "will", "home", "forward"),
    [(0.8, 0.3, 0.85, 0.8), (2.4, 0.5, 0.4, 1.0), (0.0, 1.0, 2.0, 0.3), (1.0, 1.0, 3.0, 0.0)],
)
def test_v07_passing(host: float, will: float, home: float, forward: float, pace: Settings) -> None:
    """V7: with a = 0, flat terrain, fixed ω and no evasion a band passes the host side with
    probability exp(-k_H ω) and then the border with exp(-k_D forward), whatever the number of
    cells. Exact binomial on 70,000 bands: detects 0.012 in a probability of ½."""
    settings = {
        **PEACE, **STEADY_GROUP, **FLAT, **pace, "run.warmup_days": 0, "border.host_depth": 7,
        "militants.attempts_per_day": 4.0, "host.capacity": host, "host.will": will,
        "home.capacity": home, "home.forward": forward,
    }  # fmt: skip
    runs = replicates(spec(settings, on=uneven_border()), 50)
    crossed, stopped = runs["crossings"].sum(), runs["foiled_by_host"].sum()
    bounds.share_is(crossed, crossed + stopped, math.exp(-host * will))
    bounds.share_is(runs["foiled_at_border"].sum(), crossed, -math.expm1(-home * forward))


@pytest.mark.parametrize("rugged", [0.0, 0.5, 1.0])
def test_v07_terrain(rugged: float) -> None:
    """The same on rugged ground: both exponents times 1 - terrain g. All targets lie in the last
    cell, so that what gets over the border passes the rest, where terrain does not matter, with
    exp(-k_D (1-forward))."""
    settings = {
        **PEACE, **STEADY_GROUP, **INSTANT, "home.adaptivity": 0.0, "host.adaptivity": 0.0,
        "run.warmup_days": 0, "militants.attempts_per_day": 4.0, "host.will": 0.7,
        "host.capacity": 1.0, "home.capacity": 1.2, "home.forward": 0.4, "border.terrain": 0.6,
        "militants.depth_mu": 8.0, "militants.depth_sigma": 0.0,
    }  # fmt: skip
    runs = replicates(spec(settings, on=border(np.ones(5), rugged)), 50)
    passable = 1 - 0.6 * rugged
    bounds.share_is(runs["crossings"].sum(), runs["attempts"].sum(), math.exp(-0.7 * passable))
    at_border = runs["foiled_at_border"].sum()
    bounds.share_is(at_border, runs["crossings"].sum(), -math.expm1(-0.48 * passable))
    inside = runs["foiled_inside"].sum()
    through = runs["crossings"].sum() - at_border
    bounds.share_is(inside, through, -math.expm1(-0.72))
    assert (runs["attacks"].sum() + inside) == through


# ── V8: full thinning ────────────────────────────────────────────────────────────────────────

HOST_DEPTH, HOME_DEPTH, CELL = 5, 12, 7.0
LAMBDA, DOMESTIC, CLASHES = 6.0, 2.0, 0.5
K_HOST, WILL, K_HOME, FORWARD, TERRAIN = 1.2, 0.5, 1.5, 0.5, 0.4
SEEN, BLAMED, DECAY, FALSE, LETHAL = 0.6, 0.8, 30.0, 0.15, 0.7

THINNING: Settings = {
    **PEACE, **STEADY_GROUP, "home.adaptivity": 0.0, "host.adaptivity": 0.0,
    "run.warmup_days": 0, "run.horizon_days": 3650,
    "border.host_depth": HOST_DEPTH, "border.home_depth": HOME_DEPTH, "border.cell_km": CELL,
    "border.terrain": TERRAIN, "militants.attempts_per_day": LAMBDA,
    "militants.lethal_share": LETHAL, "host.capacity": K_HOST, "host.will": WILL,
    "home.capacity": K_HOME, "home.forward": FORWARD, "attribution.foiled": SEEN,
    "attribution.attack": BLAMED, "attribution.attack_decay_km": DECAY,
    "attribution.false_positive": FALSE, "attribution.domestic_per_day": DOMESTIC,
    "attribution.friction_per_day": CLASHES,
}  # fmt: skip

DEPTH = stats.lognorm(0.95, scale=math.exp(3.34))


def depth_law() -> NDArray[np.float64]:
    """P(target in the j-th home cell): km rounded up to whole cells, clipped to the home side."""
    reached = DEPTH.cdf(CELL * np.arange(HOME_DEPTH + 1))
    reached[-1] = 1.0
    return np.diff(reached)


def blame_law() -> NDArray[np.float64]:
    """E[a2 exp(-depth/ℓ); target in the j-th home cell], the depth as drawn."""
    edges = np.append(CELL * np.arange(HOME_DEPTH), np.inf)
    return np.array([
        integrate.quad(lambda x: BLAMED * math.exp(-x / DECAY) * DEPTH.pdf(x), a, b)[0]
        for a, b in pairwise(edges)
    ])  # fmt: skip


def thinned(sectors: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    """Expected numbers a day by (sector, cell): Poisson, and independent of one another."""
    s, depths = sectors.size, HOST_DEPTH + HOME_DEPTH
    passable = 1 - TERRAIN * sectors["ruggedness"][:, None]
    hazard = np.empty((s, depths))
    hazard[:, :HOST_DEPTH] = K_HOST * WILL / HOST_DEPTH * passable
    hazard[:, HOST_DEPTH] = K_HOME * FORWARD * passable[:, 0]
    hazard[:, HOST_DEPTH + 1 :] = K_HOME * (1 - FORWARD) / (HOME_DEPTH - 1)
    after = np.exp(-np.cumsum(hazard, axis=1))
    before = np.concatenate([np.ones((s, 1)), after[:, :-1]], axis=1)
    target = np.concatenate([np.zeros(HOST_DEPTH), depth_law()])
    heading_there = np.cumsum(target[::-1])[::-1]
    launched = LAMBDA * sectors["weight"][:, None]
    blamed = np.concatenate([np.zeros(HOST_DEPTH), blame_law()])
    foiled = launched * before * -np.expm1(-hazard) * heading_there
    arrived = launched * after
    return {
        "foiled by the host": foiled[:, :HOST_DEPTH],
        "foiled by home, attributed": SEEN * foiled[:, HOST_DEPTH:],
        "foiled by home, not attributed": (1 - SEEN) * foiled[:, HOST_DEPTH:],
        "attacks, attributed": arrived[:, HOST_DEPTH:] * LETHAL * blamed[HOST_DEPTH:],
        "attacks, not attributed": arrived[:, HOST_DEPTH:]
        * (target[HOST_DEPTH:] - LETHAL * blamed[HOST_DEPTH:]),
        "domestic, attributed": DOMESTIC * FALSE * sectors["weight"][:, None] * depth_law(),
        "domestic, not attributed": DOMESTIC * (1 - FALSE) * sectors["weight"][:, None]
        * depth_law(),
    }  # fmt: skip


def seen_in(events: NDArray[np.void], sectors: int) -> dict[str, NDArray[np.int64]]:
    """The same numbers, from the event log."""
    kind, attributed = events["kind"], events["attributed"]
    foiled = (kind == names.FOILED_AT_BORDER) | (kind == names.FOILED_INSIDE)
    attack = kind == names.BAND_ATTACK

    def count(which: NDArray[np.bool_], first: int, depths: int) -> NDArray[np.int64]:
        table = np.zeros((sectors, depths), np.int64)
        np.add.at(table, (events["sector"][which], events["depth"][which] - first), 1)
        return table

    return {
        "foiled by the host": count(kind == names.FOILED_BY_HOST, 0, HOST_DEPTH),
        **{
            name: count(which, HOST_DEPTH, HOME_DEPTH)
            for name, which in {
                "foiled by home, attributed": foiled & (attributed == 1),
                "foiled by home, not attributed": foiled & (attributed == 0),
                "attacks, attributed": attack & (attributed == 1),
                "attacks, not attributed": attack & (attributed == 0),
                "domestic, attributed": kind == names.MISATTRIBUTION,
                "domestic, not attributed": kind == names.DOMESTIC_ATTACK,
            }.items()
        },
    }


@pytest.fixture(scope="module")
def thinning_runs() -> list[tuple[np.void, NDArray[np.void]]]:
    """Outcomes and events of four runs of ten years: 87,000 bands."""
    run_spec = spec({**THINNING, **INSTANT}, on=uneven_border())
    return [(run.outcome, run.events) for run in recorded(run_spec, 4)]


@pytest.mark.parametrize("what", list(thinned(uneven_border(2))))
def test_v08_full_thinning(
    what: str, thinning_runs: list[tuple[np.void, NDArray[np.void]]]
) -> None:
    """V8: launches ~ Poisson(λ) split by sector, target, cell of interception, lethality and
    attribution into independent Poisson counts, each with its closed form; so do domestic attacks.

    Chi-square by cell and by sector, all but the rarest cells on their own. Detects 4 % in a
    total of 20,000, and say a cell's hazard off by 20 %.
    """
    sectors = uneven_border()
    seen = sum(seen_in(events, sectors.size)[what] for _, events in thinning_runs)
    due = thinned(sectors)[what] * 3650 * len(thinning_runs)
    bounds.poisson_is(int(np.sum(seen)), float(due.sum()))
    for table, expected in ((seen, due), (np.sum(seen, axis=1), due.sum(axis=1)),
                            (np.sum(seen, axis=0), due.sum(axis=0))):  # fmt: skip
        bounds.counts_are(np.ravel(table), expected.ravel(), fixed_total=False)


def test_v08_attribution_precision(thinning_runs: list[tuple[np.void, NDArray[np.void]]]) -> None:
    """V8: of the attributed incidents a share is true: that of the cross-border rate in the whole
    attributed rate. Given their number a binomial count, exactly."""
    by_kind = {name: float(table.sum()) for name, table in thinned(uneven_border()).items()}
    true = by_kind["foiled by home, attributed"] + by_kind["attacks, attributed"]
    false = by_kind["domestic, attributed"]
    violations = sum(int(outcome["violations"]) for outcome, _ in thinning_runs)
    wrong = sum(int(outcome["false_violations"]) for outcome, _ in thinning_runs)
    bounds.poisson_is(violations, (true + false) * 3650 * len(thinning_runs))
    bounds.share_is(violations - wrong, violations, true / (true + false))


def test_v08_walking_bands_have_the_same_rate() -> None:
    """V8 on the default way (two cells a day, a geometric wait): after a long warm-up the
    violations of a year are Poisson with the same rate; 300 runs detect 1 % of it, and a
    dispersion off by 60 %."""
    settings = {**THINNING, "run.horizon_days": 365, "run.warmup_days": 150}
    violations = replicates(spec(settings, on=uneven_border()), 300)["violations"]
    by_kind = thinned(uneven_border())
    rate = sum(
        float(by_kind[name].sum())
        for name in ("foiled by home, attributed", "attacks, attributed", "domestic, attributed")
    )
    bounds.poisson_is(int(violations.sum()), 300 * 365 * rate)
    bounds.variance_is(violations, 365 * rate, 365 * rate)


def test_v08_deaths(thinning_runs: list[tuple[np.void, NDArray[np.void]]]) -> None:
    """Deaths of a lethal attack: max(1, floor(lognormal)), from across the border and domestic."""
    law = stats.lognorm(1.06, scale=math.exp(1.24))
    reached = np.append(law.sf(np.arange(1, 200)), 0.0)
    reached[0] = 1.0
    for kinds in ([names.BAND_ATTACK], [names.DOMESTIC_ATTACK, names.MISATTRIBUTION]):
        deaths = np.concatenate([
            events["deaths"][np.isin(events["kind"], kinds) & (events["deaths"] > 0)]
            for _, events in thinning_runs
        ])  # fmt: skip
        seen = np.bincount(np.minimum(deaths, 199), minlength=200)[1:]
        bounds.counts_are(seen, -np.diff(reached) * deaths.size)
    lethal = sum(int(outcome["lethal_attacks"]) for outcome, _ in thinning_runs)
    attacks = sum(int(outcome["attacks"]) for outcome, _ in thinning_runs)
    bounds.share_is(lethal, attacks, LETHAL)


def test_v08_friction_at_crossings(thinning_runs: list[tuple[np.void, NDArray[np.void]]]) -> None:
    """Clashes ~ Poisson(μ_fr), at a crossing drawn uniformly: of three, two lie in sector 1."""
    where = np.concatenate([
        events["sector"][events["kind"] == names.FRICTION_CLASH] for _, events in thinning_runs
    ])  # fmt: skip
    bounds.poisson_is(where.size, CLASHES * 3650 * len(thinning_runs))
    crossings = uneven_border()["crossings"]
    bounds.counts_are(np.bincount(where, minlength=12), crossings / crossings.sum() * where.size)


def test_v08_waiting() -> None:
    """A band attacks k days after it reached its target with probability (1-1/m)^(k-1)/m, m the
    mean wait: from day of launch to attack, with no interception, at one depth."""
    settings = {
        **PEACE, **STEADY_GROUP, **NO_INTERDICTION, "run.warmup_days": 0,
        "militants.attempts_per_day": 10.0, "militants.depth_mu": 8.0,
        "militants.depth_sigma": 0.0, "militants.staging_days": 4.0,
    }  # fmt: skip
    waits = []
    for run in recorded(spec(settings), 10):
        set_out = run.events[run.events["kind"] == names.LAUNCH]
        early = dict(zip(set_out["band"], set_out["day"], strict=True))
        attacks = run.events[run.events["kind"] == names.BAND_ATTACK]
        waits += [e["day"] - early[e["band"]] - 7 for e in attacks if early[e["band"]] < 200]
    # 15 cells, two a day: launched on day t, at the target on day t + 7.
    bounds.days_follow(np.array(waits) - 1, lambda k: 1 - 0.75 ** (k + 1.0))


# ── V12: choice of sector ────────────────────────────────────────────────────────────────────


def test_v12_sectors_without_risk_aversion() -> None:
    """V12: with β = 0 sectors are chosen as w says, whatever bands have learnt and whatever the
    posture. Chi-square of 70,000 launches on 12 sectors: detects 4 % of a sector's share."""
    settings = {
        **PEACE, "militants.attempts_per_day": 6.0, "militants.excitation": 0.5,
        "militants.risk_aversion": 0.0, "militants.learning_rate": 0.5,
    }  # fmt: skip
    sectors = uneven_border()
    launches = np.concatenate([
        run.events["sector"][run.events["kind"] == names.LAUNCH]
        for run in recorded(spec(settings, on=sectors), 20)
    ])  # fmt: skip
    bounds.counts_are(np.bincount(launches, minlength=12), sectors["weight"] * launches.size)


def test_v12_equal_risks_do_not_matter() -> None:
    """With any β, sectors of equal learned risk are chosen as w says: on the first day."""
    settings = {
        **PEACE, "militants.attempts_per_day": 20.0, "militants.risk_aversion": 5.0,
        "run.horizon_days": 1, "run.warmup_days": 0, "truce.window_days": 1,
    }  # fmt: skip
    sectors = uneven_border()
    launches = np.concatenate([
        run.events["sector"][run.events["kind"] == names.LAUNCH]
        for run in recorded(spec(settings, on=sectors), 1000)
    ])  # fmt: skip
    bounds.counts_are(np.bincount(launches, minlength=12), sectors["weight"] * launches.size)
