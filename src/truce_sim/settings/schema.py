"""Every setting of `truce_sim`: its type, unit, range, meaning, symbol in the model and source.

The classes serve Hydra as structured configs (types and keys) and pydantic as models (ranges).
`truce_sim.settings.fields` lists their contents for messages, the viewer and the documentation.
The values in `conf/` apply; the defaults here are the same, except for the mediators and their
calendar: they belong to a variant (`mediation=qatar_turkiye`), because no other variant could
remove them.

Rates are per day, lengths in km, probabilities in [0, 1]. No class checks one setting against
another; `truce_sim.config.rules` does.
"""

from dataclasses import asdict, field
from html import escape
from math import inf
from textwrap import shorten
from typing import Annotated, Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as config_class

from truce_sim.files import shipped_borders
from truce_sim.settings.nested import differences
from truce_sim.settings.quantities import AUTO, Choice, Flag, FolderName, Quantity, StartDate, Text

_STRICT = ConfigDict(extra="forbid", defer_build=True)
_LONGEST = 3650  # most days that any period may last


def _share(meaning: str, symbol: str = "", source: str = "A", needs: str = "") -> Quantity:
    return Quantity(0, 1, "", meaning, symbol, source, needs=needs)


def _days(low: int, meaning: str, symbol: str = "", source: str = "A") -> Quantity:
    return Quantity(low, 365, "d", meaning, symbol, source)


def _memory(meaning: str, symbol: str, source: str = "A") -> Quantity:
    return Quantity(0, inf, "d", meaning, symbol, source, above=True)


@config_class(config=_STRICT)
class RunConfig:
    """Length of a run."""

    horizon_days: Annotated[
        int, Quantity(1, _LONGEST, "d", "days simulated; then a run is censored", "", "design")
    ] = 365
    warmup_days: Annotated[
        int, Quantity(0, 1000, "d", "days before the truce, to fill the border", "", "design")
    ] = 60
    review_days: Annotated[
        int, Quantity(1, 365, "d", "days between reviews of posture", "", "design")
    ] = 7


@config_class(config=_STRICT)
class BorderConfig:
    """The grid laid over the border."""

    sectors: Annotated[
        int,
        Quantity(1, 500, "", "sectors along the line, NE to SW; another number changes answers, "
                 "unless border.stretch_km is set", "S", "design"),
    ] = 45  # fmt: skip
    cell_km: Annotated[
        float, Quantity(0, 1000, "km", "depth of one cell", "", "design", above=True)
    ] = 10.0
    host_depth: Annotated[int, Quantity(1, 50, "cells", "cells on the host side", "", "design")] = 5
    home_depth: Annotated[
        int, Quantity(2, 100, "cells", "cells on the home side", "", "design")
    ] = 10
    floor: Annotated[
        float,
        Quantity(0, 1, "", "uniform part added to the site prior", "floor", "design", above=True),
    ] = 0.05
    terrain: Annotated[float, _share("effort lost on the most rugged ground", "terrain")] = 0.3
    stretch_km: Annotated[
        float,
        Quantity(0, 20000, "km", "length of line that learns, is watched and is struck as one; 0: "
                 "a sector, however short"),
    ] = 0.0  # fmt: skip
    effort_per_km: Annotated[
        float,
        _share("how far effort is by the kilometre, so that it thins out where it is withdrawn; 0: "
               "for the traffic expected", "x"),
    ] = 0.0  # fmt: skip
    ratio_cap: Annotated[
        float, Quantity(1, 1000, "", "largest concentration of effort on a sector", "cap", "design")
    ] = 6.0


