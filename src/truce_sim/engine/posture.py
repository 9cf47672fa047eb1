"""Step 2: both states spread their effort along the border; what a cell then costs a band."""

from __future__ import annotations

import math

from truce_sim.engine.compile import rule
from truce_sim.engine.params import HOME, HOST


@rule
def review_posture(p, w, day, who):
    """Every `review_days`, first on the first day: a state weighs the prior against activity.

    ratio = min(share / w, cap), share = (1-a) w + a activity. Ratios stand between reviews.
    """
    if (day + p.run.warmup_days) % p.run.review_days != 0:
        return
    for s in range(w.sector_count):
        sector = w.sectors[s]
        a = p.states[who].adaptivity
        share = (1.0 - a) * sector.weight + a * sector.activity
        sector.ratio[who] = min(share / sector.weight, p.border.ratio_cap)


@rule
def effort(p, w, s, depth):
    """Hazard exponent of entering cell (s, depth): k_H ω on the host side, k_D on the home side,
    spread over cells and scaled by posture; rugged ground costs effort up to the border cell, not
    behind it. ω is today's."""
    sector = w.sectors[s]
    passable = 1.0 - p.border.terrain * sector.ruggedness
    if depth < p.border.host_depth:
        enforcement = p.states[HOST].capacity * w.will
        return enforcement * sector.ratio[HOST] * passable / p.border.host_depth
    if depth == p.border.host_depth:
        return p.states[HOME].capacity * p.home.forward * sector.ratio[HOME] * passable
    behind = p.states[HOME].capacity * (1.0 - p.home.forward) / (p.border.home_depth - 1)
    return behind * sector.ratio[HOME]


@rule
def map_border(p, w, host_effort, home_effort, risk, activity):
    """What a picture shows of each cell (S, D): effort of its own side, learned risk, activity."""
    for s in range(w.sector_count):
        for depth in range(risk.shape[1]):
            side = host_effort if depth < p.border.host_depth else home_effort
            side[s, depth] = effort(p, w, s, depth)
            risk[s, depth] = w.sectors[s].risk
            activity[s, depth] = w.sectors[s].activity


@rule
def chance_foiled(p, w, s, depth):
    """Probability that a band entering cell (s, depth) is foiled there."""
    return 1.0 - math.exp(-effort(p, w, s, depth))
