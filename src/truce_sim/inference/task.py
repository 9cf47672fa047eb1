"""What a fit is asked to do, and its simulations: in parts, so that little is lost if it is killed.

Draw i has its own settings, from the prior, and its own seed, so any part can be made by itself, a
repetition is exact, and a larger budget keeps what a smaller one made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.config.setup import Setup
from truce_sim.engine.compile import DIGEST
from truce_sim.inference.data import Data
from truce_sim.inference.prior import Prior
from truce_sim.inference.summary import Summary
from truce_sim.inference.violence import Violence
from truce_sim.results.store import Damaged, read_table, write_table
from truce_sim.sweeps.many import simulate_many

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Draws of a part.
PART = 1000
#: Draw i of a fit with seed s has seed s * _STRIDE + i.
_STRIDE = 10**9
#: What is added to it for the runs that represent events.
_OF_EVENTS = _STRIDE // 2


@dataclass(frozen=True, eq=False)
class Task:
    """Which settings to infer, from which data.

    Attributes:
        setup: all other settings.
        prior: of the free settings, for that setup.
        data: the data sets compared with outcomes; each takes its share of a draw's runs, in this
        order.
        seed: of draws, runs and training.
        violence: the event file, if there is one; it has its own runs.
        left_out: summaries, or groups of them, that are checked but not fitted.
    """

    setup: Setup
    prior: Prior
    data: tuple[Data, ...]
    seed: int
    violence: Violence | None = None
    left_out: tuple[str, ...] = ()

    @property
    def sets(self) -> tuple[Data | Violence, ...]:
        """All data sets, the event file last."""
        return self.data if self.violence is None else (*self.data, self.violence)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """All summaries, data set by data set."""
        found = [summary for one in self.sets for summary in one.summaries]
        return tuple(replace(one, fitted=one.fitted and one.called not in self.left_out)
                     for one in found)  # fmt: skip

    @cached_property
    def fitted(self) -> Bools:
        """Which summaries the posterior is made from; the others are only checked."""
        return np.array([one.fitted for one in self.summaries])

    @property
    def observed(self) -> Floats:
        """The summaries of the data."""
        return np.concatenate([one.observed for one in self.sets])

    @cached_property
    def runs_of_draw(self) -> int:
        """Runs made for one draw."""
        return sum(one.runs for one in self.data)

    @cached_property
    def base(self) -> Setup:
        """The setup, with runs as long as the data require."""
        if not self.data:
            return self.setup
        days = max(one.horizon for one in self.data)
        if days == self.setup.config.run.horizon_days:
            return self.setup
        return self.setup.with_changes({"run.horizon_days": days}, tell=False)

    def identity(self) -> dict[str, Any]:
        """Return all that simulations depend on, as plain values."""
        config = asdict(self.setup.config)
        for part in ("output", "sweep", "seed", "replicate"):
            config.pop(part)
        return {
            "rules": DIGEST, "config": config, "seed": self.seed,
            "prior": {path: [law.words, law.least, law.most]
                      for path, law in self.prior.laws.items()},
            "dependence": [list(tie) for tie in self.prior.ties],
            "data": [one.describe() for one in self.sets],
            "summaries": [[one.name, one.fitted] for one in self.summaries],
        }  # fmt: skip

    @cached_property
    def digest(self) -> str:
        """A short name of all that simulations depend on."""
        text = json.dumps(self.identity(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def simulate(self, scores: Floats, first: int, threads: int = 0) -> Floats:
        """Return (draws, summaries) of the draws numbered from `first` on.

        Args:
            scores: (draws, settings) their normal scores.
            first: number of the first.
            threads: as in `simulate_many`.
        """
        numbers = np.arange(first, first + len(scores))
        table = self.prior.values(scores).assign(seed=self.seed * _STRIDE + numbers)
        found = []
        if self.data:
            runs = simulate_many(table, self.base, replicates=self.runs_of_draw, threads=threads)
            found.append(self._read(runs, np.random.default_rng([self.seed, first])))
        if self.violence is not None:
            own = table.assign(seed=table["seed"] + _OF_EVENTS)
            found.append(self.violence.simulate(own, threads))
        return np.concatenate(found, axis=1)

    def _read(self, runs: pd.DataFrame, rng: np.random.Generator) -> Floats:
        """Give each data set its share of the runs of every draw; failed draws are NaN."""
        failed = runs["status"].ne("done").to_numpy().reshape(-1, self.runs_of_draw).any(axis=1)
        replicate, start, parts = runs["replicate"].to_numpy(), 0, []
        for one in self.data:
            mine = (replicate >= start) & (replicate < start + one.runs)
            parts.append(one.read(runs[mine].fillna({"end_day": 0, "collapsed": False}), rng))
            start += one.runs
        found = np.concatenate(parts, axis=1)
        found[failed] = np.nan
        return found


def simulate_parts(
    task: Task, folder: Path, draws: int, threads: int = 0
) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield each part: its number of draws, scores and summaries, made now or read again.

    Args:
        task: what to simulate.
        folder: of the parts.
        draws: number of draws.
        threads: as in `simulate_many`.
    """
    scores = task.prior.draw_scores(draws, task.seed)
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, draws, PART):
        some = scores[first : first + PART]
        path = folder / f"{first // PART:05d}.parquet"
        found = _stored(path, task, len(some))
        if found is None:
            found = task.simulate(some, first, threads)
            _store(path, task, found)
        yield len(some), some, found


def parts_done(task: Task, folder: Path, draws: int) -> int:
    """Return how many draws are already stored."""
    sizes = [min(PART, draws - first) for first in range(0, draws, PART)]
    return sum(size for number, size in enumerate(sizes)
               if _stored(folder / f"{number:05d}.parquet", task, size) is not None)  # fmt: skip


def _names(summaries: Sequence[Summary]) -> list[str]:
    return [f"{number:02d} {summary.name}" for number, summary in enumerate(summaries)]


def _store(path: Path, task: Task, found: Floats) -> None:
    columns = dict(zip(_names(task.summaries), found.T, strict=True))
    write_table(path, pa.table(columns), {"folder": task.digest, "file": path.name})


def _stored(path: Path, task: Task, size: int) -> Floats | None:
    """The summaries of a part, if it is complete and of this task."""
    if not path.exists():
        return None
    try:
        table = read_table(path, expected={"folder": task.digest, "file": path.name})
    except Damaged:
        return None
    found = np.column_stack([column.to_numpy() for column in table.columns])
    return found if len(found) == size else None
