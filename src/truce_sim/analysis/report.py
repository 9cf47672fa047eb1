"""A sweep as one HTML file that anyone can read: the question, the answer, and what it rests on.

The file holds everything it shows and asks nobody for anything. Every section states what it could
not show, and why, in place of an empty space.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from truce_sim.errors import InputError
from truce_sim.sweeps.store import write_whole

from . import words
from .compare import Comparison, compare
from .survival import survival_summary
from .sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GENERATOR = '<meta name="generator" content="truce_sim'
CAVEAT = (
    "These are results of a model under the assumptions listed below, not forecasts. Intervals are "
    "95 % and cover the chance of the simulation alone, not whether the assumptions hold."
)
#: Beyond so many points a table of them is left to the files.
MAX_ROWS = 40


@dataclass(frozen=True)
class Figure:
    """A picture as a data URI, what it shows for those who cannot see it, and its caption."""

    source: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Texts in rows: (column, cell) pairs. numbers: columns set flush right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[tuple[str, str]]]
    numbers: frozenset[str] = frozenset()
    folded: bool = False


@dataclass
class Section:
    """A part of the report."""

    key: str
    title: str
    texts: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write_report(
    sweep: Sweep,
    path: Path | None = None,
    factor: str = "",
    baseline: object = None,
    step: Callable[[str, int, int], None] = lambda title, done, of: None,
) -> Path:
    """Write the report of a sweep, by default as report.html in its folder; returns its path.

    factor, baseline: what is compared with what, as in `compare`. step: told the title of each
    section before it is made, how many are done, and of how many.

    Raises InputError for a factor or level that was not swept, a sweep without finished runs, or a
    path that holds something other than an earlier report.
    """
    path = path or sweep.path / "report.html"
    check_free(path)
    text = render(sweep, factor, baseline, step)
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return path


def check_free(path: Path) -> None:
    """Raise InputError unless a report may be written there."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(
            "is a folder" if path.is_dir() else "its folder does not exist",
            setting="--out", value=str(path), allowed="the path of a file",
        )  # fmt: skip
    if path.exists() and GENERATOR not in path.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise InputError(
            "exists, and is no report of truce_sim", setting="--out", value=str(path),
            allowed="a new file, or an earlier report",
        )  # fmt: skip


def render(
    sweep: Sweep,
    factor: str = "",
    baseline: object = None,
    step: Callable[[str, int, int], None] = lambda title, done, of: None,
) -> str:
    """The report as HTML."""
    import jinja2

    from truce_sim import __version__

    material = Material(sweep, factor, baseline)
    from .sections import SECTIONS, answer_of

    sections = []
    for done, (title, make) in enumerate(SECTIONS):
        step(title, done, len(SECTIONS))
        sections.append(make(material))
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True,
    ).get_template("report.html.j2")  # fmt: skip
    question = sweep.folder.settings.question
    return page.render(
        version=__version__,
        title=question or f"How long does the truce last? Sweep {sweep.path.name}",
        subtitle=subtitle(material),
        answer=answer_of(material),
        caveat=CAVEAT,
        sections=sections,
    )


def subtitle(material: Material) -> str:
    """How many runs of what, when."""
    sweep, overall = material.sweep, material.overall
    finished = str(sweep.manifest.get("finished", ""))[:10]
    failed = f" ({int(overall['failed']):,} failed and are left out)" if overall["failed"] else ""
    varied = " and ".join(sweep.factors) or "nothing"
    return (
        f"{words.counted(int(overall['runs']), 'simulated truce')} of {sweep.horizon} "
        f"days{failed}, over {words.counted(sweep.folder.points, 'setting')} of {varied}. "
        + (f"Finished {finished}." if finished else "Not finished: this is what is there so far.")
    )


class Material:
    """What several sections use, made once."""

    def __init__(self, sweep: Sweep, factor: str, baseline: object) -> None:
        self.sweep = sweep
        if not self.overall["runs"]:
            raise InputError(
                "has no finished runs yet", value=str(sweep.path),
                allowed=f"truce-sim resume {sweep.path}",
            )  # fmt: skip
        if factor or baseline is not None:
            self.comparison = compare(sweep, factor, baseline)

    @cached_property
    def overall(self) -> pd.Series:
        """The one row of survival_summary over all runs."""
        return survival_summary(self.sweep).iloc[0]

    @cached_property
    def comparison(self) -> Comparison | str:
        """The levels compared; where none can be, why not."""
        try:
            return compare(self.sweep)
        except InputError as error:
            return error.problem

    @cached_property
    def ranked(self) -> pd.DataFrame | str:
        """Factors, the most important first: factor, index, low, high, kind, rank_low, rank_high;
        where they cannot be ranked, why not."""
        from .sensitivity import rank_factors

        if isinstance(self.drivers, str):
            return self.drivers
        ranks = rank_factors(self.drivers)[["factor", "rank_low", "rank_high"]]
        return self.drivers.merge(ranks, on="factor")

    @cached_property
    def drivers(self) -> pd.DataFrame | str:
        """As `sensitivity.drivers`; where there are none, why not."""
        from .sensitivity import drivers

        if not self.sweep.factors:
            return "nothing was varied"
        try:
            return drivers(self.sweep)
        except InputError as error:
            return error.problem

    @property
    def two_factors(self) -> tuple[str, str] | None:
        """The two factors that matter most, one of numbers last; None where there are not two."""
        names = list(self.ranked["factor"] if isinstance(self.ranked, pd.DataFrame) else ())
        names += [name for name in self.sweep.factors if name not in names]
        if len(names) < 2:
            return None
        x, y = names[:2]
        return (y, x) if self.sweep.is_number(x) and not self.sweep.is_number(y) else (x, y)

    @cached_property
    def by(self) -> str:
        """The factor that curves are drawn by: what is compared, else what matters most."""
        if not isinstance(self.comparison, str):
            return self.comparison.factor
        ranked = () if isinstance(self.ranked, str) else self.ranked["factor"]
        return next(iter((*ranked, *self.sweep.factors)), "")


def figure(ax: Axes, alt: str, caption: str) -> Figure:
    """A drawing as SVG with its letters as outlines, which every reader shows alike."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    out = io.BytesIO()
    drawing: Any = ax.figure
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "truce_sim"}):
        drawing.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(drawing)
    code = base64.b64encode(out.getvalue()).decode()
    return Figure(f"data:image/svg+xml;base64,{code}", alt, caption)


def table_of(frame: pd.DataFrame, caption: str, folded: bool = False) -> Table:
    """A frame of texts and numbers as a table; numbers flush right."""
    numbers = frozenset(
        str(name) for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])
    )
    rows = [
        [(str(name), words.plain(cell)) for name, cell in row.items()]
        for row in frame.to_dict("records")
    ]
    return Table(caption, [str(name) for name in frame.columns], rows, numbers, folded)
