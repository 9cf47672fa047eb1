"""Random configurations from the whole space that the schema allows, within reason."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.spec import Settings, spec
from truce_sim.engine.run import RunSpec

#: Lower and upper end of each setting that varies; whole numbers give whole numbers.
RANGES: dict[str, tuple[float, float]] = {
    "run.warmup_days": (0, 80), "run.review_days": (1, 20),
    "border.cell_km": (2.0, 20.0), "border.host_depth": (1, 9), "border.home_depth": (2, 20),
    "border.terrain": (0.0, 1.0), "border.ratio_cap": (1.0, 10.0),
    "militants.attempts_per_day": (0.0, 3.0), "militants.excitation": (0.0, 0.95),
    "militants.excitation_memory_days": (1.0, 40.0), "militants.spoiler_strength": (0.0, 3.0),
    "militants.spoiler_window_days": (0.5, 10.0), "militants.deterrence": (0.0, 2.0),
    "militants.risk_aversion": (0.0, 8.0), "militants.learning_rate": (0.0, 1.0),
    "militants.risk_prior": (0.0, 1.0), "militants.pace_cells_per_day": (1, 6),
    "militants.evasion": (0.0, 1.0), "militants.staging_days": (1.0, 15.0),
    "militants.lethal_share": (0.0, 1.0), "militants.band_size": (0.0, 0.02),
    "militants.regrowth_per_day": (0.0, 0.1), "militants.tempo_cv": (0.0, 1.5),
    "militants.signal_share": (0.0, 1.0), "host.enforcement_cost": (0.0, 0.2),
    "host.moral_hazard": (0.0, 1.0), "host.peace_payoff": (0.0, 1.0), "home.trigger": (0.0, 1.0),
    "host.capacity": (0.0, 3.0), "host.will": (0.0, 1.0),
    "host.will_relaxation_per_day": (0.0, 0.3), "host.adaptivity": (0.0, 1.0),
    "host.threshold": (0.1, 4.0), "host.grievance_memory_days": (1.0, 60.0),
    "host.decision_noise": (0.0, 2.0), "host.resolve": (0.0, 1.0), "host.lag_days": (0, 6),
    "host.release": (0.0, 1.0), "host.strike_weight": (0.0, 4.0),
    "home.capacity": (0.0, 3.0), "home.forward": (0.0, 1.0), "home.adaptivity": (0.0, 1.0),
    "home.threshold": (0.1, 8.0), "home.initial_grievance": (0.0, 1.5),
    "home.grievance_memory_days": (1.0, 60.0), "home.decision_noise": (0.0, 2.0),
    "home.resolve": (0.0, 1.0), "home.lag_days": (0, 6), "home.release": (0.0, 1.0),
    "home.strike_weight": (0.0, 4.0), "home.backlash": (-0.3, 0.3),
    "home.strike_loss": (0.0, 0.3), "home.strike_recruits": (0.0, 0.3),
    "home.strike_kill": (0.0, 1.0), "home.strike_radius": (0, 3),
    "attribution.foiled": (0.0, 1.0), "attribution.attack": (0.0, 1.0),
    "attribution.attack_decay_km": (5.0, 200.0), "attribution.false_positive": (0.0, 1.0),
    "attribution.friction_per_day": (0.0, 0.5), "attribution.domestic_per_day": (0.0, 2.0),
    "attribution.activity_memory_days": (1.0, 60.0),
    "belief.prior": (0.05, 0.95), "belief.perceived_capability": (0.0, 1.0),
    "belief.persistence": (0.0, 1.0), "belief.threshold_effect": (0.0, 3.0),
    "mediation.lead_days": (0.0, 14.0), "mediation.round_days": (1, 6),
    "mediation.relief": (0.0, 1.0), "mediation.pressure": (0.0, 0.3),
    "mediation.fatigue": (0.0, 0.5), "mediation.threshold_effect": (0.0, 2.0),
    "mediation.save": (0.0, 1.0),
    "mediation.verification.coverage": (0.0, 1.0), "mediation.verification.lag_days": (0, 12),
    "mediation.verification.sensitivity": (0.0, 1.0), "mediation.verification.doubt": (0.0, 1.0),
    "mediation.verification.specificity": (0.0, 1.0),
    "truce.window_days": (1, 40), "truce.suspension_days": (1, 30),
    "truce.suspended_friction": (0.0, 5.0),
    "frailty.attempts_cv": (0.0, 1.0), "frailty.threshold_cv": (0.0, 1.0),
    "frailty.will_concentration": (1.0, 20.0),
}  # fmt: skip


def random_settings(rng: np.random.Generator, horizon: int = 120) -> dict[str, Any]:
    """Settings in all of RANGES, at an end of one in four, with mediators, talks and the rest."""
    drawn: dict[str, Any] = {"run.horizon_days": horizon}
    for path, (low, high) in RANGES.items():
        value = low + (high - low) * rng.choice([0.0, 1.0, rng.random()], p=[0.125, 0.125, 0.75])
        drawn[path] = round(value) if isinstance(low, int) else float(value)
    drawn["militants.staging_days"] *= float(rng.random() < 0.8)
    drawn["mediation.verification.enabled"] = bool(rng.random() < 0.5)
    drawn["mediation.announced"] = bool(rng.random() < 0.8)
    drawn["truce.collapse_strikes"] = float(rng.choice([1, 2, 3, 6, math.inf]))
    drawn["frailty.law"] = str(rng.choice(["lognormal", "gamma"]))
    drawn["mediation.mediators"] = {
        f"m{i}": {"call": float(rng.random()), "skill": float(rng.random())}
        for i in range(rng.integers(0, 4))
    }
    drawn["mediation.calendar"] = [int(x) for x in range(6, horizon, 10) if rng.random() < 0.3]
    return drawn


def random_spec(seed: int, horizon: int = 120, change: Settings | None = None) -> RunSpec:
    """A run of random settings on a random border of 4 to 30 sectors, with up to 2 interventions.

    An intervention takes some settings from another random draw, those that may change.
    """
    rng = np.random.default_rng(seed)
    settings, other = random_settings(rng, horizon), random_settings(rng, horizon)
    interventions = []
    for day in rng.integers(0, horizon, rng.integers(0, 3)):
        names = [str(name) for name in rng.choice(list(RANGES), 6, replace=False)]
        changed = {name: other[name] for name in names if may_change(name)}
        interventions.append((int(day), changed))
    return spec(
        {**settings, **(change or {})}, on=random_border(rng), seed=seed,
        interventions=interventions,
    )  # fmt: skip


def may_change(name: str) -> bool:
    """Whether an intervention may set it, whatever else is set."""
    fixed = ("home.initial_grievance", "militants.risk_prior", "mediation.round_days")
    return not name.startswith(("run.", "border.", "frailty.")) and name not in fixed


def random_border(rng: np.random.Generator) -> NDArray[np.void]:
    """4 to 30 sectors of uneven weight and ruggedness, with or without crossings."""
    from theory.spec import border

    made = border(rng.dirichlet(np.ones(rng.integers(4, 31))) + 0.002)
    made["ruggedness"] = rng.random(made.size)
    made["crossings"] = rng.integers(0, 3, made.size) * rng.integers(0, 2)
    return made
