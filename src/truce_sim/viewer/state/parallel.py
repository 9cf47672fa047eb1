"""Parallel coordinates: an axis for each lever and outcome, a line for each point or policy.

A brush keeps the lines that cross a part of an axis; which ones is decided here, so that the table,
the curves and the colours of a page can follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.errors import InputError

#: Brushes: the lowest and highest position kept on an axis, from 0 at its foot to 1 at its top.
Brushes = dict[str, tuple[float, float]]

#: Ten steps of the colour map cividis, from low to high.
CIVIDIS = (
    "#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369",
    "#e1cc55", "#fee838",
)  # fmt: skip

#: Colours and dashes of named lines, in turn, and of their points.
_LOOKS = (("#CC79A7", "9 4"), ("#009E73", "2 3"), ("#E69F00", "9 3 2 3"), ("#56B4E9", "16 4"))

#: Prefix of a brush in an address: `brush.AXIS=LOWEST:HIGHEST`.
PREFIX = "brush."

#: Maximum number of levels labelled on an axis.
_TICKS = 8


@dataclass(frozen=True, eq=False)
class Axis:
    """An axis and where each line crosses it.

    Attributes:
        name: In addresses.
        title: What it shows, with its unit.
        good: 1 if its top is better for the truce, -1 if its foot is, otherwise 0.
        ticks: Positions with their labels.
        at: (lines,) positions from 0 to 1; NaN where a line has no value.
    """

    name: str
    title: str
    good: int
    ticks: list[tuple[float, str]]
    at: NDArray[np.float64]


def level_axis(name: str, title: str, levels: pd.Series) -> Axis:
    """Return an axis of the levels of an ordered categorical, evenly spaced."""
    names = levels.cat.categories
    last, step = max(len(names) - 1, 1), -(-len(names) // _TICKS)
    ticks = [(i / last, str(level)) for i, level in enumerate(names) if i % step == 0]
    return Axis(name, title, 0, ticks, levels.cat.codes.to_numpy(float) / last)


def number_axis(
    name: str, title: str, values: pd.Series, good: int = 0, ends: tuple[float, float] | None = None
) -> Axis:
    """Return an axis of numbers, from 0 (or the smallest, if below 0) to the largest, unless its
    ends are given."""
    numbers = values.to_numpy(float)
    known = numbers[np.isfinite(numbers)]
    low, high = ends or (float(known.min(initial=0.0)), float(known.max(initial=0.0)))
    span = high - low or 1.0
    ticks = [(share, f"{low + share * span:.3g}") for share in (0.0, 0.5, 1.0)]
    return Axis(name, title, good, ticks, np.clip((numbers - low) / span, 0.0, 1.0))


def kept(axes: Sequence[Axis], brushes: Mapping[str, tuple[float, float]]) -> NDArray[np.bool_]:
    """Return which lines pass through all brushes."""
    inside = np.ones(len(axes[0].at) if axes else 0, bool)
    for axis in axes:
        if axis.name in brushes:
            low, high = brushes[axis.name]
            inside &= (axis.at >= low - 1e-9) & (axis.at <= high + 1e-9)
    return inside


def brushed(brushes: Brushes, name: str, ends: Sequence[float]) -> Brushes:
    """Return brushes with that of one axis replaced; without ends, removed."""
    rest = {other: kept for other, kept in brushes.items() if other != name}
    if not ends:
        return rest
    low, high = sorted(min(max(round(end, 3), 0.0), 1.0) for end in ends)
    return rest | {name: (low, high)}


def brush_words(brushes: Brushes) -> dict[str, str]:
    """Return brushes as parts of an address."""
    return {f"{PREFIX}{name}": f"{low:g}:{high:g}" for name, (low, high) in brushes.items()}


def read_brushes(words: Mapping[str, str], axes: Sequence[Axis]) -> Brushes:
    """Return the brushes among parts of an address.

    Raises:
        InputError: There is no such axis, or a brush is not two positions.
    """
    found: Brushes = {}
    for word, text in words.items():
        if not word.startswith(PREFIX):
            continue
        name = word.removeprefix(PREFIX)
        try:
            if name not in [axis.name for axis in axes]:
                raise ValueError
            low, high = map(float, text.split(":"))
            if not 0 <= low <= high <= 1:
                raise ValueError
        except ValueError:
            raise InputError(
                "is not a brush", setting=word, value=text, origin="the address",
                allowed="0.2:0.6, on one of "
                f"{', '.join(axis.name for axis in axes) or 'no axes: the page has none'}",
            ) from None  # fmt: skip
        found[name] = (low, high)
    return found


def parallel_data(axes: Sequence[Axis], colour: str, marks: Mapping[int, str]) -> dict[str, Any]:
    """Return axes and lines for the browser.

    Args:
        axes: From left to right.
        colour: The axis that colours the lines.
        marks: Lines that have a name.
    """
    places = np.column_stack([axis.at for axis in axes])
    return {
        "axes": [
            {"name": axis.name, "title": axis.title, "good": axis.good, "ticks": axis.ticks}
            for axis in axes
        ],
        "lines": [[None if np.isnan(p) else round(float(p), 4) for p in row] for row in places],
        "colour": [axis.name for axis in axes].index(colour),
        "marks": looks_of(marks),
        "colours": list(CIVIDIS),
    }


def looks_of(marks: Mapping[int, str]) -> dict[str, tuple[str, str, str]]:
    """Return the name, the colour and the dashes of each line that has a name."""
    looks = zip(marks.items(), cycle(_LOOKS), strict=False)
    return {str(line): (words, *look) for (line, words), look in looks}
