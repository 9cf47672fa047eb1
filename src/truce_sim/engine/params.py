"""What the rules read: every parameter of MODEL.md section 5 as one structured record.

A run has one `PARAMS` record for each *regime*: the first holds from the warm-up on, each
intervention starts another on its `from_day`. Field names are those of the configuration
(`home.threshold` in a YAML file is `params["states"][HOME]["threshold"]` or `params["home"][...]`
here), so that `config.to_params` copies by name. Flags are 0 or 1; days are whole numbers.
"""

from __future__ import annotations

import numpy as np

HOME, HOST = np.arange(2)
STATES = ("home", "host")

MAX_MEDIATORS = 8
MAX_CALENDAR = 64


def record(**fields: object) -> np.dtype[np.void]:
    """A structured type from field names and their types, laid out as C would."""
    return np.dtype([(name, *spec) if isinstance(spec, tuple) else (name, spec)
                     for name, spec in fields.items()], align=True)  # fmt: skip


RUN = record(horizon_days="i8", warmup_days="i8", review_days="i8")

BORDER = record(cell_km="f8", host_depth="i8", home_depth="i8", terrain="f8", ratio_cap="f8")

MILITANTS = record(
    attempts_per_day="f8", excitation="f8", excitation_memory_days="f8",
    spoiler_strength="f8", spoiler_window_days="f8", deterrence="f8",
    risk_aversion="f8", learning_rate="f8", risk_prior="f8",
    pace_cells_per_day="i8", evasion="f8", staging_days="f8", lethal_share="f8",
    band_size="f8", regrowth_per_day="f8",
    deaths_mu="f8", deaths_sigma="f8", depth_mu="f8", depth_sigma="f8",
)  # fmt: skip

#: What both states have; one record each, indexed by HOME and HOST.
STATE = record(
    adaptivity="f8", threshold="f8", grievance_memory_days="f8", decision_noise="f8",
    resolve="f8", lag_days="i8", release="f8", strike_weight="f8",
)  # fmt: skip

HOME_ONLY = record(
    capacity="f8", forward="f8", initial_grievance="f8", backlash="f8",
    strike_loss="f8", strike_recruits="f8", strike_kill="f8", strike_radius="i8",
)  # fmt: skip

HOST_ONLY = record(capacity="f8", will="f8", will_relaxation_per_day="f8")

ATTRIBUTION = record(
    foiled="f8", attack="f8", attack_decay_km="f8", false_positive="f8",
    foiled_weight="f8", deaths_scale="f8", max_weight="f8", friction_weight="f8",
    domestic_per_day="f8", friction_per_day="f8", activity_memory_days="f8",
)  # fmt: skip

BELIEF = record(
    prior="f8", committed_hazard="f8", uncommitted_hazard="f8", perceived_capability="f8",
    persistence="f8", reference_rate="f8", threshold_effect="f8",
)  # fmt: skip

#: One mediator; `active` is 0 for a slot that nobody fills in this regime.
MEDIATOR = record(active="i8", call="f8", skill="f8")

VERIFICATION = record(
    enabled="i8", coverage="f8", sensitivity="f8", specificity="f8", lag_days="i8", doubt="f8"
)

#: `calendar` holds the first days of the scheduled rounds, -1 in unused slots.
MEDIATION = record(
    lead_days="f8", round_days="i8", relief="f8", pressure="f8", fatigue="f8",
    threshold_effect="f8", save="f8", announced="i8",
    calendar=("i8", (MAX_CALENDAR,)), verification=VERIFICATION,
)  # fmt: skip

TRUCE = record(
    collapse_strikes="f8", window_days="i8", suspension_days="i8", suspended_friction="f8"
)

#: What differs between runs; `gamma_law` is 1 for gamma factors, 0 for lognormal ones.
FRAILTY = record(attempts_cv="f8", threshold_cv="f8", will_concentration="f8", gamma_law="i8")

PARAMS = record(
    from_day="i8", run=RUN, border=BORDER, militants=MILITANTS,
    states=(STATE, (2,)), home=HOME_ONLY, host=HOST_ONLY,
    attribution=ATTRIBUTION, belief=BELIEF, mediation=MEDIATION,
    mediators=(MEDIATOR, (MAX_MEDIATORS,)), truce=TRUCE, frailty=FRAILTY,
)  # fmt: skip

#: The border as the rules see it, one record a sector: site prior w (sums to 1), ruggedness g in
#: [0, 1], number of crossings.
SECTOR = record(weight="f8", ruggedness="f8", crossings="i8")
