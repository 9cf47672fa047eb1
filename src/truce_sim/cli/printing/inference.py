"""Print priors and posteriors of the settings."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.cli.printing.layout import print_next, print_sentence, print_table
from truce_sim.errors import command
from truce_sim.terminal import console

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from truce_sim.inference.fit import Fit
    from truce_sim.inference.prior import Prior


def print_prior(
    prior: Prior, table: pd.DataFrame, seed: int, overrides: Sequence[str], written: Path | None
) -> None:
    """Print a prior predictive check.

    Args:
        prior: what was drawn from.
        table: as `prior_predictive` returns it.
        seed: of the draws.
        overrides: settings that are known.
        written: the file of the draws, if there is one.
    """
    out = console()
    draws = int(table["n"].max())
    known = f"; known: {', '.join(overrides)}" if overrides else ""
    print_sentence(out, f"{draws:,} draws of {len(prior.laws)} settings from prior={prior.name}, "
                   f"each run twice{known}.")  # fmt: skip
    share = prior.accepted_share(seed)
    print_sentence(out, f"{100 * (1 - share):.0f} % of what the laws yield breaks a rule between "
                   "settings and is drawn again.\n")  # fmt: skip
    columns = ("", "mean [95 %]", "central 50 %", "central 95 %", "due to settings, % [95 %]")
    print_table(out, columns, [_measure(row) for row in table.to_dict("records")], left=1)
    out.print()
    print_sentence(out, "The ranges are of single runs: what one might see. The last column is the "
                   "share of their variance that is due to not knowing the settings; the rest is "
                   "chance.")  # fmt: skip
    if written is not None:
        print_next(out, (f"with these draws ({written})", command(
            "sweep", "hydra.sweeper.design=table", f"hydra.sweeper.table={written}", *overrides,
        )))  # fmt: skip
    else:
        print_next(out, ("with the draws as a table", command(
            "prior", *_asked(prior, overrides), "--write", "draws.csv")))  # fmt: skip


def print_fit(found: Fit, page: Path) -> None:
    """Print what the data say about the settings, how far to trust it, and what to do next.

    Args:
        found: the fit.
        page: its page.
    """
    from truce_sim.inference.checks import coverage_sentence

    out = console()
    for sentence in found.manifest["account"]:
        print_sentence(out, sentence)
    print_sentence(out, f"{found.manifest['draws']:,} draws simulated; {len(found.draws):,} draws "
                   "of the posterior.\n")  # fmt: skip
    rows = [_setting(row) for row in found.settings.to_dict("records")]
    columns = ("setting", "prior, central 95 %", "posterior, central 95 %", "contraction [95 %]")
    print_table(out, columns, rows, left=1)
    out.print()
    for sentence in [*found.sentences, coverage_sentence(found.calibration)]:
        print_sentence(out, sentence)
    print_next(
        out, ("the page", str(page)),
        ("runs over the posterior", command(
            "sweep", f"+posterior={found.folder}", "mediation=none,qatar_turkiye",
            "sweep.compare=mediation")),
    )  # fmt: skip


def print_worlds(out: Console, folder: Path, factor: str) -> None:
    """Print what policies do over a posterior.

    Args:
        out: where to print.
        folder: of the sweep.
        factor: the policy to compare; "": the first.
    """
    from truce_sim.analysis.survival import survival_summary
    from truce_sim.analysis.worlds import (
        over_worlds,
        policies,
        sentences,
        spread_over_worlds,
        spread_sentence,
    )
    from truce_sim.sweeps.sweep import open_sweep

    sweep = open_sweep(folder)
    names = policies(sweep)
    table = survival_summary(sweep, by=names)
    rows = [[*(str(row[name]) for name in names), f"{int(row['runs']):,}",
             _held(row), interval(*(row[f"mean{end}"] for end in ("", "_low", "_high")))]
            for row in table.reset_index().to_dict("records")]  # fmt: skip
    print_table(out, [*names, "runs", "hold", "mean survival, days"], rows, left=len(names))
    if names:
        chosen = factor or names[0]
        out.print()
        for sentence in sentences(over_worlds(sweep, chosen), chosen):
            print_sentence(out, sentence)
    print_sentence(out, spread_sentence(spread_over_worlds(sweep)))


def _held(row: dict[Hashable, Any]) -> str:
    value, low, high = (100 * row[f"holds{end}"] for end in ("", "_low", "_high"))
    return interval(value, low, high, " %")


def _setting(row: dict[Hashable, Any]) -> tuple[str, ...]:
    spans = (f"{number(row[f'{name}_median'])} ({number(row[f'{name}_low'])} to "
             f"{number(row[f'{name}_high'])})" for name in ("prior", "posterior"))  # fmt: skip
    ends = [row[f"contraction{end}"] for end in ("", "_low", "_high")]
    return str(row["setting"]), *spans, interval(*ends)


def _asked(prior: Prior, overrides: Sequence[str]) -> list[str]:
    return [*([] if prior.name == "default" else [f"prior={prior.name}"]), *overrides]


def _measure(row: dict[Hashable, Any]) -> tuple[str, ...]:
    yes = row["unit"] == "share"
    scale = 100.0 if yes else 1.0
    unit = " %" if yes else ""
    words = f"{row['words']}{'' if yes or not row['unit'] else ', ' + row['unit']}"
    value, low, high = (scale * row[f"mean{end}"] for end in ("", "_low", "_high"))
    mean = interval(value, low, high, unit)
    ends = [scale * row[f"q{q}"] for q in ("2.5", "25", "75", "97.5")]
    binary = row["measure"] in ("collapsed", "ended_by_131", "struck_by_126")
    middle, wide = (
        "" if binary else f"{number(low)} to {number(high)}{unit}"
        for low, high in (ends[1:3], (ends[0], ends[3]))
    )
    due = [100 * row[f"due_to_settings{end}"] for end in ("", "_low", "_high")]
    return words, mean, middle, wide, interval(*due)


def interval(value: float, low: float, high: float, unit: str = "") -> str:
    """An estimate with its interval: `41.2 % [38.0, 44.5]`; empty if there is none."""
    if math.isnan(value):
        return ""
    text = f"{number(value)}{unit}"
    return text if math.isnan(low) else f"{text} [{number(low)}, {number(high)}]"


def number(value: float) -> str:
    """A number to three figures."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
