"""Any configuration at all: one clear error, or a run whose row, series and events fit together.

The strategy is read off the schema, so a new setting is drawn as soon as it is there. Values lie in
the whole range of each setting, ends included; only what makes a run long is capped.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from truce_sim import TruceModel, load_config
from truce_sim.config.load import prepare, to_plain
from truce_sim.config.regimes import mediator_names
from truce_sim.config.setup import Setup
from truce_sim.engine.codes import DONE, STATUSES, TODAY
from truce_sim.engine.record import DAILY_COUNTS
from truce_sim.engine.run import RunResult, run
from truce_sim.errors import InputError
from truce_sim.results import columns
from truce_sim.results.frames import event_frame, outcome_frame, series_frame
from truce_sim.settings.fields import FieldInfo, fields
from truce_sim.settings.nested import put
from truce_sim.settings.quantities import Choice, Flag, Quantity
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec

#: Caps for speed; every other setting is drawn from its whole range.
CAPS = {
    "run.horizon_days": 60, "run.warmup_days": 30, "border.sectors": 60,
    "truce.window_days": 60, "militants.attempts_per_day": 10, "mediation.calendar": 60,
}  # fmt: skip
GROUPS = {
    "truce": ["literal", "practised", "tolerant"],
    "mediation": ["none", "qatar_turkiye", "monitored", "fast_monitored"],
    "host": ["baseline", "unwilling", "unable", "committed"],
    "militants": ["none", "ttp", "surge"],
    "frailty": ["default", "none"],
    "scenario": ["durand", "synthetic"],
}
#: Twelve choices of variants that include every variant.
VARIANTS = [tuple(f"{g}={o[i % len(o)]}" for g, o in GROUPS.items()) for i in range(12)]
#: Parts in which an intervention may change settings, and their settings that it may not change.
CHANGEABLE = ("militants", "host", "home", "attribution", "belief", "mediation", "truce")
STANDING = ("home.initial_grievance", "militants.risk_prior")

DRAWN = [f for f in fields() if isinstance(f.meta, Quantity | Choice | Flag)]
QUANTITIES = [f for f in DRAWN if isinstance(f.meta, Quantity)]
NAMES = st.sampled_from(["qatar", "turkiye", "oman", "norway", "m5", "m6", "m7", "m8"])


# ── the strategy ─────────────────────────────────────────────────────────────────────────────


def one_value(info: FieldInfo) -> st.SearchStrategy[Any]:
    """Any value in a setting's range, including its ends."""
    meta = info.meta
    if isinstance(meta, Flag):
        return st.booleans()
    if isinstance(meta, Choice):
        return st.sampled_from(meta.options)
    assert isinstance(meta, Quantity)
    high = min(meta.high, CAPS.get(info.path, math.inf))
    if info.type == "list[int]":
        return st.lists(st.integers(int(meta.low), int(high)), max_size=4, unique=True)
    if info.type == "int":
        return st.integers(int(meta.low), int(high))
    if meta.whole:
        return st.one_of(st.integers(int(meta.low), 20).map(float), st.just(math.inf))
    finite = st.floats(meta.low, min(high, 1e6), exclude_min=meta.above, allow_subnormal=False)
    return st.one_of(finite, st.just(math.inf)) if math.isinf(high) else finite


@st.composite
def some_settings(draw: st.DrawFn, infos: list[FieldInfo], most: int) -> dict[str, Any]:
    """Values for up to `most` of these settings, except mediators."""
    single = [f for f in infos if "<name>" not in f.path]
    number = draw(st.integers(0, most))
    chosen = draw(
        st.lists(
            st.sampled_from(single), min_size=number, max_size=number, unique_by=lambda f: f.path
        )
    )
    return {info.path: draw(one_value(info)) for info in chosen}


MEDIATOR = st.fixed_dictionaries(
    {f.path.rsplit(".", 1)[1]: one_value(f) for f in DRAWN if "<name>" in f.path}
)
CHANGES = some_settings(
    [f for f in DRAWN if f.path.split(".")[0] in CHANGEABLE and f.path not in STANDING], 4
)
TALKS = st.dictionaries(NAMES, MEDIATOR, max_size=4).map(lambda m: {"mediation.mediators": m})
INTERVENTION = st.fixed_dictionaries(
    {"day": st.integers(0, 16), "set": st.one_of(CHANGES, TALKS, st.just({}))}
)


