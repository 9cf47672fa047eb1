"""The commands on what is believed of the settings: prior.

Each takes its own arguments and returns exit code 0. Bad input raises InputError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from truce_sim.cli.arguments import Parser, count, whole


def prior(arguments: Sequence[str]) -> int:
    """`truce-sim prior [prior=NAME] [overrides]`: what the model can do before any data."""
    asked = _prior_parser().parse_args(arguments)
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


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"prior": prior}
