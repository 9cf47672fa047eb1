"""Answers over a posterior: what a policy does in the worlds compatible with the data.

A sweep of the design `posterior` runs every policy in every world (draw of the settings), several
times, each time with the same draws for all policies. So differences are taken run by run, and two
sources of their spread are separated: worlds and chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.intervals import (
    Estimate,
    count_interval,
    cut,
    interval_of_parts,
    mean_interval,
    named,
)
from truce_sim.sweeps.design.worlds import POSTERIOR
from truce_sim.sweeps.sweep import Sweep

Floats = NDArray[np.float64]


@opened
def policies(sweep: Sweep) -> list[str]:
    """Return the factors that differ within a world; the others describe the worlds.

    Raises:
        InputError: the sweep is not over a posterior.
    """
    if not is_over_worlds(sweep):
        raise InputError("is not over a posterior", setting="sweep", value=str(sweep.path),
                         allowed="a sweep made with +posterior=FIT")  # fmt: skip
    design = sweep.folder.design
    varied = design.groupby("row")[list(sweep.factors)].nunique().max() > 1
    return [name for name in sweep.factors if varied[name]]


@opened
def is_over_worlds(sweep: Sweep) -> bool:
    """Whether a sweep is over a posterior, or other draws of settings."""
    return bool(sweep.design == POSTERIOR)


@opened
def over_worlds(sweep: Sweep, factor: str = "", baseline: object = None) -> pd.DataFrame:
    """Compare the levels of a policy with its first, world by world.

    Args:
        sweep: a sweep over a posterior, or its folder.
        factor: the policy; by default that of `sweep.compare`, or the first.
        baseline: the level to compare with; by default the first.

    Returns:
        A row for each level other than the baseline and each combination of other policies: these,
        `level`, `against`, worlds, runs (of each world); `days`, the mean difference of days
        survived, with its interval over worlds; `longer`, the share of worlds in which the mean of
        the runs is longer, with its interval; `due_to_settings`, the share of the variance of a
        run's difference that is due to the settings, with its interval (NaN with one run per
        world).

    Raises:
        InputError: the sweep is not over a posterior, or does not vary the factor.
    """
    rows = []
    for about, difference in _differences(sweep, factor, baseline):
        by_world = difference.groupby("world")
        mean = by_world.mean().to_numpy(float)
        longer = float((mean > 0).sum() + 0.5 * (mean == 0).sum())
        row: dict[str, Any] = {"level": about.pop("level"), "against": about.pop("against")}
        row |= {"worlds": len(mean), "runs": int(by_world.size().median())}
        row |= named("days", mean_interval(mean, np.arange(len(mean))))
        row |= named("longer", count_interval(round(longer), len(mean)))
        rows.append(row | named("due_to_settings", between_worlds(difference)) | about)
    return pd.DataFrame(rows)


@opened
def world_gains(sweep: Sweep, factor: str = "", baseline: object = None) -> pd.DataFrame:
    """Return what each level of a policy gains in each world, against one of them.

    Args:
        sweep: as in `over_worlds`.
        factor: as in `over_worlds`.
        baseline: as in `over_worlds`.

    Returns:
        A row for each world, level and combination of other policies: these, level, against, world,
        days (the mean of the runs).

    Raises:
        InputError: as `over_worlds` does.
    """
    found = [difference.groupby("world").mean().rename("days").reset_index().assign(**about)
             for about, difference in _differences(sweep, factor, baseline)]  # fmt: skip
    return pd.concat(found, ignore_index=True)


@opened
def spread_over_worlds(sweep: Sweep) -> pd.DataFrame:
    """Return what part of the spread of how long truces last is not knowing the settings.

    Args:
        sweep: a sweep over a posterior, or its folder.

    Returns:
        A row for each combination of policies: these; worlds, runs (of each world); days, the mean
        of days survived, and due_to_settings, the share of the variance of single runs that lies
        between worlds, both with intervals (NaN with one run per world).

    Raises:
        InputError: the sweep is not over a posterior.
    """
    names = policies(sweep)
    rows = []
    for key, runs in _by_policy(_runs(sweep), names):
        days = runs.set_index(["world", "replicate"])["end_day"].astype(float)
        size = days.groupby("world").size()
        row = key | {"worlds": len(size), "runs": int(size.median())}
        mean = np.asarray(days.groupby("world").mean(), float)
        row |= named("days", mean_interval(mean, np.arange(len(mean))))
        rows.append(row | named("due_to_settings", between_worlds(days)))
    return pd.DataFrame(rows)


def _runs(sweep: Sweep) -> pd.DataFrame:
    """Finished runs, each with the number of its world."""
    return finished_runs(sweep.load(["end_day"]))


def _by_policy(
    runs: pd.DataFrame, names: Sequence[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield each combination of levels, with its runs."""
    for key in runs[list(names)].drop_duplicates().to_dict("records") if names else [{}]:
        some = runs[(runs[list(key)] == pd.Series(key)).all(axis=1)] if key else runs
        yield {str(name): level for name, level in key.items()}, some


def _differences(
    sweep: Sweep, factor: str, baseline: object
) -> Iterator[tuple[dict[str, Any], pd.Series]]:
    """Yield each level and combination of others, with differences by world and replicate."""
    names = policies(sweep)
    factor = factor or sweep.folder.settings.compare or (names or [""])[0]
    if factor not in names:
        raise InputError("is not a policy of this sweep", setting="factor", value=factor,
                         allowed=", ".join(names) or "a sweep with several policies")  # fmt: skip
    runs = _runs(sweep)
    levels = list(dict.fromkeys(runs[factor]))
    first = _level(levels, factor, baseline)
    for key, some in _by_policy(runs, [name for name in names if name != factor]):
        table = some.pivot_table("end_day", ["world", "replicate"], factor, observed=True)
        for level in levels:
            if level != first:
                difference = (table[level] - table[first]).dropna()
                yield {"level": level, "against": first, **key}, difference


def _level(levels: Sequence[Any], factor: str, baseline: object) -> Any:
    """The level to compare with, as it is in the sweep."""
    if baseline is None:
        return levels[0]
    for level in levels:
        if level == baseline or str(level) == str(baseline):
            return level
    raise InputError(f"is not a level of {factor}", setting="baseline", value=baseline,
                     allowed=", ".join(map(str, levels)))  # fmt: skip


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


def spread_sentence(spread: pd.DataFrame) -> str:
    """Say what part of the spread of single truces is chance, and what is not knowing settings.

    Args:
        spread: the result of `spread_over_worlds`.
    """
    if spread["due_to_settings_low"].isna().any():
        return (
            "With one run in each world, chance and not knowing the settings cannot be told apart."
        )
    names = [*spread.columns[: spread.columns.get_loc("worlds")]]
    rows = spread.sort_values("due_to_settings").to_dict("records")
    parts = []
    for row in rows[:: max(len(rows) - 1, 1)]:  # the least, and the greatest
        held = ", ".join(f"{name}={row[name]}" for name in names)
        value, low, high = (100 * row[f"due_to_settings{end}"] for end in ("", "_low", "_high"))
        parts.append(f"{value:.0f} % [{low:.0f}, {high:.0f}]{f' ({held})' if held else ''}")
    return (f"Of the variance of how long a single truce lasts, {' to '.join(parts)} is not "
            "knowing the settings; the rest is chance.")  # fmt: skip


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