@config_class(config=_STRICT)
class ScenarioConfig:
    """Where the border's weights, ruggedness and crossings come from."""

    kind: Annotated[
        str,
        Choice(
            (*shipped_borders(), "synthetic", "table", "folder"),
            "a border that comes with the program, a made-up one, your own table or border folder",
        ),
    ] = "durand"
    path: Annotated[
        str,
        Text("path of your own border folder, as `truce-sim border make` writes it; empty: none"),
    ] = ""
    table: Annotated[
        str,
        Text("path of your own segment table (CSV), relative to the current folder; empty: none"),
    ] = ""
    start_date: Annotated[
        str,
        StartDate("date of day 0, which only names the days; auto: that of the Durand scenario"),
    ] = AUTO
    period: Annotated[
        str, Choice(("2004_2021", "2015_2021"), "events that weight the Durand segments", "C")
    ] = "2004_2021"
    relief: Annotated[
        str,
        Choice(
            ("assumed", "measured"),
            "ruggedness of the Durand segments: assumed by zone, or from heights",
        ),
    ] = "assumed"
    length_km: Annotated[
        float, Quantity(1, 20000, "km", "synthetic: length of the line", "", "design")
    ] = 1000.0
    profile: Annotated[
        str, Choice(("uniform", "hot_spots"), "synthetic: how weight is spread along the line")
    ] = "hot_spots"
    hot_spots: Annotated[
        int, Quantity(1, 100, "", "synthetic: number of hot spots, evenly spaced", "", "design")
    ] = 3
    hot_spot_km: Annotated[
        float,
        Quantity(0.1, 5000, "km", "synthetic: standard deviation of a hot spot", "", "design"),
    ] = 40.0
    concentration: Annotated[
        float, Quantity(0, 1, "", "synthetic: share of the weight in hot spots", "", "design")
    ] = 0.8
    ruggedness: Annotated[
        float, Quantity(0, 1, "", "synthetic: ruggedness of every sector", "g", "design")
    ] = 0.5
    crossings: Annotated[
        int, Quantity(0, 1000, "", "synthetic: number of crossings, evenly spaced", "", "design")
    ] = 5


@config_class(config=_STRICT)
class MilitantsConfig:
    """The militant group and its bands."""

    attempts_per_day: Annotated[
        float, Quantity(0, 20, "1/d", "bands launched a day at full strength", "λ0", "A")
    ] = 0.35
    excitation: Annotated[
        float, Quantity(0, 20, "", "further bands that one attack brings about", "n_h", "C")
    ] = 1.6
    excitation_memory_days: Annotated[float, _memory("memory of past attacks", "τ_h", "C")] = 14.0
    offspring_km: Annotated[
        float,
        Quantity(0, inf, "km", "how near an attack the bands that follow it set out; .inf: "
                 "anywhere", "h", above=True),
    ] = inf  # fmt: skip
    tempo_cv: Annotated[
        float, Quantity(0, 3, "", "coefficient of variation of the tempo of launches", "CV_F")
    ] = 0.0
    tempo_days: Annotated[float, _memory("memory of the tempo", "τ_F")] = 7.0
    spoiler_strength: Annotated[
        float, Quantity(0, 10, "", "rise in launches around talks (direction F)", "σ", "A")
    ] = 0.8
    spoiler_window_days: Annotated[
        float, Quantity(0, 365, "d", "how far ahead talks attract spoilers", "w_s", above=True)
    ] = 3.0
    deterrence: Annotated[
        float, Quantity(0, 3, "", "how strongly learned risk deters launches", "δ")
    ] = 0.6
    risk_aversion: Annotated[
        float, Quantity(0, 50, "", "how strongly bands avoid risky sectors", "β")
    ] = 3.0
    learning_rate: Annotated[float, _share("weight of the latest outcome in learned risk", "α")] = (
        0.1
    )
    risk_prior: Annotated[float, _share("learned risk of every sector at the start", "q, R0")] = 0.4
    pace_cells_per_day: Annotated[int, Quantity(1, 1000, "cells/d", "cells walked a day")] = 2
    evasion: Annotated[float, _share("probability of a sidestep before each step")] = 0.2
    staging_days: Annotated[
        float, Quantity(0, 365, "d", "mean wait at the target: 0, or at least 1")
    ] = 4.0
    signal_share: Annotated[
        float, _share("share of bands that wait for a common signal to attack")
    ] = 0.0
    lethal_share: Annotated[float, _share("probability that an attack is lethal", "p_lethal")] = (
        0.75
    )
    band_size: Annotated[float, _share("strength lost with one band")] = 0.001
    regrowth_per_day: Annotated[float, _share("share of lost strength regained a day")] = 0.01
    deaths_mu: Annotated[
        float, Quantity(-5, 8, "", "mean log deaths of a lethal attack", "deaths_mu", "C")
    ] = 1.24
    deaths_sigma: Annotated[
        float, Quantity(0, 3, "", "standard deviation of log deaths", "deaths_sigma", "C")
    ] = 1.06
    depth_mu: Annotated[
        float, Quantity(-5, 8, "", "mean log depth of a target in km", "depth_mu", "C")
    ] = 3.34
    depth_sigma: Annotated[
        float, Quantity(0, 3, "", "standard deviation of log depth", "depth_sigma", "C")
    ] = 0.95


