"""Step 6, and part of 7: what the home state attributes to the host's soil; what becomes public."""

from __future__ import annotations

from truce_sim.engine.ahead import AT_ATTRIBUTION, FOR_ATTRIBUTION, first_uniform
from truce_sim.engine.arithmetic import exp
from truce_sim.engine.codes import (
    BAND_ATTACK,
    BY_MILITANTS,
    BY_OTHERS,
    DOMESTIC_ATTACK,
    FOILED_BY_HOST,
    FOILED_INSIDE,
    FRICTION_CLASH,
    MISATTRIBUTION,
    TODAY,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import DOMESTIC_ATTRIBUTION
from truce_sim.engine.incidents import place_domestic_attack
from truce_sim.engine.launch import target_km
from truce_sim.engine.stretch import end_of, first_of
from truce_sim.engine.world import new_event, room


@rule
def attribute(p, w, key, day):
    """Decide which of the day's incidents are attributed, and set their weights. An attributed one
    is a violation of the clause. Clashes add grievance but are no violations, since nobody
    crossed."""
    for i in range(w.incident_count):
        incident = w.incidents[i]
        if incident.kind == FRICTION_CLASH:
            incident.weight = p.attribution.friction_weight
        elif is_attributed(p, w, key, day, incident):
            incident.attributed = 1
            incident.weight = weight_of(p, incident)
            count_violation(w, day, incident)
            if incident.sector < 0:
                place_domestic_attack(p, w, key, incident)
        if w.recorded:
            note_incident(w, day, i)


@rule
def is_attributed(p, w, key, day, incident):
    """Intercepted by home: a1; lethal cross-border attack: a2 exp(-depth/ℓ); domestic: f_pos."""
    a = p.attribution
    if incident.kind == FOILED_BY_HOST:
        return False
    if incident.kind == DOMESTIC_ATTACK:
        slot = incident.entity & 0xFFFF
        u = first_uniform(w, key, FOR_ATTRIBUTION, DOMESTIC_ATTRIBUTION, day, slot)
        return u < a.false_positive
    if incident.kind == BAND_ATTACK:
        return incident.deaths > 0 and is_attack_attributed(p, w, incident)
    return attribution_uniform(w, incident) < a.foiled


@rule
def attribution_uniform(w, incident):
    """The uniform that decides attribution; drawn with the band."""
    return w.draws[w.bands[incident.band].slot, AT_ATTRIBUTION]


@rule
def is_attack_attributed(p, w, incident):
    """With a chance that falls with depth; decided by the cell alone where that is enough."""
    u, cell = attribution_uniform(w, incident), incident.depth - p.border.host_depth
    if u >= w.regime.attack_chance[cell] * (1.0 + 1e-9):
        return False
    last = cell == p.border.home_depth - 1  # it holds all greater depths too
    if not last and u < w.regime.attack_chance[cell + 1] * (1.0 - 1e-9):
        return True
    return is_attack_attributed_exactly(p, u, target_km(p, w, incident.band))


@rule_apart
def is_attack_attributed_exactly(p, u, depth_km):
    """`is_attack_attributed` by the exact depth, where the cell does not decide."""
    a = p.attribution
    return u < a.attack * exp(-depth_km / a.attack_decay_km)


@rule
def prepare_attribution(p, w):
    """The chance that an attack is attributed, at the near end of each cell."""
    a, cell_km = p.attribution, p.border.cell_km
    for cell in range(p.border.home_depth + 1):
        w.regime.attack_chance[cell] = a.attack * exp(-cell * cell_km / a.attack_decay_km)


@rule
def weight_of(p, incident):
    """What an attributed incident adds to grievance: w_foiled, or min(deaths/d0, w_max)."""
    if incident.kind <= FOILED_INSIDE:
        return p.attribution.foiled_weight
    return min(incident.deaths / p.attribution.deaths_scale, p.attribution.max_weight)


@rule
def count_violation(w, day, incident):
    """Count the violation, and whether it is a false one."""
    tally = w.tally[TODAY]
    tally.violations += 1
    if incident.kind == DOMESTIC_ATTACK:
        tally.false_violations += 1
    if tally.first_violation_day < 0:
        tally.first_violation_day = day


@rule_apart
def note_incident(w, day, i):
    """Log the incident as an event."""
    incident = w.incidents[i]
    kind, actor, crossed_border = incident.kind, BY_MILITANTS, 1
    if kind == DOMESTIC_ATTACK:
        actor, crossed_border = BY_OTHERS, 0
        if incident.attributed:
            kind = MISATTRIBUTION
    elif kind == FRICTION_CLASH:
        actor, crossed_border = BY_OTHERS, -1
    event = w.events[new_event(w, day, kind, actor, incident.sector, incident.depth)]
    event.band = incident.entity if actor == BY_MILITANTS else -1
    event.deaths = incident.deaths
    event.weight = incident.weight
    event.attributed = incident.attributed if kind != FRICTION_CLASH else -1
    event.cross_border = crossed_border


@rule
def is_public(incident):
    """Whether it enters the public record: a band intercepted by home, or an attributed attack not
    cleared the same day."""
    if incident.kind == FOILED_BY_HOST or incident.kind == FRICTION_CLASH:
        return False
    if incident.kind <= FOILED_INSIDE:
        return True
    return incident.attributed == 1 and incident.cleared == 0


@rule
def update_activity(p, w):
    """The shared public record moves by (1-φ(τ_A)) towards the day's shares, if there are any."""
    total = 0
    for i in range(w.incident_count):
        if is_public(w.incidents[i]):
            w.sectors.count[first_of(w, w.incidents[i].sector)] += 1.0
            total += 1
    if total == 0:
        return
    risk = 0.0
    for i in range(w.incident_count):
        if is_public(w.incidents[i]):
            risk += share_out(w, first_of(w, w.incidents[i].sector), total)
    activity, share, step = w.sectors.activity, w.sectors.share, w.regime.activity_step
    for s in range(room(w)):
        activity[s] += step * (share[s] - activity[s])
        share[s] = 0.0
    w.exposure += step * (risk - w.exposure)


@rule
def share_out(w, s, total):
    """Turn the count of the stretch that begins with sector s into shares of its sectors, by their
    weights. Returns the sum of share times learned risk; 0 if the stretch has been done already.
    (Other stretches have no count and no share, so they need no work.)"""
    at, risk = w.sectors, 0.0
    if at.count[s] == 0.0:
        return 0.0
    for i in range(s, end_of(w, s)):
        at.share[i] = at.count[s] / total * at.part[i]
        risk += at.share[i] * at.risk[i]
    at.count[s] = 0.0
    return risk


@rule
def prepare_activity(p, w):
    """1-φ(τ_A) of a regime."""
    w.regime.activity_step = 1.0 - exp(-1.0 / p.attribution.activity_memory_days)
