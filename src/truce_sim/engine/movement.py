"""Step 4: bands walk to their targets, are intercepted or wait at the end; the group learns."""

from __future__ import annotations

import numpy as np

from truce_sim.engine.ahead import (
    AT_WAIT,
    draw_cells,
    give_slot,
    interdiction_uniform,
    sidestep_uniform,
)
from truce_sim.engine.codes import (
    BY_MILITANTS,
    CROSSING,
    FOILED_AT_BORDER,
    FOILED_BY_HOST,
    FOILED_INSIDE,
    MAX_DAYS,
    MOVING,
    SPENT,
    STOPPED,
    TODAY,
    WAITING,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import SIGNAL, geometric, happens
from truce_sim.engine.launch import note_risk
from truce_sim.engine.posture import is_intercepted
from truce_sim.engine.state import clip
from truce_sim.engine.steps import look_up, tabulate_geometric
from truce_sim.engine.stretch import end_of, first_of
from truce_sim.engine.world import new_event, new_incident_of


@rule
def move_bands(p, w, key, day):
    """Every band in launch order. Bands do not affect one another, so the order does not matter."""
    for i in range(w.band_count):
        move_band(p, w, key, day, i)


@rule
def move_band(p, w, key, day, i):
    """Up to `pace` cells, or one day less to wait. A new band's first step takes it into (s, 0)."""
    band = w.bands[i]
    if band.status == WAITING:
        band.wait -= 1
        return
    for _ in range(p.militants.pace_cells_per_day):
        enter_next_cell(p, w, key, day, i)
        if band.status == MOVING and band.depth == band.target:
            band.wait = wait_at_target(p, w, key, day, w.draws[band.slot, AT_WAIT])
            band.status = WAITING
        if band.status != MOVING:
            return


@rule
def wait_at_target(p, w, key, day, u):
    """Days from arrival to attack: a band's own, or, for `signal_share` of them, until the next
    signal, the same for all that wait. Either is geometric with mean `staging_days`."""
    shared = p.militants.signal_share
    if u < shared:
        return days_to_signal(key, day, p.militants.staging_days)
    own = (u - shared) / (1.0 - shared)
    days = look_up(w.tables.wait, own)
    return geometric(own, p.militants.staging_days) if days < 0 else days + 1


@rule
def prepare_movement(p, w):
    """Tabulate the distribution of waiting times."""
    tabulate_geometric(w.tables.wait, p.militants.staging_days)


@rule_apart
def days_to_signal(key, day, mean):
    """Days until the next signal, one on each day with probability 1/mean; 0 for mean 0. At most
    MAX_DAYS, the longest a run can be."""
    if mean == 0.0:
        return 0
    for wait in range(1, MAX_DAYS):
        if happens(1.0 / mean, key, SIGNAL, 0, day + wait):
            return wait
    return MAX_DAYS


@rule
def enter_next_cell(p, w, key, day, i):
    """One step: perhaps a sidestep, then the next cell, where the band may be intercepted."""
    band = w.bands[i]
    ahead = band.depth + 1
    if ahead >= band.drawn_to:
        draw_cells(w, key, band, ahead)
    if ahead > 0 and sidestep_uniform(w, band, ahead) < p.militants.evasion:
        band.sector = least_risky(w, band.sector)
    band.depth = ahead
    if ahead == p.border.host_depth:
        band.crossed = band.sector
        w.tally[TODAY].crossings += 1
        event = new_event(w, day, CROSSING, BY_MILITANTS, band.sector, ahead)
        w.events[event].band = band.entity
    if is_intercepted(p, w, band.sector, ahead, interdiction_uniform(w, band, ahead)):
        intercept(p, w, i)


@rule
def least_risky(w, s):
    """The sector of least learned risk: s or one a stretch to either side. Ties: stay, then the
    lower index."""
    best, risk, step = s, w.sectors.risk, w.regime.stretch
    for other in (s - step, s + step):
        if 0 <= other < w.sector_count and risk[other] < risk[best]:
            best = other
    return best


@rule
def intercept(p, w, i):
    """Band i is intercepted where it stands: by the host, at the border cell, or inside."""
    band, tally = w.bands[i], w.tally[TODAY]
    band.status = STOPPED
    w.leaving = 1
    if band.depth < p.border.host_depth:
        kind = FOILED_BY_HOST
        tally.foiled_by_host += 1
    elif band.depth == p.border.host_depth:
        kind = FOILED_AT_BORDER
        tally.foiled_at_border += 1
    else:
        kind = FOILED_INSIDE
        tally.foiled_inside += 1
    weaken(p, w)
    new_incident_of(w, kind, i, 0)


@rule
def weaken(p, w):
    """The group loses one band's share of its strength."""
    w.strength = max(w.strength - p.militants.band_size, 0.0)


@rule
def learn_and_leave(p, w):
    """End of the day: risks are learnt in band order, and finished bands leave.

    q += α(1[intercepted] - q), in the sector where a band was intercepted, or where an attacker
    crossed.
    """
    if w.leaving == 0:
        return
    w.leaving = 0
    kept = 0
    for i in range(w.band_count):
        band = w.bands[i]
        if band.status < STOPPED:
            if kept != i:
                w.bands[kept] = w.bands[i]
            kept += 1
            continue
        if band.status == STOPPED:
            learn(p, w, band.sector, 1.0)
        elif band.status == SPENT:
            learn(p, w, band.crossed, 0.0)
        give_slot(w, band.slot)
    w.band_count = kept


@rule
def learn(p, w, s, intercepted):
    """Learn from one band's fate in sector s, along its whole stretch."""
    risk, near, change, end = w.sectors.risk, w.sectors.near_appeal, 0.0, end_of(w, s)
    for i in range(first_of(w, s), end):
        before = risk[i]
        risk[i] = clip(before + p.militants.learning_rate * (intercepted - before))
        w.exposure += w.sectors.activity[i] * (risk[i] - before)
        change += note_risk(p, w, i)
        near[i] += change
    for later in range(np.uint64(end), np.uint64(w.sector_count)):  # vectorised only if never < 0
        near[later] += change
