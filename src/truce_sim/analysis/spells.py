"""Spells during which a truce is in force: one that is suspended and renewed has several."""

from __future__ import annotations

import numpy as np
import pandas as pd

from truce_sim.analysis.groups import add_levels, finished_runs, stack
from truce_sim.analysis.methods.ends import count_ends
from truce_sim.analysis.opened import opened
from truce_sim.analysis.survival import curve
from truce_sim.errors import InputError
from truce_sim.intervals import clusters
from truce_sim.sweeps.sweep import Sweep


@opened
def spells(sweep: Sweep) -> pd.DataFrame:
    """Return the spells during which truces were in force, from the events.

    Returns:
        A row for each spell: point, replicate, seed, factors, spell (1 for the first, 2 for the
        one after the first renewal), start, days, ended ("suspended", "collapsed" or "horizon").

    Raises:
        InputError: events were not kept, or only those of collapsed runs.
    """
    if sweep.folder.settings.only_if_collapsed:
        raise InputError(
            "has events of collapsed runs only, which would bias the spells",
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
    """Match each start with the first stop after it, or else with the end of its run.

    A truce that is suspended on the day of a renewal was suspended before it, so that stop belongs
    to the previous spell.
    """
    key = ["point", "replicate"]
    starts = starts.assign(day=starts["start"] - (starts["spell"] == 1))
    found = pd.merge_asof(
        starts.sort_values("day"), stops.assign(stop=stops["day"]).sort_values("day"), on="day",
        by=key, direction="forward", allow_exact_matches=False,
    ).drop(columns="day")  # fmt: skip
    found = runs.drop(columns="status").merge(found, on=key).sort_values([*key, "spell"])
    censored, last = found["stop"].isna(), found["stop"] == found["end_day"]
    ended = np.where(last, "collapsed", np.where(censored, "horizon", "suspended"))
    found["ended"] = pd.Categorical(ended, ["suspended", "collapsed", "horizon"])
    found["days"] = (found["stop"].fillna(found["end_day"]) - found["start"]).astype(np.int64)
    return found.drop(columns=["stop", "end_day", "collapsed"]).reset_index(drop=True)


@opened
def spell_survival(sweep: Sweep, most: int = 3) -> pd.DataFrame:
    """Return a Kaplan-Meier curve for the length of the first, second, … spell in force.

    Args:
        sweep: the sweep to analyse; it must have kept events.
        most: number of the last spell to include.

    Returns:
        A row for each spell and day: spell, then columns as in `kaplan_meier`.
    """
    found = []
    for number, rows in spells(sweep).groupby("spell"):
        if int(str(number)) <= most:
            found.append(add_levels(spell_curve(rows), {"spell": number}))
    return stack(found, ["spell", "day", "survival", "survival_low", "survival_high", "at_risk",
                         "collapses"])  # fmt: skip


def spell_curve(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the Kaplan-Meier curve of some spells."""
    event = np.asarray(rows["ended"] != "horizon", np.int64)
    last = rows["days"].to_numpy(np.int64) - (1 - event)  # a day in force at the horizon
    return curve(count_ends(last, event, clusters(rows)))
