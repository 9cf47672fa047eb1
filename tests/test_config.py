"""The configuration: defaults, variants, ranges, interventions, and errors for bad input."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from bad_input_corpus import CORPUS, BadInput
from truce_sim.border.border import make_border
from truce_sim.compat import has_version_base
from truce_sim.config.branching import effective_branching
from truce_sim.config.compose import conf_folder
from truce_sim.config.explain import explain
from truce_sim.config.load import as_config, load_config, to_plain, validate
from truce_sim.config.params import ALONG_THE_LINE, PARAMS, to_params
from truce_sim.config.regimes import mediator_names
from truce_sim.config.tokens import as_tokens
from truce_sim.engine.params import HOME, HOST
from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import FieldInfo, fields, groups, seasonal
from truce_sim.settings.nested import holder, nest
from truce_sim.settings.schema import Config

GROUPS = {
    folder.name: sorted(file.stem for file in folder.glob("*.yaml"))
    for folder in conf_folder().iterdir()
    if folder.is_dir() and folder.name not in ("experiment", "hydra", "prior", "search")
}

#: Groups for studies, not in the defaults: they are added and set settings of other groups.
OF_STUDIES = {"size", "ablation"}


@pytest.fixture(scope="module")
def default() -> Config:
    return load_config()


def params_of(config: Config) -> np.ndarray:
    return to_params(config, make_border(config))


def changed(config: Config, **parts: dict[str, Any]) -> Config:
    plain = to_plain(config)
    for part, values in parts.items():
        plain[part].update(values)
    return validate(plain)


# ── defaults and variants ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "info", [i for i in fields() if "<name>" not in i.path], ids=lambda info: info.path
)
def test_defaults_are_those_of_the_schema(default: Config, info: FieldInfo) -> None:
    """`conf/` sets what the schema says, except for the round that the two mediators hold."""
    place: Any = to_plain(default)
    for part in info.path.split("."):
        place = place[part]
    assert place == ([6] if info.path == "mediation.calendar" else info.default)


def test_defaults_at_the_root(default: Config) -> None:
    assert (default.seed, default.replicate, default.interventions) == (1, 0, [])
    assert default.scenario.kind == "durand"
    assert default.scenario.period == "2004_2021"


def test_schema_has_the_same_defaults_but_for_mediators(default: Config) -> None:
    expected = to_plain(load_config(["mediation=none"]))
    assert to_plain(Config()) == expected


@pytest.mark.parametrize(
    ("group", "option"), [(g, o) for g, found in GROUPS.items() for o in found]
)
def test_every_variant_composes(group: str, option: str) -> None:
    added = "+" if group in OF_STUDIES else ""
    config = load_config([f"{added}{group}={option}"])
    assert params_of(config).shape == (1 + len(config.interventions),)  # one regime each


def test_practised_changes_nothing(default: Config) -> None:
    assert load_config({"truce": "practised"}) == default
    assert load_config({"truce": "practised", "home.threshold": 3}).home.threshold == 3


def test_tolerant_doubles_the_threshold(default: Config) -> None:
    tolerant = load_config({"truce": "tolerant"})
    assert tolerant.home.threshold == 2 * default.home.threshold
    tolerant.home.threshold = default.home.threshold
    assert tolerant == default


def test_literal(default: Config) -> None:
    expected = changed(
        default,
        home={"threshold": 0.01, "decision_noise": 0, "resolve": 1, "initial_grievance": 0},
        frailty={"threshold_cv": 0},
        truce={"collapse_strikes": 1},
        mediation={"save": 0},
    )
    assert load_config(["truce=literal"]) == expected


@pytest.mark.parametrize("order", [1, -1])
def test_the_command_line_wins_over_a_truce_that_sets_other_groups(order: int) -> None:
    tokens = ["truce=literal", "home.threshold=5", "mediation.save=0.9", "home=baseline"][::order]
    config = load_config(tokens)
    assert (config.home.threshold, config.mediation.save) == (5, 0.9)
    assert config.home.decision_noise == 0


def test_literal_wins_over_the_groups_whatever_they_are() -> None:
    config = load_config(["frailty=default", "mediation=monitored", "truce=literal"])
    assert (config.frailty.threshold_cv, config.mediation.save) == (0, 0)


def test_mediation_variants() -> None:
    none, monitored, fast = (
        load_config([f"mediation={name}"]).mediation
        for name in ("none", "monitored", "fast_monitored")
    )
    assert (none.mediators, none.calendar, none.verification.enabled) == ({}, [], False)
    usual = asdict(load_config().mediation)
    assert asdict(monitored) == usual | {"verification": usual["verification"] | {"enabled": True}}
    assert asdict(fast.verification) == usual["verification"] | {
        "enabled": True, "coverage": 0.95, "sensitivity": 0.9, "specificity": 0.95, "lag_days": 2,
    }  # fmt: skip


def test_host_variants() -> None:
    found = {name: load_config({"host": name}).host for name in GROUPS["host"]}
    assert {n: (h.capacity, h.will) for n, h in found.items()} == {
        "baseline": (0.8, 0.3), "unwilling": (2.4, 0.1), "unable": (0.3, 0.8),
        "committed": (0.8, 0.7),
    }  # fmt: skip
    products = [found[name].capacity * found[name].will for name in GROUPS["host"]]
    assert sum(math.isclose(p, 0.24) for p in products) == 3


def test_militant_variants(default: Config) -> None:
    none, surge = (load_config({"militants": name}).militants for name in ("none", "surge"))
    assert (none.attempts_per_day, none.excitation) == (0, 0)
    assert surge.attempts_per_day == 2 * default.militants.attempts_per_day
    assert surge.spoiler_strength == 1.5
    record = load_config({"militants": "record"}).militants
    moved = {name for name, value in asdict(record).items()
             if value != asdict(default.militants)[name]}  # fmt: skip
    assert moved == {"attempts_per_day", "excitation", "risk_prior", "evasion"}


def test_frailty_none() -> None:
    frailty = load_config({"frailty": "none"}).frailty
    assert (frailty.attempts_cv, frailty.threshold_cv) == (0, 0)
    assert frailty.will_concentration == math.inf


def test_files_say_the_tag_of_the_schema() -> None:
    """If a file sets a value of its group, the tag in its comment is the schema's."""
    for info in fields():
        group, _, rest = info.path.partition(".")
        first = (GROUPS.get(group) or [""])[0]
        file = {"militants": "ttp", "truce": "practised", "mediation": "none"}.get(group, first)
        path = conf_folder() / group / f"{file}.yaml"
        if info.source == "design" or "." in rest or not path.is_file():
            continue
        lines = [x for x in path.read_text(encoding="utf-8").splitlines() if x.startswith(rest)]
        for line in lines:
            if line.startswith(f"{rest}:") and "[" in line.partition("#")[2]:
                assert f"[{info.source}]" in line, (info.path, line)


