"""Step 2: both states spread their effort along the border; what a cell then costs a band."""

from __future__ import annotations

import math

from .compile import rule
from .params import HOME, HOST


@rule
def review_posture(p, w, day):
    """Every `review_days`, first on the first day: each state weighs the prior against activity.

    ratio = min(share / w, cap), share = (1-a) w + a activity. Ratios stand between reviews.
    """
    if (day + p.run.warmup_days) % p.run.review_days != 0:
        return
    for s in range(w.sector_count):
        sector = w.sectors[s]
        for who in (HOME, HOST):
            a = p.states[who].adaptivity
            share = (1.0 - a) * sector.weight + a * sector.activity
            sector.ratio[who] = min(share / sector.weight, p.border.ratio_cap)


@rule
def effort(p, w, s, depth):
    """Hazard exponent of entering cell (s, depth): k_H ω on the host side, k_D on the home side,
    spread over cells, scaled by posture and ruggedness. ω is today's."""
    sector = w.sectors[s]
    passable = 1.0 - p.border.terrain * sector.ruggedness
    if depth < p.border.host_depth:
        enforcement = p.host.capacity * w.will
        return enforcement * sector.ratio[HOST] * passable / p.border.host_depth
    if depth == p.border.host_depth:
        return p.home.capacity * p.home.forward * sector.ratio[HOME] * passable
    behind = p.home.capacity * (1.0 - p.home.forward) / (p.border.home_depth - 1)
    return behind * sector.ratio[HOME] * passable


@rule
def chance_foiled(p, w, s, depth):
    """Probability that a band entering cell (s, depth) is foiled there."""
    return 1.0 - math.exp(-effort(p, w, s, depth))
