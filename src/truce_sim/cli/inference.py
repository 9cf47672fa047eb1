"""The commands about priors and posteriors: prior, fit.

Each takes its own arguments and returns exit code 0. Bad input raises InputError.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from truce_sim.cli.arguments import Parser, add_event_filters, count, whole
from truce_sim.events import WITHIN_KM


def prior(arguments: Sequence[str]) -> int:
    """`truce-sim prior [prior=NAME] [overrides]`: what the model can do before any data."""
    asked = _prior_parser().parse_intermixed_args(arguments)
    from truce_sim.cli.printing.inference import print_prior
    from truce_sim.config.load import load_setup
    from truce_sim.inference.predictive import prior_predictive
    from truce_sim.inference.prior import load_prior
    from truce_sim.results.outputs import writing
    from truce_sim.terminal import warn_of_compiling

    name, overrides = split_prior(asked.overrides)
    base = load_setup(overrides)
    chosen = load_prior(name).for_base(base)
    if asked.write is not None:
        with writing(asked.write, "--write"):
            chosen.draw(asked.draws, asked.seed).to_csv(asked.write, index=False)
    warn_of_compiling()
    table = prior_predictive(asked.draws, asked.seed, prior=load_prior(name), base=base)
    print_prior(chosen, table, asked.seed, overrides, asked.write)
    return 0


def split_prior(words: Sequence[str], default: str = "default") -> tuple[str, list[str]]:
    """Take `prior=NAME` out of overrides; return the name and the others."""
    named = [word.partition("=")[2] for word in words if word.startswith("prior=")]
    return (named or [default])[-1], [word for word in words if not word.startswith("prior=")]


def _prior_parser() -> Parser:
    parser = Parser("truce-sim prior", description="Draw settings from a prior, run each "
                    "draw twice, and show what the model can do before any data.")  # fmt: skip
    add = parser.add_argument
    add("overrides", nargs="*", metavar="OVERRIDE", help="prior=NAME or prior=FILE; settings that "
        "are known, such as home.threshold=6 or mediation=none, which are not drawn")  # fmt: skip
    add("--draws", type=count, default=1000, metavar="N", help="default: 1000")
    add("--seed", type=whole, default=1, metavar="SEED", help="of the draws; default: 1")
    add("--write", type=Path, metavar="FILE", help="write the draws as a CSV file, a table that "
        "sweep and simulate_many take")  # fmt: skip
    return parser


def fit(arguments: Sequence[str]) -> int:
    """`truce-sim fit NAME [overrides]`: infer settings from data."""
    asked = _fit_parser().parse_intermixed_args(arguments)
    from truce_sim.cli.printing.inference import print_fit
    from truce_sim.config.load import load_setup
    from truce_sim.inference import fit as fits
    from truce_sim.inference.page import write_page
    from truce_sim.terminal import StepBar

    name, overrides = split_prior(asked.overrides)
    base = load_setup(overrides)
    free = [word for word in (asked.free or "").split(",") if word]
    with StepBar(lines=True) as bar:
        found = fits.fit(
            asked.name, truces=asked.truces, record=asked.record, patterns=asked.pattern,
            events=asked.events, filters=_filters(asked), leave_out=asked.leave_out, free=free,
            prior=name, base=base, draws=asked.draws, seed=asked.seed,
            folder=base.config.output.dir, step=bar.step,
        )  # fmt: skip
    print_fit(found, write_page(found))
    return 0


def _filters(asked: Namespace) -> dict[str, Any]:
    """Which events of a file count; by default as near the line as for validate."""
    given = {name: getattr(asked, name) for name in ("since", "until", "actor", "country")}
    chosen = {name: value for name, value in given.items() if value}
    chosen |= {"coarse": asked.coarse} if asked.coarse != "first" else {}
    near = asked.within_km != WITHIN_KM or asked.events is not None
    return chosen | ({"within_km": asked.within_km} if near else {})


def _fit_parser() -> Parser:
    parser = Parser("truce-sim fit", description="Infer settings from data by simulation: draws "
                    "from the posterior, checks of it, and a page. A fit that was stopped resumes "
                    "when the same command is given again.")  # fmt: skip
    add = parser.add_argument
    add("name", metavar="NAME", help="name of the folder, in output.dir")
    add("overrides", nargs="*", metavar="OVERRIDE", help="prior=NAME or prior=FILE; settings that "
        "are known")  # fmt: skip
    add("--truces", type=Path, metavar="FILE", help="CSV of truces: days, ended (1 or 0), and, if "
        "known, followed; or start and end as dates")  # fmt: skip
    add("--record", type=Path, metavar="FILE", help="CSV of what happened when in one truce: day "
        "or date, kind, side, value, probability, as for nowcast")  # fmt: skip
    add("--pattern", action="append", default=[], metavar="MEASURE=LOW..HIGH", help="a measure "
        "that is known within a range; may be repeated")  # fmt: skip
    add("--events", type=Path, metavar="FILE", help="UCDP GED or ACLED events near the border "
        "of the scenario")  # fmt: skip
    add("--leave-out", action="append", default=[], metavar="SUMMARY", help="a summary that is "
        "checked but not fitted; may be repeated")  # fmt: skip
    add("--free", metavar="A,B", help="the settings to infer; default: the eight that move the "
        "length of truces most, or, for events, those that govern violence")  # fmt: skip
    add("--draws", type=count, default=20_000, metavar="N", help="to simulate; default: 20000")
    add("--seed", type=whole, default=1, metavar="SEED", help="of everything; default: 1")
    add_event_filters(parser)
    return parser


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"prior": prior, "fit": fit}
