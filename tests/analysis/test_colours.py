"""Colours that stand alone can be told apart by colour-blind readers and in greyscale."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context, rcParams
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer

from truce_sim.analysis.plots.marks import CAUSE_COLOURS, GROUND, MARKS, TRUCE_COLOURS
from truce_sim.analysis.plots.style import COLOURS, STYLE
from truce_sim.analysis.plots.survival import plot_states
from truce_sim.border.colours import HOME, HOST
from truce_sim.files import PACKAGE
from truce_sim.viewer.state.ground import COLOURS as CSS

#: How those see whose long-, middle- or short-wave cones are missing: Machado, Oliveira and
#: Fernandes 2009, IEEE Transactions on Visualization and Computer Graphics 15(6), severity 1.
SEEN_BY = {
    "everybody else": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
#: From linear sRGB to XYZ (IEC 61966-2-1), and the white of daylight, D65.
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour: str, seen_by: str = "everybody else") -> np.ndarray:
    """CIE L*a*b* of a colour such as "#0072B2", as somebody sees it."""
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    x = XYZ @ np.clip(np.asarray(SEEN_BY[seen_by]) @ linear, 0, 1) / WHITE
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("colours", [tuple(TRUCE_COLOURS.values()), CAUSE_COLOURS])
def test_colours_that_stand_alone_differ_for_everybody(colours, seen_by) -> None:
    """By 15 at least, where 2.3 is just noticeable (CIE 1976)."""
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(lab(one, seen_by) - lab(other, seen_by)) > 15, (one, other)


def test_states_of_the_truce_darken_as_it_gets_worse() -> None:
    """So they stay distinct in print."""
    light = [lab(colour)[0] for colour in TRUCE_COLOURS.values()]
    assert all(better > worse + 10 for better, worse in pairwise(light))


def test_no_two_marks_have_the_same_shape() -> None:
    shapes = [mark.shape for mark in MARKS.values()]
    assert len(set(shapes)) == len(shapes)


def test_pages_take_these_colours_from_where_figures_do() -> None:
    """No page has its own list of the colours of the truce's states, of the ground or of lines."""
    ground = [colour for theme in GROUND.values() for colour in theme.values()]
    for file in (PACKAGE / "viewer" / "vue").iterdir():
        text = file.read_text(encoding="utf-8")
        listed = [colour for colour in (*TRUCE_COLOURS.values(), *ground) if f"'{colour}'" in text]
        assert not listed, file.name
        assert not re.search("(['\"]#[0-9a-fA-F]{6}['\"], ){2}", text), file.name


def test_lines_have_the_same_colours_in_figures_and_on_pages() -> None:
    with rc_context(fname=STYLE):
        assert rcParams["axes.prop_cycle"].by_key()["color"] == list(COLOURS)
    light, dark = CSS.splitlines()
    for i, colour in enumerate(COLOURS):
        assert f"--line-{i}: {colour};" in light
    assert len(set(re.findall(r"--line-\d: (#\w{6});", dark))) == len(COLOURS)
    for side, colour in (("home", HOME), ("host", HOST)):
        assert f"--{side}: {colour};" in light


def test_states_have_the_same_colours_in_every_figure() -> None:
    """Shares of days in each state are drawn in the colours of the map's time line."""
    row = {"runs": 10, "share": 0.25, "share_low": 0.2, "share_high": 0.3}
    states = [state.replace("_", " ") for state in TRUCE_COLOURS]
    columns = ["state", *row]
    ax = plot_states(pd.DataFrame([{"state": state} | row for state in states])[columns])
    bars = [each for each in ax.containers if isinstance(each, BarContainer)]
    drawn = [to_hex(bar.patches[0].get_facecolor()).upper() for bar in bars]
    assert drawn == list(TRUCE_COLOURS.values())
