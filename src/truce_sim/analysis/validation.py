"""Compare the model with the record: patterns from event data and from other truces.

Each pattern has a reference (docs/model.md, section 1): a value with its interval if it is computed
from events, or a published range. It *passes* if the model's 95 % interval lies entirely within the
reference's, *fails* if it lies entirely outside, and is otherwise undecided. Nothing is tuned to
the patterns; where a setting was fitted or chosen with a reference in view, `standing` says so, and
the pattern is not a test.
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
from truce_sim.border.folder import BorderFolder, folder_of
from truce_sim.errors import InputError, a_kind
from truce_sim.events import WITHIN_KM
from truce_sim.files import BORDERS, DATA
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
from truce_sim.sweeps.sweep import Sweep, open_sweep

REFERENCE = DATA / "reference.csv"
#: Environment variable with the folder of the source tables, which are not in the repository.
SOURCES = "TRUCE_SIM_SOURCES"
#: The event file from which the first patterns are computed, if it is available.
EVENTS_FILE = "ucdp_ged_ttp_2015_2021.csv"

#: Beginnings of the sources of references that are about the Durand line or its truce.
_OF_DURAND = ("UCDP GED", "the case")

#: Horizon of the truces, long enough to separate those that fail from those that hold.
HORIZON = 1095
#: Spans of days whose hazards are compared, both after the start.
EARLY, LATE = (60, 180), (180, 365)
#: Days of the case: the first strike acknowledged by both sides, and the open war.
STRIKE_DAY, WAR_DAY = 126, 131
#: Settings that truce=literal sets and that a user's own value would override.
_LITERAL = ("truce", "home.threshold", "home.decision_noise", "home.resolve",
            "home.initial_grievance", "frailty.threshold_cv", "mediation.save")  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """The sweeps on which patterns are measured.

    Attributes:
        truces: with the settings given, with and without frailty.
        literal: with the clause read to the letter.
        violence: truces that never end, with events.
        calm: as `violence`, without self-excitation.
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
        """The truces with the frailty given."""
        return self._runs[self._runs["frailty"] == "default"]

    @property
    def alike(self) -> pd.DataFrame:
        """The truces without frailty, which differ by chance alone."""
        return self._runs[self._runs["frailty"] == "none"]


def gather(
    folder: str | Path,
    overrides: Sequence[str] = (),
    replicates: int = 2000,
    progress: bool = False,
) -> Evidence:
    """Run the sweeps that the patterns need, or resume those already in the folder.

    Args:
        folder: the folder for the sweeps.
        overrides: settings that differ from the defaults.
        replicates: number of truces; a fifth as many runs of one year measure violence.
        progress: whether to show progress.

    Raises:
        InputError: a setting is invalid, or the folder has sweeps with other settings.
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
    """Drop overrides of settings that a sweep of ours sets itself."""
    return [word for word in overrides if not word.startswith(settings)]


def score_patterns(evidence: Evidence, fresh: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score all patterns.

    References about one border never judge another: if the sweeps are about a border other than the
    Durand line, references about that line and its case are left out.

    Args:
        evidence: the sweeps of `gather`.
        fresh: references computed from event data (`measure_references`, `measure_events`), which
            replace those recorded in `REFERENCE`.

    Returns:
        A row for each pattern: pattern, unit; reference with its ends, n, status ([C] computed,
        [F] found, [A] assumed) and source; model with its interval; standing; verdict ("pass",
        "fail" or "undecided").
    """
    if not isinstance(evidence, Evidence):
        raise InputError(
            f"is not the evidence but {a_kind(evidence)}", setting="evidence", value=evidence,
            allowed="what gather returns",
        )  # fmt: skip
    table = reference().set_index("pattern")
    border = folder_of(evidence.violence.folder.config_of(0).scenario)
    if border is None or border.path != BORDERS / "durand":
        table = _of_border(table, fresh, border)
    elif fresh is not None:
        table = _renewed(table, fresh.drop(columns="source", errors="ignore"))
    table, found = table.reset_index(), dict(_model_values(evidence))
    model = [named("model", found[name]) for name in table["pattern"]]
    table = pd.concat([table, pd.DataFrame(model)], axis=1)
    table["verdict"] = [verdict(row) for row in table.to_dict("records")]
    return table


