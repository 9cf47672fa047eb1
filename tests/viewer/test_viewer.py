"""The viewer behind its pages: clocks, forks, controls, ensembles, openings, films."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim import InputError, load_config, open_sweep, simulate, sweep
from truce_sim.analysis.measures import DAYS_LIVED, measure
from truce_sim.analysis.survival import kaplan_meier, survival_summary
from truce_sim.cli.commands import run_command
from truce_sim.cli.viewer import open_target
from truce_sim.config.load import load_setup, to_plain
from truce_sim.settings.fields import by_path
from truce_sim.settings.nested import at
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.replay import Row
from truce_sim.sweeps.summaries.picks import pick_run
from truce_sim.viewer.first import first_page
from truce_sim.viewer.pictures.movie import film_days, write_movie
from truce_sim.viewer.site import Site
from truce_sim.viewer.state import ensemble, presets
from truce_sim.viewer.state.levers import KEY_LEVERS, controls, plain_name, without_effect
from truce_sim.viewer.state.opening import Opening, open_row
from truce_sim.viewer.state.session import Session
from truce_sim.viewer.state.sweep_data import BETTER_HIGH, BETTER_LOW, SweepData
from truce_sim.viewer.state.track import run_track


def session(*overrides: str) -> Session:
    return Session(Opening(load_setup(overrides)))


@pytest.mark.parametrize("overrides", [["seed=1"], ["truce=literal"], ["host=unable", "seed=4"]])
def test_a_clock_at_any_day_is_the_run(overrides) -> None:
    """Forward and back, the stepped model stands where the recorded run does, to the last bit."""
    run = simulate(overrides)
    clock = session(*overrides).clock.value
    for day in (len(run.series) - 1, 0, len(run.series) // 2):
        model = clock.at(day).models[0]
        now = model.world["series"][model.day]
        assert model.day == day
        for name in ("grievance_home", "threshold_home", "belief", "will", "strength"):
            assert now[name] == run.series[name].iloc[day]
    last = clock.at(10**6).models[0]
    assert Row("it", run.outcome.to_dict()).differences(last.outcome()) == []


def test_what_the_browser_gets_is_json_whatever_is_infinite() -> None:
    """A state that never strikes has an infinite threshold, which the page shows."""
    import json

    from truce_sim.viewer.pages.live import story
    from truce_sim.viewer.state.words import status_strip

    clock = session("home.threshold=inf", "truce.collapse_strikes=inf").clock.value.at(20)
    for data in (story(clock.tracks[0]), status_strip(clock.tracks[0], clock.models[0])):
        json.dumps(data, allow_nan=False)


def test_a_fork_is_the_run_before_its_day() -> None:
    """Same series before the day, the intervention's after it; one clock shows both."""
    one = session("seed=1")
    one.go(40)
    one.edit_fork("home.threshold", "2")
    one.fork()
    plain, fork = (track.run.series for track in one.tracks)
    assert one.clock.value.day == 40
    assert plain[:40].equals(fork[:40])
    assert not plain[40:60].equals(fork[40:60])
    assert one.tracks[1].config.interventions == [{"day": 40, "set": {"home.threshold": 2.0}}]
    assert one.clock.value.last_day == max(len(plain), len(fork)) - 1
    one.unfork()
    assert len(one.clock.value.tracks) == 1


def test_forking_without_a_change_gives_a_message() -> None:
    """A message, and still one run."""
    one = session()
    one.fork()
    assert "nothing to fork" in one.message.value
    assert len(one.tracks) == 1


