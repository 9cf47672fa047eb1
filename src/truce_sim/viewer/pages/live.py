"""The page of a run: Mesa's SolaraViz with our picture and panels as its components."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from truce_sim.viewer.pages.export import Exports
from truce_sim.viewer.pages.fork import Fork, difference
from truce_sim.viewer.pages.parts import (
    BorderKey,
    BorderPicture,
    Controls,
    DailyCharts,
    EventLog,
    Payload,
    StatusStrip,
    Timeline,
)
from truce_sim.viewer.pages.ready import Coming, First
from truce_sim.viewer.pages.why import Why
from truce_sim.viewer.pages.work import Work
from truce_sim.viewer.state.ground import LOOKS, what_it_is
from truce_sim.viewer.state.levers import choices, controls, fork_in_words, without_effect
from truce_sim.viewer.state.picture import LAYERS, colour_power
from truce_sim.viewer.state.presets import ready, warm
from truce_sim.viewer.state.session import Clock, Session
from truce_sim.viewer.state.track import Track
from truce_sim.viewer.state.week import frame_data
from truce_sim.viewer.state.why import why_data
from truce_sim.viewer.state.words import status_strip

#: Events marked on the day slider.
TICKS = (
    "strike", "suspension", "saved", "renewal", "collapse",
    "round_called", "round_succeeded", "round_failed", "strained", "eased",
)  # fmt: skip

CAVEAT = (
    "One draw of a model on assumed values, not a forecast: its days and deaths happened nowhere."
)

_LOOKS = Payload(LOOKS)
_LAYERS = [(name, title) for name, (title, _) in LAYERS.items()]

_COLUMNS = (
    "grievance_home", "threshold_home", "grievance_host", "threshold_host", "belief", "will",
    "strength", "fatigue", "attempts", "foiled_by_host", "foiled_at_border", "foiled_inside",
    "crossings", "attacks", "violations", "deaths", "bands",
)  # fmt: skip


@solara.component
def RunPage(session: Session, back: Callable[[], None] | None = None) -> None:
    """Show a visitor's run: SolaraViz with its controls, and the settings below them."""
    solara.Title("truce_sim")
    if not session.ready.value:
        First(session, make_ready)
        return
    SolaraViz(
        session.clock,
        components=[(Head, 0), (Stage, 0), (Transport, 0), (Panels, 0)],
        model_params={"session": session},
        name=f"truce_sim: {what_it_is(session.tracks[0].ground)}",
        play_interval=session.rest,
    )
    Aside(session, back)


@solara.component
def Aside(session: Session, back: Callable[[], None] | None) -> None:
    """Add a level to the tree: deeper components come later in the sidebar."""
    BelowControls(session, back)


@solara.component
def BelowControls(session: Session, back: Callable[[], None] | None) -> None:
    """Show what is below SolaraViz's controls."""
    with solara.Sidebar(), solara.Column(gap="8px"):
        solara.HTML("details", "<summary>Mesa's own controls</summary>", classes=["mesa"])
        if back is not None:
            solara.Button(
                f"Back to the {session.opening.page}",
                icon_name="mdi-arrow-left",
                on_click=back,
                text=True,
            )
        Settings(session)


@solara.component
def Settings(session: Session) -> None:
    """Show presets and every setting; changes take effect on Reset or Apply."""
    plain, changes = session.base, session.draft.changes.value
    groups = solara.use_memo(lambda: controls(plain, lambda path: True), [id(plain)])
    idle = solara.use_memo(lambda: without_effect(session.drafted), [id(plain), changes])
    shown = session.shown.value  # so that the first visitor sees the picture first
    composing = solara.lab.use_task(lambda: warm() if shown else None, dependencies=[shown])
    composed = ready() or (shown and composing.finished)
    presets = solara.use_memo(lambda: choices(plain) if composed else [], [id(plain), composed])
    with solara.Card("Settings", margin=0, elevation=0, classes=["ours"]):
        with solara.Column(gap="6px"):  # always present, so that the controls do not move
            if session.message.value:
                solara.Error(session.message.value)
            if len(session.coming.value) == 1:
                Coming(session, make_ready)
            if session.changed and not session.coming.value:
                solara.Info("Press Reset or Apply to start a run with these settings.", dense=True)
                with solara.Row():
                    apply = session.restart
                    solara.Button("Apply", on_click=apply, color="primary", small=True)
                    solara.Button("Undo", on_click=session.undo, small=True, outlined=True)
        Controls(
            name="settings", groups=Payload(*groups), presets=Payload(*presets), changes=changes,
            errors=session.draft.errors.value, idle=idle,
            event_edit=lambda pair: session.edit(*pair),
            event_choose=lambda pair: session.choose(*pair),
        )  # fmt: skip


# ── the components of SolaraViz ──────────────────────────────────────────────────────────────


@solara.component
def Head(clock: Clock) -> None:
    """Show the status of one run, or of two side by side."""
    update_counter.get()
    names = _names(clock)
    with solara.Column(gap="4px", classes=["head"]), solara.Div(classes=[_side_by_side(names)]):
        for which, (name, track) in enumerate(zip(names, clock.tracks, strict=True)):
            mark, good = _mark(clock, which)
            status = status_strip(track, clock.models[which])
            StatusStrip(status=status, title=name, mark=mark, mark_good=good)


