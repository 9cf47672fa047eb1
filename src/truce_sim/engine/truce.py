"""Step 10: the state of the truce."""

from __future__ import annotations

from truce_sim.engine.codes import (
    BY_OTHERS,
    COLLAPSE,
    COLLAPSED,
    IN_FORCE,
    STRAINED,
    SUSPENDED,
    SUSPENSION,
    TODAY,
    TRUCE_EASED,
    TRUCE_STRAINED,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.mediation import renew, save_truce
from truce_sim.engine.params import HOME
from truce_sim.engine.state import total_grievance
from truce_sim.engine.world import new_event


@rule
def update_truce(p, w, key, day):
    """Strikes suspend the truce; enough of them within the window end it unless it is saved. A
    suspension ends with its timer. Rising grievance strains a truce; falling grievance eases it."""
    if struck_today(w, day):
        suspend(p, w, day)
        first = first_in_window(p, w, day)
        if w.strike_count - first >= p.truce.collapse_strikes and not save_truce(p, w, key, day):
            collapse(w, day, w.strikes[first])
    elif w.truce == SUSPENDED:
        if day >= w.suspended_until:
            renew(w, day, BY_OTHERS)
    else:
        update_strain(p, w, day)


@rule
def struck_today(w, day):
    """Whether a strike was executed today."""
    last = w.strike_count - 1
    return last >= 0 and w.strikes[last].day == day


@rule
def suspend(p, w, day):
    """Any strike suspends the truce, or starts the timer of its suspension again."""
    tally = w.tally[TODAY]
    w.suspended_until = day + p.truce.suspension_days
    if w.truce == SUSPENDED:
        return
    w.truce = SUSPENDED
    if tally.first_suspension_day < 0:
        tally.first_suspension_day = day
    new_event(w, day, SUSPENSION, BY_OTHERS, -1, -1)


@rule
def first_in_window(p, w, day):
    """Index of the first strike by either state in the last `window` days, since the last save."""
    for i in range(w.saved_strikes, w.strike_count):
        if w.strikes[i].day > day - p.truce.window_days:
            return i
    return w.strike_count


@rule_apart
def collapse(w, day, first):
    """The truce ends. Its cause is that of the first strike in the window."""
    tally = w.tally[TODAY]
    w.truce = COLLAPSED
    tally.collapsed = 1
    tally.end_day = day
    tally.cause = first.cause
    event = w.events[new_event(w, day, COLLAPSE, first.state, -1, -1)]
    event.cause = first.cause


@rule
def update_strain(p, w, day):
    """IN_FORCE to STRAINED at G_home >= `strained_at` of θ_eff, back below `eased_below` of it."""
    home = w.states[HOME]
    grievance = total_grievance(home)
    if w.truce == IN_FORCE and grievance >= p.truce.strained_at * home.threshold:
        w.truce = STRAINED
        kind = TRUCE_STRAINED
    elif w.truce == STRAINED and grievance < p.truce.eased_below * home.threshold:
        w.truce = IN_FORCE
        kind = TRUCE_EASED
    else:
        return
    event = w.events[new_event(w, day, kind, HOME, -1, -1)]
    event.grievance = grievance
    event.threshold = home.threshold
