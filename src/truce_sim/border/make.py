"""Make a border folder from a line and an event file, as `truce-sim border make` does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.course import Course
from truce_sim.border.folder import BorderFolder, MadeBorder
from truce_sim.border.geo import need_geo
from truce_sim.border.line import Line, Place, coordinates, length_km, read_line, thinned
from truce_sim.border.projection import how_far, keep_beside, place_beside, project, refuse_far
from truce_sim.border.written import write_folder
from truce_sim.errors import InputError, check_range
from truce_sim.events import WITHIN_KM
from truce_sim.events.files import numbers, read_cells
from truce_sim.events.rules import Events, iso_date, read_events, refuse_none
from truce_sim.files import shipped_borders

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

#: A side of the line is taken to be the home side if it has this share of the events.
_MOST = 0.75
#: Points with relief, and crossings, belong to the line if within this distance, km.
_BESIDE_KM = 20.0
#: A place of the home state farther than this from the line may have its coordinates swapped, km.
_FAR_KM = 1000.0
#: Relief for a ruggedness of 1, m: standard deviation of heights within 20 km. Assumed.
RELIEF_M = 500.0
#: Weight of a crossing, and of flat ground, where there are no events to count. Assumed.
_CROSSING_WEIGHT, _EVEN_WEIGHT = 1.0, 0.5


def make_border_folder(
    name: str, line: str | Path, events: str | Path | None = None, *,
    out: str | Path | None = None, about: dict[str, Any] | None = None,
    home_side: str = "", home_point: Place | None = None, start: Place | None = None,
    select: str = "", gap_km: float = 10.0, longest: bool = False, segment_km: float = 10.0,
    relief: str | Path | None = None, crossings: str | Path | None = None,
    base: Sequence[str | Path] = (), since: str = "", until: str = "", actor: str = "",
    country: str = "", within_km: float = WITHIN_KM, lethal: bool = True, coarse: str = "first",
) -> MadeBorder:  # fmt: skip
    """Make a border folder: segments with weights from events, the line, a picture, and an account.

    Args:
        name: of the border: letters, digits, - and _.
        line: a file with the line, as in `border.line.read_line`.
        events: an event file, as in `events.rules.read_events`; without one, weights follow relief
            and crossings, or are all equal.
        out: the new folder; by default `borders/name`.
        about: further entries of `border.yaml`: title, home, host, group, mediators, epoch.
        home_side: "left" or "right" of the line from km 0 on; by default the side of `home_point`,
            or the one with three quarters of the events.
        home_point: a place (longitude, latitude) in the home state.
        start: a place near the end that is to be km 0.
        select: `column=value`, the features of `line` to take.
        gap_km: pieces of the line whose ends are no farther apart than this are joined.
        longest: take the longest piece of the line where several remain.
        segment_km: approximate length of the segments.
        relief: CSV of places with `ruggedness` (0 to 1) or `relief…` (m; 500 m gives 1); by default
        the ruggedness is 0.5 everywhere.
        crossings: CSV of places with a `name`.
        base: vector files for a light base map (countries, provinces, coast, places).
        since: first date of events, YYYY-MM-DD.
        until: last date of events.
        actor: keep only events in which a side's name contains this text.
        country: keep only events in this country.
        within_km: keep only events this near the line.
        lethal: keep only events with deaths.
        coarse: what to do with events that span several days, as in `read_events`.

    Raises:
        InputError: a file or an argument is bad, or the folder exists; nothing is written.
    """
    need_geo("border make")
    target = _new_folder(name, out)
    about = _checked_about(about or {})
    for setting, km, least in (("--segment-km", segment_km, 0.1), ("--gap-km", gap_km, 0.0),
                               ("--within-km", within_km, 0.1)):  # fmt: skip
        check_range(setting, km, least, 1000, "km")
    course_line = read_line(line, select, gap_km, longest, start)
    account = [f"line: {course_line.length_km:,.1f} km along the ellipsoid", *course_line.remarks]
    found = None
    if events is not None:
        found = read_events(events, since, until, actor, country, lethal, coarse)
        _place(found, course_line, within_km, events)
        account += [found.account(), *found.remarks]
    elif since or until or actor or country:
        raise InputError("has no effect without --events", setting="--since, --until, --actor")
    left = _home_is_left(course_line, found, home_side, home_point, account)
    if found is not None and not left:
        found.frame["km_depth"] *= -1.0
    table = _segments(course_line, left, segment_km, found, relief, crossings, account)
    whole = thinned(course_line)
    _tell_of_length(whole, course_line, account)
    content = {
        "name": name, **about, "home_side": "left" if left else "right",
        "length_km": round(course_line.length_km, 3), "segments": len(table),
        "sources": _sources(line=line, events=events, relief=relief, crossings=crossings),
        "filters": {"select": select, "gap_km": gap_km, "longest": longest, "since": since,
                    "until": until, "actor": actor, "country": country, "within_km": within_km,
                    "lethal": lethal, "coarse": coarse},
        "account": account, "made_by": _version(),
    }  # fmt: skip
    made = MadeBorder(BorderFolder(target), table, course_line.length_km,
                      None if found is None else found.frame, account)  # fmt: skip
    write_folder(made, whole.points, content, base, within_km)
    return made


def _new_folder(name: str, out: str | Path | None) -> Path:
    if not re.fullmatch(r"\w[\w-]*", name):
        raise InputError("is not a name for a border", setting="NAME", value=name,
                         allowed="letters, digits, - and _")  # fmt: skip
    folder = Path(out).expanduser() if out else Path("borders") / name
    if str(folder) in shipped_borders():
        raise InputError("is the name of a border that comes with the program", setting="--out",
                         value=str(folder), allowed="another name")  # fmt: skip
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("exists and is not an empty folder", setting="--out", value=str(folder),
                         allowed="a new folder; nothing is overwritten")  # fmt: skip
    return folder


def _checked_about(about: dict[str, Any]) -> dict[str, Any]:
    known = ("title", "home", "host", "group", "mediators", "epoch")
    for key in about:
        if key not in known:
            raise InputError("is not part of a border", setting=key, allowed=", ".join(known))
    if about.get("epoch"):
        iso_date("epoch", str(about["epoch"]))
    return {key: about[key] for key in known if about.get(key)}


def _sources(**files: str | Path | None) -> dict[str, dict[str, str]]:
    """Names and digests of the files that a border was made from."""
    return {
        what: {"file": Path(file).name,
               "sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest()}
        for what, file in files.items() if file is not None
    }  # fmt: skip


def _version() -> str:
    from truce_sim.version import __version__

    return f"truce-sim {__version__}"


def _tell_of_length(whole: Line, original: Line, account: list[str]) -> None:
    account += whole.remarks[len(original.remarks) :]
    lost = 1 - length_km(whole.points) / original.length_km
    if lost > 0.005:
        account.append(f"the line in line.geojson is {lost:.1%} shorter than the original; "
                       "positions on the map are stretched accordingly")  # fmt: skip


# ── events and sides ─────────────────────────────────────────────────────────────────────────


def _place(events: Events, line: Line, within_km: float, path: str | Path) -> None:
    """Project events onto the line, left of it positive, and keep those near it."""
    course = Course(line.points, True, (0.0, line.length_km))
    place_beside(events, course)
    near = events.frame["km_depth"].abs().le(within_km)
    if near.mean() < 0.5:
        if not near.any():
            refuse_far(events, course, within_km, path)
        events.remarks.append(how_far(events.frame, course, within_km))
    keep_beside(events, course, within_km)
    refuse_none(events, path)


def _home_is_left(
    line: Line, events: Events | None, side: str, point: Place | None, account: list[str]
) -> bool:
    """Whether the home state is on the left of the line."""
    if side and point:
        raise InputError("cannot be given with --home-point", setting="--home-side", value=side,
                         allowed="one of them")  # fmt: skip
    if side and side not in ("left", "right"):
        raise InputError("is not a side", setting="--home-side", value=side,
                         allowed="left, right (of the line, from km 0 on)")  # fmt: skip
    if side:
        return side == "left"
    if point:
        away = _from_line(line, point, "--home-point")
        account.append(f"home is on the {'left' if away > 0 else 'right'} of the line: the "
                       f"place given is {abs(away):,.0f} km from it")  # fmt: skip
        return away > 0
    share = 0.5 if events is None else float(events.frame["km_depth"].gt(0).mean())
    if max(share, 1 - share) < _MOST:
        raise InputError(
            "must be given, as there are no events" if events is None else
            f"does not follow from the events: {share:.0%} of them are on the left",
            setting="--home-side",
            allowed="--home-side left or right (of the line, from km 0 on), or --home-point "
            "longitude,latitude of a place in the home state",
        )  # fmt: skip
    left = share > 0.5
    account.append(f"home is taken to be on the {'left' if left else 'right'} of the line, where "
                   f"{max(share, 1 - share):.0%} of the events are [assumed]")  # fmt: skip
    return left


def _from_line(line: Line, point: Place, setting: str) -> float:
    """How far a place is from the line, km, positive to its left; refused if its coordinates are
    swapped."""
    latitude = max(-90.0, min(point[0], 90.0))
    _, (away, swapped) = project(
        Course(line.points, True), [point[0], point[1]], [point[1], latitude]
    )
    if abs(away) > _FAR_KM and abs(swapped) < 0.2 * abs(away):
        raise InputError(
            f"is {abs(away):,.0f} km from the line; with longitude and latitude swapped, here or "
            f"in the line, it would be {abs(swapped):,.0f} km", setting=setting,
            value=f"{point[0]:g},{point[1]:g}", allowed="longitude,latitude, as in the line",
        )  # fmt: skip
    return float(away)


# ── segments ─────────────────────────────────────────────────────────────────────────────────


def _segments(
    line: Line, left: bool, segment_km: float, events: Events | None, relief: str | Path | None,
    crossings: str | Path | None, account: list[str],
) -> pd.DataFrame:  # fmt: skip
    """The table of segments of equal length."""
    import pandas as pd

    course = Course(line.points, left, (0.0, line.length_km))
    edges = np.linspace(0.0, line.length_km, max(round(line.length_km / segment_km), 1) + 1)
    rugged = _ruggedness(course, edges, relief, account)
    names = _crossings(course, edges, crossings, account)
    if events is not None:
        along = events.frame["km_along"]
        weight = np.histogram(along, edges)[0].astype(float)
        home = int(events.frame["km_depth"].gt(0).sum())
        account.append(f"weights are numbers of events: {home:,} on the home side, "
                       f"{len(along) - home:,} on the host side [computed]")  # fmt: skip
    else:
        weight = _weight_without_events(rugged, names, relief is not None, account)
    cut = np.round(edges, 3)
    return pd.DataFrame({
        "km_from": cut[:-1], "km_to": cut[1:], "weight": np.round(weight, 4),
        "ruggedness": np.round(rugged, 4), "host_province": "", "home_district": "",
        "crossing": names,
    })  # fmt: skip


def _weight_without_events(
    rugged: Floats, crossings: Sequence[str], with_relief: bool, account: list[str]
) -> Floats:
    has = np.array([bool(name) for name in crossings], float)
    if not with_relief and not has.any():
        account.append("weights are all alike, as no events were given [assumed]")
        return np.ones(len(rugged))
    account.append(
        f"weights follow relief and crossings, as no events were given: {_EVEN_WEIGHT:g} + "
        f"ruggedness + {_CROSSING_WEIGHT:g} at a crossing [assumed]"
    )
    weight: Floats = _EVEN_WEIGHT + rugged + _CROSSING_WEIGHT * has
    return weight


def _ruggedness(
    course: Course, edges: Floats, relief: str | Path | None, account: list[str]
) -> Floats:
    """Mean ruggedness of the points near each segment; interpolated for segments without any."""
    if relief is None:
        account.append("ruggedness is 0.5 everywhere, as no relief was given [assumed]")
        return np.full(len(edges) - 1, 0.5)
    table = read_cells(Path(relief), "a CSV file of places with relief")
    columns = [str(name) for name in table]
    column = next((name for text in ("ruggedness", "relief_sd", "relief")
                   for name in columns if text in name), "")  # fmt: skip
    if not column:
        raise InputError(
            "lacks a column", setting="--relief", value=str(relief),
            allowed="longitude, latitude, and ruggedness (0 to 1) or relief (m)",
        )  # fmt: skip
    value = numbers(table, column, relief).to_numpy(float)
    scale = 1.0 if column == "ruggedness" else RELIEF_M
    km, away = project(course, *coordinates(table, relief).T)
    beside = (np.abs(away) <= _BESIDE_KM) & np.isfinite(value)
    if not beside.any():
        raise InputError(
            f"has no place within {_BESIDE_KM:g} km of the line; the nearest is "
            f"{np.abs(away).min():,.0f} km away", setting="--relief", value=str(relief),
        )  # fmt: skip
    km, value = km[beside], np.clip(value[beside] / scale, 0.0, 1.0)
    total = np.histogram(km, edges, weights=value)[0]
    count = np.histogram(km, edges)[0]
    middle, known = (edges[:-1] + edges[1:]) / 2, count > 0
    rule = "as given" if scale == 1.0 else f"{column} / {scale:g} m, at most 1 [assumed scale]"
    account.append(f"ruggedness: {rule}, from {beside.sum():,} places near the line; "
                   f"{int(known.sum())} of {len(known)} segments have one")  # fmt: skip
    mean: Floats = np.interp(middle, middle[known], total[known] / count[known])
    return mean


def _crossings(
    course: Course, edges: Floats, file: str | Path | None, account: list[str]
) -> list[str]:
    """The names of the crossings in each segment."""
    names: list[list[str]] = [[] for _ in edges[1:]]
    if file is None:
        return ["" for _ in names]
    table = read_cells(Path(file), "a CSV file of places with a name")
    if "name" not in table:
        raise InputError("lacks a column name", setting="--crossings", value=str(file))
    km, away = project(course, *coordinates(table, file).T)
    for name, at, far in zip(table["name"], km, np.abs(away), strict=True):
        if far > _BESIDE_KM:
            account.append(f"crossing {name} is left out: {far:,.0f} km from the line")
        else:
            names[int(np.clip(np.searchsorted(edges, at, "right") - 1, 0, len(names) - 1))].append(
                str(name)
            )
    return ["; ".join(found) for found in names]
