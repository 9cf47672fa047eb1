"""Rank factors by how much of the variance of an outcome each accounts for.

A `saltelli` design gives Sobol indices, a `morris` design elementary effects, and any design the
share of variance that a factor accounts for by itself. Everything is computed on the means of the
points over their replicates, so the share of chance shrinks as replicates are added.

Intervals are bootstrap intervals over independent units: base rows, samples or replicates. A share
of variance lies between 0 and 1, but its estimate and the ends of its interval need not, if runs
are few: they are cut at 0 and 1, which does not change the coverage of the interval; an interval
that lies wholly outside is missing. Ranks use the uncut estimates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from truce_sim.analysis.methods.indices import (
    Bootstrapped,
    Floats,
    Ints,
    elementary_effects,
    is_above,
    mean_sizes,
    replicated_shares,
    sampled_shares,
    sobol,
)
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.intervals import column_deviations, column_means
from truce_sim.results.columns import OUTCOME
from truce_sim.sweeps.design.sampling import ROWS, SAMPLES
from truce_sim.sweeps.summaries.levels import MAX_LEVELS
from truce_sim.sweeps.sweep import DERIVED, Sweep

_MOST_BINS = 24
_ROUNDING = 1e-9


# ── Sobol indices ────────────────────────────────────────────────────────────────────────────


@opened
def sobol_indices(sweep: Sweep, outcome: str = "days") -> pd.DataFrame:
    """Return the first-order and total-order index of each factor, from a saltelli design.

    All points of a base row share a seed and its replicates, so the draws are one more input of
    the model, the same in A, B and AB. The model of factors and draws is deterministic, and the
    usual estimates hold for it. `total` is the share of variance that would remain if everything
    but that factor, including the draws, were known. `first` compares B with AB, which share the
    factor *and* the draws, beyond what B and A have in common: it is the factor's own effect plus
    its interaction with chance. The share of chance alone, cov(A, B) / V, is attrs["chance"]
    (value, low, high).

    Points are first averaged over their replicates. A row with a point that failed or has no
    outcome is left out as a whole: attrs["rows"], attrs["left_out"].

    Args:
        sweep: a sweep with a saltelli design.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each factor: factor, first (the estimate of Saltelli et al. 2010) and total
        (Jansen 1999), each with its interval from resampling the base rows.

    Raises:
        InputError: the design is another, there are fewer than two complete rows, or the outcome
            is constant.
    """
    y = _by_row(sweep, outcome, "saltelli", 256)
    whole = np.isfinite(y).all(axis=1)
    _need(int(whole.sum()), "base rows", outcome)
    _need_variance(y[whole], outcome)
    k = len(sweep.factors)
    found = sobol(y[whole])
    total, chance = found.part(k, 2 * k), found.part(2 * k, 2 * k + 1)
    return _table(
        sweep, outcome, _shares("first", found.part(0, k)) | _shares("total", total), "total",
        total, of="base rows", rows=int(whole.sum()), left_out=int((~whole).sum()),
        chance=_single(chance),
    )  # fmt: skip


# ── Morris ───────────────────────────────────────────────────────────────────────────────────


@opened
def morris_effects(sweep: Sweep, outcome: str = "days") -> pd.DataFrame:
    """Return the elementary effects of each factor, from a morris design (Morris 1991).

    Effects are in the unit of the outcome, over the factor's full range: from the low to the high
    end of an interval (of its logarithm, if it is spaced so), or from the first to the last item
    of a list.

    Points are first averaged over their replicates. A walk with a point that failed or has no
    outcome is left out as a whole: attrs["rows"], attrs["left_out"].

    Args:
        sweep: a sweep with a morris design.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each factor, with intervals: factor; mu, the mean effect; mu_star, its mean size
        (Campolongo et al. 2007); sigma, the standard deviation over walks (non-linearity,
        interactions, chance). Intervals are t intervals, that of mu_star cut at 0, that of sigma of
        its logarithm by the jackknife (rough with fewer than about 20 walks, or if a few walks
        dominate).

    Raises:
        InputError: the design is another, or there are fewer than two complete walks.
    """
    y = _by_row(sweep, outcome, "morris", 30)
    whole = np.isfinite(y).all(axis=1)
    _need(int(whole.sum()), "walks", outcome)
    walks, k = len(y), len(sweep.factors)
    unit = ROWS["morris"](k, walks, int(sweep.manifest["config"]["seed"])).reshape(walks, k + 1, k)
    effects = elementary_effects(unit[whole], y[whole])
    size = column_means(abs(effects))
    columns = _columns("mu", column_means(effects))
    columns |= _columns("mu_star", (size[0], np.maximum(size[1], 0.0), size[2]))
    columns |= _columns("sigma", column_deviations(effects))
    return _table(
        sweep, outcome, columns, "mu_star", mean_sizes(effects), of="walks",
        rows=int(whole.sum()), left_out=int((~whole).sum()),
    )  # fmt: skip


# ── any design ───────────────────────────────────────────────────────────────────────────────


@opened
def given_data_indices(sweep: Sweep, outcome: str = "days") -> pd.DataFrame:
    """Return the share of the variance between points that each factor accounts for by itself.

    The estimate is epsilon squared (Kelley 1935; Plischke et al. 2013), the bias-corrected
    correlation ratio of the point means by level of the factor (up to 12 values) or by bins of
    equal counts. It is 0 if a factor explains less than its levels would by accident.

    In samples (sobol, halton, lhs, morris, saltelli) the points represent the space: intervals
    resample samples, conditional on the draws of these replicates.

    In a grid, zip or table the points are fixed: intervals resample replicates, conditional on the
    points. The variance is then that of the *expected* outcomes, estimated without bias because
    only products of different replicates enter. In a full grid `first` is the share of the main
    effect, and attrs["interactions"] (value, low, high) is the rest. With one replicate there is
    no interval, and chance counts as variance. Indices are missing if there are as many levels as
    points, or if points differ by no more than chance; intervals are missing if that cannot be
    ruled out. Replicates that are missing at some point are left out: attrs["rows"],
    attrs["left_out"] (in a sample, these count points).

    Args:
        sweep: a sweep of any design.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each factor: factor, and first with its interval.

    Raises:
        InputError: there are fewer than two points or samples, or the outcome is constant.
    """
    runs = sweep.outcome(outcome).dropna(subset="y")
    points = sweep.folder.design.loc[np.sort(runs["point"].unique())]
    _need(len(points), "points", outcome)
    _need_variance(runs["y"].to_numpy(), outcome)
    if sweep.design in (*SAMPLES, *ROWS):
        return _of_samples(sweep, outcome, runs, points)
    return _of_replicates(sweep, outcome, runs, points)


def _of_samples(
    sweep: Sweep, outcome: str, runs: pd.DataFrame, points: pd.DataFrame
) -> pd.DataFrame:
    """Given-data indices of a sampled design."""
    y = runs.groupby("point")["y"].mean().to_numpy()
    _need_variance(y, outcome)
    units = sampling_units(points, sweep.factors)
    _need(int(units.max()) + 1, "samples", outcome)
    codes = [level_codes(points[name]) for name in sweep.factors]
    found = sampled_shares(y, codes, units)
    return _table(
        sweep, outcome, _shares("first", found), "first", found, of="points",
        rows=len(points), left_out=sweep.folder.points - len(points),
    )  # fmt: skip


def _of_replicates(
    sweep: Sweep, outcome: str, runs: pd.DataFrame, points: pd.DataFrame
) -> pd.DataFrame:
    """Given-data indices of a design with fixed points, whose replicates are resampled."""
    wide = runs.pivot_table(index="replicate", columns="point", values="y").to_numpy()
    whole = np.isfinite(wide).all(axis=1)
    _need(int(whole.sum()), "replicates with an outcome at every point", outcome, least=1)
    levels = [pd.factorize(points[name])[0].astype(np.int64) for name in sweep.factors]
    full = len(points) == np.prod([code.max() + 1 for code in levels], dtype=float)
    codes = levels if full else [level_codes(points[name]) for name in sweep.factors]
    k, found = len(codes), replicated_shares(wide[whole], codes, full)
    first, rest = found.part(0, k), found.part(k, k + 1)
    return _table(
        sweep, outcome, _shares("first", first), "first", first, rows=int(whole.sum()),
        left_out=int((~whole).sum()), of="replicates", interactions=_single(rest) if full else None,
    )  # fmt: skip


def level_codes(values: pd.Series) -> Ints:
    """Return the levels of a factor as codes (n,) from 0.

    More than 12 numbers are cut into bins of equal counts: as many as the square root of n, but at
    most 24.
    """
    if not pd.api.types.is_numeric_dtype(values) or values.nunique() <= MAX_LEVELS:
        return np.asarray(pd.factorize(values)[0], np.int64)
    x = values.to_numpy(float)
    bins = min(int(np.sqrt(x.size)), _MOST_BINS)
    edges = np.unique(np.quantile(x, np.arange(1, bins) / bins))
    return np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True)[1]


def sampling_units(points: pd.DataFrame, factors: Sequence[str]) -> Ints:
    """Return the sampling unit of each point of a sampled design, as codes (points,) from 0.

    The unit is the base row or walk, or the sample of the intervals, which is combined with all
    lists.
    """
    by = ["row"] if "row" in points else [n for n in factors if _continuous(points[n])]
    if not by:
        return np.arange(len(points))
    return np.asarray(points.groupby(by, sort=False).ngroup(), np.int64)


def _continuous(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_LEVELS)


# ── ranks ────────────────────────────────────────────────────────────────────────────────────


@opened
def drivers(sweep: Sweep, outcome: str = "days") -> pd.DataFrame:
    """Return the effect of each factor on the outcome, by the best measure the design allows.

    Args:
        sweep: a sweep of any design.
        outcome: as in `Sweep.outcome`.

    Returns:
        A row for each factor, largest first: factor, index, low, high, kind. The kind is "total"
        (`sobol_indices`), "mu_star" (`morris_effects`), or else "first" (`given_data_indices`).

    Raises:
        InputError: as in these functions.
    """
    methods = {"saltelli": sobol_indices, "morris": morris_effects}
    table = methods.get(sweep.design, given_data_indices)(sweep, outcome)
    kind = table.attrs["index"]
    names = {kind: "index", f"{kind}_low": "low", f"{kind}_high": "high"}
    found = table[["factor", *names]].rename(columns=names).assign(kind=kind)
    order = np.argsort(table.attrs["uncut"], kind="stable")[::-1]
    draws = np.asarray(table.attrs["draws"])[:, order].tolist()
    uncut = np.asarray(table.attrs["uncut"])[order].tolist()
    found = found.iloc[order].reset_index(drop=True)
    found.attrs = table.attrs | {"index": "index", "draws": draws, "uncut": uncut}
    return found


def rank_factors(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each factor with its interval; rank 1 matters most.

    The intervals contain the true ranks of all factors at once, including ties, in 95 % of cases.
    A factor ranks below only those from which it differs in a simultaneous comparison of all pairs
    (Mogstad et al. 2024), based on the resamples in attrs["draws"]. A factor certainly matters most
    only if its rank_high is 1.

    Args:
        table: the result of any function of this module.

    Returns:
        A row for each factor: factor, index, rank, rank_low, rank_high.
    """
    value = np.asarray(table.attrs["uncut"], float)
    draws = np.asarray(table.attrs["draws"], float)
    above = is_above(value, draws)
    return pd.DataFrame({
        "factor": table["factor"].to_numpy(),
        "index": table[table.attrs["index"]].to_numpy(float),
        "rank": pd.Series(value).rank(ascending=False, method="min").to_numpy(),
        "rank_low": 1 + above.sum(axis=0),
        "rank_high": len(value) - above.sum(axis=1),
    }).sort_values("rank", kind="stable", ignore_index=True)  # fmt: skip


