"""Write a sweep as one HTML file that anyone can read: question, answer and assumptions.

The file is self-contained and loads nothing from the network. A section that has nothing to show
says why.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from truce_sim.analysis.opened import opened
from truce_sim.analysis.report.material import Material
from truce_sim.analysis.report.parts import Section
from truce_sim.analysis.worlds import is_over_worlds
from truce_sim.errors import InputError
from truce_sim.results.outputs import check_writable, writing
from truce_sim.results.store import write_whole
from truce_sim.settings.written import count
from truce_sim.sweeps.summaries.summary import days_watched
from truce_sim.sweeps.sweep import Sweep
from truce_sim.terminal import clean

GENERATOR = '<meta name="generator" content="truce_sim'
CAVEAT = (
    "These are results of a model under the assumptions listed below, not forecasts. The 95 % "
    "intervals cover only the randomness of the simulation, not whether the assumptions hold."
)
CAVEAT_OVER_WORLDS = (
    "These are results of a model, not forecasts. The 95 % intervals and the shares of worlds "
    "cover the randomness of the simulation and not knowing the settings that were drawn; they do "
    "not cover whether the assumptions listed below, and the model itself, hold."
)


@opened
def write_report(
    sweep: Sweep,
    path: str | Path | None = None,
    factor: str = "",
    baseline: object = None,
    step: Callable[[str, int, int], None] = lambda title, done, of: None,
    figures: str | Path | None = None,
) -> Path:
    """Write the report of a sweep.

    Args:
        sweep: the sweep to report on.
        path: the file to write; by default `report.html` in the folder of the sweep.
        factor: the factor to compare, as in `compare`.
        baseline: the level to compare with, as in `compare`.
        step: called before each section with its title, the number of sections done, and the
            number of all sections.
        figures: a new folder for every figure as SVG and PNG; by default the report alone has them.

    Returns:
        The path of the report.

    Raises:
        InputError: a factor or level was not swept, the sweep has no finished runs, or the path
            cannot be written or holds something other than an earlier report.
    """
    path = Path(path or sweep.path / "report.html").expanduser()
    figures = None if figures is None else Path(figures)
    check_free(path)
    check_writable(path)
    if figures is not None:
        _check_new(figures)
    material = Material(sweep, factor, baseline)
    sections = _make_sections(material, step)
    text = _render(material, sections)
    with writing(path):
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    if figures is not None:
        with writing(figures, "--figures"):
            _write_figures(sections, figures)
    return path


def _check_new(folder: Path) -> None:
    """Check that figures may be written into a folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "exists and is not an empty folder", setting="--figures", value=str(folder),
            allowed="a new folder; nothing is overwritten",
        )  # fmt: skip
    there = next(place for place in (folder, *folder.parents) if place.exists())
    with writing(folder, "--figures"), tempfile.TemporaryFile(dir=there):
        pass


def _write_figures(sections: Sequence[Section], folder: Path) -> None:
    """Write every figure as <section>-<number>.svg and .png."""
    folder.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for number, picture in enumerate(section.figures, start=1):
            for form in ("svg", "png"):
                content = picture.render(form)
                path = folder / f"{section.key}-{number}.{form}"
                write_whole(path, lambda temporary, c=content: temporary.write_bytes(c))  # type: ignore[misc]


def check_free(path: Path) -> None:
    """Check that a report may be written to a path.

    Raises:
        InputError: the path is a folder, its folder does not exist, or it holds another file.
    """
    other = path.exists() and not path.is_file()  # such as a device, which may be endless
    if other or not path.parent.is_dir():
        raise InputError(
            "is not a file" if other else "its folder does not exist",
            setting="--out", value=str(path), allowed="the path of a file",
        )  # fmt: skip
    with writing(path):
        start = path.read_text(encoding="utf-8", errors="replace")[:2000] if path.exists() else ""
    if path.exists() and GENERATOR not in start:
        raise InputError(
            "exists and is not a report of truce_sim", setting="--out", value=str(path),
            allowed="a new file, or an earlier report",
        )  # fmt: skip


def _make_sections(material: Material, step: Callable[[str, int, int], None]) -> list[Section]:
    from truce_sim.analysis.report.sections import SECTIONS

    sections = []
    for done, (title, make) in enumerate(SECTIONS):
        step(title, done, len(SECTIONS))
        sections.append(make(material))
    return sections


@opened
def render(sweep: Sweep, factor: str = "", baseline: object = None) -> str:
    """Return the report as HTML; arguments as in `write_report`."""
    material = Material(sweep, factor, baseline)
    return _render(material, _make_sections(material, lambda title, done, of: None))


def _render(material: Material, sections: Sequence[Section]) -> str:
    """Return the report as HTML."""
    from truce_sim.analysis.report.sections import write_answer

    sweep = material.sweep
    question = sweep.folder.settings.question
    title = question or f"How long does the truce last? Sweep {sweep.path.name}"
    caveat = CAVEAT_OVER_WORLDS if is_over_worlds(sweep) else CAVEAT
    return render_page(title, subtitle(material), write_answer(material), caveat, sections)


def render_page(
    title: str, subtitle: str, answer: Sequence[str], caveat: str, sections: Sequence[Section]
) -> str:
    """Return a page as HTML: a title, the answer in a few sentences with its caveat, sections."""
    import jinja2

    from truce_sim.version import __version__

    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True,
    ).get_template("report.html.j2")  # fmt: skip
    text = page.render(
        version=__version__, title=title, subtitle=subtitle, answer=answer, caveat=caveat,
        sections=sections,
    )  # fmt: skip
    return clean(text)  # commands are copied from it into a terminal


def subtitle(material: Material) -> str:
    """State how many runs of what there are, and when they finished."""
    sweep, overall = material.sweep, material.overall
    finished = str(sweep.manifest.get("finished", ""))[:10]
    failed = f" ({int(overall['failed']):,} failed and are left out)" if overall["failed"] else ""
    watched = days_watched(sweep.points["horizon"])
    of_factors = f" of {' and '.join(sweep.factors)}" if sweep.factors else ""
    return (
        f"{count(int(overall['runs']), 'simulated truce')} of {watched}{failed}, over "
        f"{count(sweep.folder.points, 'setting')}{of_factors}. "
        + (f"Finished {finished}." if finished else "Not finished yet: these are the runs so far.")
    )
