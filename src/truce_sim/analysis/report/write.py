"""A sweep as one HTML file that anyone can read: the question, the answer, and what it rests on.

The file holds everything it shows and asks nobody for anything. Every section states what it could
not show, and why, in place of an empty space.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from truce_sim.analysis import words
from truce_sim.analysis.report.material import Material
from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError
from truce_sim.results.store import write_whole
from truce_sim.sweeps.summaries.summary import days_watched

GENERATOR = '<meta name="generator" content="truce_sim'
CAVEAT = (
    "These are results of a model under the assumptions listed below, not forecasts. Intervals are "
    "95 % and cover the chance of the simulation alone, not whether the assumptions hold."
)


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

    from truce_sim.version import __version__

    material = Material(sweep, factor, baseline)
    from truce_sim.analysis.report.sections import SECTIONS, write_answer

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
        answer=write_answer(material),
        caveat=CAVEAT,
        sections=sections,
    )


def subtitle(material: Material) -> str:
    """How many runs of what, when."""
    sweep, overall = material.sweep, material.overall
    finished = str(sweep.manifest.get("finished", ""))[:10]
    failed = f" ({int(overall['failed']):,} failed and are left out)" if overall["failed"] else ""
    watched = days_watched(sweep.points["horizon"])
    varied = " and ".join(sweep.factors) or "nothing"
    return (
        f"{words.counted(int(overall['runs']), 'simulated truce')} of {watched}{failed}, over "
        f"{words.counted(sweep.folder.points, 'setting')} of {varied}. "
        + (f"Finished {finished}." if finished else "Not finished: this is what is there so far.")
    )
