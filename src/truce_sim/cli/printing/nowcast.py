"""Print what comes next in a truce."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.cli.printing.layout import print_next, print_sentence, print_table
from truce_sim.errors import command
from truce_sim.following.nowcast import ENOUGH
from truce_sim.settings.dates import date_of, in_words
from truce_sim.terminal import console

if TYPE_CHECKING:
    from rich.console import Console

    from truce_sim.following.conditional import Futures
    from truce_sim.following.nowcast import Nowcast

Row = dict[Hashable, Any]

#: Days ahead that are printed.
_SHOWN = (1, 7, 14, 30, 60, 90, 180, 365)
#: Number of settings printed: those whose mean moved most, in standard deviations of the prior.
_MOVED = 6


def print_nowcast(found: Nowcast, arguments: Sequence[str], folder: Path | None) -> None:
    """Print what is known, what comes next, and what to do next.

    Args:
        found: the nowcast.
        arguments: those of the command.
        folder: where it was written, if it was.
    """
    out = console()
    for sentence in basis(found):
        print_sentence(out, sentence)
    print_survival(out, found)
    print_coming(out, found)
    print_causes(out, found)
    for row in found.claims.to_dict("records"):
        print_sentence(out, _claim(row))
    _print_learned(out, found)
    for row in found.what_if.to_dict("records"):
        print_sentence(out, in_a_sentence(row, found.ahead))
    print_sentence(out, "Intervals (95 %) are those of the simulation. This is what the model says "
                   "on its assumptions, not a forecast.")  # fmt: skip
    if folder is not None:
        out.print(f"Results: {folder}", soft_wrap=True)
    _print_next(out, found, arguments)


def basis(found: Nowcast) -> list[str]:
    """Say what the nowcast rests on."""
    record = found.record
    when = in_words(date_of(found.first, record.as_of))
    used = f"{len(record.entries)} rows of the record are used" if record.entries else (
        "nothing is on record, so no strike so far"
    )  # fmt: skip
    later = f", {record.later} later ones are not" if record.later else ""
    day = f"day {record.as_of}" + (f", {when}" if when else "")
    few = found.draws < 0.99 * found.effective
    said = [
        f"As of the end of {day}: {used}{later}.",
        f"Settings: {found.source}. {found.particles:,} runs were weighed by the record; they are "
        f"worth {found.effective:,.0f} independent ones now"
        + (f", with {found.draws:,.0f} draws of the settings." if few else "."),
    ]
    if not found.enough:
        said.append(
            f"That is fewer than {ENOUGH:,}: raise --particles or --tolerance, or leave out rows "
            "that say little."
        )
    return said


def print_survival(out: Console, found: Nowcast | Futures) -> None:
    """Print the share that still holds after some of the days ahead."""
    rows = []
    for row in found.survival.to_dict("records"):
        if row["ahead"] in _SHOWN or row["ahead"] == found.ahead:
            day = date_of(found.first, int(row["day"]))
            last = f"{day}" if day else f"{row['day']}"
            rows.append((f"{row['ahead']}", last, percent(row, "holds")))
    out.print()
    print_table(out, ("days ahead", "to the end of", "the truce holds, %"), rows, left=1)
    value, low, high = found.left
    if math.isnan(value):
        print_sentence(out, f"More than half of the truces outlast these {found.ahead:,} days.")
    else:
        ends = f"{low:.0f}, {'more' if math.isnan(high) else f'{high:.0f}'}"
        print_sentence(out, f"Half of the truces end within {value:.0f} [{ends}] days.")


def print_coming(out: Console, found: Nowcast | Futures) -> None:
    """Print the chance of each kind of event in the next days."""
    names = [name for name in map(str, found.coming) if name != "event" and name.count("_") == 1]
    rows = [
        (row["event"], *(percent(row, name) for name in names))
        for row in found.coming.to_dict("records")
    ]
    if names:
        days = (f"within {name.removeprefix('within_')} days, %" for name in names)
        out.print()
        print_table(out, ("next, at least one", *days), rows, left=1)


def print_causes(out: Console, found: Nowcast | Futures) -> None:
    """Print the chance of each cause of a collapse in the days ahead."""
    rows = [
        (row["cause"], percent(row, "chance"))
        for row in found.causes.to_dict("records")
        if row["chance"] > 0
    ]
    out.print()
    print_table(out, ("cause of collapse", f"within {found.ahead:,} days, %"), rows, left=1)
    out.print()


def _claim(row: Row) -> str:
    what = f"{row['claimed']} × {row['event']}" if row["claimed"] > 1 else row["event"]
    return (
        f"Claimed for days {row['first']} to {row['last']}: {what}. The record expects "
        f"{row['given']:.2f}; of runs that agree with all else, it is "
        f"{row['now']:.2f} [{row['now_low']:.2f}, {row['now_high']:.2f}]."
    )


def _print_learned(out: Console, found: Nowcast) -> None:
    if found.learned.empty:
        return
    table = found.learned.assign(
        moved=((found.learned["now"] - found.learned["before"]) / found.learned["spread"]).abs()
    )
    most = table.sort_values("moved", ascending=False).head(_MOVED)
    rows = [
        (row["setting"], f"{row['before']:.3g}",
         f"{row['now']:.3g} [{row['now_low']:.3g}, {row['now_high']:.3g}]")
        for row in most.to_dict("records")
    ]  # fmt: skip
    print_table(out, ("what the record moved most", "mean before", "mean now"), rows, left=1)
    out.print()


def in_a_sentence(row: Row, ahead: int) -> str:
    """Say what a lever changes, from a row of `Nowcast.what_if`."""
    days, low, high = (row[f"days_more{end}"] for end in ("", "_low", "_high"))
    if low <= 0 <= high:
        verdict = "no clear difference"
    else:
        verdict = f"{abs(days):.1f} days {'longer' if days > 0 else 'shorter'} on average"
    more = " ".join(f"{100 * row[f'holds_more{end}']:+.1f}" for end in ("_low", "_high"))
    return (
        f"With {row['lever']} from the next day on: {verdict} ({days:+.1f} [{low:+.1f}, "
        f"{high:+.1f}] days of {ahead:,}); it holds in {percent(row, 'holds')} %, a change of "
        f"{100 * row['holds_more']:+.1f} [{more.replace(' ', ', ')}] points."
    )


def percent(row: Row, name: str) -> str:
    """Write a share with its interval in per cent, without the sign."""
    value, low, high = (100 * row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _print_next(out: Console, found: Nowcast, arguments: Sequence[str]) -> None:
    steps = []
    if not found.enough:
        words = without(arguments, "--particles", "--out")
        steps.append(("for more independent runs", command(
            "nowcast", *words, "--particles", found.particles * 2)))  # fmt: skip
    if found.what_if.empty:
        words = without(arguments, "--out")
        lever = "mediation.verification.enabled=true"
        steps.append(("what a lever would change", command("nowcast", *words, "--what-if", lever)))
    print_next(out, *steps)


def without(arguments: Sequence[str], *flags: str) -> list[str]:
    """Return the arguments without some flags and their values."""
    kept, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in flags:
            skip = True
        elif not word.startswith(tuple(f"{flag}=" for flag in flags)):
            kept.append(word)
    return kept
