"""Run the rows of a table in this process, as `sweep` does but without a folder, processes or
resuming.

Points are prepared and checked by column, as a sweep's are; the compiled rules run outside the GIL,
so threads use all cores. A row gives the same runs, to the last bit, as that point of a sweep.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.arguments import refuse_arguments
from truce_sim.config.changes import is_beside
from truce_sim.config.effects import idle
from truce_sim.config.load import as_setup, to_plain
from truce_sim.config.setup import Setup
from truce_sim.engine.record import EVENT, OUTCOME
from truce_sim.engine.run import RunSpec, outcomes, outcomes_of_all
from truce_sim.errors import InputError, a_kind
from truce_sim.settings.fields import field_at, is_choice
from truce_sim.simulation.run import Overrides, recording_room, room
from truce_sim.sweeps.design.design import Design, word_types
from truce_sim.sweeps.design.effects import check_points
from truce_sim.sweeps.design.points import make_specs
from truce_sim.sweeps.design.tables import read_design
from truce_sim.sweeps.folder.plan import Chunk, blocks
from truce_sim.sweeps.folder.rows import Rows

#: A table of settings: a DataFrame, a mapping of columns, or one mapping for each row.
Settings: TypeAlias = pd.DataFrame | Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]

#: Makes OUTCOME (points, replicates) of some points and replicates, in this thread's memory.
Runs: TypeAlias = Callable[[range, NDArray[np.int64]], NDArray[np.void]]

Block = TypeVar("Block")


def simulate_many(
    settings: Settings,
    base: Overrides = None,
    *,
    replicates: int = 1,
    threads: int = 0,
    **unknown: object,
) -> pd.DataFrame:
    """Run every row of a table of settings, each with the same replicates.

    All rows share the base's seed, so replicate r has the same draws in each (common random
    numbers). To give rows their own draws, add a column `seed`.

    Args:
        settings: a row for each point, a column for each setting or config group that varies.
        base: what all points share: a Setup from `load_setup`, a Config, or overrides.
        replicates: runs of each row, from replicate 0 on.
        threads: how many to use; 0: one for each core.
        unknown: none; a setting given like this is refused, with where it goes.

    Returns:
        A row for each run, point by point, with the columns of `Sweep.runs`: point (the number of
        the row, from 0), replicate, seed, the settings, status and outcome. A run that failed has
        only a status.

    Raises:
        InputError: a bad table or value, naming its row and column, before anything is run.
    """
    refuse_arguments(simulate_many, unknown, "the second argument, base")
    runs = _count("replicates", replicates, 1)
    workers = _count("threads", threads, 0) or os.cpu_count() or 1
    setup = as_setup(base)
    values = read_design(_frame(settings), lambda group: ())
    design = _design(setup, values)
    specs = make_specs(design, range(len(values)))
    _check_effects(setup, design)
    return _table(values, specs, _run_specs(specs, runs, workers))


def run_points(
    setup: Setup, values: pd.DataFrame, replicates: int, threads: int = 0
) -> NDArray[np.void]:
    """Run rows as `simulate_many` does, without checking types and effects.

    Args:
        setup: what all points share.
        values: a row for each point, a column for each setting, of its type; no config groups.
        replicates: runs of each row, from replicate 0 on.
        threads: how many to use; 0: one for each core.

    Returns:
        OUTCOME (points, replicates).

    Raises:
        InputError: a bad value, naming its row and column, before anything is run.
    """
    specs = make_specs(_design(setup, values), range(len(values)))
    return _run_specs(specs, replicates, threads or os.cpu_count() or 1)


def record_points(
    setup: Setup, values: pd.DataFrame, replicates: int, kind: int, threads: int = 0
) -> tuple[NDArray[np.void], list[NDArray[np.void]]]:
    """Run rows as `run_points` does, and keep the events of one kind.

    Args:
        setup: what all points share.
        values: a row for each point, a column for each setting, of its type; no config groups.
        replicates: runs of each row, from replicate 0 on.
        kind: code of the events to keep (`engine.codes`).
        threads: how many to use; 0: one for each core.

    Returns:
        OUTCOME (points, replicates), and the events of each run, point by point.

    Raises:
        InputError: a bad value, naming its row and column, before anything is run.
    """
    specs = make_specs(_design(setup, values), range(len(values)))
    kept: list[NDArray[np.void]] = [np.zeros(0, EVENT)] * (len(specs) * replicates)

    def runs(points: range, numbers: NDArray[np.int64]) -> NDArray[np.void]:
        world, rows = recording_room(), np.zeros((len(points), numbers.size), OUTCOME)
        for i, point in enumerate(points):
            for r, number in enumerate(numbers.tolist()):
                rows[i, r] = outcomes(specs[point], [number], world)[0]
                log = world["events"][1 : world["event_count"] + 1]
                kept[point * replicates + number] = log[log["kind"] == kind]
        return rows

    return _run(len(specs), replicates, threads or os.cpu_count() or 1, runs), kept


def _count(name: str, value: object, least: int) -> int:
    """Return an argument that is a whole number."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:  # type: ignore[operator]
        raise InputError(
            "is not a number of " + name, setting=name, value=value,
            allowed=f"a whole number from {least} up",
        )  # fmt: skip
    return int(value)  # type: ignore[call-overload, no-any-return]


