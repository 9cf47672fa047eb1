"""The runs of a sweep, group by group: by level of some factors, held at others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.levels import factor_levels

#: A factor, several, or none: all runs are one group.
By = str | Sequence[str]
#: Levels at which other factors are held.
Where = Mapping[str, object] | None


def factor_names(sweep: Sweep, by: By) -> list[str]:
    """The factors to group by, checked. Raises InputError for one that is not swept."""
    return [sweep.check_factor(name) for name in names_in(by)]


def names_in(by: By) -> list[str]:
    """What to group by, as a list."""
    return ([by] if by else []) if isinstance(by, str) else list(by)


def groups(
    sweep: Sweep, columns: Sequence[str], by: By = (), where: Where = None
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """(levels, runs) of each group, failed runs included, in the order of the levels.

    columns: of the outcome. by: factors whose levels make the groups; numbers of more than a dozen
    values are cut into ranges. where: the level at which other factors are held.

    Raises InputError for a factor that is not swept or a level that it does not have.
    """
    names, runs = factor_names(sweep, by), restrict_runs(sweep.load(columns), sweep, where or {})
    if not names:
        yield {}, runs
        return
    labels = [_labels(sweep, name, runs["point"]) for name in names]
    for levels, rows in runs.groupby(labels, observed=True, sort=True):
        yield dict(zip(names, levels, strict=True)), rows


def restrict_runs(runs: pd.DataFrame, sweep: Sweep, where: Mapping[str, object]) -> pd.DataFrame:
    """The runs in which factors have these levels."""
    for name, level in where.items():
        known = list(runs[sweep.check_factor(name)].unique())
        runs = runs[runs[name] == known[level_in(known, level, name)]]
    return runs


def level_in(known: Sequence[object], wanted: object, factor: str) -> int:
    """Where among levels the one is that is meant, given as it is, as text or as it is printed,
    which numbers are to six digits.

    Raises InputError where it is not among them, or several are printed so.
    """
    for i, level in enumerate(known):
        if level == wanted or str(level) == str(wanted) or _number(level) == _number(wanted):
            return i
    short = f"{_number(wanted):g}"
    alike = [i for i, level in enumerate(known) if short == f"{_number(level):g}" != "nan"]
    if len(alike) == 1:
        return alike[0]
    close = [known[i] for i in alike]
    raise InputError(
        "several levels are printed so" if close else "no run has that level",
        setting=factor, value=wanted,
        allowed=", ".join(map(str, (close or known)[:12])) or "(there are no runs)",
    )  # fmt: skip


def _number(level: object) -> float:
    try:
        return float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _labels(sweep: Sweep, name: str, points: pd.Series) -> pd.Series:
    """The level of each run: the number itself where they are few, else a range or a word."""
    values = sweep.folder.design[name]
    labels = factor_levels(values)
    if sweep.is_number(name) and values.nunique() == len(labels.cat.categories):
        return values.reindex(points).set_axis(points.index)
    return labels.reindex(points).set_axis(points.index).cat.as_ordered()


def finished_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that did not fail."""
    return runs[runs["status"] == "done"]


def labelled(table: pd.DataFrame, levels: Mapping[str, object]) -> pd.DataFrame:
    """The table of a group, with its levels as columns."""
    names: Any = dict(levels)
    return table.assign(**names)


def joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The tables of all groups, one below the other; empty where no group has a run."""
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True)[list(columns)]


#: Their names in 0.1.
held, done_of, names_of = restrict_runs, finished_runs, factor_names
