"""Where it fails: boxes and rules over the factors in which the outcome is far more frequent.

Scenario discovery (Bryant and Lempert 2010) by the Patient Rule Induction Method (Friedman and
Fisher 1999), and shallow trees. What is found is honest: boxes and rules are sought in one half of
the runs and measured in the other, which had no part in finding them.

The halves are halves of what is independent, drawn at random from a fixed seed: of a sampled
design its samples (base rows, walks), so that intervals are given the draws of the replicates; of a
grid, zip or table its replicates, so that they are given the points. (Odd and even samples would
not do: those of a Sobol or Halton sequence lie in different halves of some dimension.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truce_sim.analysis.methods.halves import Half, quasi_p, split
from truce_sim.analysis.methods.regions import (
    LEAST_MASS,
    Flags,
    Region,
    Space,
    freed,
    limit_in_words,
    paste,
    peel,
)
from truce_sim.analysis.methods.trees import grown
from truce_sim.analysis.sensitivity import sampling_units
from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError
from truce_sim.intervals import Estimate, named
from truce_sim.sweeps.design.sampling import ROWS, SAMPLES

#: Restrictions whose strip is not clearly less dense, in the half that finds, are dropped.
_CLEAR = 0.05
OUTCOMES = {"collapsed": "collapse", "holds": "hold"}


def split_halves(sweep: Sweep, outcome: str) -> tuple[Half, Half, pd.DataFrame]:
    """The half that finds, the half that measures, and the factors of the points (a row each).

    Raises InputError for an outcome that is not a yes or no, a sweep of nothing, or too few units.
    """
    if outcome not in OUTCOMES:
        raise InputError(
            "regions are sought for what happens or does not", setting="outcome", value=outcome,
            allowed=" or ".join(OUTCOMES),
        )  # fmt: skip
    if not sweep.factors:
        raise InputError("nothing was varied", allowed="a sweep of at least one factor")
    runs = sweep.outcome(outcome)
    points = sweep.folder.design.loc[np.sort(runs["point"].unique())]
    place = points.index.get_indexer(pd.Index(runs["point"]))
    sampled = sweep.design in (*SAMPLES, *ROWS)
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
    """A region of the factors in which the outcome is frequent, and what the other half says of it.

    limits: a row a restricted factor: factor; low, high, both within the box, NaN where that end is
    free; levels, the words that are left, or None; density_without, what the density would be
    without that restriction (the lowest, so the one that matters most, first), with its interval;
    `p`, see below.
    n: runs of the measuring half. mass: the box's share of the points. density: the share with the
    outcome inside; elsewhere: outside; base: of all. coverage: the share of all with the outcome
    that is inside. All but n with intervals.
    p: resampled quasi-p-values (after Bryant and Lempert 2010): of the box, in what share of
    bootstrap resamples of the measuring half it is no denser than the rest; of a restriction, no
    denser than the strip that it alone keeps out.
    trajectory: a row a peel: step, factor, mass, coverage, density (in the finding half);
    density_measured with its interval, coverage_measured; restricted, how many factors are;
    chosen. `limits` may differ from the chosen step by what was pasted, or dropped as unclear.
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
        """(points,) which rows of factors are in the box, or within some of its limits."""
        within = np.ones(len(points), bool)
        for row in (self.limits if limits is None else limits).to_dict("records"):
            x, levels = points[row["factor"]], row["levels"]
            if levels is not None:
                within &= x.isin(levels).to_numpy()
            else:
                within &= ~(x < row["low"]).to_numpy() & ~(x > row["high"]).to_numpy()
        return within

    @property
    def table(self) -> pd.DataFrame:
        """One row: mass, density, coverage, elsewhere, base with intervals, n and p."""
        names = ("mass", "density", "coverage", "elsewhere", "base")
        row: dict[str, float] = {}
        for name in names:
            row |= named(name, getattr(self, name))
        return pd.DataFrame([row | {"n": self.n, "p": self.p}])


def prim(
    sweep: Sweep, outcome: str = "collapsed", boxes: int = 1, coverage: float | None = None
) -> list[Box]:
    """Boxes over the factors in which truces collapse (or hold), the best first.

    Peeling: from the whole space, one end of a number or one level of a word is cut off at a time,
    at most 5 % of the runs left (a level at least), that which raises the density most for each run
    taken (Friedman and Fisher 1999, section 14). Of the boxes so passed, with at least 5 % of the
    runs, the one is chosen of largest coverage minus mass: by how much it catches more than its
    size would (Youden's index, up to a factor). Then ends are pasted back as long as the density
    rises, and restrictions dropped that do not clearly raise it.

    outcome: "collapsed" or "holds". boxes: at most so many; each further one is sought in what the
    earlier leave, and measured there, but against all runs. coverage: choose instead the densest
    box that covers at least this share in the finding half.

    Returns an empty list where no restriction raises the density clearly, as where all runs end
    alike. Raises InputError for another outcome, a sweep of nothing, or fewer than four samples or
    replicates.
    """
    if coverage is not None and not 0.0 < coverage < 1.0:
        raise InputError(
            "is no share", setting="coverage", value=coverage, allowed="a number between 0 and 1"
        )
    found, measured, points = split_halves(sweep, outcome)
    space = Space.of(points)
    free = np.ones(len(points), bool)
    result: list[Box] = []
    for _ in range(boxes):
        steps, chosen, region = _search(space, found, free, coverage)
        if not space.restricted(region):
            break
        inside = space.inside(region) & free
        result.append(Box(
            outcome, sweep.design, _limits(space, region, measured, free),
            int(measured.runs.sum()), *_measures(measured, inside, free),
            quasi_p(measured, inside, free & ~inside),
            _trajectory(space, steps, chosen, found, measured, free),
        ))  # fmt: skip
        free = free & ~inside
    return result


