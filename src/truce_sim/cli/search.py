"""`truce-sim search`: find policies that hold in many worlds, and prove them in fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from truce_sim.cli.arguments import Parser, count, whole
from truce_sim.errors import InputError, command


def search(arguments: Sequence[str]) -> int:
    """`truce-sim search NAME [overrides]`: search for policies, choose three, prove them."""
    asked = _parser().parse_args(arguments)
    from truce_sim.cli.printing.search import print_search
    from truce_sim.policy.api import search as search_policies
    from truce_sim.policy.problem import load_problem
    from truce_sim.policy.report import write_results
    from truce_sim.terminal import SweepBar, warn_of_compiling

    problem = load_problem(asked.name, seed=asked.seed, sizes=_sizes(asked), worlds=_worlds(asked),
                           target=asked.target)  # fmt: skip
    folder = asked.folder or Path("outputs") / f"search-{problem.name}"
    warn_of_compiling()
    try:
        found = search_policies(problem, asked.overrides, folder=folder, threads=asked.threads,
                                progress=SweepBar())  # fmt: skip
    except KeyboardInterrupt:
        raise _Stopped(list(arguments)) from None
    write_results(found)
    print_search(found, list(arguments))
    return 0


class _Stopped(RuntimeError):
    """A search that was interrupted; what it has tried is kept."""

    exit_code = 130

    def __init__(self, arguments: list[str]) -> None:
        again = command("search", *arguments)
        super().__init__(f"Interrupted. What was tried is kept.\n  To continue: {again}")


#: A quick look: too little to find much, enough to see what the output is like.
_SMALL = {
    "population": 8, "generations": 2, "rungs": [4, 8], "luck": 2, "reported": 3,
    "proof_worlds": 20, "proof_luck": 2,
}  # fmt: skip


def _sizes(asked: Any) -> dict[str, Any]:
    given = {} if asked.generations is None else {"generations": asked.generations}
    return (_SMALL if asked.small else {}) | given


def _worlds(asked: Any) -> dict[str, str] | None:
    named = {"prior": asked.prior, "posterior": asked.posterior}
    given = {name: value for name, value in named.items() if value}
    if len(given) > 1:
        raise InputError("exclude each other", setting="--prior, --posterior", allowed="one")
    return given or None


def _parser() -> Parser:
    parser = Parser("truce-sim search", description="Search for policies that make the truce hold "
                    "in many worlds, choose three and prove them in fresh worlds. Run it again to "
                    "resume it after a stop.")  # fmt: skip
    add = parser.add_argument
    add("name", metavar="NAME", help="an option of conf/search, or a file like those")
    add("overrides", nargs="*", metavar="OVERRIDE", help="settings that all policies share, such "
        "as truce=literal")  # fmt: skip
    add("--folder", type=Path, metavar="DIR", help="where it is kept, and resumed from if it was "
        "stopped; default: outputs/search-NAME")  # fmt: skip
    add("--prior", default="", metavar="NAME", help="worlds: draws of a prior")
    add("--posterior", default="", metavar="PATH", help="worlds: draws of a posterior: a fit, or a "
        "Parquet or CSV file with a column for each setting and perhaps a weight")  # fmt: skip
    add("--target", type=float, metavar="SHARE", help="the share that should hold")
    add("--generations", type=count, metavar="N", help="of the search")
    add("--small", action="store_true", help="a quick look, with few policies and worlds")
    add("--seed", type=whole, metavar="SEED", help="of everything random")
    add("--threads", type=count, default=0, metavar="N", help="default: one for each core")
    return parser


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"search": search}
