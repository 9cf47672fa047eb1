"""The what-if panel: change levers, fork, and estimate the effect over many draws."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import solara
from mesa.visualization.utils import update_counter

from truce_sim.config.regimes import may_change
from truce_sim.viewer.pages.parts import Controls, Payload
from truce_sim.viewer.pages.work import Progress, Stopped, Work
from truce_sim.viewer.state import ensemble
from truce_sim.viewer.state.levers import controls, without_effect
from truce_sim.viewer.state.session import Clock, Session
from truce_sim.viewer.state.track import Track

ENSEMBLES = (100, 1000, 10000)


@solara.component
def Fork(clock: Clock) -> None:
    """Show the levers to change from the day shown on, the fork, and its ensemble."""
    update_counter.get()  # a day further
    session, day = clock.session, max(clock.day, 0)
    with solara.Column(gap="8px", classes=["fork"]):
        with solara.Column():  # always present, so that the controls do not move
            if len(clock.tracks) > 1:
                ForkResult(clock)
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


@solara.component
def ForkResult(clock: Clock) -> None:
    """Compare the two runs over an ensemble, on request."""
    session = clock.session
    replicates = solara.use_reactive(1000)
    requests = solara.use_reactive(0)
    work = solara.use_memo(Work, [requests.value, id(clock.tracks)])

    def run() -> ensemble.Ensemble | None:
        if requests.value == 0:
            return None
        plain, fork = (track.config for track in clock.tracks)
        day = session.fork_day.value
        with suppress(Stopped):
            return ensemble.compare_fork(plain, fork, day, replicates.value, work)
        return None

    task = solara.lab.use_task(run, dependencies=[requests.value, id(clock.tracks)])
    with solara.Card(margin=0, elevation=1):
        with solara.Row(style={"align-items": "center"}):
            solara.Select("Replicates", list(ENSEMBLES), value=replicates, dense=True)
            solara.Button(
                "Run the ensemble", on_click=lambda: requests.set(requests.value + 1),
                color="primary", disabled=task.pending, icon_name="mdi-chart-bell-curve",
            )  # fmt: skip
            solara.Button("Drop the fork", on_click=session.unfork, outlined=True)
        if task.pending and requests.value:
            Progress(work, "pairs of runs")
        elif task.finished and task.value is not None:
            with solara.Column(gap="2px", classes=["ensemble"]):
                for sentence in ensemble.describe_ensemble(task.value):
                    solara.Text(sentence)


def difference(tracks: Sequence[Track]) -> str:
    """Describe how the fork changes this one draw: both ends, and days gained or lost."""
    ours, theirs = (track.run.outcome for track in tracks)
    gained = int(theirs["end_day"]) - int(ours["end_day"])
    ends = [
        f"collapses on day {o['end_day']}" if o["collapsed"] else f"holds for {o['end_day']} days"
        for o in (ours, theirs)
    ]
    days = f"{abs(gained)} day{'' if abs(gained) == 1 else 's'}"
    word = "no day gained or lost" if not gained else f"{days} {'gained' if gained > 0 else 'lost'}"
    return f"In this draw, the run {ends[0]} and its fork {ends[1]}: {word}."
