"""Large runs are prepared in the background, while the page shows progress and can cancel."""

from __future__ import annotations

from collections.abc import Callable

import solara

from truce_sim.viewer.pages.work import Progress, Work, use_work
from truce_sim.viewer.state.session import Session
from truce_sim.viewer.state.track import Track

#: Prepares a run, and reports progress.
MakeReady = Callable[[Track, Work], object]


@solara.component
def Coming(session: Session, make_ready: MakeReady) -> None:
    """Prepare the run or fork asked for; Cancel keeps what is shown."""
    tracks = session.coming.value

    def make(work: Work) -> None:
        make_ready(tracks[-1], work)
        session.arrive()

    work, _ = use_work(make, bool(tracks), [id(tracks)])
    if tracks:
        with solara.Div(classes=["coming"]):
            Progress(work, "The fork" if len(tracks) > 1 else "The new run", session.stay)


@solara.component
def First(session: Session, make_ready: MakeReady) -> None:
    """Prepare the first run; this can be stopped and resumed."""
    tries, stopped = solara.use_reactive(0), solara.use_reactive(False)

    def make(work: Work) -> None:
        for track in session.tracks:
            make_ready(track, work)
        session.ready.value = True

    def again() -> None:
        stopped.value, tries.value = False, tries.value + 1

    work, _ = use_work(make, not stopped.value, [tries.value, stopped.value])
    with solara.Column(classes=["making"], style={"padding": "24px"}):
        solara.Text("A large run: its map and its charts are being made.")
        if stopped.value:
            solara.Button("Go on", on_click=again, color="primary", style={"max-width": "120px"})
        else:
            Progress(work, "The run", lambda: stopped.set(True))