def test_controls_show_what_the_schema_says() -> None:
    """Every setting but those of output and sweeps, with its unit, meaning and range."""
    one = session()
    listed = {c["path"]: c for group in controls(one.base, lambda path: True)
              for c in group["controls"]}  # fmt: skip
    expected = {p for p in by_path() if not p.startswith(("output.", "sweep.")) and "<" not in p}
    assert expected <= set(listed)
    assert "mediation.mediators.turkiye.skill" in listed
    assert set(KEY_LEVERS) <= expected
    usual = load_config()
    for path, reach in KEY_LEVERS.items():
        info, value = by_path()[path], at(to_plain(usual), path)
        if reach is not None:  # the slider stays in the allowed range, and holds the default
            assert info.low <= reach[0] <= value <= reach[1] <= info.high
            assert ((reach[1] - reach[0]) / reach[2]) == pytest.approx(
                round((reach[1] - reach[0]) / reach[2])
            )
    info = by_path()["militants.attempts_per_day"]
    shown = listed[info.path]
    assert (shown["unit"], shown["allowed"]) == (info.unit, info.allowed)
    assert info.meaning in shown["help"]
    assert (shown["source"], shown["symbol"]) == ("assumed", "λ0")


def test_a_lever_without_effect_says_why_until_its_switch_is_turned() -> None:
    """In the settings, where drafted changes count, and in a fork."""
    one, lag = session(), "mediation.verification.lag_days"
    why = "has no effect while mediation.verification.enabled is false"
    assert without_effect(one.drafted)[lag] == without_effect(one.drafted_fork)[lag] == why
    one.edit("mediation.verification.enabled", "true")
    assert lag not in without_effect(one.drafted)
    assert lag in without_effect(one.drafted_fork)
    one.edit_fork("mediation.verification.enabled", "true")
    assert lag not in without_effect(one.drafted_fork)


