"""Step 3: the militant group launches bands: how many, where, how deep."""

from __future__ import annotations

import math

from truce_sim.engine.codes import (
    BY_MILITANTS,
    LAUNCH,
    MAX_BANDS,
    MOVING,
    NEVER,
    NOT_FINITE,
    OVERFLOW,
    TODAY,
    TOO_MANY,
)
from truce_sim.engine.compile import rule
from truce_sim.engine.draws import (
    LAUNCH_SECTOR,
    LAUNCHES,
    MAX_POISSON_MEAN,
    TARGET_DEPTH,
    entity_of,
    lognormal,
    pick,
    poisson,
    uniform,
)
from truce_sim.engine.world import new_event


@rule
def launch_bands(p, w, key, day):
    """Today's bands ~ Poisson(λ), in launch order; they stand at depth -1 until they move."""
    update_excitement(p, w)
    mean = attempt_rate(p, w)
    if not mean <= MAX_POISSON_MEAN:
        w.failure = NOT_FINITE if math.isnan(mean) else TOO_MANY
        return
    count = poisson(uniform(key, LAUNCHES, 0, day), mean)
    if count > 0:
        weigh_sectors(p, w)
    for slot in range(count):
        launch_band(p, w, key, day, slot)


@rule
def update_excitement(p, w):
    """A = β_h A + yesterday's attacks: what self-excitation remembers."""
    w.excitement *= math.exp(-1.0 / p.militants.excitation_memory_days)
    w.excitement += w.attacks_yesterday
    w.attacks_yesterday = 0


@rule
def attempt_rate(p, w):
    """λ = λ0 N (1+σS) exp(-δ(R-R0)) + n_h (1-β_h) A, bands a day."""
    m = p.militants
    risk = 0.0
    for s in range(w.sector_count):
        risk += w.sectors[s].activity * w.sectors[s].risk
    fresh = m.attempts_per_day * w.strength * (1.0 + m.spoiler_strength * w.spoiler_motive)
    fresh *= math.exp(-m.deterrence * (risk - m.risk_prior))
    fading = 1.0 - math.exp(-1.0 / m.excitation_memory_days)
    return fresh + m.excitation * fading * w.excitement


@rule
def weigh_sectors(p, w):
    """Cumulative w_s exp(-β q_s) over sectors, into `w.cumulative`."""
    total = 0.0
    for s in range(w.sector_count):
        sector = w.sectors[s]
        total += sector.weight * math.exp(-p.militants.risk_aversion * sector.risk)
        w.cumulative[s] = total


@rule
def launch_band(p, w, key, day, slot):
    """One band: its sector, and its target depth in km, rounded up to cells and clipped to the
    home side."""
    if w.band_count == MAX_BANDS:
        w.failure = OVERFLOW
        return
    band = w.bands[w.band_count]
    entity = entity_of(day, slot)
    band.entity = entity
    band.sector = pick(uniform(key, LAUNCH_SECTOR, entity, 0), w.cumulative, w.sector_count)
    band.target_km = draw_depth(p, key, TARGET_DEPTH, entity)
    band.target = p.border.host_depth + depth_in_cells(p, band.target_km) - 1
    band.depth = -1
    band.wait = 0
    band.crossed = NEVER
    band.status = MOVING
    w.band_count += 1
    w.tally[TODAY].attempts += 1
    event = new_event(w, day, LAUNCH, BY_MILITANTS, band.sector, 0)
    w.events[event].band = entity


@rule
def draw_depth(p, key, stream, entity):
    """Depth of an attack behind the line, km."""
    u = uniform(key, stream, entity, 0)
    return lognormal(u, p.militants.depth_mu, p.militants.depth_sigma)


@rule
def depth_in_cells(p, depth_km):
    """Home cells a depth reaches: rounded up, 1 … home_depth."""
    cells = min(depth_km / p.border.cell_km, float(p.border.home_depth))
    return max(int(math.ceil(cells)), 1)