def _frame(settings: Any) -> pd.DataFrame:
    """Return a table of settings as a DataFrame."""
    if isinstance(settings, pd.DataFrame):
        return settings
    rows = isinstance(settings, Sequence) and all(isinstance(row, Mapping) for row in settings)
    try:
        if rows or isinstance(settings, Mapping):
            made: pd.DataFrame = pd.DataFrame(settings)
            return made
    except ValueError as error:
        problem = f"is not a table: {error}"
    else:
        problem = f"is not a table but {a_kind(settings)}"
    raise InputError(
        problem, setting="settings", value=settings,
        allowed="a DataFrame with a column for each setting, or a mapping from settings to columns",
    )  # fmt: skip


def _design(setup: Setup, values: pd.DataFrame) -> Design:
    """Return the points, with a base for each distinct choice of config groups."""
    names = tuple(map(str, values.columns))
    chosen = [name for name in names if is_choice(name)]
    if not chosen:
        return Design("table", names, values, (_plain(setup),), np.zeros(len(values), np.int64))
    base = np.asarray(values.groupby(chosen, sort=False, dropna=False).ngroup(), np.int64)
    bases = []
    for first in np.unique(base, return_index=True)[1].tolist():
        choice = values[chosen].iloc[first].to_dict()
        try:
            bases.append(_plain(setup.with_changes(choice, tell=False)))
        except InputError as error:
            listed = ", ".join(f"{name}={value}" for name, value in choice.items())
            error.origin = f"row {first} (counted from 0): {listed}"
            raise error from None
    return Design("table", names, values, tuple(bases), base)


def _check_effects(setup: Setup, design: Design) -> None:
    """Refuse a column that varies without effect; warn about other settings, as a sweep does.

    Settings of the base without effect need no warning here: loading it gave one.
    """
    columns = [name for name in design.factors if field_at(name) and not is_beside(name)]
    given = [name for name in setup.given if name not in columns and not is_beside(name)]
    known = idle(setup.config, given)
    names = [*columns, *(name for name in given if name not in known)]
    check_points(names, design.values, design.bases, design.base, lambda *_: " in every row")


def _plain(setup: Setup) -> dict[str, Any]:
    """Return the base that points start from, with references to other settings unresolved."""
    return dict(setup.unresolved or to_plain(setup.config))


def _run_specs(specs: Sequence[RunSpec], replicates: int, workers: int) -> NDArray[np.void]:
    """Return OUTCOME (points, replicates)."""

    def runs(points: range, numbers: NDArray[np.int64]) -> NDArray[np.void]:
        return outcomes_of_all(specs[points.start : points.stop], numbers, room())

    return _run(len(specs), replicates, workers, runs)


def _run(points: int, replicates: int, workers: int, runs: Runs) -> NDArray[np.void]:
    rows = np.zeros((points, replicates), OUTCOME)
    numbers = np.arange(replicates, dtype=np.int64)

    def work(block: tuple[slice, slice]) -> None:
        some, few = block
        rows[some, few] = runs(range(points)[some], numbers[few])

    in_threads(work, list(blocks(points, replicates)), workers)
    return rows


def in_threads(work: Callable[[Block], object], todo: Sequence[Block], threads: int) -> None:
    """Do the work on every block, with this many threads; an exception that it raises ends the
    rest."""
    if min(threads, len(todo)) <= 1:
        for block in todo:
            work(block)
        return
    pool = ThreadPoolExecutor(min(threads, len(todo)))
    try:
        for _ in pool.map(work, todo):
            pass
    finally:  # after Ctrl-C, blocks not yet started are cancelled
        pool.shutdown(cancel_futures=True)


def _table(values: pd.DataFrame, specs: Sequence[RunSpec], rows: NDArray[np.void]) -> pd.DataFrame:
    """Return the runs as a table, as `Sweep.runs` has them."""
    chunk = Chunk(range(rows.shape[0]), range(rows.shape[1]))
    seeds = np.array([spec.seed for spec in specs], np.int64)
    table = Rows(chunk, seeds, rows).table().drop_columns(["error", "traceback"])
    frame: pd.DataFrame = table.to_pandas()
    swept = values.drop(columns="seed", errors="ignore")
    swept = swept.astype(word_types(swept, map(str, swept.columns)))
    columns = swept.iloc[np.repeat(np.arange(len(values)), rows.shape[1])]
    columns.index = frame.index
    return pd.concat([frame.iloc[:, :3], columns, frame.iloc[:, 3:]], axis=1)
