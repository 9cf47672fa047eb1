"""What SolaraViz steps: one run, or a run and its fork, on one clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mesa

from truce_sim.account import timeline
from truce_sim.library import Simulation, simulate
from truce_sim.model import TruceModel
from truce_sim.schema import Config

from .picture import Scales, places_of, scales_of

if TYPE_CHECKING:
    from .session import Session


@dataclass(frozen=True, eq=False)
class Track:
    """A run as a whole: its series and events, known before it is stepped."""

    run: Simulation
    made: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `make` returns, made once for this run."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    @property
    def config(self) -> Config:
        """Its configuration."""
        return self.run.config

    @property
    def last_day(self) -> int:
        """The last day that it has."""
        return len(self.run.series) - 1

    @cached_property
    def log(self) -> list[tuple[int, str]]:
        """(day, sentence) of what moved the truce."""
        return list(timeline(self.run))

    @cached_property
    def scales(self) -> Scales:
        """The largest value of each layer over the run."""
        return scales_of(self.model())

    def model(self) -> TruceModel:
        """The same run, to be stepped."""
        return TruceModel(self.config)


def track_of(config: Config) -> Track:
    """Run a checked configuration. Raises RuntimeError if the run fails."""
    return Track(simulate(config))


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
        self.places = [places_of(model) for model in self.models]
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
            self.places = [places_of(model) for model in self.models]
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
