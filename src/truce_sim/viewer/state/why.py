"""Why: for any day, the chain from incidents to the state of the truce, as a picture and in words.

incident → attribution → grievance by cause → choice → strike → state of the truce
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.analysis.plots.marks import CAUSE_COLOURS, TRUCE_COLOURS
from truce_sim.engine.codes import CAUSES as CODES
from truce_sim.engine.params import STATES
from truce_sim.settings.written import count
from truce_sim.simulation.account import CAUSES, named
from truce_sim.simulation.turning import ending
from truce_sim.viewer.state.track import Track
from truce_sim.viewer.state.words import TRUCE_WORDS

Event = dict[Hashable, Any]

#: What an incident counts as, in the singular and plural.
_INCIDENTS = {
    "attack": ("attack", "attacks"),
    "domestic_attack": ("domestic attack", "domestic attacks"),
    "misattribution": ("domestic attack", "domestic attacks"),
    "foiled_by_host": ("interception", "interceptions"),
    "foiled_at_border": ("interception", "interceptions"),
    "foiled_inside": ("interception", "interceptions"),
    "friction": ("clash between posts", "clashes between posts"),
}

#: Events that change the state of the truce.
_MOVES = {
    "strained": "becomes strained",
    "eased": "is in force again, as the strain eases",
    "suspension": "is suspended",
    "saved": "is saved by the mediators",
    "renewal": "is in force again",
    "collapse": "collapses",
}


def why_data(track: Track) -> dict[str, Any]:
    """Return what the picture of a run's chain is drawn from, made once."""
    return track.once("why", partial(_why_data, track))


def _why_data(track: Track) -> dict[str, Any]:
    series, days = track.run.series, range(track.last_day + 1)
    grievance = grievance_by_cause(track).round(3)
    happened = [_events_on(track, day) for day in days]
    found = ending(track.run)
    return {
        "causes": [CAUSES[code] for code in CODES],
        "colours": CAUSE_COLOURS,
        "truceColours": list(TRUCE_COLOURS.values()),
        "grievance": {state: grievance[:, which].tolist() for which, state in enumerate(STATES)},
        "threshold": {state: _finite(series[f"threshold_{state}"].tolist()) for state in STATES},
        "incidents": [_tally(events) for events in happened],
        "choices": _choices(track),
        "strikes": _days_and_actors(track, "strike"),
        "states": series["status"].cat.codes.tolist(),
        "horizon": track.config.run.horizon_days,
        "ending": found and {"sentence": found.sentence, "points": list(map(list, found.points))},
    }


def grievance_by_cause(track: Track) -> NDArray[np.float64]:
    """Return grievance at the end of each day, of shape (days, states, causes)."""
    model = track.model()
    found = np.empty((track.last_day + 1, len(STATES), len(CODES)))
    for day in range(track.last_day + 1):
        model.run_to(day)
        found[day] = model.world["states"]["grievance"]
    return found


def chain(track: Track, day: int) -> list[list[str]]:
    """Return the links of a day's chain, each a title and what happened, "" if nothing did."""
    if day < 0:
        return []
    events = _events_on(track, day)
    return [
        ["Incidents", _incidents(events)],
        ["Attribution", _attribution(events)],
        ["Grievance", _grievance(track, events, day)],
        ["Choice", _acts(events, "strike_chosen", "chooses", "choose", " to strike")],
        ["Strike", _acts(events, "strike", "strikes", "strike")],
        ["Truce", _truce(track, events, day)],
    ]


def sentence(track: Track, day: int) -> str:
    """Return a day's chain as one sentence."""
    if day < 0:
        return "The truce begins on day 0. Until then, bands set out, and nothing counts."
    happened, blamed, grievance, chosen, struck, truce = (text for _, text in chain(track, day))
    parts = [happened or "no incident", blamed, grievance, chosen, struck, f"the truce {truce}"]
    return f"Day {day}: {'; '.join(part for part in parts if part)}."


# ── the links ────────────────────────────────────────────────────────────────────────────────


def _incidents(events: list[Event]) -> str:
    """What happened, in counts."""
    counts = Counter(_INCIDENTS[e["kind"]] for e in events if e["kind"] in _INCIDENTS)
    deaths = sum(int(e["deaths"]) for e in events if e["kind"] in _INCIDENTS)
    phrases = [f"{n} {one if n == 1 else many}" for (one, many), n in counts.items()]
    dead = [count(deaths, "death")] if deaths else []
    return ", ".join(phrases + dead)


