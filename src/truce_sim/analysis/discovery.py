"""Find where the truce fails: boxes and rules over the factors with a far more frequent outcome.

Scenario discovery (Bryant and Lempert 2010) by the Patient Rule Induction Method (Friedman and
Fisher 1999), and shallow trees. Boxes and rules are sought in one half of the runs and measured in
the other, which played no part in finding them, so the measurements are unbiased.

The halves are drawn at random, from a fixed seed, out of independent units. In a sampled design
these are its samples (base rows, walks), so intervals are conditional on the draws of the
replicates; in a grid, zip or table they are its replicates, so intervals are conditional on the
points. (Odd and even samples would not do: those of a Sobol or Halton sequence lie in different
halves of some dimension.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truce_sim.analysis.methods.halves import Half, quasi_p, split
from truce_sim.analysis.methods.regions import (
    LEAST_MASS,
    Flags,
    Region,
    Space,
    limit_in_words,
    paste,
    peel,
    release,
)
from truce_sim.analysis.methods.trees import grow_tree
from truce_sim.analysis.opened import opened
from truce_sim.analysis.sensitivity import sampling_units
from truce_sim.errors import InputError
from truce_sim.intervals import Estimate, named
from truce_sim.sweeps.design.sampling import SAMPLES
from truce_sim.sweeps.design.worlds import OWN_SEEDS
from truce_sim.sweeps.sweep import Sweep

#: Largest quasi-p-value, in the half searched, at which a restriction is kept.
_CLEAR = 0.05
OUTCOMES = {"collapsed": "collapse", "holds": "hold"}


@opened
def split_halves(sweep: Sweep, outcome: str) -> tuple[Half, Half, pd.DataFrame]:
    """Split the runs into a half to search and a half to measure.

    Args:
        sweep: the sweep to analyse.
        outcome: "collapsed" or "holds".

    Returns:
        The half to search, the half to measure, and the factors of the points (a row each).

    Raises:
        InputError: the outcome is not a yes-or-no outcome, nothing was swept, or there are fewer
            than four samples or replicates.
    """
    if outcome not in OUTCOMES:
        raise InputError(
            "a region needs a yes-or-no outcome", setting="outcome", value=outcome,
            allowed=" or ".join(OUTCOMES),
        )  # fmt: skip
    if not sweep.factors:
        raise InputError("nothing was varied", allowed="a sweep of at least one factor")
    runs = sweep.outcome(outcome)
    points = sweep.folder.design.loc[np.sort(runs["point"].unique())]
    place = points.index.get_indexer(pd.Index(runs["point"]))
    sampled = sweep.design in (*SAMPLES, *OWN_SEEDS)
    if sampled and len(runs):
        unit = sampling_units(points, sweep.factors)[place]
    else:
        unit = np.unique(runs["replicate"].to_numpy(), return_inverse=True)[1]
    if not unit.size or unit.max() < 3:
        raise InputError(
            f"too few {'samples' if sampled else 'replicates'} to find a region in one half and "
            "measure it in the other", value=str(sweep.path), allowed="at least four",
        )  # fmt: skip
    found, measured = split(unit, place, runs["y"].to_numpy(float), sampled)
    return found, measured, points[list(sweep.factors)]


# ── boxes ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Box:
    """A region of the factor space in which the outcome is frequent, measured on the other half.

    Quasi-p-values (after Bryant and Lempert 2010) are shares of bootstrap resamples of the
    measured half in which the box is no denser than the rest, or, for a restriction, no denser
    than the strip that this restriction alone excludes.

    Attributes:
        outcome: "collapsed" or "holds".
        design: the design of the sweep.
        limits: a row for each restricted factor: factor; low and high, both inside the box, NaN
            where that end is free; levels, the words allowed, or None; density_without, the
            density without that restriction, with its interval (lowest first, so the restriction
            that matters most comes first); p, the quasi-p-value of the restriction.
        n: number of runs in the measured half.
        mass: share of the points that lie in the box.
        density: share of runs in the box with the outcome.
        coverage: share of all runs with the outcome that lie in the box.
        elsewhere: share of runs outside the box with the outcome.
        base: share of all runs with the outcome.
        p: quasi-p-value of the box.
        trajectory: a row for each peel: step, factor; mass, coverage and density in the half
            searched; density_measured, with its interval, and coverage_measured; restricted, the
            number of restricted factors; chosen. `limits` may differ from the chosen step, because
            values were pasted back or unclear restrictions dropped.
    """

    outcome: str
    design: str
    limits: pd.DataFrame
    n: int
    mass: Estimate
    density: Estimate
    coverage: Estimate
    elsewhere: Estimate
    base: Estimate
    p: float
    trajectory: pd.DataFrame

    def inside(self, points: pd.DataFrame, limits: pd.DataFrame | None = None) -> Flags:
        """Return which points lie in the box, or within some of its limits.

        Args:
            points: factors of the points, a row each.
            limits: the limits to check; by default all of them.

        Returns:
            (points,) flags.
        """
        within = np.ones(len(points), bool)
        for row in (self.limits if limits is None else limits).to_dict("records"):
            x, levels = points[row["factor"]], row["levels"]
            if levels is not None:
                within &= x.isin(levels).to_numpy()
            else:
                within &= ~(x < row["low"]).to_numpy() & ~(x > row["high"]).to_numpy()
        return within

    @property
    def holding(self) -> Estimate:
        """The share of runs in the box that hold, whatever the outcome."""
        return _rest(self.density) if self.outcome == "collapsed" else self.density

    @property
    def holding_elsewhere(self) -> Estimate:
        """The share of runs outside the box that hold."""
        return _rest(self.elsewhere) if self.outcome == "collapsed" else self.elsewhere

    @property
    def table(self) -> pd.DataFrame:
        """One row: mass, density, coverage, elsewhere and base with intervals, n and p."""
        names = ("mass", "density", "coverage", "elsewhere", "base")
        row: dict[str, float] = {}
        for name in names:
            row |= named(name, getattr(self, name))
        return pd.DataFrame([row | {"n": self.n, "p": self.p}])


@opened
def prim(
    sweep: Sweep, outcome: str = "collapsed", boxes: int = 1, coverage: float | None = None
) -> list[Box]:
    """Find boxes over the factors in which truces collapse (or hold), best first.

    Peeling starts from the whole space. Each step cuts off one end of a number or one level of a
    word, at most 5 % of the remaining runs (but at least a level), choosing the cut that raises
    the density most per run removed (Friedman and Fisher 1999, section 14). Of the boxes on the
    way that hold at least 5 % of the runs, the one with the largest coverage minus mass is chosen:
    it captures the most beyond what its size would (Youden's index, up to a factor). Ends are then
    pasted back as long as the density rises, and restrictions that do not clearly raise it are
    dropped.

    Args:
        sweep: the sweep to analyse.
        outcome: "collapsed" or "holds".
        boxes: largest number of boxes. Each further one is sought and measured outside the earlier
        ones, but compared with all runs.
        coverage: if given, choose instead the densest box that covers at least this share of the
            outcome in the half searched.

    Returns:
        The boxes; an empty list if no restriction clearly raises the density, for instance because
        all runs end alike.

    Raises:
        InputError: the outcome is not a yes-or-no outcome, nothing was swept, there are fewer than
            four samples or replicates, or the coverage is not between 0 and 1.
    """
    if coverage is not None and not 0.0 < coverage < 1.0:
        raise InputError(
            "is not a share", setting="coverage", value=coverage,
            allowed="a number between 0 and 1",
        )  # fmt: skip
    found, measured, points = split_halves(sweep, outcome)
    return find_boxes(found, measured, points, outcome, sweep.design, boxes, coverage)


def find_boxes(
    found: Half, measured: Half, points: pd.DataFrame, outcome: str, design: str, boxes: int = 1,
    coverage: float | None = None,
) -> list[Box]:  # fmt: skip
    """Find boxes as `prim` does, in runs that are already split.

    Args:
        found: the half to search.
        measured: the half to measure.
        points: factors of the points of both, a row each.
        outcome: "collapsed" or "holds": the one counted as hits.
        design: of the points.
        boxes: largest number of boxes.
        coverage: if given, the least share of the outcome to cover.

    Returns:
        The boxes, best first.
    """
    space = Space.of(points)
    free = np.ones(len(points), bool)
    result: list[Box] = []
    for _ in range(boxes):
        steps, chosen, region = _search(space, found, free, coverage)
        if not space.restrictions(region):
            break
        inside = space.inside(region) & free
        result.append(Box(
            outcome, design, _limits(space, region, measured, free),
            int(measured.runs.sum()), *_measures(measured, inside, free),
            quasi_p(measured, inside, free & ~inside),
            _trajectory(space, steps, chosen, found, measured, free),
        ))  # fmt: skip
        free = free & ~inside
    return result


def few_factors(half: Half, points: pd.DataFrame, most: int) -> list[str]:
    """Return the few factors that matter most to where the outcome is frequent.

    A box is peeled over all factors. Its restrictions are dropped, those that cost the least
    density first, until at most `most` are left.

    Args:
        half: the half to search.
        points: factors of the points, a row each.
        most: how many to keep.
    """
    space, free = Space.of(points), np.ones(len(points), bool)
    runs, hits = half.by_point(len(points))
    region = _densest(space, half, free, None)[2]
    while len(restricted := space.restrictions(region)) > most:
        wider = [space.inside(release(region, j)) for j in restricted]
        density = [hits[some].sum() / runs[some].sum() for some in wider]
        region = release(region, restricted[int(np.argmax(density))])
    return [space.names[j] for j in space.restrictions(region)]


def _search(
    space: Space, half: Half, free: Flags, coverage: float | None
) -> tuple[list[tuple[str, Region]], int, Region]:
    """Peel the free points: (steps, index of the chosen step, the region made from it).

    The region is the whole space if none is clearly denser.
    """
    steps, chosen, region = _densest(space, half, free, coverage)
    return steps, chosen, _prune(space, region, half, free)


def _densest(
    space: Space, half: Half, free: Flags, coverage: float | None
) -> tuple[list[tuple[str, Region]], int, Region]:
    """What `_search` returns, before unclear restrictions are dropped."""
    all_runs, all_hits = half.by_point(free.size)
    runs, hits = np.where(free, all_runs, 0.0), np.where(free, all_hits, 0.0)
    if not 0.0 < hits.sum() < runs.sum():
        return [], 0, space.whole
    steps = list(peel(space, runs, hits, LEAST_MASS * all_runs.sum()))
    inside = [space.inside(region) for _, region in steps]
    n, h = (np.array([x[some].sum() for some in inside]) for x in (runs, hits))
    covered = h / all_hits.sum()
    if coverage is None:
        chosen = int(np.argmax(covered - n / all_runs.sum()))
    else:
        chosen = int(np.argmax(np.where(covered >= coverage, h / n, -1.0)))
    return steps, chosen, paste(space, steps[chosen][1], runs, hits)


def _prune(space: Space, region: Region, half: Half, free: Flags) -> Region:
    """Drop restrictions that do not clearly raise the density, the least clear first."""
    while restricted := space.restrictions(region):
        p = [_restriction_p(space, region, j, half, free) for j in restricted]
        worst = int(np.argmax(np.nan_to_num(p, nan=1.0)))
        if p[worst] <= _CLEAR:
            break
        region = release(region, restricted[worst])
    return region


def _restriction_p(space: Space, region: Region, j: int, half: Half, free: Flags) -> float:
    inside = space.inside(region) & free
    return quasi_p(half, inside, space.inside(release(region, j)) & free & ~inside)


def _limits(space: Space, region: Region, measured: Half, free: Flags) -> pd.DataFrame:
    """The limits of a region and the effect of each, as in `Box.limits`."""
    rows = []
    for j in space.restrictions(region):
        without = _measures(measured, space.inside(release(region, j)) & free, free)[1]
        p = _restriction_p(space, region, j, measured, free)
        rows.append(named("density_without", without) | {"p": p})
    table = pd.concat([space.limits(region), pd.DataFrame(rows)], axis=1)
    return table.sort_values("density_without", kind="stable", ignore_index=True) if rows else table


def _trajectory(
    space: Space, steps: list[tuple[str, Region]], chosen: int, found: Half, measured: Half,
    free: Flags,
) -> pd.DataFrame:  # fmt: skip
    """A row for each peel, as in `Box.trajectory`."""
    runs, hits = found.by_point(free.size)
    _, measured_hits = measured.by_point(free.size)
    rows = []
    for step, (factor, region) in enumerate(steps):
        inside = space.inside(region) & free
        within = inside[measured.point]
        density = measured.ratio(measured.hits * within, measured.runs * within)
        rows.append(
            {"step": step, "factor": factor, "restricted": len(space.restrictions(region))}
            | {"mass": runs[inside].sum() / runs.sum()}
            | {"coverage": hits[inside].sum() / hits.sum()}
            | {"density": hits[inside].sum() / runs[inside].sum()}
            | named("density_measured", density)
            | {"coverage_measured": measured_hits[inside].sum() / max(measured_hits.sum(), 1.0)}
            | {"chosen": step == chosen}
        )
    return pd.DataFrame(rows)


def _measures(
    half: Half, inside: Flags, free: Flags
) -> tuple[Estimate, Estimate, Estimate, Estimate, Estimate]:
    """Measure mass, density, coverage, elsewhere and base of the points inside."""
    (runs, hits), (other_runs, other_hits) = (
        (np.where(some[half.point], half.runs, 0.0), np.where(some[half.point], half.hits, 0.0))
        for some in (inside, free & ~inside)
    )
    mass = half.ratio(runs, half.runs)
    return (
        mass if half.sampled else Estimate(mass.value, mass.value, mass.value),
        half.ratio(hits, runs),
        half.ratio(hits, half.hits),
        half.ratio(other_hits, other_runs),
        half.ratio(half.hits, half.runs),
    )


def box_in_words(box: Box) -> str:
    """Say what lies in a box: its limits, joined by "and"."""
    return " and ".join(limit_in_words(row) for row in box.limits.to_dict("records"))


def describe_box(box: Box) -> str:
    """Describe a box in a sentence: its limits, and how frequent the outcome is there."""
    where = box_in_words(box)
    space = "space" if box.design in (*SAMPLES, *OWN_SEEDS) else "points"
    inside, outside = box.holding, box.holding_elsewhere
    doubt = "" if box.p < _CLEAR else " Chance alone could explain the difference."
    return (
        f"In {_percent(box.mass)} of the {space}, {where}, truces hold in {_percent(inside)} of "
        f"runs, elsewhere in {_percent(outside)}; {_percent(box.coverage)} of all runs that "
        f"{OUTCOMES[box.outcome]} are there (n = {box.n:,} runs).{doubt}"
    )


def _rest(share: Estimate) -> Estimate:
    return Estimate(1.0 - share.value, 1.0 - share.high, 1.0 - share.low)


def _percent(share: Estimate) -> str:
    """A share with its interval; without, if it is known exactly or cannot be bounded."""
    value, low, high = (100 * x for x in share)
    if math.isnan(value):
        return "an unknown share (there are none in the half measured)"
    if math.isnan(low):
        return f"{value:.0f} % (too few replicates or samples for an interval)"
    return f"{value:.0f} %" + ("" if low == high else f" [{low:.0f}, {high:.0f}]")


# ── trees ────────────────────────────────────────────────────────────────────────────────────


@opened
def tree(sweep: Sweep, outcome: str = "collapsed", depth: int = 3) -> pd.DataFrame:
    """Return the leaves of a shallow regression tree (Breiman et al. 1984) as rules.

    The tree is grown on one half of the runs, with at least 5 % of them in each leaf, and measured
    on the other half.

    Args:
        sweep: the sweep to analyse.
        outcome: "collapsed" or "holds".
        depth: largest number of conditions in a rule.

    Returns:
        A row for each leaf, densest first: rule; runs (in the half measured); mass and density
        with intervals; density_found, the density in the half on which the tree was grown.

    Raises:
        InputError: as in `prim`, the depth is less than 1, or scikit-learn is not installed.
    """
    if depth < 1:
        raise InputError("is too small", setting="depth", value=depth, allowed="1 or more")
    found, measured, points = split_halves(sweep, outcome)
    leaf, rules, density = grow_tree(points, *found.by_point(len(points)), depth)
    rows = []
    for node, rule in rules.items():
        inside = leaf == node
        mass, measured_density, *_ = _measures(measured, inside, ~inside)
        row = {"rule": rule, "runs": int(measured.runs[inside[measured.point]].sum())}
        row |= named("mass", mass) | named("density", measured_density)
        rows.append(row | {"density_found": density[node]})
    return pd.DataFrame(rows).sort_values("density_found", ascending=False, ignore_index=True)


in_words = describe_box  #: Its name in 0.1.
