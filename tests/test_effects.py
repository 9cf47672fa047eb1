"""When a setting has an effect: `settings/needs.py` against the runs, setting by setting.

Each setting, set to values far apart, changes some run while its conditions hold, and changes no
run once any of them is broken. Runs are compared by their outcome and event log.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from truce_sim import load_config, load_setup, simulate, simulate_many
from truce_sim.config.effects import Effects
from truce_sim.config.load import prepare, to_plain
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import Overrides
from truce_sim.engine.run import run
from truce_sim.errors import InputError, NoEffectWarning
from truce_sim.settings.fields import FieldInfo, by_path, fields
from truce_sim.settings.needs import NEEDS, Comparison, conditions
from truce_sim.settings.nested import copied, put
from truce_sim.settings.quantities import Quantity
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec
from truce_sim.sweeps.design.effects import check_points

#: A configuration with much of everything, so that short runs show what a setting does.
BUSY = {
    "run.horizon_days": 90,
    "run.warmup_days": 20,
    "militants.attempts_per_day": 1.0,
    "militants.excitation": 0.4,
    "militants.learning_rate": 0.3,
    "militants.band_size": 0.02,
    "attribution.friction_per_day": 0.3,
    "attribution.domestic_per_day": 1.0,
    "attribution.false_positive": 0.3,
    "host.threshold": 1.0,
    "home.threshold": 3.0,
    "home.decision_noise": 1.0,
    "truce.collapse_strikes": 6.0,
    "mediation.verification.enabled": True,
}

#: What else some settings need to show an effect: the case where they matter.
PATIENT = {"home.threshold": 30.0, "attribution.attack": 1.0}  # no suspension stops verification
MORE: dict[str, dict[str, object]] = {
    "run.horizon_days": {"truce.window_days": 1, "mediation.calendar": []},
    "host.release": {"host.resolve": 1.0, "host.lag_days": 0, "host.decision_noise": 0.0},
    "mediation.fatigue_kept": {"mediation.relief": 0.1, "truce.collapse_strikes": inf},
    "mediation.verification.sensitivity": PATIENT,
    "mediation.verification.doubt": PATIENT,
    "mediation.verification.fatigue_share": PATIENT,
}

#: Settings that change only where the event log places things.
LOG_ONLY = ("scenario.crossings",)

#: All settings of the model that a run can be given two values of without a file.
SETTINGS = [
    info
    for info in fields()
    if info.path.split(".")[0] not in ("seed", "replicate", "output", "sweep")
    and info.path
    not in {"scenario.table", "scenario.path", "scenario.start_date"}  # tests/test_dates.py
]


@cache
def _usual() -> Config:
    return load_config()


def usual() -> dict[str, Any]:
    """The default configuration, to be changed."""
    return to_plain(_usual())


def put_all(plain: dict[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """Set some values in place."""
    for path, value in values.items():
        put(plain, path, value)
    return plain


def named(path: str) -> str:
    """A path with the name of a mediator."""
    return path.replace("<name>", "qatar")


def busy(info: FieldInfo) -> dict[str, Any]:
    """The busy configuration, with the conditions of a setting met."""
    plain = put_all(usual(), BUSY | MORE.get(info.path, {}))
    for condition in conditions(info.path):
        if not any(map(Effects(plain).holds, condition)):
            set_to(plain, condition[0], True)
    assert Effects(plain).effective(named(info.path)), Effects(plain).reason(named(info.path))
    return plain


def set_to(plain: dict[str, Any], comparison: Comparison, wanted: bool) -> None:
    """Make a comparison true or false."""
    path, sign, value = comparison.setting, comparison.sign, comparison.value
    if path == "mediation.mediators":
        plain["mediation"]["mediators"] = {}
    elif path in ("mediation.calendar", "interventions"):
        put(plain, path, [])
    elif "<name>" in path:
        for name in plain["mediation"]["mediators"]:
            put(plain, path.replace("<name>", name), value)
    elif path in ("scenario.table", "scenario.path"):
        put(plain, path, "own")
    elif not sign:
        put(plain, path, wanted)
    elif path == "border.sectors" and not wanted:  # a strike reaches no further than the border
        put_all(plain, {path: 1, "home.strike_radius": 0})
    elif isinstance(value, float):
        meta = by_path()[path].meta
        assert isinstance(meta, Quantity)
        far = min(meta.high, 2 * value + 1) if sign == ">" else meta.low
        put(plain, path, type(by_path()[path].default)(far if wanted else value))
    else:
        other = next(option for option in by_path()[path].options if option != value)
        put(plain, path, value if wanted == (sign == "==") else other)


def far_apart(info: FieldInfo) -> list[object]:
    """Values of a setting that are as different as its range allows."""
    meta = info.meta
    if info.type == "bool":
        return [False, True]
    if info.options:
        return list(info.options)
    if info.type == "list[int]":
        return [[], [10], [20, 40, 60]]
    assert isinstance(meta, Quantity)
    low = meta.low + (1e-6 if meta.above else 0)
    high = inf if meta.infinite else meta.high
    ends = [low, high, 4 * info.default, info.default / 4, info.default]
    inside = [value for value in ends if low <= value <= high]
    whole = info.type == "int"
    return list(dict.fromkeys(int(value) if whole else float(value) for value in inside))


def variants(plain: dict[str, Any], info: FieldInfo) -> list[Setup]:
    """Setups that differ in one setting, those of them that are allowed."""
    setups = []
    for value in far_apart(info):
        try:
            setups.append(prepare(put_all(copied(plain), {named(info.path): value})))
        except InputError:
            continue
    return setups


def what_happened(setup: Setup, replicate: int) -> tuple[bytes, bytes]:
    """The outcome and the event log of a run."""
    result = run(make_spec(setup, 1, replicate))
    return _rounded(result.outcome), _rounded(result.events)


def _rounded(records: NDArray[np.void]) -> bytes:
    """Records as bytes, without the last digits, in which equal sums may differ."""
    kinds = records.dtype.fields or {}
    return b"".join(
        np.asarray(np.round(records[name], 9) if kinds[name][0].kind == "f" else records[name])
        .tobytes()
        for name in kinds
    )  # fmt: skip


def differ(setups: list[Setup], replicates: int, outcome_only: bool = False) -> bool:
    """Whether any replicate differs between the setups."""
    several = len(setups) > 1
    return several and any(
        len({what_happened(setup, r)[: 1 if outcome_only else 2] for setup in setups}) > 1
        for r in range(replicates)
    )


def broken(plain: dict[str, Any], info: FieldInfo) -> Iterator[dict[str, Any]]:
    """The configuration with each of the conditions of a setting broken in turn."""
    for condition in conditions(info.path):
        changed = copied(plain)
        for comparison in condition:
            if Effects(changed).holds(comparison):
                set_to(changed, comparison, False)
        if changed["mediation"]["mediators"] or "<name>" not in info.path:
            yield changed


@pytest.fixture(autouse=True)
def _own_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(
        "km_from,km_to,weight,ruggedness\n0,50,1,0.2\n50,80,3,0.6\n", encoding="utf-8"
    )


@pytest.mark.parametrize("info", SETTINGS, ids=lambda info: info.path)
def test_a_setting_has_an_effect_exactly_while_its_conditions_hold(info: FieldInfo) -> None:
    """Values far apart change some run, and none once a condition is broken."""
    plain = busy(info)
    assert differ(variants(plain, info), 12, info.path not in LOG_ONLY), "it changes no run"
    for changed in broken(plain, info):
        effects = Effects(changed)
        assert not effects.effective(named(info.path))
        assert not differ(variants(changed, info), 3), effects.reason(named(info.path))


def test_every_condition_is_on_settings_that_exist() -> None:
    others = {"mediation.mediators", "interventions"}
    for path in NEEDS:
        named_in = {c.setting for condition in conditions(path) for c in condition}
        assert {path, *named_in} <= by_path().keys() | others, path


def test_an_intervention_counts() -> None:
    """A switch that an intervention turns on, or off, later makes a setting effective."""
    lag = "mediation.verification.lag_days"
    enabled = {"set": {"mediation.verification.enabled": True}}
    assert not Effects(usual()).effective(lag)
    assert Effects(usual() | {"interventions": [{"day": 30, **enabled}]}).effective(lag)


def test_many_points_at_once_are_as_one_by_one() -> None:
    attempts, learning = np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.0, 0.1])
    columns = {"militants.attempts_per_day": attempts, "militants.learning_rate": learning}
    found = Effects(usual(), columns).effective("militants.evasion")
    single = [
        Effects(put_all(usual(), {name: column[i] for name, column in columns.items()}))
        for i in range(3)
    ]
    assert found.tolist() == [one.effective("militants.evasion") for one in single]
    assert [one.reason("militants.evasion") for one in single] == [
        "has no effect while militants.attempts_per_day is 0",
        "has no effect while militants.learning_rate is 0",
        "",
    ]


# ── single values ────────────────────────────────────────────────────────────────────────────


def said(overrides: Overrides) -> list[str]:
    """What `load_config` warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_config(overrides)
    assert all(warning.category is NoEffectWarning for warning in caught)
    return [str(warning.message) for warning in caught]


