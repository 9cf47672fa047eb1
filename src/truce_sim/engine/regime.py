"""Quantities derived from a regime's parameters: computed once, not every day.

Each phase has a rule `prepare_…` for what it reads; it puts the results into `w.regime` or into
arrays of the sectors. They run when a run begins, after `world.reset`, and when an intervention
takes effect.
"""

from __future__ import annotations

from truce_sim.engine.attribution import prepare_activity, prepare_attribution
from truce_sim.engine.compile import rule_apart
from truce_sim.engine.grievance import prepare_grievance
from truce_sim.engine.incidents import prepare_incidents
from truce_sim.engine.launch import prepare_launch
from truce_sim.engine.mediation import prepare_mediation
from truce_sim.engine.movement import prepare_movement
from truce_sim.engine.posture import prepare_posture
from truce_sim.engine.stretch import prepare_stretches


@rule_apart
def prepare(p, w):
    """Compute everything that follows from the parameters `p` alone; it holds until others take
    over."""
    prepare_stretches(p, w)
    prepare_posture(p, w)
    prepare_launch(p, w)
    prepare_movement(p, w)
    prepare_incidents(p, w)
    prepare_attribution(p, w)
    prepare_activity(p, w)
    prepare_grievance(p, w)
    prepare_mediation(p, w)
