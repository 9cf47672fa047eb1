"""A run stepped for its picture: the model, without anything that no picture needs."""

from __future__ import annotations

from random import Random

import numpy as np
from mesa.discrete_space import Cell
from numpy.typing import DTypeLike, NDArray

from truce_sim.compat import layer_array
from truce_sim.model import TruceModel


class SparseGrid:
    """The part of Mesa's grid that a replay uses: layers, and cells made when something enters
    them.

    Mesa makes and connects every cell, which takes half a minute for the largest border.
    """

    def __init__(self, dimensions: tuple[int, int], torus: bool, random: Random) -> None:
        self.dimensions = dimensions
        self._random = random
        self._cells: dict[tuple[int, int], Cell] = {}

    def create_property_layer(self, name: str, default_value: float, dtype: DTypeLike) -> None:
        """Add a layer, as an attribute of that name."""
        setattr(self, name, np.full(self.dimensions, default_value, dtype))

    def __getitem__(self, place: tuple[int, int]) -> Cell:
        """Return the cell at (sector, depth)."""
        if place not in self._cells:
            self._cells[place] = Cell(place, random=self._random)
        return self._cells[place]


class Replay(TruceModel):
    """A `TruceModel` that computes its layers only on days whose picture is asked for."""

    grid_class = SparseGrid
    _mapped = -2  # no day

    def skip_to(self, day: int) -> None:
        """Run to a day before the last one, a whole day at a time; the bands are updated at the
        end."""
        self.run_to(day)
        for band in self.bands:
            band.remove()
        self.bands = []
        self._update_band_cells()

    def run_to(self, day: int) -> None:
        """Run to a day when only `world` will be read: the agents are not updated."""
        while self.day < day:
            self.day += 1
            self._begin_day()
            self.rules.run_day(self.p, self.w, self.key, self.day)

    def layer(self, name: str) -> NDArray[np.float64]:
        """Return a layer of today, of shape (sectors, depth)."""
        if self._mapped != self.day:
            super()._update_layers()
            self._mapped = self.day
        values: NDArray[np.float64] = layer_array(self.grid, name)
        return values

    def _update_layers(self) -> None:
        """Leave the layers until one is asked for."""