@config_class(config=_STRICT)
class HostConfig:
    """The host state, from whose soil the group operates."""

    capacity: Annotated[float, Quantity(0, 20, "", "enforcement at full will", "k_H")] = 0.8
    will: Annotated[float, _share("long-run level of its will to enforce", "ω̄")] = 0.30
    will_relaxation_per_day: Annotated[float, _share("speed of the return to that level", "ρ")] = (
        0.02
    )
    enforcement_cost: Annotated[float, _share("will lost with each band that it stops")] = 0.0
    moral_hazard: Annotated[
        float, _share("share of its will lost while mediators fully reassure the home state", "m")
    ] = 0.0
    peace_payoff: Annotated[float, _share("will that long quiet adds", "y")] = 0.0
    peace_days: Annotated[float, _memory("memory of quiet, days without a strike", "τ_Q")] = 60.0
    withholding: Annotated[
        float,
        Quantity(-1, 1, "", "share of its effort that it withholds while the truce is strained or "
                 "suspended; sign disputed", "h_H"),
    ] = 0.0  # fmt: skip
    adaptivity: Annotated[float, _share("how far effort follows recent incidents", "a")] = 0.5
    threshold: Annotated[
        float, Quantity(1e-6, inf, "", "grievance at which a strike has even odds", "θ")
    ] = 1.5
    grievance_memory_days: Annotated[float, _memory("memory of grievance", "τ_G")] = 10.0
    decision_noise: Annotated[
        float, Quantity(0, 100, "", "width of the decision to strike; 0: sharp", "s")
    ] = 0.3
    resolve: Annotated[
        float,
        _share(
            "probability that a chosen strike is carried out; about a third of first strikes "
            "are then answered, in the record 2 of 4",
            "resolve",
            "F",
        ),
    ] = 0.5
    lag_days: Annotated[int, _days(0, "days from choice to strike (2 to 4)", "lag", "F")] = 3
    release: Annotated[
        float, _share("share of grievance released by deciding to strike", "release")
    ] = 0.5
    strike_weight: Annotated[
        float, Quantity(0, 100, "", "grievance that its strike causes in the home state")
    ] = 2.0
    trigger: Annotated[
        float,
        Quantity(0, 100, "", "smallest weight added in a day that makes it consider a strike"),
    ] = 0.0
    decision_floor: Annotated[
        float, Quantity(0, 1, "of θ", "lowest grievance at which it considers a strike")
    ] = 0.5


@config_class(config=_STRICT)
class HomeConfig:
    """The home state, which defends itself."""

    capacity: Annotated[
        float, Quantity(0, 20, "", "interdiction at the border and inside (analogue)", "k_D", "F")
    ] = 0.85
    forward: Annotated[float, _share("share of interdiction in the border cell", "forward")] = 0.8
    adaptivity: Annotated[float, _share("how far effort follows recent incidents", "a")] = 0.5
    threshold: Annotated[
        float, Quantity(1e-6, inf, "", "grievance at which a strike has even odds", "θ")
    ] = 4.5  # fitted in-sample, see conf/home/baseline.yaml
    initial_grievance: Annotated[
        float, Quantity(0, 10, "of θ", "grievance on the first day, as a share of θ", "G0/θ")
    ] = 0.5
    grievance_memory_days: Annotated[
        float, _memory("memory of grievance (at least 15)", "τ_G", "F")
    ] = 30.0
    decision_noise: Annotated[
        float, Quantity(0, 100, "", "width of the decision to strike; 0: sharp", "s")
    ] = 0.5
    resolve: Annotated[
        float, _share("probability that a chosen strike is carried out", "resolve")
    ] = 1.0
    lag_days: Annotated[int, _days(0, "days from choice to strike (0 to 1)", "lag", "F")] = 1
    release: Annotated[
        float, _share("share of grievance released by deciding to strike", "release")
    ] = 0.35
    strike_weight: Annotated[
        float, Quantity(0, 100, "", "grievance that its strike causes in the host state")
    ] = 2.0
    backlash: Annotated[
        float,
        Quantity(-1, 1, "", "will that a strike costs the host; sign disputed", "backlash"),
    ] = 0.08
    strike_loss: Annotated[float, _share("share of the group's strength that a strike costs")] = (
        0.05
    )
    strike_recruits: Annotated[
        float, _share("strength that the group gains from a strike; net sign disputed")
    ] = 0.02
    strike_kill: Annotated[float, _share("probability that a band under a strike is destroyed")] = (
        0.3
    )
    strike_radius: Annotated[
        int,
        Quantity(
            0,
            499,
            "sectors",
            "sectors, or stretches, on either side that a strike reaches",
            "radius",
        ),
    ] = 1
    trigger: Annotated[
        float,
        Quantity(0, 100, "", "smallest weight added in a day that makes it consider a strike"),
    ] = 0.0
    decision_floor: Annotated[
        float, Quantity(0, 1, "of θ", "lowest grievance at which it considers a strike")
    ] = 0.5