@cache
def base(choices: tuple[str, ...]) -> dict[str, Any]:
    return to_plain(load_config(choices))


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """A whole configuration as nested values: group variants, settings anywhere in their ranges,
    mediators, interventions. Some do not pass the checks."""
    values = {"run.horizon_days": draw(st.integers(14, 60)), "run.warmup_days": 20}
    values |= draw(some_settings(DRAWN, 25))
    if draw(st.booleans()):  # otherwise the guard would refuse most
        values["militants.excitation"] = draw(st.floats(0, 0.99))
    if draw(st.integers(0, 3)) == 0:
        values["mediation.mediators"] = draw(st.dictionaries(NAMES, MEDIATOR))
    plain = nested(base(draw(st.sampled_from(VARIANTS))), values)
    plain["interventions"] = draw(st.lists(INTERVENTION, max_size=3))
    return plain


def nested(plain: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """A copy of nested values with those at some paths changed."""
    copied = {k: nested(v, {}) if isinstance(v, dict) else v for k, v in plain.items()}
    for path, value in values.items():
        put(copied, path, value)
    return copied


def checked(plain: dict[str, Any]) -> Setup | InputError:
    """The setup of the configuration, or the error that it is refused with."""
    try:
        return prepare(plain)
    except InputError as error:
        return error


# ── what holds for every run ─────────────────────────────────────────────────────────────────


@settings(max_examples=800)
@given(configurations())
def test_any_configuration_is_refused_or_runs(plain: dict[str, Any]) -> None:
    made = checked(plain)
    if isinstance(made, InputError):
        event(f"refused: {made.setting.split('[')[0]}")
        assert made.setting
        assert made.allowed
        assert made.setting in str(made)
        return
    result, config = run(make_spec(made)), made.config
    outcome = result.outcome
    event(f"status: {STATUSES[outcome['status']]}")
    if outcome["status"] != DONE:
        assert outcome_frame(np.array([outcome])).drop(columns="status").isna().all(axis=None)
        return
    frame = outcome_frame(np.array([outcome]))
    check_conservation(outcome)
    check_row(frame)
    check_series(result, config)
    check_events(result, config, frame.iloc[0])


def check_conservation(row: np.void) -> None:
    """V17 of docs/model.md."""
    through = ("foiled_by_host", "foiled_at_border", "foiled_inside", "destroyed", "attacks")
    came = row["under_way_at_start"] + row["attempts"]
    assert came == sum(row[name] for name in through) + row["under_way_at_end"]


def check_row(frame: pd.DataFrame) -> None:
    """Complete: every column has a value, except those of what did not happen."""
    assert list(frame.columns) == list(columns.OUTCOME)
    outcome = frame.iloc[0]
    missing = set(outcome.index[outcome.isna()])
    never = {name for name in columns.OUTCOME if name.startswith("first_")}
    assert missing <= never | (set() if outcome["collapsed"] else {"cause"})
    assert outcome["collapsed"] == pd.notna(outcome["cause"])
    for name in ("drawn_will", "mean_will", "final_will", "final_belief"):
        assert 0 <= outcome[name] <= 1
    assert math.isfinite(outcome["peak_grievance"])
    assert outcome["final_strength"] >= 0
    assert (
        outcome["lethal_attacks"]
        <= outcome["attacks"]
        <= outcome["crossings"] + outcome["under_way_at_start"]
    )
    assert outcome["deaths"] >= outcome["lethal_attacks"]
    assert outcome["cleared_violations"] <= outcome["violations"]


def check_series(result: RunResult, config: Config) -> None:
    """One row per day, no NaN, and the days add up to the outcome."""
    row, series = result.outcome, series_frame(result.series)
    assert list(series.columns) == list(columns.SERIES)
    assert len(series) == row["end_day"] + row["collapsed"]
    assert row["end_day"] == config.run.horizon_days or row["collapsed"]
    assert not series.isna().any(axis=None)
    assert np.isfinite(series[["grievance_home", "grievance_host", "strength"]]).all(axis=None)
    shares = series[["belief", "will", "fatigue", "spoiler_motive"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all()
    for name in DAILY_COUNTS:
        assert series[name].sum() == row[name], name
    for state in ("in_force", "strained", "suspended"):
        assert (series["status"] == state).sum() == row[f"days_{state}"], state
    assert (series["status"] == "collapsed").sum() == row["collapsed"]
    assert series["bands"].iloc[-1] == row["under_way_at_end"]
    assert math.isclose(series["will"].mean(), row["mean_will"], rel_tol=1e-9)
    assert series["grievance_home"].max() <= row["peak_grievance"]


#: Kinds of events, and the column that counts them.
COUNTED = {
    "launch": "attempts", "foiled_by_host": "foiled_by_host",
    "foiled_at_border": "foiled_at_border", "foiled_inside": "foiled_inside",
    "band_destroyed": "destroyed", "crossing": "crossings", "attack": "attacks",
    "misattribution": "false_violations", "friction": "friction_clashes",
    "round_called": "rounds_called", "round_succeeded": "rounds_succeeded",
    "round_failed": "rounds_failed", "saved": "saves", "renewal": "renewals",
    "collapse": "collapsed",
}  # fmt: skip


def check_events(result: RunResult, config: Config, shown: pd.Series) -> None:
    """Events are in order of days, and their counts match the outcome."""
    row, events = result.outcome, event_frame(result.events, mediator_names(config))
    assert list(events.columns) == list(columns.EVENT)
    assert events["day"].is_monotonic_increasing
    assert events["day"].between(0, row["end_day"]).all()
    assert events["kind"].notna().all()
    assert events["actor"].notna().all()
    count = events["kind"].value_counts()
    for kind, column in COUNTED.items():
        assert count[kind] == row[column], kind
    assert count["domestic_attack"] + count["misattribution"] == row["domestic_attacks"]
    strikes = events[events["kind"] == "strike"]
    for state in ("home", "host"):
        assert (strikes["actor"] == state).sum() == row[f"strikes_by_{state}"]
    check_incidents(row, events, shown)
    if row["collapsed"]:
        assert events["kind"].iloc[-1] == "collapse"
        assert events["day"].iloc[-1] == row["end_day"]


def check_incidents(row: np.void, events: pd.DataFrame, shown: pd.Series) -> None:
    """Violations, deaths and first days, from the incidents themselves."""
    incidents = events[events["kind"] != "verification"]
    violations = incidents[incidents["attributed"].fillna(False)]
    assert len(violations) == row["violations"]
    assert incidents.loc[incidents["kind"] == "attack", "deaths"].sum() == row["deaths"]
    assert incidents["deaths"].sum() == row["deaths"] + row["domestic_deaths"]
    for name, found in (
        ("first_violation_day", violations),
        ("first_strike_day", events[events["kind"] == "strike"]),
        ("first_suspension_day", events[events["kind"] == "suspension"]),
    ):
        assert (found["day"].min() == shown[name]) if len(found) else pd.isna(shown[name]), name


@settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much])
@given(configurations())
def test_a_stepped_model_is_the_engines_run_anywhere(plain: dict[str, Any]) -> None:
    made = checked(plain)
    assume(isinstance(made, Setup))
    expected = run(make_spec(made))
    assume(expected.outcome["status"] == DONE)
    model = TruceModel(made)
    while model.running:
        model.step()
    assert model.series.tobytes() == expected.series.tobytes()
    assert model.events.tobytes() == expected.events.tobytes()
    assert model.world["tally"][TODAY].tobytes() == expected.outcome.tobytes()


# ── messages ─────────────────────────────────────────────────────────────────────────────────


@st.composite
def out_of_range(draw: st.DrawFn) -> tuple[FieldInfo, float]:
    """A setting that has a range, and a value outside it."""
    info = draw(st.sampled_from(QUANTITIES))
    meta = info.meta
    assert isinstance(meta, Quantity)
    if info.type in ("int", "list[int]"):
        sides = [
            st.integers(max_value=int(meta.low) - 1),
            st.integers(min_value=int(meta.high) + 1),
        ]
        return info, draw(st.one_of(sides))
    sides = [st.floats(max_value=meta.low, exclude_max=not meta.above), st.just(math.nan)]
    if not math.isinf(meta.high):
        sides.append(st.floats(min_value=meta.high, exclude_min=True))
    return info, draw(st.one_of(sides))


@settings(max_examples=300)
@given(out_of_range())
def test_any_value_out_of_range_is_reported_with_path_value_and_range(
    case: tuple[FieldInfo, float],
) -> None:
    info, value = case
    path = info.path.replace("<name>", "qatar")
    shown = [value] if info.type.startswith("list") else value
    error = checked(nested(base(()), {path: shown}))
    assert isinstance(error, InputError), "accepted"
    assert error.setting.split("[")[0] == path
    assert error.value == value or math.isnan(value)
    assert info.allowed.removeprefix("a list, each ") in str(error)
    assert path in str(error)
