"""Spells in force: a truce that is suspended and renewed has several."""

from __future__ import annotations

import numpy as np
import pandas as pd

from truce_sim.analysis.groups import finished_runs, joined, labelled
from truce_sim.analysis.methods.ends import count_ends
from truce_sim.analysis.survival import curve
from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError
from truce_sim.intervals import clusters


def spells(sweep: Sweep) -> pd.DataFrame:
    """The spells that truces were in force, from the events: a row each.

    Columns: point, replicate, seed, factors, spell (1 is the first, 2 the one after the first
    renewal), start, days, ended ("suspended", "collapsed" or "horizon").

    Raises InputError where events were not kept, or of collapsed runs alone.
    """
    if sweep.folder.settings.only_if_collapsed:
        raise InputError(
            "has events of collapsed runs alone, which would bias the spells",
            value=str(sweep.path), allowed="a sweep with sweep.only_if_collapsed=false",
        )  # fmt: skip
    kinds = {"kind": ["suspension", "renewal"]}
    events = sweep.load(["day", "kind"], "events", where=kinds)
    runs = finished_runs(sweep.load(["end_day", "collapsed"]))
    key = ["point", "replicate"]
    starts = events[events["kind"] == "renewal"][[*key, "day"]]
    first = runs[key].assign(day=0)
    starts = pd.concat([first, starts]).sort_values([*key, "day"], kind="stable")
    starts["spell"] = starts.groupby(key).cumcount() + 1
    stops = events[events["kind"] == "suspension"][[*key, "day"]]
    return _match_stops(starts.rename(columns={"day": "start"}), stops, runs)


def _match_stops(starts: pd.DataFrame, stops: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Each start with the first stop after it; else with the end of its run. A truce that is
    suspended on the day of a renewal was suspended before: that stop belongs to the last spell."""
    key = ["point", "replicate"]
    starts = starts.assign(day=starts["start"] - (starts["spell"] == 1))
    found = pd.merge_asof(
        starts.sort_values("day"), stops.assign(stop=stops["day"]).sort_values("day"), on="day",
        by=key, direction="forward", allow_exact_matches=False,
    ).drop(columns="day")  # fmt: skip
    found = runs.drop(columns="status").merge(found, on=key).sort_values([*key, "spell"])
    held, last = found["stop"].isna(), found["stop"] == found["end_day"]
    ended = np.where(last, "collapsed", np.where(held, "horizon", "suspended"))
    found["ended"] = pd.Categorical(ended, ["suspended", "collapsed", "horizon"])
    found["days"] = (found["stop"].fillna(found["end_day"]) - found["start"]).astype(np.int64)
    return found.drop(columns=["stop", "end_day", "collapsed"]).reset_index(drop=True)


def spell_survival(sweep: Sweep, most: int = 3) -> pd.DataFrame:
    """How long the first, second, … spell in force lasts: a Kaplan-Meier curve for each, up to the
    `most`-th. Columns: spell, then as in kaplan_meier."""
    found = []
    for number, rows in spells(sweep).groupby("spell"):
        if int(str(number)) <= most:
            found.append(labelled(spell_curve(rows), {"spell": number}))
    return joined(found, ["spell", "day", "survival", "survival_low", "survival_high", "at_risk",
                           "collapses"])  # fmt: skip


def spell_curve(rows: pd.DataFrame) -> pd.DataFrame:
    """The Kaplan-Meier curve of some spells."""
    event = np.asarray(rows["ended"] != "horizon", np.int64)
    last = rows["days"].to_numpy(np.int64) - (1 - event)  # a day in force at the horizon
    return curve(count_ends(last, event, clusters(rows)))
