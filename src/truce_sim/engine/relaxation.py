"""Step 12: will and strength return towards their means, and the day is recorded."""

from __future__ import annotations

import math

from truce_sim.engine.compile import rule
from truce_sim.engine.mediation import in_round, mean_fatigue
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.world import (
    IN_FORCE,
    MORNING,
    NOT_FINITE,
    STRAINED,
    SUSPENDED,
    TODAY,
    belief,
    clip,
    total_grievance,
)


@rule
def relax(p, w):
    """ω += ρ(ω̄-ω); N += regrowth (1-N)."""
    w.will = clip(w.will + p.host.will_relaxation_per_day * (p.host.will - w.will))
    w.strength += p.militants.regrowth_per_day * (1.0 - w.strength)


@rule
def record_day(p, w, day):
    """The day enters the tally, and the daily series where one is kept."""
    tally = w.tally[TODAY]
    tally.days_in_force += w.truce == IN_FORCE
    tally.days_strained += w.truce == STRAINED
    tally.days_suspended += w.truce == SUSPENDED
    tally.mean_will += w.will
    if w.recorded:
        record_series(p, w, day)


@rule
def record_series(p, w, day):
    """One row of the daily series; counts are today's tally less this morning's."""
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


@rule
def close_run(w, days, horizon):
    """The outcome after `days` recorded days; a value that is not finite fails the run."""
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
