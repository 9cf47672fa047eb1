"""Draws ahead of need: the same numbers as `draws.uniform`, many at a time.

A draw is a pure function of what it is for, so it can be made before it is known to be needed. A
plain loop over a table of counters is vectorised, and each draw then takes a tenth of the time it
would take alone (loops shorter than sixteen are not vectorised). What a band needs is drawn when it
is launched, along with its first cells; later cells follow in blocks of eight. What every day needs
is drawn eight days at a time, along with what a day's first domestic attack would need.
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

#: How many cells are drawn at once: at launch, and later; how many days.
FIRST, CELLS, DAYS = 9, 8, 8

#: How many cells of a band keep their draws from the start when a run turns to another random
#: stream.
OWN = 4

#: The order of a band's draws: sidesteps and interdictions of the first cells, draws made once;
#: from _LATER on, sidesteps and interdictions of later cells.
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
    """Draw all that a new band may need, with its first cells, into a free slot of `w.draws`."""
    band.slot = take_slot(w)
    band.drawn_to, band.sidestep_at, band.interdiction_at = FIRST, 0, FIRST
    entity, replicate = word(band.entity), word(key.replicate)
    k0, k1, u = word(key.seed), word(key.seed >> 32), w.draws[band.slot]
    for i in range(_LATER):
        a, b, _, _ = philox4x32(_BAND_INDEX[i], entity, _BAND_STREAMS[i], replicate, k0, k1)
        u[i] = to_uniform(a, b)


@rule
def take_slot(w):
    """A slot for a band's draws. (They stay there when the list of bands is compacted.)"""
    if w.slots_free > 0:
        w.slots_free -= 1
        return w.free[w.slots_free]
    w.slots_used += 1
    return w.slots_used - 1


@rule
def give_slot(w, slot):
    """Free the slot of a band that has left."""
    w.free[w.slots_free] = slot
    w.slots_free += 1


@rule
def draw_cells(w, key, band, first):
    """Draw what a band may need in the next cells from `first` on."""
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
    """From today on the run uses the random stream of another key. A band under way keeps its draws
    for the first `OWN` cells, and after those for the block of eight cells that it is in."""
    w.daily_from = NEVER
    for i in range(w.band_count):
        band = w.bands[i]
        w.draws[band.slot, AT_ATTRIBUTION] = uniform(key, ATTRIBUTION, band.entity, 0)
        if (band.drawn_to - OWN) % CELLS == 0:  # it was under way at an earlier turn
            continue
        if band.depth < OWN:
            band.drawn_to = OWN
        else:
            draw_cells(w, before, band, band.depth - (band.depth - OWN) % CELLS)


@rule_apart
def draw_days(key, w, day):
    """Draw what every day needs, for this day and the next ones."""
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
    """The day's uniform for `which`: FOR_LAUNCHES or another."""
    if not w.daily_from <= day < w.daily_from + DAYS:
        draw_days(key, w, day)
    return w.daily[which + day - w.daily_from]


@rule
def first_uniform(w, key, which, stream, day, slot):
    """The uniform of FOR_DEATHS or FOR_ATTRIBUTION for a day's domestic attack. There is rarely
    more than one, so only the first is drawn ahead."""
    if slot == 0:
        return daily_uniform(w, key, which, day)
    return uniform(key, stream, entity_of(day, slot), 0)


@rule
def sidestep_uniform(w, band, depth):
    """The uniform of a sidestep before entering this cell; it must have been drawn."""
    return w.draws[band.slot, depth + band.sidestep_at]


@rule
def interdiction_uniform(w, band, depth):
    """The uniform of an interdiction in this cell; it must have been drawn."""
    return w.draws[band.slot, depth + band.interdiction_at]
