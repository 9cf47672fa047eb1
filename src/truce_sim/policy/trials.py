"""Trials: what policies come to in worlds, all with the same luck, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.setup import Setup
from truce_sim.config.tokens import as_tokens
from truce_sim.policy.levers import Policy
from truce_sim.policy.problem import Problem, quiet_setup
from truce_sim.policy.worlds import Worlds
from truce_sim.settings.fields import by_path
from truce_sim.sweeps.many import run_points

#: What is counted of the runs of a policy in a world: those that hold, in either half of the luck;
#: deaths by bands, days of truce, runs that failed.
TRIAL = np.dtype([
    ("held", "i4", (2,)), ("deaths", "f8"), ("days", "f8"), ("failed", "i4"),
])  # fmt: skip


_WHOLE = frozenset(path for path, info in by_path().items() if info.type == "int")


@dataclass
class Laboratory:
    """Runs policies of a problem in worlds.

    Attributes:
        problem: what may be chosen.
        worlds: the worlds.
        luck: runs of each policy in each world; the even ones are one half of the luck.
        threads: how many to use; 0: one for each core.
        tell: told of runs as they are made.
        runs: how many were made.
    """

    problem: Problem
    worlds: Worlds
    luck: int
    threads: int = 0
    tell: Callable[[int], object] = lambda runs: None
    runs: int = 0
    _setups: dict[tuple[str, ...], Setup] = field(default_factory=dict)

    def tried(self, policies: Sequence[Policy], worlds: range | None = None) -> NDArray[np.void]:
        """Return TRIAL (policies, worlds).

        A run that fails counts as one that does not hold.

        Args:
            policies: to try.
            worlds: which of the worlds; None: all.
        """
        chosen = range(len(self.worlds)) if worlds is None else worlds
        out = np.zeros((len(policies), len(chosen)), TRIAL)
        for setup, members, among in self._groups(policies, chosen):
            rows = self._run(setup, [policies[i] for i in members], among)
            at = np.array(among) - chosen.start
            out[np.ix_(members, at)] = _counted(rows).reshape(len(members), len(among))
        return out

    def _groups(
        self, policies: Sequence[Policy], worlds: range
    ) -> Iterable[tuple[Setup, list[int], list[int]]]:
        """Policies and worlds that share all but numbers, with what they share."""
        fixed: dict[tuple[str, ...], list[int]] = {}
        for i, policy in enumerate(policies):
            fixed.setdefault(self.problem.fixed(policy), []).append(i)
        names = self.worlds.scenarios
        for tokens, members in fixed.items():
            for name in dict.fromkeys(names[w] for w in worlds) if names else ("",):
                among = [w for w in worlds if not names or names[w] == name]
                yield self._setup(tokens, name), members, among

    def _setup(self, tokens: tuple[str, ...], scenario: str) -> Setup:
        more = as_tokens(self.problem.worlds[1][scenario] or []) if scenario else ()
        key = (*self.problem.shared, *more, *tokens)
        if key not in self._setups:
            self._setups[key] = quiet_setup(key)
        return self._setups[key]

    def _run(
        self, setup: Setup, policies: Sequence[Policy], worlds: Sequence[int]
    ) -> NDArray[np.void]:
        """OUTCOME (policies x worlds, luck), policy by policy."""
        number = len(policies)
        draws = self.worlds.draws.iloc[list(worlds)]
        there = [path for path in draws if _exists(str(path), setup)]
        table = pd.concat([draws[there]] * number, ignore_index=True)
        for lever in self.problem.levers:
            values = [policy.get(lever.name) for policy in policies]
            for path in lever.paths(setup):
                kind = int if path in _WHOLE else float
                table[path] = np.repeat(np.array(values, kind), len(worlds))
        table["seed"] = np.tile(self.worlds.seeds[list(worlds)], number)
        found = run_points(setup, table, self.luck, self.threads)
        self.runs += found.size
        self.tell(found.size)
        return found


def _exists(path: str, setup: Setup) -> bool:
    """Whether a setting exists: those of a mediator who is not there do not."""
    parts = path.split(".")
    return parts[:2] != ["mediation", "mediators"] or parts[2] in setup.config.mediation.mediators


def _counted(rows: NDArray[np.void]) -> NDArray[np.void]:
    """TRIAL (points,) of OUTCOME (points, luck)."""
    done = rows["status"] == 0
    held = done & (rows["collapsed"] == 0)
    out = np.zeros(len(rows), TRIAL)
    out["held"] = np.stack([held[:, ::2].sum(axis=1), held[:, 1::2].sum(axis=1)], axis=1)
    out["deaths"] = np.where(done, rows["deaths"], 0).sum(axis=1)
    out["days"] = np.where(done, rows["end_day"], 0).sum(axis=1)
    out["failed"] = (~done).sum(axis=1)
    return out


def joined(first: NDArray[np.void], more: NDArray[np.void]) -> NDArray[np.void]:
    """Return trials in some worlds and in those after them as one."""
    return np.concatenate([first, more], axis=-1)
