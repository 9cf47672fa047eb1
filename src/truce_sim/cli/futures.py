"""`truce-sim futures`: one run followed many times from one of its days on."""

from __future__ import annotations

import json
from collections.abc import Sequence

from truce_sim.cli.arguments import Parser, count
from truce_sim.cli.nowcast import read_lever


def futures(arguments: Sequence[str]) -> int:
    """`truce-sim futures [overrides] --day DAY`: the same past, other random draws from then on."""
    asked, words = _parser().parse_known_args(list(arguments))
    from truce_sim.cli.printing.futures import print_futures
    from truce_sim.config.gate import flags_first, setup_from_arguments
    from truce_sim.following.conditional import futures as follow
    from truce_sim.terminal import warn_of_compiling

    what_if = dict(read_lever(text) for text in asked.what_if)
    setup = setup_from_arguments(flags_first(words))
    warn_of_compiling()
    found = follow(setup, asked.day, asked.futures)
    compared = {}
    for name, change in what_if.items():
        entry = {"day": found.day + 1, "set": change}
        entries = [*setup.config.interventions, entry]
        changed = setup.with_changes({"interventions": entries}, tell=False)
        compared[name] = found.compare(follow(changed, found.day, asked.futures))
    if asked.format == "csv":
        print(found.survival.to_csv(index=False), end="")
    elif asked.format == "json":
        changes = {name: row.to_dict() for name, row in compared.items()}
        print(json.dumps(found.as_dict() | {"what_if": changes}, indent=2, ensure_ascii=False))
    else:
        print_futures(found, compared, list(arguments))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "truce-sim futures", allow_abbrev=False,
        description="Follow one run many times from one of its days on: the same past, other draws "
        "from then on. Shows how much of its end was decided by then. Not a forecast.",
        epilog="Anything else is an override, as in truce-sim run, with seed and replicate.",
    )  # fmt: skip
    add = parser.add_argument
    add("--day", required=True, metavar="DAY", help="the last day that all share, a number or "
        "YYYY-MM-DD; -1: only the warm-up")  # fmt: skip
    add("--futures", type=count, default=1000, metavar="N", help="how many; default: 1000")
    add("--what-if", action="append", default=[], metavar="SETTING=VALUE,…", help="compare with "
        "these settings changed from the next day on; may be repeated")  # fmt: skip
    add("--format", choices=("text", "csv", "json"), default="text", help="csv: survival by day; "
        "json: everything; default: text")  # fmt: skip
    return parser