def _attribution(events: list[Event]) -> str:
    """Who is blamed for what happened, if there was anything to blame anybody for."""
    if not any(e["kind"] in _INCIDENTS and e["kind"] != "friction" for e in events):
        return ""
    blamed = [e for e in events if e["kind"] in _INCIDENTS and e["attributed"] is True]
    wrongly = sum(e["kind"] == "misattribution" for e in blamed)
    if not blamed:
        return "nothing blamed on the host's soil"
    weight = sum(e["weight"] for e in blamed)
    wrong = f", {f'{wrongly} ' if wrongly < len(blamed) else ''}wrongly" if wrongly else ""
    return f"{len(blamed)} blamed on the host's soil{wrong} (weight {weight:.2g})"


def _grievance(track: Track, events: list[Event], day: int) -> str:
    """The home state's grievance against its threshold, and its largest cause; on a day when it
    chooses to strike, before the choice releases some of it."""
    chosen = [e for e in events if e["kind"] == "strike_chosen" and e["actor"] == "home"]
    if chosen:
        value, threshold = chosen[0]["grievance"], chosen[0]["threshold"]
        cause = chosen[0]["cause"]
    else:
        row = track.run.series.iloc[day]
        value, threshold = row["grievance_home"], row["threshold_home"]
        parts = why_data(track)["grievance"]["home"][day]
        cause = CODES[int(np.argmax(parts))] if max(parts) > 0.0 else ""
    against = (
        f"against a threshold of {threshold:.1f}"
        if math.isfinite(threshold)
        else "without threshold"
    )
    most = f", mostly from {CAUSES[cause]}" if cause else ""
    return f"the home state's grievance is {value:.1f} {against}{most}"


def _acts(events: list[Event], kind: str, one: str, both: str, what: str = "") -> str:
    """Which states choose, or strike."""
    actors = [named(e["actor"]) for e in events if e["kind"] == kind]
    does = both if len(actors) > 1 else one
    return f"{' and '.join(actors)} {does}{what}" if actors else ""


def _truce(track: Track, events: list[Event], day: int) -> str:
    """How the state of the truce changes, or what it is."""
    moves = [_MOVES[e["kind"]] for e in events if e["kind"] in _MOVES]
    return " and ".join(moves) or f"is {TRUCE_WORDS[track.run.series['status'].iloc[day]]}"


# ── data of the picture ──────────────────────────────────────────────────────────────────────


def _events_on(track: Track, day: int) -> list[Event]:
    found: list[Event] = track.once("events by day", partial(_events_by_day, track)).get(day, [])
    return found


def _events_by_day(track: Track) -> dict[int, list[Event]]:
    wanted = ["day", "kind", "actor", "deaths", "weight", "attributed", "cause", "grievance",
              "threshold"]  # fmt: skip
    found: dict[int, list[Event]] = {}
    for event in track.run.events[wanted].to_dict("records"):
        found.setdefault(int(event["day"]), []).append(event)
    return found


def _tally(events: list[Event]) -> list[int]:
    """Incidents of a day: blamed on the host's soil, clashes between posts, others."""
    kinds = [e for e in events if e["kind"] in _INCIDENTS]
    blamed = sum(e["attributed"] is True for e in kinds)
    clashes = sum(e["kind"] == "friction" for e in kinds)
    return [blamed, clashes, len(kinds) - blamed - clashes]


def _choices(track: Track) -> list[list[Any]]:
    """Each choice to strike: day, state, grievance, threshold, and whether a strike follows."""
    events = track.run.events
    chosen = events[events["kind"] == "strike_chosen"]
    return [
        [int(e["day"]), e["actor"], round(float(e["grievance"]), 3), *_finite([e["threshold"]])]
        for e in chosen.to_dict("records")
    ]


def _days_and_actors(track: Track, kind: str) -> list[tuple[int, str]]:
    events = track.run.events
    of_kind = events[events["kind"] == kind]
    return list(zip(of_kind["day"].tolist(), of_kind["actor"].tolist(), strict=True))


def _finite(values: list[float]) -> list[float | None]:
    return [round(value, 4) if math.isfinite(value) else None for value in values]
