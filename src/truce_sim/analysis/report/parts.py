"""The parts of a report: sections with text, figures and tables."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from truce_sim.analysis import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: A table of points in a report has at most this many rows; the files have them all.
MAX_ROWS = 40


@dataclass(frozen=True)
class Figure:
    """A picture as a data URI, with its alternative text and its caption."""

    source: str
    alt: str
    caption: str


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
    """Render axes as SVG, with text as outlines so that it looks the same in every browser."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    out = io.BytesIO()
    drawing: Any = ax.figure
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "truce_sim"}):
        drawing.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(drawing)
    code = base64.b64encode(out.getvalue()).decode()
    return Figure(f"data:image/svg+xml;base64,{code}", alt, caption)


def make_table(frame: pd.DataFrame, caption: str, folded: bool = False) -> Table:
    """Convert a frame of texts, numbers and estimates to a table."""
    numbers = frozenset(str(name) for name in frame.columns if _holds_numbers(frame[name]))
    rows = [
        [(str(name), words.plain(cell)) for name, cell in row.items()]
        for row in frame.to_dict("records")
    ]
    return Table(caption, [str(name) for name in frame.columns], rows, numbers, folded)


def _holds_numbers(column: pd.Series) -> bool:
    """Whether a column has numbers, or numbers with their intervals as text."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    return bool(column.astype(str).str.match(r"[-–]?\d.*\[|–").all())
