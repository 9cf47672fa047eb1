"""Print what follows from a day of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from truce_sim.cli.printing.layout import print_next, print_sentence
from truce_sim.cli.printing.nowcast import (
    in_a_sentence,
    print_causes,
    print_coming,
    print_survival,
    without,
)
from truce_sim.errors import command
from truce_sim.settings.dates import date_of, in_words
from truce_sim.terminal import console

if TYPE_CHECKING:
    import pandas as pd

    from truce_sim.following.conditional import Futures


def print_futures(
    found: Futures, compared: Mapping[str, pd.Series], arguments: Sequence[str]
) -> None:
    """Print what the futures share, what comes next, and what to do next.

    Args:
        found: the futures.
        compared: what each lever changes, by its name.
        arguments: those of the command.
    """
    out = console()
    config, when = found.setup.config, in_words(date_of(found.first, found.day))
    day = "the warm-up" if found.day < 0 else f"day {found.day}" + (f", {when}" if when else "")
    failed = f"; {found.failed:,} failed and are left out" if found.failed else ""
    print_sentence(
        out,
        f"The run of seed {config.seed}, replicate {config.replicate}, up to the end of {day}, "
        f"and {len(found.each):,} futures with their own random draws from then on{failed}.",
    )
    print_survival(out, found)
    print_coming(out, found)
    print_causes(out, found)
    for name, row in compared.items():
        print_sentence(out, in_a_sentence({"lever": name, **row.to_dict()}, found.ahead))
    print_sentence(out, "Intervals (95 %) are those of the simulation. This is what the model says "
                   "on its assumptions, not a forecast.")  # fmt: skip
    seen = ("what is known by then", command("view", *without(
        arguments, "--day", "--futures", "--what-if", "--format"), "--day", found.day))  # fmt: skip
    print_next(out, seen)
