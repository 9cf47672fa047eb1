"""Steps 1 and 11: rounds of talks. Mediators reassure, call rounds, lead them, save a truce."""

from __future__ import annotations

import math

from truce_sim.engine.arithmetic import exp
from truce_sim.engine.codes import (
    BY_MEDIATOR,
    CALLED,
    FAR,
    IN_FORCE,
    NEVER,
    RENEWAL,
    ROUND_CALLED,
    ROUND_FAILED,
    ROUND_SUCCEEDED,
    SAVED,
    SCHEDULED,
    SUSPENDED,
    TODAY,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import CALL, ROUND, SAVE, happens
from truce_sim.engine.grievance import scale_grievance
from truce_sim.engine.params import HOME, HOST, MAX_MEDIATORS
from truce_sim.engine.state import (
    belief,
    clip,
    in_round,
    mean_fatigue,
    total_grievance,
)
from truce_sim.engine.world import new_event


@rule
def least_tired(p, w):
    """The least fatigued mediator, the first in case of ties; -1 without any."""
    best = -1
    for m in range(w.regime.slots):
        tired = w.fatigue
        if p.mediators[m].active and (best < 0 or tired[m] < tired[best]):
            best = m
    return best


@rule
def tire(p, w, fatigue):
    """Every mediator's fatigue rises by this much."""
    for m in range(w.regime.slots):
        if p.mediators[m].active:
            w.fatigue[m] = clip(w.fatigue[m] + fatigue)


@rule
def reassurance(p, w, day):
    """(1-f̄) c, with c = 1 during a round and `quiet_reassurance` on other days; 0 without
    mediators."""
    if w.regime.mediators == 0:
        return 0.0
    return (1.0 - mean_fatigue(p, w)) * (1.0 if in_round(w, day) else p.mediation.quiet_reassurance)


@rule
def follow_calendar(p, w, day):
    """Step 1: a scheduled round may open today; the group's spoiler motive S follows from what it
    knows of rounds, 0 where they are not announced."""
    w.next_start = first_start(p, w, day)
    if w.regime.mediators > 0 and w.next_start == day:
        w.rounds[SCHEDULED].start = day
        w.rounds[SCHEDULED].end = day + p.mediation.round_days - 1
    w.spoiler_motive = spoiler_motive(p, w, day) if p.mediation.announced else 0.0


@rule
def first_start(p, w, day):
    """The first day from `day` on when a scheduled round starts, FAR with none ahead. The calendar
    is searched only once the known start has passed."""
    if w.next_start >= day:
        return w.next_start
    first = int(FAR)
    for start in p.mediation.calendar:
        if start >= day:
            first = min(first, start)
    return first


@rule
def spoiler_motive(p, w, day):
    """S = exp(-(τ-t)/w_s) before the next known round, 1 during one, 0 with none ahead."""
    if in_round(w, day):
        return 1.0
    wait = next_round(p, w, day) - day
    return fading_by(wait / p.militants.spoiler_window_days)


@rule
def fading_by(x):
    """exp(-x), taken as 0 for x above 746."""
    return 0.0 if x > 746.0 else exp(-x)


@rule
def next_round(p, w, day):
    """First day of the next round fixed, infinite with none ahead."""
    best = math.inf
    called = w.rounds[CALLED].start
    if called > day:
        best = float(called)
    if w.regime.mediators > 0:
        start = first_start(p, w, day + 1)
        if start < FAR:
            best = min(best, float(start))
    return best


@rule
def prepare_mediation(p, w):
    """Count a regime's mediators and the slots they span; the calendar must be searched again."""
    w.regime.mediators = w.regime.slots = 0
    for m in range(MAX_MEDIATORS):
        if p.mediators[m].active:
            w.regime.mediators += 1
            w.regime.slots = m + 1
    w.next_start = NEVER


@rule
def mediate(p, w, key, day):
    """Step 11: calls, each mediator in turn, if any may call; then endings."""
    if w.regime.mediators > 0 and is_tense(p, w) and not round_pending(p, w, day):
        for m in range(w.regime.slots):
            call_round(p, w, key, day, m)
    end_rounds(p, w, key, day)


@rule
def call_round(p, w, key, day, m):
    """If tension is high enough and no round is pending, mediator m may call one and lead it."""
    if not p.mediators[m].active or not is_tense(p, w) or round_pending(p, w, day):
        return
    if happens(p.mediators[m].call * (1.0 - w.fatigue[m]), key, CALL, m, day):
        fix_round(p, w, day, m)


@rule
def is_tense(p, w):
    """Whether the home state's grievance or a suspension warrants a round."""
    home = w.states[HOME]
    floor = p.mediation.call_floor * home.threshold
    return w.truce == SUSPENDED or total_grievance(home) > floor


@rule
def round_pending(p, w, day):
    """Whether a called round is ahead or under way, or a scheduled one is under way or at most L_R
    days ahead."""
    for talks in w.rounds:
        if talks.end >= day:
            return True
    return first_start(p, w, day) <= day + p.mediation.lead_days


@rule_apart
def fix_round(p, w, day, leader):
    """A round led by this mediator starts round(L_R (1 + lead_fatigue f)) days from now; half days
    are rounded up."""
    delay = 1.0 + p.mediation.lead_fatigue * w.fatigue[leader]
    talks = w.rounds[CALLED]
    talks.leader = leader
    talks.start = day + int(math.floor(p.mediation.lead_days * delay + 0.5))
    talks.end = talks.start + p.mediation.round_days - 1
    w.tally[TODAY].rounds_called += 1
    new_event(w, day, ROUND_CALLED, BY_MEDIATOR + leader, -1, -1)


@rule
def end_rounds(p, w, key, day):
    """Rounds on their last day succeed or fail. A scheduled one, and one whose leader has left, is
    led by the least fatigued."""
    for which in (CALLED, SCHEDULED):
        talks = w.rounds[which]
        if talks.end != day:
            continue
        leader = talks.leader
        if which == SCHEDULED or p.mediators[leader].active == 0:
            leader = least_tired(p, w)
        if leader >= 0:
            conclude_round(p, w, key, day, which, leader)


@rule_apart
def conclude_round(p, w, key, day, which, leader):
    """Success with probability clip(skill (success_base + b)(1 - fatigue_penalty f)): relief,
    pressure and less fatigue, and a suspended truce is renewed; else the leader tires."""
    rested = 1.0 - p.mediation.fatigue_penalty * w.fatigue[leader]
    chance = p.mediators[leader].skill * (p.mediation.success_base + belief(w)) * rested
    if not happens(clip(chance), key, ROUND, which, day):
        w.fatigue[leader] = clip(w.fatigue[leader] + p.mediation.fatigue)
        w.tally[TODAY].rounds_failed += 1
        new_event(w, day, ROUND_FAILED, BY_MEDIATOR + leader, -1, -1)
        return
    for who in (HOME, HOST):
        scale_grievance(w, who, 1.0 - p.mediation.relief)
    w.will = clip(w.will + p.mediation.pressure)
    for m in range(w.regime.slots):
        if p.mediators[m].active:
            w.fatigue[m] *= p.mediation.fatigue_kept
    w.tally[TODAY].rounds_succeeded += 1
    new_event(w, day, ROUND_SUCCEEDED, BY_MEDIATOR + leader, -1, -1)
    if w.truce == SUSPENDED:
        renew(w, day, BY_MEDIATOR + leader)


@rule
def renew(w, day, actor):
    """A suspension ends: the truce is in force again."""
    w.truce = IN_FORCE
    w.tally[TODAY].renewals += 1
    new_event(w, day, RENEWAL, actor, -1, -1)


@rule_apart
def save_truce(p, w, key, day):
    """Whether the mediators save a collapsing truce, with probability p_save (1-f̄): the window is
    cleared, both grievances relieved, a round called at once unless one is pending, all tire."""
    leader = least_tired(p, w)
    chance = p.mediation.save * (1.0 - mean_fatigue(p, w))
    if leader < 0 or not happens(chance, key, SAVE, 0, day):
        return False
    w.saved_strikes = w.strike_count
    for who in (HOME, HOST):
        scale_grievance(w, who, 1.0 - p.mediation.save_relief)
    w.tally[TODAY].saves += 1
    new_event(w, day, SAVED, BY_MEDIATOR + leader, -1, -1)
    if not round_pending(p, w, day):
        fix_round(p, w, day, leader)
    tire(p, w, p.mediation.fatigue)
    return True
