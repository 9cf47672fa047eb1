"""What may follow the day shown: futures of the run and its fork, in words and as pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from truce_sim.config.setup import Setup
from truce_sim.engine.codes import CAUSES
from truce_sim.following.conditional import Futures, futures
from truce_sim.following.futures import HOLDS
from truce_sim.simulation import account
from truce_sim.sweeps.summaries.contrasts import with_sign
from truce_sim.viewer.state.ensemble import in_percent, longer, survival_curve
from truce_sim.viewer.state.track import Track

#: The name and the futures of each run that is not over yet.
Named = list[tuple[str, Futures]]


def names_of(tracks: Sequence[Track]) -> tuple[str, ...]:
    """Return what a run and its fork are called."""
    return ("run", "fork")[: len(tracks)]


def going_on(tracks: Sequence[Track], day: int) -> list[tuple[str, Track]]:
    """Return the runs that have days left after a day, by name."""
    return [
        (name, track)
        for name, track in zip(names_of(tracks), tracks, strict=True)
        if day < track.last_day
    ]


def follow(tracks: Sequence[Track], day: int, n: int, progress: Callable[[float], object]) -> Named:
    """Follow a run, and its fork with the same random draws, from a day on.

    Args:
        tracks: The run, and its fork if there is one.
        day: The last day that all futures share.
        n: How many futures.
        progress: Called with the share done; what it raises ends the work.
    """
    left = going_on(tracks, day)

    def make(i: int, setup: Setup) -> Futures:
        return futures(setup, day, n, progress=lambda share: progress((i + share) / len(left)))

    return [(name, make(i, track.setup)) for i, (name, track) in enumerate(left)]


def curves(found: Named) -> list[dict[str, Any]]:
    """Return their survival curves, for the browser."""
    return [
        survival_curve(name, each.each["end_day"].to_numpy(), each.horizon, each.day)
        for name, each in found
    ]


def chances(found: Named) -> dict[str, Any]:
    """Return the chance of each cause of a collapse, for the browser: names, and rows with a
    (value, low, high) for each name."""
    tables = [{row["cause"]: row for row in each.causes.to_dict("records")} for _, each in found]
    rows = []
    for cause in (*CAUSES, HOLDS):
        values = [
            [round(float(table[cause][f"chance{end}"]), 4) for end in ("", "_low", "_high")]
            for table in tables
        ]
        if any(value[0] > 0 for value in values):
            words = "none: it holds" if cause == HOLDS else account.CAUSES[cause]
            rows.append({"cause": cause, "words": words, "values": values})
    return {"names": [name for name, _ in found], "rows": rows}


def describe(found: Named) -> list[str]:
    """Describe futures in sentences, and what the fork changes in them."""
    said = []
    for name, each in found:
        who = "" if len(found) == 1 else "With the change, " if name == "fork" else "Without it, "
        said.append(f"{who}{_end(each)}" if who else _end(each).capitalize())
    if len(found) == 2:
        difference = found[0][1].compare(found[1][1])
        days, more = ([difference[f"{name}{end}"] for end in ("", "_low", "_high")]
                      for name in ("days_more", "holds_more"))  # fmt: skip
        low, high = (with_sign(100 * x) for x in more[1:])
        said.append(
            f"{longer(*days)} Share that holds: {with_sign(100 * more[0])} percentage points "
            f"[{low}, {high}]."
        )
    failed = sum(each.failed for _, each in found)
    return [*said, _basis(found, failed)] if found else []


def _end(each: Futures) -> str:
    left, horizon = each.left, each.horizon
    if math.isnan(left.value):
        half = "more than half do"
    else:
        high = "more" if math.isnan(left.high) else f"{left.high:.0f}"
        half = f"half have ended within {left.value:.0f} [{left.low:.0f}, {high}] days"
    return f"the truce outlasts its {horizon} days in {in_percent(each.holds)} of futures; {half}."


def _basis(found: Named, failed: int) -> str:
    n, day = len(found[0][1].each), found[0][1].day
    past = "before day 0" if day < 0 else f"up to the end of day {day}"
    lost = f"; {failed:,} futures failed and are left out" if failed else ""
    return (
        f"{n:,} futures that share all that is shown {past}, and then have their own random draws"
        f"{', the same for run and fork' if len(found) > 1 else ''}; 95 % intervals{lost}. "
        "Assumed values, not a forecast."
    )
