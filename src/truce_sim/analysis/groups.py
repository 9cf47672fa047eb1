"""The runs of a sweep, grouped by the levels of some factors, with others held fixed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.settings.written import written
from truce_sim.sweeps.summaries.levels import factor_levels
from truce_sim.sweeps.sweep import Sweep

#: A factor, several, or none, in which case all runs form one group.
By = str | Sequence[str]
#: Levels at which other factors are held fixed.
Where = Mapping[str, object] | None


@opened
def factor_names(sweep: Sweep, by: By) -> list[str]:
    """Return the factors to group by.

    Raises:
        InputError: one of them was not swept.
    """
    return [sweep.check_factor(name) for name in names_in(by)]


def names_in(by: By) -> list[str]:
    """Return the names to group by as a list, unchecked."""
    return ([by] if by else []) if isinstance(by, str) else list(by)


@opened
def groups(
    sweep: Sweep, columns: Sequence[str], by: By = (), where: Where = None
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Yield the levels and the runs of each group, including failed runs, in order of the levels.

    Some runs depend on each other (`intervals.clusters`).

    Args:
        sweep: the sweep to analyse.
        columns: the outcome columns to load.
        by: factors whose levels define the groups; numbers with more than a dozen values are cut
            into ranges.
        where: levels at which other factors are held fixed.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    names, runs = factor_names(sweep, by), restrict_runs(sweep.load(columns), sweep, where or {})
    if not names:
        yield {}, runs
        return
    labels = [_labels(sweep, name, runs["point"]) for name in names]
    for levels, rows in runs.groupby(labels, observed=True, sort=True):
        yield dict(zip(names, levels, strict=True)), rows


def restrict_runs(runs: pd.DataFrame, sweep: Sweep, where: Mapping[str, object]) -> pd.DataFrame:
    """Select the runs in which factors have these levels.

    Raises:
        InputError: a factor was not swept, or does not have that level.
    """
    for name, level in where.items():
        known = list(runs[sweep.check_factor(name)].unique())
        runs = runs[runs[name] == known[level_in(known, level, name)]]
    return runs


def level_in(known: Sequence[object], level: object, factor: str) -> int:
    """Return the index of a level among the known ones.

    Args:
        known: The levels.
        level: A value, its text, or the number as it is printed, with six digits.
        factor: The factor, for the message.

    Raises:
        InputError: The level is not among them, or several are printed like it.
    """
    for i, other in enumerate(known):
        if other == level or str(other) == str(level) or _number(other) == _number(level):
            return i
    printed = {str(level), written(level), f"{_number(level):g}"} - {"nan"}
    alike = [i for i, other in enumerate(known) if written(other) in printed]
    if len(alike) == 1:
        return alike[0]
    close = [known[i] for i in alike]
    raise InputError(
        "several levels are printed like that" if close else "no run has that level",
        setting=factor, value=level,
        allowed=", ".join(map(written, (close or known)[:12])) or "(there are no runs)",
    )  # fmt: skip


def _number(level: object) -> float:
    try:
        return float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _labels(sweep: Sweep, name: str, points: pd.Series) -> pd.Series:
    """The level of each run: the number itself if there are few, else a range or a word."""
    values = sweep.folder.design[name]
    labels = factor_levels(values)
    if sweep.is_number(name) and values.nunique() == len(labels.cat.categories):
        return values.reindex(points).set_axis(points.index)
    return labels.reindex(points).set_axis(points.index).cat.as_ordered()


def finished_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Select the runs that did not fail."""
    return runs[runs["status"] == "done"]


def add_levels(table: pd.DataFrame, levels: Mapping[str, object]) -> pd.DataFrame:
    """Add the levels of a group as columns to its table."""
    names: Any = dict(levels)
    return table.assign(**names)


def stack(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Stack the tables of all groups; the result is empty if no group has a run."""
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True)[list(columns)]


#: Their names in 0.1.
held, done_of, names_of = restrict_runs, finished_runs, factor_names
