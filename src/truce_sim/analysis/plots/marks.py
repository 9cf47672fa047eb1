"""How a day's incidents, bands, layers and states look, both on screen and in pictures."""

from __future__ import annotations

from typing import NamedTuple

from truce_sim.engine.codes import EVENTS, TRUCE_STATES


class Mark(NamedTuple):
    """The mark of an incident: Okabe-Ito colour, shape and words. Shapes differ as well as colours.

    shape: cross, plus, wye, star, triangle, ringed (a triangle in a ring), diamond or square.
    """

    colour: str
    shape: str
    words: str


class Strike(NamedTuple):
    """The look of a strike.

    Attributes:
        colour: On a light background.
        dark: On a dark one.
        words: The meaning of its frame on the map.
    """

    colour: str
    dark: str
    words: str


STRIKE = Strike("#7A5195", "#C39BD8", "struck by the home state")

#: Incidents drawn where they happened.
MARKS = {
    "foiled_by_host": Mark("#009E73", "cross", "intercepted by the host"),
    "foiled_at_border": Mark("#56B4E9", "plus", "intercepted at the border"),
    "foiled_inside": Mark("#0072B2", "wye", "intercepted inside"),
    "attack": Mark("#D55E00", "star", "attack"),
    "domestic_attack": Mark("#CC79A7", "triangle", "domestic attack"),
    "misattribution": Mark("#CC79A7", "ringed", "domestic attack, wrongly attributed"),
    "friction": Mark("#E69F00", "diamond", "clash between posts"),
    "band_destroyed": Mark(STRIKE.colour, "square", "band destroyed by a strike"),
}
assert list(MARKS) == [*EVENTS[:7], "band_destroyed"]

#: Bands by status: fill, edge and words.
BANDS = {
    "moving": ("#FFFFFF", "#000000", "band on the move"),
    "waiting": ("#000000", "#FFFFFF", "band waiting at its target"),
}

#: Colours of a layer from lowest to highest, on a light and on a dark background.
LIGHT = ("#f4f1f8", "#d8d0e8", "#b6a9d3", "#8f7fb8", "#66549a", "#3c2a73", "#21104a")
DARK = ("#2a2733", "#3d3752", "#574d7a", "#7767a4", "#9b8ac9", "#c3b5e6", "#efe8ff")

#: The states of the truce, in the order of their codes: the worse, the darker, so that they stay
#: distinct for colour-blind readers and in greyscale.
TRUCE_COLOURS = dict(zip(TRUCE_STATES, ("#B5DFF8", "#E8B60A", "#D06000", "#8A1C00"), strict=True))

#: Colours of the ground by background: water, land or unknown, borders of countries and provinces.
GROUND = {
    "light": {"water": "#e4ecef", "land": "#f7f5ef", "country": "#6f6a5e", "province": "#d3cdbf"},
    "dark": {"water": "#1b2226", "land": "#262626", "country": "#9a948a", "province": "#4a4740"},
}

#: Colours of the group and of rounds of talks; those of the two states are in `border/colours.py`.
GROUP, TALKS = "#D55E00", "#CC79A7"

#: The causes of grievance, in the order of their codes, have the colours of the marks of what
#: causes it.
CAUSE_COLOURS = (
    "#8A8678",
    *(MARKS[kind].colour for kind in ("foiled_at_border", "attack", "misattribution", "friction")),
    STRIKE.colour,
)
