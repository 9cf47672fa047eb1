"""What the page of a sweep shows: survival by factor, an outcome over two factors, its points."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.survival import curve, ends_of
from truce_sim.errors import InputError
from truce_sim.results.columns import OUTCOME
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.summaries.levels import levels_of
from truce_sim.sweeps.summaries.summary import survival_table

#: Summaries that a heat map can show beside the mean of any outcome.
SUMMARIES = {
    "collapse_share": "share that collapsed",
    "mean_survival": "mean days survived",
    "median_survival": "median days survived (mean of the points')",
}
_WORDS = ("status", "cause", "collapsed")  # outcomes that are no numbers
MAX_ROWS = 5000
MAX_CURVES = 8


class SweepData:
    """A sweep, read once, and what is made of it. A factor with many levels is cut into ranges."""

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self.factors = folder.factors

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row a point: swept values, runs, failed, estimates with intervals."""
        try:
            return self.folder.summary
        except InputError:  # not finished: what is there so far
            return survival_table(self.folder)

    @cached_property
    def levels(self) -> dict[str, pd.Series]:
        """The level of each factor at each point, as text, in order (a categorical)."""
        return {name: levels_of(self.summary[name]) for name in self.factors}

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The runs that did not fail: point, replicate, seed, end_day, collapsed."""
        runs = self.folder.runs(["end_day", "collapsed"])
        names = ["point", "replicate", "seed", "end_day", "collapsed"]
        return runs.loc[runs["status"] == "done", names].reset_index(drop=True)

    def chosen(self, held: dict[str, str]) -> NDArray[np.bool_]:
        """Which points have these levels; a factor that is not held may have any."""
        keep = np.ones(len(self.summary), bool)
        for name, level in held.items():
            keep &= (self.levels[name].astype(str) == level).to_numpy()
        return keep

    def curves(self, factor: str, held: dict[str, str]) -> list[dict[str, Any]]:
        """Survival by level of a factor: the share that holds at the end of each day, with log-log
        bands; points of the same level are pooled, with the variance of runs that share draws. With
        one set of draws there is no band (None)."""
        keep, found = self.chosen(held), []
        levels = self.levels.get(factor, pd.Series(["all"] * len(keep), dtype="category"))
        for level in levels.cat.categories[:MAX_CURVES]:
            points = keep & (levels == level).to_numpy()
            runs = self.runs[points[self.runs["point"].to_numpy()]]
            if len(runs):
                table = curve(ends_of(runs))
                share, low, high = (
                    table[f"survival{end}"].to_numpy(float) for end in ("", "_low", "_high")
                )
                known = bool(np.isfinite(low).all())
                found.append(
                    {"level": str(level), "n": len(runs), "share": _short(share),
                     "low": _short(low) if known else None,
                     "high": _short(high) if known else None}
                )  # fmt: skip
        return found

    def outcomes(self) -> dict[str, str]:
        """What a heat map can show: name and meaning."""
        numbers = {
            name: f"mean {meaning}" + (f" ({unit})" if unit else "")
            for name, (unit, meaning) in OUTCOME.items()
            if name not in _WORDS
        }
        return SUMMARIES | numbers

    def values(self, outcome: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """An outcome of each point, its estimate or the mean over its runs; and the half width of
        its 95 % interval."""
        if outcome in self.summary.columns and outcome in SUMMARIES:
            low, high = (self.summary[outcome + end] for end in ("_low", "_high"))
            return self.summary[outcome].to_numpy(float), ((high - low) / 2).to_numpy(float)
        runs = self.folder.runs([outcome])
        runs = runs.assign(**{outcome: runs[outcome].astype(float)})
        found = runs.groupby("point")[outcome].agg(["mean", "sem"]).reindex(self.summary.index)
        return found["mean"].to_numpy(float), 1.96 * found["sem"].to_numpy(float)

    def heat(self, outcome: str, across: str, down: str, held: dict[str, str]) -> dict[str, Any]:
        """An outcome over two factors: the mean of the points in each cell, and which they are."""
        keep, values = self.chosen(held), self.values(outcome)
        xs, ys = self.levels[across], self.levels[down] if down else None
        rows = []
        for y in ys.cat.categories if ys is not None else [""]:
            in_row = keep if ys is None else keep & (ys == y).to_numpy()
            rows.append([_cell(*values, in_row & (xs == x).to_numpy()) for x in xs.cat.categories])
        return {
            "outcome": self.outcomes()[outcome],
            "across": across, "down": down,
            "xs": [str(x) for x in xs.cat.categories],
            "ys": [""] if ys is None else [str(y) for y in ys.cat.categories],
            "rows": rows,
        }  # fmt: skip

    def table(self) -> dict[str, Any]:
        """The points, at most MAX_ROWS of them, as rows of text and numbers."""
        shown = self.summary.head(MAX_ROWS)
        names = [*self.factors, "runs", "failed", *SUMMARIES]
        rows = [
            [int(point), *(_plain(row[name]) for name in [*self.factors, "runs", "failed"]),
             *([_plain(row[name + end]) for end in ("", "_low", "_high")] for name in SUMMARIES)]
            for point, row in zip(shown.index, shown.to_dict("records"), strict=True)
        ]  # fmt: skip
        return {"names": ["point", *names], "rows": rows, "total": len(self.summary)}


def _cell(
    values: NDArray[np.float64], halves: NDArray[np.float64], inside: NDArray[np.bool_]
) -> dict[str, Any] | None:
    """The mean of some points; its half width as if they shared all their chance, at most."""
    if not inside.any():
        return None
    some = inside & np.isfinite(values)
    mean = float(values[some].mean()) if some.any() else None
    half = float(halves[some].mean()) if some.any() else math.nan
    return {
        "value": mean, "half": half if math.isfinite(half) else None,
        "points": np.flatnonzero(inside)[:50].tolist(), "n": int(inside.sum()),
    }  # fmt: skip


def _short(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]


def _plain(value: Any) -> Any:
    """A value as JSON has it; missing and infinite numbers as None and text."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else str(value) if math.isinf(value) else round(value, 4)
    return value if isinstance(value, int | bool | str) else str(value)
