"""Step 9: the states decide to strike, and strike. The same code serves both."""

from __future__ import annotations

from truce_sim.engine.codes import (
    BAND_DESTROYED,
    DESTROYED,
    INITIAL,
    MOVING,
    NEVER,
    STRIKE,
    STRIKE_CHOSEN,
    STRIKE_EXECUTED,
    TODAY,
    WAITING,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import STRIKE_CHOICE, STRIKE_KILL, STRIKE_RESOLVE, happens, logistic
from truce_sim.engine.grievance import note_peak, scale_grievance
from truce_sim.engine.movement import weaken
from truce_sim.engine.params import HOME
from truce_sim.engine.state import clip, total_grievance
from truce_sim.engine.stretch import end_of, stretch_of
from truce_sim.engine.world import new_event


@rule
def decide_strike(p, w, key, day, who):
    """A state decides on a day that added to its grievance, by at least `trigger`, if that is now
    at least `decision_floor` of its threshold, and not within `lag_days` after its last decision or
    while one of its strikes is pending.

    It chooses to strike with probability logistic((G-θ_eff)/s), which releases part of G, and
    carries it out with probability `resolve`, `lag_days` later.
    """
    state, mine = w.states[who], p.states[who]
    if not state.added > 0.0 or state.added < mine.trigger:
        return
    grievance = total_grievance(state)
    if not grievance >= mine.decision_floor * state.threshold:
        return
    if day <= state.last_decision + mine.lag_days or state.strike_due >= day:
        return
    state.last_decision = day
    chance = strike_probability(grievance - state.threshold, mine.decision_noise)
    if not happens(chance, key, STRIKE_CHOICE, who, day):
        return
    state.strike_cause = main_cause(state)
    note_choice(w, day, who, grievance)
    scale_grievance(w, who, 1.0 - mine.release)
    if happens(mine.resolve, key, STRIKE_RESOLVE, who, day):
        state.strike_due = day + mine.lag_days


@rule
def strike_probability(excess, noise):
    """logistic(excess / s); a step at 0 without noise."""
    if noise == 0.0:
        return 1.0 if excess >= 0.0 else 0.0
    return logistic(excess / noise)


@rule
def main_cause(state):
    """Largest component of grievance other than strikes, the first in case of ties; `strike` if all
    are 0."""
    best = int(STRIKE)
    for cause in range(INITIAL, STRIKE):
        if state.grievance[cause] > (0.0 if best == STRIKE else state.grievance[best]):
            best = cause
    return best


@rule
def note_choice(w, day, who, grievance):
    """Log the choice to strike, with the grievance, threshold and cause behind it."""
    state = w.states[who]
    event = w.events[new_event(w, day, STRIKE_CHOSEN, who, -1, -1)]
    event.cause = state.strike_cause
    event.grievance = grievance
    event.threshold = state.threshold


@rule
def execute_strike(p, w, key, day, who):
    """Execute a strike due today: it adds to the other's grievance (counted as added tomorrow) and
    to the window; one by the home state also hits the group and the host's will."""
    state, other = w.states[who], w.states[1 - who]
    if state.strike_due != day:
        return
    state.strike_due = NEVER
    weight = p.states[who].strike_weight
    other.grievance[STRIKE] += weight
    other.added_overnight += weight
    note_peak(w)
    struck = w.strikes[w.strike_count]
    struck.day = day
    struck.state = who
    struck.cause = state.strike_cause
    w.strike_count += 1
    count_strike(w, day, who, weight)
    if who == HOME:
        hit_group(p, w, key, day)


@rule
def count_strike(w, day, who, weight):
    """Count and log the strike."""
    tally = w.tally[TODAY]
    if who == HOME:
        tally.strikes_by_home += 1
    else:
        tally.strikes_by_host += 1
    if tally.first_strike_day < 0:
        tally.first_strike_day = day
    event = w.events[new_event(w, day, STRIKE_EXECUTED, who, -1, -1)]
    event.weight = weight
    event.cause = w.states[who].strike_cause


@rule_apart
def hit_group(p, w, key, day):
    """A home strike hits bands on the host side around the most active stretch, the host's will and
    the group's strength."""
    home = p.home
    target = stretch_of(w, most_active(w))
    for i in range(w.band_count):
        band = w.bands[i]
        alive = band.status == MOVING or band.status == WAITING
        near = abs(stretch_of(w, band.sector) - target) <= home.strike_radius
        if alive and near and band.depth < p.border.host_depth:
            if happens(home.strike_kill, key, STRIKE_KILL, band.entity, day):
                destroy(p, w, day, i)
    w.will = clip(w.will - home.backlash)
    w.strength = w.strength * (1.0 - home.strike_loss) + home.strike_recruits


@rule
def most_active(w):
    """First sector of the stretch of most public activity; ties: the lowest."""
    best, most, step = 0, -1.0, w.regime.stretch
    for s in range(0, w.sector_count, step):
        activity = w.sectors.activity[s]
        for i in range(s + 1, end_of(w, s)):
            activity += w.sectors.activity[i]
        if activity > most:
            best, most = s, activity
    return best


@rule
def destroy(p, w, day, i):
    """Band i is destroyed by a strike."""
    band = w.bands[i]
    band.status = DESTROYED
    w.leaving = 1
    w.tally[TODAY].destroyed += 1
    weaken(p, w)
    event = w.events[new_event(w, day, BAND_DESTROYED, HOME, band.sector, band.depth)]
    event.band = band.entity