# ── shared ───────────────────────────────────────────────────────────────────────────────────


def _by_row(sweep: Sweep, outcome: str, design: str, points: int) -> Floats:
    """(rows, points of a row) mean outcome of each point; NaN if it has none."""
    if sweep.design != design:
        raise InputError(
            f"this needs a {design} design", setting="hydra.sweeper.design", value=sweep.design,
            allowed=f"a sweep with hydra.sweeper.design={design} hydra.sweeper.points={points}; "
            "given_data_indices works with any design",
        )  # fmt: skip
    means = sweep.outcome(outcome).groupby("point")["y"].mean()
    rows = sweep.folder.design["row"].to_numpy()
    per = len(sweep.factors) + (1 if design == "morris" else 2)
    values = means.reindex(sweep.folder.design.index).to_numpy(float)
    return np.asarray(values[np.argsort(rows, kind="stable")].reshape(-1, per))


def _table(
    sweep: Sweep, outcome: str, columns: Mapping[str, Floats], index: str, found: Bootstrapped,
    **attrs: object,
) -> pd.DataFrame:  # fmt: skip
    """A row for each factor; `index` is the column that ranks them, from the resamples `found`."""
    table = pd.DataFrame(dict(columns)).assign(factor=list(sweep.factors))[["factor", *columns]]
    table.attrs["draws"] = found.draws.tolist()
    table.attrs["uncut"] = found.value.tolist()
    unit = DERIVED[outcome][0] if outcome in DERIVED else OUTCOME[outcome][0]
    about = {"design": sweep.design, "outcome": outcome, "unit": unit, "index": index}
    table.attrs |= about | attrs
    return table


