"""Stretches of the line: neighbouring sectors that learn, are watched and are struck as one.

By default every sector is its own stretch, so finer sectors each learn less. With
`border.stretch_km`, stretches keep their length, however fine the sectors.
"""

from __future__ import annotations

import math

from truce_sim.engine.compile import rule


@rule
def prepare_stretches(p, w):
    """Set the number of sectors in a stretch, at least one (the last stretch may be shorter), and
    each sector's share of its stretch's weight."""
    w.regime.stretch = 1
    if p.border.stretch_km > 0.0:
        sectors = min(p.border.stretch_km / p.sector_km, float(w.sector_count))
        w.regime.stretch = max(int(math.floor(sectors + 0.5)), 1)
    weight = w.sectors.weight
    for s in range(w.sector_count):
        w.sectors.part[s] = 1.0
        if w.regime.stretch == 1:
            continue
        total = 0.0
        for i in range(first_of(w, s), end_of(w, s)):
            total += weight[i]
        w.sectors.part[s] = weight[s] / total


@rule
def stretch_of(w, s):
    """The number of the stretch of sector s."""
    return s if w.regime.stretch == 1 else s // w.regime.stretch


@rule
def first_of(w, s):
    """First sector of the stretch of sector s."""
    return s if w.regime.stretch == 1 else s - s % w.regime.stretch


@rule
def end_of(w, s):
    """The sector after the last one of the stretch of sector s."""
    if w.regime.stretch == 1:
        return s + 1
    return min(first_of(w, s) + w.regime.stretch, w.sector_count)