def test_any_number_of_lists_is_checked() -> None:
    """Lists count as empty or not; of more mappings than can be looked at, the first are."""
    calendars = [[first, first + 20] for first in range(1, 301) for _ in range(10)]
    values = pd.DataFrame({
        "mediation.calendar": [json.dumps(days) for days in calendars],
        "mediation.relief": np.linspace(0.1, 0.9, len(calendars)),
        "seed": range(len(calendars)),
    })  # fmt: skip
    plain = [to_plain(load_config("mediation=none"))]
    base = np.zeros(len(values), np.int64)
    with pytest.raises(InputError, match=r"relief: has no effect while there are no mediators"):
        check_points(["mediation.relief"], values, plain, base, lambda *_: "")
    changes = [[{"day": 1, "set": {"home.threshold": 3 + i / 1000}}] for i in range(2500)]
    table = values.iloc[:2500].drop(columns="mediation.calendar")
    table = table.assign(interventions=[json.dumps(change) for change in changes])
    with pytest.warns(NoEffectWarning, match=r"no effect at 2,000 of 2,500 points; the others"):
        check_points(["mediation.relief"], table, plain, base[:2500], lambda *_: "")


def test_a_single_value_without_effect_is_warned_of() -> None:
    assert said({"mediation.verification.lag_days": 3}) == [
        "mediation.verification.lag_days has no effect while mediation.verification.enabled is "
        "false"
    ]
    assert said(["truce=literal", "truce.window_days=7"]) == [
        "truce.window_days has no effect while truce.collapse_strikes is 1"
    ]
    assert said(["sweep.replicates=5"]) == ["sweep.replicates has no effect on a single run"]


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ["mediation=monitored", "mediation.verification.lag_days=3"],
        ["militants=none", "militants.excitation=0"],  # switched off anyway
        ["+ablation=learning"],
        ["interventions=[{day: 9, set: {mediation.verification.enabled: true}}]",
         "mediation.verification.lag_days=3"],
    ],
)  # fmt: skip
def test_nothing_is_said_of_values_that_matter_or_switch_off(overrides: Overrides) -> None:
    assert said(overrides) == []


