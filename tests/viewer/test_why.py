"""Why: the chain of a day, and what ended a truce, against the run itself."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim import simulate
from truce_sim.config.load import load_setup
from truce_sim.engine.codes import CAUSES
from truce_sim.engine.params import STATES
from truce_sim.simulation.turning import MOST, ending
from truce_sim.viewer.state.picture import list_bands, list_ways
from truce_sim.viewer.state.track import Track, run_track
from truce_sim.viewer.state.why import chain, grievance_by_cause, sentence, why_data
from truce_sim.viewer.state.words import headline, status_strip


@pytest.fixture(scope="module")
def track() -> Track:
    return run_track(load_setup(["seed=3"]))  # collapses on day 57


@pytest.mark.parametrize("overrides", [["seed=3"], ["truce=literal"], ["mediation=monitored"]])
def test_the_causes_add_up_to_the_grievance(overrides) -> None:
    """Of both states, every day, to the last bit but for the order of the sum."""
    made = run_track(load_setup(overrides))
    causes, series = grievance_by_cause(made), made.run.series
    for which, state in enumerate(("home", "host")):
        total = causes[:, which].sum(axis=1)
        assert total == pytest.approx(series[f"grievance_{state}"].to_numpy(), abs=1e-12)


def test_the_chain_says_what_the_day_was(track) -> None:
    """Counts, blame, grievance, choice, strike and truce of every day, from series and events."""
    series, events = track.run.series, track.run.events
    for day in range(track.last_day + 1):
        today, row = events[events["day"] == day], series.iloc[day]
        links = dict(chain(track, day))
        assert (f"{row['attacks']} attack" in links["Incidents"]) == (row["attacks"] > 0)
        blamed = f"{row['violations']} blamed on the host's soil"
        assert (blamed in links["Attribution"]) == (row["violations"] > 0)
        chosen = today[today["kind"] == "strike_chosen"]
        by_home = chosen[chosen["actor"] == "home"]
        value = row["grievance_home"] if by_home.empty else by_home["grievance"].iloc[0]
        assert f"is {value:.1f} against a threshold" in links["Grievance"]
        for link, actors in (
            ("Choice", set(chosen["actor"])),
            ("Strike", set(today.loc[today["kind"] == "strike", "actor"])),
        ):
            for state in ("home", "host"):
                assert (f"the {state} state" in links[link]) == (state in actors)
        told = sentence(track, day)
        assert told.startswith(f"Day {day}: ")
        assert all(text in told for text in links.values())
    assert links["Truce"] == "collapses"
    assert "blamed" in sentence(track, 50)
    assert chain(track, -1) == []


def test_what_the_picture_is_drawn_from_is_the_run(track) -> None:
    data, series = why_data(track), track.run.series
    happened = track.run.events["kind"].isin(
        ["foiled_by_host", "foiled_at_border", "foiled_inside", "attack", "domestic_attack",
         "misattribution", "friction"]
    )  # fmt: skip
    in_truce = track.run.events["day"] >= 0
    assert sum(map(sum, data["incidents"])) == (happened & in_truce).sum()
    assert [n[0] for n in data["incidents"]] == series["violations"].tolist()
    assert len(data["causes"]) == len(data["colours"]) == len(CAUSES)
    assert len(data["strikes"]) == series[["strikes_by_home", "strikes_by_host"]].sum().sum()
    assert data["states"][-1] == 3


@pytest.mark.parametrize(
    "overrides",
    [["seed=3"], ["seed=9"], ["seed=1"], ["truce=literal"], ["truce.collapse_strikes=inf"]],
)
def test_the_headline_says_how_the_truce_stands(overrides) -> None:
    """Of every day: its clause before day 0, how near the home state is to a strike, the strikes
    that count while it is suspended, and what broke it."""
    made = run_track(load_setup(overrides))
    model, truce = made.model(), made.config.truce
    assert headline(made, model) == (
        "The truce has one clause: no militants cross from the host state (Afghanistan) into the "
        "home state (Pakistan)."
    )
    events = made.run.events.to_dict("records")
    for day, row in enumerate(made.run.series.to_dict("records")):
        model.step()
        told, saves = headline(made, model), [e["day"] for e in events if e["kind"] == "saved"]
        assert not any(f"{role} state" in told for role in STATES)  # they are told by name
        saved = max((d for d in saves if d <= day), default=-1)
        acted = {e["actor"] for e in events if e["kind"] == "strike" and e["day"] == day}
        gauges = status_strip(made, model)["gauges"]
        for gauge, state in zip(gauges, ("home", "host"), strict=False):
            assert gauge["text"].startswith("struck; ") == (state in acted)
        since = max(day - truce.window_days, saved)
        strikes = [e for e in events if e["kind"] == "strike" and since < e["day"] <= day]
        if row["status"] == "collapsed":
            assert told.startswith("The truce broke over ")
            assert all(str(e["day"]) in told for e in strikes)
        elif day == made.config.run.horizon_days - 1:
            assert told == f"The truce held for all {day + 1} days."
        elif row["status"] != "suspended":
            assert f"is {row['grievance_home']:.1f}; at {row['threshold_home']:.1f}, it" in told
        elif not strikes:
            assert told == (
                f"The truce is suspended after strikes; mediators kept it alive on day {saved}."
            )
        elif math.isinf(truce.collapse_strikes):
            assert told.endswith(f"struck on day {strikes[-1]['day']}; strikes do not end it.")
        else:
            assert f"{len(strikes)} of the {truce.collapse_strikes:g} strikes" in told
            assert f"struck on day {strikes[-1]['day']}" in told


def test_states_without_names_are_told_by_role() -> None:
    """As on a made-up border."""
    made = run_track(load_setup(["scenario=synthetic"]))
    model = made.model()
    model.step()
    assert "the home state" in headline(made, model)


def test_a_truce_that_held_has_no_ending() -> None:
    run = simulate(["seed=1"])
    assert not run.outcome["collapsed"]
    assert ending(run) is None


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=3"], ["seed=9"], ["host=unable", "seed=4"], ["truce=literal"],
        ["home.threshold=2", "mediation.save=0.5", "seed=0"],
        ["seed=3", "interventions=[{day: 40, set: {truce.window_days: 3}}]"],
    ],
)  # fmt: skip
def test_what_ended_a_truce(overrides) -> None:
    """The strikes told are those that the clause counts; the points are choices and an incident."""
    run = simulate(overrides)
    found = ending(run)
    assert found is not None
    events, end = run.events, int(run.outcome["end_day"])
    truce = [config.truce for first, config in run.setup.regimes if first <= end][-1]
    saved = events.loc[events["kind"] == "saved", "day"].max()
    since = max(end - truce.window_days, -1 if math.isnan(saved) else saved)
    strikes = events[(events["kind"] == "strike") & (events["day"] > since)]
    assert len(strikes) >= truce.collapse_strikes
    assert f", and {truce.collapse_strikes:g} strike" in found.sentence
    assert all(str(day) in found.sentence for day in strikes["day"])
    days = [point.day for point in found.points]
    assert days == sorted(set(days))
    assert 1 <= len(days) <= MOST
    chosen = events[events["kind"] == "strike_chosen"]
    assert set(chosen.loc[chosen["day"] < end, "day"]) & set(days)
    assert max(days) < end


def test_the_heaviest_incident_weighed_most_in_the_choice(track) -> None:
    """Of those of its cause up to that day, by weights that fade as grievance does."""
    run = track.run
    found, events = ending(run), run.events
    first = events[(events["kind"] == "strike_chosen") & (events["actor"] == "home")].iloc[0]
    assert first["cause"] == "attack"
    behind = events[(events["kind"] == "attack") & events["day"].between(0, first["day"])]
    age = (first["day"] - behind["day"]) / run.config.home.grievance_memory_days
    most = behind.loc[(behind["weight"] * (-age).map(math.exp)).idxmax()]
    assert found is not None
    assert found.points[0].day == most["day"]
    assert f"{most['deaths']} deaths" in found.points[0].text


def test_the_way_of_a_band_is_that_of_its_events(track) -> None:
    """The day it set out, and the sector where it crossed, for every band under way."""
    events = track.run.events
    launched = events[events["kind"] == "launch"].set_index("band")["day"]
    crossed = events[events["kind"] == "crossing"].set_index("band")
    model, seen = track.model(), 0
    model.skip_to(4)
    for day in range(5, track.last_day + 1):
        model.step()
        ways = list_ways(model)
        assert [way[:4] for way in ways] == list_bands(model)
        for band, *_, age, km, sector in ways:
            assert km > 0
            if band in launched.index:
                assert day - age == launched[band]
            if band in crossed.index and crossed.loc[band, "day"] <= day:
                assert sector == crossed.loc[band, "sector"]
                seen += 1
            elif band in launched.index:
                assert sector == -1
    assert seen > 10