# ── the schema ───────────────────────────────────────────────────────────────────────────────


def test_fields_cover_the_whole_schema(default: Config) -> None:
    def leaves(node: Any, path: str = "") -> list[str]:
        if isinstance(node, dict):
            return [leaf for key, value in node.items() for leaf in leaves(value, f"{path}.{key}")]
        return [path.removeprefix(".")]

    plain = to_plain(default)
    plain["mediation"]["mediators"] = {"<name>": plain["mediation"]["mediators"]["qatar"]}
    assert {info.path for info in fields()} == set(leaves(plain)) - {"interventions"}


@pytest.mark.parametrize("info", fields(), ids=lambda info: info.path)
def test_every_field_says_what_it_is(info: FieldInfo) -> None:
    assert info.meaning
    assert info.source in ("F", "C", "A", "design")
    if info.type in ("float", "int"):
        assert info.low is not None
        assert info.high is not None
        assert info.low <= info.default <= info.high
    if info.options:
        assert info.default in info.options


@pytest.mark.parametrize(
    "info", [i for i in fields() if i.type in ("float", "int")], ids=lambda info: info.path
)
def test_every_range_is_enforced(info: FieldInfo) -> None:
    assert info.low is not None
    assert info.high is not None
    bad = [info.low - 1, math.nan, -math.inf, True, "1", None]
    bad += [] if math.isinf(info.high) else [info.high * 2 + 1, math.inf]
    bad += [0.5] if info.type == "int" else []
    for value in bad:
        with pytest.raises(InputError) as caught:
            validate(nest(info.path.replace("<name>", "x"), value))
        assert caught.value.setting == info.path.replace("<name>", "x")
        assert caught.value.allowed == info.allowed


@pytest.mark.parametrize(
    "path",
    [
        "home.threshold", "host.threshold", "home.grievance_memory_days", "truce.collapse_strikes",
        "host.grievance_memory_days", "attribution.activity_memory_days",
        "attribution.attack_decay_km", "militants.excitation_memory_days",
        "frailty.will_concentration",
    ],
)  # fmt: skip
def test_infinity_where_it_means_something(path: str) -> None:
    config = load_config([f"{path}=inf"])
    part, name = path.split(".")
    assert getattr(getattr(config, part), name) == math.inf


