"""A run as the viewer shows it: complete, and ready to be stepped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from truce_sim.config.load import as_setup, to_plain
from truce_sim.config.setup import Setup
from truce_sim.settings.schema import Config
from truce_sim.simulation.account import timeline
from truce_sim.simulation.run import Simulation, simulate
from truce_sim.viewer.state.ground import LARGE_CELLS, cells, ground_of
from truce_sim.viewer.state.picture import Scales, layer_scales
from truce_sim.viewer.state.replay import Replay

#: A run with more days is large, as is one with more than `LARGE_CELLS`.
LARGE_DAYS = 1_500


@dataclass(frozen=True, eq=False)
class Track:
    """A complete run, with its series and events known before it is stepped.

    Attributes:
        run: The run.
        setup: What it was run with.
        cache: Data made once for this run, by name.
    """

    run: Simulation
    setup: Setup
    cache: dict[str, dict[Any, Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_large(self) -> bool:
        """Whether its picture and charts take seconds to make."""
        return cells(self.config) > LARGE_CELLS or self.last_day > LARGE_DAYS

    def share_with(self, other: Track) -> None:
        """Reuse the map of another run if it has the same border."""
        same = (other.config.border, other.config.scenario) == (
            self.config.border, self.config.scenario
        )  # fmt: skip
        if same and "ground" in other.cache:
            self.cache["ground"] = other.cache["ground"]

    def once(self, name: str, make: Callable[[], Mapping[Any, Any]]) -> dict[Any, Any]:
        """Return what `make` returns, calling it only once for this run."""
        if name not in self.cache:
            self.cache[name] = dict(make())
        return self.cache[name]

    @property
    def config(self) -> Config:
        """Its configuration."""
        return self.run.config

    @property
    def ground(self) -> dict[str, Any]:
        """What stays the same on its map (`ground_of`), made once."""
        return self.once("ground", partial(ground_of, self.config, self.run.border))

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Its configuration as a nested mapping, not to be changed in place."""
        return to_plain(self.config)

    @property
    def last_day(self) -> int:
        """The last day of the run."""
        return len(self.run.series) - 1

    @cached_property
    def log(self) -> list[tuple[int, str]]:
        """(day, sentence) of each event that affected the truce."""
        return [(line.day, line.sentence) for line in timeline(self.run)]

    @cached_property
    def scales(self) -> Scales:
        """The largest value of each layer over the run."""
        return layer_scales(self.model(), self.last_day)

    def model(self) -> Replay:
        """Return the same run as a model to step."""
        return Replay(self.setup)


def run_track(described: Config | Setup) -> Track:
    """Run a checked configuration.

    Raises:
        RuntimeError: The run fails.
    """
    setup = as_setup(described)
    return Track(simulate(setup), setup)
