"""Many random draws: of a run and its fork, and of what may follow the day shown."""

from __future__ import annotations

from typing import Any

import solara

from truce_sim.errors import InputError
from truce_sim.viewer.pages.parts import Chances, Copies, SurvivalCurves
from truce_sim.viewer.pages.work import Progress, Work, use_work
from truce_sim.viewer.state import commands, ensemble, futures
from truce_sim.viewer.state.session import ENSEMBLES, NO_FUTURES, Session
from truce_sim.viewer.state.track import Track

Tracks = tuple[Track, ...]

_NOTE = "Share of truces that hold at the end of each day, with pointwise 95 % intervals."


@solara.component
def OverAllLuck(session: Session, tracks: Tracks) -> None:
    """Compare a run and its fork over many draws, on request."""
    n = session.pairs.value

    def make(work: Work) -> ensemble.Ensemble:
        plain, fork = (track.config for track in tracks)
        return ensemble.compare_fork(plain, fork, session.fork_day.value, n, work)

    with solara.Card("From the start, with other draws", margin=0, classes=["ensemble-card"]):
        solara.Text("The run and its fork again and again, each pair with its own random draws.")
        ask = Ask(
            session.pairs.value, "Run the ensemble", "mdi-chart-bell-curve", session.pairs.set
        )
        ask.key("ask")
        found = use_kept(
            session, ("pairs", n), make, n > 0, "pairs of runs", lambda: session.pairs.set(0)
        )
        if found is not None:
            with solara.Column(gap="4px", classes=["ensemble"]):
                ours, theirs = (
                    ensemble.survival_curve(name, ends, found.horizon)
                    for name, ends in zip(("run", "fork"), found.ends, strict=True)
                )
                SurvivalCurves(
                    curves=[ours, theirs], horizon=found.horizon, note=_NOTE, since=found.day - 1
                )
                Sentences(ensemble.describe_ensemble(found))
                Repeat(commands.of_ensemble(tracks[0].config, tracks[1].config, n))


@solara.component
def FromThisDay(session: Session, tracks: Tracks, day: int) -> None:
    """Follow the run, and its fork, from the day shown on, on request."""
    since, n = session.futures.value
    left = futures.going_on(tracks, day)

    def make(work: Work) -> futures.Named:
        return futures.follow(tracks, since, n, work)

    with solara.Card("From this very day, with new draws", margin=0, classes=["ensemble-card"]):
        past = f"up to day {day}" if day >= 0 else "before day 0"
        solara.Text(
            f"The same past {past}; then futures with their own random draws."
            if left else "The truce is over by then: no future is left."
        )  # fmt: skip
        Ask(
            n, f"Futures from day {max(day, 0)}", "mdi-source-branch",
            lambda number: session.futures.set((day, number)), disabled=not left,
        )  # fmt: skip
        found = use_kept(
            session, ("futures", since, n), make, n > 0, "futures",
            lambda: session.futures.set(NO_FUTURES),
        )  # fmt: skip
        if found:
            with solara.Column(gap="4px", classes=["futures"]):
                SurvivalCurves(
                    curves=futures.curves(found), horizon=found[0][1].horizon, note=_NOTE,
                    since=since,
                )  # fmt: skip
                Chances(table=futures.chances(found))
                Sentences(futures.describe(found))
                Repeat(commands.of_futures([each.setup.config for _, each in found], since, n))


def use_kept(
    session: Session, name: tuple[Any, ...], make: Any, wanted: bool, what: str, stop: Any
) -> Any:
    """Show the progress of something, and return it once it is made; a hook. It is made only
    once."""
    known = session.found.get(name)
    work, task = use_work(make, wanted and known is None, [*name, id(session.tracks)])
    if known is not None or not wanted:
        return known
    if task.pending:
        Progress(work, what, stop)
    elif task.error:
        error = task.exception
        solara.Error(str(error) if isinstance(error, InputError | RuntimeError) else "It failed.")
    elif task.value is not None:
        session.found[name] = task.value
    return session.found.get(name)


@solara.component
def Ask(n: int, words: str, icon: str, ask: Any, disabled: bool = False) -> None:
    """Choose how many, and ask for them."""
    number = solara.use_reactive(n or 1000)
    with solara.Row(style={"align-items": "center", "padding-top": "8px"}):
        solara.Select("How many", list(ENSEMBLES), value=number, dense=True)
        solara.Button(
            words, on_click=lambda: ask(number.value), color="primary", icon_name=icon,
            disabled=disabled,
        )  # fmt: skip


@solara.component
def Sentences(sentences: list[str]) -> None:
    """Show sentences, each starting on a new line."""
    for sentence in sentences:
        solara.Text(sentence)


@solara.component
def Repeat(texts: list[tuple[str, str]]) -> None:
    """Give what is shown as a command and as Python, folded away."""
    with solara.Details("As a command, as Python"):
        Copies(texts=texts)
