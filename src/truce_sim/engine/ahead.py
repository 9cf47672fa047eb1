"""Draws ahead of need: the same numbers as `draws.uniform`, many at a time.

A draw is a pure function of what it is for, so it may be made before it is known to be needed. In a
plain loop over a table of counters the processor makes several side by side, for a tenth of the
time that each would take alone (loops shorter than sixteen it leaves as they are). What a band
needs is drawn when it is launched, with its first cells; later cells come by the eight, and what
every day needs, eight days at a time.
"""

from __future__ import annotations

import numpy as np

from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import (
    DEATHS,
    DOMESTIC_ATTACKS,
    FRICTION,
    INTERDICTION,
    LAUNCH_SECTOR,
    LAUNCHES,
    LETHALITY,
    SIDESTEP,
    TARGET_DEPTH,
    WAITING,
    philox4x32,
    to_uniform,
    word,
)

#: How many cells are drawn at once, at first and later, and how many days.
FIRST, CELLS, DAYS = 4, 8, 8

#: Where a band's draws stand: sidesteps and interdictions of the first cells, what comes once; from
#: _LATER on, sidesteps and interdictions of later cells.
_BAND_STREAMS = np.array(
    [SIDESTEP] * FIRST + [INTERDICTION] * FIRST
    + [LAUNCH_SECTOR, TARGET_DEPTH, WAITING, LETHALITY, DEATHS, 0, 0, 0],
    np.uint64,
)  # fmt: skip
_BAND_INDEX = np.array([*range(FIRST)] * 2 + [0] * 8, np.uint64)
AT_SECTOR, AT_DEPTH, AT_WAIT, AT_LETHALITY, AT_DEATHS = np.arange(2 * FIRST, 2 * FIRST + 5)

_CELL_STREAMS = np.array([SIDESTEP] * CELLS + [INTERDICTION] * CELLS, np.uint64)
_CELL_INDEX = np.array([*range(CELLS)] * 2, np.uint64)
_LATER = len(_BAND_STREAMS)
BAND_DRAWS = _LATER + len(_CELL_STREAMS)

_DAILY = (LAUNCHES, DOMESTIC_ATTACKS, FRICTION)
_DAILY_STREAMS = np.repeat(np.array(_DAILY, np.uint64), DAYS)
_DAILY_INDEX = np.tile(np.arange(DAYS, dtype=np.uint64), len(_DAILY))
DAILY_DRAWS = len(_DAILY_STREAMS)
FOR_LAUNCHES, FOR_DOMESTIC, FOR_FRICTION = np.arange(0, DAILY_DRAWS, DAYS)


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
def draw_days(key, w, day):
    """What every day needs, from this one on."""
    w.daily_from = day
    replicate, k0, k1 = word(key.replicate), word(key.seed), word(key.seed >> 32)
    u, nobody = w.daily, np.uint64(0)
    for i in range(DAILY_DRAWS):
        index = word(day + np.int64(_DAILY_INDEX[i]))
        a, b, _, _ = philox4x32(index, nobody, _DAILY_STREAMS[i], replicate, k0, k1)
        u[i] = to_uniform(a, b)


@rule
def daily_uniform(w, key, which, day):
    """The uniform of FOR_LAUNCHES, FOR_DOMESTIC or FOR_FRICTION for this day."""
    if not w.daily_from <= day < w.daily_from + DAYS:
        draw_days(key, w, day)
    return w.daily[which + day - w.daily_from]


@rule
def sidestep_uniform(w, band, depth):
    """The uniform of a sidestep before entering this cell, which must have been drawn."""
    return w.draws[band.slot, depth + band.sidestep_at]


@rule
def interdiction_uniform(w, band, depth):
    """The uniform of an interdiction in this cell, which must have been drawn."""
    return w.draws[band.slot, depth + band.interdiction_at]
