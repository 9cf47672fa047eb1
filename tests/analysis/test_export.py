"""Exports for other programs, the fan of a daily series, and short displays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import truce_sim
from truce_sim import InputError, load_config, load_setup, open_sweep, simulate, sweep
from truce_sim.analysis.compare import compare
from truce_sim.analysis.export import export_sweep, spss_names, stata_names
from truce_sim.analysis.fan import daily_quantiles
from truce_sim.analysis.plots.fan import plot_fan
from truce_sim.analysis.report.write import write_report
from truce_sim.cli.commands import run_command


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "s"
    settings = {"run.horizon_days": 40, "sweep.series_every_days": 10}
    factors = {"mediation": ["none", "qatar_turkiye"], "home.threshold": [2.0, 4.0]}
    return sweep(factors, settings, replicates=20, folder=folder, question="Why, and when?")


def test_csv_holds_the_same_numbers(made, tmp_path: Path) -> None:
    paths = export_sweep(made, "csv", tmp_path / "csv")
    assert [path.name for path in paths] == ["runs.csv", "points.csv", "series.csv", "columns.csv"]
    runs = pd.read_csv(tmp_path / "csv" / "runs.csv")
    np.testing.assert_array_equal(runs["final_belief"], made.runs["final_belief"])
    known = pd.read_csv(tmp_path / "csv" / "columns.csv").set_index(["table", "column"])
    assert known.loc[("runs", "deaths"), "unit"] == "deaths"


def test_stata_holds_labels(made, tmp_path: Path) -> None:
    export_sweep(made, "dta", tmp_path / "dta")
    runs = pd.read_stata(tmp_path / "dta" / "runs.dta")
    assert runs["mediation"].tolist() == made.runs["mediation"].tolist()
    assert (runs["collapsed"] == "yes").tolist() == made.runs["collapsed"].tolist()
    assert runs["home_threshold"].tolist() == made.runs["home.threshold"].tolist()
    with pd.read_stata(tmp_path / "dta" / "runs.dta", iterator=True) as file:
        assert "grievance at which a strike" in file.variable_labels()["home_threshold"]


@pytest.mark.parametrize(("form", "package"), [("xlsx", "openpyxl"), ("sav", "pyreadstat")])
def test_formats_that_need_a_library(made, tmp_path: Path, form: str, package: str) -> None:
    pytest.importorskip(package, reason=f"{package} is not installed (extra: export)")
    (first, *_) = export_sweep(made, form, tmp_path / form)
    read = pd.read_excel(first) if form == "xlsx" else pd.read_spss(first)
    assert read["end_day"].tolist() == made.runs["end_day"].tolist()


def test_names_that_a_format_allows() -> None:
    long = "mediation.mediators.qatar_turkiye.skill"
    names = stata_names([long, f"x{long}", "if", "home.threshold", "Türkiye"])
    assert all(len(name) <= 32 and name.isidentifier() for name in names.values())
    assert len({name.lower() for name in names.values()}) == 5
    assert names["home.threshold"] == "home_threshold"
    assert spss_names(["home.threshold", "by"]) == {"home.threshold": "home.threshold", "by": "by_"}


def test_nothing_is_overwritten(made, tmp_path: Path) -> None:
    export_sweep(made, "csv", tmp_path / "twice")
    with pytest.raises(InputError, match="not an empty folder"):
        export_sweep(made, "csv", tmp_path / "twice")
    assert run_command(["export", str(made.path), "--to", "doc"]) == 2


def test_the_fan_is_the_quantiles_of_each_day(made) -> None:
    table = daily_quantiles(made, "grievance_home", "mediation")
    series = made.series.query("day == 10 and mediation == 'none'")["grievance_home"]
    row = table.query("day == 10 and mediation == 'none'").iloc[0]
    assert row["n"] == len(series)
    assert row["q25"] == series.quantile(0.25)
    axes = plot_fan(table, "grievance_home", "mediation")
    assert [line.get_label() for line in axes.get_lines()] == [
        "mediation = none: median", "mediation = qatar_turkiye: median",
    ]  # fmt: skip
    with pytest.raises(InputError, match="not a number of the daily series"):
        daily_quantiles(made, "status")


def test_both_ways_to_a_sweep_give_the_same_class(made) -> None:
    assert type(open_sweep(made.path)) is type(made)
    assert open_sweep(made) is made
    assert made.folder.settings.question == "Why, and when?"
    with pytest.raises(InputError, match="is not a sweep but an int"):
        open_sweep(5)  # type: ignore[arg-type]


def test_displays_are_short(made) -> None:
    shown = [
        simulate(), made, compare(made, "mediation"), load_config("truce=literal"), load_setup(),
    ]  # fmt: skip
    for each in shown:
        assert len(repr(each)) < 400
        assert "\n" not in repr(each)
        assert len(each._repr_html_()) < 8000


def test_messages_name_the_argument_once(made, tmp_path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match=r"^--to = 'foo': no such format"):
        export_sweep(made, "foo")
    with pytest.raises(InputError, match=r"^--out = .*: cannot be written"):
        export_sweep(made, "csv", file / "below")
    with pytest.raises(InputError, match=r"^--figures = .*: cannot be written"):
        write_report(made, tmp_path / "r.html", figures=file / "below")
    assert not (tmp_path / "r.html").exists()  # it is told before the work
    with pytest.raises(InputError, match=r"^host = 'glob\(zz\*\)': is an empty sweep"):
        sweep("host=glob(zz*)")
    assert len(dir(truce_sim)) == len(set(dir(truce_sim)))


def test_columns_mean_what_they_do_in_their_table(made, tmp_path: Path) -> None:
    """Tables share names: the status of a run is how it ended, that of a day the truce's state."""
    export_sweep(made, "csv", tmp_path / "csv")
    known = pd.read_csv(tmp_path / "csv" / "columns.csv").set_index(["table", "column"])["meaning"]
    assert "how the run ended" in known["runs", "status"]
    assert known["series", "status"] == "state of the truce when the day ends"
    assert known["series", "day"] == "day of the truce"
    assert known["series", "deaths"] == known["runs", "deaths"] + " that day"
    export_sweep(made, "dta", tmp_path / "dta")
    with pd.read_stata(tmp_path / "dta" / "series.dta", iterator=True) as file:
        assert file.variable_labels()["status"] == "state of the truce when the day ends"
