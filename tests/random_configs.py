"""Randomly drawn configurations that cover every group, variant and mechanism."""

from __future__ import annotations

import numpy as np

GROUPS = {
    "truce": ["literal", "practised", "tolerant"],
    "mediation": ["none", "qatar_turkiye", "monitored", "fast_monitored"],
    "host": ["baseline", "unwilling", "unable", "committed"],
    "militants": ["none", "ttp", "surge"],
    "frailty": ["default", "none"],
    "scenario": ["durand", "synthetic"],
}

#: Enough choices of options that any two options of different groups meet.
VARIANTS = 42

RANGES = {
    "militants.attempts_per_day": (0.0, 3.0),
    "militants.excitation": (0.0, 1.2),
    "militants.spoiler_strength": (0.0, 3.0),
    "militants.evasion": (0.0, 1.0),
    "militants.risk_aversion": (0.0, 6.0),
    "militants.lethal_share": (0.0, 1.0),
    "militants.tempo_cv": (0.0, 1.5),
    "militants.signal_share": (0.0, 1.0),
    "host.enforcement_cost": (0.0, 0.2),
    "host.moral_hazard": (0.0, 1.0),
    "host.peace_payoff": (0.0, 1.0),
    "home.trigger": (0.0, 1.0),
    "host.adaptivity": (0.0, 1.0),
    "host.capacity": (0.0, 3.0),
    "host.threshold": (0.5, 4.0),
    "home.capacity": (0.3, 2.0),
    "home.forward": (0.0, 1.0),
    "home.threshold": (1.0, 10.0),
    "home.decision_noise": (0.0, 1.0),
    "home.strike_kill": (0.0, 1.0),
    "home.backlash": (-0.2, 0.2),
    "attribution.false_positive": (0.0, 0.5),
    "attribution.friction_per_day": (0.0, 0.3),
    "belief.persistence": (0.8, 1.0),
    "mediation.save": (0.0, 1.0),
    "mediation.verification.coverage": (0.3, 1.0),
    "mediation.verification.doubt": (0.0, 1.0),
    "truce.suspended_friction": (0.0, 5.0),
}

COUNTS = {
    "run.horizon_days": (20, 400),
    "run.warmup_days": (0, 80),
    "run.review_days": (1, 15),
    "border.sectors": (2, 80),
    "border.host_depth": (1, 8),
    "border.home_depth": (2, 14),
    "militants.pace_cells_per_day": (1, 20),
    "home.lag_days": (0, 4),
    "host.lag_days": (0, 5),
    "truce.collapse_strikes": (1, 6),
    "truce.window_days": (1, 20),
    "truce.suspension_days": (1, 20),
    "mediation.lead_days": (0, 12),
    "mediation.round_days": (1, 6),
    "mediation.verification.lag_days": (0, 8),
}


def _choices(number: int) -> dict[str, str]:
    """An option of each group, the same for every VARIANTS-th number: composing takes longest."""
    rng = np.random.default_rng([20251019, number % VARIANTS])
    return {group: options[rng.integers(len(options))] for group, options in GROUPS.items()}


def random_overrides(number: int) -> dict[str, object]:
    """The `number`-th configuration: a variant of every group, some settings at random values, and
    now and then an intervention."""
    rng = np.random.default_rng([20251019, number])
    chosen: dict[str, object] = {"seed": int(rng.integers(2**63)), "replicate": number}
    chosen |= _choices(number)
    for path in rng.choice(list(RANGES), 8, replace=False):
        low, high = RANGES[path]
        chosen[str(path)] = float(rng.uniform(low, high))
    for path in rng.choice(list(COUNTS), 6, replace=False):
        low, high = COUNTS[path]
        chosen[str(path)] = int(rng.integers(low, high + 1))
    guarded = {"home.capacity", "home.forward", "border.home_depth"} & chosen.keys()
    if guarded or chosen["scenario"] == "synthetic":  # the default might not pass the guard
        chosen["militants.excitation"] = float(rng.uniform(0.0, 0.99))
    if rng.random() < 0.5:
        chosen["mediation.verification.enabled"] = True
    if rng.random() < 0.3:
        change: dict[str, object] = {"day": int(rng.integers(19))}
        if rng.random() < 0.5:
            change["where"] = {"km": [100.0, float(rng.uniform(150.0, 900.0))]}
        chosen["interventions"] = [
            change | {"set": {"host.capacity": float(rng.uniform(0.3, 2.0))}}
        ]
    return chosen
