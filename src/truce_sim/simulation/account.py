"""The account of a run: what happened and why, in plain sentences, from its event log."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import pandas as pd

from truce_sim.settings.dates import date_of, in_words
from truce_sim.settings.nested import differences, leaves
from truce_sim.settings.schema import Config
from truce_sim.settings.written import written
from truce_sim.simulation.run import Simulation

#: An attributed attack with at least this many deaths gets its own line.
NOTABLE_DEATHS = 10

CAUSES = {
    "initial": "what came before the truce",
    "foiled": "intercepted bands",
    "attack": "attacks from across the border",
    "misattributed": "wrongly attributed attacks",
    "friction": "clashes between posts",
    "strike": "the other side's strikes",
}

_NAMES = {"home": "the home state", "host": "the host state", "turkiye": "Türkiye"}

_ATTACKS = {
    "attack": "attributed to the host's soil",
    "misattribution": "wrongly attributed to the host's soil",
}

#: Incidents with a place and a weight -> the cause of grievance they count towards.
WEIGHED = {
    "foiled_by_host": "foiled",
    "foiled_at_border": "foiled",
    "foiled_inside": "foiled",
    "attack": "attack",
    "misattribution": "misattributed",
    "friction": "friction",
}

_SENTENCES = {
    "strained": "the truce is strained: grievance {grievance:.1f} against a threshold of "
    "{threshold:.1f}",
    "eased": "the strain eases: grievance {grievance:.1f} against a threshold of {threshold:.1f}",
    "friction": "posts clash in {place}",
    "strike_chosen": "{actor} chooses to strike: grievance {grievance:.1f} against a "
    "threshold of {threshold:.1f}; largest cause: {cause}",
    "strike": "{actor} strikes",
    "suspension": "the truce is suspended",
    "saved": "the mediators save the truce",
    "renewal": "the truce is in force again",
    "round_called": "{actor} calls a round of talks",
    "round_succeeded": "a round of talks succeeds, led by {actor}",
    "round_failed": "a round of talks fails, led by {actor}",
    "collapse": "the truce collapses; the trigger: {cause}",
}


class Line(NamedTuple):
    """A line of the account.

    Attributes:
        day: The day.
        sentence: What happened, without a full stop.
        kind: The kind of event it tells of, as in the event log; "intervention" for a change of a
            setting.
    """

    day: int
    sentence: str
    kind: str


def timeline(run: Simulation) -> Iterator[Line]:
    """Yield a line for everything that affected the truce, in order.

    An intervention comes before the events of its day; those after a collapse are left out.
    """
    changes = (Line(*change, "intervention") for change in interventions(run))
    changes = (change for change in changes if change.day <= run.outcome["end_day"])
    yield from heapq.merge(changes, _events(run), key=itemgetter(0))


def interventions(run: Simulation) -> Iterator[tuple[int, str]]:
    """Yield (day, sentence) for every setting that an intervention changes."""
    for (_, before), (day, now) in pairwise(run.setup.regimes):
        for path, old, new in differences(asdict(before), asdict(now)):
            if isinstance(new, dict):
                made = ", ".join(f"{name} {written(value)}" for name, value in new.items())
                yield day, f"intervention: {path} is added ({made})"
            elif new is None:
                yield day, f"intervention: {path} is removed"
            else:
                yield day, f"intervention: {path} is {written(new)} from now on, not {written(old)}"
        for what in _placed(now.interventions, day):
            yield day, f"intervention: {what}"


def _placed(interventions: Iterable[dict[str, Any]], day: int) -> Iterator[str]:
    """Say what changes on a day only on a stretch of the line."""
    for entry in interventions:
        if entry["day"] == day and "where" in entry:
            low, high = map(written, entry["where"]["km"])
            for path, value in leaves(entry["set"]).items():
                yield f"{path} is {written(value)} from now on between km {low} and km {high}"


def _events(run: Simulation) -> Iterator[Line]:
    seen_violation = False
    weighed = []
    for event in run.log.to_dict("records"):
        day, kind = int(event["day"]), event["kind"]
        if kind in WEIGHED and event["weight"] > 0:
            weighed.append(event)
        if event["attributed"] is True and not seen_violation:
            seen_violation = True
            yield Line(day, f"first violation of the clause, in {place_of(run, event)}", kind)
        if kind in _SENTENCES:
            where = _focus(run, event, weighed) if kind == "strike_chosen" else ""
            yield Line(day, _sentence(run, event) + where, kind)
        elif kind in _ATTACKS and event["attributed"] and event["deaths"] >= NOTABLE_DEATHS:
            yield Line(day, _attack(run, event), kind)


def outcome_in_words(run: Simulation) -> str:
    """Return the end of the run in one sentence. One run is one draw, not a forecast."""
    o, horizon = run.outcome, run.config.run.horizon_days
    if not o["collapsed"]:
        return f"The truce held for all {horizon} days."
    moment = in_words(date_of(run.first_date, int(o["end_day"])))
    when = f"day {o['end_day']}" + (f" ({moment})" if moment else "")
    return f"The truce collapsed on {when}; the trigger: {CAUSES[o['cause']]}."


def _sentence(run: Simulation, event: dict[Hashable, Any]) -> str:
    return _SENTENCES[event["kind"]].format(
        actor=named(event["actor"]),
        cause=CAUSES.get(event["cause"], ""),
        grievance=event["grievance"],
        threshold=event["threshold"],
        place=place_of(run, event),
    )


def _focus(
    run: Simulation, choice: dict[Hashable, Any], weighed: Iterable[dict[Hashable, Any]]
) -> str:
    """Where most of a strike's cause lies, by the remaining weights."""
    memory = memory_of(run, choice)
    places: defaultdict[str, float] = defaultdict(float)
    for event in weighed:
        if WEIGHED[event["kind"]] == choice["cause"]:
            age = choice["day"] - event["day"]
            places[place_of(run, event)] += faded(event["weight"], age, memory)
    return f", lately mostly in {max(places, key=places.__getitem__)}" if places else ""


def faded(weight: float, age: float, memory: float) -> float:
    """Return how much of a weight remains in grievance (`engine/grievance.py`).

    Args:
        weight: when it was added.
        age: days since then.
        memory: of grievance, in days.
    """
    return weight * math.exp(-age / memory)


def memory_of(run: Simulation, choice: dict[Hashable, Any]) -> float:
    """Return the memory of grievance, in days, of who chose to strike, on that day."""
    state = getattr(config_on(run, choice["day"]), choice["actor"])
    return float(state.grievance_memory_days)


def config_on(run: Simulation, day: int) -> Config:
    """Return the configuration in force on a day."""
    return [config for first, config in run.setup.regimes if first <= day][-1]


def _attack(run: Simulation, event: dict[Hashable, Any]) -> str:
    return f"{event['deaths']} deaths in {place_of(run, event)}, {_ATTACKS[event['kind']]}"


def named(actor: str) -> str:
    """Return who acted, in words."""
    return _NAMES.get(actor, actor.title())


def place_of(run: Simulation, event: dict[Hashable, Any]) -> str:
    """Return the home district where an event happened."""
    sector = event["sector"]
    return "an unknown place" if pd.isna(sector) else run.border.place(int(sector))
