"""An event file as data for a fit: how much violence, in what bursts, where, how deadly.

The summaries are the patterns that `truce-sim validate` measures, with the same readers and the
same sums. The events are represented, as in that command, by runs of about a year whose truces
never end; events over several years are cut likewise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.incidents import Incidents, line_length, placed, read_incidents
from truce_sim.analysis.micro import (
    fano_of,
    fano_sums,
    gini_by_row,
    near_repeat_sums,
    stretches,
)
from truce_sim.border.folder import folder_of
from truce_sim.config.setup import Setup
from truce_sim.engine.codes import BAND_ATTACK, DONE
from truce_sim.errors import InputError
from truce_sim.files import BORDERS
from truce_sim.inference.summary import Summary
from truce_sim.sweeps.many import record_points

Floats = NDArray[np.float64]
#: Incidents and the number of draws -> (draws,) one summary.
_Reduce: TypeAlias = Callable[[Incidents, int], Floats]

_YEAR = 365
#: The shortest period accepted, in days, and the fewest events.
LEAST_DAYS, LEAST_EVENTS = 56, 10
#: Windows whose Fano factors are fitted, and those only checked; four must fit into a run.
_FITTED_WINDOWS, _CHECKED_WINDOWS, _FOUR = (1, 7, 28), (3, 91), 4
#: An incident with at least this many deaths is a large one, as in `validate`.
_LARGE = 11.0
_NEAR, _FAR = 20.0, 60.0
#: Keeps logarithms finite where incidents are few.
_HALF = 0.5


@dataclass(frozen=True)
class Violence:
    """Lethal events near a border.

    Attributes:
        incidents: the events, cut into runs of equal length.
        setup: of the runs that represent them.
        about: file and filters, for the manifest.
    """

    incidents: Incidents
    setup: Setup
    about: Mapping[str, Any]

    @property
    def runs(self) -> int:
        """One for each period of about a year."""
        return self.incidents.runs

    @property
    def horizon(self) -> int:
        """Days of each run."""
        return int(self.incidents.days[0])

    @cached_property
    def _patterns(self) -> dict[Summary, _Reduce]:
        return _patterns(self.horizon)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """How much, in what bursts, where, how deadly; then patterns that are only checked."""
        return tuple(self._patterns)

    @cached_property
    def observed(self) -> Floats:
        """The summaries of the events."""
        return np.asarray(self._reduce(self.incidents, 1)[0], float)

    @property
    def account(self) -> tuple[str, ...]:
        """How many rows count, why others do not, and which runs represent them."""
        return (*self.incidents.account, f"Events: {len(self.incidents.frame):,} in {self.runs} "
                f"{'period' if self.runs == 1 else 'periods'} of {self.horizon} days, compared "
                "with attacks by bands in runs whose truce never ends.")  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """What was read, and its summaries."""
        return {"events": len(self.incidents.frame), "runs": self.runs, "days": self.horizon,
                "summaries": self.observed.tolist(), **self.about}  # fmt: skip

    def simulate(self, values: pd.DataFrame, threads: int = 0) -> Floats:
        """Return (draws, summaries) of runs of settings; NaN where one failed.

        Args:
            values: a row for each draw, with its seed.
            threads: as in `record_points`.
        """
        model, failed = self.violence_of(values, threads)
        found = self._reduce(model, len(values))
        found[failed] = np.nan
        return found

    def violence_of(
        self, values: pd.DataFrame, threads: int = 0
    ) -> tuple[Incidents, NDArray[np.bool_]]:
        """Return lethal attacks in runs of settings, and which draws have a run that failed.

        Args:
            values: as in `simulate`.
            threads: as in `simulate`.
        """
        chosen = values.drop(columns="truce.collapse_strikes", errors="ignore")
        outcome, events = record_points(self.setup, chosen, self.runs, int(BAND_ATTACK), threads)
        log = np.concatenate(events)
        frame = pd.DataFrame({"run": np.repeat(np.arange(len(events)), [*map(len, events)]),
                              "day": log["day"], "deaths": log["deaths"]})  # fmt: skip
        frame["km_along"], frame["km_depth"] = placed(self.setup, log["sector"], log["depth"])
        draws = np.repeat(np.arange(len(values)), self.runs)
        days = np.full(len(events), self.horizon)
        model = Incidents(frame[frame["deaths"] > 0], days, draws, line_length(self.setup))
        return model, (outcome["status"] != DONE).any(axis=1)

    def _reduce(self, found: Incidents, draws: int) -> Floats:
        """(draws, summaries) of incidents whose runs have the numbers of draws as codes."""
        return np.column_stack([reduce(found, draws) for reduce in self._patterns.values()])


def read_violence(path: str | Path, setup: Setup, **chosen: Any) -> Violence:
    """Read the event file of a border, by the rules of `read_incidents`.

    Args:
        path: UCDP GED or ACLED events.
        setup: the border they lie near, and the model they are compared with.
        chosen: actor, since, until, country, within_km, coarse, as in `read_incidents`.

    Raises:
        InputError: as `read_incidents` does; a border without a location; too few events or days.
    """
    border = folder_of(setup.config.scenario)
    if border is None:
        raise InputError("needs a border that lies somewhere", setting="events", value=str(path),
                         allowed="scenario=durand or another, or scenario.path")  # fmt: skip
    durand = border.path == BORDERS / "durand"
    found = read_incidents(path, border="durand" if durand else border.path, **chosen)
    days = int(found.days[0])
    if days < LEAST_DAYS or len(found.frame) < LEAST_EVENTS:
        raise InputError(
            f"leaves {len(found.frame):,} events in {days:,} days: too few to tell bursts from "
            "chance", setting="events", value=str(path),
            allowed=f"at least {LEAST_EVENTS} events and {LEAST_DAYS} days",
        )  # fmt: skip
    found = in_years(found)
    changes = {"truce.collapse_strikes": math.inf, "run.horizon_days": int(found.days[0])}
    about = {"file": Path(path).name, **{name: value for name, value in chosen.items() if value}}
    return Violence(found, setup.with_changes(changes, tell=False), about)


def in_years(found: Incidents) -> Incidents:
    """Cut a data set into runs of equal length, about a year each; a few days may be dropped."""
    days = int(found.days[0])
    n = max(round(days / _YEAR), 1)
    length = days // n
    day = found.frame["day"].to_numpy(np.int64)
    frame = found.frame.assign(run=day // length, day=day % length)[day < n * length]
    return replace(found, frame=frame, days=np.full(n, length), draws=np.zeros(n, np.int64))


# ── summaries ────────────────────────────────────────────────────────────────────────────────


def _patterns(days: int) -> dict[Summary, _Reduce]:
    """The summaries of runs of `days` days, each with the function that computes it."""
    return {
        Summary("log attacks a week", "how much violence there is"): _attacks,
        **_fanos(_FITTED_WINDOWS, days, "whether attacks come in bursts of that length"),
        Summary("Gini over 100 km", "whether few stretches of the line see most"): _gini(100.0),
        Summary("log near-repeat ratio, 50 km and 14 days",
                "whether they repeat near by, and soon"): _near_repeat,
        Summary("mean log deaths", "how deadly they are"): _log_deaths,
        Summary("deviation of log deaths", "how unequal in that"): _spread,
        Summary("share within 20 km", "how deep bands go"): _share("km_depth", 0.0, _NEAR),
        Summary("share beyond 60 km", "how deep the deepest go"): _share("km_depth", _FAR),
        **_fanos(_CHECKED_WINDOWS, days, "bursts of another length", fitted=False),
        Summary("Gini over 50 km", "the same, finer", fitted=False): _gini(50.0),
        Summary("median deaths", "the middle of their law", fitted=False): _quantile(0.5),
        Summary("90th percentile of deaths", "its tail", fitted=False): _quantile(0.9),
        Summary("share with at least 11 deaths", "its tail", fitted=False):
            _share("deaths", _LARGE),
    }  # fmt: skip


def _fanos(
    windows: tuple[int, ...], days: int, why: str, fitted: bool = True
) -> dict[Summary, _Reduce]:
    """Log Fano factors in those windows that fit into a run often enough."""
    named = {w: f"log Fano factor of {w} {'day' if w == 1 else 'days'}" for w in windows}
    return {Summary(name, why, fitted=fitted): _fano(w)
            for w, name in named.items() if days >= _FOUR * w}  # fmt: skip


def _draw(found: Incidents) -> NDArray[np.int64]:
    """The draw of each incident."""
    return np.asarray(found.draws[found.frame["run"].to_numpy(np.int64)], np.int64)


def _by_draw(found: Incidents, sums: Floats, draws: int) -> Floats:
    """Sums over pieces as sums over draws; the pieces of a single run are quarters."""
    if found.runs == 1:
        sums = sums.sum(axis=0, keepdims=True)
    return np.concatenate([sums, np.zeros((draws - len(sums), sums.shape[1]))])


def _attacks(found: Incidents, draws: int) -> Floats:
    weeks = found.days.sum() / draws / 7
    return np.asarray(np.log((np.bincount(_draw(found), minlength=draws) + _HALF) / weeks))


def _fano(window: int) -> _Reduce:
    def reduce(found: Incidents, draws: int) -> Floats:
        sums = _by_draw(found, fano_sums(found, window), draws)
        sums[:, [0, 2]] += _HALF  # without incidents: as if they were independent
        return np.log(np.maximum(fano_of(sums), 1e-3))

    return reduce


def _near_repeat(found: Incidents, draws: int) -> Floats:
    pairs = _by_draw(found, near_repeat_sums(found), draws) + _HALF
    return np.asarray(np.log(pairs[:, 0] / pairs[:, 1]))


def _gini(width: float) -> _Reduce:
    def reduce(found: Incidents, draws: int) -> Floats:
        place, bins = stretches(found, width)
        counts = np.bincount(_draw(found) * bins + place, minlength=draws * bins)
        return np.nan_to_num(gini_by_row(counts.reshape(draws, bins).astype(float)))

    return reduce


def _mean(found: Incidents, values: Floats, draws: int) -> Floats:
    """Mean of a value over the incidents of each draw; 0 without any."""
    draw = _draw(found)
    return np.bincount(draw, values, draws) / np.maximum(np.bincount(draw, minlength=draws), 1)


def _log_deaths(found: Incidents, draws: int) -> Floats:
    return _mean(found, np.log(found.frame["deaths"].to_numpy(float)), draws)


def _spread(found: Incidents, draws: int) -> Floats:
    logs = np.log(found.frame["deaths"].to_numpy(float))
    off = logs - _mean(found, logs, draws)[_draw(found)]
    return np.sqrt(_mean(found, off**2, draws))


def _share(column: str, low: float, high: float = math.inf) -> _Reduce:
    def reduce(found: Incidents, draws: int) -> Floats:
        values = found.frame[column].to_numpy(float)
        inside = ((values >= low) & (values < high)).astype(float)
        return _mean(found, inside, draws)

    return reduce


def _quantile(q: float) -> _Reduce:
    def reduce(found: Incidents, draws: int) -> Floats:
        """The lower quantile of deaths in each draw; 0 without incidents."""
        draw, deaths = _draw(found), found.frame["deaths"].to_numpy(float)
        ordered = np.append(deaths[np.lexsort((deaths, draw))], 0.0)
        n = np.bincount(draw, minlength=draws)
        at = np.cumsum(n) - n + (q * np.maximum(n - 1, 0)).astype(int)
        return np.where(n > 0, ordered[np.minimum(at, deaths.size)], 0.0)

    return reduce
