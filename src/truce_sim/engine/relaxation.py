"""Step 12: will and strength return towards their means, and the day is recorded."""

from __future__ import annotations

from truce_sim.engine.compile import rule
from truce_sim.engine.state import clip


@rule
def relax(p, w):
    """ω += ρ(ω̄-ω); N += regrowth (1-N)."""
    w.will = clip(w.will + p.host.will_relaxation_per_day * (p.host.will - w.will))
    w.strength += p.militants.regrowth_per_day * (1.0 - w.strength)
