"""What the names of a sweep's levels stand for, which must not change from run to run.

An option of a config group stands for a whole configuration (its base), a table for its content.
Users refer to them by names and paths, but what these stand for decides whether runs are
comparable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.results.sources import digest_table
from truce_sim.settings.fields import field_at, is_choice
from truce_sim.settings.gone import without_gone
from truce_sim.settings.nested import differences
from truce_sim.sweeps.design.configs import plain_config
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.folder.folder import SweepFolder

#: Settings whose values are paths; what they stand for is kept in the folder.
_FILES = ("scenario.table", "scenario.path")

#: Options of the swept config groups.
Choice = tuple[str, ...]


class Change(NamedTuple):
    """A setting that differs between two meanings of the same name.

    Attributes:
        setting: its path.
        before: its value in the folder.
        now: its other value.
    """

    setting: str
    before: object
    now: object


def changes(
    before: Mapping[str, Any], now: Mapping[str, Any], tables: Mapping[str, str]
) -> Iterator[Change]:
    """Yield the settings in which two configurations differ.

    Tables are compared by their content. Settings of the output are ignored. A setting missing from
    a folder of an earlier version had its default.

    Args:
        before: a configuration from a folder.
        now: another one.
        tables: `tables` of the folder's manifest.
    """
    for change in map(Change._make, differences(without_gone(before), now)):
        same_table = change.setting in _FILES and tables.get(str(change.before)) in (
            tables.get(str(change.now), ""), digest_table(str(change.now)),
        )  # fmt: skip
        info = field_at(change.setting)
        added = info is not None and change.before is None and change.now == info.default
        same = same_table or added
        if not same and change.setting.partition(".")[0] != "output":
            yield change


def tables_of(design: Design) -> list[str]:
    """Return the paths, as given, of the border tables and folders that a design's points use."""
    swept = [name for name in _FILES if name in design.factors]
    found: dict[str, None] = {}
    for number, base in enumerate(design.bases):
        rows = design.values[design.base == number]
        few = rows.drop_duplicates(swept) if swept else rows.head(1)
        varies = "${" in repr(base["scenario"]) or "${" in repr(few[swept].to_numpy().tolist())
        for values in (rows if varies else few).to_dict("records"):
            named = {str(name): value for name, value in values.items()}
            scenario = plain_config(base, named)["scenario"]
            for name in _FILES:
                found[str(scenario.get(name.partition(".")[2], ""))] = None
    return [table for table in found if table]


def meanings(
    values: pd.DataFrame, base: NDArray[np.int64], factors: tuple[str, ...]
) -> dict[Choice, list[int]]:
    """Return the bases of every choice of options: one for each, unless meanings were mixed.

    Args:
        values: one row per point, with the factors as columns.
        base: (points,) number of each point's base.
        factors: all factors.
    """
    groups = [name for name in factors if is_choice(name)]
    distinct = values[groups].assign(base=base).drop_duplicates()
    found: dict[Choice, list[int]] = {}
    for *options, number in distinct.itertuples(index=False, name=None):
        found.setdefault(tuple(map(str, options)), []).append(int(number))
    return found


def two_meanings(folder: SweepFolder) -> tuple[str, Change] | None:
    """Return a choice of options that has two meanings in a folder, and a setting that differs."""
    bases, tables = folder.manifest["bases"], folder.manifest.get("tables", {})
    found = meanings(folder.design, folder.design["base"].to_numpy(), folder.factors)
    for choice, (first, *others) in found.items():
        for other in others:
            for change in changes(bases[first], bases[other], tables):
                if not change.setting.startswith("sweep."):
                    return in_words(folder.factors, choice), change
    return None


def in_words(factors: tuple[str, ...], choice: Choice) -> str:
    """Write a choice of options as on the command line: "host=mine truce=literal"."""
    groups = [name for name in factors if is_choice(name)]
    return " ".join(f"{name}={option}" for name, option in zip(groups, choice, strict=True))
