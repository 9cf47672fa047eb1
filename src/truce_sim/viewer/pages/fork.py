"""The what-if panel: choose levers, fork, and ask what the change does over many draws."""

from __future__ import annotations

from collections.abc import Sequence

import solara

from truce_sim.config.regimes import may_change
from truce_sim.viewer.pages.parts import Controls, Sent
from truce_sim.viewer.state import ensemble
from truce_sim.viewer.state.levers import controls
from truce_sim.viewer.state.session import Clock, Session
from truce_sim.viewer.state.track import Track

ENSEMBLES = (100, 1000, 10000)


@solara.component
def Fork(clock: Clock) -> None:
    """Levers to change from the day shown on; the fork, and its ensemble."""
    session, day = clock.session, max(clock.day, 0)
    with solara.Column(gap="8px", classes=["fork"]):
        with solara.Column():  # always there, so that the controls keep their place
            if len(clock.tracks) > 1:
                Forked(clock)
        solara.Text(f"From day {day} on, change:", classes=["subtitle-1"])
        ForkLevers(session, clock.tracks[0], day)
        changes = session.fork_draft.changes.value
        with solara.Row():
            solara.Button(
                f"Fork from day {day}", on_click=session.fork, color="primary",
                disabled=not changes, icon_name="mdi-source-branch",
            )  # fmt: skip
            solara.Button("Clear", on_click=session.fork_draft.clear, outlined=True)
        if session.message.value:
            solara.Error(session.message.value)


@solara.component
def ForkLevers(session: Session, track: Track, day: int) -> None:
    """Every setting that may change on the way, as it stands on the day shown."""
    groups = solara.use_memo(
        lambda: controls(session.fork_base, may_change),
        [id(track), day if track.config.interventions else 0],
    )
    draft = session.fork_draft
    Controls(
        name="fork", groups=Sent(*groups), presets=Sent(), changes=draft.changes.value,
        errors=draft.errors.value,
        event_edit=lambda pair: session.edit_fork(*pair),
    )  # fmt: skip


@solara.component
def Forked(clock: Clock) -> None:
    """What became of the two runs, and the ensemble on demand."""
    session = clock.session
    replicates = solara.use_reactive(1000)
    asked = solara.use_reactive(0)

    def run() -> ensemble.Ensemble | None:
        if asked.value == 0:
            return None
        plain, fork = (track.config for track in clock.tracks)
        return ensemble.compare_fork(plain, fork, session.fork_day.value, replicates.value)

    task = solara.lab.use_task(run, dependencies=[asked.value, id(clock.tracks)])
    with solara.Card(margin=0, elevation=1):
        with solara.Row(style={"align-items": "center"}):
            solara.Select("Replicates", list(ENSEMBLES), value=replicates, dense=True)
            solara.Button(
                "Run the ensemble", on_click=lambda: asked.set(asked.value + 1), color="primary",
                disabled=task.pending, icon_name="mdi-chart-bell-curve",
            )  # fmt: skip
            solara.Button("Drop the fork", on_click=session.unfork, outlined=True)
        if task.pending and asked.value:
            solara.ProgressLinear(True)
        elif task.finished and task.value is not None:
            with solara.Column(gap="2px", classes=["ensemble"]):
                for sentence in ensemble.describe_ensemble(task.value):
                    solara.Text(sentence)


def difference(tracks: Sequence[Track]) -> str:
    """Days gained or lost by the fork in this one draw, in words."""
    ours, theirs = (track.run.outcome for track in tracks)
    gained = int(theirs["end_day"]) - int(ours["end_day"])
    ends = [
        f"collapses on day {o['end_day']}" if o["collapsed"] else f"holds for all {o['end_day']} days"
        for o in (ours, theirs)
    ]
    days = f"{abs(gained)} day{'' if abs(gained) == 1 else 's'}"
    word = "no day gained or lost" if not gained else f"{days} {'gained' if gained > 0 else 'lost'}"
    return f"In this draw, the run {ends[0]} and its fork {ends[1]}: {word}."
