"""The status strip: a day in words and gauges."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import partial
from typing import Any

from truce_sim.border.dates import first_date
from truce_sim.engine.mediation import next_round
from truce_sim.engine.params import STATES
from truce_sim.model import TruceModel
from truce_sim.settings.dates import date_of, in_words
from truce_sim.settings.schema import Config
from truce_sim.settings.written import count
from truce_sim.simulation.account import CAUSES, config_on, named
from truce_sim.simulation.turning import Event, counting_strikes, ending
from truce_sim.viewer.state.ground import clause
from truce_sim.viewer.state.track import Track

#: The condition of a truce that is neither suspended nor over.
_HOLDS = {"in_force": "holds", "strained": "is strained"}

TRUCE_WORDS = {
    "in_force": "in force",
    "strained": "strained",
    "suspended": "suspended",
    "collapsed": "collapsed",
}


def calendar_date(config: Config, day: int) -> str:
    """Return the date of a day in words, "" if day 0 has none (`scenario.start_date`)."""
    return in_words(date_of(first_date(config.scenario), max(day, 0)))


def status_strip(track: Track, model: TruceModel) -> dict[str, Any]:
    """Return the status strip of a day: words, and gauges with a fill and a mark."""
    day = model.day
    known = bisect_right(track.log, day, key=lambda entry: entry[0])
    last_day, last = track.log[known - 1] if known else (0, "")
    return {
        "state": model.truce,
        "words": TRUCE_WORDS[model.truce],
        "day": f"day {day}" if day >= 0 else "before day 0",
        "date": calendar_date(model.config, day),
        "headline": headline(track, model),
        "last": f"day {last_day}: {last}" if last else "no events yet",
        "round": _round(model),
        "gauges": [*_grievances(track, model), *_shares(model)],
    }


def headline(track: Track, model: TruceModel) -> str:
    """Say in a sentence or two how the truce stands: what it asks, how near it is to breaking, or
    what broke it. The two states are named where their names are known."""
    if model.day < 0:
        return clause(track.ground)
    sentence = _how_it_stands(track, model)
    for role, name in zip(("host", "home"), track.ground["sides"], strict=True):
        sentence = sentence.replace(f"the {role} state", name or f"the {role} state")
    return sentence


def _how_it_stands(track: Track, model: TruceModel) -> str:
    day = model.day
    if model.collapsed:
        return _broke(track)
    if day == track.config.run.horizon_days - 1:
        return f"The truce held for all {day + 1} days."
    if model.truce == "suspended":
        return _suspended(track, day)
    return f"The truce {_HOLDS[model.truce]}: {_nearness(model)}."


def _broke(track: Track) -> str:
    """Over what it broke, and which strikes ended it."""
    end, outcome = ending(track.run), track.run.outcome
    assert end is not None
    truce = config_on(track.run, int(outcome["end_day"])).truce
    n = int(truce.collapse_strikes)
    many = f"{n} in {truce.window_days} days end it" if n > 1 else "one ends it"
    return f"The truce broke over {CAUSES[outcome['cause']]}: {end.acts} ({many})."


def _suspended(track: Track, day: int) -> str:
    """How many of the strikes that end a truce have been made, and whose was the last."""
    acts = _strikes_and_saves(track)
    counting, truce = counting_strikes(track.run, acts, day), config_on(track.run, day).truce
    if not counting:
        saved = max(act["day"] for act in acts if act["kind"] == "saved" and act["day"] <= day)
        return f"The truce is suspended after strikes; mediators kept it alive on day {saved}."
    last = counting[-1]
    after = f"The truce is suspended since {named(last['actor'])} struck on day {last['day']}"
    if math.isinf(truce.collapse_strikes):
        return f"{after}; strikes do not end it."
    of = f"{len(counting)} of the {truce.collapse_strikes:g} strikes"
    return f"{after}: {of} within {truce.window_days} days that end it."


def _strikes_and_saves(track: Track) -> list[Event]:
    """The run's events of these two kinds, found once."""
    found: list[Event] = track.once("acts", partial(_find_acts, track))["events"]
    return found


def _find_acts(track: Track) -> dict[str, Any]:
    events = track.run.events
    found = events[events["kind"].isin(["strike", "saved"])]
    return {"events": found[["day", "kind", "actor"]].to_dict("records")}


def _nearness(model: TruceModel) -> str:
    """How near the home state is to a strike."""
    value, threshold = model.home.grievance, model.home.threshold
    if math.isinf(threshold):
        return "the home state never strikes"
    now = f"the home state's grievance is {value:.1f}"
    return f"{now}; at {threshold:.1f}, it strikes with even odds"


def _round(model: TruceModel) -> str:
    day = model.day
    if model.collapsed:
        return "none, as the truce has collapsed"
    for talks in model.world["rounds"]:
        if talks["start"] <= day <= talks["end"]:
            return f"under way, until day {int(talks['end'])}"
    if not model.mediators:
        return "none, as there are no mediators"
    start = next_round(model.params, model.world, day)
    if math.isinf(start):
        return "none scheduled"
    days = int(start) - max(day, 0)
    return f"in {count(days, 'day')}, on day {int(start)}"


def _grievances(track: Track, model: TruceModel) -> list[dict[str, Any]]:
    """Gauges of each state's grievance against its threshold, both defined from day 0 on."""
    if model.day < 0:
        return [_gauge(f"grievance, {name}", 0.0, None, "from day 0 on") for name in STATES]
    acts = _strikes_and_saves(track)
    struck = {act["actor"] for act in acts if (act["day"], act["kind"]) == (model.day, "strike")}
    return [
        _gauge(
            f"grievance, {name}", state.grievance, state.threshold,
            f"struck; {state.grievance:.1f} of {state.threshold:.1f}" if name in struck
            else f"{state.grievance:.1f} of threshold {state.threshold:.1f}",
        )
        for name, state in (("home", model.home), ("host", model.host))
    ]  # fmt: skip


def _shares(model: TruceModel) -> list[dict[str, Any]]:
    named = [
        ("belief in the host", model.home.belief, "of 1"),
        ("host's will", model.host.will, "of 1"),
        ("group's strength", model.group.strength, "of full"),
        *((f"fatigue, {_mediator_name(m.name)}", m.fatigue, "of 1") for m in model.mediators),
    ]
    return [_gauge(name, value, None, f"{value:.2f} {what}") for name, value, what in named]


def _mediator_name(mediator: str) -> str:
    return "Türkiye" if mediator == "turkiye" else mediator.title()


def _gauge(label: str, value: float, mark: float | None, text: str) -> dict[str, Any]:
    """A gauge, with fill and mark as shares of its length: 1, or 1.5 times the mark."""
    whole = 1.0 if mark is None else 1.5 * mark
    fill = 0.0 if math.isinf(whole) or whole == 0.0 else min(value / whole, 1.0)
    shown = None if mark is None or math.isinf(mark) else 2 / 3
    over = mark is not None and mark > 0 and value >= mark
    return {"label": label, "fill": round(fill, 3), "mark": shown, "over": over, "text": text}
