"""The model held against the record: patterns of event data and of other truces.

Each pattern has a reference (docs/model.md, section 1): a value with its interval
where it is computed from events, a range where others publish one. It *passes* where the whole 95 %
interval of the model lies within the reference's, it *fails* where it lies outside, else it is
undecided. Nothing is tuned on them; where a setting was fitted or chosen with a reference in view,
`standing` says so, and the pattern is no test.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.incidents import read_incidents, sweep_incidents
from truce_sim.analysis.measures import measure
from truce_sim.analysis.micro import micro_table
from truce_sim.analysis.spells import spell_curve, spells
from truce_sim.analysis.survival import curve, curve_median, run_ends
from truce_sim.analysis.sweep import Sweep, open_sweep
from truce_sim.errors import InputError
from truce_sim.files import DATA
from truce_sim.intervals import (
    NO_ESTIMATE,
    Estimate,
    clusters,
    interval_of_parts,
    named,
    quantile_interval,
    rate_ratio,
    share_interval,
)
from truce_sim.sweeps.api import sweep as run_sweep

REFERENCE = DATA / "reference.csv"
#: Environment variable: a folder of the source tables, which are not part of the repository.
SOURCES = "TRUCE_SIM_SOURCES"
#: The event file that the first patterns are computed from, where it is at hand.
EVENTS_FILE = "ucdp_ged_ttp_2015_2021.csv"
WITHIN_KM = 100.0  # how deep the home side goes

#: Days over which truces are watched; truces that failed are only then told from those that hold.
HORIZON = 1095
#: Days between which the hazard is compared: late ones with earlier ones, both after the start.
EARLY, LATE = (60, 180), (180, 365)
#: Days of the case: the first strike that both sides acknowledge, and the open war.
STRIKE_DAY, WAR_DAY = 126, 131
#: What truce=literal sets, and a user's own value would undo.
_LITERAL = ("truce", "home.threshold", "home.decision_noise", "home.resolve",
            "home.initial_grievance", "frailty.threshold_cv", "mediation.save")  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """The sweeps that patterns are measured on.

    truces: as given, with and without frailty. literal: the clause to the letter. violence: no
    truce ends, events kept. calm: the same without self-excitation.
    """

    truces: Sweep
    literal: Sweep
    violence: Sweep
    calm: Sweep

    @cached_property
    def _runs(self) -> pd.DataFrame:
        return finished_runs(self.truces.load(["end_day", "collapsed", "first_strike_day"]))

    @property
    def own(self) -> pd.DataFrame:
        """The runs of truces as given."""
        return self._runs[self._runs["frailty"] == "default"]

    @property
    def alike(self) -> pd.DataFrame:
        """Those of truces that differ by chance alone."""
        return self._runs[self._runs["frailty"] == "none"]


def gather(
    folder: str | Path,
    overrides: Sequence[str] = (),
    replicates: int = 2000,
    progress: bool = False,
) -> Evidence:
    """Run what the patterns need into a folder, or go on with what is there.

    overrides: settings that differ from the defaults. replicates: truces; a fifth of them, one
    year each, tell of violence.

    Raises InputError for a bad setting, or a folder with sweeps of other settings.
    """
    long = f"run.horizon_days={HORIZON}"
    endless = _without(overrides, "truce.collapse_strikes")
    calm = ["truce.collapse_strikes=inf", *_without(endless, "militants.excitation")]
    fewer = max(replicates // 5, 2)

    def run(name: str, factors: dict[str, list[object]], settings: Sequence[str], n: int) -> Sweep:
        path = Path(folder) / name
        result = run_sweep(factors, settings, replicates=n, folder=path, progress=progress)
        return open_sweep(result.folder)

    return Evidence(
        run("truces", {"frailty": ["default", "none"]}, [long, *overrides], replicates),
        run("literal", {"truce": ["literal"]}, _without(overrides, *_LITERAL), replicates),
        run("violence", {"truce.collapse_strikes": [math.inf]},
            ["sweep.events=true", *endless], fewer),
        run("calm", {"militants.excitation": [0.0]}, calm, fewer),
    )  # fmt: skip


def _without(overrides: Sequence[str], *settings: str) -> list[str]:
    """Overrides but for those of settings that a sweep of ours sets itself."""
    return [word for word in overrides if not word.startswith(settings)]


def score_patterns(evidence: Evidence, fresh: pd.DataFrame | None = None) -> pd.DataFrame:
    """All patterns, a row each.

    fresh: references computed from event data (`measured`), which take the place of those recorded
    in REFERENCE. Columns: pattern, unit; `reference` with its ends, n,
    status ([C] computed, [F] found, [A] assumed), source; `model` with its interval; standing;
    verdict ("pass", "fail" or "undecided").
    """
    table = reference().set_index("pattern")
    if fresh is not None:
        table.update(fresh.set_index("pattern"))
    table, found = table.reset_index(), dict(_model_values(evidence))
    model = [named("model", found[name]) for name in table["pattern"]]
    table = pd.concat([table, pd.DataFrame(model)], axis=1)
    table["verdict"] = [verdict(row) for row in table.to_dict("records")]
    return table


def reference() -> pd.DataFrame:
    """The references recorded in the package: pattern, unit, reference, its ends, n, status,
    standing, source."""
    return pd.read_csv(REFERENCE, keep_default_na=False, na_values=[""])


def measured(data: str | Path) -> pd.DataFrame:
    """The references that follow from event data, computed: pattern, reference, its ends, n.

    data: a folder with EVENTS_FILE. Raises InputError for one without.
    """
    path = _events_in(Path(data), "--data")
    table = micro_table(read_incidents(path, within_km=WITHIN_KM))
    names = {"measure": "pattern", "value": "reference", "value_low": "reference_low",
             "value_high": "reference_high"}  # fmt: skip
    return table.rename(columns=names).drop(columns="unit")


def default_data() -> Path | None:
    """The folder of source tables that SOURCES names, if it names one.

    Raises:
        InputError: it holds no event file.
    """
    folder = os.environ.get(SOURCES)
    return _events_in(Path(folder), SOURCES).parent if folder else None


def _events_in(folder: Path, setting: str) -> Path:
    """The event file in a folder that the setting names."""
    path = folder / EVENTS_FILE
    if not path.is_file():
        raise InputError("has no such event file", setting=setting, value=str(folder),
                         allowed=f"a folder with {EVENTS_FILE}")  # fmt: skip
    return path


def verdict(row: Mapping[Any, Any]) -> str:
    """Whether the model's whole interval lies within the reference's, outside, or neither."""
    low, high, least, most = (
        float(row[f"{name}_{end}"]) for name in ("model", "reference") for end in ("low", "high")
    )
    if math.isnan(low) or math.isnan(high):
        return "undecided"
    if least <= low and high <= most:
        return "pass"
    return "fail" if high < least or most < low else "undecided"


# ── the model's side ─────────────────────────────────────────────────────────────────────────


def _model_values(evidence: Evidence) -> Iterator[tuple[str, Estimate]]:
    for row in micro_table(sweep_incidents(evidence.violence)).to_dict("records"):
        yield row["measure"], _estimate(row)
    for name, function in _PATTERNS.items():
        yield name, function(evidence)


def _interception(evidence: Evidence) -> Estimate:
    return _estimate(measure(evidence.violence, "foiled_at_border", "crossings").iloc[0])


def _self_excited(evidence: Evidence) -> Estimate:
    """The share of attempts that would not be made without self-excitation."""
    key = ["seed", "replicate"]
    with_it, without = (
        finished_runs(sweep.load(["attempts"])).set_index(key)["attempts"].astype(float)
        for sweep in (evidence.violence, evidence.calm)
    )
    share = float(without.sum() / with_it.sum())
    error: pd.Series = (without - share * with_it) / with_it.sum()
    return interval_of_parts(1 - share, error.to_numpy(float))


def _renewed_violence(evidence: Evidence) -> Estimate:
    """Median days from a renewal to the next suspension."""
    found = spells(evidence.violence)
    return Estimate(*curve_median(spell_curve(found[found["spell"] > 1])))


def _failed_duration(evidence: Evidence) -> Estimate:
    runs = evidence.own
    failed = runs[runs["collapsed"].astype(bool)]
    pieces = np.unique(clusters(failed), return_inverse=True)[1]
    return quantile_interval(failed["end_day"].to_numpy(float), pieces, 0.5)


def _literal(evidence: Evidence) -> Estimate:
    runs = finished_runs(evidence.literal.load(["end_day", "collapsed"]))
    return Estimate(*curve_median(curve(run_ends(runs))))


def _strike_by_then(evidence: Evidence) -> Estimate:
    runs = evidence.own
    return share_interval(
        (runs["first_strike_day"] <= STRIKE_DAY).to_numpy(bool, na_value=False), clusters(runs)
    )


def _war_by_then(evidence: Evidence) -> Estimate:
    runs = evidence.own
    fell = runs["collapsed"].astype(bool) & (runs["end_day"] <= WAR_DAY)
    return share_interval(fell.to_numpy(bool), clusters(runs))


def hazard_ratio(runs: pd.DataFrame) -> Estimate:
    """The hazard in LATE days over that in EARLY ones; the interval is that of a ratio of two
    Poisson rates (runs of one point are independent, and so are their windows)."""
    day, collapsed = runs["end_day"].to_numpy(np.int64), runs["collapsed"].to_numpy(bool)
    counts, rates = [], []
    for first, stop in (EARLY, LATE):
        came = int((collapsed & (day >= first) & (day < stop)).sum())
        counts.append(came)
        rates.append(came / max(np.clip(day + collapsed - first, 0, stop - first).sum(), 1))
    if not all(counts):
        return NO_ESTIMATE
    return rate_ratio(rates[1] / rates[0], counts)


def _estimate(row: Mapping[Any, Any] | pd.Series) -> Estimate:
    return Estimate(*(float(row[f"value{end}"]) for end in ("", "_low", "_high")))


#: How each pattern beyond those of `micro` is measured in the model, by its name in REFERENCE.
_PATTERNS: dict[str, Callable[[Evidence], Estimate]] = {
    "stopped at the border, of those who reach it": _interception,
    "self-excited share of attempts": _self_excited,
    "median days from a renewal to the next suspension": _renewed_violence,
    "median duration of failed truces": _failed_duration,
    "median duration, clause to the letter": _literal,
    "share of truces struck by day 126": _strike_by_then,
    "share of truces collapsed by day 131": _war_by_then,
    "hazard, days 180-364 over 60-179": lambda evidence: hazard_ratio(evidence.own),
    "the same, truces that differ by chance alone": lambda evidence: hazard_ratio(evidence.alike),
}