@config_class(config=_STRICT)
class AttributionConfig:
    """Which incidents the home state attributes to the host, and how much they weigh."""

    foiled: Annotated[float, _share("probability for an intercepted band", "a1")] = 0.9
    attack: Annotated[float, _share("probability for an attack at the line", "a2")] = 0.7
    attack_decay_km: Annotated[
        float,
        Quantity(0, inf, "km", "depth over which that falls by a factor of e", "ℓ", above=True),
    ] = 60.0
    false_positive: Annotated[float, _share("probability for a domestic attack", "f_pos")] = 0.08
    foiled_weight: Annotated[
        float, Quantity(0, 100, "", "grievance from an intercepted band", "w_foiled")
    ] = 0.25
    deaths_scale: Annotated[
        float, Quantity(0, 1e6, "deaths", "deaths that give a weight of 1", "d0", above=True)
    ] = 10.0
    max_weight: Annotated[float, Quantity(0, 100, "", "largest weight of an attack", "w_max")] = 4.0
    friction_weight: Annotated[
        float, Quantity(0, 100, "", "grievance from a clash between posts", "w_fr")
    ] = 1.0
    domestic_per_day: Annotated[
        float, Quantity(0, 50, "1/d", "lethal domestic attacks a day", "μ_dom")
    ] = 0.6
    friction_per_day: Annotated[
        float, Quantity(0, 50, "1/d", "clashes between posts a day (2 in 131 days)", "μ_fr", "F")
    ] = 0.02
    activity_memory_days: Annotated[float, _memory("memory of public incidents", "τ_A")] = 20.0


@config_class(config=_STRICT)
class BeliefConfig:
    """How the home state judges whether the host is committed."""

    prior: Annotated[float, Quantity(0.001, 0.999, "", "belief at the start", "b0")] = 0.45
    committed_hazard: Annotated[
        float, Quantity(0, 0.999, "", "share of violations that a committed host prevents", "e_C")
    ] = 0.7
    uncommitted_hazard: Annotated[
        float, Quantity(0, 0.999, "", "share that an uncommitted host prevents", "e_U")
    ] = 0.15
    perceived_capability: Annotated[
        float, Quantity(0, 10, "", "how capable the host is believed to be", "κ")
    ] = 0.6
    persistence: Annotated[
        float, _share("share of a shift in belief that lasts to the next day", "ζ")
    ] = 0.96
    reference_rate: Annotated[
        float, Quantity(0, 100, "1/d", "violations a day considered normal", "ν_ref")
    ] = 0.8
    threshold_effect: Annotated[
        float, Quantity(0, 10, "", "how far belief raises the threshold", "t_b")
    ] = 0.8


@config_class(config=_STRICT)
class MediatorConfig:
    """One mediator."""

    call: Annotated[float, _share("daily probability of calling a round when rested", "call")] = 0.3
    skill: Annotated[float, _share("skill in bringing a round to success", "skill")] = 0.55


