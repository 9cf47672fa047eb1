"""Where the settings of particles come from: a posterior, the prior, or the configuration alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.effects import warn
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import is_there, mediator_of
from truce_sim.errors import InputError
from truce_sim.following.drawn import Drawn
from truce_sim.inference.prior import AnyPrior, Prior, load_prior
from truce_sim.sweeps.design.worlds import draws_file, read_weighted, systematic

#: The settings of the configuration, and nothing else.
NONE = "none"

#: A folder or file of draws, a table, "none", or None for the prior.
AnyDraws: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | None"


@dataclass(frozen=True)
class Draws:
    """Draws of settings.

    Attributes:
        drawn: the settings, a row for each draw.
        weight: (draws,) their weights, which sum to 1.
        source: where they are from, in words.
        prior: where more can be drawn from, if anywhere.
        fresh: how many rows at the end no particle has used yet, if they are from a prior.
    """

    drawn: Drawn
    weight: NDArray[np.float64]
    source: str
    prior: Prior | None = None
    fresh: int = 0

    @property
    def shared(self) -> bool:
        """Whether particles of one draw are dependent, because the draws are themselves a
        sample."""
        return bool(self.drawn.names)

    def take(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the rows of n particles: drawn by weight, or, from a prior, the fresh ones."""
        rows = len(self.weight)
        if self.prior is None:
            return systematic(self.weight, n, rng)
        return np.arange(rows - self.fresh, rows)

    def with_more(self, n: int) -> Draws:
        """Return draws with n more from the prior; these same draws if they are not from one."""
        if self.prior is None:
            return self
        return _of_prior(self.prior, self.drawn.setup, n, self.drawn.values)


def read_draws(posterior: AnyDraws, prior: AnyPrior, setup: Setup, n: int) -> Draws:
    """Return draws of settings.

    Args:
        posterior: where they are; None: draw from the prior.
        prior: as `draw_prior` takes it.
        setup: the configuration, which holds all other settings.
        n: how many to draw from the prior.

    Raises:
        InputError: a file that cannot be read; a setting that cannot be drawn, or a bad value.
    """
    if posterior is None:
        return _of_prior(load_prior(prior).for_base(setup), setup, n)
    if isinstance(posterior, str) and posterior == NONE:
        source = "as configured, none drawn"
        return Draws(Drawn(setup, pd.DataFrame(index=range(1))), np.ones(1), source)
    return _of_table(posterior, setup)


def _without_mediator(values: pd.DataFrame, setup: Setup) -> Iterator[str]:
    """Yield settings of mediators that the configuration lacks, with a warning."""
    for name in map(str, values):
        if not is_there(name, setup.mediators):
            warn(f"{name} has no effect while there is no mediator {mediator_of(name)}")
            yield name


def _of_prior(prior: Prior, setup: Setup, n: int, before: pd.DataFrame | None = None) -> Draws:
    """Return further draws of a prior; those that an intervention forbids are left out."""
    have = 0 if before is None else len(before)
    more = prior.draw(n, setup.config.seed + -(-have // n))
    more = more.drop(index=list(Drawn(setup, more).broken(since=0))).reset_index(drop=True)
    if more.empty:
        raise InputError("has no draw that the interventions allow", setting="prior",
                         value=prior.name, allowed="laws nearer to the defaults")  # fmt: skip
    values = more if before is None else pd.concat([before, more], ignore_index=True)
    source = f"{len(values.columns)} drawn from the prior ({prior.name})"
    rows = len(values)
    return Draws(Drawn(setup, values), np.full(rows, 1 / rows), source, prior, len(more))


def _of_table(source: str | os.PathLike[str] | pd.DataFrame, setup: Setup) -> Draws:
    """Return the draws of a table; columns without a dot are not settings."""
    given = source if isinstance(source, pd.DataFrame) else str(draws_file(os.fspath(source)))
    where = given if isinstance(given, str) else "a table"
    table, weight = read_weighted(given, "--posterior", besides=NONE)
    values = table[[name for name in table if "." in str(name)]].reset_index(drop=True)
    values = values.drop(columns=list(_without_mediator(values, setup)))
    if not len(values.columns):
        raise InputError("has no settings", setting="--posterior", value=where,
                         allowed="a column for each, such as home.threshold")  # fmt: skip
    for name in values:
        if values[name].dtype.kind not in "iufb" or values[name].isna().any():
            raise InputError("has a column that is not of numbers", setting="--posterior",
                             value=where, allowed=f"numbers in {name}")  # fmt: skip
    drawn = Drawn(setup, values)
    for error in drawn.broken().values():
        raise error
    return Draws(drawn, weight / weight.sum(), f"{len(values):,} draws of {where}")