@solara.component
def Stage(clock: Clock) -> None:
    """Show the border of one run, or of two side by side, and one key."""
    update_counter.get()
    names, scale = _names(clock), _scale(clock)
    with solara.Column(gap="2px", classes=["stage"]):
        with solara.Div(classes=[_side_by_side(names)]):
            for which, name in enumerate(names):
                Picture(clock, which, scale, name)
        session = clock.session
        BorderKey(
            looks=_LOOKS, scale=scale, layers=_LAYERS, hidden=session.hidden.value,
            event_hide=session.hidden.set, event_layer=session.layer.set,
        )  # fmt: skip


@solara.component
def Transport(clock: Clock) -> None:
    """Show play, speed and the day slider, the caveat, and what a fork changes."""
    update_counter.get()
    session, forked = clock.session, len(clock.tracks) > 1
    with solara.Column(gap="2px", classes=["transport"]):
        Timeline(
            stories=Payload(*(story(track) for track in clock.tracks)),
            day=clock.day,
            fork_day=session.fork_day.value if forked else -1,
            pace=session.pace.value,
            record=Payload(*session.opening.record),
            event_go=session.go,
            event_pace=session.pace.set,
        )
        if forked:
            solara.Text(difference(clock.tracks), classes=["difference"])
        solara.Text(CAVEAT, classes=["caveat"])


def _names(clock: Clock) -> tuple[str, ...]:
    """The title of each picture; a fork's is its change."""
    if len(clock.tracks) == 1:
        return ("",)
    return "run as it was", fork_in_words(clock.tracks[1].config.interventions[-1])


def _side_by_side(names: tuple[str, ...]) -> str:
    return "side-by-side" if len(names) > 1 else "alone"


def _scale(clock: Clock) -> dict[str, Any]:
    """The scale of the layer shown, shared by a run and its fork."""
    layer = clock.session.layer.value
    title, unit = LAYERS[layer]
    return {
        "title": title, "unit": unit, "layer": layer, "power": colour_power(layer),
        "high": max(track.scales[layer] for track in clock.tracks),
    }  # fmt: skip


def Picture(clock: Clock, which: int, scale: dict[str, Any], name: str) -> None:
    """Show the grid of one of the runs."""
    track, model, session = clock.tracks[which], clock.models[which], clock.session
    BorderPicture(
        ground=Payload(track.ground),
        frame=frame_data(model, scale["layer"], scale["high"], clock.weeks[which]),
        scale=scale,
        view=session.view.value,
        hidden=session.hidden.value,
        title=name,
        event_view=session.view.set,
        event_shown=session.shown.set,
    )


@solara.component
def Panels(clock: Clock) -> None:
    """Show why, charts, log, what-if and export next to or below the picture."""
    update_counter.get()
    session = clock.session
    stories = Payload(*(story(track) for track in clock.tracks))
    fork_day = session.fork_day.value if len(clock.tracks) > 1 else -1
    with solara.Column(gap="0px", classes=["panels"]):
        if len(session.coming.value) > 1:
            Coming(session, make_ready)
        with solara.lab.Tabs(session.panel, lazy=True):
            with solara.lab.Tab("Why"):
                Why(clock)
            with solara.lab.Tab("Charts"):
                DailyCharts(stories=stories, day=clock.day, fork_day=fork_day)
            with solara.lab.Tab("Log"):
                EventLog(stories=stories, day=clock.day, fork_day=fork_day, event_go=session.go)
            with solara.lab.Tab("What if"):
                Fork(clock)
            with solara.lab.Tab("Export"):
                Exports(clock)


def make_ready(track: Track, work: Work) -> None:
    """Make, piece by piece, the data that is sent once for a run.

    Raises:
        Stopped: The visitor has cancelled the work.
    """
    pieces: tuple[Callable[[], object], ...] = (
        lambda: track.run.events, lambda: track.scales, lambda: track.log,
        lambda: story(track), lambda: why_data(track), lambda: track.ground,
    )  # fmt: skip
    for done, piece in enumerate(pieces):
        work(done / len(pieces))
        piece()
    work(1.0)


# ── data sent once for each run ───────────────────────────────────────────────────────────


def story(track: Track) -> dict[str, Any]:
    """Return a complete run for charts, log and slider, made once."""
    return track.once("story", partial(_story, track))


def _story(track: Track) -> dict[str, Any]:
    series, events = track.run.series, track.run.events
    marked = events[events["kind"].isin(TICKS)]
    return {
        "states": series["status"].cat.codes.tolist(),
        "series": {name: _numbers(series[name].tolist()) for name in _COLUMNS},
        "log": track.log,
        "ticks": list(zip(marked["day"].tolist(), marked["kind"].tolist(), strict=True)),
        "first": str(track.run.first_date or ""),
        "horizon": track.config.run.horizon_days,
        "collapsed": bool(track.run.outcome["collapsed"]),
    }


def _numbers(values: list[float]) -> list[float | None]:
    """Numbers rounded for the browser; infinite ones, such as a threshold's, become None."""
    return [round(value, 4) if math.isfinite(value) else None for value in values]


def _mark(clock: Clock, which: int) -> tuple[str, bool]:
    """The mark that compares the run with the stored one, and whether they agree."""
    row = clock.session.row
    if row is None or which > 0:
        return "", True
    if clock.day < clock.tracks[0].last_day:
        return f"{row.name}: will be checked when it ends", True
    differing = row.differences(clock.models[0].outcome())
    if differing:
        return f"{row.name}: differs from the stored row in {', '.join(differing)}", False
    return f"{row.name}: matches the {'sweep' if clock.session.opening.sweep else 'folder'}", True