def _shares(name: str, found: Bootstrapped) -> dict[str, Floats]:
    """Estimates of shares and their intervals, cut at 0 and 1; intervals wholly outside are
    missing."""
    beyond = (found.low > 1.0 + _ROUNDING) | (found.high < -_ROUNDING)
    value, low, high = (np.clip(x, 0.0, 1.0) for x in found[:3])
    return _columns(name, (value, np.where(beyond, np.nan, low), np.where(beyond, np.nan, high)))


def _columns(name: str, found: tuple[Floats, Floats, Floats]) -> dict[str, Floats]:
    return {name: found[0], f"{name}_low": found[1], f"{name}_high": found[2]}


def _single(found: Bootstrapped) -> list[float]:
    """The value, low and high of a single share, cut at 0 and 1."""
    return [float(x[0]) for x in _shares("", found).values()]


def _need(n: int, what: str, outcome: str, least: int = 2) -> None:
    """Raise InputError if there are too few units."""
    if n < least:
        raise InputError(
            f"there are too few {what} with this outcome ({n}, at least {least} are needed)",
            setting="outcome",
            value=outcome, allowed="a finished sweep of more points, or another outcome",
        )  # fmt: skip


def _need_variance(y: Floats, outcome: str) -> None:
    if np.ptp(y) == 0.0:
        raise InputError(
            f"the outcome is {y.flat[0]:g} everywhere, so there is nothing for factors to explain",
            setting="outcome", value=outcome, allowed="an outcome that varies",
        )  # fmt: skip


def without_resamples(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of this module without its resamples: pandas copies them at every use."""
    found = pd.DataFrame(table)
    found.attrs = {name: x for name, x in table.attrs.items() if name not in ("draws", "uncut")}
    return found


units_of = sampling_units  #: Its name in 0.1.
