"""Part of step 3: bands that follow an attack set out near it (by default anywhere).

Each sector remembers its attacks as excitement does, A_t = Σ_s a_s. A band that follows an attack
draws the attack's sector in proportion to a_s, then its own with weights of appeal times exp(-½ (km
apart / offspring_km)²); that factor is 1 everywhere at an infinite spread.
"""

from __future__ import annotations

import math

from truce_sim.engine.arithmetic import exp
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import pick


@rule
def offspring_share(p, w, mean):
    """Share of today's bands that follow an attack and set out near it; `mean` is λ."""
    if math.isinf(p.militants.offspring_km) or mean == 0.0:
        return 0.0
    remembered, at = 0.0, w.sectors
    for s in range(w.sector_count):
        remembered += at.attacks[s]
    return p.militants.excitation * (1.0 - w.regime.excitement_kept) * remembered / mean


@rule_apart
def sector_near_attack(p, w, u_attack, u):
    """The sector of a band that follows an attack, by two uniforms: the attack's, its own."""
    at, n, total = w.sectors, w.sector_count, 0.0
    for s in range(n):
        total += at.attacks[s]
        at.sum_near[s] = total
    attack, width = pick(u_attack, at.sum_near, n), p.sector_km / p.militants.offspring_km
    total = 0.0
    for s in range(n):
        apart = (s - attack) * width
        total += at.appeal[s] * exp(-0.5 * apart * apart)
        at.sum_near[s] = total
    return pick(u, at.sum_near, n)


@rule
def forget_attacks(p, w):
    """a_s fades overnight; today's attacks are added after that (`note_attack`)."""
    if math.isinf(p.militants.offspring_km):
        return
    for s in range(w.sector_count):
        w.sectors.attacks[s] *= w.regime.excitement_kept


@rule
def note_attack(p, w, s):
    """Remember an attack by a band in sector s."""
    w.attacks_yesterday += 1
    if not math.isinf(p.militants.offspring_km):
        w.sectors.attacks[s] += 1.0
