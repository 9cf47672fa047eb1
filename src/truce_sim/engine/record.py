"""What is recorded of a run: its columns, each with type, unit and meaning, and the rules that fill
the daily ones.

A column is declared here once; the records, frames, files, summaries and pages follow. Events are
counted where they happen, in `w.tally[TODAY]`; what is read off at the end of each day is added in
`record_day`, what is known only at the end in `close_run`.

Days are numbered from 0, the first day of the truce. Counts are from day 0 to the end of the run.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from truce_sim.engine.codes import (
    ACTORS,
    CAUSES,
    EVENTS,
    IN_FORCE,
    MORNING,
    NOT_FINITE,
    STATUSES,
    STRAINED,
    SUSPENDED,
    TODAY,
    TRUCE_STATES,
)  # fmt: skip
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.params import HOME, HOST, record
from truce_sim.engine.state import belief, in_round, mean_fatigue, total_grievance

#: Stands for the run's horizon as the greatest value of a column that counts days.
HORIZON = "horizon"


class Column(NamedTuple):
    """One column of a result.

    stored: its type in files: bool, int32, int64, float64, or word (a code in the records). words:
    what a code stands for. optional: whether a negative value means a missing one. most: the
    greatest value, a number or HORIZON; None if unbounded.
    """

    stored: str
    unit: str
    meaning: str
    words: tuple[str, ...] = ()
    optional: bool = False
    most: float | str | None = None


def word(words: tuple[str, ...], meaning: str) -> Column:
    """One of several words; missing where the code is negative."""
    return Column("word", "", meaning, words)


def flag(meaning: str, *, optional: bool = False) -> Column:
    """True or false."""
    return Column("bool", "", meaning, optional=optional, most=1.0)


def day(meaning: str, *, optional: bool = False, most: str | None = None) -> Column:
    """The number of a day."""
    return Column("int32", "day", meaning, optional=optional, most=most)


def count(unit: str, meaning: str, *, most: str | None = None) -> Column:
    """A whole number."""
    return Column("int32", unit, meaning, most=most)


def long_count(unit: str, meaning: str, *, optional: bool = False) -> Column:
    """A whole number that is stored with 64 bits."""
    return Column("int64", unit, meaning, optional=optional)


def share(unit: str, meaning: str) -> Column:
    """A number from 0 to 1."""
    return Column("float64", unit, meaning, most=1.0)


def number(unit: str, meaning: str) -> Column:
    """An unbounded number."""
    return Column("float64", unit, meaning)


def columns(**declared: Column) -> dict[str, Column]:
    """Columns by name, in order."""
    return declared


def record_of(declared: dict[str, Column]) -> np.dtype[np.void]:
    """The record that the rules fill: whole numbers, codes and flags as i8, all else as f8."""
    kinds = {name: "f8" if c.stored == "float64" else "i8" for name, c in declared.items()}
    return record(**kinds)


#: One run, as it ended.
OUTCOME_COLUMNS = columns(
    status=word(
        STATUSES, "how the run ended: done, or why it failed (its numbers then mean nothing)"
    ),
    collapsed=flag("whether the truce collapsed within the horizon"),
    end_day=day(
        "day of the collapse = whole days survived; the horizon where censored", most=HORIZON
    ),
    cause=word(CAUSES, "largest cause of the grievance behind the first strike of the collapse"),
    first_violation_day=day("first incident attributed to the host's soil", optional=True),
    first_strike_day=day("first strike by either state", optional=True),
    first_suspension_day=day("first suspension of the truce", optional=True),
    days_in_force=count("days", "days that ended with the truce in force", most=HORIZON),
    days_strained=count("days", "days that ended with the truce strained", most=HORIZON),
    days_suspended=count("days", "days that ended with the truce suspended", most=HORIZON),
    renewals=count("count", "suspensions that ended with the truce in force again"),
    saves=count("count", "collapses that the mediators averted"),
    under_way_at_start=count("bands", "bands of the warm-up under way when day 0 begins"),
    attempts=count("bands", "bands launched"),
    foiled_by_host=count("bands", "bands intercepted on the host side"),
    foiled_at_border=count("bands", "bands intercepted in the border cell"),
    foiled_inside=count("bands", "bands intercepted behind the border cell"),
    destroyed=count("bands", "bands destroyed by home strikes"),
    crossings=count("bands", "bands that entered the border cell, intercepted there or not"),
    attacks=count("count", "attacks by bands"),
    lethal_attacks=count("count", "attacks by bands with deaths"),
    under_way_at_end=count("bands", "bands still under way when the run ended"),
    domestic_attacks=count("count", "lethal attacks not from across the border"),
    friction_clashes=count("count", "clashes between posts"),
    violations=count("count", "incidents attributed to the host's soil"),
    false_violations=count("count", "violations that were domestic attacks"),
    cleared_violations=count("count", "violations cleared by verification"),
    deaths=long_count("deaths", "deaths in attacks by bands"),
    domestic_deaths=long_count("deaths", "deaths in domestic attacks"),
    strikes_by_home=count("count", "strikes executed by the home state"),
    strikes_by_host=count("count", "strikes executed by the host state"),
    rounds_called=count("count", "rounds called by mediators"),
    rounds_succeeded=count("count", "rounds that succeeded, scheduled ones included"),
    rounds_failed=count("count", "rounds that failed, scheduled ones included"),
    drawn_will=share("share", "the host's mean will, drawn for this run"),
    mean_will=share("share", "the host's will, mean over days"),
    final_will=share("share", "the host's will at the end"),
    final_belief=share("probability", "the home state's final belief that the host is committed"),
    peak_grievance=number("weight", "highest grievance of the home state"),
    # Recruits may raise it above 1.
    final_strength=number("share", "the militant group's strength at the end, 1 = full"),
)

#: Outcomes that accumulate day by day: the longer a truce lasts, the larger they are.
TOTALS = tuple(
    name
    for name, column in OUTCOME_COLUMNS.items()
    if column.unit in ("count", "bands", "deaths") and not name.startswith("under_way")
)

#: One day of one run, at the end of the day; counts are that day's.
SERIES_COLUMNS = columns(
    status=word(TRUCE_STATES, "state of the truce when the day ends"),
    grievance_home=number("weight", "grievance of the home state"),
    grievance_host=number("weight", "grievance of the host state"),
    threshold_home=number("weight", "effective threshold of the home state"),
    threshold_host=number("weight", "effective threshold of the host state"),
    belief=number("probability", "belief of the home state that the host is committed"),
    will=number("share", "the host's will to enforce"),
    strength=number("share", "the group's strength, 1 = full"),
    excitement=number("attacks", "what self-excitation remembers of attacks"),
    spoiler_motive=number("", "nearness of a round of talks, 1 during one"),
    fatigue=number("share", "mean fatigue of the mediators"),
    in_round=flag("whether a round of talks was on"),
    bands=long_count("bands", "bands under way when the day ends"),
    attempts=count("bands", "bands launched that day"),
    foiled_by_host=count("bands", "bands intercepted on the host side that day"),
    foiled_at_border=count("bands", "bands intercepted in the border cell that day"),
    foiled_inside=count("bands", "bands intercepted behind the border cell that day"),
    crossings=count("bands", "bands that entered the border cell that day"),
    attacks=count("count", "attacks by bands that day"),
    violations=count("count", "incidents attributed to the host's soil that day"),
    deaths=long_count("deaths", "deaths in attacks by bands that day"),
    strikes_by_home=count("count", "strikes executed by the home state that day"),
    strikes_by_host=count("count", "strikes executed by the host state that day"),
)

#: One event of a run's log.
EVENT_COLUMNS = columns(
    day=long_count("day", "day of the event"),
    kind=word(EVENTS, "what happened"),
    actor=word(ACTORS, "who acted: home, host, militants, others, or a mediator's name"),
    sector=long_count("", "sector along the line, 0 in the north-east", optional=True),
    depth=long_count("", "cell across the line, 0 deepest on the host side", optional=True),
    band=long_count("", "identity of the band", optional=True),
    deaths=long_count("deaths", "deaths"),
    weight=number("weight", "what it adds to grievance"),
    attributed=flag("whether it is held to come from the host's soil", optional=True),
    cross_border=flag("whether it truly came from across the border", optional=True),
    cause=word(CAUSES, "largest cause of grievance behind a strike or collapse"),
    grievance=number("weight", "grievance behind it"),
    threshold=number("weight", "effective threshold at the time"),
)

OUTCOME = record_of(OUTCOME_COLUMNS)
SERIES = record_of(SERIES_COLUMNS)
EVENT = record_of(EVENT_COLUMNS)

#: Counts that OUTCOME gives in total and SERIES by day.
DAILY_COUNTS = tuple(name for name in SERIES_COLUMNS if name in OUTCOME_COLUMNS)[1:]


@rule
def record_day(p, w, day):
    """Enter the day in the tally, and in the daily series if one is kept."""
    tally = w.tally[TODAY]
    tally.days_in_force += w.truce == IN_FORCE
    tally.days_strained += w.truce == STRAINED
    tally.days_suspended += w.truce == SUSPENDED
    tally.mean_will += w.will
    if w.recorded:
        record_series(p, w, day)


@rule_apart
def record_series(p, w, day):
    """Fill a row of the daily series; counts are today's tally minus this morning's."""
    row, today, morning = w.series[day], w.tally[TODAY], w.tally[MORNING]
    row.status = w.truce
    row.grievance_home = total_grievance(w.states[HOME])
    row.grievance_host = total_grievance(w.states[HOST])
    row.threshold_home = w.states[HOME].threshold
    row.threshold_host = w.states[HOST].threshold
    row.belief = belief(w)
    row.will = w.will
    row.strength = w.strength
    row.excitement = w.excitement
    row.spoiler_motive = w.spoiler_motive
    row.fatigue = mean_fatigue(p, w)
    row.in_round = int(in_round(w, day))
    row.bands = w.band_count
    row.attempts = today.attempts - morning.attempts
    row.foiled_by_host = today.foiled_by_host - morning.foiled_by_host
    row.foiled_at_border = today.foiled_at_border - morning.foiled_at_border
    row.foiled_inside = today.foiled_inside - morning.foiled_inside
    row.crossings = today.crossings - morning.crossings
    row.attacks = today.attacks - morning.attacks
    row.violations = today.violations - morning.violations
    row.deaths = today.deaths - morning.deaths
    row.strikes_by_home = today.strikes_by_home - morning.strikes_by_home
    row.strikes_by_host = today.strikes_by_host - morning.strikes_by_host


@rule_apart
def close_run(w, days, horizon):
    """Complete the outcome after `days` recorded days; a value that is not finite fails the run."""
    tally = w.tally[TODAY]
    if tally.collapsed == 0:
        tally.end_day = horizon
    tally.under_way_at_end = w.band_count
    tally.mean_will /= max(days, 1)
    tally.final_will = w.will
    tally.final_belief = belief(w)
    tally.final_strength = w.strength
    total = tally.mean_will + w.will + belief(w) + w.strength + tally.peak_grievance
    tally.status = w.failure
    if w.failure == 0 and not math.isfinite(total):
        tally.status = NOT_FINITE
