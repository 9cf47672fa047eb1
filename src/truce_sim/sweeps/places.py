"""Longitude and latitude of the events of a sweep: the centres of their cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.border.places import cell_places
from truce_sim.sweeps.folder.folder import SweepFolder

Places = tuple[NDArray[np.float64], NDArray[np.float64]]


def event_places(folder: SweepFolder, events: pd.DataFrame) -> Places | None:
    """Return the longitude and latitude of each event, in degrees.

    Args:
        folder: the folder of the sweep.
        events: n events, with their point, sector and depth.

    Returns:
        (n,) longitudes and latitudes, NaN where an event has no place; None if no point has a
        border with a course.

    Raises:
        InputError: a border cannot be read.
    """
    axes = [name for name in folder.factors if name.split(".")[0] in ("border", "scenario")]
    alike = folder.design.groupby(["base", *axes], sort=False, dropna=False).indices.values()
    of_point = events["point"].to_numpy()
    places = np.full((2, len(events)), np.nan)
    known = False
    for points in alike:
        setup = folder.setup_of(int(points[0]))
        mine = np.isin(of_point, points)
        cells = (events[name][mine].to_numpy(float, na_value=-1) for name in ("sector", "depth"))
        found = cell_places(setup.config, setup.border, *cells)
        if found is not None:
            places[:, mine], known = found, True
    return (places[0], places[1]) if known else None
