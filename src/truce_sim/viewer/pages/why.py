"""The "why" panel: the chain of the day shown, and what ended the truce."""

from __future__ import annotations

from collections.abc import Sequence

import solara
from mesa.visualization.utils import update_counter

from truce_sim.viewer.pages.parts import Payload, WhyPicture
from truce_sim.viewer.state.session import Clock
from truce_sim.viewer.state.track import Track
from truce_sim.viewer.state.why import chain, sentence, why_data

#: The chain of a run up to this long is computed at once; of longer ones, in the background.
_SHORT = 800


@solara.component
def Why(clock: Clock) -> None:
    """Show the chain of the day, for the run and its fork."""
    update_counter.get()  # a day further
    tracks, days = clock.tracks, [clock.day_of(which) for which in range(len(clock.tracks))]
    ready = solara.use_reactive(0)
    if all("why" in track.cache or track.last_day < _SHORT for track in tracks):
        WhyPicture(
            whys=Payload(*(why_data(track) for track in tracks)),
            day=clock.day,
            sentences=list(map(sentence, tracks, days)),
            chains=list(map(chain, tracks, days)),
            event_go=clock.session.go,
        )
        return
    Waiting(tracks, ready).key(f"why-{id(tracks)}")


@solara.component
def Waiting(tracks: Sequence[Track], ready: solara.Reactive[int]) -> None:
    """Compute the chain, showing a progress bar meanwhile; `ready` then counts up."""

    def work() -> None:
        for track in tracks:
            why_data(track)
        ready.value += 1

    solara.lab.use_task(work, dependencies=[])
    solara.Text("Working out the grievance of every day …")
    solara.ProgressLinear(True)
