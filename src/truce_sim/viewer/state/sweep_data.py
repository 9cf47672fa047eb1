"""Data for a sweep's page: survival by factor, an outcome over two factors, the points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.measures import DAYS_LIVED, measure_runs
from truce_sim.analysis.survival import curve, curve_median, run_ends
from truce_sim.engine.record import OUTCOME_COLUMNS, TOTALS
from truce_sim.intervals import Estimate, clusters, share_interval, within_world
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.summaries.levels import factor_levels
from truce_sim.sweeps.summaries.summary import survival_table
from truce_sim.sweeps.sweep import greatest
from truce_sim.viewer.state.levers import plain_name
from truce_sim.viewer.state.parallel import CIVIDIS, Axis, Brushes, kept, level_axis, number_axis

#: Summaries that a heat map can show, in addition to the mean or the daily rate of any outcome.
SUMMARIES = {
    "holds": "share of truces that hold to the horizon",
    "mean_survival": "mean days until the truce ends, up to the horizon",
    "median_survival": "median days until the truce ends",
}
#: Outcomes for which more, and those for which less, is better if the truce should hold. The others
#: are good or bad only together with something else.
BETTER_HIGH = (
    "holds", "mean_survival", "median_survival", "end_day", "days_in_force", "first_violation_day",
    "first_strike_day", "first_suspension_day", "final_belief",
)  # fmt: skip
BETTER_LOW = (
    "days_strained", "days_suspended", "attacks", "lethal_attacks", "domestic_attacks",
    "friction_clashes", "violations", "false_violations", "deaths", "domestic_deaths",
    "strikes_by_home", "strikes_by_host", "peak_grievance",
)  # fmt: skip
_SHARES = ("holds",)  # shown in percent
_WORDS = ("status", "cause", "collapsed")  # outcomes that are not numbers
MAX_ROWS = 5000
_DASHES = (
    "a single run gives no interval for a mean, and there is no median where fewer than half of "
    "the runs collapsed"
)
MAX_CURVES = 8
MAX_LINES = 2000  # of parallel coordinates


class SweepData:
    """A sweep, read once, and its summaries. A factor with many levels is cut into ranges."""

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self.factors = folder.factors

    def load(self) -> None:
        """Read what the page shows first.

        Raises:
            InputError: a file of the sweep is damaged.
        """
        _ = self.summary, self.runs, self.failures

    @cached_property
    def failures(self) -> pd.DataFrame:
        """The failed runs."""
        return self.folder.failures

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per point: swept values, runs, failed, estimates with intervals."""
        if not self.folder.finished:  # summarise the runs so far
            return survival_table(self.folder)
        table = self.folder.summary
        return table if "holds" in table else survival_table(self.folder)  # a folder of 0.1

    @cached_property
    def levels(self) -> dict[str, pd.Series]:
        """The level of each factor at each point, as an ordered categorical of text."""
        return {name: factor_levels(self.summary[name]) for name in self.factors}

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The runs that did not fail, with end_day and collapsed."""
        runs = self.folder.runs(["end_day", "collapsed"])
        return runs[runs["status"] == "done"].reset_index(drop=True)

    @cached_property
    def axes(self) -> list[Axis]:
        """The axes of parallel coordinates; none for a sweep that two factors show completely."""
        if len(self.factors) <= 2 or len(self.summary) > MAX_LINES:
            return []
        factors = [
            level_axis(name, plain_name(name), levels) for name, levels in self.levels.items()
        ]
        holds, days = self.summary["holds"], self.summary["mean_survival"]
        return [
            *factors,
            number_axis("holds", f"{SUMMARIES['holds']} (%)", 100 * holds, 1, (0.0, 100.0)),
            number_axis("mean_survival", f"{SUMMARIES['mean_survival']} (d)", days, 1),
        ]

    def in_words(self, brushes: Brushes) -> str:
        """The pooled outcome of the points that brushes keep, with its interval in words."""
        keep = kept(self.axes, brushes)
        runs = self.runs[keep[self.runs["point"].to_numpy()]]
        points = f"{keep.sum():,} of {keep.size:,} points are kept"
        return f"{points}. {outcome_in_words(runs, self.folder.horizon)}" if len(runs) else points

    def point_in_words(self, point: int) -> str:
        """The outcome of a point, with intervals in words; they cover chance at its settings
        only."""
        runs = within_world(self.runs[self.runs["point"] == point])
        return outcome_in_words(runs, self.folder.horizon)

    def matching_points(
        self, fixed: dict[str, str], brushes: Brushes | None = None
    ) -> NDArray[np.bool_]:
        """A mask of the points that have these levels of these factors and are kept by the
        brushes."""
        keep = kept(self.axes, brushes) if brushes else np.ones(len(self.summary), bool)
        for name, level in fixed.items():
            keep &= (self.levels[name].astype(str) == level).to_numpy()
        return keep

    def curves(
        self, factor: str, fixed: dict[str, str], brushes: Brushes | None = None
    ) -> list[dict[str, Any]]:
        """Return survival curves by level of a factor, with log-log intervals.

        Points with the same level are pooled, with a variance that accounts for shared draws.

        Args:
            factor: The factor; "" pools all points.
            fixed: Levels of other factors.
            brushes: Keep only the points that pass through these.

        Returns:
            For each level: its name, the number of runs, and the share of truces holding at the
            end of each day with its interval (None with a single set of draws).
        """
        keep, found = self.matching_points(fixed, brushes), []
        levels = self.levels.get(factor, pd.Series(["all"] * len(keep), dtype="category"))
        for level in levels.cat.categories[:MAX_CURVES]:
            points = keep & (levels == level).to_numpy()
            runs = self.runs[points[self.runs["point"].to_numpy()]]
            if len(runs):
                table = curve(run_ends(runs))
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
        """The outcomes that a heat map can show: name and meaning."""
        return SUMMARIES | {name: _meaning(name) for name in OUTCOME_COLUMNS if name not in _WORDS}

    def heat(
        self,
        outcome: str,
        across: str,
        down: str,
        fixed: dict[str, str],
        brushes: Brushes | None = None,
    ) -> dict[str, Any]:
        """Return the heat map of an outcome over two factors.

        Each cell pools the runs of its points, as `analysis.measures.measure` does.

        Args:
            outcome: One of `outcomes`.
            across: The factor of the columns.
            down: The factor of the rows; "" for a single row.
            fixed: Levels of other factors.
            brushes: Keep only the points that pass through these.
        """
        xs = self.levels[across]
        ys = self.levels[down] if down else pd.Series(pd.Categorical([""] * len(xs)))
        codes = ys.cat.codes.to_numpy(int) * len(xs.cat.categories) + xs.cat.codes.to_numpy(int)
        cell_of = np.where(self.matching_points(fixed, brushes), codes, -1)
        runs = self._runs_with(outcome)
        pooled = dict(list(runs.groupby(cell_of[runs["point"].to_numpy(int)])))
        cells = [
            self._cell(outcome, pooled.get(code, runs[:0]), np.flatnonzero(cell_of == code))
            for code in range(len(ys.cat.categories) * len(xs.cat.categories))
        ]
        wide = len(xs.cat.categories)
        return {
            "outcome": self.outcomes()[outcome],
            "good": (outcome in BETTER_HIGH) - (outcome in BETTER_LOW),
            "times": 100 if outcome in _SHARES else 1, "unit": " %" if outcome in _SHARES else "",
            "across": plain_name(across), "down": plain_name(down) if down else "",
            "xs": [str(x) for x in xs.cat.categories],
            "ys": [str(y) for y in ys.cat.categories],
            "rows": [cells[i : i + wide] for i in range(0, len(cells), wide)],
            "colours": list(CIVIDIS),
        }  # fmt: skip

    def names(self) -> dict[str, str]:
        """The factors, each with its name on the page."""
        return {name: plain_name(name) for name in self.factors}

    def level_of(self, factor: str, point: int) -> str:
        """The level of a factor at a point; "all" without a factor."""
        return str(self.levels[factor].iloc[point]) if factor else "all"

    def cell_of(self, across: str, down: str, fixed: dict[str, str], point: int) -> list[int]:
        """Row and column of a point in a heat map; empty if its levels are not those fixed."""
        if not self.has_levels(fixed, point):
            return []
        names = (down, across)
        return [int(self.levels[name].cat.codes.iloc[point]) if name else 0 for name in names]

    def has_levels(self, fixed: dict[str, str], point: int) -> bool:
        """Whether a point has these levels of these factors."""
        return all(self.level_of(name, point) == level for name, level in fixed.items())

    def _runs_with(self, outcome: str) -> pd.DataFrame:
        """The runs that did not fail, with an outcome."""
        if outcome in SUMMARIES:
            return self.runs
        runs = self.folder.runs(list(dict.fromkeys([outcome, "end_day", "collapsed"])))
        return runs[runs["status"] == "done"]

    def _cell(
        self, outcome: str, runs: pd.DataFrame, points: NDArray[np.int64]
    ) -> dict[str, Any] | None:
        """The content of a cell; None if it has no point."""
        if not points.size:
            return None
        value, low, high = result = estimate(outcome, runs, self.folder.horizon)
        having = len(runs) if outcome in SUMMARIES else int(runs[outcome].notna().sum())
        return {
            "value": _number(value), "low": _number(low), "high": _number(high),
            "why": _why(outcome, result, len(runs)),
            "points": points[:50].tolist(), "n": points.size, "runs": having, "of": len(runs),
        }  # fmt: skip

    def table(self) -> dict[str, Any]:
        """Return at most MAX_ROWS points as rows of text and numbers, and the number of points.

        Each column has a name, and the factor and unit that its numbers are shown with.
        """
        shown = self.summary.head(MAX_ROWS)
        rows = [
            [int(point), *(_plain(row[name]) for name in [*self.factors, "runs", "failed"]),
             *([_plain(row[name + end]) for end in ("", "_low", "_high")] for name in SUMMARIES)]
            for point, row in zip(shown.index, shown.to_dict("records"), strict=True)
        ]  # fmt: skip
        titles = ["Point", *self.names().values(), "Runs", "Failed", *SUMMARIES.values()]
        columns = ["point", *self.factors, "runs", "failed", *SUMMARIES]
        return {
            "names": [title[:1].upper() + title[1:] for title in titles],
            "times": [100 if name in _SHARES else 1 for name in columns],
            "units": [" %" if name in _SHARES else "" for name in columns],
            "rows": rows, "total": len(self.summary), "note": _DASHES,
        }  # fmt: skip


def outcome_in_words(runs: pd.DataFrame, horizon: int) -> str:
    """The share of these runs that hold, and how many days truces last, with intervals in words."""
    if runs.empty:
        return "None of its runs has finished."
    share = [100 * each for each in estimate("holds", runs, horizon)]
    days = estimate("mean_survival", runs, horizon)
    return (
        f"The truce holds to the horizon in {share[0]:.0f} % of {len(runs):,} runs"
        f"{_between(share[1:], ' %', 0)}; it lasts {days[0]:.1f} days in the mean, up to the "
        f"horizon{_between(days[1:], '', 1)}."
    )


def _between(ends: Sequence[float], unit: str, digits: int) -> str:
    """A 95 % interval in words."""
    if not all(map(math.isfinite, ends)):
        return " (no interval: at least two replicates, or worlds, are needed)"
    low, high = (f"{end:.{digits}f}{unit}" for end in ends)
    return f" (95 % interval: {low} to {high})"


def _meaning(outcome: str) -> str:
    """What a heat map shows for an outcome."""
    column = OUTCOME_COLUMNS[outcome]
    if outcome in TOTALS:
        return f"{column.meaning}, per day of truce"
    unit = f" ({column.unit})" if column.unit else ""
    only = ", in the runs in which it happened" if column.optional else ""
    return f"mean {column.meaning}{unit}{only}"


def estimate(outcome: str, runs: pd.DataFrame, horizon: int) -> Estimate:
    """Estimate an outcome, with its 95 % interval, from runs that may share draws.

    Means agree with `measures.measure`, medians with `survival.survival_summary`; a share has the
    interval of a share. An outcome that accumulates day by day is given as a rate per day of truce,
    because runs end on different days.

    Args:
        outcome: a key of `SweepData.outcomes`.
        runs: runs that did not fail.
        horizon: the longest horizon, in days.
    """
    if runs.empty:
        return Estimate(math.nan, math.nan, math.nan)
    if outcome == "holds":
        return share_interval(~runs["collapsed"].to_numpy(bool), clusters(runs))
    if outcome == "median_survival":
        return Estimate(*curve_median(curve(run_ends(runs))))
    if outcome in TOTALS:
        return measure_runs(runs, outcome, DAYS_LIVED).interval()
    part = "end_day" if outcome == "mean_survival" else outcome
    return measure_runs(runs, part).interval(greatest(part, horizon))


def _why(outcome: str, result: Estimate, runs: int) -> str:
    """Why a value or its interval is missing, or ""."""
    if not runs:
        return "no run has finished"
    if math.isnan(result.value):
        fewer = "fewer than half of its runs collapsed"
        return fewer if outcome == "median_survival" else "none of its runs has a value"
    if math.isnan(result.low) and math.isnan(result.high):
        return "an interval needs at least two replicates, or worlds"
    return ""


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _short(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]


def _plain(value: Any) -> Any:
    """A value for JSON, with missing numbers as None and infinite ones as text."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else str(value) if math.isinf(value) else round(value, 4)
    return value if isinstance(value, int | bool | str) else str(value)
