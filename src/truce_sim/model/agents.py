"""The agents. Each method calls the engine's rule of that name; none has its own logic."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Protocol

import mesa
import numpy as np
from mesa.discrete_space import Cell, CellAgent, FixedAgent

from truce_sim.engine.codes import BAND_STATUSES
from truce_sim.engine.draws import Key
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.state import belief, total_grievance
from truce_sim.model.rules import Handle


class Stepped(Protocol):
    """What agents need from their model: a run in the form that the engine's rules take."""

    rules: SimpleNamespace
    params: np.void
    world: np.void
    p: Handle
    w: Handle
    key: Key
    day: int


class State(mesa.Agent):
    """What both states do: posture, decision, strike.

    Attributes:
        index: HOME or HOST, its place in the records.
    """

    model: Stepped
    index: np.signedinteger

    def review_posture(self) -> None:
        """Step 2: spread effort along the border."""
        m = self.model
        m.rules.review_posture(m.p, m.w, m.day, self.index)

    def decide_strike(self) -> None:
        """Step 9: decide whether to strike."""
        m = self.model
        m.rules.decide_strike(m.p, m.w, m.key, m.day, self.index)

    def execute_strike(self) -> None:
        """Step 9: carry out a strike that is due today."""
        m = self.model
        m.rules.execute_strike(m.p, m.w, m.key, m.day, self.index)

    @property
    def grievance(self) -> float:
        """G, summed over causes."""
        return float(total_grievance(self.model.world["states"][self.index]))

    @property
    def threshold(self) -> float:
        """θ_eff as of today."""
        return float(self.model.world["states"][self.index]["threshold"])


class HomeState(State):
    """The state that defends itself and attributes violations to the host's soil."""

    index = HOME

    def attribute(self) -> None:
        """Step 6: decide which of today's incidents are violations of the clause."""
        m = self.model
        m.rules.attribute(m.p, m.w, m.key, m.day)

    @property
    def belief(self) -> float:
        """b, its belief that the host is committed, in [0, 1]."""
        return float(belief(self.model.world))


class HostState(State):
    """The state from whose soil the group comes."""

    index = HOST

    @property
    def will(self) -> float:
        """ω, its will to enforce, in [0, 1]."""
        return float(self.model.world["will"])


class MilitantGroup(mesa.Agent):
    """The group that launches bands."""

    model: Stepped

    def launch(self) -> None:
        """Step 3: launch today's bands."""
        m = self.model
        m.rules.launch_bands(m.p, m.w, m.key, m.day)

    @property
    def strength(self) -> float:
        """N, 1 = full."""
        return float(self.model.world["strength"])


class Mediator(mesa.Agent):
    """A mediator, in slot `index` of the records."""

    model: Stepped

    def __init__(self, model: Stepped, name: str, index: int) -> None:
        super().__init__(model)
        self.name = name
        self.index = index

    def call_round(self) -> None:
        """Step 11: decide whether to call a round of talks."""
        m = self.model
        m.rules.call_round(m.p, m.w, m.key, m.day, self.index)

    @property
    def fatigue(self) -> float:
        """f, in [0, 1]."""
        return float(self.model.world["fatigue"][self.index])


class Band(CellAgent):
    """A band under way, at place `index` of the records (in launch order)."""

    model: Stepped

    def __init__(self, model: Stepped, index: int) -> None:
        super().__init__(model)
        self.index = index

    def move(self) -> None:
        """Step 4: move up to `pace` cells, or wait a day."""
        m = self.model
        m.rules.move_band(m.p, m.w, m.key, m.day, self.index)

    def attack(self) -> None:
        """Step 5: attack if the wait is over."""
        m = self.model
        m.rules.make_attack(m.p, m.w, self.index)

    @property
    def status(self) -> str:
        """moving, waiting, stopped, spent or destroyed."""
        return BAND_STATUSES[int(self.model.world["bands"][self.index]["status"])]


class BorderPost(FixedAgent):
    """The posts at a crossing, where clashes happen."""

    def __init__(self, model: Stepped, cell: Cell, name: str) -> None:
        super().__init__(model)
        self.cell = cell
        self.name = name