@config_class(config=_STRICT)
class VerificationConfig:
    """A joint body that investigates attributed attacks."""

    enabled: Annotated[bool, Flag("whether it exists (agreed, never put in place)", "F")] = False
    coverage: Annotated[float, _share("probability that a case is taken up", "coverage")] = 0.7
    sensitivity: Annotated[
        float, _share("probability that a true case is confirmed", "sensitivity")
    ] = 0.7
    specificity: Annotated[
        float, _share("probability that a false case is cleared", "specificity")
    ] = 0.8
    lag_days: Annotated[int, _days(0, "days from incident to report", "lag")] = 5
    doubt: Annotated[float, _share("probability that a wrong clearing is disbelieved", "doubt")] = (
        0.5
    )
    pressure_share: Annotated[
        float, _share("share of a successful round's pressure that a confirmed case exerts")
    ] = 0.5
    fatigue_share: Annotated[
        float, _share("share of a failed round's fatigue that a disbelieved report adds")
    ] = 0.5


_CalendarDay = Annotated[
    int,
    Quantity(
        0, _LONGEST - 1, "d", "first day of a scheduled round (Istanbul)", "τ_r", "F", dated=True
    ),
]


@config_class(config=_STRICT)
class MediationConfig:
    """Mediators, their rounds of talks and the verification they run."""

    mediators: dict[str, MediatorConfig] = field(default_factory=dict)
    calendar: list[_CalendarDay] = field(default_factory=list)
    lead_days: Annotated[float, _days(0, "days from call to round when rested", "L_R")] = 7.0
    round_days: Annotated[int, _days(1, "days that a round lasts", "D_R")] = 3
    relief: Annotated[float, _share("share of grievance that a success removes", "relief")] = 0.6
    pressure: Annotated[float, _share("will that a success gives the host", "pressure")] = 0.04
    fatigue: Annotated[float, _share("fatigue that a failure adds", "fatigue")] = 0.15
    threshold_effect: Annotated[
        float, Quantity(0, 10, "", "how far mediation raises thresholds", "t_m")
    ] = 0.5
    save: Annotated[float, _share("probability of saving a collapsing truce", "p_save")] = 0.4
    announced: Annotated[
        bool,
        Flag("whether the group knows of rounds; if not, talks never draw spoilers"),
    ] = True
    call_floor: Annotated[
        float, Quantity(0, 1, "of θ", "home grievance above which mediators call a round")
    ] = 0.5
    quiet_reassurance: Annotated[
        float, _share("how far mediation raises thresholds without a round; during one: 1", "c")
    ] = 0.5
    lead_fatigue: Annotated[
        float, Quantity(0, 10, "", "how far full fatigue lengthens the time from call to round")
    ] = 2.0
    success_base: Annotated[
        float, Quantity(0, 1, "", "added to belief in the chance of success")
    ] = 0.55
    fatigue_penalty: Annotated[
        float, _share("share of the chance of success that full fatigue removes")
    ] = 0.5
    fatigue_kept: Annotated[float, _share("share of fatigue that remains after a success")] = 0.8
    save_relief: Annotated[
        float, _share("share of both grievances that saving the truce removes")
    ] = 0.5
    verification: VerificationConfig = field(default_factory=VerificationConfig)


@config_class(config=_STRICT)
class TruceConfig:
    """What the clause tolerates."""

    collapse_strikes: Annotated[
        float, Quantity(1, inf, "strikes", "strikes in the window that end the truce", whole=True)
    ] = 3.0
    window_days: Annotated[
        int, Quantity(1, _LONGEST, "d", "days over which strikes count", "window", "F")
    ] = 14
    suspension_days: Annotated[
        int, Quantity(1, _LONGEST, "d", "days that a suspension lasts on its own", "timer")
    ] = 14
    suspended_friction: Annotated[
        float, Quantity(0, 10, "", "factor on clashes while suspended")
    ] = 3.0
    strained_at: Annotated[
        float, Quantity(0, 1, "of θ", "home grievance from which the truce is strained")
    ] = 0.5
    eased_below: Annotated[
        float, Quantity(0, 1, "of θ", "home grievance below which the strain eases")
    ] = 0.4


@config_class(config=_STRICT)
class FrailtyConfig:
    """What differs between runs from the start."""

    attempts_cv: Annotated[float, Quantity(0, 3, "", "coefficient of variation of λ0", "CV")] = 0.4
    threshold_cv: Annotated[
        float, Quantity(0, 3, "", "coefficient of variation of home θ", "CV")
    ] = 0.3
    will_concentration: Annotated[
        float, Quantity(0.1, inf, "", "concentration of ω̄; .inf: no spread", "concentration")
    ] = 4.0
    law: Annotated[str, Choice(("lognormal", "gamma"), "law of the factors on λ0 and θ", "A")] = (
        "lognormal"
    )


