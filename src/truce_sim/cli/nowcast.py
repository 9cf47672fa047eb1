"""`truce-sim nowcast`: what comes next in a truce, given its record so far."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.cli.arguments import Parser, count, whole
from truce_sim.cli.inference import split_prior
from truce_sim.errors import InputError

if TYPE_CHECKING:
    from truce_sim.following.nowcast import Nowcast


def nowcast(arguments: Sequence[str]) -> int:
    """`truce-sim nowcast [overrides] --record FILE`: what comes next, given the record so far."""
    asked, words = _parser().parse_known_args(list(arguments))
    from truce_sim.cli.printing.nowcast import print_nowcast
    from truce_sim.config.gate import flags_first, setup_from_arguments
    from truce_sim.following.nowcast import nowcast as follow
    from truce_sim.terminal import CleanConsole, warn_of_compiling

    what_if = dict(read_lever(text) for text in asked.what_if)
    if asked.out is not None and asked.out.exists():
        raise InputError("exists, and nothing is overwritten", setting="--out",
                         value=str(asked.out), allowed="a new folder")  # fmt: skip
    prior, overrides = split_prior(words)
    setup = setup_from_arguments(flags_first(overrides))
    warn_of_compiling()
    console = CleanConsole(stderr=True)
    found = follow(
        asked.record, asked.as_of, setup, posterior=asked.posterior, prior=prior, what_if=what_if,
        particles=asked.particles, futures=asked.futures, ahead=asked.ahead,
        tolerance=asked.tolerance, reported=asked.reported, least=asked.least,
        progress=lambda words: console.print(f"{words} …", style="dim"),
    )  # fmt: skip
    if asked.out is not None:
        _write(found, asked.out, setup.config.seed, overrides)
    if asked.format == "csv":
        print(found.survival.to_csv(index=False), end="")
    elif asked.format == "json":
        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        print_nowcast(found, list(arguments), asked.out)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "truce-sim nowcast", allow_abbrev=False,
        description="Say what comes next in a truce, given its record so far: runs of the model "
        "that agree with the record, followed from that day on. Not a forecast: most values of "
        "the model are assumed.",
        epilog="Anything else is an override, as in truce-sim run: the settings that are not "
        "drawn, and the scenario. The format of records: docs/nowcast.md.",
    )  # fmt: skip
    add = parser.add_argument
    add("--record", metavar="FILE", help="CSV: date or day, kind, side, value, probability; "
        "default: nothing is on record")  # fmt: skip
    add("--as-of", metavar="DATE", help="the day whose end is the present, a number or "
        "YYYY-MM-DD; later rows are not used; default: the last day of the record")  # fmt: skip
    add("--posterior", metavar="PATH", help="draws of settings: a fit, or a Parquet or CSV "
        "file, a column for each setting, perhaps weight; none: all as configured; default: the "
        "prior, prior=NAME or FILE")  # fmt: skip
    add("--what-if", action="append", default=[], metavar="SETTING=VALUE,…", help="compare "
        "futures with these settings changed from the next day on; may be repeated")  # fmt: skip
    add("--particles", type=_several, default=20_000, metavar="N", help="runs weighed at a time; "
        "up to 25 times as many; default: 20000")  # fmt: skip
    add("--least", type=count, default=1000, metavar="N", help="independent runs that the answer "
        "must rest on, or it is refused; default: 1000")  # fmt: skip
    add("--futures", type=_several, metavar="N", help="futures that are followed; default: as many "
        "as particles, at most 10000")  # fmt: skip
    add("--ahead", type=count, default=180, metavar="DAYS", help="days looked ahead; default: 180")
    add("--tolerance", type=whole, default=7, metavar="DAYS", help="days by which dates of runs "
        "and record may differ; default: 7")  # fmt: skip
    add("--reported", type=float, default=0.5, metavar="SHARE", help="mean share of violations "
        "that sources report; default: 0.5")  # fmt: skip
    add("--out", type=Path, metavar="FOLDER", help="new folder for the result and all futures")
    add("--format", choices=("text", "csv", "json"), default="text", help="csv: survival by day; "
        "json: everything; default: text")  # fmt: skip
    return parser


def _several(text: str) -> int:
    return whole(text, least=2)


def read_lever(text: str) -> tuple[str, dict[str, object]]:
    """Parse SETTING=VALUE,SETTING=VALUE; the text is the lever's name."""
    from hydra.errors import HydraException

    from truce_sim.config.loader import parse_token

    changes: dict[str, object] = {}
    for part in re.split(r",(?=[\w.]+=)", text):
        try:
            override = parse_token(part)
            if override.is_sweep_override() or override.is_delete():
                raise ValueError(part)
            changes[override.key_or_group] = override.value()
        except (HydraException, ValueError):
            raise InputError(
                "is not a change", setting="--what-if", value=text,
                allowed="SETTING=VALUE,SETTING=VALUE, such as home.capacity=1.2",
            ) from None  # fmt: skip
    return text, changes


def _write(found: Nowcast, folder: Path, seed: int, overrides: Sequence[str]) -> None:
    """Write a nowcast: what it says, its provenance, all futures."""
    from truce_sim.results.provenance import make_folder, provenance
    from truce_sim.results.store import write_json, write_whole

    def fill(place: Path) -> None:
        content = {"nowcast": found.as_dict(), "provenance": provenance(seed, overrides)}
        write_json(place / "nowcast.json", content)
        write_whole(place / "futures.parquet", found.futures.to_parquet)

    make_folder(str(folder.parent), "nowcast", folder.name, fill)
