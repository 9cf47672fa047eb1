"""Addresses: what is shown survives a reload, and bad addresses are explained."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim import sweep
from truce_sim.config.load import load_setup
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.viewer.state.address import as_word, read_word
from truce_sim.viewer.state.opening import Opening, open_row
from truce_sim.viewer.state.session import Session
from truce_sim.viewer.state.visit import Visit


def visit(query: str = "", *overrides: str) -> Visit:
    return Visit(Opening(load_setup(overrides)), query)


def session(of: Visit) -> Session:
    shown = of.session.value
    assert isinstance(shown, Session)
    return shown


@pytest.mark.parametrize("value", [4.5, 3, True, "gamma", "true", "3", [1, 2], {"a": 1.0}, None])
def test_values_come_back_as_they_were(value) -> None:
    """With their types: a text that looks like a number stays a text."""
    back = read_word(as_word(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["seed=9", "replicate=3"],
        ["truce=literal", "host=unable"],
        ["mediation=monitored", "frailty.law=gamma", "truce.collapse_strikes=inf"],
        ["scenario=synthetic", "mediation.calendar=[20,40]"],
        ["interventions=[{day: 20, set: {home.threshold: 9.0}}]"],
    ],
)
def test_an_address_is_the_run_in_any_viewer(overrides) -> None:
    """Whatever the other viewer was started with, it is the same configuration."""
    ours = visit("", *overrides)
    session(ours).go(31)
    for theirs in ((), ("truce=literal", "seed=4", "home.threshold=3")):
        other = visit(ours.query(), *theirs)
        assert other.problem.value == ""
        assert session(other).config == session(ours).config
        assert session(other).clock.value.day == session(ours).clock.value.day > 0
        assert other.query() == ours.query()


def test_an_address_has_layer_fork_and_draft() -> None:
    """All of it comes back, and nothing drafted is applied."""
    ours = visit("", "seed=2")
    mine = session(ours)
    mine.go(30)
    mine.edit_fork("home.threshold", "9")
    mine.fork()
    mine.go(44)
    mine.layer.value = "activity"
    mine.view.value = "strip"
    mine.choose("truce", "literal")
    mine.edit("host.will", "0.25")
    other = visit(ours.query())
    theirs = session(other)
    assert other.query() == ours.query()
    assert (theirs.layer.value, theirs.view.value) == ("activity", "strip")
    assert (theirs.clock.value.day, theirs.fork_day.value) == (44, 30)
    assert [t.config for t in theirs.tracks] == [t.config for t in mine.tracks]
    assert theirs.drafted == mine.drafted
    assert theirs.config.host.will != 0.25


def test_moving_in_time_applies_no_draft() -> None:
    """Only Reset and Apply do; Apply ends the draft, also one made by a preset."""
    one = session(visit())
    one.choose("truce", "literal")
    one.edit("host.will", "0.25")
    one.go(20)
    assert one.changed
    assert one.config.host.will != 0.25
    one.restart()
    assert not one.changed
    assert one.config.host.will == 0.25


def test_what_only_the_command_line_sets_stays(tmp_path) -> None:
    """A table named there is kept, and is not in the address."""
    table = tmp_path / "mine.csv"
    table.write_text("km_from,km_to,weight,ruggedness\n0,50,1,0.2\n50,100,2,0.4\n")
    start = (f"scenario.table={table}", "scenario.kind=table")
    one = visit("", *start)
    assert "scenario.table" not in one.query()
    again = visit(one.query(), *start)
    assert session(again).config.scenario.table == str(table)


BAD = {
    "seed=x": "is not a whole number",
    "seed=1&nope=3": "no such setting",
    "nope=3": "no such setting",
    "home.threshold=-3": "is out of range",
    "seed=1&scenario.table=/etc/passwd": "on the command line only",
    "seed=1&output.dir=/tmp": "on the command line only",
    "seed=1&draft.scenario.table=/etc/passwd": "on the command line only",
    "seed=1&home.threshold=-3": "is out of range",
    "seed=1&mediation.mediators=3&mediation.mediators.q.skill=2": "no such setting",
    'seed=1&fork={"day":9999,"set":{"home.threshold":2}}': "is not a day of the run",
    'seed=1&fork={"day":4,"set":{"nope":2}}': "no such setting",
    'seed=1&fork={"day":4,"set":{"scenario.table":"x"}}': "scenario.table",
    "seed=1&fork=[" + "[" * 5000: "is not a fork",
    "seed=" + "[" * 5000: "is not a whole number",
    "day=x": "is not a day",
    "layer=x": "not a known layer",
    "view=x": "not a known view",
    "row=1:2": "shows none",
    "sweep=a": "this viewer shows no sweep",
    "x" * 20000: "too long",
}


@pytest.mark.parametrize("query", BAD)
def test_a_bad_address_shows_the_start_and_says_why(query) -> None:
    """A message, and the run that the viewer was started with."""
    one = visit(query, "seed=7")
    assert BAD[query] in one.problem.value
    assert session(one).config.seed == 7
    one.follow("seed=8")
    assert (one.problem.value, session(one).config.seed) == ("", 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("sweeps") / "small"
    sweep({"home.threshold": [3.0, 9.0], "host.will": [0.2, 0.8]}, replicates=4, folder=path)
    return read_folder(path)


def test_the_address_of_a_sweep(folder) -> None:
    """Point, factors, outcome and levels; a row is the run of that row, compared with it."""
    ours = Visit(Opening(sweep=folder))
    assert ours.query() == "sweep=small"
    assert ours.view is not None
    ours.view.point.value, ours.view.outcome.value = 3, "deaths"
    ours.view.factor.value = "host.will"
    ours.view.fixed.value = {"home.threshold": "9"}
    other = Visit(Opening(sweep=folder), ours.query())
    assert (other.problem.value, other.query()) == ("", ours.query())
    row = Visit(Opening(sweep=folder), "sweep=small&row=3:2&day=12")
    assert session(row).row is not None
    assert session(row).config.host.will == 0.8
    assert parse_qs(row.query()) == {"sweep": ["small"], "row": ["3:2"], "day": ["12"]}
    assert "no such part" in Visit(Opening(sweep=folder), "nope=3").problem.value
    for bad in ({"point": "99"}, {"factor": "x"}, {"outcome": "x"}, {"at.host.will": "7"}):
        assert "none of that name" in Visit(Opening(sweep=folder), urlencode(bad)).problem.value


def test_the_page_of_a_sweep_comes_back_in_a_viewer_of_one_of_its_runs(folder) -> None:
    """Such as that of `--run 3:2`, from whose run Back leads to the sweep."""
    one = Visit(open_row(folder, 3, 2))
    one.back()
    assert one.view is not None
    one.view.point.value = 2
    again = Visit(open_row(folder, 3, 2), one.query())
    assert (again.problem.value, again.session.value) == ("", None)
    assert again.view is not None
    assert again.view.point.value == 2


def test_settings_alone_are_an_address() -> None:
    """Typed by hand, without a seed: that of the defaults, whatever the viewer was started with."""
    typed = session(visit("home.threshold=9&day=3", "seed=7"))
    assert (typed.config.seed, typed.config.home.threshold) == (1, 9.0)
    assert typed.clock.value.day == 3


def test_the_record_beside_a_run_stays_beside_another() -> None:
    """The record is the viewer's, as a table is: a reload after Apply keeps it."""
    record = ({"day": 3, "words": "a strike"},)
    one = Visit(Opening(load_setup(["seed=7"]), record=record), "seed=8")
    assert session(one).config.seed == 8
    assert session(one).opening.record == record


def test_going_back_keeps_the_session_where_only_the_place_differs() -> None:
    """The page is not built anew for another layer."""
    one = visit()
    shown, before = session(one), one.query()
    shown.layer.value = "activity"
    shown.go(5)
    one.follow(before)
    assert session(one) is shown
    assert (shown.layer.value, shown.clock.value.day) == ("home_effort", -1)
