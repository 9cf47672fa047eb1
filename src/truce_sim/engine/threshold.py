"""Step 8, second half: how much grievance each state bears today."""

from __future__ import annotations

from truce_sim.engine.compile import rule
from truce_sim.engine.mediation import reassurance
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.state import belief

#: Least share of a threshold that distrust leaves; so a threshold stays above 0.
LEAST = 0.05


@rule
def update_thresholds(p, w, day):
    """θ_eff = θ (1+t_b(b-b0)) (1+t_m(1-f̄)c), at least a twentieth of θ; t_b = 0 for the
    host."""
    trust = 1.0 + p.belief.threshold_effect * (belief(w) - p.belief.prior)
    patience = 1.0 + p.mediation.threshold_effect * reassurance(p, w, day)
    for who in (HOME, HOST):
        threshold = p.states[who].threshold
        factor = patience * trust if who == HOME else patience
        w.states[who].threshold = threshold * max(factor, LEAST)
