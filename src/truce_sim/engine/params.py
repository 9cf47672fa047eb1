"""What the rules know of the record they read; the record itself is made from the schema.

A run has one record `p` for each *regime*: the first holds from the warm-up on, each intervention
starts another on its `from_day`. A setting keeps its name from the configuration: what both states
have is in `p.states[HOME]` and `p.states[HOST]` (`home.threshold` is `p.states[HOME].threshold`),
all else where its path says (`p.home.forward`, `p.mediation.verification.lag_days`). Flags are 0 or
1, options are numbered, days are whole numbers.
"""

from __future__ import annotations

import numpy as np

HOME, HOST = np.arange(2)
STATES = ("home", "host")

#: Slots for mediators (`p.mediators[m]`, `active` where one fills it) and for scheduled rounds
#: (`p.mediation.calendar`, -1 where there is none).
MAX_MEDIATORS = 8
MAX_CALENDAR = 64

#: Ends of cells on the home side: one more than the most cells.
MAX_CELLS = 101

#: Stretches of the line where a state's effort differs from the rest (`p.places`).
MAX_PLACES = 8


def record(**fields: object) -> np.dtype[np.void]:
    """A structured type from field names and their types, laid out as C would."""
    return np.dtype([(name, *spec) if isinstance(spec, tuple) else (name, spec)
                     for name, spec in fields.items()], align=True)  # fmt: skip


#: A stretch of the line from `first` to `end`, in sectors and fractions of them, where a state's
#: capacity differs; unused if it has no length.
PLACE = record(state="i8", first="f8", end="f8", capacity="f8")

#: The border as the rules see it, one record a sector: site prior w (sums to 1), ruggedness g in
#: [0, 1], number of crossings.
SECTOR = record(weight="f8", ruggedness="f8", crossings="i8")