def _search(
    space: Space, half: Half, free: Flags, coverage: float | None
) -> tuple[list[tuple[str, Region]], int, Region]:
    """(peels, which was chosen, the region made of it) in the points that are free; the whole
    space where none is clearly denser."""
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
    region = paste(space, steps[chosen][1], runs, hits)
    return steps, chosen, _prune(space, region, half, free)


def _prune(space: Space, region: Region, half: Half, free: Flags) -> Region:
    """The region without the restrictions that do not clearly raise its density, the least clear
    dropped first."""
    while restricted := space.restricted(region):
        p = [_restriction_p(space, region, j, half, free) for j in restricted]
        worst = int(np.argmax(np.nan_to_num(p, nan=1.0)))
        if p[worst] <= _CLEAR:
            break
        region = freed(region, restricted[worst])
    return region


def _restriction_p(space: Space, region: Region, j: int, half: Half, free: Flags) -> float:
    inside = space.inside(region) & free
    return quasi_p(half, inside, space.inside(freed(region, j)) & free & ~inside)


def _limits(space: Space, region: Region, measured: Half, free: Flags) -> pd.DataFrame:
    """The limits of a region and what each does, as `Box` says."""
    rows = []
    for j in space.restricted(region):
        without = _measures(measured, space.inside(freed(region, j)) & free, free)[1]
        p = _restriction_p(space, region, j, measured, free)
        rows.append(named("density_without", without) | {"p": p})
    table = pd.concat([space.limits(region), pd.DataFrame(rows)], axis=1)
    return table.sort_values("density_without", kind="stable", ignore_index=True) if rows else table


def _trajectory(
    space: Space, steps: list[tuple[str, Region]], chosen: int, found: Half, measured: Half,
    free: Flags,
) -> pd.DataFrame:  # fmt: skip
    """A row a peel, as `Box` says."""
    runs, hits = found.by_point(free.size)
    _, measured_hits = measured.by_point(free.size)
    rows = []
    for step, (factor, region) in enumerate(steps):
        inside = space.inside(region) & free
        within = inside[measured.point]
        density = measured.ratio(measured.hits * within, measured.runs * within)
        rows.append(
            {"step": step, "factor": factor, "restricted": len(space.restricted(region))}
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
    """Mass, density, coverage, elsewhere and base of the points inside."""
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


def describe_box(box: Box) -> str:
    """A box as a sentence: where it is, and how often the outcome comes there and elsewhere."""
    where = " and ".join(limit_in_words(row) for row in box.limits.to_dict("records"))
    space = "space" if box.design in (*SAMPLES, *ROWS) else "points"
    verb = OUTCOMES[box.outcome]
    doubt = "" if box.p < _CLEAR else "; chance alone could make that difference"
    return (
        f"In {_percent(box.mass.value)} of the {space}, {where}, {_percent(box.density.value)} "
        f"[{100 * box.density.low:.0f}, {100 * box.density.high:.0f}] of runs {verb} "
        f"({_percent(box.coverage.value)} of all that {verb}; elsewhere "
        f"{_percent(box.elsewhere.value)}){doubt}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


# ── trees ────────────────────────────────────────────────────────────────────────────────────


def tree(sweep: Sweep, outcome: str = "collapsed", depth: int = 3) -> pd.DataFrame:
    """The leaves of a shallow regression tree (Breiman et al. 1984) as rules, densest first.

    Grown on the finding half, with at least 5 % of its runs in a leaf, and measured on the other.
    Columns: rule, runs (of the measuring half), mass and density with intervals, and
    density_found, in the finding half.

    Raises InputError as `prim`, for a depth that is none, and where scikit-learn is not installed.
    """
    if depth < 1:
        raise InputError("is no depth", setting="depth", value=depth, allowed="1 or more")
    found, measured, points = split_halves(sweep, outcome)
    leaf, rules, density = grown(points, *found.by_point(len(points)), depth)
    rows = []
    for node, rule in rules.items():
        inside = leaf == node
        mass, measured_density, *_ = _measures(measured, inside, ~inside)
        row = {"rule": rule, "runs": int(measured.runs[inside[measured.point]].sum())}
        row |= named("mass", mass) | named("density", measured_density)
        rows.append(row | {"density_found": density[node]})
    return pd.DataFrame(rows).sort_values("density_found", ascending=False, ignore_index=True)


in_words = describe_box  #: Its name in 0.1.
