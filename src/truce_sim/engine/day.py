"""One day of a run: the phases of docs/model.md, section 3, in order.

Warm-up days (before day 0) run the group, its bands, posture and the public record only. Each phase
is a rule that changes the world in place; it takes what it needs of (params, world, key, day).
"""

from __future__ import annotations

from truce_sim.engine.attribution import attribute, update_activity
from truce_sim.engine.codes import COLLAPSED
from truce_sim.engine.compile import rule
from truce_sim.engine.grievance import add_incidents, fade
from truce_sim.engine.incidents import make_attacks, make_other_incidents
from truce_sim.engine.launch import launch_bands
from truce_sim.engine.mediation import follow_calendar, mediate
from truce_sim.engine.movement import learn_and_leave, move_bands
from truce_sim.engine.params import HOME, HOST
from truce_sim.engine.posture import review_posture
from truce_sim.engine.record import record_day
from truce_sim.engine.relaxation import relax
from truce_sim.engine.strikes import decide_strike, execute_strike
from truce_sim.engine.threshold import update_thresholds
from truce_sim.engine.truce import update_truce
from truce_sim.engine.verification import verify
from truce_sim.engine.world import begin_day


@rule
def run_day(p, w, key, day):
    """Change the world by one day under the parameters `p`."""
    begin_day(w)
    if day >= 0:
        follow_calendar(p, w, day)  # 1
    review_posture(p, w, day, HOME)  # 2
    review_posture(p, w, day, HOST)
    launch_bands(p, w, key, day)  # 3
    move_bands(p, w, key, day)  # 4
    make_attacks(p, w)  # 5
    make_other_incidents(p, w, key, day)
    attribute(p, w, key, day)  # 6
    if day >= 0:
        fade(p, w)  # 8, begun early: what verification clears has faded like the rest
    verify(p, w, key, day)  # 7
    update_activity(p, w)
    if day >= 0:
        add_incidents(p, w)  # 8
        update_thresholds(p, w, day)
        decide_strike(p, w, key, day, HOME)  # 9
        decide_strike(p, w, key, day, HOST)
        execute_strike(p, w, key, day, HOME)
        execute_strike(p, w, key, day, HOST)
        update_truce(p, w, key, day)  # 10
        if w.truce != COLLAPSED:
            mediate(p, w, key, day)  # 11
            relax(p, w, day)  # 12
    learn_and_leave(p, w)
    if day >= 0:
        record_day(p, w, day)
