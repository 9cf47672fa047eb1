"""One visitor's state: drafted changes, the runs shown, the day, the fork."""

from __future__ import annotations

import gc
import itertools
import time
from functools import lru_cache
from typing import Any

import mesa
import solara

from truce_sim.config.load import to_plain, validate
from truce_sim.errors import InputError
from truce_sim.settings.nested import at, copied
from truce_sim.settings.schema import Config
from truce_sim.sweeps.folder.replay import Row
from truce_sim.viewer.state.levers import brief, put_text
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.presets import overlay
from truce_sim.viewer.state.track import Track, run_track
from truce_sim.viewer.state.week import Week

Changes = dict[str, str]

#: Visitors of a viewer share the run that it was started with: a track is not changed once made.
_opened = lru_cache(maxsize=1)(run_track)

#: Sizes of ensembles that may be asked for.
ENSEMBLES = (100, 1000, 10_000)
#: No futures have been asked for.
NO_FUTURES = (0, 0)

#: The pause between days is left unchanged if it is off by at most this many milliseconds.
_UNSTEADY = 5

#: Ways of showing the border, the default first.
VIEWS = ("map", "strip")
#: The panels next to the picture, the default first.
PANELS = ("why", "charts", "log", "what-if", "export")


class Draft:
    """Changes entered into controls, valid together, and the errors of those that were refused.

    Invalid input never raises: it becomes a message next to its control.

    Attributes:
        changes: Accepted text by path of the setting.
        errors: Messages by path of the setting or group.
    """

    def __init__(self) -> None:
        self.changes: solara.Reactive[Changes] = solara.reactive({})
        self.errors: solara.Reactive[Changes] = solara.reactive({})

    def try_change(self, path: str, text: str, base: dict[str, Any]) -> Config | None:
        """Accept a change of a setting if the configuration stays valid.

        Args:
            path: The setting.
            text: Its new value, as entered.
            base: The nested configuration that all changes apply to.

        Returns:
            The configuration with all changes, or None if this one was refused.
        """
        changes = {**self.changes.value, path: text}
        try:
            config = with_changes(base, changes)
        except InputError as error:
            self.errors.value = {**self.errors.value, path: brief(error, path)}
            return None
        self.changes.value = changes
        self.errors.value = {k: v for k, v in self.errors.value.items() if k != path}
        return config

    def clear(self) -> None:
        """Discard all changes and errors."""
        self.changes.value = {}
        self.errors.value = {}

    def as_it_is(self) -> tuple[Changes, Changes]:
        """Return changes and errors, for `keep_since`."""
        return self.changes.value, self.errors.value

    def keep_since(self, then: tuple[Changes, Changes]) -> None:
        """Discard what had been entered `then`, and keep what was entered since."""
        for now, before in zip((self.changes, self.errors), then, strict=True):
            now.value = {k: v for k, v in now.value.items() if before.get(k) != v}


