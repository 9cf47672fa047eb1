"""What the answer hinges on: worlds in which a policy fails, and in which a dearer one is worth its
cost.

Scenario discovery (Bryant and Lempert 2010, Technological Forecasting and Social Change 77(1)) over
the unknown settings: a box by PRIM and a shallow tree. Both are sought in some worlds and measured
in others that had no part in finding them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.discovery import Box, box_in_words, few_factors, find_boxes
from truce_sim.analysis.methods.halves import Half
from truce_sim.analysis.methods.trees import grow_tree
from truce_sim.intervals import Estimate, count_interval, cut, mean_interval, mean_within, named
from truce_sim.policy.worlds import Worlds
from truce_sim.sweeps.design.worlds import POSTERIOR

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: The positions of the picks compared: the first, and the most robust.
PAIR = (0, 2)
#: Largest number of conditions in a rule of the tree, and of settings that a box limits.
_DEPTH, _MOST = 2, 3


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of two policies in the worlds of one set.

    Attributes:
        worlds: the worlds.
        one: (worlds,) the share of runs that hold under the first pick.
        other: (worlds,) that share under the most robust policy.
        luck: runs of each policy in each world.
    """

    worlds: Worlds
    one: Floats
    other: Floats
    luck: int

    def half(self, first: int) -> Half:
        """Return the runs that collapse under the first pick; worlds are points from `first`."""
        n = np.arange(len(self.one))
        runs = np.full(n.size, float(self.luck))
        return Half(n, n + first, runs, runs * (1.0 - self.one), sampled=True)


@dataclass(frozen=True)
class Hinges:
    """Regions of worlds.

    Attributes:
        regions: a row for each: kind (all, box, tree or scenario), rule, worlds (of those that
            measure, in it); with intervals: mass (share of worlds), holds (share of runs that hold
            under the first pick), holds_other (under the most robust one), gain
            (the difference), coverage (of all collapses under the first pick, the share in the
            region); p, for a box, the quasi-p-value that collapse is no more frequent in it.
        box: worlds in which the first pick fails; None if none was found.
    """

    regions: pd.DataFrame
    box: Box | None = None


def find_hinges(sought: Outcomes, measured: Outcomes) -> Hinges:
    """Find regions of worlds in one set and measure them in the other.

    Args:
        sought: in the worlds to find them in.
        measured: in the worlds to measure them in; scenarios are regions by themselves.
    """
    rows = [_row("all", "all worlds", measured, np.ones(len(measured.one), bool))]
    if names := measured.worlds.scenarios:
        for name in dict.fromkeys(names):
            rows.append(_row("scenario", name, measured, np.array(names) == name))
        return Hinges(pd.DataFrame(rows))
    draws = pd.concat([sought.worlds.draws, measured.worlds.draws], ignore_index=True)
    draws, first = draws.loc[:, draws.nunique() > 1], len(sought.one)
    if draws.empty:
        return Hinges(pd.DataFrame(rows))
    box = _box(draws, sought.half(0), measured.half(first))
    if box is not None:
        rows += [_row("box", box_in_words(box), measured, box.inside(draws)[first:], box.p)]
    leaves = _leaves(draws, sought, measured)
    rows += [_row("tree", rule, measured, inside) for rule, inside in leaves]
    return Hinges(pd.DataFrame(rows), box)


def _box(draws: pd.DataFrame, sought: Half, measured: Half) -> Box | None:
    """The box of worlds in which collapse is frequent, over the settings that matter most to it."""
    few = few_factors(sought, draws, _MOST)
    boxes = find_boxes(sought, measured, draws[few], "collapsed", POSTERIOR) if few else []
    return boxes[0] if boxes else None


def _leaves(
    draws: pd.DataFrame, sought: Outcomes, measured: Outcomes
) -> Iterator[tuple[str, Flags]]:
    """Rules of a tree for what the dearer policy gains, with the worlds in each that measure it."""
    first = len(sought.one)
    grown = np.arange(len(draws)) < first
    gain = np.concatenate([sought.other - sought.one, np.zeros(len(measured.one))])
    leaf, rules, _ = grow_tree(draws, grown.astype(float), gain, _DEPTH)
    yield from ((rules[at], leaf[first:] == at) for at in sorted(rules))


def _row(
    kind: str, rule: str, measured: Outcomes, inside: Flags, p: float = np.nan
) -> dict[str, object]:
    """A row of `Hinges.regions`."""
    one, other = measured.one[inside], measured.other[inside]
    each, half = np.arange(one.size), measured.half(0)
    size = count_interval(one.size, inside.size)
    return {
        "kind": kind, "rule": rule, "worlds": one.size,
        **named("mass", Estimate(*[size.value] * 3) if kind in ("all", "scenario") else size),
        **named("holds", mean_within(one, each, 1.0)),
        **named("holds_other", mean_within(other, each, 1.0)),
        **named("gain", cut(mean_interval(other - one, each), -1.0, 1.0)),
        **named("coverage", half.ratio(half.hits * inside, half.hits)),
        "p": p,
    }  # fmt: skip
