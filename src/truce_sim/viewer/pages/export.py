"""The export panel: the day as PNG or SVG, the run as CSV or GIF."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import solara
from mesa.visualization.utils import update_counter

from truce_sim.results.spreadsheets import as_csv
from truce_sim.viewer.pages.parts import Copies
from truce_sim.viewer.pages.work import Progress, Work, use_work
from truce_sim.viewer.state.commands import as_command, as_python, overrides_of
from truce_sim.viewer.state.session import Clock, Session

#: Approximate maximum number of frames of a GIF made in the browser.
FRAMES = 50

_WRAPS = {"flex-wrap": "wrap", "row-gap": "8px"}


@solara.component
def Exports(clock: Clock) -> None:
    """Offer the day shown and the run for download."""
    update_counter.get()  # a day further
    session = clock.session
    with solara.Column(gap="8px", classes=["export"]):
        solara.Text("The day shown")
        with solara.Row(style=_WRAPS):
            for kind in ("png", "svg"):
                solara.FileDownload(
                    lambda kind=kind: picture(session.clock.value, session.layer.value, kind),
                    filename=f"truce-day-{max(clock.day, 0)}.{kind}", label=kind.upper(),
                )  # fmt: skip
        solara.Text("The run")
        with solara.Row(style=_WRAPS):
            for index, name in enumerate(("run", "fork")[: len(clock.tracks)]):
                solara.FileDownload(
                    lambda index=index: table(session, index, "series"),
                    filename=f"{name}-series.csv", label=f"{name}: daily series, CSV",
                )  # fmt: skip
                solara.FileDownload(
                    lambda index=index: table(session, index, "events"),
                    filename=f"{name}-events.csv", label=f"{name}: events, CSV",
                )  # fmt: skip
        Film(session)
        Commands(clock)


@solara.component
def Commands(clock: Clock) -> None:
    """Offer what is shown (the fork, if there is one) as a command and as Python."""
    track = clock.tracks[-1]
    words = solara.use_memo(lambda: overrides_of(track.config), [id(track)])
    solara.Text(f"To repeat {'the fork' if len(clock.tracks) > 1 else 'the run'}")
    Copies(texts=[("command", as_command(words)), ("Python", as_python(words))] if words else [])


@solara.component
def Film(session: Session) -> None:
    """Make a GIF of the run on request."""
    requests = solara.use_reactive(0)

    def make(work: Work) -> bytes:
        from truce_sim.viewer.pictures.movie import write_movie

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "truce.gif"
            every = max(session.tracks[0].last_day // FRAMES, 1)
            write_movie(
                session.tracks[0], path, session.layer.value, every=every, dpi=80, progress=work
            )
            return path.read_bytes()

    work, task = use_work(make, requests.value > 0, [requests.value])
    with solara.Row(style={"align-items": "center"}):
        solara.Button(
            "Make a GIF of the run", on_click=lambda: requests.set(requests.value + 1),
            disabled=task.pending and requests.value > 0, outlined=True,
        )  # fmt: skip
        if task.finished and task.value:
            solara.FileDownload(task.value, filename="truce.gif", label="GIF")
    if task.pending and requests.value:
        Progress(work, "frames")
    solara.Text("For MP4, or a GIF of another size, use truce-sim movie.", classes=["caption"])


def picture(clock: Clock, layer: str, kind: str) -> bytes:
    """Return the day shown as an image file.

    Args:
        clock: The runs; the first is drawn.
        layer: The layer to colour.
        kind: png or svg.
    """
    from truce_sim.viewer.pictures.figure import DayFigure

    model, track, week = clock.models[0], clock.tracks[0], clock.weeks[0]
    out = io.BytesIO()
    figure = DayFigure(track, layer)
    figure.show(model, week)
    figure.save(out, kind)
    return out.getvalue()


def table(session: Session, index: int, what: str) -> bytes:
    """Return a table of a run as CSV.

    Args:
        session: The visitor's session.
        index: 0 for the run, 1 for its fork.
        what: "series" for the daily series, "events" for the events.
    """
    run = session.tracks[index].run
    frame = run.series.reset_index() if what == "series" else run.events
    return as_csv(frame).encode()
