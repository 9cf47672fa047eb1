"""Draws ahead of need: the same numbers as `draws.uniform`, many at a time.

A draw is a pure function of what it is for, so it may be made before it is known to be needed. In a
plain loop over a table of counters the processor makes several side by side, for a tenth of the
time that each would take alone (loops shorter than sixteen it leaves as they are). What a band
needs is drawn when it is launched, with its first cells; later cells come by the eight, and what
every day needs, eight days at a time, with what its first domestic attack would need.
"""

from __future__ import annotations

import numpy as np

from truce_sim.engine.codes import NEVER
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import (
    ATTRIBUTION,
    DEATHS,
    DOMESTIC_ATTACKS,
    DOMESTIC_ATTRIBUTION,
    DOMESTIC_DEATHS,
    FRICTION,
    INTERDICTION,
    LAUNCH_SECTOR,
    LAUNCHES,
    LETHALITY,
    SIDESTEP,
    TARGET_DEPTH,
    WAITING,
    entity_of,
    philox4x32,
    to_uniform,
    uniform,
    word,
)

#: How many cells are drawn at once, at first and later, and how many days.
FIRST, CELLS, DAYS = 9, 8, 8

#: Of how many cells the luck is a band's own from the start, where the luck of a run turns.
OWN = 4

#: Where a band's draws stand: sidesteps and interdictions of the first cells, what comes once; from
#: _LATER on, sidesteps and interdictions of later cells.
_ONCE = (LAUNCH_SECTOR, TARGET_DEPTH, WAITING, LETHALITY, DEATHS, ATTRIBUTION)
_BAND_STREAMS = np.array([SIDESTEP] * FIRST + [INTERDICTION] * FIRST + [*_ONCE], np.uint64)
_BAND_INDEX = np.array([*range(FIRST)] * 2 + [0] * len(_ONCE), np.uint64)
AT_SECTOR, AT_DEPTH, AT_WAIT, AT_LETHALITY, AT_DEATHS, AT_ATTRIBUTION = np.arange(
    2 * FIRST, len(_BAND_STREAMS)
)

_CELL_STREAMS = np.array([SIDESTEP] * CELLS + [INTERDICTION] * CELLS, np.uint64)
_CELL_INDEX = np.array([*range(CELLS)] * 2, np.uint64)
_LATER = len(_BAND_STREAMS)
BAND_DRAWS = _LATER + len(_CELL_STREAMS)

_BY_DAY = (LAUNCHES, DOMESTIC_ATTACKS, FRICTION)  # their index is the day
_BY_FIRST = (DOMESTIC_DEATHS, DOMESTIC_ATTRIBUTION)  # their entity is the day's first
_DAILY_STREAMS = np.repeat(np.array([*_BY_DAY, *_BY_FIRST], np.uint64), DAYS)
_DAILY_LATER = np.tile(np.arange(DAYS), len(_BY_DAY) + len(_BY_FIRST))
DAILY_DRAWS = len(_DAILY_STREAMS)
FOR_LAUNCHES, FOR_DOMESTIC, FOR_FRICTION, FOR_DEATHS, FOR_ATTRIBUTION = np.arange(
    0, DAILY_DRAWS, DAYS
)


@rule
def draw_band(w, key, band):
    """All that a new band may need, with its first cells, into a free slot of `w.draws`."""
    band.slot = take_slot(w)
    band.drawn_to, band.sidestep_at, band.interdiction_at = FIRST, 0, FIRST
    entity, replicate = word(band.entity), word(key.replicate)
    k0, k1, u = word(key.seed), word(key.seed >> 32), w.draws[band.slot]
    for i in range(_LATER):
        a, b, _, _ = philox4x32(_BAND_INDEX[i], entity, _BAND_STREAMS[i], replicate, k0, k1)
        u[i] = to_uniform(a, b)


@rule
def take_slot(w):
    """Room for a band's draws. (They stay where they are when bands move up in their list.)"""
    if w.slots_free > 0:
        w.slots_free -= 1
        return w.free[w.slots_free]
    w.slots_used += 1
    return w.slots_used - 1


@rule
def give_slot(w, slot):
    """The band is gone, another may have its room."""
    w.free[w.slots_free] = slot
    w.slots_free += 1


@rule
def draw_cells(w, key, band, first):
    """What a band may need in the cells from `first` on."""
    band.drawn_to = first + CELLS
    band.sidestep_at, band.interdiction_at = _LATER - first, _LATER + CELLS - first
    entity, replicate, start = word(band.entity), word(key.replicate), np.uint64(first)
    k0, k1, u = word(key.seed), word(key.seed >> 32), w.draws[band.slot]
    for i in range(BAND_DRAWS - _LATER):
        index = _CELL_INDEX[i] + start
        a, b, _, _ = philox4x32(index, entity, _CELL_STREAMS[i], replicate, k0, k1)
        u[_LATER + i] = to_uniform(a, b)


@rule_apart
def turn_luck(w, before, key):
    """From today on the luck is that of another key. A band under way keeps what it has of its own:
    the cells up to `OWN`, and every eight from there on once it is in the first of them."""
    w.daily_from = NEVER
    for i in range(w.band_count):
        band = w.bands[i]
        w.draws[band.slot, AT_ATTRIBUTION] = uniform(key, ATTRIBUTION, band.entity, 0)
        if (band.drawn_to - OWN) % CELLS == 0:  # luck has turned on it before
            continue
        if band.depth < OWN:
            band.drawn_to = OWN
        else:
            draw_cells(w, before, band, band.depth - (band.depth - OWN) % CELLS)


@rule_apart
def draw_days(key, w, day):
    """What every day needs, from this one on."""
    w.daily_from = day
    replicate, k0, k1 = word(key.replicate), word(key.seed), word(key.seed >> 32)
    u = w.daily
    for i in range(DAILY_DRAWS):
        then = day + _DAILY_LATER[i]
        index, entity = word(then), np.uint64(0)
        if i >= FOR_DEATHS:
            index, entity = entity, word(entity_of(then, 0))
        a, b, _, _ = philox4x32(index, entity, _DAILY_STREAMS[i], replicate, k0, k1)
        u[i] = to_uniform(a, b)


@rule
def daily_uniform(w, key, which, day):
    """The uniform of FOR_LAUNCHES, or another of them, for this day."""
    if not w.daily_from <= day < w.daily_from + DAYS:
        draw_days(key, w, day)
    return w.daily[which + day - w.daily_from]


@rule
def first_uniform(w, key, which, stream, day, slot):
    """The uniform of FOR_DEATHS or FOR_ATTRIBUTION for a day's domestic attack: seldom are there
    more than one, so that others are drawn alone."""
    if slot == 0:
        return daily_uniform(w, key, which, day)
    return uniform(key, stream, entity_of(day, slot), 0)


@rule
def sidestep_uniform(w, band, depth):
    """The uniform of a sidestep before entering this cell, which must have been drawn."""
    return w.draws[band.slot, depth + band.sidestep_at]


@rule
def interdiction_uniform(w, band, depth):
    """The uniform of an interdiction in this cell, which must have been drawn."""
    return w.draws[band.slot, depth + band.interdiction_at]
