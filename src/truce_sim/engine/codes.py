"""The words of the model as whole numbers: states of the truce, causes, kinds of events, statuses.

Results show the words of each tuple; the names below it are their codes in the records. Codes are
numpy integers: for a Python integer numba compiles every rule anew for each value.
"""

from __future__ import annotations

import numpy as np

#: Truce states.
TRUCE_STATES = ("in_force", "strained", "suspended", "collapsed")
IN_FORCE, STRAINED, SUSPENDED, COLLAPSED = np.arange(4)

#: Causes of grievance; the cause of a collapse is one of them (`strike`: nothing but strikes).
CAUSES = ("initial", "foiled", "attack", "misattributed", "friction", "strike")
INITIAL, FOILED, ATTACK, MISATTRIBUTED, FRICTION, STRIKE = np.arange(6)

#: What a band is doing. Finished bands (stopped, spent, destroyed) leave at the end of the day.
BAND_STATUSES = ("moving", "waiting", "stopped", "spent", "destroyed")
MOVING, WAITING, STOPPED, SPENT, DESTROYED = np.arange(5)

#: Kinds of events in the log. Kinds up to FRICTION_CLASH are incidents.
EVENTS = (
    "foiled_by_host", "foiled_at_border", "foiled_inside", "attack",
    "domestic_attack", "misattribution", "friction",
    "launch", "crossing", "verification", "strike_chosen", "strike", "band_destroyed",
    "round_called", "round_succeeded", "round_failed", "strained", "eased",
    "suspension", "saved", "renewal", "collapse",
)  # fmt: skip
(
    FOILED_BY_HOST, FOILED_AT_BORDER, FOILED_INSIDE, BAND_ATTACK,
    DOMESTIC_ATTACK, MISATTRIBUTION, FRICTION_CLASH,
    LAUNCH, CROSSING, VERIFICATION, STRIKE_CHOSEN, STRIKE_EXECUTED, BAND_DESTROYED,
    ROUND_CALLED, ROUND_SUCCEEDED, ROUND_FAILED, TRUCE_STRAINED, TRUCE_EASED,
    SUSPENSION, SAVED, RENEWAL, COLLAPSE,
) = np.arange(22)  # fmt: skip

#: Who acted: a state, the militant group, others (domestic attackers, posts), or mediator i + 4.
ACTORS = ("home", "host", "militants", "others")
BY_MILITANTS, BY_OTHERS, BY_MEDIATOR = np.arange(2, 5)

#: How a run ended.
STATUSES = ("done", "overflow", "too_many_attempts", "not_finite")
DONE, OVERFLOW, TOO_MANY, NOT_FINITE = np.arange(4)

#: Rounds of talks: called by a mediator, or scheduled in the calendar.
CALLED, SCHEDULED = np.arange(2)

#: Room in a world. A run that needs more fails, with status `overflow`.
MAX_SECTORS, MAX_DAYS, MAX_BANDS, MAX_EVENTS = 500, 3650, 1 << 14, 1 << 20

#: Arrays of sectors have room for whole blocks, since loops over whole blocks are fastest.
BLOCK = 32

#: The tally now, as it was this morning, and an empty one.
TODAY, MORNING, BLANK = np.arange(3)

#: Days before, and after, any day of a run.
NEVER, FAR = -(1 << 40), 1 << 40
