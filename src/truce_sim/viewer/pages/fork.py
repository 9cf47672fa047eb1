"""The what-if panel: change levers, fork, and see the effect over many draws."""

from __future__ import annotations

from collections.abc import Sequence

import solara
from mesa.visualization.utils import update_counter

from truce_sim.config.regimes import may_change
from truce_sim.settings.written import count
from truce_sim.viewer.pages.ensembles import FromThisDay, OverAllLuck
from truce_sim.viewer.pages.parts import Controls, Payload
from truce_sim.viewer.state.levers import controls, without_effect
from truce_sim.viewer.state.session import Clock, Session
from truce_sim.viewer.state.track import Track


@solara.component
def Fork(clock: Clock) -> None:
    """Show ensembles of what is shown, and the levers to change from the day shown on."""
    update_counter.get()  # a day further
    session, day = clock.session, max(clock.day, 0)
    with solara.Column(gap="8px", classes=["fork"]):
        with solara.Div(classes=["ensembles"]):  # always present, so that the controls do not move
            if len(clock.tracks) > 1:
                OverAllLuck(session, clock.tracks)
            FromThisDay(session, clock.tracks, clock.day)
        solara.Text(f"From day {day} on, change:", classes=["subtitle-1"])
        ForkLevers(session, clock.tracks[0], day)
        changes = session.fork_draft.changes.value
        with solara.Row():
            solara.Button(
                f"Fork from day {day}", on_click=session.fork, color="primary",
                disabled=not changes or bool(session.coming.value), icon_name="mdi-source-branch",
            )  # fmt: skip
            solara.Button("Clear", on_click=session.fork_draft.clear, outlined=True)
            if len(clock.tracks) > 1:
                solara.Button("Drop the fork", on_click=session.unfork, outlined=True)
        if session.message.value:
            solara.Error(session.message.value)


@solara.component
def ForkLevers(session: Session, track: Track, day: int) -> None:
    """Show every setting that may change during a run, with its value on the day shown."""
    groups = solara.use_memo(
        lambda: controls(session.fork_base, may_change),
        [id(track), day if track.config.interventions else 0],
    )
    draft = session.fork_draft
    idle = solara.use_memo(
        lambda: without_effect(session.drafted_fork), [id(track), draft.changes.value]
    )
    Controls(
        name="fork", groups=Payload(*groups), presets=Payload(), changes=draft.changes.value,
        errors=draft.errors.value, idle=idle,
        event_edit=lambda pair: session.edit_fork(*pair),
    )  # fmt: skip


def difference(tracks: Sequence[Track]) -> str:
    """Describe how the fork changes this one draw: both ends, and days gained or lost."""
    ours, theirs = (track.run.outcome for track in tracks)
    gained = int(theirs["end_day"]) - int(ours["end_day"])
    ends = [
        f"collapses on day {o['end_day']}" if o["collapsed"] else f"holds for {o['end_day']} days"
        for o in (ours, theirs)
    ]
    days = count(abs(gained), "day")
    word = "no day gained or lost" if not gained else f"{days} {'gained' if gained > 0 else 'lost'}"
    return f"In this draw, the run {ends[0]} and its fork {ends[1]}: {word}."