# ── overrides ────────────────────────────────────────────────────────────────────────────────


def test_strings_and_mappings_agree() -> None:
    strings = [
        "truce=literal", "home.threshold=5", "mediation.calendar=[3,40]", "seed=7",
        "scenario.period='2015_2021'", "truce.collapse_strikes=inf", "mediation.announced=false",
        "interventions=[{day:30,set:{mediation.verification.enabled:true}}]",
    ]  # fmt: skip
    mapping = {
        "truce": "literal", "home": {"threshold": np.float64(5)}, "seed": np.int64(7),
        "mediation.calendar": (3, 40), "scenario.period": "2015_2021",
        "truce.collapse_strikes": math.inf, "mediation": {"announced": False},
        "interventions": [{"day": 30, "set": {"mediation.verification.enabled": True}}],
    }  # fmt: skip
    assert load_config(strings) == load_config(mapping)


def test_a_period_without_quotes_is_understood() -> None:
    assert load_config(["scenario.period=2015_2021"]).scenario.period == "2015_2021"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
def test_any_text_survives(text: str) -> None:
    if "${" in text:
        return
    from hydra.core.override_parser.overrides_parser import OverridesParser

    (token,) = as_tokens({"output.name": text})
    assert OverridesParser.create().parse_override(token).value() == text


@given(st.floats(allow_nan=False) | st.integers() | st.booleans() | st.none())
def test_any_number_survives(value: object) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    (token,) = as_tokens({"home.threshold": value})
    assert OverridesParser.create().parse_override(token).value() == value


@pytest.mark.parametrize("value", [object(), {1, 2}, {"home.threshold": b"x"}])
def test_values_of_no_use(value: object) -> None:
    overrides = value if isinstance(value, dict) else {"home.threshold": value}
    with pytest.raises(InputError, match=r"home\.threshold"):
        load_config(overrides)


def test_mediators_are_added_and_taken_away() -> None:
    added = load_config({"mediation.mediators.oman": {"call": 0.1}})
    assert list(added.mediation.mediators) == ["qatar", "turkiye", "oman"]
    assert added.mediation.mediators["oman"].skill == 0.55
    assert added == load_config(["+mediation.mediators={oman:{call:0.1}}"])
    gone = load_config(["~mediation.mediators.qatar"])
    assert list(gone.mediation.mediators) == ["turkiye"]


def test_a_folder_of_the_users_own_adds_options(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine.yaml").write_text("defaults: [baseline, _self_]\nthreshold: 8\n")
    config = load_config(["home=mine"], config_dir=tmp_path)
    assert (config.home.threshold, config.home.forward) == (8, 0.8)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("threshold: -8\n", ("home.threshold = -8", "home/mine.yaml")),
        ("threshold: high\n", ("home.threshold", "'high'", "home/mine.yaml")),
        ("thresold: 8\n", ("home.thresold", "home.threshold", "home/mine.yaml")),
        ("_target_: os.getcwd\n", ("home._target_", "home/mine.yaml", "executed")),
        ("threshold: [8\n", ("is not YAML", "home/mine.yaml line")),
        ("threshold: !!python/object:os.getcwd 8\n", ("is not YAML", "home/mine.yaml line 1")),
        ("defaults: [basline]\n", ("home", "basline", "baseline")),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, pieces: tuple[str, ...]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_config(["home=mine"], config_dir=tmp_path)
    for piece in pieces:
        assert piece in str(caught.value)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("")])
def test_a_folder_that_is_none(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "x")
    with pytest.raises(InputError, match="folder"):
        load_config(config_dir=tmp_path / "x")


@pytest.mark.skipif(not has_version_base(), reason="Hydra 1.4 knows one way only")
def test_hydra_is_left_as_it_was(tmp_path: Path) -> None:
    from hydra import compose, initialize_config_dir, version
    from hydra.core.global_hydra import GlobalHydra

    load_config()
    assert not GlobalHydra.instance().is_initialized()
    (tmp_path / "other.yaml").write_text("a: 1\n")
    with initialize_config_dir(str(tmp_path), version_base="1.2"):
        before = GlobalHydra.instance().hydra
        load_config()
        assert GlobalHydra.instance().hydra is before
        assert str(version.getbase()) == "1.2"
        assert compose("other").a == 1


