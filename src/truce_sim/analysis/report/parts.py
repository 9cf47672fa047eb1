"""The parts of a report: sections with text, figures and tables."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from truce_sim.settings.written import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: A table of points in a report has at most this many rows; the files have them all.
MAX_ROWS = 40


@dataclass(frozen=True)
class Figure:
    """A picture with its alternative text and its caption."""

    drawing: Any
    alt: str
    caption: str

    @cached_property
    def source(self) -> str:
        """The picture as a data URI."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.render('svg')).decode()}"

    def render(self, form: str) -> bytes:
        """Return the picture as a file.

        Args:
            form: "svg", with text as outlines so that it looks the same in every browser, or "png".
        """
        import matplotlib as mpl

        out = io.BytesIO()
        about = {"Date": None} if form == "svg" else None
        with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "truce_sim"}):
            self.drawing.savefig(out, format=form, metadata=about, bbox_inches="tight", dpi=200)
        return out.getvalue()


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        caption: title of the table.
        columns: names of the columns.
        rows: rows of (column, cell) pairs.
        numbers: columns that are right-aligned, and whose cells do not break.
        folded: whether the table is collapsed until the reader opens it.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[tuple[str, str]]]
    numbers: frozenset[str] = frozenset()
    folded: bool = False


@dataclass
class Section:
    """A section of the report."""

    key: str
    title: str
    texts: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def figure(ax: Axes, alt: str, caption: str) -> Figure:
    """Return axes as a figure of the report."""
    from matplotlib import pyplot as plt

    drawing: Any = ax.figure
    plt.close(drawing)  # pyplot forgets it
    return Figure(drawing, alt, caption)


def make_table(frame: pd.DataFrame, caption: str, folded: bool = False) -> Table:
    """Convert a frame of texts, numbers and estimates to a table."""
    numbers = frozenset(str(name) for name in frame.columns if _holds_numbers(frame[name]))
    rows = [
        [(str(name), written(cell)) for name, cell in row.items()]
        for row in frame.to_dict("records")
    ]
    return Table(caption, [str(name) for name in frame.columns], rows, numbers, folded)


def _holds_numbers(column: pd.Series) -> bool:
    """Whether a column has numbers, or numbers with their intervals as text."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    return bool(column.astype(str).str.match(r"[-–]?\d.*\[|–").all())
