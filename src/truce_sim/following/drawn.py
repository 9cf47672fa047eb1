"""Settings drawn from a prior or a posterior, as the parameters of runs."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.params import column
from truce_sim.config.regimes import mediator_names, plain_regimes
from truce_sim.config.rules import RULES
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError
from truce_sim.sweeps.design.bulk import fill_params, plain_number

_BLOCK = 1024


class Drawn:
    """A configuration with some settings drawn many times over.

    An intervention that sets a drawn setting overrides the draws from its day on.

    Args:
        setup: the configuration that all share.
        values: a row for each draw, a column for each setting; without columns all draws are alike.

    Raises:
        InputError: a column that cannot be drawn.
    """

    def __init__(self, setup: Setup, values: pd.DataFrame) -> None:
        self.setup, self.values = setup, values
        self.names = [str(name) for name in values.columns]
        for name in self.names:
            _check_name(name, setup)
        self._columns = {name: values[name].to_numpy() for name in self.names}
        self._touched = _touched_by_regime(setup)

    def params(self, rows: NDArray[np.int64], horizon: int) -> NDArray[np.void]:
        """Return PARAMS (rows, regimes) of some draws, for runs of `horizon` days."""
        made = np.tile(self.setup.params, (len(rows), 1))
        made["run"]["horizon_days"] = horizon
        for regime, touched in enumerate(self._touched):
            for name, drawn in self._columns.items():
                if name not in touched:
                    column(made[:, regime], name, self.setup.mediators)[:] = drawn[rows]
        return made

    def with_changes(
        self, day: int, changes: Mapping[str, object], rows: NDArray[np.int64] | None = None
    ) -> Drawn:
        """Return the same draws with an intervention on a day.

        Args:
            day: of the intervention.
            changes: setting -> value; or an intervention without its day, with `set` and `where`.
            rows: the only draws that will be used; None: all.

        Raises:
            InputError: a change that cannot be made during a run, or that contradicts a draw.
        """
        before = self.setup.config.interventions
        entry = {"day": day, **(changes if "set" in changes else {"set": dict(changes)})}
        try:
            setup = self.setup.with_changes({"interventions": [*before, entry]}, tell=False)
        except InputError as error:
            error.origin = f"what if, from day {day}"
            raise
        made = copy.copy(self)
        made.setup, made._touched = setup, _touched_by_regime(setup)
        used = np.arange(len(self.values)) if rows is None else np.unique(rows)
        for broken in made.broken(day, used).values():
            raise broken
        return made

    def broken(
        self, since: int | None = None, rows: NDArray[np.int64] | None = None
    ) -> dict[int, InputError]:
        """Return the draws that break a rule, each with what is wrong.

        Args:
            since: only in regimes that begin on this day or later.
            rows: only these draws.
        """
        rows = np.arange(len(self.values)) if rows is None else rows
        found: dict[int, InputError] = {}
        for regime, (day, _) in enumerate(self.setup.regimes):
            if since is None or day >= since:
                found |= dict(self._broken_in(regime, rows))
        return found

    def _broken_in(self, regime: int, rows: NDArray[np.int64]) -> Iterator[tuple[int, InputError]]:
        day, config = self.setup.regimes[regime]
        looked_at = self._looked_at(regime)
        template = replace(
            self.setup, config=config, params=self.setup.params[regime : regime + 1].copy()
        )
        for start in range(0, len(rows) if looked_at else 0, _BLOCK):
            some = rows[start : start + _BLOCK]
            columns = {name: self._columns[name][some] for name in looked_at}
            for i in np.flatnonzero(~fill_params(template, columns)[1]):
                error = self._error(template, int(some[i]), day, self._touched[regime])
                if error is not None:
                    yield int(some[i]), error

    def _looked_at(self, regime: int) -> list[str]:
        """Return the drawn settings that rules compare with what interventions have changed; in the
        first regime, all drawn settings."""
        touched = self._touched[regime]
        free = [name for name in self.names if name not in touched]
        if regime == 0:
            return free
        reads = [rule.reads for rule in RULES if _reads_any(rule.reads, touched)]
        return [name for name in free if any(_reads_any(some, {name}) for some in reads)]

    def _error(
        self, template: Setup, row: int, day: int, touched: frozenset[str]
    ) -> InputError | None:
        """Return what is wrong with a draw; None, if it was only suspected."""
        values = {n: c[row].item() for n, c in self._columns.items() if n not in touched}
        config = copy.copy(template.config)  # of this regime alone
        config.interventions = []
        alone = replace(template, config=config, source=None)
        try:
            alone.with_changes(values, tell=False)
        except InputError as error:
            return error.at(origin=f"draw {row} (counted from 0), from day {day}")
        return None


def _reads_any(reads: Iterable[str], names: Iterable[str]) -> bool:
    """Whether a rule reads any of these settings, alone or in a group."""
    return any(name == read or name.startswith(f"{read}.") for read in reads for name in names)


def _check_name(name: str, setup: Setup) -> None:
    if not plain_number(name):
        raise InputError(
            "cannot be drawn", setting=name,
            allowed="numbers and flags of militants, host, home, attribution, belief, mediation, "
            "truce and frailty",
        )  # fmt: skip
    if name.startswith("mediation.mediators.") and mediator_names(setup.config) != list(
        setup.mediators
    ):
        raise InputError("cannot be drawn where mediators come or go", setting=name)


def _touched_by_regime(setup: Setup) -> list[frozenset[str]]:
    """Return the settings that interventions have set by each regime, except on a stretch of the
    line, which leaves the setting itself unchanged."""
    entries = [entry for entry in setup.config.interventions if "where" not in entry]
    plain = asdict(setup.config) | {"interventions": entries}
    touched = [names for _, names in plain_regimes(plain)]
    days = [-1, *sorted(int(entry["day"]) for entry in entries)]
    latest = [max(i for i, at in enumerate(days) if at <= max(day, -1)) for day, _ in setup.regimes]
    return [touched[i] for i in latest]
