"""Step 12: will and strength return towards their means."""

from __future__ import annotations

from truce_sim.engine.codes import FOILED_BY_HOST
from truce_sim.engine.compile import rule
from truce_sim.engine.mediation import reassurance
from truce_sim.engine.state import clip, quietness


@rule
def relax(p, w, day):
    """ω -= cost per band that the host stopped today; ω += ρ(ω*-ω); N += regrowth (1-N)."""
    if p.host.enforcement_cost > 0.0:
        tire_of_enforcing(p, w)
    w.will = clip(w.will + p.host.will_relaxation_per_day * (wanted_will(p, w, day) - w.will))
    w.strength += p.militants.regrowth_per_day * (1.0 - w.strength)


@rule
def tire_of_enforcing(p, w):
    """Every band that the host stops costs it will: casualties, friction with allies."""
    for i in range(w.incident_count):
        if w.incidents[i].kind == FOILED_BY_HOST:
            w.will = clip(w.will - p.host.enforcement_cost)


@rule
def wanted_will(p, w, day):
    """ω* = ω̄ (1-m(1-f̄)c) + y Q: less while mediators hold the home state back, more while peace
    pays."""
    will = p.host.will
    if p.host.moral_hazard > 0.0:
        will *= 1.0 - p.host.moral_hazard * reassurance(p, w, day)
    if p.host.peace_payoff > 0.0:
        will += p.host.peace_payoff * quietness(p, w, day)
    return clip(will)
