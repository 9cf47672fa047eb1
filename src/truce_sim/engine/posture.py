"""Step 2: both states spread their effort along the border; what a cell then costs a band."""

from __future__ import annotations

import math

import numpy as np

from truce_sim.engine.arithmetic import exp
from truce_sim.engine.codes import IN_FORCE
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.params import HOME, HOST, MAX_PLACES
from truce_sim.engine.world import room

#: Where a cell is: on the host side, at the line, behind it.
BEYOND, LINE, BEHIND = np.arange(3)


@rule
def review_posture(p, w, day, who):
    """Every `review_days`, first on the first day: a state weighs the prior against activity.

    ratio = min(share (1-x) / w + share x / Σw², cap), share = (1-a) w + a activity: effort for the
    traffic expected, or by the kilometre. Ratios stand between reviews.
    """
    if (day + p.run.warmup_days) % p.run.review_days == 0:
        spread_effort(p, w, who)


@rule_apart
def spread_effort(p, w, who):
    """Set the ratios of `review_posture`."""
    a, x, cap = p.states[who].adaptivity, p.border.effort_per_km, p.border.ratio_cap
    by_km = x / w.regime.mean_weight
    weight, activity, ratio = w.sectors.weight, w.sectors.activity, w.sectors.ratio[who]
    for s in range(room(w)):
        share = (1.0 - a) * weight[s] + a * activity[s]
        ratio[s] = min((1.0 - x) * (share / weight[s]) + by_km * share, cap)
    note_hazard(p, w, who)


@rule
def effort(p, w, s, depth):
    """Hazard exponent of entering cell (s, depth): k_H ω on the host side, k_D on the home side,
    spread over cells and scaled by posture; rugged ground costs effort up to the border cell, not
    behind it. ω is today's."""
    at = w.sectors
    if depth < p.border.host_depth:
        enforcement = at.capacity[HOST, s] * enforcing_will(p, w)
        return enforcement * at.ratio[HOST, s] * at.passable[s] / p.border.host_depth
    if depth == p.border.host_depth:
        return at.capacity[HOME, s] * p.home.forward * at.ratio[HOME, s] * at.passable[s]
    return at.behind_line[s] * at.ratio[HOME, s]


@rule
def enforcing_will(p, w):
    """The will actually applied: ω, reduced by `withholding` unless the truce is in force."""
    if w.truce == IN_FORCE:
        return w.will
    return w.will * (1.0 - p.host.withholding)


@rule
def note_hazard(p, w, who):
    """Cache what of a state's effort stays the same between reviews, for `hazard`."""
    at, ratio = w.sectors, w.sectors.ratio[who]
    capacity, part = at.capacity[who], p.home.forward
    if who == HOST:
        part = 1.0 / p.border.host_depth
    ahead, behind = at.hazard[BEYOND if who == HOST else LINE], at.hazard[BEHIND]
    for s in range(room(w)):
        ahead[s] = capacity[s] * part * ratio[s] * at.passable[s]
    if who == HOME:
        for s in range(room(w)):
            behind[s] = at.behind_line[s] * ratio[s]


@rule
def hazard(p, w, s, depth):
    """`effort` from cached values; equal up to rounding."""
    line = p.border.host_depth
    where = int(depth >= line) + int(depth > line)
    return w.sectors.hazard[where, s] * (enforcing_will(p, w) if where == BEYOND else 1.0)


@rule
def prepare_posture(p, w):
    """Values constant within a regime: the effect of rugged ground, Σw² (the mean share of effort
    met by bands launched in proportion to w, where effort is spread by w), capacities, and effort
    behind the line."""
    place_capacity(p, w)
    w.regime.mean_weight = 0.0
    for s in range(w.sector_count):
        w.sectors.passable[s] = 1.0 - p.border.terrain * w.sectors.ruggedness[s]
        w.regime.mean_weight += w.sectors.weight[s] * w.sectors.weight[s]
        behind = w.sectors.capacity[HOME, s] * (1.0 - p.home.forward)
        w.sectors.behind_line[s] = behind / (p.border.home_depth - 1)
    note_hazard(p, w, HOME)
    note_hazard(p, w, HOST)


@rule
def place_capacity(p, w):
    """The capacity of both states by sector: their own, and another where a place gives one, in
    proportion to the part of the sector that it covers; later places override earlier ones."""
    capacity = w.sectors.capacity
    for who in range(2):
        for s in range(w.sector_count):
            capacity[who, s] = p.states[who].capacity
    for i in range(MAX_PLACES):
        place = p.places[i]
        if place.end <= place.first:
            return
        for s in range(int(place.first), min(int(math.ceil(place.end)), w.sector_count)):
            part = min(place.end, s + 1.0) - max(place.first, float(s))
            before = capacity[place.state, s]
            capacity[place.state, s] = (1.0 - part) * before + part * place.capacity


@rule
def map_border(p, w, host_effort, home_effort, risk, activity):
    """What a picture shows of each cell (S, D): effort of its own side, learned risk, activity."""
    for s in range(w.sector_count):
        for depth in range(risk.shape[1]):
            side = host_effort if depth < p.border.host_depth else home_effort
            side[s, depth] = effort(p, w, s, depth)
            risk[s, depth] = w.sectors.risk[s]
            activity[s, depth] = w.sectors.activity[s]


@rule
def interception_chance(p, w, s, depth):
    """Probability that a band entering cell (s, depth) is intercepted there."""
    return 1.0 - exp(-effort(p, w, s, depth))


@rule
def is_intercepted(p, w, s, depth, u):
    """Whether a band with the draw u is intercepted as it enters cell (s, depth)."""
    sure = surely_intercepted(u, hazard(p, w, s, depth))
    return sure == 1 if sure >= 0 else is_intercepted_exactly(p, w, s, depth, u)


@rule
def surely_intercepted(u, e):
    """1 if u < 1 - exp(-e), else 0; -1 where the bounds e - e²/2 <= 1 - exp(-e) <= e do not decide
    it, or only by a margin that rounding could bridge."""
    if u >= e * (1.0 + 1e-9) + 1e-15:
        return 0
    return 1 if u < (e - 0.5 * e * e) * (1.0 - 1e-9) - 1e-15 else -1


@rule_apart
def is_intercepted_exactly(p, w, s, depth, u):
    """`is_intercepted` by the exponential, where the bounds do not decide it."""
    return u < interception_chance(p, w, s, depth)
