"""One visitor's state: what is drafted in the controls, the runs shown, the day, the fork."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import mesa
import solara

from truce_sim.config.load import to_plain, validate
from truce_sim.errors import InputError
from truce_sim.settings.nested import at
from truce_sim.settings.schema import Config
from truce_sim.viewer.state.levers import brief, put_text
from truce_sim.viewer.state.opening import Opening, Row
from truce_sim.viewer.state.picture import band_places
from truce_sim.viewer.state.presets import overlay
from truce_sim.viewer.state.track import Track, run_track

Changes = dict[str, str]


class Draft:
    """Changes typed into controls, each valid together with the others, and what was refused.

    Nothing that a visitor types raises: a refusal is a message beside the control.
    """

    def __init__(self) -> None:
        self.changes: solara.Reactive[Changes] = solara.reactive({})
        self.errors: solara.Reactive[Changes] = solara.reactive({})

    def try_change(self, path: str, text: str, base: dict[str, Any]) -> Config | None:
        """Take in a change of a setting; returns the configuration it makes, None if refused."""
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
        """Forget everything."""
        self.changes.value = {}
        self.errors.value = {}


class Session:
    """What one visitor sees. Visitors share nothing."""

    def __init__(self, opening: Opening) -> None:
        assert opening.setup is not None
        self.opening = opening
        self._base = solara.reactive(to_plain(opening.setup.config))
        self.row: Row | None = opening.row
        self.draft, self.fork_draft = Draft(), Draft()
        self.tracks: tuple[Track, ...] = (run_track(opening.setup),)
        self.fork_day = solara.reactive(0)
        self.message = solara.reactive("")
        self.layer = solara.reactive("home_effort")
        self.clock: solara.Reactive[Clock] = solara.reactive(Clock(self))

    # ── the settings ─────────────────────────────────────────────────────────────────────────

    @property
    def base(self) -> dict[str, Any]:
        """What the controls start from: the run shown, or presets that were laid over it."""
        base: dict[str, Any] = self._base.value
        return base

    @property
    def config(self) -> Config:
        """The configuration of the run shown."""
        return self.tracks[0].config

    @property
    def changed(self) -> bool:
        """Whether the controls say something else than the run shown."""
        return bool(self.draft.changes.value) or self.base != to_plain(self.config)

    def edit(self, path: str, text: str) -> None:
        """A control was changed."""
        self.draft.try_change(path, text, self.base)

    def choose(self, group: str, option: str) -> None:
        """A preset was chosen; it takes back what was typed for its settings."""
        plain = overlay(to_plain(with_changes(self.base, self.draft.changes.value)), group, option)
        try:
            validate(plain)
        except InputError as error:
            self.draft.errors.value = {**self.draft.errors.value, group: brief(error, group)}
            return
        self._base.value = plain
        self.draft.clear()

    def undo(self) -> None:
        """The controls go back to the run shown."""
        self._base.value = to_plain(self.config)
        self.draft.clear()

    def commit(self) -> tuple[Track, ...]:
        """The runs to show from now on: the same, or a new one if the controls say so."""
        if self.changed:
            config = with_changes(self.base, self.draft.changes.value)
            try:
                self.tracks = (run_track(config),)
            except RuntimeError as error:
                self.message.value = str(error)
                return self.tracks
            self.row = None
            self.undo()
        return self.tracks

    # ── the day ──────────────────────────────────────────────────────────────────────────────

    def go(self, day: int) -> None:
        """Show a day, by another clock: a player may be stepping this one."""
        self.clock.value = self.clock.value.at(day)

    def restart(self) -> None:
        """Show the runs that the controls ask for, from before day 0."""
        self._show()

    def _show(self, day: int = -1) -> None:
        self.clock.value = Clock(self).at(day)

    # ── the fork ─────────────────────────────────────────────────────────────────────────────

    @property
    def fork_base(self) -> dict[str, Any]:
        """What a fork starts from: the configuration as it stands on the day shown."""
        day = max(self.clock.value.day, 0)
        found = self.tracks[0].setup.regimes
        now = [config for first, config in found if first <= day][-1]
        return to_plain(now) | {"interventions": []}

    def edit_fork(self, path: str, text: str) -> None:
        """A control of the fork was changed."""
        self.fork_draft.try_change(path, text, self.fork_base)

    def fork(self) -> None:
        """A second run with the drafted changes from the day shown on."""
        day = max(self.clock.value.day, 0)
        try:
            config = self._fork_config(day)
            self.tracks = (self.tracks[0], run_track(config))
        except (InputError, RuntimeError) as error:
            self.message.value = str(error)
            return
        self.message.value = ""
        self.fork_day.value = day
        self._show(day)

    def _fork_config(self, day: int) -> Config:
        if day > self.tracks[0].last_day:
            raise InputError("the run has ended by then", setting="day", value=day)
        changes = self.fork_draft.changes.value
        if not changes:
            raise InputError("nothing to fork: change a lever first", setting="fork")
        changed = to_plain(with_changes(self.fork_base, changes))
        entry = {"day": day, "set": {path: at(changed, path) for path in changes}}
        plain = to_plain(self.config)
        plain["interventions"] = [*plain["interventions"], entry]
        return validate(plain)

    def unfork(self) -> None:
        """The fork is dropped."""
        self.tracks = self.tracks[:1]
        self._show(self.clock.value.day)


def with_changes(base: dict[str, Any], changes: Changes) -> Config:
    """A checked configuration with changes as they were typed. Raises InputError."""
    plain = deepcopy(base)
    for path, text in changes.items():
        put_text(path, text, plain)
    return validate(plain)


class Clock(mesa.Model):
    """The runs of a visitor, stepped together; `day` is -1 before the first.

    `places` says where each run's bands stood the day before, from which the picture draws their
    way.

    SolaraViz makes a new one on Reset, from the session that this one belongs to.
    """

    def __init__(self, session: Session, rng: int | None = None) -> None:
        super().__init__(rng=rng)
        self.session = session
        self.tracks = session.commit()
        self.models = [track.model() for track in self.tracks]
        self.places = [band_places(model) for model in self.models]
        self.day = -1

    @property
    def last_day(self) -> int:
        """The day on which the longer run ends."""
        return max(track.last_day for track in self.tracks)

    def step(self) -> None:
        """One day of every run that is not over; at the end nothing happens.

        `running` stays true: SolaraViz would not play again after a rewind. The day slider presses
        pause at the end.
        """
        if self.day < self.last_day:
            self.day += 1
            self.places = [band_places(model) for model in self.models]
            for model in self.models:
                model.step()

    def at(self, day: int) -> Clock:
        """A clock of the same runs that stands at `day` (within what there is)."""
        clock = Clock(self.session)
        for _ in range(min(max(day, -1), clock.last_day) + 1):
            clock.step()
        return clock

    def day_of(self, which: int) -> int:
        """The day that run `which` stands at: its last, once it is over."""
        return min(self.day, self.tracks[which].last_day)
