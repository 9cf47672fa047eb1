"""From a few settings to the value that the engine runs, and the settings that many tests share.

A test names what differs from the defaults by its full path, as a user does:
`spec({"militants.excitation": 0.0, **NO_MEDIATORS})`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import make_border
from truce_sim.config.load import to_plain, validate
from truce_sim.config.params import to_params
from truce_sim.engine.params import SECTOR
from truce_sim.engine.run import RunResult, RunSpec, outcomes
from truce_sim.engine.world import make_world
from truce_sim.settings.nested import put
from truce_sim.settings.schema import Config

Settings = Mapping[str, Any]

# ── settings that many tests share ───────────────────────────────────────────────────────────

#: Everyone's values are the means.
NO_FRAILTY: Settings = {
    "frailty.attempts_cv": 0.0, "frailty.threshold_cv": 0.0,
    "frailty.will_concentration": math.inf,
}  # fmt: skip

NO_MEDIATORS: Settings = {"mediation.mediators": {}, "mediation.calendar": []}

TWO_MEDIATORS: Settings = {
    "mediation.mediators": {
        "qatar": {"call": 0.3, "skill": 0.55}, "turkiye": {"call": 0.3, "skill": 0.55},
    },
    "mediation.calendar": [6],
}  # fmt: skip

#: Attempts ~ Poisson(λ0) a day, whatever happens.
STEADY_GROUP: Settings = {
    "militants.excitation": 0.0, "militants.deterrence": 0.0, "militants.band_size": 0.0,
    "militants.spoiler_strength": 0.0, "militants.risk_aversion": 0.0, "militants.evasion": 0.0,
}  # fmt: skip

#: A band is at its target, and through, on the day of its launch.
INSTANT: Settings = {"militants.pace_cells_per_day": 1000, "militants.staging_days": 0.0}

#: Effort follows the site prior; terrain does not matter.
FLAT: Settings = {"home.adaptivity": 0.0, "host.adaptivity": 0.0, "border.terrain": 0.0}

NO_INTERDICTION: Settings = {"home.capacity": 0.0, "host.capacity": 0.0}

NO_STRIKES: Settings = {"home.threshold": math.inf, "host.threshold": math.inf}

NO_BANDS: Settings = {"militants.attempts_per_day": 0.0, "militants.excitation": 0.0}

#: Any attributed violation ends the truce on the same day.
LITERAL: Settings = {
    "home.threshold": 0.01, "frailty.threshold_cv": 0.0, "home.decision_noise": 0.0,
    "home.resolve": 1.0, "home.initial_grievance": 0.0, "home.lag_days": 0,
    "truce.collapse_strikes": 1.0, "mediation.save": 0.0,
}  # fmt: skip

# ── borders ──────────────────────────────────────────────────────────────────────────────────


def border(
    weights: Sequence[float] | NDArray[np.float64],
    ruggedness: float = 0.0,
    crossings: Iterable[int] = (),
) -> NDArray[np.void]:
    """SECTOR (len(weights),): weights are made to sum to 1; a crossing in each sector named."""
    sectors = np.zeros(len(weights), SECTOR)
    sectors["weight"] = np.asarray(weights, float) / np.sum(weights)
    sectors["ruggedness"] = ruggedness
    for s in crossings:
        sectors["crossings"][s] += 1
    return sectors


def uneven_border(sectors: int = 12) -> NDArray[np.void]:
    """Weights that differ twelvefold, ruggedness that rises along the line, three crossings."""
    made = border(1.0 + np.arange(sectors) % 12, crossings=(1, 1, sectors - 2))
    made["ruggedness"] = np.linspace(0, 1, sectors)
    return made


# ── the adapter ──────────────────────────────────────────────────────────────────────────────


def spec(
    settings: Settings,
    *,
    on: NDArray[np.void] | None = None,
    seed: int = 1,
    interventions: Sequence[tuple[int, Settings]] = (),
) -> RunSpec:
    """The run of these settings on a border (six equal sectors by default), with interventions
    as (day, settings) pairs; checked like a user's. The defaults are the schema's, so that there
    are no mediators, but for the home threshold, which is fitted anew now and then.

    Raises:
        InputError: the settings cannot be used.
    """
    sectors = border(np.ones(6)) if on is None else on
    plain = to_plain(Config())
    plain["scenario"]["kind"] = "synthetic"
    plain["home"]["threshold"] = 6.0
    plain["border"]["sectors"] = sectors.size
    plain["interventions"] = [{"day": day, "set": dict(change)} for day, change in interventions]
    for path, value in settings.items():
        put(plain, path, value)  # `validate` refuses what does not exist
    config = validate(plain)
    made = replace(make_border(config), sectors=sectors)
    return RunSpec(to_params(config, made), sectors, seed)


# ── running ──────────────────────────────────────────────────────────────────────────────────


def replicates(run_spec: RunSpec, n: int, start: int = 0) -> NDArray[np.void]:
    """OUTCOME (n,); every run must have ended well."""
    rows = outcomes(run_spec, np.arange(start, start + n))
    assert (rows["status"] == 0).all()
    return rows


def recorded(run_spec: RunSpec, n: int) -> list[RunResult]:
    """The first n replicates with their series and events, in one world."""
    world, results = make_world(recorded=True), []
    for r in range(n):
        row = outcomes(run_spec, [r], world)[0]
        assert row["status"] == 0
        days = int(row["end_day"]) + int(row["collapsed"])
        events = world["events"][1 : world["event_count"] + 1]
        results.append(RunResult(row, world["series"][:days].copy(), events.copy()))
    return results


def series(run_spec: RunSpec, n: int, name: str) -> NDArray[np.float64]:
    """One column of the daily series, (n, horizon), of runs that do not collapse."""
    return np.array([result.series[name] for result in recorded(run_spec, n)], float)
