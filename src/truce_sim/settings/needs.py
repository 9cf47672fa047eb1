"""When a setting has an effect: the conditions that it needs, each stated once.

An *effect* is a change in the outcome of some run or in its event log. `NEEDS` maps a setting to
conditions on other settings, all of which must hold. A setting without an entry always has one, or
has one while its own condition (`Quantity.needs`) holds. A condition is one comparison, or several
joined by ` or `:

    scenario.kind == synthetic           the setting has (`!=` has not) this value
    militants.attempts_per_day > 0       it is above (`<` below) this number; inf is infinity
    mediation.verification.enabled       it is true; a text, list or mapping is not empty
    mediation.mediators.<name>.call > 0  this is so for any of the mediators

A comparison counts only if the setting that it names has an effect itself, so each entry names the
nearest switch alone: sidesteps need learned risks to differ, and learning needs bands. The
conditions are necessary, not sufficient: a setting may meet its own and still change no run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from truce_sim.settings.fields import by_path
from truce_sim.settings.quantities import Quantity

_BANDS = "militants.attempts_per_day > 0"
_BANDS_OR_DOMESTIC = f"{_BANDS} or attribution.domestic_per_day > 0"
_DEATHS = "militants.lethal_share > 0 or attribution.domestic_per_day > 0"
_LEARNING = "militants.learning_rate > 0"
_SEVERAL_SECTORS = "border.sectors > 1"
_ADAPTIVE = "home.adaptivity > 0 or host.adaptivity > 0"
_ACTIVITY_MOVES = "attribution.activity_memory_days < inf"
_SYNTHETIC = "scenario.kind == synthetic"
_HOT_SPOTS = "scenario.concentration > 0"
_ATTRIBUTED = "attribution.attack > 0 or attribution.false_positive > 0"
_HOME_DECIDES = "home.threshold < inf"
_HOME_STRIKES = "home.resolve > 0"
_HOST_GRIEVANCE = "attribution.friction_weight > 0 or home.strike_weight > 0"
_HOST_DECIDES = ("host.threshold < inf", _HOST_GRIEVANCE)
_STRIKES = "home.resolve > 0 or host.resolve > 0"
_SUSPENSIONS = "truce.collapse_strikes > 1 or mediation.save > 0"
_BELIEF_MOVES = "belief.perceived_capability > 0 or interventions"
_MEDIATORS = "mediation.mediators"
_CALLS = "mediation.mediators.<name>.call > 0 or mediation.save > 0"
_ROUNDS = f"mediation.calendar or {_CALLS}"
_VERIFICATION = "mediation.verification.enabled"
_COVERAGE = "mediation.verification.coverage > 0"
_SENSITIVITY = "mediation.verification.sensitivity < 1"

NEEDS: Mapping[str, tuple[str, ...]] = {
    "run.warmup_days": (_BANDS,),
    "run.review_days": (_ADAPTIVE,),
    # ── the border ───────────────────────────────────────────────────────────────────────────
    "border.cell_km": (_BANDS_OR_DOMESTIC,),
    "border.home_depth": (_BANDS_OR_DOMESTIC,),
    "border.terrain": (
        "home.capacity > 0 or host.capacity > 0",
        "scenario.kind != synthetic or scenario.ruggedness > 0",
    ),
    "border.stretch_km": (f"{_LEARNING} or {_ADAPTIVE} or home.strike_kill > 0", _SEVERAL_SECTORS),
    "border.effort_per_km": ("home.capacity > 0 or host.capacity > 0", _SEVERAL_SECTORS),
    "border.ratio_cap": (f"{_ADAPTIVE} or border.effort_per_km > 0",),
    "scenario.path": ("scenario.kind != synthetic",),  # the kind follows the folder
    "scenario.table": ("scenario.kind != synthetic",),  # the kind follows the table
    "scenario.period": (
        "scenario.kind == durand", 'scenario.table == ""', 'scenario.path == ""',
    ),
    "scenario.relief": (
        "scenario.kind == durand", 'scenario.table == ""', 'scenario.path == ""',
        "border.terrain > 0",
    ),
    "scenario.length_km": (_SYNTHETIC, _HOT_SPOTS),
    "scenario.profile": (_SYNTHETIC, _HOT_SPOTS),
    "scenario.hot_spots": (_SYNTHETIC, _HOT_SPOTS),
    "scenario.hot_spot_km": (_SYNTHETIC, _HOT_SPOTS),
    "scenario.concentration": (_SYNTHETIC, "scenario.profile == hot_spots"),
    "scenario.ruggedness": (_SYNTHETIC, "border.terrain > 0"),
    "scenario.crossings": (_SYNTHETIC, "attribution.friction_per_day > 0"),
    # ── the group ────────────────────────────────────────────────────────────────────────────
    "militants.excitation": (_BANDS,),
    "militants.excitation_memory_days": ("militants.excitation > 0",),
    "militants.offspring_km": ("militants.excitation > 0", _SEVERAL_SECTORS),
    "militants.tempo_cv": (_BANDS,),
    "militants.tempo_days": ("militants.tempo_cv > 0",),
    "militants.spoiler_strength": (_BANDS, "mediation.announced", _MEDIATORS, _ROUNDS),
    "militants.spoiler_window_days": ("militants.spoiler_strength > 0",),
    "militants.deterrence": (_LEARNING,),
    "militants.risk_aversion": (_LEARNING, _SEVERAL_SECTORS),
    "militants.learning_rate": (
        _BANDS,
        "militants.deterrence > 0 or militants.risk_aversion > 0 or militants.evasion > 0",
    ),
    "militants.risk_prior": (_LEARNING,),
    "militants.pace_cells_per_day": (_BANDS,),
    "militants.evasion": (_LEARNING, _SEVERAL_SECTORS),
    "militants.staging_days": (_BANDS,),
    "militants.signal_share": (_BANDS, "militants.staging_days > 1"),
    "militants.lethal_share": (_BANDS,),
    "militants.band_size": (_BANDS,),
    "militants.regrowth_per_day": (
        "militants.band_size > 0 or home.strike_loss > 0 or home.strike_recruits > 0",
    ),
    "militants.deaths_mu": (_DEATHS,),
    "militants.deaths_sigma": (_DEATHS,),
    "militants.depth_mu": (_BANDS_OR_DOMESTIC,),
    "militants.depth_sigma": (_BANDS_OR_DOMESTIC,),
    # ── the states ───────────────────────────────────────────────────────────────────────────
    "host.capacity": (
        _BANDS,
        "host.will > 0 or mediation.pressure > 0 or home.backlash < 0 or host.peace_payoff > 0",
    ),
    "host.will_relaxation_per_day": (
        "mediation.pressure > 0 or home.backlash != 0 or host.enforcement_cost > 0"
        " or host.moral_hazard > 0 or host.peace_payoff > 0 or interventions",
    ),
    "host.enforcement_cost": (_BANDS, "host.capacity > 0"),
    "host.moral_hazard": (_MEDIATORS,),
    "host.withholding": (
        _BANDS, "host.capacity > 0", "home.threshold < inf or host.resolve > 0",
    ),
    "host.peace_days": ("host.peace_payoff > 0",),
    "host.adaptivity": ("host.capacity > 0", _ACTIVITY_MOVES, _SEVERAL_SECTORS),
    "host.threshold": (_HOST_GRIEVANCE,),
    "host.grievance_memory_days": _HOST_DECIDES,
    "host.decision_noise": _HOST_DECIDES,
    "host.resolve": _HOST_DECIDES,
    "host.lag_days": _HOST_DECIDES,
    "host.release": _HOST_DECIDES,
    "host.decision_floor": _HOST_DECIDES,
    "host.trigger": _HOST_DECIDES,
    "host.strike_weight": ("host.resolve > 0",),
    "home.capacity": (_BANDS,),
    "home.forward": ("home.capacity > 0",),
    "home.adaptivity": ("home.capacity > 0", _ACTIVITY_MOVES, _SEVERAL_SECTORS),
    "home.initial_grievance": (_HOME_DECIDES,),
    "home.decision_noise": (_HOME_DECIDES,),
    "home.resolve": (_HOME_DECIDES,),
    "home.lag_days": (_HOME_DECIDES,),
    "home.release": (_HOME_DECIDES,),
    "home.decision_floor": (_HOME_DECIDES,),
    "home.trigger": (_HOME_DECIDES,),
    "home.strike_weight": (_HOME_STRIKES,),
    "home.backlash": (_HOME_STRIKES,),
    "home.strike_loss": (_HOME_STRIKES,),
    "home.strike_recruits": (_HOME_STRIKES,),
    "home.strike_kill": (_HOME_STRIKES, _BANDS),
    "home.strike_radius": ("home.strike_kill > 0", _SEVERAL_SECTORS),
    # ── attribution and belief ───────────────────────────────────────────────────────────────
    "attribution.foiled": ("home.capacity > 0",),
    "attribution.foiled_weight": ("attribution.foiled > 0",),
    "attribution.attack": ("militants.lethal_share > 0",),
    "attribution.attack_decay_km": ("attribution.attack > 0",),
    "attribution.false_positive": ("attribution.domestic_per_day > 0",),
    "attribution.deaths_scale": (_ATTRIBUTED, "attribution.max_weight > 0"),
    "attribution.max_weight": (_ATTRIBUTED,),
    "attribution.friction_weight": ("attribution.friction_per_day > 0",),
    "attribution.activity_memory_days": (
        f"{_ADAPTIVE} or militants.deterrence > 0 or home.strike_kill > 0",
        _SEVERAL_SECTORS,
    ),
    "belief.committed_hazard": ("belief.perceived_capability > 0",),
    "belief.uncommitted_hazard": ("belief.perceived_capability > 0",),
    "belief.perceived_capability": (
        "belief.committed_hazard > 0 or belief.uncommitted_hazard > 0",
    ),
    "belief.persistence": (_BELIEF_MOVES,),
    "belief.reference_rate": ("belief.perceived_capability > 0",),
    "belief.threshold_effect": (_HOME_DECIDES, _BELIEF_MOVES),
    # ── mediation ────────────────────────────────────────────────────────────────────────────
    "mediation.mediators.<name>.call": (_MEDIATORS, "home.threshold < inf or host.resolve > 0"),
    "mediation.mediators.<name>.skill": (_MEDIATORS, _ROUNDS),
    "mediation.calendar": (_MEDIATORS,),
    "mediation.lead_days": (_CALLS,),
    "mediation.round_days": (_MEDIATORS, _ROUNDS),
    "mediation.relief": (_MEDIATORS, _ROUNDS),
    "mediation.pressure": (f"{_ROUNDS} or mediation.verification.pressure_share > 0",),
    "mediation.fatigue": (
        _MEDIATORS, f"{_ROUNDS} or mediation.verification.fatigue_share > 0",
    ),
    "mediation.threshold_effect": (
        _MEDIATORS,
        "home.threshold < inf or host.threshold < inf",
        f"mediation.quiet_reassurance > 0 or {_ROUNDS}",
    ),
    "mediation.save": (_MEDIATORS, _STRIKES, "truce.collapse_strikes < inf"),
    "mediation.announced": ("militants.spoiler_strength > 0",),
    "mediation.call_floor": ("mediation.mediators.<name>.call > 0", _HOME_DECIDES),
    "mediation.quiet_reassurance": ("mediation.threshold_effect > 0 or host.moral_hazard > 0",),
    "mediation.lead_fatigue": ("mediation.lead_days > 0", "mediation.fatigue > 0"),
    "mediation.success_base": (_MEDIATORS, _ROUNDS),
    "mediation.fatigue_penalty": ("mediation.fatigue > 0", _ROUNDS),
    "mediation.fatigue_kept": ("mediation.fatigue > 0", _ROUNDS),
    "mediation.save_relief": ("mediation.save > 0",),
    "mediation.verification.enabled": (_ATTRIBUTED, _COVERAGE),
    "mediation.verification.coverage": (_VERIFICATION,),
    "mediation.verification.lag_days": (_VERIFICATION, _COVERAGE),
    "mediation.verification.sensitivity": (_VERIFICATION, _COVERAGE, "attribution.attack > 0"),
    "mediation.verification.specificity": (
        _VERIFICATION, _COVERAGE, "attribution.false_positive > 0",
    ),
    "mediation.verification.doubt": (
        _VERIFICATION, _COVERAGE, "attribution.attack > 0", _SENSITIVITY,
    ),
    "mediation.verification.pressure_share": (_VERIFICATION, _COVERAGE, "mediation.pressure > 0"),
    "mediation.verification.fatigue_share": (
        _VERIFICATION, _MEDIATORS, "mediation.verification.doubt > 0", "mediation.fatigue > 0",
    ),
    # ── the truce ────────────────────────────────────────────────────────────────────────────
    "truce.collapse_strikes": (_STRIKES,),
    "truce.window_days": (
        _STRIKES, "truce.collapse_strikes > 1", "truce.collapse_strikes < inf",
    ),
    "truce.suspension_days": (_STRIKES, _SUSPENSIONS),
    "truce.suspended_friction": ("attribution.friction_per_day > 0", _STRIKES, _SUSPENSIONS),
    "truce.strained_at": (_HOME_DECIDES,),
    "truce.eased_below": (_HOME_DECIDES,),
    "frailty.attempts_cv": (_BANDS,),
    "frailty.threshold_cv": (_HOME_DECIDES,),
    "frailty.will_concentration": ("host.will > 0", "host.will < 1"),
    "frailty.law": ("frailty.attempts_cv > 0 or frailty.threshold_cv > 0",),
    # ── sweeps ───────────────────────────────────────────────────────────────────────────────
    "sweep.until.half_width": ("sweep.until.outcome",),
    "sweep.until.ceiling": ("sweep.until.outcome",),
    "sweep.until.paired": ("sweep.until.outcome",),
    "sweep.only_if_collapsed": ("sweep.series_every_days > 0 or sweep.events",),
}  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """One comparison of a condition.

    Attributes:
        setting: the path of the setting that it names.
        sign: ==, !=, > or <; "" if the setting must be true or not empty.
        value: what it is compared with, a number or a word; "" without a sign.
    """

    setting: str
    sign: str = ""
    value: float | str = ""

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value or '""'
        return f"{self.setting} {self.sign} {value}" if self.sign else self.setting


#: Comparisons of which one must hold.
Condition = tuple[Comparison, ...]


@cache
def conditions(path: str) -> tuple[Condition, ...]:
    """Return the conditions that a setting needs, all of which must hold; none: always active.

    Args:
        path: of the setting; `<name>` stands for the name of a mediator.
    """
    info = by_path().get(path)
    own = info.meta.needs if info and isinstance(info.meta, Quantity) else ""
    needs = NEEDS.get(path) or tuple(filter(None, own.split(" and ")))
    return tuple(tuple(map(_read, text.split(" or "))) for text in needs)


def _read(text: str) -> Comparison:
    setting, sign, value = re.fullmatch(r"(\S+)(?: (==|!=|>|<) (\S+))?", text).groups("")  # type: ignore[union-attr]
    return Comparison(setting, sign, _value(value))


def _value(text: str) -> float | str:
    if text == '""':
        return ""
    try:
        return float(text)
    except ValueError:
        return text
