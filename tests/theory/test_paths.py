"""What holds from run to run and on every path: V6, V15, V16, V17, V18 of docs/model.md."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from theory import bounds
from theory.configurations import may_change, random_settings, random_spec
from theory.spec import (
    FLAT,
    NO_FRAILTY,
    TWO_MEDIATORS,
    Settings,
    recorded,
    replicates,
    spec,
    uneven_border,
)
from truce_sim.engine import codes as names
from truce_sim.engine.record import SERIES
from truce_sim.engine.run import RunResult
from truce_sim.errors import InputError

# ── V6: the guard ────────────────────────────────────────────────────────────────────────────


def passing_share() -> float:
    """Σ_s w_s E_depth[exp(-effort on the way)] at ω = 0 and ratio 1, for k_D = 0.85, forward 0.8,
    ten cells of 10 km and flat ground: the border cell and c - 1 of the nine cells behind."""
    from scipy import stats

    reached = stats.lognorm(0.95, scale=math.exp(3.34)).cdf(10.0 * np.arange(11))
    reached[-1] = 1.0
    return float(np.diff(reached) @ np.exp(-0.85 * (0.8 + 0.2 / 9 * np.arange(10))))


@pytest.mark.parametrize("above", [1e-6, 0.1, 3.0])
def test_v06_explosive_self_excitation_is_refused(above: float) -> None:
    """V6: n_eff = n_h × the share of bands that nobody intercepts at ω = 0 must stay below 1; at
    1 - 1e-6 it runs, at 1 + 1e-6 it does not, and the message says n_eff."""
    limit = 1 / passing_share()
    fits = spec({**FLAT, "militants.excitation": limit * (1 - 1e-6)})
    assert replicates(fits, 1)["status"] == 0
    with pytest.raises(InputError, match="n_eff") as refused:
        spec({**FLAT, "militants.excitation": limit * (1 + above)})
    assert refused.value.setting == "militants.excitation"


def test_v06_terrain_counts() -> None:
    """Rugged ground lets more bands pass, so that the guard is reached earlier."""
    settings: Settings = {"militants.excitation": 0.99 / passing_share(), "border.terrain": 0.9}
    with pytest.raises(InputError, match="n_eff"):
        spec(settings, on=uneven_border())


def test_v06_holds_for_interventions() -> None:
    """An intervention that makes self-excitation explosive is refused too."""
    with pytest.raises(InputError, match="n_eff"):
        spec({}, interventions=[(50, {"home.capacity": 0.0})])


# ── V15: perfect verification ────────────────────────────────────────────────────────────────

#: Columns of the series that do not count the violations themselves.
COLUMNS = [name for name in SERIES.names or () if name != "violations"]

PERFECT: Settings = {
    "mediation.verification.enabled": True, "mediation.verification.coverage": 1.0,
    "mediation.verification.sensitivity": 1.0, "mediation.verification.specificity": 1.0,
    "mediation.verification.lag_days": 0, "mediation.pressure": 0.0,
}  # fmt: skip


def until(result: RunResult, day: int) -> NDArray[np.void]:
    """Events up to and including a day, except reports and domestic attacks, blamed or not."""
    aside = (names.VERIFICATION, names.MISATTRIBUTION, names.DOMESTIC_ATTACK)
    events = result.events
    return events[(events["day"] <= day) & ~np.isin(events["kind"], aside)]


@pytest.mark.parametrize("warmup", [0, 60])
@pytest.mark.parametrize("adaptivity", [0.0, 1.0])
def test_v15_perfect_verification(warmup: int, adaptivity: float) -> None:
    """V15: with verification perfect, at once and without pressure, false attributions leave no
    trace: every daily value equals that of f_pos = 0 under common random numbers, up to the first
    suspension, on whose day verification has done its work for the last time. Exact, 60 runs.
    """
    common = {
        **TWO_MEDIATORS, **PERFECT, "run.warmup_days": warmup, "home.threshold": 4.0,
        "militants.attempts_per_day": 0.7, "attribution.domestic_per_day": 1.0,
        "home.adaptivity": adaptivity, "host.adaptivity": adaptivity,
    }  # fmt: skip
    sectors = uneven_border()
    verified = recorded(spec({**common, "attribution.false_positive": 0.4}, on=sectors), 60)
    honest = recorded(spec({**common, "attribution.false_positive": 0.0}, on=sectors), 60)
    for one, other in zip(verified, honest, strict=True):
        last = int(other.outcome["first_suspension_day"])
        last = other.series.size - 1 if last < 0 else last
        a, b = one.series[: last + 1], other.series[: last + 1]
        for name in COLUMNS:
            assert (a[name] == b[name]).all(), name
        assert _equal(until(one, last), until(other, last))
        reports = one.events[one.events["kind"] == names.VERIFICATION]
        cleared = reports["day"][(reports["attributed"] == 0) & (reports["day"] <= last)]
        per_day = np.bincount(cleared, minlength=last + 1)
        assert (a["violations"] - per_day == b["violations"]).all()
    assert sum(int(run.outcome["false_violations"]) for run in verified) > 1000
    assert sum(run.outcome["first_suspension_day"] > 5 for run in honest) > 30


def _equal(a: NDArray[np.void], b: NDArray[np.void]) -> bool:
    """Records equal field by field, NaN equal to NaN."""
    return a.size == b.size and all(
        np.array_equal(a[name], b[name], equal_nan=a[name].dtype.kind == "f")
        for name in a.dtype.names or ()
    )


# ── V16: monotone ────────────────────────────────────────────────────────────────────────────

#: +1: survival rises with the setting, -1: it falls; three levels of each.
DIRECTIONS = [
    ("home.threshold", +1, (4.0, 6.0, 9.0)),
    ("host.threshold", +1, (0.4, 1.5, 4.0)),
    ("host.capacity", +1, (0.3, 1.2, 3.0)),
    ("host.will", +1, (0.1, 0.4, 0.9)),
    ("militants.attempts_per_day", -1, (0.2, 0.4, 0.8)),
    ("militants.spoiler_strength", -1, (0.0, 3.0, 10.0)),
    ("attribution.false_positive", -1, (0.0, 0.1, 0.4)),
    ("home.grievance_memory_days", -1, (10.0, 30.0, 60.0)),
]


@pytest.mark.parametrize(("path", "sign", "levels"), DIRECTIONS, ids=[d[0] for d in DIRECTIONS])
def test_v16_monotone(path: str, sign: int, levels: tuple[float, float, float]) -> None:
    """V16: days survived, averaged over replicates that share their draws, rise in θ, k_H and ω̄
    and fall in λ0, σ, f_pos and τ_G. 2,500 pairs for each step; a step in the wrong direction, or
    of no effect, passes less than once in 10^9."""
    base = {**TWO_MEDIATORS, "mediation.calendar": [6, 40, 80, 120], "militants.excitation": 1.4}
    survived = [
        replicates(spec({**base, path: level}, on=uneven_border()), 2500)["end_day"]
        for level in levels
    ]
    for lower, higher in pairwise(survived):
        bounds.above(sign * (higher - lower))


# ── V17: conservation ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("block", range(10))
def test_v17_conservation(block: int) -> None:
    """V17: in every run, bands launched and under way at the start = intercepted (by the host, at
    the border, inside) + destroyed + attacks + under way at the end. 20 configurations of 30 runs.
    """
    destroyed = strikes = 0
    for seed in range(20 * block, 20 * block + 20):
        runs = replicates(random_spec(seed), 30)
        into = runs["attempts"] + runs["under_way_at_start"]
        stopped = runs["foiled_by_host"] + runs["foiled_at_border"] + runs["foiled_inside"]
        out = stopped + runs["destroyed"] + runs["attacks"] + runs["under_way_at_end"]
        assert (into == out).all()
        beyond = runs["foiled_at_border"] + runs["foiled_inside"] + runs["attacks"]
        assert (beyond <= runs["crossings"] + runs["under_way_at_start"]).all()
        assert (runs["lethal_attacks"] <= runs["attacks"]).all()
        assert (runs["deaths"] >= runs["lethal_attacks"]).all()
        destroyed += runs["destroyed"].sum()
        strikes += runs["strikes_by_home"].sum()
    assert destroyed > 20
    assert strikes > 500


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_v17_day_by_day(seed: int) -> None:
    """V17 on every day: bands change by what was launched, intercepted, destroyed or attacked; days
    are in one state of the truce each; every value is finite and in its range."""
    for run in recorded(random_spec(seed), 3):
        row, kinds = run.series, run.events["kind"]
        destroyed = np.bincount(
            run.events["day"][kinds == names.BAND_DESTROYED], minlength=row.size
        )
        left = row["foiled_by_host"] + row["foiled_at_border"] + row["foiled_inside"]
        change = row["attempts"] - left - row["attacks"] - destroyed
        start = int(run.outcome["under_way_at_start"])
        assert (row["bands"] == start + np.cumsum(change)).all()
        assert run.outcome["under_way_at_end"] == row["bands"][-1]
        in_state = np.bincount(row["status"], minlength=4)
        assert in_state[0] == run.outcome["days_in_force"]
        assert in_state[1] == run.outcome["days_strained"]
        assert in_state[2] == run.outcome["days_suspended"]
        assert in_state[3] == run.outcome["collapsed"]
        for name in ("belief", "will", "fatigue", "spoiler_motive"):
            assert ((row[name] >= 0) & (row[name] <= 1)).all(), name
        for name in ("grievance_home", "grievance_host", "strength", "excitement"):
            assert (np.isfinite(row[name]) & (row[name] >= 0)).all(), name
        assert (row["threshold_home"] > 0).all()
        assert (row["threshold_host"] > 0).all()


# ── V18: interventions ───────────────────────────────────────────────────────────────────────


def same(one: RunResult, other: RunResult) -> bool:
    """Outcome, series and events are equal to the last bit."""
    return one.outcome.tobytes() == other.outcome.tobytes() and _equal(
        one.series, other.series
    ) and _equal(one.events, other.events)  # fmt: skip


@pytest.mark.parametrize("seed", range(2000, 2030))
def test_v18_null_intervention(seed: int) -> None:
    """V18: an intervention that sets what is set already leaves the run identical to the bit."""
    rng = np.random.default_rng(seed)
    settings = random_settings(rng)
    again = {name: settings[name] for name in settings if may_change(name)}
    again["mediation.round_days"] = settings["mediation.round_days"]
    sectors, seed_of_run = uneven_border(), int(rng.integers(0, 2**40))
    plain = recorded(spec(settings, on=sectors, seed=seed_of_run), 4)
    for day in (0, 17):
        null = spec(settings, on=sectors, seed=seed_of_run, interventions=[(day, again)])
        assert null.params.size == 2
        assert all(map(same, plain, recorded(null, 4)))


CHANGES: dict[str, Settings] = {
    "mediators leave": {"mediation.mediators": {}, "mediation.calendar": []},
    "verification starts": {"mediation.verification.enabled": True},
    "host will": {"host.will": 0.95, "host.will_relaxation_per_day": 0.5},
    "thresholds": {"home.threshold": 0.5, "host.threshold": 0.2},
    "attempts": {"militants.attempts_per_day": 4.0},
    "attribution": {"attribution.false_positive": 1.0, "attribution.foiled_weight": 3.0},
    "pace": {"militants.pace_cells_per_day": 5, "militants.staging_days": 1.0},
    "collapse": {"truce.collapse_strikes": 1.0},
}


@pytest.mark.parametrize("what", CHANGES)
def test_v18_nothing_before_the_day(what: str) -> None:
    """V18: an intervention on day d leaves series and events of days < d identical, and changes
    something later in at least one of 20 runs."""
    base = {**TWO_MEDIATORS, **NO_FRAILTY, "attribution.false_positive": 0.2, "home.threshold": 9.0}
    plain = recorded(spec(base, on=uneven_border()), 20)
    for day in (0, 25, 90):
        changed = recorded(spec(base, on=uneven_border(), interventions=[(day, CHANGES[what])]), 20)
        for one, other in zip(plain, changed, strict=True):
            assert _equal(one.series[:day], other.series[:day])
            early, late = (run.events[run.events["day"] < day] for run in (one, other))
            assert _equal(early, late)
        assert not all(map(same, plain, changed))
