"""Step 8, first half: grievance of both states by cause, and the home state's belief."""

from __future__ import annotations

from truce_sim.engine.arithmetic import exp, log
from truce_sim.engine.codes import (
    ATTACK,
    BAND_ATTACK,
    DOMESTIC_ATTACK,
    FOILED,
    FRICTION,
    FRICTION_CLASH,
    MISATTRIBUTED,
    TODAY,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.state import total_grievance


@rule
def fade(p, w):
    """Grievance fades by φ(τ_G), belief returns towards its prior by ζ, and so does what
    verification may still clear. This comes before verification, so what that clears has faded like
    the rest."""
    b = p.belief
    for who in (HOME, HOST):
        state = w.states[who]
        scale_grievance(w, who, w.regime.grievance_kept[who])
        state.added = state.added_overnight
        state.added_overnight = 0.0
    for i in range(w.case_count):
        w.cases[i].count *= b.persistence
    prior = w.regime.prior_logit
    w.belief_logit = prior + b.persistence * (w.belief_logit - prior)
    w.belief_logit += w.regime.drift


@rule
def prepare_grievance(p, w):
    """φ(τ_G) of each state, and the constants of the home state's belief."""
    regime, b = w.regime, p.belief
    for who in (HOME, HOST):
        regime.grievance_kept[who] = exp(-1.0 / p.states[who].grievance_memory_days)
    regime.prior_logit = log(b.prior / (1.0 - b.prior))
    expected = b.perceived_capability * (b.committed_hazard - b.uncommitted_hazard)
    regime.drift = b.reference_rate * expected
    regime.evidence = violation_evidence(p)


@rule_apart
def scale_grievance(w, who, factor):
    """Multiply all of a state's grievance, and what verification may still clear, by a factor."""
    grievance = w.states[who].grievance
    for cause in range(grievance.size):
        grievance[cause] *= factor
    if who == HOME:
        for i in range(w.case_count):
            w.cases[i].weight *= factor


@rule
def add_incidents(p, w):
    """Add today's weights, except what was cleared today, and update belief with today's
    violations."""
    for i in range(w.incident_count):
        incident = w.incidents[i]
        if incident.kind == FRICTION_CLASH:
            add_weight(w, HOME, FRICTION, incident.weight)
            add_weight(w, HOST, FRICTION, incident.weight)
        elif incident.attributed == 1 and incident.cleared == 0:
            add_weight(w, HOME, cause_of(incident), incident.weight)
            w.belief_logit += w.regime.evidence
    note_peak(w)


@rule
def note_peak(w):
    """Record the home state's peak grievance; called where it can peak: after incidents and
    strikes."""
    tally = w.tally[TODAY]
    tally.peak_grievance = max(tally.peak_grievance, total_grievance(w.states[HOME]))


@rule
def add_weight(w, who, cause, weight):
    """Add weight to a state's grievance; it counts as added today."""
    state = w.states[who]
    state.grievance[cause] += weight
    state.added += weight


@rule
def cause_of(incident):
    """The cause under which an incident counts."""
    if incident.kind == BAND_ATTACK:
        return ATTACK
    return MISATTRIBUTED if incident.kind == DOMESTIC_ATTACK else FOILED


@rule
def violation_evidence(p):
    """ln((1-κ e_C)/(1-κ e_U)): what one violation adds to logit b. The more capable the host is
    believed to be, the more a violation says (in the spirit of Kydd and Walter 2002)."""
    b = p.belief
    committed = 1.0 - b.perceived_capability * b.committed_hazard
    return log(committed / (1.0 - b.perceived_capability * b.uncommitted_hazard))
