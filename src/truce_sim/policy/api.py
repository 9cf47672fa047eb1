"""Search for policies, choose among what is found, and prove what is chosen: three sets of worlds.

The best of many noisy values is too good: luck is part of why it is the best (the winner's curse).
So the front that the search finds is tried again in fresh worlds, where three policies are chosen,
and what is chosen is tried once more, in worlds in which nothing was chosen. Only these last
numbers are reported.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.config.tokens import Overrides, as_tokens
from truce_sim.errors import InputError, closest
from truce_sim.intervals import Estimate
from truce_sim.policy.choose import choose, thinned
from truce_sim.policy.hinges import PAIR, Hinges, Outcomes, find_hinges
from truce_sim.policy.levers import TODAY, Code
from truce_sim.policy.measures import holds, judged, loss
from truce_sim.policy.notebook import Notebook, open_folder
from truce_sim.policy.problem import AnyProblem, Problem, load_problem
from truce_sim.policy.race import Race
from truce_sim.policy.trials import Ints, Laboratory
from truce_sim.policy.worlds import Worlds, make_worlds
from truce_sim.sweeps.execution.lock import locked
from truce_sim.sweeps.execution.progress import Progress, Silence

#: Candidates of the front that are retried, as a multiple of those reported.
_CANDIDATES = 3
#: Regions are sought and measured in this many times the worlds of the proof, each with as many
#: runs as in the search.
_MORE = 16
#: The sets of worlds in which each policy has as many runs as in the proof.
_PROVES = ("choice", "proof")


@dataclass(frozen=True, eq=False)
class Search:
    """A finished search.

    Attributes:
        problem: what was searched.
        folder: where it is kept; None: nowhere.
        pareto: a row for each policy reported, cheapest first: `pick` (why it is reported, if it is
            one of the three, or today's), the value of each lever, `cost`, the share that held in
            the search (`holds_in_search`), and all measures in fresh worlds, with intervals.
        seen: a row for each candidate of the search: its levers, cost, estimates, worlds tried.
        loss: by how much the mean gain of the reported policies over today's, in the share that
        holds, was larger in the search than in the proof; each gain is within the same worlds and
        draws.
        worlds: the worlds of the proof, a row each.
        shares: (policies of `pareto`, worlds) the share that held in each world of the proof.
        hinges: in which worlds the first pick fails, and what the most robust one
            gains there.
        runs: how many were made in all.
    """

    problem: Problem
    folder: Path | None
    pareto: pd.DataFrame
    seen: pd.DataFrame
    loss: Estimate
    worlds: Worlds
    shares: np.ndarray[Any, np.dtype[np.float64]]
    hinges: Hinges
    runs: int

    def policy(self, pick: str) -> dict[str, Any]:
        """Return the policy of a pick, or today's: lever -> value.

        Raises:
            InputError: there is no such pick.
        """
        rows = {name: i for i, why in enumerate(self.pareto["pick"]) for name in why.split(" and ")}
        if pick not in rows:
            raise InputError("no such pick", setting="pick", value=pick, allowed=", ".join(rows),
                             suggestion=closest(pick, rows))  # fmt: skip
        row = self.pareto.iloc[rows[pick]]
        return {lever.name: row[lever.name] for lever in self.problem.levers}


def search(
    problem: AnyProblem = "doha",
    overrides: Overrides = (),
    *,
    folder: str | os.PathLike[str] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
    **changes: Any,
) -> Search:
    """Search for policies that hold, and prove what is found in fresh worlds.

    Args:
        problem: an option of `conf/search`, the path of a file like those, or what one holds.
        overrides: settings that all policies share, besides the problem's own.
        folder: keeps everything; a search that was stopped resumes from there, to the same result.
        threads: how many to use; 0: one for each core.
        progress: shows progress.
        changes: parts of the problem to replace: `seed=2`, `sizes={"generations": 5}`,
            `worlds={"posterior": "fit/posterior.parquet"}`.

    Returns:
        The front with its proof, three picks, and what was lost from search to proof.

    Raises:
        InputError: a bad problem; a folder that holds something else; pymoo is not installed.
    """
    asked = load_problem(problem, **changes)
    if more := as_tokens(overrides):
        asked = load_problem(asked, base=[*asked.shared, *more])
    worlds, shown = _make_worlds(asked), progress or Silence()
    if folder is None:
        return _Work(asked, worlds, None, threads, shown).run()
    place = Path(folder)
    open_folder(place, asked, worlds.values())
    with locked(place):
        return _Work(asked, worlds, place, threads, shown).run()


def _make_worlds(problem: Problem) -> dict[str, Worlds]:
    """The three sets of worlds, and larger versions of the last two, where few policies are tried,
    to seek and measure regions of worlds."""
    proof = problem.sizes["proof_worlds"]
    numbers = {"search": problem.rungs[-1], "choice": proof, "proof": proof}
    made = {name: make_worlds(problem, name, n) for name, n in numbers.items()}
    more = {"sought": "choice", "measured": "proof"}
    return made | {to: make_worlds(problem, name, _MORE * proof) for to, name in more.items()}


class _Work:
    """A search under way: the three sets of worlds and what is tried in each."""

    def __init__(
        self, problem: Problem, worlds: dict[str, Worlds], folder: Path | None, threads: int,
        progress: Progress,
    ) -> None:  # fmt: skip
        self.problem, self.worlds = problem, worlds
        self.folder, self.progress = folder, progress
        luck = {name: problem.sizes["proof_luck" if name in _PROVES else "luck"] for name in worlds}
        self.rooms = {
            name: Laboratory(problem, some, luck[name], threads, self.progress.advance)
            for name, some in worlds.items()
        }
        self.books = {name: Notebook(folder, name, room) for name, room in self.rooms.items()}
        self.race = Race(
            problem, lambda codes, worlds: self._try("search", codes, worlds),
            len(self.worlds["search"]), self._tell, _CANDIDATES * problem.sizes["reported"],
        )  # fmt: skip

    def run(self) -> Search:
        """Search, choose, prove."""
        self.progress.start(self._most_runs(), 0, self.folder or Path("memory"))
        try:
            front = self.race.run()
            picks, reported = self._choose(front)
            return self._proved(picks, reported)
        finally:
            self.progress.finish()

    def _choose(self, front: Sequence[Code]) -> tuple[dict[str, Code], list[Code]]:
        """The three picks and all that is reported, by their outcomes in the worlds for
        choosing."""
        sizes = self.problem.sizes
        some = thinned(pd.Series(self._costs(front)), _CANDIDATES * sizes["reported"])
        codes = list(dict.fromkeys([TODAY, *(front[i] for i in some)]))
        once = sizes["proof_worlds"] * sizes["proof_luck"]
        self.progress.expect(
            self.rooms["search"].runs + once * (len(codes) + sizes["reported"] + 4)
        )
        trials = self._try("choice", codes)
        table = judged(
            trials, self._costs(codes), self.rooms["choice"].luck, self.problem.target,
            self.worlds["choice"].scenarios,
        )  # fmt: skip
        rows = table.to_dict("records")
        keeps = [i for i, row in enumerate(rows) if not self.problem.broken(row)] or [*table.index]
        chosen = choose(table.loc[keeps].reset_index(drop=True), self.problem.target)
        picks = {name: codes[keeps[i]] for name, i in chosen.items()}
        keep = thinned(table["cost"], sizes["reported"])
        reported = [TODAY, *(codes[i] for i in keep), *picks.values()]
        return picks, sorted(dict.fromkeys(reported), key=lambda code: self._costs([code])[0])

    def _proved(self, picks: dict[str, Code], reported: list[Code]) -> Search:
        """Try what is reported in worlds in which nothing was chosen."""
        trials, luck = self._try("proof", reported), self.rooms["proof"].luck
        worlds, costs = self.worlds["proof"], self._costs(reported)
        proved = judged(trials, costs, luck, self.problem.target, worlds.scenarios)
        before = np.stack([self.race.seen[code] for code in reported])
        proved.insert(1, "holds_in_search", holds(before, self.problem.sizes["luck"]))
        levers = pd.DataFrame([self.problem.policy(code) for code in reported])
        named = [*picks.items(), ("today", TODAY)]
        why = [" and ".join(name for name, code in named if code == here) for here in reported]
        found = [i for i, code in enumerate(reported) if code != TODAY] or [0]
        today = reported.index(TODAY)
        by_world = [
            (part["held"][found].sum(axis=-1).mean(axis=0) - part["held"][today].sum(axis=-1))
            / size
            for part, size in ((before, self.problem.sizes["luck"]), (trials, luck))
        ]
        return Search(
            self.problem, self.folder,
            pd.concat([pd.Series(why, name="pick"), levers, proved], axis=1), self._seen(),
            loss(*by_world), worlds, trials["held"].sum(axis=-1) / luck, self._hinges(picks),
            sum(room.runs for room in self.rooms.values()),
        )  # fmt: skip

    def _hinges(self, picks: dict[str, Code]) -> Hinges:
        """Where the first pick fails, and what the most robust gains."""
        codes = list(picks.values())
        pair = list(dict.fromkeys(codes[place] for place in PAIR))

        def outcomes(name: str) -> Outcomes:
            luck = self.rooms[name].luck
            shares = self._try(name, pair)["held"].sum(axis=-1) / luck
            return Outcomes(self.worlds[name], shares[0], shares[-1], luck)

        measured = outcomes("measured")
        return find_hinges(measured if measured.worlds.scenarios else outcomes("sought"), measured)

    def _seen(self) -> pd.DataFrame:
        codes = list(self.race.seen)
        levers = pd.DataFrame([self.problem.policy(code) for code in codes])
        tried = pd.Series([int((self.race.seen[code]["runs"] > 0).sum()) for code in codes],
                          name="worlds")  # fmt: skip
        return pd.concat([levers, pd.DataFrame(self.race.natural(codes)), tried], axis=1)

    def _try(self, which: str, codes: Sequence[Code], worlds: Ints | None = None) -> Any:
        among = self.rooms[which].every_world(codes) if worlds is None else worlds
        policies = [self.problem.policy(code) for code in codes]
        return self.books[which].attempt(codes, policies, among)

    def _costs(self, codes: Sequence[Code]) -> list[float]:
        return [self.problem.cost(self.problem.policy(code)) for code in codes]

    def _most_runs(self) -> int:
        """About how many runs it takes; how many candidates are promoted is known only as it
        happens."""
        sizes, rungs = self.problem.sizes, self.problem.rungs
        more = 2 * len(PAIR) * _MORE * sizes["proof_worlds"]
        each = sizes["population"] * (rungs[0] + rungs[-1] / 8) * (sizes["generations"] + 1)
        proof = sizes["proof_worlds"] * sizes["proof_luck"] * 3 * sizes["reported"]
        return int(each + rungs[-1] * 2 * sizes["reported"] + more) * sizes["luck"] + proof

    def _tell(self, done: int, seen: int) -> None:
        made = self.rooms["search"].runs
        sizes = self.problem.sizes
        proof = sizes["proof_worlds"] * sizes["proof_luck"] * 3 * sizes["reported"]
        self.progress.expect(int(made * sizes["generations"] / done) + proof)