def test_validate_takes_what_somebody_else_composed(default: Config) -> None:
    plain = to_plain(default)
    assert validate(plain) == default
    assert validate(OmegaConf.create(plain)) == default
    assert validate({**plain, "hydra": {"anything": 1}}) == default
    assert validate({}) == Config()


def test_validate_says_where_it_came_from(default: Config) -> None:
    with pytest.raises(InputError, match=r"where: run\.yaml"):
        validate({"seed": -1}, origin="run.yaml")


def test_as_config(default: Config) -> None:
    assert as_config() == as_config(default) == as_config([]) == as_config({}) == default
    assert as_config("truce=literal").truce.collapse_strikes == 1
    broken = copy.deepcopy(default)
    broken.home.threshold = -1
    with pytest.raises(InputError, match=r"home\.threshold"):
        as_config(broken)


def test_plain_and_back_through_yaml(default: Config) -> None:
    text = OmegaConf.to_yaml(OmegaConf.create(to_plain(load_config({"frailty": "none"}))))
    assert validate(OmegaConf.create(text)) == load_config({"frailty": "none"})


# ── what the engine reads ────────────────────────────────────────────────────────────────────


#: Settings that no parameter of a run contains.
_OUTSIDE = ("scenario", "seed", "replicate", "output", "sweep", "interventions")
_BORDER_ONLY = ("border.sectors", "border.floor")


def _other(info: FieldInfo, value: Any) -> Any:
    """Another value that is compatible with the defaults."""
    if info.type == "bool":
        return not value
    if info.options:
        return next(option for option in info.options if option != value)
    if info.type == "list[int]":
        return [2, 9]
    if value == math.inf:
        return 50.0
    return value + 1 if info.type == "int" else value * 0.9 or 0.5


@pytest.mark.parametrize("info", fields(), ids=lambda info: info.path)
def test_every_setting_reaches_one_place_in_the_parameters(
    default: Config, info: FieldInfo
) -> None:
    path = info.path.replace("<name>", "qatar")
    if path.split(".")[0] in _OUTSIDE:
        return
    plain = to_plain(default)
    node, last = holder(plain, path)
    node[last] = 4.0 if path == "truce.collapse_strikes" else _other(info, node[last])
    before, after = _flat(params_of(default)[0]), _flat(params_of(validate(plain))[0])
    different = [key for key in before if before[key] != after[key]]
    if path in _BORDER_ONLY:
        assert different == []
    elif path == "mediation.calendar":
        assert [after[f"mediation.calendar.{i}"] for i in range(3)] == [2, 9, -1]
    elif path == "run.warmup_days":
        assert different == ["from_day", "run.warmup_days"]
    elif path in ALONG_THE_LINE:  # the length of a sector is told where one of them needs it
        assert different == ["sector_km", path]
        assert after["sector_km"] == pytest.approx(2240 / 45)
    elif path in seasonal():  # and so is the date of day 0
        assert different == ["first_day", path]
    else:
        assert len(different) == 1
        assert different[0].endswith(last)


def _flat(record: Any, path: str = "") -> dict[str, float]:
    if record.shape:
        pairs = ((str(i), item) for i, item in enumerate(record))
    elif record.dtype.names:
        pairs = ((name, record[name]) for name in record.dtype.names)
    else:
        return {path.removeprefix("."): float(record)}
    return {k: v for name, item in pairs for k, v in _flat(item, f"{path}.{name}").items()}


def test_every_parameter_is_filled_from_a_setting(default: Config) -> None:
    """Change all settings at once: every number of the record changes, except unused slots."""
    plain = to_plain(default)
    for info in fields():
        path = info.path.replace("<name>", "qatar")
        if "." in path and path.split(".")[0] not in (*_OUTSIDE, "scenario"):
            node, last = holder(plain, path)
            node[last] = 4.0 if path == "truce.collapse_strikes" else _other(info, node[last])
    plain["mediation"]["mediators"]["turkiye"] = {"call": 0.11, "skill": 0.12}
    plain["militants"]["excitation"] = 0.9  # not endless, wherever a band sets out
    before, after = _flat(params_of(default)[0]), _flat(params_of(validate(plain))[0])
    same = [key for key in before if before[key] == after[key]]
    slots = [f"mediators.{i}.{name}" for i in range(2, 8) for name in ("active", "call", "skill")]
    slots += [f"mediation.calendar.{i}" for i in range(2, 64)]
    slots += ["mediators.0.active", "mediators.1.active"]
    slots += [] if seasonal() else ["first_day"]  # tests/engine/test_season.py
    slots += [key for key in before if key.startswith("places.")]  # only interventions fill them
    assert sorted(same) == sorted(slots)