def test_the_first_page_needs_nothing_that_takes_long_to_import() -> None:
    """It is there before all that: what opens a run and what draws its border import no Solara, no
    Mesa, no numba, no pandas and no matplotlib."""
    code = """
import sys
from truce_sim.cli import viewer
from truce_sim.viewer import serve
from truce_sim.viewer.first import first_page
from truce_sim.viewer.state.opening import open_settings
assert b"one clause" in first_page(viewer.beside_record(open_settings(["seed=1"]), ""))
print(sorted({"solara", "mesa", "numba", "pandas", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_page_draws_a_border_that_is_quickly_drawn() -> None:
    """Of a large run, a sweep or a search, it says that it is being made; no name is taken for a
    part of the page."""
    large = load_setup(["scenario=synthetic", "border.sectors=500", "border.home_depth=30"])
    for opening in (Opening(large), Opening()):
        assert b"It is being made." in first_page(opening)
        assert b'"ground": null' in first_page(opening)
    setup = load_setup(["seed=4"])
    border = replace(setup.border, home_district=("</script><b>",) * 40)
    page = first_page(Opening(replace(setup, border=border))).decode()
    assert "<b>" not in page
    assert r"\u003c/script>\u003cb>" in page


def test_the_first_page_shows_no_border_where_the_address_may_name_another() -> None:
    """A bookmark of another border is told that its run is being made, whatever was opened."""
    site = Site()
    site.begin(Opening(load_setup(["seed=4"])))

    def first(query: str) -> bytes:
        sent: list[dict[str, Any]] = []

        async def ask() -> None:
            async def send(message: dict[str, Any]) -> None:
                sent.append(message)

            asked = {"type": "http", "method": "GET", "path": "/", "headers": []}
            await site({**asked, "query_string": query.encode()}, send, send)

        with ThreadPoolExecutor(1) as apart:  # a browser of another test has a loop here
            apart.submit(asyncio.run, ask()).result()
        return sent[-1]["body"]

    assert all(b"one clause" in first(query) for query in ("", "seed=7&day=30"))
    for query in ("scenario=line_of_control", "seed=7&border.sectors=30"):
        assert b"It is being made." in first(query)


def test_visitors_share_the_run_that_was_opened() -> None:
    """Their days, and what they change, are their own."""
    opening = Opening(load_setup(["seed=4"]))
    one, other = Session(opening), Session(opening)
    assert one.tracks[0] is other.tracks[0]
    one.go(9)
    one.edit("home.threshold", "9")
    one.restart()
    assert one.config.home.threshold == 9
    assert (other.config.home.threshold, other.clock.value.day) == (4.5, -1)


def test_play_keeps_its_pace_whatever_a_day_takes(monkeypatch) -> None:
    """Rest and work together are the pace, to 5 ms; a pause is no work; slow days leave no rest."""
    one, now = session(), [0.0]
    monkeypatch.setattr("truce_sim.viewer.state.session.time.monotonic", lambda: now[0])

    def play(work: float) -> int:
        for _ in range(60):
            now[0] += (one.rest.value + work) / 1000.0
            one.keep_pace()
        return one.rest.value

    assert play(0.0) == 100
    assert abs(play(30.0) + 30 - 100) <= 6
    now[0] += 60.0
    assert abs(play(30.0) + 30 - 100) <= 6
    one.pace.value = 40
    assert play(70.0) <= 6


def test_a_large_run_comes_once_it_is_ready() -> None:
    """Until then, and if it is cancelled, the former run stays with its draft; runs on the same
    border share their map."""
    one = session()
    small = one.tracks
    small[0].cache["ground"] = ground = {"a": "map"}
    one.edit("run.horizon_days", "2000")
    one.edit("home.threshold", "inf")
    one.go(20)
    one.restart()
    assert one.tracks is small
    assert one.clock.value.day == 20
    assert one.changed
    one.stay()
    assert one.coming.value == ()
    assert one.changed
    one.restart()
    one.arrive()
    assert one.config.run.horizon_days == 2000
    assert one.clock.value.tracks == one.tracks
    assert one.tracks[0].cache["ground"] is ground
    assert (one.coming.value, one.changed) == ((), False)
    one.edit("border.sectors", "30")
    one.edit("run.horizon_days", "100")
    one.restart()
    assert one.config.border.sectors == 30
    assert "ground" not in one.tracks[0].cache


def test_what_is_drafted_while_a_large_run_is_made_stays_drafted() -> None:
    """A new change, another value of one that was asked for, and a refused one; a preset too."""
    one = session()
    one.edit("run.horizon_days", "2000")
    one.edit("home.threshold", "inf")
    one.restart()
    one.edit("home.threshold", "9")
    one.edit("host.will", "0.5")
    one.edit("host.will", "2")
    one.arrive()
    assert (one.config.run.horizon_days, one.config.home.threshold) == (2000, np.inf)
    assert one.draft.changes.value == {"home.threshold": "9", "host.will": "0.5"}
    assert "up to 1" in one.draft.errors.value["host.will"]
    assert one.drafted["run"]["horizon_days"] == 2000
    one.draft.clear()
    one.edit("run.horizon_days", "2500")
    one.restart()
    one.choose("host", "unable")
    drafted = one.drafted
    one.arrive()
    assert one.config.run.horizon_days == 2500
    assert one.drafted == drafted


def test_a_large_fork_comes_once_it_is_ready() -> None:
    """Until then, and if it is cancelled, the run stays alone; an address brings both at once."""
    settings = ("run.horizon_days=2000", "home.threshold=inf", "truce.collapse_strikes=inf")
    one = session(*settings)
    one.ready.value = True
    one.go(30)
    one.edit_fork("host.will", "0.9")
    one.fork()
    assert (len(one.tracks), len(one.coming.value)) == (1, 2)
    one.stay()
    assert one.coming.value == ()
    one.fork()
    one.go(50)
    one.arrive()
    assert len(one.tracks) == len(one.clock.value.tracks) == 2
    assert (one.clock.value.day, one.fork_day.value) == (30, 30)
    other = session(*settings)
    other.show_fork(one.fork_entry)
    assert (len(other.tracks), other.coming.value) == (2, ())


@pytest.mark.parametrize(
    "group", ["truce", "mediation", "host", "militants", "frailty", "scenario"]
)
def test_presets_are_the_options_of_the_groups(group) -> None:
    """An option laid over the defaults is what Hydra composes, from whatever option before."""
    plain = session().base
    for option in (*presets.options()[group], presets.matching_option(plain, group)):
        plain = presets.overlay(plain, group, option)
        assert presets.matching_option(plain, group) == option
        composed = presets.flat(session(f"{group}={option}").base)
        assert presets.flat(plain) == composed


def test_an_ensemble_is_the_paired_difference() -> None:
    """Means and shares of the same runs made one by one."""
    plain = load_config(["seed=2", "run.horizon_days=120"])
    fork = load_config(
        ["seed=2", "run.horizon_days=120", "interventions=[{day: 20, set: {home.threshold: 9.0}}]"]
    )
    found = ensemble.compare_fork(plain, fork, 20, replicates=30)
    ends = np.array(
        [[simulate(c, replicate=r).outcome["end_day"] for r in range(30)] for c in (plain, fork)],
        float,
    )
    assert found.days[0] == pytest.approx(np.mean(ends[1] - ends[0]))
    assert found.holds[0] == np.mean(ends[0] == 120)
    assert found.holds_fork[0] == np.mean(ends[1] == 120)
    assert found.over_before == np.sum(ends[0] < 20)


def test_an_ensemble_says_how_far_it_is_and_can_be_stopped() -> None:
    """The share done grows to 1; what `progress` raises ends it, as Cancel does."""
    from truce_sim.viewer.pages.work import Stopped, Work

    plain = load_config(["seed=2", "run.horizon_days=30"])
    shares: list[float] = []
    ensemble.compare_fork(plain, plain, 10, 50, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 1
    work = Work()
    work(0.256)
    assert work.share.value == 0.25
    work.cancel()
    with pytest.raises(Stopped):
        ensemble.compare_fork(plain, plain, 10, 50, work)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((23.0, 18.0, 28.0), "23.0 days longer [18.0, 28.0]"),
        ((-5.0, -7.0, -3.0), "5.0 days shorter [3.0, 7.0]"),
        ((1.0, -1.0, 3.0), "No clear difference"),
        ((0.0, 0.0, 0.0), "No run lasts a day more or less"),
    ],
)
def test_never_longer_where_the_interval_has_zero(days, words) -> None:
    """The sentence says no more than the interval."""
    share = (0.3, 0.2, 0.4)
    found = ensemble.Ensemble(100, 0, 0, 10, 365, days, share, share, (0.0, -0.1, 0.1))
    assert words in ensemble.describe_ensemble(found)[0]


@pytest.fixture(scope="module")
def small_sweep(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("sweeps") / "small"
    sweep({"home.threshold": [3.0, 9.0]}, replicates=21, folder=path)
    return read_folder(path)


def test_picks_are_what_they_say(small_sweep) -> None:
    """Shortest, longest, median, first to collapse; ties go to the lowest replicate."""
    runs = small_sweep.runs(["end_day", "collapsed"], points=[0]).sort_values("replicate")
    days = runs["end_day"].to_numpy(int)
    found = {pick: pick_run(small_sweep, 0, pick) for pick in ("worst", "best", "median")}
    assert found["worst"] == int(np.argmin(days))
    assert found["best"] == int(np.argmax(days))
    assert days[found["median"]] == np.median(days)
    first = pick_run(small_sweep, 0, "first-collapse")
    assert first == int(runs.loc[runs["collapsed"].astype(bool), "replicate"].iloc[0])


def test_the_curves_of_a_sweep_are_those_of_the_analysis(small_sweep) -> None:
    """Pooled points have the bands of runs that share draws, not those of so many runs."""
    table = kaplan_meier(open_sweep(small_sweep.path))  # both points, which share draws
    (shown,) = SweepData(small_sweep).curves("", {})
    for name, end in (("share", ""), ("low", "_low"), ("high", "_high")):
        assert shown[name] == pytest.approx(table[f"survival{end}"].tolist(), abs=1e-4)


FACTORS = {"truce": ["literal", "practised"], "home.threshold": [3.0, 6.0]}


def cells_of(folder: Path, outcome: str, across: str, down: str = "") -> list[dict]:
    """The cells of a heat map, row by row."""
    table = SweepData(read_folder(folder)).heat(outcome, across, down, {})
    return [cell for row in table["rows"] for cell in row]


def equal(cell: dict, row: Mapping[str, Any], name: str) -> None:
    """A cell shows the estimate of a row, and its interval; missing where that is."""
    for ours, end in (("value", ""), ("low", "_low"), ("high", "_high")):
        expected = float(row[name + end])
        assert cell[ours] == (None if np.isnan(expected) else pytest.approx(expected, rel=1e-12))


@pytest.mark.parametrize("replicates", [3, 20, 200])
def test_a_heat_map_says_what_the_analysis_says(replicates, tmp_path) -> None:
    """Over two factors a point a cell, over one the points that share draws pooled: the numbers are
    those of `measure` and `survival_summary`."""
    made = open_sweep(sweep(FACTORS, replicates=replicates, folder=tmp_path / "s").folder)
    assert set(SweepData(made.folder).outcomes()) > {"mean_survival", "deaths"}
    for by in (["home.threshold", "truce"], ["truce"]):
        across, down = by[-1], by[0] if len(by) > 1 else ""
        for outcome in ("mean_survival", "first_strike_day", "deaths", "mean_will"):
            part = "end_day" if outcome == "mean_survival" else outcome
            whole = DAYS_LIVED if outcome == "deaths" else ""  # truces end on different days
            cells = cells_of(made.path, outcome, across, down)
            table = measure(made, part, whole, by=by)
            assert len(cells) == len(table)
            for cell, row in zip(cells, table.to_dict("records"), strict=True):
                equal(cell, row, "value")
                assert (cell["runs"], cell["of"]) == (row["runs"], row["of"])
        lasting = survival_summary(made, by).to_dict("records")
        for outcome, name in (("median_survival", "median"), ("holds", "holds")):
            for cell, row in zip(cells_of(made.path, outcome, across, down), lasting, strict=True):
                equal(cell, row, name)


def test_counts_are_rates_and_days_say_of_how_many_runs(tmp_path) -> None:
    """A truce that lasts longer has more attacks; a strike does not come in every run."""
    made = sweep({"home.threshold": [3.0, 9.0]}, replicates=20, folder=tmp_path / "s")
    meanings = SweepData(read_folder(made.folder)).outcomes()
    assert meanings["attacks"] == "attacks by bands, per day of truce"
    assert meanings["first_strike_day"].endswith("in the runs in which it happened")
    for point, cell in enumerate(cells_of(made.folder, "attacks", "home.threshold")):
        runs = made.runs[made.runs["point"] == point]
        days = (runs["end_day"] + runs["collapsed"]).sum()
        assert cell["value"] == pytest.approx(runs["attacks"].sum() / days)
    for point, cell in enumerate(cells_of(made.folder, "first_strike_day", "home.threshold")):
        came = made.runs.loc[made.runs["point"] == point, "first_strike_day"].notna().sum()
        assert (cell["runs"], cell["of"]) == (came, 20)


def test_the_page_of_a_sweep_has_plain_names_and_finds_its_point(small_sweep) -> None:
    """Every outcome and factor has a name of its own; good and bad are told of no other outcome;
    a point is found in the map, unless another level is fixed."""
    data = SweepData(small_sweep)
    meanings = data.outcomes()
    assert len(set(meanings.values())) == len(meanings)
    assert set(BETTER_HIGH) | set(BETTER_LOW) <= set(meanings)
    assert not set(BETTER_HIGH) & set(BETTER_LOW)
    assert data.names() == {"home.threshold": "Home state: threshold"}
    assert plain_name("militants.attempts_per_day") == "Militant group: attempts per day (1/d)"
    assert plain_name("mediation") == "Mediation"
    assert data.heat("deaths", "home.threshold", "", {})["good"] == -1
    assert data.heat("holds", "home.threshold", "", {})["good"] == 1
    assert data.heat("attempts", "home.threshold", "", {})["good"] == 0
    for point in (0, 1):
        row, column = data.cell_of("home.threshold", "", {}, point)
        table = data.heat("holds", "home.threshold", "", {})
        assert table["rows"][row][column]["points"] == [point]
        level = data.level_of("home.threshold", 1)
        assert bool(data.cell_of("home.threshold", "", {"home.threshold": level}, point)) == point


def test_what_a_heat_map_misses_has_its_reason(tmp_path) -> None:
    """One replicate has a mean and no interval; a median that was not reached is none."""
    settings = {"run.horizon_days": 14, "home.threshold": 100.0}
    one = sweep({"home.resolve": [0.0, 0.1]}, settings, replicates=1, folder=tmp_path / "one")
    for cell in cells_of(one.folder, "mean_survival", "home.resolve"):
        assert (cell["value"], cell["low"], cell["high"]) == (14.0, None, None)
        assert cell["why"] == "an interval needs at least two replicates, or worlds"
    for outcome, why in (
        ("median_survival", "fewer than half of its runs collapsed"),
        ("first_strike_day", "none of its runs has a value"),
    ):
        for cell in cells_of(one.folder, outcome, "home.resolve"):
            assert (cell["value"], cell["why"]) == (None, why)


def test_every_row_opens_as_itself(small_sweep) -> None:
    """Each row's configuration gives its outcome again, through the stepped model."""
    for point, replicate in ((0, 0), (1, 20), (0, 13)):
        opening = open_row(small_sweep, point, replicate)
        model = Session(opening).clock.value.at(10**6).models[0]
        assert opening.row is not None
        assert opening.row.differences(model.outcome()) == []


