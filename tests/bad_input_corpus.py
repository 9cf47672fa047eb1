"""Bad input as data: what a user may type, and what the one message must say.

Each case is for the real command line as well as for `load_config`; nothing is ever written.
`overrides` is a list, or a function of a folder for temporary files that returns one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Overrides = list[str] | Callable[[Path], list[str]]


class BadInput(NamedTuple):
    """One case: its name, the overrides, pieces of the message, and the command it is for."""

    id: str
    overrides: Overrides
    contains: tuple[str, ...]
    command: str = "run"

    def argv(self, folder: Path) -> list[str]:
        """The overrides, once the files they need are in `folder`."""
        return self.overrides(folder) if callable(self.overrides) else list(self.overrides)


HEADER = "km_from,km_to,weight,ruggedness,crossing"
GOOD_ROWS = ("0,10,1,0.5,", "10,20,2,0.5,Gate", "20,30,3,0.5,")


def _table(*rows: str, header: str = HEADER) -> Overrides:
    def make(folder: Path) -> list[str]:
        path = folder / "table.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return [f"scenario.table='{path}'"]

    return make


def _folder(*rows: str) -> Overrides:
    def make(folder: Path) -> list[str]:
        (folder / "mine").mkdir()
        (folder / "mine" / "segments.csv").write_text("\n".join((HEADER, *rows)), encoding="utf-8")
        return [f"scenario.path='{folder / 'mine'}'"]

    return make


def _bytes(content: bytes) -> Overrides:
    def make(folder: Path) -> list[str]:
        (folder / "table.csv").write_bytes(content)
        return [f"scenario.table='{folder / 'table.csv'}'"]

    return make


_PLACED = "{{day:3,where:{{km:[{},{}]}},set:{{home.capacity:1}}}}"


def _placed(km: str, changes: str) -> list[str]:
    return [f"interventions=[{{day:3,where:{{km:{km}}},set:{{{changes}}}}}]"]


def _intervention(day: object, changes: str, *more: str) -> list[str]:
    return [f"interventions=[{{day:{day},set:{{{changes}}}}}]", *more]


NO_SETTING = "no such setting"
NO_OPTION = "no such option"
NOT_A_NUMBER = "is not a number"
NOT_WHOLE = "is not a whole number"
OUT = "is out of range"

_KEYS = [
    BadInput("misspelt", ["home.thresold=5"], ("home.thresold", NO_SETTING, "mean: home.thr")),
    BadInput("unknown", ["home.zzz=5"], ("home.zzz", NO_SETTING)),
    BadInput("wrong_group", ["truce.threshold=5"], ("truce.threshold", "home.threshold")),
    BadInput("no_group", ["threshold=5"], ("threshold", NO_SETTING, "home.threshold")),
    BadInput("unknown_group", ["thruce=literal"], ("thruce", "truce")),
    BadInput("unknown_group_dotted", ["militant.excitation=1"], ("militants.excitation",)),
    BadInput("upper_case", ["home.Threshold=5"], ("home.Threshold", "home.threshold")),
    BadInput("added", ["+home.thresold=5"], ("home.thresold", "home.threshold")),
    BadInput("added_root", ["+sed=5"], ("sed", NO_SETTING, "seed")),
    BadInput("added_twice", ["++home.thresold=5"], ("home.thresold", "home.threshold")),
    BadInput("plus_existing", ["+home.threshold=5"], ("home.threshold", "without +")),
    BadInput("delete_unknown", ["~home.thresold"], ("home.thresold", "home.threshold")),
    BadInput("too_deep", ["home.threshold.value=5"], ("home.threshold.value", NO_SETTING)),
    BadInput("nested", ["mediation.verification.coverge=1"], ("mediation.verification.coverage",)),
    *(BadInput(f"mediator_as_{n}", [f"mediation.mediators.qatar={value}"],
               ("is not a mapping of a mediator's settings", "qatar.call=0.3"))
      for n, value in (("number", "3"), ("null", "null"), ("list", "[1]"), ("text", "abc"))),
    BadInput("mediator", ["mediation.mediators.oman.call=0.1"], ("no such mediator", "oman")),
    BadInput("mediator_field", ["mediation.mediators.qatar.cal=0.1"], ("qatar.cal", NO_SETTING)),
    BadInput(
        "mediator_of_none", ["mediation=none", "mediation.mediators.qatar.call=0.1"], ("qatar",)
    ),
    BadInput("no_mediators", ["mediation.mediators={}"], ("mediation=none",)),
]  # fmt: skip

_GROUPS = [
    BadInput("option_typo", ["truce=litteral"], ("truce", "litteral", NO_OPTION, "literal")),
    BadInput("option_unknown", ["host=xyz"], ("host", "xyz", "baseline, committed, unable")),
    BadInput("option_number", ["mediation=3"], ("mediation = 3", NO_OPTION)),
    BadInput("option_home", ["home=literal"], ("home", "'literal'", "allowed: baseline")),
    BadInput("option_scenario", ["scenario=durant"], ("scenario", "congo_rwanda, durand, ")),
    BadInput("size", ["size=small"], ("size", "be added with +", "+size")),
    BadInput("ablation", ["ablation=spoilers"], ("ablation", "be added with +", "+ablation")),
    BadInput("experiment", ["+experiment=dohaa"], ("experiment", "dohaa", "doha")),
    BadInput("group_value", ["truce={window:3}"], ("truce.window", "truce.window_days")),
    BadInput("group_bool", ["truce=true"], ("truce", NO_OPTION)),
    BadInput("group_gone", ["~truce"], ("truce", "no option is chosen", "such as truce=literal")),
    BadInput("group_empty", ["truce=[]"], ("truce", "no option", "such as truce=literal")),
    BadInput(
        "group_list",
        ["truce=[literal,tolerant]"],
        ("truce", "merged into a mixture of them", "sweep truce=literal,tolerant"),
    ),
    BadInput("group_list_of_one", ["host=[unable]"], ("host = '[unable]'", "one option")),
    BadInput("value_null", ["truce.window_days=null"], ("truce.window_days", "null")),
]

_TYPES = [
    BadInput("word", ["home.threshold=high"], ("home.threshold = 'high'", NOT_A_NUMBER, "1e-06")),
    BadInput("empty", ["home.threshold="], ("home.threshold", NOT_A_NUMBER)),
    BadInput("null", ["home.threshold=null"], ("home.threshold", "null", NOT_A_NUMBER)),
    BadInput("bool_as_number", ["home.threshold=true"], ("home.threshold", "True", NOT_A_NUMBER)),
    BadInput("list_as_number", ["home.threshold=[1,2]"], ("home.threshold",)),
    BadInput("dict_as_number", ["home.threshold={a:1}"], ("home.threshold",)),
    BadInput("fraction", ["border.sectors=4.5"], ("border.sectors", "4.5", NOT_WHOLE, "500")),
    BadInput("fraction_days", ["run.horizon_days=1e2"], ("run.horizon_days", NOT_WHOLE)),
    BadInput("inf_days", ["run.horizon_days=inf"], ("run.horizon_days", NOT_WHOLE)),
    BadInput("number_as_bool", ["mediation.announced=7"], ("mediation.announced", "true or false")),
    BadInput("word_as_bool", ["mediation.verification.enabled=perhaps"], ("verification.enabled",)),
    BadInput("seed_word", ["seed=lucky"], ("seed", "'lucky'", NOT_WHOLE)),
    BadInput("law", ["frailty.law=weibull"], ("frailty.law", "weibull", "lognormal, gamma")),
    BadInput("law_typo", ["frailty.law=gama"], ("frailty.law", "did you mean: gamma")),
    BadInput("period", ["scenario.period=2016_2021"], ("scenario.period", "2015_2021")),
    BadInput("kind", ["scenario.kind=durant"], ("scenario.kind", "did you mean: durand")),
    BadInput("profile", ["scenario=synthetic", "scenario.profile=flat"], ("scenario.profile",)),
]

_RANGES = [
    BadInput("negative", ["home.threshold=-1"], ("home.threshold = -1", OUT, "home.threshold=-1")),
    BadInput("zero", ["home.threshold=0"], ("home.threshold = 0", OUT, "1e-06")),
    BadInput("probability", ["host.will=1.2"], ("host.will = 1.2", OUT, "from 0 up to 1")),
    BadInput("nan", ["home.threshold=nan"], ("home.threshold = nan", NOT_A_NUMBER)),
    BadInput("nan_share", ["attribution.foiled=nan"], ("attribution.foiled", NOT_A_NUMBER)),
    BadInput("minus_inf", ["home.threshold=-inf"], ("home.threshold = -inf", OUT)),
    BadInput("inf_share", ["host.will=inf"], ("host.will = inf", OUT, "up to 1")),
    BadInput("inf_rate", ["militants.attempts_per_day=inf"], ("attempts_per_day", OUT, "20")),
    BadInput("inf_weight", ["home.strike_weight=inf"], ("home.strike_weight", OUT)),
    BadInput("memory", ["home.grievance_memory_days=0"], ("grievance_memory_days", "above 0")),
    BadInput("horizon_0", ["run.horizon_days=0"], ("run.horizon_days", OUT, "from 1 up to 3650")),
    BadInput("horizon_long", ["run.horizon_days=4000"], ("run.horizon_days", "3650")),
    BadInput("warmup", ["run.warmup_days=-1"], ("run.warmup_days", OUT)),
    BadInput("sectors_0", ["border.sectors=0"], ("border.sectors = 0", OUT)),
    BadInput("sectors_many", ["border.sectors=501"], ("border.sectors = 501", "up to 500")),
    BadInput("home_depth", ["border.home_depth=1"], ("border.home_depth = 1", "from 2")),
    BadInput("floor", ["border.floor=0"], ("border.floor", "above 0")),
    BadInput("seed_negative", ["seed=-1"], ("seed = -1", OUT)),
    BadInput("seed_big", ["seed=9223372036854775808"], ("seed", OUT)),
    BadInput("replicate_big", ["replicate=4294967296"], ("replicate", OUT)),
    BadInput("backlash", ["home.backlash=-1.5"], ("home.backlash", "from -1 up to 1")),
    BadInput("round", ["mediation.round_days=0"], ("mediation.round_days", "from 1")),
    BadInput("call", ["mediation.mediators.qatar.call=2"], ("mediators.qatar.call = 2", OUT)),
    BadInput("new_call", ["+mediation.mediators={oman:{call:2}}"], ("oman.call", OUT)),
    BadInput("mediator_added", ["+mediation.mediators.oman.call=0.1"], ("oman", "adds one")),
    BadInput("hazard", ["belief.committed_hazard=1"], ("belief.committed_hazard", "0.999")),
    BadInput("prior", ["belief.prior=0"], ("belief.prior", "0.001")),
    BadInput("strikes_0", ["truce.collapse_strikes=0"], ("truce.collapse_strikes", "from 1")),
    BadInput("strikes_half", ["truce.collapse_strikes=2.5"], ("truce.collapse_strikes", "whole")),
    BadInput("replicates", ["sweep.replicates=0"], ("sweep.replicates", OUT)),
    BadInput("workers", ["sweep.workers=-1"], ("sweep.workers", OUT)),
]

_TOGETHER = [
    BadInput(
        "n_eff",
        ["militants.excitation=2"],
        ("militants.excitation = 2", "n_eff = 1.087", "home.capacity=0.85", "below 1.84"),
    ),
    BadInput(
        "n_eff_open",
        ["home.capacity=0"],
        ("home.capacity = 0", "militants.excitation=1.6", "n_eff = 1.6", "0.655 or more"),
    ),
    BadInput(
        "n_eff_forward", ["home.forward=0.0"], ("home.forward = 0.0: does not", "0.457 or more")
    ),
    BadInput(
        "n_eff_offspring",
        ["militants.offspring_km=50", "border.effort_per_km=1"],
        ("militants.offspring_km = 50.0: does not", "inf, the default"),
    ),
    BadInput("n_eff_terrain", ["border.terrain=1"], ("border.terrain = 1.0: does not", "or less")),
    BadInput("calendar_late", ["mediation.calendar=[365]"], ("mediation.calendar[0] = 365", "364")),
    BadInput("calendar_negative", ["mediation.calendar=[-1]"], ("mediation.calendar[0]", OUT)),
    BadInput(
        "calendar_overlap", ["mediation.calendar=[6,40,8]"], ("6 and 8 overlap", "round_days")
    ),
    BadInput("calendar_twice", ["mediation.calendar=[6,6]"], ("6 and 6 overlap",)),
    BadInput("calendar_word", ["mediation.calendar=[soon]"], ("mediation.calendar", "soon")),
    BadInput("calendar_fraction", ["mediation.calendar=[1.5]"], ("mediation.calendar", "1.5")),
    BadInput("calendar_scalar", ["mediation.calendar=6"], ("mediation.calendar", "a list")),
    BadInput("calendar_nested", ["mediation.calendar=[[6]]"], ("mediation.calendar",)),
    BadInput(
        "calendar_long",
        [f"mediation.calendar={list(range(0, 325, 5))}".replace(" ", "")],
        ("mediation.calendar", "65 rounds", "at most 64"),
    ),
    BadInput(
        "window",
        ["run.horizon_days=10"],
        ("run.horizon_days = 10", "truce.window_days=14", "14 or more"),
    ),
    BadInput("staging", ["militants.staging_days=0.5"], ("militants.staging_days", "0, or")),
    BadInput("kappa", ["belief.perceived_capability=2"], ("perceived_capability", "1.4", "1.428")),
    BadInput(
        "radius", ["border.sectors=1"], ("border.sectors = 1", "home.strike_radius=1", "2 or more")
    ),
    BadInput(
        "mediators_many",
        [f"+mediation.mediators={{m{i}:{{call:0.1}}}}" for i in range(7)],
        ("mediation.mediators", "9 mediators", "at most 8"),
    ),
    BadInput("table_needed", ["scenario.kind=table"], ("scenario.table", "needs a table")),
    BadInput(
        "table_unused",
        ["scenario=synthetic", "scenario.table=x.csv"],
        ("scenario.table", "uses no"),
    ),
    BadInput("path_needed", ["scenario.kind=folder"], ("scenario.path", "needs a folder")),
    BadInput(
        "path_unused", ["scenario=synthetic", "scenario.path=x"], ("scenario.path", "uses no")
    ),
    BadInput(
        "path_and_table",
        ["scenario.path=x", "scenario.table=x.csv"],
        ("scenario.table", "a folder scenario uses no table"),
    ),
]

_INTERVENTIONS = [
    BadInput("iv_scalar", ["interventions=3"], ("interventions", "not a list of changes")),
    BadInput("iv_list", ["interventions=[3]"], ("interventions", "day", "set")),
    BadInput("iv_empty", ["interventions=[{}]"], ("interventions[0]", "lacks 'day'")),
    BadInput("iv_no_set", ["interventions=[{day:3}]"], ("interventions[0]", "lacks 'set'")),
    BadInput("iv_key", ["interventions=[{dya:3,set:{}}]"], ("interventions[0].dya", "day")),
    BadInput("iv_set", ["interventions=[{day:3,set:5}]"], ("interventions[0].set", "not a map")),
    BadInput(
        "iv_where", ["interventions=[{day:3,where:5,set:{}}]"], ("interventions[0].where", "km")
    ),
    BadInput(
        "iv_where_key", ["interventions=[{day:3,where:{km:[1,2],x:1},set:{}}]"], (".where.x", "km")
    ),
    BadInput("iv_km", _placed("[300,200]", "home.capacity:1"), ("where.km", "smaller one first")),
    BadInput("iv_km_word", _placed("[a,2]", "home.capacity:1"), ("where.km", "two numbers")),
    BadInput("iv_beyond", _placed("[0,9000]", "home.capacity:1"), ("where.km", "beyond", "2240")),
    BadInput("iv_everywhere", _placed("[0,90]", "home.threshold:5"), ("home.threshold", "capacit")),
    BadInput("iv_placed_range", _placed("[0,90]", "home.capacity:99"), ("home.capacity = 99", OUT)),
    BadInput(
        "iv_placed_n_eff", _placed("[400,1400]", "home.capacity:0.1"), ("n_eff = ", "(day 3)")
    ),
    BadInput(
        "iv_placed_many",
        [f"interventions=[{','.join(_PLACED.format(i, i + 1) for i in range(9))}]"],
        ("9 stretches", "at most 8"),
    ),
    BadInput("iv_late", _intervention(365, "home.threshold:5"), ("interventions[0].day = 365",)),
    BadInput("iv_negative", _intervention(-1, "home.threshold:5"), ("interventions[0].day = -1",)),
    BadInput(
        "iv_fraction", _intervention(1.5, "home.threshold:5"), ("interventions[0].day = 1.5",)
    ),
    BadInput(
        "iv_true", _intervention("true", "home.threshold:5"), ("interventions[0].day = True",)
    ),
    BadInput(
        "iv_typo",
        _intervention(3, "home.thresold:5"),
        ("home.thresold", NO_SETTING, "home.threshold", "interventions[0] (day 3)"),
    ),
    BadInput("iv_range", _intervention(3, "host.will:2"), ("host.will = 2", OUT, "(day 3)")),
    BadInput("iv_type", _intervention(3, "host.will:much"), ("host.will = 'much'", NOT_A_NUMBER)),
    BadInput("iv_nan", _intervention(3, "host.will:nan"), ("host.will", NOT_A_NUMBER)),
    BadInput("iv_null", _intervention(3, "host.will:null"), ("host.will", "null")),
    BadInput("iv_n_eff", _intervention(3, "home.capacity:0.1"), ("n_eff = ", "(day 3)")),
    BadInput(
        "iv_run", _intervention(3, "run.horizon_days:9"), ("run.horizon_days", "cannot change")
    ),
    BadInput(
        "iv_border", _intervention(3, "border.sectors:9"), ("border.sectors", "cannot change")
    ),
    BadInput("iv_seed", _intervention(3, "seed:9"), ("seed", "cannot change")),
    BadInput("iv_frailty", _intervention(3, "frailty.law:gamma"), ("frailty.law", "cannot change")),
    BadInput("iv_g0", _intervention(3, "home.initial_grievance:0"), ("cannot change",)),
    BadInput("iv_risk", _intervention(3, "militants.risk_prior:0"), ("cannot change",)),
    BadInput("iv_group", _intervention(3, "truce:literal"), ("truce", "is a group")),
    BadInput("iv_itself", _intervention(3, "interventions:[]"), ("interventions", "cannot change")),
    BadInput(
        "iv_mediator_deep",
        _intervention(3, "mediation.mediators.qatar.call.x:1"),
        ("mediation.mediators.qatar.call.x", "no such mediator"),
    ),
    BadInput(
        "iv_mediator",
        _intervention(3, "mediation.mediators.qatr.call:0.1"),
        ("mediation.mediators.qatr.call", "no such mediator", "qatar"),
    ),
    BadInput("iv_target", _intervention(3, "_target_:os.getcwd"), ("_target_", "executed")),
]

_CODE = [
    BadInput("target", ["+_target_=os.getcwd"], ("_target_", "nothing in it is executed")),
    BadInput("target_home", ["+home._target_=os.getcwd"], ("home._target_", "executed")),
    BadInput("target_value", ["+home={_target_:os.getcwd}"], ("home._target_", "executed")),
    BadInput(
        "target_mediator",
        ["+mediation.mediators.x={_target_:os.getcwd}"],
        ("mediation.mediators.x._target_",),
    ),
    BadInput("target_hydra", ["hydra.launcher._target_=os.getcwd"], ("hydra.launcher._target_",)),
    BadInput("resolver", ["output.name=${nope:1}"], ("output.name", "reads from outside")),
    BadInput("reference", ["home.threshold=${home.nope}"], ("home.threshold", "home.nope")),
    BadInput("cycle", ["home.threshold=${home.threshold}"], ("home.threshold",)),
    BadInput("nul", ["output.name='a\0b'"], ("output.name", "NUL")),
]

_SYNTAX = [
    BadInput("open_bracket", ["home.threshold=["], ("home.threshold", "cannot be read")),
    BadInput("open_brace", ["interventions=[{day:3"], ("interventions", "cannot be read")),
    BadInput("open_quote", ["output.name='x"], ("output.name", "cannot be read")),
    BadInput("no_equals", ["home.threshold"], ("home.threshold", "has no value")),
    BadInput("only_equals", ["=5"], ("=5",)),
    BadInput("double_dot", ["home..threshold=5"], ("home..threshold",)),
    BadInput("space", ["home threshold=5"], ("home threshold",)),
    BadInput("index", ["mediation.calendar[0]=5"], ("mediation.calendar[0]", "as a whole")),
    BadInput("index_added", ["+mediation.calendar[3]=5"], ("calendar[3]", "calendar=[1,2]")),
    BadInput(
        "index_changes", ["interventions[0]=5"], ("interventions[0]", "[{day: 30, set: {home.thr")
    ),
    BadInput("index_number", ["home.threshold[0]=5"], ("is not a list", "home.threshold=<value>")),
    BadInput("no_mapping", ["mediation.mediators=none"], ("is not a mapping", "mediation=none")),
    BadInput("iv_option", _intervention(3, "mediation:none"), ("mediators: {} removes all",)),
    BadInput("iv_truce", _intervention(3, "truce:literal"), ("no option can be chosen during a",)),
    BadInput(
        "iv_no_mediators", _intervention(3, "mediation.mediators:none"), ("{} in an intervention",)
    ),
    BadInput(
        "index_several", ["mediation.calendar[0]=5,6"], ("mediation.calendar[0]", "as a whole")
    ),
    BadInput("index_dot", ["mediation.calendar.0=400"], ("mediation.calendar",)),
    BadInput("interpolation", ["home.threshold=${"], ("home.threshold", "cannot be read")),
    BadInput("several", ["home.threshold=1,2"], ("home.threshold",)),
    BadInput("range", ["home.threshold=range(1,3)"], ("home.threshold", "sweep")),
    BadInput("group_several", ["truce=literal,practised"], ("truce", "sweep")),
]

_TABLES = [
    BadInput("t_missing", ["scenario.table=nowhere.csv"], ("scenario.table", "no such file")),
    BadInput("t_folder", lambda folder: [f"scenario.table='{folder}'"], ("is not a file",)),
    BadInput(
        "f_missing",
        ["scenario.path=nowhere"],
        ("scenario.path = 'nowhere'", "no such folder", "truce-sim border make"),
    ),
    BadInput("f_other", lambda folder: [f"scenario.path='{folder}'"], ("has no segments.csv",)),
    BadInput(
        "f_bad", _folder("0,10,1,0.5,", "20,30,1,0.5,"), ("scenario.path", "leaves a gap", "line 3")
    ),
    BadInput("t_empty", _bytes(b""), ("table.csv", "is empty")),
    BadInput("t_blank", _bytes(b"\n\n  \n"), ("is empty",)),
    BadInput("t_header", _table(), ("table.csv", "no segment")),
    BadInput("t_binary", _bytes(bytes(range(256)) * 9), ("scenario.table", "CSV file")),
    BadInput("t_latin", _bytes("km_from,km_to\nÉ,1".encode("latin-1")), ("UTF-8",)),
    BadInput("t_nul", _bytes(HEADER.encode() + b"\n0,1\0,1,1,\n"), ("table.csv",)),
    BadInput(
        "t_column",
        _table("0,10,1,0.5,", header="km_from,km_to,weigth,ruggedness,crossing"),
        ("lacks the column 'weight'", "table.csv line 1", "did you mean: weigth"),
    ),
    BadInput("t_twice", _table(header=HEADER + ",weight"), ("names a column twice",)),
    BadInput(
        "t_semicolon", _table(header=HEADER.replace(",", ";")), ("lacks the column 'km_from'",)
    ),
    BadInput("t_cells", _table(*GOOD_ROWS, "30,40,1"), ("table.csv line 5", "3 cells")),
    BadInput("t_word", _table("0,10,many,0.5,"), ("table.csv line 2", "weight", "'many'")),
    BadInput("t_nan", _table("0,10,nan,0.5,"), ("line 2", "weight", NOT_A_NUMBER)),
    BadInput("t_inf", _table("0,inf,1,0.5,"), ("line 2", "km_to", NOT_A_NUMBER)),
    BadInput("t_blank_cell", _table("0,10,,0.5,"), ("line 2", "weight", NOT_A_NUMBER)),
    BadInput("t_negative", _table(*GOOD_ROWS, "30,40,-1,0.5,"), ("line 5", "negative", "-1")),
    BadInput("t_zero", _table("0,10,0,0.5,", "10,20,0,0.5,"), ("every weight is zero",)),
    BadInput("t_rugged", _table("0,10,1,1.5,"), ("line 2", "ruggedness", "1.5", "0 to 1")),
    BadInput("t_backward", _table("10,0,1,0.5,"), ("line 2", "km_to 0", "km_from 10")),
    BadInput("t_no_length", _table("0,0,1,0.5,"), ("line 2", "not beyond")),
    BadInput("t_gap", _table("0,10,1,0.5,", "12,20,1,0.5,"), ("line 3", "gap", "12")),
    BadInput("t_overlap", _table("0,10,1,0.5,", "8,20,1,0.5,"), ("line 3", "overlaps", "8")),
    BadInput("t_order", _table("10,20,1,0.5,", "0,10,1,0.5,"), ("line 3", "out of order")),
]

_SWEEPS = [
    BadInput("s_empty_range", ["home.threshold=range(5,5)"], ("home.threshold",), "sweep"),
    BadInput("s_backward", ["home.threshold=range(5,1)"], ("home.threshold",), "sweep"),
    BadInput("s_empty_choice", ["home.threshold=choice()"], ("home.threshold",), "sweep"),
    BadInput("s_one_bad", ["home.threshold=5,-1"], ("home.threshold",), "sweep"),
    BadInput("s_option", ["truce=literal,litteral"], ("truce",), "sweep"),
    BadInput("s_list", ["truce=[literal,tolerant]"], ("sweep truce=literal,tolerant",), "sweep"),
    BadInput("s_interval", ["home.threshold=interval(1,2)"], ("home.threshold",), "sweep"),
    BadInput("s_replicates", ["sweep.replicates=0"], ("sweep.replicates", OUT), "sweep"),
]

CORPUS: list[BadInput] = [
    *_KEYS, *_GROUPS, *_TYPES, *_RANGES, *_TOGETHER, *_INTERVENTIONS, *_CODE, *_SYNTAX, *_TABLES,
    *_SWEEPS,
]  # fmt: skip
