"""Trials: outcomes of policies in worlds, all with the same random draws, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from truce_sim.config.setup import Setup
from truce_sim.config.tokens import as_tokens, is_there
from truce_sim.policy.levers import Policy
from truce_sim.policy.problem import Problem, quiet_setup
from truce_sim.policy.worlds import Worlds
from truce_sim.settings.fields import by_path
from truce_sim.sweeps.many import run_points

Ints = NDArray[np.int64]

#: What is counted over the runs of a policy in a world: those that hold, in each half of the
#: replicates; deaths by bands, days of truce, runs that failed; runs made, 0 if it was not tried.
TRIAL = np.dtype([
    ("held", "i4", (2,)), ("deaths", "f8"), ("days", "f8"), ("failed", "i4"), ("runs", "i4"),
])  # fmt: skip


_WHOLE = frozenset(path for path, info in by_path().items() if info.type == "int")


@dataclass
class Laboratory:
    """Runs policies of a problem in worlds.

    Attributes:
        problem: what may be chosen.
        worlds: the worlds.
        luck: runs of each policy in each world; the even ones are one half of the replicates.
        threads: how many to use; 0: one for each core.
        tell: called with the number of runs just made.
        runs: how many were made.
    """

    problem: Problem
    worlds: Worlds
    luck: int
    threads: int = 0
    tell: Callable[[int], object] = lambda runs: None
    runs: int = 0
    _setups: dict[tuple[str, ...], Setup] = field(default_factory=dict)

    def tried(self, policies: Sequence[Policy], worlds: Ints | None = None) -> NDArray[np.void]:
        """Return TRIAL (policies, worlds).

        A run that fails counts as one that does not hold.

        Args:
            policies: to try.
            worlds: (policies, n) the worlds of each; None: all.
        """
        if worlds is None:
            worlds = self.every_world(policies)
        out = np.zeros(worlds.shape, TRIAL)
        for setup, pairs in self._groups(policies, worlds):
            members, there = pairs[0], worlds[tuple(pairs)]
            out[tuple(pairs)] = _counted(self._run(setup, policies, members, there))
        return out

    def every_world(self, policies: Sequence[object]) -> Ints:
        """Return (policies, n) all worlds, for each."""
        return np.tile(np.arange(len(self.worlds)), (len(policies), 1))

    def _groups(
        self, policies: Sequence[Policy], worlds: Ints
    ) -> Iterator[tuple[Setup, NDArray[np.int64]]]:
        """Yield setups, each with the pairs, (2, n) positions in `worlds`, that share all but
        numbers."""
        fixed = [self.problem.fixed(policy) for policy in policies]
        names = self.worlds.scenarios or ("",) * len(self.worlds)
        here = np.array([list(dict.fromkeys(names)).index(name) for name in names])[worlds]
        for tokens in dict.fromkeys(fixed):
            members = np.array([other == tokens for other in fixed])[:, None]
            for i, name in enumerate(dict.fromkeys(names)):
                pairs = np.stack(np.nonzero(members & (here == i)))
                if pairs.size:
                    yield self._setup(tokens, name), pairs

    def _setup(self, tokens: tuple[str, ...], scenario: str) -> Setup:
        more = as_tokens(self.problem.worlds[1][scenario] or []) if scenario else ()
        key = (*self.problem.shared, *more, *tokens)
        if key not in self._setups:
            self._setups[key] = quiet_setup(key)
        return self._setups[key]

    def _run(
        self, setup: Setup, policies: Sequence[Policy], members: Ints, worlds: Ints
    ) -> NDArray[np.void]:
        """OUTCOME (pairs, luck) of policies, by number, each in a world."""
        draws = self.worlds.draws.iloc[worlds].reset_index(drop=True)
        there = setup.config.mediation.mediators
        table = draws[[path for path in draws if is_there(str(path), there)]].copy()
        for lever in self.problem.levers:
            for path in lever.paths(setup):
                kind = int if path in _WHOLE else float
                values = np.array([policy.get(lever.name) for policy in policies], kind)
                table[path] = values[members]
        table["seed"] = self.worlds.seeds[worlds]
        found = run_points(setup, table, self.luck, self.threads)
        self.runs += found.size
        self.tell(found.size)
        return found


def _counted(rows: NDArray[np.void]) -> NDArray[np.void]:
    """TRIAL (points,) of OUTCOME (points, luck)."""
    done = rows["status"] == 0
    held = done & (rows["collapsed"] == 0)
    out = np.zeros(len(rows), TRIAL)
    out["held"] = np.stack([held[:, ::2].sum(axis=1), held[:, 1::2].sum(axis=1)], axis=1)
    out["deaths"] = np.where(done, rows["deaths"], 0).sum(axis=1)
    out["days"] = np.where(done, rows["end_day"], 0).sum(axis=1)
    out["failed"] = (~done).sum(axis=1)
    out["runs"] = done.shape[1]
    return out
