"""Step 7: a mechanism that looks into attributed attacks, and may clear them."""

from __future__ import annotations

from truce_sim.engine.codes import (
    ATTACK,
    BAND_ATTACK,
    BY_OTHERS,
    DOMESTIC_ATTACK,
    MAX_BANDS,
    MISATTRIBUTED,
    OVERFLOW,
    SUSPENDED,
    TODAY,
    VERIFICATION,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import COVERAGE, DOUBT, VERDICT, happens
from truce_sim.engine.mediation import tire
from truce_sim.engine.params import HOME
from truce_sim.engine.state import clip
from truce_sim.engine.world import new_event


@rule
def verify(p, w, key, day):
    """Reports due today, then today's attributed attacks; nothing while the truce is suspended.

    A report that falls due during a suspension, or after the mechanism was switched off, lapses.
    In the warm-up a report can only clear the incident of the same day from the public record.
    """
    working = p.mediation.verification.enabled == 1 and w.truce != SUSPENDED
    report_due_cases(p, w, key, day, working)
    if working:
        for i in range(w.incident_count):
            take_up(p, w, key, day, i)


@rule
def report_due_cases(p, w, key, day, working):
    """Close the cases due today; the others keep their order."""
    kept = 0
    for i in range(w.case_count):
        case = w.cases[i]
        if case.due > day:
            if kept != i:
                w.cases[kept] = w.cases[i]
            kept += 1
        elif working and report(p, w, key, day, case):
            take_out(p, w, case)
    w.case_count = kept


@rule_apart
def take_up(p, w, key, day, i):
    """Take up an attributed attack with probability `coverage`; without a lag, report at once."""
    v, incident = p.mediation.verification, w.incidents[i]
    false = incident.kind == DOMESTIC_ATTACK
    if incident.attributed == 0 or not (false or incident.kind == BAND_ATTACK):
        return
    if not happens(v.coverage, key, COVERAGE, incident.entity, int(false)):
        return
    if v.lag_days > 0 and day < 0:
        return
    if w.case_count == MAX_BANDS:
        w.failure = OVERFLOW
        return
    case = w.cases[w.case_count]
    case.due = day + v.lag_days
    case.entity = incident.entity
    case.false = int(false)
    case.sector = incident.sector
    case.depth = incident.depth
    case.weight = incident.weight
    case.count = 1.0
    if v.lag_days > 0:
        w.case_count += 1
    else:
        incident.cleared = int(report(p, w, key, day, case))


@rule_apart
def report(p, w, key, day, case):
    """The verdict on a case: True if it is cleared and the home state believes it.

    A false attribution is cleared with probability `specificity`, a true one with 1-sensitivity;
    a wrong clearing is disbelieved with probability `doubt`, which tires the mediators. A confirmed
    case presses the host with `pressure_share` of the pressure of a successful round.
    """
    v = p.mediation.verification
    chance = v.specificity if case.false else 1.0 - v.sensitivity
    cleared = happens(chance, key, VERDICT, case.entity, case.false)
    believed = case.false == 1 or not happens(v.doubt, key, DOUBT, case.entity, case.false)
    if day >= 0:
        note_report(w, day, case, cleared and believed)
        if not cleared:
            w.will = clip(w.will + v.pressure_share * p.mediation.pressure)
        elif not believed:
            tire(p, w, v.fatigue_share * p.mediation.fatigue)
    return cleared and believed


@rule
def note_report(w, day, case, cleared):
    """Log and count the report."""
    if cleared:
        w.tally[TODAY].cleared_violations += 1
    event = w.events[new_event(w, day, VERIFICATION, BY_OTHERS, case.sector, case.depth)]
    event.weight = case.weight
    event.attributed = int(not cleared)
    event.cross_border = 1 - case.false


@rule
def take_out(p, w, case):
    """Take what is left of a cleared case out of grievance and belief."""
    cause = MISATTRIBUTED if case.false else ATTACK
    grievance = w.states[HOME].grievance
    grievance[cause] = max(grievance[cause] - case.weight, 0.0)
    w.belief_logit -= case.count * w.regime.evidence
