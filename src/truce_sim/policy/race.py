"""The search: surfaces propose policies, a race decides how many worlds each is tried in.

Every candidate is tried in one block of worlds. In each generation, the best seen so far go on to
more worlds, and the best of those to all: few worlds for many candidates, many for the few left.
Thus no candidate stays ahead through the luck of a few runs. Outcomes of candidates are estimated
by a response surface from all that was tried; the next candidates are those that it predicts to be
best.

A search is a function of the problem and its seed. What is tried is written down at once; a search
that is begun again takes the same path, reading what is written instead of running it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError
from truce_sim.policy.levers import TODAY, Code
from truce_sim.policy.measures import best_of, worst
from truce_sim.policy.problem import OBJECTIVES, Problem
from truce_sim.policy.proposals import by_merit, propose, ranks, spread
from truce_sim.policy.surface import LINKS, Space, Surface, fit_surface
from truce_sim.policy.trials import TRIAL

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Tries policies, each in its own worlds: (codes, (codes, n) worlds) -> TRIAL (codes, n).
Try = Callable[[Sequence[Code], Ints], NDArray[np.void]]

#: The first generation is this many times as large as the later ones.
_FIRST = 2
#: In each generation, one in this many of the population goes on to the next rung, and so on.
_GOES_ON = 4


@dataclass
class Race:
    """A search under way.

    Attributes:
        problem: what is searched.
        attempt: tries policies in worlds.
        worlds: how many there are.
        tell: called after each generation with its number and how many candidates were seen.
        finalists: how many of the front are tried in all worlds at the end.
        seen: candidate -> TRIAL (worlds,); runs are 0 where it was not tried.
    """

    problem: Problem
    attempt: Try
    worlds: int
    tell: Callable[[int, int], None] = lambda done, seen: None
    finalists: int = 36
    seen: dict[Code, NDArray[np.void]] = field(default_factory=dict)
    _first: dict[Code, int] = field(default_factory=dict)
    _fitted: tuple[int, dict[str, Surface]] = (0, {})

    @property
    def rungs(self) -> list[int]:
        """Numbers of worlds that candidates are tried in."""
        most = self.worlds
        return sorted({min(rung, most) for rung in (*self.problem.rungs[:-1], most)})

    @cached_property
    def space(self) -> Space:
        """The policies as numbers.

        Raises:
            InputError: pymoo or scikit-learn is not installed.
        """
        try:
            import pymoo  # noqa: F401

            return Space(self.problem)
        except ImportError:
            raise InputError("needs pymoo and scikit-learn", setting="search",
                             allowed="pip install 'truce-sim[search]'") from None  # fmt: skip

    def run(self) -> list[Code]:
        """Search, and return the candidates of the front, which were tried in all worlds."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # so that sums are in the same order on any number of cores
            return self._run()

    def _run(self) -> list[Code]:
        sizes = self.problem.sizes
        self._extend([TODAY], self.worlds)
        codes = spread(self.space.levels, _FIRST * sizes["population"], self.problem.seed)
        for generation in range(sizes["generations"]):
            for i, code in enumerate(codes):
                self._first[code] = (generation + i) * self.rungs[0] % self.worlds
            self._extend(codes, self.rungs[0])
            self._promote()
            self.tell(generation + 1, len(self.seen))
            codes = self._next(generation)
            if not codes:  # every policy has been seen
                break
        self._extend(self.front()[: self.finalists], self.worlds)
        full = [code for code in self.seen if self._tried(code) == self.worlds]
        return self._front(full)

    def front(self) -> list[Code]:
        """Return those that no other is estimated to beat, least crowded first."""
        return self._front(list(self.seen))

    def _front(self, codes: Sequence[Code]) -> list[Code]:
        values = self.values(codes)
        order = np.argsort(by_merit(values), kind="stable")
        return [codes[i] for i in order[: int((ranks(values) == 0).sum())]]

    def values(self, codes: Sequence[Code]) -> Floats:
        """Return (codes, objectives) to be minimised; a broken limit makes all of them worse."""
        return self._values(self.natural(codes))

    def natural(self, codes: Sequence[Code]) -> dict[str, Floats]:
        """Return the outcomes that candidates would have in all worlds, by objective."""
        place = {code: i for i, code in enumerate(self.seen)}
        at = [place[code] for code in codes]
        found = {name: surface.estimates[at] for name, surface in self._surfaces().items()}
        return {"cost": self.space.costs(codes), **found}

    def _values(self, natural: Mapping[str, Floats]) -> Floats:
        signs = [-1.0 if OBJECTIVES[name][2] else 1.0 for name in self.problem.objectives]
        out = np.stack([natural[name] for name in self.problem.objectives], axis=1) * signs
        broken = np.zeros(len(out))
        for name, limit in self.problem.limits.items():
            over = limit - natural[name] if OBJECTIVES[name][2] else natural[name] - limit
            broken += np.maximum(over, 0.0) / max(abs(limit), 1e-9)
        return np.asarray(out + 1e3 * (broken[:, None] + (broken > 0)[:, None]))

    def _next(self, generation: int) -> list[Code]:
        """The policies to try next."""
        surfaces = self._surfaces()

        def value(rows: Ints) -> Floats:
            x = self.space.features(rows)
            found = {name: surface.predict(x) for name, surface in surfaces.items()}
            return self._values({"cost": self.space.costs(rows), **found})

        codes = [code for code in self.seen if code != TODAY]
        best = np.argsort(by_merit(self.values(codes)), kind="stable")
        return propose(value, self.space.levels, [codes[i] for i in best], self.seen.__contains__,
                       self.problem.sizes["population"], self.problem.seed * 10_000 + generation
                       )  # fmt: skip

    def _surfaces(self) -> dict[str, Surface]:
        """A surface for each objective but cost, of all that was tried so far."""
        state = sum(int((trials["runs"] > 0).sum()) for trials in self.seen.values())
        if self._fitted[0] != state:
            wanted = {*self.problem.objectives, *self.problem.limits, "holds", "deaths"}
            x, every = self.space.features(list(self.seen)), np.stack([*self.seen.values()])
            self._fitted = state, {
                name: fit_surface(name, x, *self._by_block(name, every))
                for name in LINKS if name in wanted
            }  # fmt: skip
        return self._fitted[1]

    def _by_block(self, name: str, every: NDArray[np.void]) -> tuple[Floats, Floats]:
        """(codes, blocks) values and weights of TRIAL (codes, worlds)."""
        starts = np.arange(0, self.worlds, self.rungs[0])
        runs = np.add.reduceat(every["runs"], starts, axis=1).astype(float)
        if name == "regret":
            luck = self.problem.sizes["luck"]
            best = best_of(every, luck)
            cut = [slice(start, start + self.rungs[0]) for start in starts]
            return np.stack([worst(every[:, part], best[..., part], luck).mean(axis=1)
                             for part in cut], axis=1), runs  # fmt: skip
        amount = every["deaths"] if name == "deaths" else every["held"].sum(axis=-1)
        sums = np.add.reduceat(amount, starts, axis=1).astype(float)
        weights = np.add.reduceat(every["days"], starts, axis=1) if name == "deaths" else runs
        return sums / np.maximum(weights, 1e-9), weights

    def _tried(self, code: Code) -> int:
        return int((self.seen[code]["runs"] > 0).sum()) if code in self.seen else 0

    def _promote(self) -> None:
        """Try the best in more worlds."""
        quota = self.problem.sizes["population"]
        for rung in self.rungs[1:]:
            quota = max(quota // _GOES_ON, 1)
            self._extend(self._best(quota), rung)

    def _best(self, number: int) -> list[Code]:
        codes = list(self.seen)
        order = np.argsort(by_merit(self.values(codes)), kind="stable")
        return [codes[i] for i in order[:number]]

    def _extend(self, codes: Sequence[Code], worlds: int) -> None:
        """Try candidates in worlds that they have not been tried in, up to a number of worlds."""
        behind: dict[int, list[Code]] = {}
        for code in dict.fromkeys(codes):
            if self._tried(code) < worlds:
                behind.setdefault(self._tried(code), []).append(code)
        for had, some in sorted(behind.items()):
            start = np.array([self._first.get(code, 0) for code in some])[:, None]
            among = (start + np.arange(had, worlds)) % self.worlds
            for code, here, trials in zip(some, among, self.attempt(some, among), strict=True):
                row = self.seen.setdefault(code, np.zeros(self.worlds, TRIAL))
                row[here] = trials