class Session:
    """All that one visitor sees; visitors share nothing."""

    def __init__(self, opening: Opening) -> None:
        assert opening.setup is not None
        self.opening = opening
        self._base = solara.reactive(to_plain(opening.setup.config))
        self.row: Row | None = opening.row
        self.draft, self.fork_draft = Draft(), Draft()
        self._tracks: solara.Reactive[tuple[Track, ...]] = solara.reactive(
            (_opened(opening.setup),)
        )
        self.ready = solara.reactive(not self.tracks[0].is_large)  # to be shown at once
        # Large runs in preparation, a run alone or with its fork, and the controls as
        # they were when they were asked for.
        self.coming: solara.Reactive[tuple[Track, ...]] = solara.reactive(())
        self._asked = self.base, self.draft.as_it_is()
        self.shown = solara.reactive(False)  # whether the browser has drawn it
        self.fork_day = solara.reactive(0)
        self.message = solara.reactive("")
        self.layer = solara.reactive("home_effort")
        self.view = solara.reactive(VIEWS[0])
        self.hidden: solara.Reactive[list[str]] = solara.reactive([])  # marks of the map
        self.pace = solara.reactive(100)  # milliseconds from one day to the next while it plays
        self.rest = solara.reactive(100)  # what is left of these when a day's work is done
        self._stepped, self._work = 0.0, 0.0
        self.panel = solara.reactive(0)  # of PANELS
        self.pairs = solara.reactive(0)  # in the ensemble of the run and its fork; 0: none
        self.futures = solara.reactive(NO_FUTURES)  # the day that they share, and how many
        self.found: dict[tuple[Any, ...], Any] = {}  # results asked for about these runs, once made
        self.clock: solara.Reactive[Clock] = solara.reactive(Clock(self))
        if opening.day >= 0:
            self.go(opening.day)

    # ── the settings ─────────────────────────────────────────────────────────────────────────

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The run shown, and its fork if there is one."""
        tracks: tuple[Track, ...] = self._tracks.value
        return tracks

    @tracks.setter
    def tracks(self, tracks: tuple[Track, ...]) -> None:
        self.pairs.value, self.futures.value, self.found = 0, NO_FUTURES, {}
        self._tracks.value = tracks

    @property
    def base(self) -> dict[str, Any]:
        """The configuration the controls start from: the run's, with any presets applied."""
        base: dict[str, Any] = self._base.value
        return base

    @property
    def config(self) -> Config:
        """The configuration of the run shown."""
        return self.tracks[0].config

    @property
    def changed(self) -> bool:
        """Whether the controls differ from the run shown."""
        return bool(self.draft.changes.value) or self.base != self.tracks[0].plain

    @property
    def drafted(self) -> dict[str, Any]:
        """The configuration that the controls describe."""
        return to_plain(with_changes(self.base, self.draft.changes.value))

    def edit(self, path: str, text: str) -> None:
        """Handle the change of a control."""
        self.draft.try_change(path, text, self.base)

    def choose(self, group: str, option: str) -> None:
        """Apply a preset to the base and the drafted changes, and clear the draft."""
        plain = overlay(self.drafted, group, option)
        try:
            validate(plain)
        except InputError as error:
            self.draft.errors.value = {**self.draft.errors.value, group: brief(error, group)}
            return
        self.draft_all(plain)

    def draft_all(self, plain: dict[str, Any]) -> None:
        """Let the controls describe a checked, nested configuration."""
        self._base.value = plain
        self.draft.clear()

    def undo(self) -> None:
        """Reset the controls to the run shown."""
        self.draft_all(to_plain(self.config))

    def commit(self) -> tuple[Track, ...]:
        """Return the runs to show: a new run if the controls changed, otherwise the same ones.

        A large run is shown later, by `arrive`, once it has been prepared in the background.
        """
        if self.changed:
            config = with_changes(self.base, self.draft.changes.value)
            try:
                track = run_track(config)
            except RuntimeError as error:
                self.message.value = str(error)
                return self.tracks
            track.share_with(self.tracks[0])
            self._asked = self.base, self.draft.as_it_is()
            self._show((track,))
        return self.tracks

    def _show(self, tracks: tuple[Track, ...]) -> None:
        """Show a run, or the run shown with a new fork; a large one is shown later."""
        if tracks[-1].is_large and self.ready.value:
            self.coming.value = tracks
        else:
            self._adopt(tracks)

    def _adopt(self, tracks: tuple[Track, ...]) -> None:
        """Adopt the runs asked for. What was drafted since then stays drafted."""
        self.coming.value = ()
        if tracks[0] is not self.tracks[0]:
            self.row = None
            base, draft = self._asked
            if self.base is base:  # no preset was chosen since, which would start a new draft
                self._base.value = to_plain(tracks[0].config)
                self.draft.keep_since(draft)
        self.tracks = tracks

    def arrive(self) -> None:
        """Show the runs that were being prepared."""
        tracks = self.coming.value
        if len(tracks) == 1:
            self._adopt(tracks)
            self.clock.value = Clock(self, reset=False)
        elif tracks:
            self._adopt(tracks)
            self._at_fork()

    def stay(self) -> None:
        """Keep what is shown; the controls still describe the runs that were cancelled."""
        self.coming.value = ()

    # ── the day ──────────────────────────────────────────────────────────────────────────────

    def go(self, day: int) -> None:
        """Show a day, with a new clock: a player may be stepping the current one."""
        self.clock.value = self.clock.value.at(day)

    def restart(self) -> None:
        """Show the run that the controls describe, from before day 0; a large one is shown
        later."""
        clock = Clock(self)
        if not self.coming.value:
            self.clock.value = clock

    def keep_pace(self) -> None:
        """Note that a day begins, and shorten the pause by the time that recent days took."""
        now = time.monotonic()
        work = 1000.0 * (now - self._stepped) - self.rest.value
        self._stepped = now
        if 0.0 <= work < 1000.0:  # otherwise it was not playing
            self._work += 0.2 * (work - self._work)
        rest = round(max(self.pace.value - self._work, 1.0))
        if abs(rest - self.rest.value) > _UNSTEADY:
            self.rest.value = rest

    # ── the fork ─────────────────────────────────────────────────────────────────────────────

    @property
    def fork_base(self) -> dict[str, Any]:
        """The configuration in force on the day shown, from which a fork starts."""
        day = max(self.clock.value.day, 0)
        regimes = self.tracks[0].setup.regimes
        now = [config for first, config in regimes if first <= day][-1]
        return to_plain(now) | {"interventions": []}

    @property
    def drafted_fork(self) -> dict[str, Any]:
        """The configuration of the fork that the controls describe; the run's own if nothing is
        drafted."""
        try:
            return to_plain(self._fork_config(max(self.clock.value.day, 0)))
        except InputError:
            return to_plain(self.config)

    def edit_fork(self, path: str, text: str) -> None:
        """Handle the change of a control of the fork."""
        self.fork_draft.try_change(path, text, self.fork_base)

    def fork(self) -> None:
        """Start a second run, with the drafted changes from the day shown on."""
        try:
            self.show_fork(self._fork_entry(max(self.clock.value.day, 0)))
        except (InputError, RuntimeError) as error:
            self.message.value = str(error)

    def show_fork(self, entry: dict[str, Any]) -> None:
        """Start a second run with one more intervention, and show its day; a large one is shown
        later.

        Raises:
            InputError: The intervention is not valid.
            RuntimeError: The run fails.
        """
        forked = run_track(self._with_entry(entry))
        forked.share_with(self.tracks[0])
        self.message.value = ""
        self._show((self.tracks[0], forked))
        if not self.coming.value:
            self._at_fork()

    def _at_fork(self) -> None:
        """Show the day on which the fork begins."""
        entry = self.fork_entry
        assert entry is not None
        self.fork_day.value = entry["day"]
        self.go(entry["day"])

    @property
    def fork_entry(self) -> dict[str, Any] | None:
        """The intervention that makes the fork, if there is one."""
        return self.tracks[1].config.interventions[-1] if len(self.tracks) > 1 else None

    def _fork_config(self, day: int) -> Config:
        return self._with_entry(self._fork_entry(day))

    def _with_entry(self, entry: dict[str, Any]) -> Config:
        plain = to_plain(self.config)
        plain["interventions"] = [*plain["interventions"], entry]
        return validate(plain)

    def _fork_entry(self, day: int) -> dict[str, Any]:
        if day > self.tracks[0].last_day:
            raise InputError("the run has ended by then", setting="day", value=day)
        changes = self.fork_draft.changes.value
        if not changes:
            raise InputError("nothing to fork: change a lever first", setting="fork")
        changed = to_plain(with_changes(self.fork_base, changes))
        return {"day": day, "set": {path: at(changed, path) for path in changes}}

    def unfork(self) -> None:
        """Remove the fork."""
        self.tracks = self.tracks[:1]
        self.go(self.clock.value.day)


