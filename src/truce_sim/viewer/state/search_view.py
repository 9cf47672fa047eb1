"""One visitor's view of a search: the chosen policy and the brushes; the policies as data."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import solara

from truce_sim.errors import InputError
from truce_sim.policy.folder import Findings
from truce_sim.policy.levers import Lever
from truce_sim.policy.measures import MEASURES
from truce_sim.policy.problem import OBJECTIVES, quiet_setup
from truce_sim.policy.words import describe, first_pick, numbers
from truce_sim.settings.written import written
from truce_sim.viewer.state.address import Words, refuse_unknown
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.parallel import (
    PREFIX,
    Axis,
    Brushes,
    brush_words,
    level_axis,
    looks_of,
    number_axis,
    parallel_data,
    read_brushes,
)

#: Measures that are shares, shown in percent.
_SHARES = ("holds", "satisficing", "percentile", "regret")
#: The page's names for the measures that are not objectives.
_MEASURES = {
    "satisficing": "share of worlds at or above the target",
    "percentile": "share that holds in the tenth-worst of 100 worlds",
}


class SearchView:
    """What a visitor sees of a search, and what they have chosen.

    Attributes:
        found: The search.
        policy: The chosen row of the policies reported.
        brushes: The ranges kept on the axes of parallel coordinates.
    """

    def __init__(self, found: Findings) -> None:
        self.found = found
        _, first = first_pick(found.pareto)
        self._first = found.pareto.index.get_loc(first.name)
        self.policy = solara.reactive(self._first)
        self.brushes: solara.Reactive[Brushes] = solara.reactive({})

    # ── the address ──────────────────────────────────────────────────────────────────────────

    def changed_words(self) -> Words:
        """Return the parts of an address that differ from those of the first view."""
        chosen = {} if self.policy.value == self._first else {"policy": str(self.policy.value)}
        return chosen | brush_words(self.brushes.value)

    def follow(self, words: Words) -> None:
        """Show what parts of an address describe.

        Raises:
            InputError: The search reports no such policy, or has no such axis, or the page no such
                part of an address.
        """
        refuse_unknown(words, ("policy", PREFIX))
        policy, last = words.get("policy", str(self._first)), len(self.found.pareto) - 1
        if not policy.isdecimal() or int(policy) > last:
            raise InputError(
                "the search has none of that number", setting="policy", value=policy,
                allowed=f"0 to {last}", origin="the address",
            )  # fmt: skip
        self.brushes.value = read_brushes(words, self.axes)
        self.policy.value = int(policy)

    # ── the policies ─────────────────────────────────────────────────────────────────────────

    @cached_property
    def axes(self) -> list[Axis]:
        """The axes of parallel coordinates: levers, then outcomes."""
        pareto = self.found.pareto
        return [
            *(_lever_axis(lever, pareto[lever.name]) for lever in self.found.problem.levers),
            number_axis("cost", "cost of the levers (assumed)", pareto["cost"], -1),
            number_axis("holds", f"{OBJECTIVES['holds'][0]} (%)", 100 * pareto["holds"], 1,
                        (0.0, 100.0)),
            number_axis("deaths", f"{OBJECTIVES['deaths'][0]} (1/d)", pareto["deaths"], -1),
            number_axis("regret", "largest regret (%)", 100 * pareto["regret"], -1),
        ]  # fmt: skip

    @property
    def marks(self) -> dict[int, str]:
        """The policies reported for a particular reason, with that reason."""
        return {row: pick for row, pick in enumerate(self.found.pareto["pick"]) if pick}

    def parallel(self) -> dict[str, Any]:
        """Return the policies as parallel coordinates."""
        return parallel_data(self.axes, "holds", self.marks)

    def trade_off(self) -> dict[str, Any]:
        """Return the share that holds against cost, for all candidates and for the policies
        proved."""
        pareto, seen = self.found.pareto, self.found.seen
        proved = pareto[["cost", "holds", "holds_low", "holds_high"]].astype(float)
        return {
            "seen": seen[["cost", "holds"]].astype(float).round(4).to_numpy().tolist(),
            "proved": proved.round(4).to_numpy().tolist(),
            "target": self.found.problem.target,
            "marks": looks_of(self.marks),
        }

    def table(self) -> dict[str, Any]:
        """Return the policies as rows of text and numbers with intervals, as `SweepData.table`."""
        levers = [lever.name for lever in self.found.problem.levers]
        rows = [
            [at, row["pick"], *(written(row[name]) for name in levers), round(row["cost"], 2),
             *(_estimate(row, name) for name in MEASURES)]
            for at, row in enumerate(self.found.pareto.to_dict("records"))
        ]  # fmt: skip
        measures = [_MEASURES.get(name) or OBJECTIVES[name][0] for name in MEASURES]
        names = ["Policy", "why reported", *map(_plain, levers), "cost (assumed)", *measures]
        shares = [False] * (len(levers) + 3) + [name in _SHARES for name in MEASURES]
        return {
            "names": [name[:1].upper() + name[1:] for name in names],
            "times": [100 if share else 1 for share in shares],
            "units": [" %" if share else "" for share in shares],
            "rows": rows, "total": len(rows), "note": "too few worlds give no interval",
        }  # fmt: skip

    def in_words(self) -> tuple[str, str]:
        """How the chosen policy differs from today's, and its outcomes."""
        row = self.found.pareto.iloc[self.policy.value]
        return describe(self.found.problem, row), f"{numbers(row).capitalize()}."

    def opening(self) -> Opening:
        """Return a run under the chosen policy.

        Raises:
            InputError: The policy is no longer among them.
        """
        problem, row = self.found.problem, self.found.pareto.iloc[self.policy.value]
        policy = {lever.name: _value(lever, row[lever.name]) for lever in problem.levers}
        return Opening(quiet_setup(problem.tokens(policy)), search=self.found)


def _lever_axis(lever: Lever, column: pd.Series) -> Axis:
    title = _plain(lever.name)
    if lever.options:
        levels = pd.Series(pd.Categorical(column, list(lever.values), ordered=True))
        return level_axis(lever.name, title, levels)
    ends = (
        min(float(lever.values[0]), float(column.min())),
        max(float(lever.values[-1]), float(column.max())),
    )
    return number_axis(lever.name, title, column, 0, ends)


def _plain(lever: str) -> str:
    return lever.replace("_", " ")


def _value(lever: Lever, value: Any) -> Any:
    """A lever's value as the problem has it: tables give numpy numbers."""
    return value if lever.options else next((v for v in lever.values if v == value), float(value))


def _estimate(row: dict[Any, Any], name: str) -> list[float | None]:
    ends = [float(row[name + end]) for end in ("", "_low", "_high")]
    return [round(end, 4) if np.isfinite(end) else None for end in ends]
