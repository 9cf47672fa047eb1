"""Where on the earth the cells of a border's grid are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.border.atlas import course_of
from truce_sim.border.border import Border
from truce_sim.settings.schema import Config

Floats = NDArray[np.float64]


def cell_places(
    config: Config, border: Border, sector: ArrayLike, depth: ArrayLike
) -> tuple[Floats, Floats] | None:
    """Return the longitudes and latitudes, degrees, of the middles of cells.

    Args:
        config: the depths of the grid, and where the border's course is.
        border: the border.
        sector: (n,) sectors; below 0 or missing where there is no place.
        depth: (n,) cells across, 0 the farthest on the host side.

    Returns:
        (n,) longitudes and latitudes, NaN where there is no place; None for a border without a
        course.

    Raises:
        InputError: the border's line cannot be read.
    """
    course = course_of(config.scenario, border)
    if course is None:
        return None
    s, d = np.asarray(sector, float), np.asarray(depth, float)
    there = (s >= 0) & (d >= 0)  # not so for a missing number
    middles = (border.km_from + border.km_to) / 2
    longitude, latitude = np.full(s.shape, np.nan), np.full(s.shape, np.nan)
    away = (d[there] - config.border.host_depth + 0.5) * config.border.cell_km
    longitude[there], latitude[there] = course.place(middles[s[there].astype(int)], away)
    return longitude, latitude
