"""What ended a truce: the strikes that broke it, and the days on which it turned.

1. the incident that weighed most, on that day, in the choice of the first of those strikes;
2. the day on which that strike was chosen;
3. the day on which the last of them was chosen.

Events on the same day make one turning point. If this leaves fewer than three, the last day before
on which the truce became strained, and the first violation, fill in.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from truce_sim.settings.written import count, listed
from truce_sim.simulation.account import (
    CAUSES,
    WEIGHED,
    config_on,
    faded,
    memory_of,
    named,
    place_of,
)
from truce_sim.simulation.run import Simulation

Event = dict[Hashable, Any]

#: Maximum number of turning points.
MOST = 3

_KINDS = {
    "foiled_at_border": "a band intercepted at the border",
    "foiled_inside": "a band intercepted inside",
    "attack": "an attack",
    "misattribution": "a domestic attack, wrongly attributed to the host's soil",
    "friction": "a clash between posts",
}


class TurningPoint(NamedTuple):
    """A day on which a truce turned.

    Attributes:
        day: The day.
        title: Why it counts, in a few words.
        text: What happened, in a sentence without its full stop.
    """

    day: int
    title: str
    text: str


class Ending(NamedTuple):
    """What ended a truce.

    Attributes:
        sentence: The strikes that broke the truce, and what the first of them answered.
        points: At most three days on which it turned, in order.
        acts: Who struck and when, as in the sentence.
    """

    sentence: str
    points: tuple[TurningPoint, ...]
    acts: str


def ending(run: Simulation) -> Ending | None:
    """Return what ended the truce; None if it held."""
    if not run.outcome["collapsed"]:
        return None
    events = run.events.to_dict("records")
    strikes = counting_strikes(run, events, int(run.outcome["end_day"]))
    chosen = [_choice(events, strike) for strike in strikes]
    first, last = chosen[0], max(chosen, key=lambda choice: choice["day"])
    which = "the first of these strikes" if len(strikes) > 1 else "this strike"
    points = [*_heaviest(run, events, first), _chosen(first, which)]
    if last is not first:
        points.append(_chosen(last, "the last of these strikes"))
    days = _by_day(points)
    for point in _fallbacks(run, events, first["day"]):
        if len(days) < MOST:
            days.setdefault(point.day, point)
    acts = _acts(strikes)
    return Ending(_sentence(run, acts, len(strikes)), tuple(days[d] for d in sorted(days)), acts)


def _by_day(points: list[TurningPoint]) -> dict[int, TurningPoint]:
    """One point for each day: events on the same day are told together."""
    days: dict[int, TurningPoint] = {}
    for day, title, text in points:
        if day in days:
            _, before, told = days[day]
            title, text = f"{before}; {title}", f"{told}; {text}"
        days[day] = TurningPoint(day, title, text)
    return days


def counting_strikes(run: Simulation, events: list[Event], day: int) -> list[Event]:
    """Return the strikes that count on a day: within the window, since the mediators last saved the
    truce.

    Args:
        run: The run.
        events: Its events, or those that are strikes and saves.
        day: The day.
    """
    window = config_on(run, day).truce.window_days
    saves = [event["day"] for event in events if event["kind"] == "saved" and event["day"] <= day]
    since = max(day - window, max(saves, default=-1))
    return [e for e in events if e["kind"] == "strike" and since < e["day"] <= day]


def _choice(events: list[Event], strike: Event) -> Event:
    """The choice that a strike carries out."""
    return [
        event
        for event in events
        if event["kind"] == "strike_chosen"
        and event["actor"] == strike["actor"]
        and event["day"] <= strike["day"]
    ][-1]


def _heaviest(run: Simulation, events: list[Event], choice: Event) -> list[TurningPoint]:
    """The incident that weighed most in a choice, among those behind its cause; a list of one, or
    empty."""
    memory, chosen = memory_of(run, choice), choice["day"]
    cleared = {_case(e) for e in events if e["kind"] == "verification" and not e["attributed"]}
    behind = [
        event
        for event in events
        if 0 <= event["day"] <= choice["day"]
        and WEIGHED.get(event["kind"]) == choice["cause"]
        and event["weight"] > 0
        and _case(event) not in cleared
    ]
    if not behind:
        return []
    most = max(behind, key=lambda e: faded(e["weight"], chosen - e["day"], memory))
    deaths = f" with {count(most['deaths'], 'death')}" if most["deaths"] else ""
    adds = f" adds {most['weight']:.2g} to grievance"
    what = f"{_KINDS[most['kind']]} in {place_of(run, most)}{deaths}{adds}"
    return [TurningPoint(int(most["day"]), "the incident that weighed most", what)]


def _case(event: Event) -> tuple[Any, ...]:
    """What an incident and the report that clears it have in common."""
    return str(event["sector"]), str(event["depth"]), bool(event["cross_border"] is True)


def _chosen(choice: Event, which: str) -> TurningPoint:
    """The choice of one of the strikes."""
    return TurningPoint(
        int(choice["day"]), f"{which} is chosen",
        f"{named(choice['actor'])}'s grievance is {choice['grievance']:.1f}, its threshold "
        f"{choice['threshold']:.1f}",
    )  # fmt: skip


def _fallbacks(run: Simulation, events: list[Event], before: int) -> list[TurningPoint]:
    """Substitutes for missing points: the last strain by then, the first violation."""
    strained = [e for e in events if e["kind"] == "strained" and e["day"] <= before]
    found = [
        TurningPoint(
            int(e["day"]), "the truce is strained",
            f"grievance {e['grievance']:.1f}, threshold {e['threshold']:.1f}",
        )
        for e in strained[-1:]
    ]  # fmt: skip
    first = next((e for e in events if e["attributed"] is True and e["day"] >= 0), None)
    if first is not None and first["day"] <= before:
        words = f"{_KINDS[first['kind']]} in {place_of(run, first)}"
        found.append(TurningPoint(int(first["day"]), "the first violation of the clause", words))
    return found


def _acts(strikes: list[Event]) -> str:
    """Who struck, and when."""
    days: dict[str, list[str]] = {}
    for strike in strikes:
        days.setdefault(named(strike["actor"]), []).append(str(strike["day"]))
    acts = [
        f"{actor}{'' if which else ' struck'} on day{'s' if len(on) > 1 else ''} {listed(on)}"
        for which, (actor, on) in enumerate(days.items())
    ]
    return " and ".join(acts)


def _sentence(run: Simulation, who: str, strikes: int) -> str:
    """Say which strikes broke the truce, and what the first of them answered."""
    truce = config_on(run, int(run.outcome["end_day"])).truce
    within = f" within {truce.window_days} days" if strikes > 1 else ""
    return (
        f"{who[:1].upper()}{who[1:]}, and {count(int(truce.collapse_strikes), 'strike')}{within} "
        f"{'end' if truce.collapse_strikes > 1 else 'ends'} this truce. "
        f"The first answered {CAUSES[run.outcome['cause']]}."
    )
