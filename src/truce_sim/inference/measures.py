"""Measures that describe a run by one number each: durations, strikes, violence, talks.

Used wherever worlds are described or compared with a record: in prior and posterior predictive
checks, and as summaries of a fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A number for every run; NaN where it does not apply.

    Attributes:
        words: what it is.
        unit: of it; "share" for a yes or no.
        read: runs (as of `simulate_many`) -> (runs,) the number.
        least_days: shortest horizon at which it can be known.
    """

    words: str
    unit: str
    read: Callable[[pd.DataFrame], Floats]
    least_days: int = 1


def _column(name: str) -> Callable[[pd.DataFrame], Floats]:
    return lambda runs: runs[name].to_numpy(float, na_value=np.nan)


def _days(runs: pd.DataFrame) -> Floats:
    """Days simulated, including the day of the collapse."""
    return _column("end_day")(runs) + _column("collapsed")(runs)


def _a_day(*names: str) -> Callable[[pd.DataFrame], Floats]:
    return lambda runs: runs[list(names)].sum(axis=1).to_numpy(float) / _days(runs)


def _strikes_a_month(runs: pd.DataFrame) -> Floats:
    return 30 * _a_day("strikes_by_home", "strikes_by_host")(runs)


def _ratio(part: str, whole: str) -> Callable[[pd.DataFrame], Floats]:
    def read(runs: pd.DataFrame) -> Floats:
        over = _column(whole)(runs)
        found = np.full(over.shape, np.nan)
        np.divide(_column(part)(runs), over, out=found, where=over > 0)
        return found

    return read


def _by(day: int, column: str) -> Callable[[pd.DataFrame], Floats]:
    """Whether something happened within the first `day` days; a missing day means never."""
    return lambda runs: np.asarray(_column(column)(runs) <= day, float)


def _ended_by(day: int) -> Callable[[pd.DataFrame], Floats]:
    def read(runs: pd.DataFrame) -> Floats:
        ended = (_column("collapsed")(runs) == 1) & (_column("end_day")(runs) <= day)
        return np.asarray(ended, float)

    return read


#: Every measure by its name.
MEASURES: dict[str, Measure] = {
    "end_day": Measure("day on which the truce ends, cut at the horizon", "d", _column("end_day")),
    "collapsed": Measure("truce ends within the horizon", "share", _column("collapsed")),
    "ended_by_131": Measure("truce ends by day 131", "share", _ended_by(131), 131),
    "struck_by_126": Measure("a state strikes by day 126", "share", _by(126, "first_strike_day"),
                             126),
    "first_strike_day": Measure("day of the first strike, if any", "d",
                                _column("first_strike_day")),
    "strikes_a_month": Measure("strikes by both states, 30 days", "",
                               _strikes_a_month),
    "rounds_called": Measure("rounds of talks", "", _column("rounds_called")),
    "violations_a_day": Measure("violations a day", "1/d", _a_day("violations")),
    "lethal_a_day": Measure("lethal attacks by bands a day", "1/d", _a_day("lethal_attacks")),
    "deaths_per_attack": Measure("deaths of a lethal attack, mean of a run", "deaths",
                                 _ratio("deaths", "lethal_attacks")),
    "stopped_at_border": Measure("stopped at the border, of those who reach it", "share",
                                 _ratio("foiled_at_border", "crossings")),
    "false_share": Measure("violations that were domestic attacks", "share",
                           _ratio("false_violations", "violations")),
}  # fmt: skip