@config_class(config=_STRICT)
class OutputConfig:
    """Where results go."""

    dir: Annotated[str, Text("folder in which every run or sweep gets its own")] = "outputs"
    name: Annotated[str, FolderName("name of that folder; empty: chosen by the program")] = ""


@config_class(config=_STRICT)
class UntilConfig:
    """When a sweep has enough replicates, checked after every block of 64."""

    outcome: Annotated[
        str,
        Text("outcome whose interval must be narrow, such as collapsed; empty: no such rule"),
    ] = ""
    half_width: Annotated[
        float,
        Quantity(0, 1e9, "", "half-width to reach, in the outcome's unit", above=True),
    ] = 0.02
    ceiling: Annotated[
        int, Quantity(64, 10_000_000, "runs", "most runs of a design point", "", "design")
    ] = 10_000
    paired: Annotated[
        bool,
        Flag("whether the rule is for the difference from the baseline of sweep.compare", "design"),
    ] = False


@config_class(config=_STRICT)
class SweepConfig:
    """How a sweep is carried out."""

    replicates: Annotated[
        int, Quantity(1, 10_000_000, "runs", "runs of each design point", "", "design")
    ] = 100
    common_random_numbers: Annotated[
        bool, Flag("whether all points share the draws of a replicate", "design")
    ] = True
    workers: Annotated[
        int, Quantity(0, 4096, "", "processes to use; 0: every core", "", "design")
    ] = 0
    compare: Annotated[
        str, Text("factor whose levels are compared with the first, run by run; empty: none")
    ] = ""
    question: Annotated[str, Text("what the sweep asks; its report starts with it")] = ""
    run_timeout: Annotated[
        float, Quantity(0, inf, "s", "time limit of a run; a longer one fails", "", "design", True)
    ] = 60.0
    series_every_days: Annotated[
        int, Quantity(0, _LONGEST, "d", "keep the state of every n-th day; 0: none", "", "design")
    ] = 0
    events: Annotated[bool, Flag("whether to keep the event log of every run", "design")] = False
    only_if_collapsed: Annotated[
        bool, Flag("whether to keep series and events of collapsed runs only", "design")
    ] = False
    jobs: Annotated[
        int, Quantity(0, 100_000, "", "jobs to cut the work into, on a cluster", "", "design")
    ] = 0
    until: UntilConfig = field(default_factory=UntilConfig)


@config_class(config=_STRICT, repr=False)
class Config:
    """A whole configuration: one class for each config group, and the settings in no group."""

    seed: Annotated[int, Quantity(0, 2**63 - 1, "", "seed of all draws", "", "design")] = 1
    replicate: Annotated[
        int, Quantity(0, 2**32 - 1, "", "number of the run under that seed", "", "design")
    ] = 0
    run: RunConfig = field(default_factory=RunConfig)
    border: BorderConfig = field(default_factory=BorderConfig)
    scenario: ScenarioConfig = field(default_factory=ScenarioConfig)
    militants: MilitantsConfig = field(default_factory=MilitantsConfig)
    host: HostConfig = field(default_factory=HostConfig)
    home: HomeConfig = field(default_factory=HomeConfig)
    attribution: AttributionConfig = field(default_factory=AttributionConfig)
    belief: BeliefConfig = field(default_factory=BeliefConfig)
    mediation: MediationConfig = field(default_factory=MediationConfig)
    truce: TruceConfig = field(default_factory=TruceConfig)
    frailty: FrailtyConfig = field(default_factory=FrailtyConfig)
    interventions: list[dict[str, Any]] = field(default_factory=list)
    output: OutputConfig = field(default_factory=OutputConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)

    def __repr__(self) -> str:
        changed = [f"{path}={value!r}" for path, value in self._changed()]
        return f"<Config: {shorten(', '.join(changed) or 'the defaults', 240, placeholder=' …')}>"

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{path}</td><td>{escape(shorten(repr(value), 80, placeholder=' …'))}</td></tr>"
            for path, value in self._changed()
        )
        return f"<p>Where it differs from the defaults of the schema:</p><table>{cells}</table>"

    def _changed(self) -> list[tuple[str, object]]:
        """The settings that differ from the defaults here, as (path, value)."""
        return [(path, now) for path, _, now in differences(asdict(Config()), asdict(self))]
