"""Bad designs through the real command line: one clear message, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from truce_sim.cli.commands import run_command

pytestmark = pytest.mark.slow

THRESHOLD = "home.threshold=interval(2,8)"


def asked(**settings: object) -> list[str]:
    """Settings of the sweeper as overrides."""
    return [f"hydra.sweeper.{name}={value}" for name, value in settings.items()]


def sampled(*tokens: str, kind: str = "sobol", points: int = 8) -> list[str]:
    """A design that samples."""
    return [*asked(design=kind, points=points), *tokens]


def where(condition: str) -> list[str]:
    """A small grid with a constraint."""
    return ["home.threshold=2,3", f"hydra.sweeper.where={condition}"]


DESIGNS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "kind": (asked(design="sobel", points=8), ("hydra.sweeper.design", "sobel", "mean: sobol")),
    "kind_number": (asked(design=3), ("hydra.sweeper.design = 3", "no such design")),
    "setting": (asked(desing="sobol"), ("hydra.sweeper.desing", "mean: hydra.sweeper.design")),
    "setting_added": (["+hydra.sweeper.foo=3"], ("hydra.sweeper.foo", "no such setting")),
    "sweeper": (["hydra.sweeper=basic"], ("hydra.sweeper", "name code")),
    "no_points": ([*asked(design="sobol"), THRESHOLD], ("hydra.sweeper.points", "needs this")),
    "points_word": (asked(design="sobol", points="many"), ("hydra.sweeper.points = 'many'",)),
    "points_negative": (sampled(THRESHOLD, points=-8), ("hydra.sweeper.points = -8",)),
    "points_fraction": (asked(design="lhs", points=1.5), ("hydra.sweeper.points = 1.5",)),
    "points_true": (asked(design="lhs", points="true"), ("hydra.sweeper.points = True",)),
    "points_of_grid": ([*asked(points=8), "home.threshold=1,2"], ("grid", "does not use this")),
    "too_many": (sampled(THRESHOLD, points=10**9), ("too many points", "10,000,000")),
    "interval_in_grid": ([THRESHOLD], ("home.threshold", "needs a list of values")),
    "interval_in_zip": ([*asked(design="zip"), THRESHOLD], ("home.threshold", "a list of values")),
    "no_interval": (sampled("home.threshold=2,3"), ("sobol", "needs an interval")),
    "no_factor": (sampled(kind="morris"), ("morris", "needs factors")),
    "zip_lengths": (
        [*asked(design="zip"), "home.threshold=1,2,3", "truce=literal,tolerant"],
        ("home.threshold has 3", "truce has 2", "the same length"),
    ),
    "zip_nothing": (asked(design="zip"), ("zip", "lists of the same length")),
    "interval_backward": (sampled("home.threshold=interval(8,2)"), ("home.threshold", "greater")),
    "interval_empty": (sampled("home.threshold=interval(2,2)"), ("home.threshold", "greater")),
    "interval_inf": (sampled("home.threshold=interval(2,inf)"), ("home.threshold", "finite")),
    "interval_nan": (sampled("home.threshold=interval(nan,2)"), ("home.threshold", "finite")),
    "interval_range": (sampled("host.will=interval(0,1.5)"), ("host.will = 1.5", "out of range")),
    "interval_log": (sampled("home.capacity=tag(log,interval(0,2))"), ("log scale", "above 0")),
    "interval_tag": (sampled("home.capacity=tag(logg,interval(1,2))"), ("no such tag: logg",)),
    "interval_whole": (sampled("host.lag_days=interval(1.2,1.8)"), ("no whole number",)),
    "interval_group": (sampled("truce=interval(1,2)"), ("truce", "that is a number")),
    "interval_words": (sampled("frailty.law=interval(1,2)"), ("frailty.law", "is a number")),
    "interval_flag": (sampled("mediation.announced=interval(0,1)"), ("mediation.announced",)),
    "interval_typo": (sampled("home.thresold=interval(1,2)"), ("home.thresold", "home.threshold")),
    "interval_fixed": (sampled("sweep.replicates=interval(1,9)"), ("cannot be swept",)),
    "range_empty": (["home.threshold=range(3,2,0.1)"], ("home.threshold", "an empty sweep")),
    "range_inf": (["home.threshold=range(0.5,inf,0.1)"], ("home.threshold", "both finite")),
    "range_nan": (["home.threshold=range(nan,2,0.1)"], ("home.threshold", "both finite")),
    "range_zero": (["home.threshold=range(1,2,0)"], ("home.threshold", "steps other than 0")),
    "range_too_many": (["home.threshold=range(1,2,1e-9)"], ("too many values", "10,000,000")),
    "range_whole_too_many": (["seed=range(0,100000000)"], ("seed", "too many values")),
    "range_tag": (["home.threshold=tag(lin,range(1,2,0.5))"], ("home.threshold", "tagged or")),
    "range_log_away": (["home.threshold=tag(log,range(1,2,0.5))"], ("by a factor", "(0.1,10,2)")),
    "range_log_zero": (["home.threshold=tag(log,range(0,2,2))"], ("home.threshold", "above 0")),
    "range_log_still": (["home.threshold=tag(log,range(1,2))"], ("home.threshold", "a factor")),
    "range_log_inf": (["home.threshold=tag(log,range(1,inf,2))"], ("home.threshold", "a factor")),
    "range_log_many": (["home.threshold=tag(log,range(1,2,1.000000001))"], ("10,000,000",)),
    "range_group": (["truce=range(0,3)"], ("truce", "'0'")),
    "group_lists": (["truce=[literal,tolerant],practised"], ("truce=literal,tolerant, which",)),
    "group_no_list": (["truce=[],literal"], ("truce = []", "truce=literal,practised, which")),
    "glob_none": (["truce=glob(x*)"], ("truce", "an empty sweep", "config group")),
    "glob_setting": (["home.threshold=glob(*)"], ("home.threshold", "config group")),
    "glob_fixed": (["hydra/launcher=glob(*)"], ("hydra/launcher",)),
    "shuffled": (["home.threshold=shuffle(1,2,3)"], ("home.threshold", "tagged or shuffled")),
    "list_log": (["home.threshold=tag(log,choice(1,2))"], ("home.threshold", "tagged or shuffled")),
    "list_nan": (["home.threshold=2,nan"], ("home.threshold", "is not a number")),
    "list_word": (["home.threshold=2,many"], ("home.threshold = 'many'", "is not a number")),
    "list_fraction": (["host.lag_days=1,2.5"], ("host.lag_days", "is not a whole number")),
    "list_flag": (["home.threshold=2,true"], ("home.threshold = True", "is not a number")),
    "hydra_swept": (["hydra/launcher=basic,joblib"], ("hydra/launcher", "not supported")),
    "seed_of_rows": (sampled(THRESHOLD, "seed=1,2", kind="saltelli"), ("seed", "its own")),
    "numbers_of_rows": (
        sampled(THRESHOLD, "sweep.common_random_numbers=false", kind="morris"),
        ("sweep.common_random_numbers", "its own seed"),
    ),
    "where_in_rows": (
        sampled(THRESHOLD, "hydra.sweeper.where=home.threshold > 3", kind="saltelli"),
        ("hydra.sweeper.where", "cannot be constrained"),
    ),
    "where_all": (where("home.threshold > 9"), ("no point of the design meets this",)),
    "where_typo": (where("home.thresold > 2"), ("'home.thresold'", "mean: home.threshold")),
    "where_group": (where("home > 2"), ("compares", "cannot be compared")),
    "where_syntax": (where("home.threshold >"), ("hydra.sweeper.where", "cannot be read")),
    "where_number": (where("home.threshold + 2"), ("is not a condition",)),
    "where_mixed": (where('home.threshold > "a"'), ("compares", "cannot be compared")),
    "where_assign": (where("(x := 3) > 2"), ("not allowed",)),
    "where_call": (where("open('x') == 1"), ("calls 'open'",)),
    "where_import": (where("__import__('os').system('touch x') == 0"), ("calls",)),
    "where_class": (where("home.threshold.__class__ == 1"), ("home.threshold.__class__",)),
    "where_attribute": (where("(1).real == 1"), ("not allowed",)),
    "where_index": (where("home['threshold'] == 1"), ("not allowed",)),
    "where_lambda": (where("(lambda: 1)() == 1"), ("calls",)),
    "where_loop": (where("[x for x in (1, 2)] == 1"), ("not allowed",)),
    "where_text": (where("home.threshold > 2 and 'a'"), ("is not a condition",)),
    "where_bits": (where("home.threshold << 2 > 1"), ("not allowed",)),
    "where_no_list": (where("home.threshold in truce"), ("is not a list",)),
    "where_long": (where("+".join(["1"] * 600) + " > home.threshold"), ("too long",)),
    "where_deep": (where("-" * 100 + "1 < home.threshold"), ("nested too deeply",)),
    "where_flag": (where("true == home.threshold"), ("compares",)),
    "table_missing": (asked(design="table", table="no.csv"), ("no.csv", "no such file")),
    "table_none": (asked(design="table"), ("hydra.sweeper.table", "needs a table")),
    "table_unused": ([*asked(table="no.csv"), "home.threshold=2,3"], ("hydra.sweeper.table",)),
}  # fmt: skip

HEAD = b"home.threshold,truce\n"
TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", ("hydra.sweeper.table", "points.csv")),
    "no_rows": (HEAD, ("has no rows",)),
    "word": (HEAD + b"2,literal\nmany,literal\n", ("'many'", "row 2, column home.threshold")),
    "blank": (HEAD + b",literal\n", ("is not a number", "row 1, column home.threshold")),
    "nan": (HEAD + b"nan,literal\n", ("is not a number", "row 1, column home.threshold")),
    "range": (HEAD + b"2,literal\n-3,literal\n", ("-3", "out of range", "row 2, column home")),
    "option": (HEAD + b"2,litteral\n", ("litteral", "row 1, column truce", "mean: literal")),
    "cells": (HEAD + b"2,literal,3\n", ("cannot be read", "columns")),
    "few_cells": (HEAD + b"2\n", ("cannot be read", "columns")),
    "typo": (b"home.thresold\n2\n", ("home.thresold", "home.threshold")),
    "group": (b"thruce\nliteral\n", ("thruce", "truce")),
    "twice": (b"home.threshold,home.threshold\n2,3\n", ("names a column twice",)),
    "no_name": (b"home.threshold,\n2,3\n", ("column without a name",)),
    "fixed": (b"sweep.replicates\n3\n", ("sweep.replicates", "cannot be swept")),
    "whole": (b"host.lag_days\n1\n2.5\n", ("2.5", "whole number", "row 2, column host.lag_days")),
    "flag": (b"mediation.announced\nyes\n", ("'yes'", "true or false", "row 1")),
    "json": (b"mediation.calendar\n[3\n", ("JSON", "row 1, column mediation.calendar")),
    "bytes": (bytes(range(256)), ("points.csv",)),
    "latin": (b"truce\n\xe9\n", ("points.csv", "cannot be read")),
}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)


def check(
    arguments: list[str], contains: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """One message with these words, and nothing else."""
    code = run_command(["sweep", "sweep.replicates=2", *arguments])
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert "Traceback" not in err
    for words in contains:
        assert words in err
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("name", DESIGNS)
def test_design(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(*DESIGNS[name], capsys)


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, contains = TABLES[name]
    path = tmp_path / "points.csv"
    path.write_bytes(content)
    check(asked(design="table", table=f"'{path}'"), contains, capsys)


def test_a_table_of_another_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is called Parquet but is none."""
    path = tmp_path / "points.parquet"
    path.write_bytes(b"PAR1 but no more")
    check(asked(design="table", table=f"'{path}'"), ("points.parquet", "cannot be read"), capsys)


def test_a_table_beside_other_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A setting comes from the table or from an override."""
    path = tmp_path / "points.csv"
    path.write_bytes(HEAD + b"2,literal\n")
    table = asked(design="table", table=f"'{path}'")
    check([*table, "truce=tolerant"], ("overrides give values of truce",), capsys)
    check([*table, "host.will=0.1,0.2"], ("overrides give values of host.will",), capsys)


def test_settings_that_do_not_fit_name_their_point(capsys: pytest.CaptureFixture[str]) -> None:
    """Each by itself is good."""
    arguments = sampled("militants.excitation=interval(0,5)", "home.capacity=interval(0,1)")
    check(arguments, ("n_eff", "point ", "militants.excitation="), capsys)
