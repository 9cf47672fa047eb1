"""Step 5: bands attack; others attack and clash too."""

from __future__ import annotations

import math

from truce_sim.engine.ahead import (
    AT_DEATHS,
    AT_LETHALITY,
    FOR_DEATHS,
    FOR_DOMESTIC,
    FOR_FRICTION,
    daily_uniform,
    first_uniform,
)
from truce_sim.engine.arithmetic import exp
from truce_sim.engine.codes import (
    BAND_ATTACK,
    DOMESTIC_ATTACK,
    DONE,
    FRICTION_CLASH,
    SPENT,
    SUSPENDED,
    TODAY,
    WAITING,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import (
    DOMESTIC_DEATHS,
    DOMESTIC_DEPTH,
    DOMESTIC_SECTOR,
    FRICTION_SECTOR,
    entity_of,
    lognormal,
    pick,
    poisson,
    poisson_from,
    uniform,
)
from truce_sim.engine.launch import target_cells
from truce_sim.engine.offspring import note_attack
from truce_sim.engine.steps import look_up, tabulate_lognormal, tabulate_poisson
from truce_sim.engine.world import new_incident, new_incident_of


@rule
def make_attacks(p, w):
    """Every band whose wait has ended attacks, in launch order."""
    for i in range(w.band_count):
        make_attack(p, w, i)


@rule
def make_attack(p, w, i):
    """If its wait has ended, band i attacks and is gone. A non-lethal attack causes no deaths."""
    band = w.bands[i]
    if band.status != WAITING or band.wait > 0:
        return
    band.status = SPENT
    w.leaving = 1
    note_attack(p, w, band.sector)
    tally, deaths = w.tally[TODAY], 0
    tally.attacks += 1
    if w.draws[band.slot, AT_LETHALITY] < p.militants.lethal_share:
        deaths = draw_deaths(p, w, w.draws[band.slot, AT_DEATHS])
        tally.lethal_attacks += 1
        tally.deaths += deaths
    new_incident_of(w, BAND_ATTACK, i, deaths)


@rule
def draw_deaths(p, w, u):
    """Deaths in a lethal attack: max(1, floor(lognormal))."""
    deaths = look_up(w.tables.deaths, u)
    return draw_deaths_exactly(p, u) if deaths < 0 else deaths + 1


@rule_apart
def draw_deaths_exactly(p, u):
    """`draw_deaths` by the quantile itself, where the table does not tell."""
    return max(1, int(math.floor(lognormal(u, p.militants.deaths_mu, p.militants.deaths_sigma))))


@rule
def make_other_incidents(p, w, key, day):
    """Incidents without bands: domestic attacks and friction."""
    make_domestic_attacks(p, w, key, day)
    make_friction(p, w, key, day)


@rule
def make_domestic_attacks(p, w, key, day):
    """Lethal attacks from this side of the border ~ Poisson(μ_dom). Where one happens matters only
    if it is attributed or logged."""
    u = daily_uniform(w, key, FOR_DOMESTIC, day)
    count = look_up(w.tables.domestic, u)
    if count < 0:
        count = poisson(u, p.attribution.domestic_per_day)
    for slot in range(count):
        entity = entity_of(day, slot)
        deaths = draw_deaths(p, w, first_uniform(w, key, FOR_DEATHS, DOMESTIC_DEATHS, day, slot))
        tally = w.tally[TODAY]
        tally.domestic_attacks += 1
        tally.domestic_deaths += deaths
        new_incident(w, DOMESTIC_ATTACK, entity, -1, -1, deaths)
        if w.recorded and w.failure == DONE:
            place_domestic_attack(p, w, key, w.incidents[w.incident_count - 1])


@rule
def place_domestic_attack(p, w, key, incident):
    """Where a domestic attack happens: sector ~ w, depth drawn as for bands."""
    u = uniform(key, DOMESTIC_SECTOR, incident.entity, 0)
    incident.sector = pick(u, w.sectors.sum_weight, w.sector_count)
    if w.recorded:
        u = uniform(key, DOMESTIC_DEPTH, incident.entity, 0)
        incident.depth = p.border.host_depth + target_cells(p, w, u) - 1


@rule
def make_friction(p, w, key, day):
    """Clashes between posts ~ Poisson(μ_fr), with another mean while the truce is suspended; each
    at a crossing, or by w where the border has none."""
    mean, none = p.attribution.friction_per_day, w.regime.no_friction
    if w.truce == SUSPENDED:
        mean, none = w.regime.friction_suspended, w.regime.no_friction_suspended
    u = daily_uniform(w, key, FOR_FRICTION, day)
    count = 0 if u <= none else poisson_from(u, mean, none)
    for slot in range(count):
        entity = entity_of(day, slot)
        s = draw_crossing(w, uniform(key, FRICTION_SECTOR, entity, 0))
        w.tally[TODAY].friction_clashes += 1
        new_incident(w, FRICTION_CLASH, entity, s, p.border.host_depth, 0)


@rule
def draw_crossing(w, u):
    """A sector drawn by its crossings, or by the site prior where the border has none."""
    n, crossings = w.sector_count, w.sectors.sum_crossings
    return pick(u, crossings if crossings[n - 1] > 0.0 else w.sectors.sum_weight, n)


@rule
def prepare_incidents(p, w):
    """Distributions of deaths and of domestic attacks in a regime; chances of a day without
    friction."""
    regime, a, m = w.regime, p.attribution, p.militants
    tabulate_lognormal(w.tables.deaths, m.deaths_mu, m.deaths_sigma, 2.0, 1.0, math.inf)
    tabulate_poisson(w.tables.domestic, a.domestic_per_day)
    regime.no_friction = exp(-a.friction_per_day)
    regime.friction_suspended = a.friction_per_day * p.truce.suspended_friction
    regime.no_friction_suspended = exp(-regime.friction_suspended)
