"""Sums and means that the rules read off the world. Nothing here changes it."""

from __future__ import annotations

from truce_sim.engine.arithmetic import exp
from truce_sim.engine.compile import rule


@rule
def total_grievance(state):
    """G of one state: the sum over causes."""
    total = 0.0
    for part in state.grievance:
        total += part
    return total


@rule
def belief(w):
    """b, the home state's belief that the host is committed, in [0, 1]."""
    x = w.belief_logit
    return 1.0 / (1.0 + exp(-x)) if x >= 0.0 else 1.0 - 1.0 / (1.0 + exp(x))


@rule
def in_round(w, day):
    """Whether a round of talks is on today."""
    for talks in w.rounds:
        if talks.start <= day <= talks.end:
            return True
    return False


@rule
def mean_fatigue(p, w):
    """f̄, the mean over mediators; 0 without any."""
    total, count = 0.0, w.regime.mediators
    for m in range(w.regime.slots):
        if p.mediators[m].active:
            total += w.fatigue[m]
    return total / count if count > 0 else 0.0


@rule
def quietness(p, w, day):
    """1-φ(τ_Q)^n after n days without a strike by either state (or since the truce began)."""
    last = w.strike_count - 1
    since = w.strikes[last].day if last >= 0 else 0
    return 1.0 - exp(-(day - since) / p.host.peace_days)


@rule
def clip(x):
    """x limited to [0, 1]."""
    return min(max(x, 0.0), 1.0)
