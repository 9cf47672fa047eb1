"""Where places lie relative to a line: km along it, and km away from it with the home side
positive.

The inverse of `Course.place`, but exact: it finds the nearest point of the line itself, in space on
the WGS84 ellipsoid, with numpy and scipy alone. Distances agree with geodesics to a few metres
within 200 km of the line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truce_sim.border.course import EARTH_KM, Course, in_space, read_course, up, way_along
from truce_sim.border.folder import find_folder
from truce_sim.errors import InputError
from truce_sim.events.rules import Events
from truce_sim.files import shipped_borders

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

#: Longest piece of the line that is treated as a whole, km.
_PIECE_KM = 1.0
#: How many of the line's nearest points have their pieces compared for every place.
_CANDIDATES = 6
#: An event whose nearest point of the line is an end counts as near it up to the first distance,
#: km; the second decides that it is an end.
_BEYOND_KM, _AT_END_KM = 10.0, 1e-6


def project(course: Course, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """Project places onto the line of a border.

    Args:
        course: the line.
        longitude: (places,) degrees.
        latitude: (places,) degrees.

    Returns:
        km along the line as the border counts them (places,), and km away from it (places,), above
        0 on the home side and below 0 on the host side.
    """
    from scipy.spatial import cKDTree

    places = in_space(np.stack([np.asarray(longitude, float), np.asarray(latitude, float)], -1))
    if not len(places):
        return np.zeros(0), np.zeros(0)
    points, km = _pieces(course)
    count = min(_CANDIDATES, len(points))
    _, near = cKDTree(points).query(places, k=[*range(1, count + 1)])
    piece = np.concatenate([np.maximum(near - 1, 0), np.minimum(near, len(points) - 2)], axis=1)
    start, step = points[piece], points[piece + 1] - points[piece]
    part = np.clip(((places[:, None] - start) * step).sum(-1) / (step**2).sum(-1), 0.0, 1.0)
    foot = start + part[..., None] * step
    best = np.linalg.norm(places[:, None] - foot, axis=-1).argmin(1)
    row = np.arange(len(places))
    piece, part, foot = piece[row, best], part[row, best], foot[row, best]
    chord = np.linalg.norm(places - foot, axis=-1)
    away = chord * (1.0 + chord**2 / (24.0 * EARTH_KM**2))
    left = (_leftward(points, piece, part) * (places - foot)).sum(-1) >= 0
    signed: Floats = np.where(left == course.home_is_left, away, -away)
    along = km[piece] + part * (km[piece + 1] - km[piece])
    return np.clip(along, *course.span), signed


def place_beside(events: Events, course: Course) -> None:
    """Give events their km_along and km_depth, which is above 0 on the home side.

    Raises:
        InputError: their file has no longitudes and latitudes.
    """
    if "longitude" not in events.frame:
        raise InputError("lacks columns longitude and latitude", value=events.source,
                         allowed="both, in degrees")  # fmt: skip
    along, away = project(course, events.frame["longitude"], events.frame["latitude"])
    events.frame = events.frame.assign(km_along=along, km_depth=away)


def keep_beside(events: Events, course: Course, within_km: float, at_ends: bool = True) -> None:
    """Leave out, and count, events far from the line and, with `at_ends`, those beyond its ends."""
    away = events.frame["km_depth"].abs()
    events.keep(away.le(within_km), f"farther than {within_km:g} km from the line")
    if not at_ends:
        return
    along = events.frame["km_along"]
    at_end = along.lt(course.span[0] + _AT_END_KM) | along.gt(course.span[1] - _AT_END_KM)
    events.keep(~(at_end & events.frame["km_depth"].abs().gt(_BEYOND_KM)),
                f"more than {_BEYOND_KM:g} km beyond the ends of the line")  # fmt: skip


def refuse_far(events: Events, course: Course, within_km: float, path: str | Path) -> NoReturn:
    """Refuse a file without an event near the line.

    Raises:
        InputError: always, with the distances.
    """
    raise InputError(
        f"no event is near the line: {how_far(events.frame, course, within_km)}",
        value=str(path),
        allowed=f"events within {within_km:g} km of the line",
    )


def how_far(frame: pd.DataFrame, course: Course, within_km: float) -> str:
    """Return how far events are from the line, and a possible reason, in sentences."""
    away = frame["km_depth"].abs()
    text = (f"{int(away.gt(within_km).sum()):,} of {len(away):,} events lie more than "
            f"{within_km:g} km from the line; the nearest {away.min():,.0f} km, half of them "
            f"{away.median():,.0f} km or more")  # fmt: skip
    if "longitude" not in frame:
        return text
    turned = np.column_stack([frame["latitude"], frame["longitude"].clip(-90, 90)])
    swapped = np.median(np.abs(project(course, *turned.T)[1]))
    if swapped < 0.2 * away.median():
        return (f"{text}. With longitude and latitude swapped, in the events or in the line, half "
                f"of them would be within {swapped:,.0f} km")  # fmt: skip
    lines = {name: read_course(find_folder(name).line) for name in shipped_borders()}
    apart = {
        name: float(np.median(np.abs(project(one, frame["longitude"], frame["latitude"])[1])))
        for name, one in lines.items()
    }
    nearest = min(apart, key=lambda name: apart[name])
    if apart[nearest] < 0.5 * away.median():
        text += f". They are nearer to {nearest}: half of them within {apart[nearest]:,.0f} km"
    return text


def _pieces(course: Course) -> tuple[Floats, Floats]:
    """Points of the line at most a km apart, (n, 3) in space, and their km (n,)."""
    corners = in_space(course.points)
    way = way_along(corners)
    number = np.maximum(np.ceil(np.diff(way) / _PIECE_KM).astype(int), 1)
    index = np.repeat(np.arange(len(number)), number)
    inside = np.arange(len(index)) - np.repeat(np.cumsum(number) - number, number)
    share = (inside / number[index])[:, None]
    points = np.concatenate(
        [corners[index] + share * (corners[index + 1] - corners[index]), corners[-1:]]
    )
    kilometres = np.append(way[index] + share[:, 0] * np.diff(way)[index], way[-1])
    first, last = course.span
    return points, first + kilometres * ((last - first) / way[-1])


def _leftward(points: Floats, piece: NDArray[np.int64], part: Floats) -> Floats:
    """Vectors to the left of the line at the nearest points; at a corner, between those of both
    pieces."""
    step = np.diff(points, axis=0)
    left = np.cross(up(points[:-1]), step)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    other = np.where(part <= 0.0, piece - 1, np.where(part >= 1.0, piece + 1, piece))
    total: Floats = left[piece] + left[np.clip(other, 0, len(left) - 1)]
    return total