def with_changes(base: dict[str, Any], changes: Changes) -> Config:
    """Return a checked configuration with changes as they were entered.

    Raises:
        InputError: A change is invalid.
    """
    plain = copied(base)
    for path, text in changes.items():
        put_text(path, text, plain)
    return validate(plain)


#: Garbage is collected after this many clocks. The models of each hold megabytes in reference
#: cycles that Python would keep for long: it counts objects, not their size.
_COLLECT_EVERY = 8
_clocks = itertools.count(1)


class Clock(mesa.Model):
    """A visitor's runs, stepped together. On Reset, SolaraViz makes a new one from `session`.

    Attributes:
        day: The day shown; -1 before the first.
        weeks: What each run's map showed on the days before, which fades.
    """

    def __init__(self, session: Session, rng: int | None = None, reset: bool = True) -> None:
        super().__init__(rng=rng)
        if next(_clocks) % _COLLECT_EVERY == 0:
            gc.collect()
        self.session = session
        self.tracks = session.commit() if reset else session.tracks
        self.models = [track.model() for track in self.tracks]
        self.weeks = [Week() for _ in self.models]
        self.day = -1

    @property
    def last_day(self) -> int:
        """The day on which the longer run ends."""
        return max(track.last_day for track in self.tracks)

    def step(self) -> None:
        """Step every run that has not ended by one day; do nothing after the last day.

        `running` stays true, or SolaraViz would not play again after a rewind. The day slider
        presses pause at the end.
        """
        self.session.keep_pace()
        if self.day < self.last_day:
            self.day += 1
            for model, week, track in zip(self.models, self.weeks, self.tracks, strict=True):
                if model.day < track.last_day:
                    week.note(model)
                    model.step()

    def at(self, day: int) -> Clock:
        """Return a clock of the same runs at `day`, or at the nearest day that they have."""
        clock = Clock(self.session, reset=False)
        clock.day = target = min(max(day, -1), clock.last_day)
        for which, (track, model) in enumerate(zip(clock.tracks, clock.models, strict=True)):
            last = min(target, track.last_day)
            clock.weeks[which].catch_up(model, last - 1)
            model.skip_to(last - 1)
            if last >= 0:
                model.step()
        return clock

    def day_of(self, which: int) -> int:
        """The day shown of run `which`, which stays on its last day."""
        return min(self.day, self.tracks[which].last_day)
