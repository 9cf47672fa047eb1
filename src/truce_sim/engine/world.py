"""What the rules change: the state of one run as one record.

`WORLD` is one record that a worker allocates once and every run reuses: what exists once (states,
group, truce, mediation), `tally[TODAY]`, the outcome so far, the sectors, and an array each for
bands, incidents of the day, pending cases and strikes. `events` and `series` are filled on request.
`regime` holds what follows from the parameters alone (`regime.prepare`); `daily` and `draws` hold
draws made ahead of need (`ahead.py`).
"""

from __future__ import annotations

import math

import numpy as np

from truce_sim.engine.ahead import BAND_DRAWS, DAILY_DRAWS
from truce_sim.engine.arithmetic import log
from truce_sim.engine.codes import (
    BLANK,
    BLOCK,
    CAUSES,
    DONE,
    IN_FORCE,
    INITIAL,
    MAX_BANDS,
    MAX_DAYS,
    MAX_EVENTS,
    MAX_SECTORS,
    MORNING,
    NEVER,
    OVERFLOW,
    TODAY,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.params import HOME, MAX_CELLS, MAX_MEDIATORS, record
from truce_sim.engine.record import EVENT, OUTCOME, SERIES
from truce_sim.engine.steps import TABLES

STATE_NOW = record(
    grievance=("f8", (len(CAUSES),)), threshold="f8", added="f8", added_overnight="f8",
    last_decision="i8", strike_due="i8", strike_cause="i8",
)  # fmt: skip

ROUND_NOW = record(start="i8", end="i8", leader="i8")

#: Whole blocks and a bit more: arrays whose lengths are powers of two evict each other from the
#: processor's cache.
_ROOM = -(-MAX_SECTORS // BLOCK) * BLOCK + 8
_EACH = ("f8", (_ROOM,))

#: An array for each property of the sectors: loops read these faster than an array of records.
#: `ratio` is the posture of each state, `capacity` what a regime gives each there and `behind_line`
#: what that leaves in a cell behind the line. Derived values are updated where their sources
#: change: `passable` from ruggedness, `part` of the weight of its stretch, `appeal` to the group
#: from learned risk, the running sums of weights, of crossings and of appeal (`near_appeal`: equal
#: up to rounding, and infinite beyond the last sector). `hazard` is effort up to rounding: on the
#: host side for a will of 1, in the border cell, behind it (`posture.py`). `attacks` is the fading
#: memory of attacks (`offspring.py`). `count` and `share` are scratch, 0 between uses; `sum_near`
#: is scratch.
SECTORS = record(
    weight=_EACH, ruggedness=_EACH, crossings=_EACH, activity=_EACH, risk=_EACH,
    ratio=("f8", (2, _ROOM)), capacity=("f8", (2, _ROOM)), behind_line=_EACH,
    passable=_EACH, part=_EACH, appeal=_EACH, hazard=("f8", (3, _ROOM)),
    sum_weight=_EACH, sum_crossings=_EACH, sum_appeal=_EACH, near_appeal=_EACH,
    count=_EACH, share=_EACH, attacks=_EACH, sum_near=_EACH,
)  # fmt: skip

#: The fields from `slot` on say where the band's draws are, which were made ahead (`ahead.py`).
#: `target_km` is NaN while nobody needs it (`launch.target_km`).
BAND = record(
    entity="i8", sector="i8", depth="i8", target="i8", target_km="f8", wait="i8", crossed="i8",
    status="i8", slot="i8", drawn_to="i8", sidestep_at="i8", interdiction_at="i8",
)  # fmt: skip

#: `band` is the band's place in its list, -1 without one.
INCIDENT = record(
    kind="i8", entity="i8", sector="i8", depth="i8", deaths="i8",
    weight="f8", attributed="i8", cleared="i8", band="i8",
)  # fmt: skip

#: A verification under way: what is left of the weight and of the count that it may clear.
CASE = record(
    due="i8", entity="i8", false="i8", sector="i8", depth="i8", weight="f8", count="f8",
)  # fmt: skip

STRIKE_NOW = record(day="i8", state="i8", cause="i8")

#: Quantities derived from a regime's parameters, computed once per regime.
REGIME = record(
    excitement_kept="f8", tempo_kept="f8", tempo_spread="f8",
    grievance_kept=("f8", (2,)), activity_step="f8",
    prior_logit="f8", drift="f8", evidence="f8", mean_weight="f8",
    no_friction="f8", friction_suspended="f8", no_friction_suspended="f8",
    attack_chance=("f8", (MAX_CELLS,)),
    mediators="i8", slots="i8", stretch="i8",
)  # fmt: skip

#: The state of one run. Counts say how much of each array is in use; anything beyond is left over
#: from earlier days and runs. `appeal_summed` says for how many sectors the running sums of appeal
#: are valid, `leaving` whether a band is finished. `exposure` is R up to rounding, `deterred` the
#: share of attempts that deterrence leaves at an exposure of `deterred_at` (`launch.py`).
WORLD = record(
    recorded="i8", failure="i8", regime=REGIME, tables=TABLES,
    states=(STATE_NOW, (2,)), will="f8", belief_logit="f8",
    strength="f8", tempo="f8", excitement="f8", attacks_yesterday="i8", spoiler_motive="f8",
    fatigue=("f8", (MAX_MEDIATORS,)), rounds=(ROUND_NOW, (2,)),
    next_start="i8", truce="i8", suspended_until="i8", saved_strikes="i8",
    daily=("f8", (DAILY_DRAWS,)), daily_from="i8",
    appeal_summed="i8", exposure="f8", deterred="f8", deterred_at="f8", leaving="i8",
    slots_used="i8", slots_free="i8",
    sector_count="i8", band_count="i8", incident_count="i8", case_count="i8",
    strike_count="i8", event_count="i8",
    tally=(OUTCOME, (3,)),
    sectors=SECTORS,
    bands=(BAND, (MAX_BANDS,)), incidents=(INCIDENT, (MAX_BANDS,)), cases=(CASE, (MAX_BANDS,)),
    strikes=(STRIKE_NOW, (2 * MAX_DAYS,)),
    draws=("f8", (MAX_BANDS, BAND_DRAWS)), free=("i8", (MAX_BANDS,)),
    series=(SERIES, (MAX_DAYS,)), events=(EVENT, (MAX_EVENTS,)),
)  # fmt: skip


def make_world(*, recorded: bool = False) -> np.void:
    """Room for runs of any configuration, one after another; `recorded`: with series and events.

    Most of its 130 MB is never touched, and so never taken from the machine.
    """
    world = np.zeros(1, WORLD)[0]
    world["recorded"] = recorded
    return world


@rule_apart
def reset(p, w, border):
    """Reset the world before the first day: no bands, no record, learned risk at its prior, will at
    its mean."""
    w.failure = DONE
    w.will = p.host.will
    w.belief_logit = log(p.belief.prior / (1.0 - p.belief.prior))
    w.strength = 1.0
    w.tempo = math.nan
    w.excitement = 0.0
    w.attacks_yesterday = 0
    w.spoiler_motive = 0.0
    w.fatigue[:] = 0.0
    w.truce = IN_FORCE
    w.suspended_until = NEVER
    w.saved_strikes = 0
    w.next_start = NEVER
    w.daily_from = NEVER
    w.leaving = 0
    w.slots_used = w.slots_free = 0
    w.band_count = w.incident_count = w.case_count = w.strike_count = w.event_count = 0
    w.tally[TODAY] = w.tally[BLANK]
    for state in w.states:
        state.grievance[:] = 0.0
        state.threshold = 0.0
        state.added = 0.0
        state.added_overnight = 0.0
        state.last_decision = NEVER
        state.strike_due = NEVER
        state.strike_cause = -1
    for talks in w.rounds:
        talks.start = NEVER
        talks.end = NEVER
        talks.leader = -1
    place_border(p, w, border)


@rule
def place_border(p, w, border):
    """The initial state of the sectors."""
    w.sector_count = border.size
    at, weight, crossings = w.sectors, 0.0, 0.0
    for s in range(border.size):
        at.weight[s] = border[s].weight
        at.ruggedness[s] = border[s].ruggedness
        at.crossings[s] = border[s].crossings
        at.activity[s] = border[s].weight
        at.risk[s] = p.militants.risk_prior
        at.ratio[0, s] = 1.0
        at.ratio[1, s] = 1.0
        at.count[s] = 0.0
        at.share[s] = 0.0
        at.attacks[s] = 0.0
        weight += border[s].weight
        crossings += border[s].crossings
        at.sum_weight[s] = weight
        at.sum_crossings[s] = crossings


@rule
def open_truce(p, w):
    """Day 0 begins: counts start, the home state starts with its initial grievance (step 8)."""
    w.tally[TODAY] = w.tally[BLANK]
    tally = w.tally[TODAY]
    tally.cause = -1
    tally.first_violation_day = -1
    tally.first_strike_day = -1
    tally.first_suspension_day = -1
    tally.under_way_at_start = w.band_count
    tally.drawn_will = p.host.will
    threshold = p.states[HOME].threshold
    if not math.isinf(threshold):
        w.states[HOME].grievance[INITIAL] = p.home.initial_grievance * threshold


@rule
def begin_day(w):
    """A new day: no incidents yet, and the tally as it stands this morning, for the series."""
    if w.recorded:
        w.tally[MORNING] = w.tally[TODAY]
    w.incident_count = 0


@rule_apart
def new_event(w, day, kind, actor, sector, depth):
    """Append an event and return its index; 0, a scratch entry, in the warm-up or unrecorded."""
    if day < 0 or not w.recorded:
        return 0
    if w.event_count + 1 >= MAX_EVENTS:
        w.failure = OVERFLOW
        return 0
    w.event_count += 1
    event = w.events[w.event_count]
    event.day = day
    event.kind = kind
    event.actor = actor
    event.sector = sector
    event.depth = depth
    event.band = -1
    event.deaths = 0
    event.weight = 0.0
    event.attributed = -1
    event.cross_border = -1
    event.cause = -1
    event.grievance = math.nan
    event.threshold = math.nan
    return w.event_count


@rule
def new_incident(w, kind, entity, sector, depth, deaths):
    """Append to the incidents of the day: what attribution, verification and activity look at."""
    if w.incident_count == MAX_BANDS:
        w.failure = OVERFLOW
        return
    incident = w.incidents[w.incident_count]
    incident.kind = kind
    incident.entity = entity
    incident.sector = sector
    incident.depth = depth
    incident.deaths = deaths
    incident.weight = 0.0
    incident.attributed = 0
    incident.cleared = 0
    incident.band = -1
    w.incident_count += 1


@rule
def new_incident_of(w, kind, i, deaths):
    """Append an incident of band i, at the band's cell."""
    band = w.bands[i]
    new_incident(w, kind, band.entity, band.sector, band.depth, deaths)
    w.incidents[w.incident_count - 1].band = i


@rule
def room(w):
    """The number of sectors, rounded up to whole blocks."""
    return (w.sector_count + BLOCK - 1) & -BLOCK
