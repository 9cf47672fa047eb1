"""Answers over a posterior: what a policy does in the worlds that are compatible with the data.

A sweep of the design `posterior` runs every policy in every world (draw of the settings), several
times, each time with the same luck for all policies. So differences are taken run by run, and two
things are told apart: how they differ between worlds, and chance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.errors import InputError
from truce_sim.intervals import Estimate, count_interval, cut, interval_of_parts, named
from truce_sim.sweeps.design.worlds import POSTERIOR
from truce_sim.sweeps.sweep import Sweep, open_sweep

Floats = NDArray[np.float64]


def policies(sweep: Sweep) -> list[str]:
    """Return the factors that differ within a world; the others describe the worlds.

    Raises:
        InputError: the sweep is not over a posterior.
    """
    if sweep.design != POSTERIOR:
        raise InputError("is not over a posterior", setting="sweep", value=str(sweep.path),
                         allowed="a sweep made with +posterior=FIT")  # fmt: skip
    design = sweep.folder.design
    varied = design.groupby("row")[list(sweep.factors)].nunique().max() > 1
    return [name for name in sweep.factors if varied[name]]


def over_worlds(sweep: Sweep | str, factor: str = "") -> pd.DataFrame:
    """Compare the levels of a policy with its first, world by world.

    Args:
        sweep: a sweep over a posterior, or its folder.
        factor: the policy; by default that of `sweep.compare`, or the first.

    Returns:
        A row for each level but the first and each combination of other policies: these, `level`,
        `against`, worlds, runs (of each world); `days`, the mean difference of days survived, with
        its interval over worlds; `longer`, the share of worlds in which the mean of the runs is
        longer, with its interval; `due_to_settings`, the share of the variance of a run's
        difference that is due to the settings, with its interval (NaN from one run a world).

    Raises:
        InputError: the sweep is not over a posterior, or does not vary the factor.
    """
    opened = open_sweep(sweep) if isinstance(sweep, str) else sweep
    names = policies(opened)
    factor = factor or opened.folder.settings.compare or (names or [""])[0]
    if factor not in names:
        raise InputError("is no policy of this sweep", setting="factor", value=factor,
                         allowed=", ".join(names) or "a sweep with several policies")  # fmt: skip
    runs = finished_runs(opened.load(["end_day"]))
    runs = runs.assign(world=opened.folder.design["row"].reindex(runs["point"]).to_numpy())
    others = [name for name in names if name != factor]
    keys = runs[others].drop_duplicates().to_dict("records") if others else [{}]
    rows: list[dict[str, Any]] = []
    for key in keys:
        some = runs[(runs[list(key)] == pd.Series(key)).all(axis=1)] if key else runs
        rows += [row | {str(name): level for name, level in key.items()}
                 for row in _rows(some, factor)]  # fmt: skip
    return pd.DataFrame(rows)


def _rows(runs: pd.DataFrame, factor: str) -> list[dict[str, Any]]:
    levels = list(dict.fromkeys(runs[factor]))
    table = runs.pivot_table("end_day", ["world", "replicate"], factor, observed=True)
    rows = []
    for level in levels[1:]:
        difference = (table[level] - table[levels[0]]).dropna()
        by_world = difference.groupby("world")
        mean = by_world.mean().to_numpy(float)
        longer = float((mean > 0).sum() + 0.5 * (mean == 0).sum())
        value = float(mean.mean())
        row: dict[str, Any] = {"level": level, "against": levels[0], "worlds": len(mean),
                               "runs": int(by_world.size().median())}  # fmt: skip
        row |= named("days", interval_of_parts(value, (mean - value) / len(mean)))
        row |= named("longer", count_interval(round(longer), len(mean)))
        rows.append(row | named("due_to_settings", between_worlds(difference)))
    return rows


def between_worlds(values: pd.Series) -> Estimate:
    """Return the share of the variance of runs that lies between worlds, with its interval.

    Args:
        values: indexed by world and replicate.
    """
    world = values.groupby("world")
    size, mean, noise = (np.asarray(x, float) for x in (world.size(), world.mean(), world.var()))
    good = size > 1
    size, mean, noise = size[good], mean[good], noise[good]
    n = len(mean)
    if n < 2:
        return Estimate(float("nan"), float("nan"), float("nan"))
    off = (mean - mean.mean()) ** 2 * n / (n - 1) - noise / size
    total = float(off.mean() + noise.mean())
    if total <= 0:
        return Estimate(0.0, float("nan"), float("nan"))
    share = float(off.mean()) / total
    parts = (off - share * (off + noise)) / (n * total)
    found = cut(interval_of_parts(share, parts), 0.0, 1.0)
    return found._replace(value=min(max(share, 0.0), 1.0))


def sentences(table: pd.DataFrame, factor: str) -> list[str]:
    """Say what each level does, how sure that is, and what part of it is chance.

    Args:
        table: as `over_worlds` returns it.
        factor: the policy.
    """
    known = {"level", "against", "worlds", "runs", *(f"{name}{end}" for name in
             ("days", "longer", "due_to_settings") for end in ("", "_low", "_high"))}  # fmt: skip
    return [_sentence(row, factor, [name for name in table if name not in known])
            for row in table.to_dict("records")]  # fmt: skip


def _sentence(row: dict[Any, Any], factor: str, others: list[Any]) -> str:
    days, longer, due = (
        [row[f"{name}{end}"] for end in ("", "_low", "_high")]
        for name in ("days", "longer", "due_to_settings")
    )
    context = f"With {', '.join(f'{name}={row[name]}' for name in others)}, in" if others else "In"
    text = (
        f"{context} {100 * longer[0]:.0f} % [{100 * longer[1]:.0f}, {100 * longer[2]:.0f}] of the "
        f"{row['worlds']:,} worlds compatible with the data, the truce lasts longer with "
        f"{factor}={row['level']} than with {row['against']} (mean of {row['runs']} runs each); on "
        f"average {days[0]:+.0f} days [{days[1]:+.0f}, {days[2]:+.0f}]."
    )
    if np.isnan(due[1]):
        return f"{text} With one run each, chance and settings cannot be told apart."
    return (
        f"{text} Of the variance of that difference, {100 * due[0]:.0f} % "
        f"[{100 * due[1]:.0f}, {100 * due[2]:.0f}] is not knowing the settings; the rest is chance."
    )
