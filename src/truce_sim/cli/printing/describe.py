"""Print what a border's events say about the settings."""

from __future__ import annotations

import math
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from truce_sim.cli.printing.layout import print_next, print_sentence, print_table
from truce_sim.errors import command
from truce_sim.terminal import console

if TYPE_CHECKING:
    from truce_sim.analysis.describe import Description

#: Below this p-value, a process is reported as no fit to its series.
_REFUSED = 0.05
#: Stretches of the line with a smaller share of events and of weight are not printed.
_SMALL = 0.005


def print_description(found: Description, file: Path | None) -> None:
    """Print the estimates next to the defaults, how good the fits are, and what to do next.

    Args:
        found: the estimates.
        file: where they were written, if they were.
    """
    out = console()
    for sentence in found.account:
        print_sentence(out, sentence)
    print_sentence(out, f"{found.events:,} events in {found.days:,} days.\n")
    rows = [_row(row) for row in found.table.to_dict("records")]
    print_table(out, ("", "estimate [95 %]", "default", "setting"), rows, left=1)
    out.print()
    for fit in found.fits:
        seen = fit.goodness
        rate = "constant" if fit.rate == "constant" else "of each year"
        daily, course = (f"{'no' if p < _REFUSED else 'a'} fit (p = {p:.2g})"
                         for p in (seen.counts, seen.course))  # fmt: skip
        print_sentence(out, f"With a rate {rate}: to the spread of daily counts {daily}; to their "
                       f"course in time {course}; AIC {fit.aic:,.1f}.")  # fmt: skip
    print_sentence(out, "A rate that drifts looks like excitation, and excitation like a drift: "
                   "the truth may lie between. The fit with the smaller AIC is preferred: that "
                   f"with a rate {found.chosen.rate}.\n")  # fmt: skip
    places = found.places[(found.places[["share", "weight"]] >= _SMALL).any(axis=1)]
    rows = [_place(row) for row in places.to_dict("records")]
    print_table(out, ("km", "events", "share, % [95 %]", "weight, %"), rows, left=1)
    out.print()
    print_sentence(out, "Interception is not estimated: event files do not show who was stopped.")
    if file is not None:
        folder = file.parents[1]
        run = command("run", "--config-dir", str(folder), f"militants={file.stem}")
        print_next(out, (f"with these values ({file})", run))


def _row(row: dict[Hashable, Any]) -> tuple[str, ...]:
    value = _number(row["value"])
    if not math.isnan(row["value_low"]):
        value += f" [{_number(row['value_low'])}, {_number(row['value_high'])}]"
    default = "" if math.isnan(row["default"]) else _number(row["default"])
    outside = "" if pd.isna(row["agrees"]) or row["agrees"] else " (outside)"
    unit = f", {row['unit']}" if row["unit"] else ""
    return f"{row['quantity']}{unit}", value, f"{default}{outside}", row["setting"]


def _place(row: dict[Hashable, Any]) -> tuple[str, ...]:
    share = f"{100 * row['share']:.1f}"
    if not math.isnan(row["share_low"]):
        share += f" [{100 * row['share_low']:.1f}, {100 * row['share_high']:.1f}]"
    return (f"{row['km_from']:.0f} to {row['km_to']:.0f}", str(row["events"]), share,
            f"{100 * row['weight']:.1f}")  # fmt: skip


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