@pytest.mark.parametrize("run", [(5, 0), (0, 99), (-1, 0)])
def test_a_row_that_is_not_there(small_sweep, run) -> None:
    """An InputError, whatever is out of range."""
    with pytest.raises(InputError, match="no such"):
        open_row(small_sweep, *run)


def test_folders_are_distinguished_from_overrides(small_sweep, tmp_path) -> None:
    """A word without `=` is a folder, the value of a flag of Hydra's is neither."""
    from truce_sim.cli.viewer import _parser

    def arguments(*words: str) -> Opening:
        return open_target(*_parser("view", "").parse_known_args(list(words)))

    assert arguments("seed=4").config.seed == 4
    assert arguments("--config-dir", str(tmp_path), "seed=5").config.seed == 5
    assert arguments(str(small_sweep.path)).sweep is not None
    assert arguments(str(small_sweep.path), "--run", "1:3").config.replicate == 3
    assert arguments(str(small_sweep.path), "--worst", "1").row is not None


def test_a_film_has_its_frames(tmp_path: Path) -> None:
    """As many frames as days asked for, each another picture."""
    from PIL import Image

    path = tmp_path / "a.gif"
    done: list[float] = []
    track = run_track(load_config())
    frames = write_movie(
        track, path, every=5, days=(20, 40), dpi=40, progress=done.append
    )  # fmt: skip
    with Image.open(path) as film:
        assert frames == film.n_frames == len(film_days(track, 20, 40, 5))
    assert done[-1] == 1.0
    assert len(done) == frames
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "a.avi"], "FILE.gif or FILE.mp4"),
        (["--out", "nowhere/a.gif"], "no such folder"),
        (["--days", "9-3"], "is not a range of days"),
        (["--days", "900-901"], "the run ends on day"),
        (["--every", "0"], "--every"),
        (["--layer", "x"], "--layer"),
        (["home.threshold=-1"], "home.threshold"),
    ],
)
def test_bad_films_are_refused(arguments, words, tmp_path, monkeypatch, capsys) -> None:
    """One message, exit code 2, nothing written."""
    monkeypatch.chdir(tmp_path)
    assert run_command(["movie", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_mp4_needs_ffmpeg(tmp_path, monkeypatch, capsys) -> None:
    """Without the program, a message; with it, a film."""
    import shutil

    monkeypatch.chdir(tmp_path)
    arguments = ["movie", "--out", "a.mp4", "--days", "10-20", "--every", "5", "--dpi", "40"]
    if shutil.which("ffmpeg"):
        assert run_command(arguments) == 0
        assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
        (tmp_path / "a.mp4").unlink()
    monkeypatch.setenv("PATH", "")
    assert run_command(arguments) == 2
    assert "ffmpeg" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