def test_parameters_by_name(default: Config) -> None:
    params = params_of(default)
    assert params.dtype == PARAMS
    assert params["from_day"].tolist() == [-60]
    assert params["states"][0, HOME]["threshold"] == default.home.threshold
    assert params["states"][0, HOST]["threshold"] == 1.5
    assert params["host"]["will"] == 0.3
    assert params["mediation"]["calendar"][0, :2].tolist() == [6, -1]
    assert params["mediators"]["active"][0].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def test_the_calendar_is_sorted() -> None:
    params = params_of(load_config(["mediation.calendar=[40,6]"]))
    assert params["mediation"]["calendar"][0, :3].tolist() == [6, 40, -1]


# ── interventions ────────────────────────────────────────────────────────────────────────────


def with_changes(*changes: tuple[int, dict[str, Any]], **more: Any) -> Config:
    made = [{"day": day, "set": settings} for day, settings in changes]
    return load_config({"interventions": made, **more})


def test_an_intervention_starts_a_regime(default: Config) -> None:
    params = params_of(with_changes((30, {"mediation.verification.enabled": True})))
    assert params["from_day"].tolist() == [-60, 30]
    assert params["mediation"]["verification"]["enabled"].tolist() == [0, 1]
    before, after = _flat(params[0]), _flat(params[1])
    different = [key for key in before if before[key] != after[key]]
    assert different == ["from_day", "mediation.verification.enabled"]
    assert _flat(params[0]) == _flat(params_of(default)[0])


def test_interventions_accumulate_in_order_of_days(default: Config) -> None:
    params = params_of(
        with_changes(
            (50, {"home.threshold": 7}),
            (20, {"host.will": 0.6, "home.threshold": 4}),
            (50, {"home.threshold": 8, "host.lag_days": 0}),
            (0, {"home": {"forward": 0.5}}),
        )
    )
    assert params["from_day"].tolist() == [-60, 0, 20, 50]
    first = default.home.threshold
    assert params["states"]["threshold"][:, HOME].tolist() == [first, first, 4, 8]
    assert params["host"]["will"].tolist() == [0.3, 0.3, 0.6, 0.6]
    assert params["home"]["forward"].tolist() == [0.8, 0.5, 0.5, 0.5]
    assert params["states"]["lag_days"][:, HOST].tolist() == [3, 3, 3, 0]


def test_a_change_before_the_first_day_without_warm_up(default: Config) -> None:
    config = with_changes((0, {"home.threshold": 8}), **{"run.warmup_days": 0})
    params = params_of(config)
    assert params["from_day"].tolist() == [0, 0]
    assert params["states"]["threshold"][:, HOME].tolist() == [default.home.threshold, 8]


def test_null_interventions(default: Config) -> None:
    same = {"home.threshold": default.home.threshold}
    params = params_of(with_changes((30, {}), (40, same)))
    assert params["from_day"].tolist() == [-60, 30, 40]
    rest = [name for name in PARAMS.names or () if name != "from_day"]
    assert all((params[rest][i] == params[rest][0]) for i in range(3))


def test_mediators_keep_their_slots() -> None:
    config = with_changes(
        (10, {"mediation.mediators": {"oman": {"call": 0.1}, "turkiye": {"skill": 0.9}}}),
        (20, {"mediation.mediators.qatar": {"call": 0.2, "skill": 0.3}}),
        (30, {"mediation.mediators.oman": None, "mediation.mediators.qatar.call": 0.25}),
    )
    params = params_of(config)
    assert mediator_names(config) == ["qatar", "turkiye", "oman"]
    assert params["mediators"]["active"][:, :4].tolist() == [
        [1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 0],
    ]  # fmt: skip
    assert params["mediators"]["call"][:, 0].tolist() == [0.3, 0, 0.2, 0.25]
    assert params["mediators"]["skill"][:, 1].tolist() == [0.55, 0.9, 0.9, 0.9]


def test_belief_prior_may_change() -> None:
    params = params_of(with_changes((10, {"belief.prior": 0.6})))
    assert params["belief"]["prior"].tolist() == [0.45, 0.6]


def test_too_many_mediators_over_time() -> None:
    many = {f"m{i}": {"call": 0.1} for i in range(7)}
    with pytest.raises(InputError, match="9 mediators"):
        with_changes((10, {"mediation.mediators": many}))