def test_the_kind_of_border_follows_the_table_or_the_folder() -> None:
    Path("mine").mkdir()
    Path("mine/segments.csv").write_bytes(Path("own.csv").read_bytes())
    assert load_config(["scenario.path=mine"]).scenario.kind == "folder"
    assert load_config(["scenario.table=own.csv"]).scenario.kind == "table"
    assert said(["scenario.table=own.csv", "scenario.period=2015_2021"]) == [
        "scenario.period has no effect while scenario.kind is table"
    ]


# ── from Python: said at the user's line, and once ───────────────────────────────────────────

WINDOW = {"truce.window_days": 7}
IDLE = "truce.window_days has no effect while truce.collapse_strikes is 1"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda base: load_config({"truce": "literal", **WINDOW}), IDLE),
        (lambda base: base.with_changes(WINDOW), IDLE),
        (lambda base: simulate(base, WINDOW), IDLE),
        (lambda base: simulate_many({"truce.window_days": [7, 7]}, base), IDLE),
        (lambda base: load_setup(WINDOW).with_changes({"truce": "literal"}), IDLE),
        (
            lambda base: simulate_many(
                {"truce": ["literal", "practised"] * 2, "truce.window_days": [7, 7, 30, 30]}, base
            ),
            "truce.window_days has no effect at 2 of 4 points (such as point 0: "
            "truce.collapse_strikes is 1)",
        ),
        (
            lambda base: simulate_many({"truce": ["literal", "practised"]}, WINDOW),
            "truce.window_days has no effect at 1 of 2 points (such as point 0: "
            "truce.collapse_strikes is 1)",
        ),
    ],
)
def test_python_is_told_at_its_own_line(call: Callable[[Setup], object], message: str) -> None:
    base = load_setup({"truce": "literal", "run.horizon_days": 40})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(base)
    assert [(str(one.message), one.filename) for one in caught] == [(message, __file__)]


def test_a_change_is_warned_of_once_and_further_changes_are_not_told_of_it_again() -> None:
    base = load_setup({"truce": "literal", "run.horizon_days": 40})
    with pytest.warns(NoEffectWarning, match="truce.window_days has no effect"):
        changed = base.with_changes(WINDOW)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        base.with_changes(WINDOW)
        changed.with_changes({"home.threshold": 7})
        load_setup({"truce": "literal"}).with_changes(WINDOW, tell=False)
