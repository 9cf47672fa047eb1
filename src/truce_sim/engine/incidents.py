"""Step 5: bands attack; others attack and clash too."""

from __future__ import annotations

import math

from truce_sim.engine.codes import (
    BAND_ATTACK,
    DOMESTIC_ATTACK,
    FRICTION_CLASH,
    SPENT,
    SUSPENDED,
    TODAY,
    WAITING,
)
from truce_sim.engine.compile import rule
from truce_sim.engine.draws import (
    DEATHS,
    DOMESTIC_ATTACKS,
    DOMESTIC_DEATHS,
    DOMESTIC_DEPTH,
    DOMESTIC_SECTOR,
    FRICTION,
    FRICTION_SECTOR,
    LETHALITY,
    entity_of,
    happens,
    lognormal,
    pick,
    poisson,
    uniform,
)
from truce_sim.engine.launch import depth_in_cells, draw_depth
from truce_sim.engine.world import new_incident


@rule
def make_attacks(p, w, key):
    """Every band whose wait has ended attacks, in launch order."""
    for i in range(w.band_count):
        make_attack(p, w, key, i)


@rule
def make_attack(p, w, key, i):
    """Band i attacks if its wait has ended, and is gone. Deaths are 0 where it is not lethal."""
    band = w.bands[i]
    if band.status != WAITING or band.wait > 0:
        return
    band.status = SPENT
    w.attacks_yesterday += 1
    tally, deaths = w.tally[TODAY], 0
    tally.attacks += 1
    if happens(p.militants.lethal_share, key, LETHALITY, band.entity, 0):
        deaths = draw_deaths(p, key, DEATHS, band.entity)
        tally.lethal_attacks += 1
        tally.deaths += deaths
    new_incident(w, BAND_ATTACK, band.entity, band.sector, band.depth, band.target_km, deaths)


@rule
def draw_deaths(p, key, stream, entity):
    """Deaths in a lethal attack: max(1, floor(lognormal))."""
    u = uniform(key, stream, entity, 0)
    return max(1, int(math.floor(lognormal(u, p.militants.deaths_mu, p.militants.deaths_sigma))))


@rule
def make_other_incidents(p, w, key, day):
    """What bands have no part in: domestic attacks and friction."""
    make_domestic_attacks(p, w, key, day)
    make_friction(p, w, key, day)


@rule
def make_domestic_attacks(p, w, key, day):
    """Lethal attacks from this side of the border ~ Poisson(μ_dom), sector ~ w, depth as bands."""
    count = poisson(uniform(key, DOMESTIC_ATTACKS, 0, day), p.attribution.domestic_per_day)
    if count > 0:
        cumulate_weights(w)
    for slot in range(count):
        entity = entity_of(day, slot)
        s = pick(uniform(key, DOMESTIC_SECTOR, entity, 0), w.cumulative, w.sector_count)
        depth_km = draw_depth(p, key, DOMESTIC_DEPTH, entity)
        depth = p.border.host_depth + depth_in_cells(p, depth_km) - 1
        deaths = draw_deaths(p, key, DOMESTIC_DEATHS, entity)
        tally = w.tally[TODAY]
        tally.domestic_attacks += 1
        tally.domestic_deaths += deaths
        new_incident(w, DOMESTIC_ATTACK, entity, s, depth, depth_km, deaths)


@rule
def cumulate_weights(w):
    """Cumulative site prior, into `w.cumulative`."""
    total = 0.0
    for s in range(w.sector_count):
        total += w.sectors[s].weight
        w.cumulative[s] = total


@rule
def make_friction(p, w, key, day):
    """Clashes between posts ~ Poisson(μ_fr), likelier while the truce is suspended, each at one of
    the crossings; by w where the border has none."""
    mean = p.attribution.friction_per_day
    if w.truce == SUSPENDED:
        mean *= p.truce.suspended_friction
    count = poisson(uniform(key, FRICTION, 0, day), mean)
    if count > 0:
        cumulate_crossings(w)
    for slot in range(count):
        entity = entity_of(day, slot)
        s = pick(uniform(key, FRICTION_SECTOR, entity, 0), w.cumulative, w.sector_count)
        w.tally[TODAY].friction_clashes += 1
        new_incident(w, FRICTION_CLASH, entity, s, p.border.host_depth, 0.0, 0)


@rule
def cumulate_crossings(w):
    """Cumulative number of crossings, or the site prior where there are none."""
    total = 0.0
    for s in range(w.sector_count):
        total += w.sectors[s].crossings
        w.cumulative[s] = total
    if total == 0.0:
        cumulate_weights(w)