# ── self-excitation ──────────────────────────────────────────────────────────────────────────


def test_n_eff_of_the_defaults(default: Config) -> None:
    """Σ_s w_s Σ_c P(c) exp(-effort), written out by loops; terrain counts at the border alone."""
    border, m, home = make_border(default), default.militants, default.home
    total = 0.0
    for sector in border.sectors:
        passable = 1 - 0.3 * float(sector["ruggedness"])
        below = 0.0
        for cell in range(1, 11):
            z = (math.log(cell * 10) - m.depth_mu) / m.depth_sigma
            upto = 1.0 if cell == 10 else 0.5 * (1 + math.erf(z / math.sqrt(2)))
            inside = (1 - home.forward) * (cell - 1) / 9
            effort = home.capacity * (passable * home.forward + inside)
            total += float(sector["weight"]) * (upto - below) * math.exp(-effort)
            below = upto
    assert effective_branching(default, border) == pytest.approx(1.6 * total, rel=1e-12)
    assert 0.68 <= effective_branching(default, border) * math.exp(-0.24 * 0.8) <= 0.85


def test_n_eff_in_closed_cases() -> None:
    base = {"scenario": "synthetic", "border.terrain": 0, "militants.excitation": 0.9}
    cases = {
        0.9: {"home.capacity": 0},
        0.9 * math.exp(-2): {"home.capacity": 2, "home.forward": 1},
        0.9 * math.exp(-2 * 3 / 9): {
            "home.capacity": 2, "home.forward": 0, "militants.depth_sigma": 0,
            "militants.depth_mu": math.log(35),
        },
        0.9 * math.exp(-1.8): {
            "home.capacity": 1.8, "home.forward": 0.3, "militants.depth_mu": 8,
            "militants.depth_sigma": 0,
        },
    }  # fmt: skip
    for expected, more in cases.items():
        config = load_config({**base, **more})
        assert effective_branching(config, make_border(config)) == pytest.approx(expected)


def test_the_guard_stands_at_one(default: Config) -> None:
    border = make_border(default)
    passing = effective_branching(default, border) / default.militants.excitation
    changed(default, militants={"excitation": 0.999999 / passing})
    with pytest.raises(InputError, match="n_eff = 1"):
        changed(default, militants={"excitation": 1.000001 / passing})


# ── bad input ────────────────────────────────────────────────────────────────────────────────


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CORPUS) >= 60
    assert len({case.id for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_bad_input(case: BadInput, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_config(case.argv(tmp_path))
    message = str(caught.value)
    for piece in case.contains:
        assert piece in message
    assert "Traceback" not in message
    assert "hydra" not in message.lower() or "hydra" in case.id
    assert max(map(len, message.splitlines())) < 300


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_bad_input_as_hydra_raises_it(case: BadInput, tmp_path: Path) -> None:
    """Without `check_tokens`, as on the command line, anything that Hydra raises is explained."""
    from truce_sim.config.compose import compose

    tokens = case.argv(tmp_path)
    try:
        validate(compose(tokens))
    except InputError:
        return
    except Exception as error:
        message = str(explain(error, tokens))
        assert message
        assert "None" not in message
    else:
        merged = ("group_gone", "group_empty", "group_list", "group_list_of_one", "s_list")
        read = () if has_version_base() else ("index",)  # by Hydra 1.4; refused before it is asked
        assert case.id in ("number_as_bool", "no_mediators", "target_hydra", *merged, *read)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_raises_anything_else(key: str, value: str) -> None:
    for token in (f"{key}={value}", f"home.threshold={value}", f"{key}=3", key):
        try:
            load_config([token])
        except InputError as error:
            assert str(error)  # noqa: PT017


def test_an_error_survives_a_process() -> None:
    with pytest.raises(InputError) as caught:
        load_config(["home.thresold=5"])
    copied = pickle.loads(pickle.dumps(caught.value))
    assert str(copied) == str(caught.value)
    assert copied.setting == "home.thresold"


def test_closest() -> None:
    assert closest("treshold", ["home.threshold", "host.threshold", "home.will"]) == (
        "home.threshold or host.threshold"
    )
    assert closest("LITERAL", ["literal", "practised"]) == "literal"
    assert closest("zzz", ["literal"]) == ""


def test_groups_are_the_folders_of_conf() -> None:
    assert set(groups()) - {"output", "sweep"} == set(GROUPS) - OF_STUDIES
