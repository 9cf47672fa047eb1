"""The look of figures: one style file, with colours that colour-blind readers can distinguish."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from matplotlib import RcParams
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

STYLE = Path(__file__).with_name("truce.mplstyle")

#: Okabe and Ito (2008), darker ones first, so that bands and lines stay distinct in greyscale.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A5195", "#444444",
)  # fmt: skip
BAND_ALPHA = 0.18
GREY = "#666666"
CMAP_SEQUENTIAL = "viridis"
CMAP_DIVERGING = "RdBu"


def with_style(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a plotting function to use the style file, without changing global settings."""

    @wraps(function)
    def draw(*arguments: P.args, **settings: P.kwargs) -> R:
        import matplotlib as mpl

        with mpl.rc_context(_style()):
            return function(*arguments, **settings)

    return draw


@cache
def _style() -> RcParams:
    """The style file, cached because parsing it can take longer than drawing a figure."""
    from matplotlib import rc_params_from_file

    return rc_params_from_file(STYLE, use_default_template=False)


def get_axes(ax: Axes | None, width: float = 6.4, height: float = 4.0) -> Axes:
    """Return the given axes, or those of a new figure of this width and height in inches."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def note_below(figure: Figure, text: str) -> None:
    """Write a small note below all panels: number of runs, kind of intervals."""
    figure.supxlabel(text, x=0.01, ha="left", color=GREY, fontsize="x-small")


def state_n(ax: Axes, text: str) -> None:
    """Write a small note below the axes: number of runs, kind of intervals."""
    ax.annotate(
        textwrap.fill(text, 72), (0.0, 0.0), (0.0, -40.0), xycoords="axes fraction",
        textcoords="offset points", ha="left", va="top", fontsize="x-small", color=GREY,
        annotation_clip=False,
    )  # fmt: skip


styled = with_style  #: Its name in 0.1.