def _of_border(
    table: pd.DataFrame, fresh: pd.DataFrame | None, border: BorderFolder | None
) -> pd.DataFrame:
    """The references that can judge another border: general ones, and those from its own events."""
    own = [] if fresh is None else fresh["pattern"].tolist()
    kept = [name for name, source in table["source"].items()
            if name in own or not str(source).startswith(_OF_DURAND)]  # fmt: skip
    table = table.loc[kept].copy()
    if fresh is None or border is None:
        return table
    table = _renewed(table, fresh)
    table.loc[own, "standing"], table.loc[own, "note"] = "test", ""
    if "events" in border.about.get("sources", {}):
        same = [name for name in own if name.startswith(("Gini", "near-repeat"))]
        table.loc[same, "standing"] = "same data"
        table.loc[same, "note"] = "the weights of the border's segments are numbers of events"
    return table


def _renewed(table: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """The references, with those computed from events in place of the recorded ones; where a record
    is too short for an interval, the old interval is not kept (as `DataFrame.update` would)."""
    new = fresh.set_index("pattern")
    rows, columns = table.index.intersection(new.index), table.columns.intersection(new.columns)
    table = table.copy()
    table.loc[rows, columns] = new.loc[rows, columns]
    return table


def reference() -> pd.DataFrame:
    """Return the references recorded in the package.

    Columns: pattern, unit, reference with its ends, n, status, standing, source.
    """
    return pd.read_csv(REFERENCE, keep_default_na=False, na_values=[""])


def measure_references(data: str | Path) -> pd.DataFrame:
    """Compute the references that follow from event data.

    Args:
        data: a folder with `EVENTS_FILE`.

    Returns:
        A row for each pattern: pattern, reference with its ends, n.

    Raises:
        InputError: the folder has no such file, or it cannot be read.
    """
    return measure_events(_events_in(Path(data), "--data"))


def measure_events(path: str | Path, **chosen: Any) -> pd.DataFrame:
    """Compute the references that follow from an event file.

    Args:
        path: the file.
        chosen: border, actor, since, … as in `read_incidents`; by default within 100 km.

    Returns:
        A row for each pattern: pattern, reference with its ends, n, source.

    Raises:
        InputError: as `read_incidents` does.
    """
    incidents = read_incidents(path, **{"within_km": WITHIN_KM, **chosen})
    table = micro_table(incidents).assign(source="; ".join(incidents.account))
    names = {"measure": "pattern", "value": "reference", "value_low": "reference_low",
             "value_high": "reference_high"}  # fmt: skip
    return table.rename(columns=names).drop(columns="unit")


def default_data() -> Path | None:
    """Return the folder named by the environment variable `SOURCES`, if it is set.

    Raises:
        InputError: the folder has no event file.
    """
    folder = os.environ.get(SOURCES)
    return _events_in(Path(folder), SOURCES).parent if folder else None


def _events_in(folder: Path, setting: str) -> Path:
    """The event file in a folder that was given by a setting."""
    path = folder / EVENTS_FILE
    if not path.is_file():
        raise InputError("has no such event file", setting=setting, value=str(folder),
                         allowed=f"a folder with {EVENTS_FILE}")  # fmt: skip
    return path


def verdict(row: Mapping[Any, Any]) -> str:
    """Return "pass" if the model's interval lies within the reference's, "fail" if outside it.

    Otherwise, or if either has no interval, the verdict is "undecided".
    """
    low, high, least, most = (
        float(row[f"{name}_{end}"]) for name in ("model", "reference") for end in ("low", "high")
    )
    if math.isnan(low + high + least + most):
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
    """Share of attempts that would not be made without self-excitation."""
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
    """Return the hazard in the `LATE` days over that in the `EARLY` ones.

    The interval is that of a ratio of two Poisson rates: the runs of one point are independent,
    and so are their windows.
    """
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


#: Functions that measure the patterns beyond those of `micro`, by their name in `REFERENCE`.
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

measured = measure_references  #: Its name in 0.1.
