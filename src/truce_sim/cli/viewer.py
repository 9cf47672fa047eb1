"""Parse the flags of `truce-sim view` and `truce-sim movie`; the rest goes to Hydra."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from truce_sim.cli.arguments import Parser
from truce_sim.errors import InputError, check_range
from truce_sim.sweeps.summaries.picks import PICKS

if TYPE_CHECKING:
    from truce_sim.viewer.state.opening import Opening


def view(arguments: list[str]) -> NoReturn:
    """`truce-sim view [overrides | DIR]`: serve the viewer until stopped."""
    from truce_sim.viewer.serve import Address, check_assets, check_host, serve

    parser = _parser("view", "Watch a run, a sweep or one run of it, or a search in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8765,
                        help="port; if taken, the next free one")  # fmt: skip
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--allow-remote", action="store_true",
                        help="accept connections from other machines")  # fmt: skip
    parser.add_argument("--day", default="", help="the day to begin with, or its date")
    parser.add_argument("--record", default="", metavar="FILE", help="show the record of a truce "
                        "on the time line, a file as for truce-sim nowcast")  # fmt: skip
    known, rest = parser.parse_known_args(arguments)
    check_range("--port", known.port, 0, 65535)
    address = Address(known.host, known.port, known.allow_remote, browser=not known.no_open)
    check_host(address)
    check_assets()
    opening = at_day(open_target(known, rest), known.day)
    serve(beside_record(opening, known.record), address)


def beside_record(opening: Opening, record: str) -> Opening:
    """Return what is opened, with the record given by the flag `--record`.

    Raises:
        InputError: a bad record, or no run is opened.
    """
    if not record:
        return opening
    if opening.config is None:
        raise InputError("is shown next to one run", setting="--record", value=record,
                         allowed="--run POINT:REPLICATE")  # fmt: skip
    from truce_sim.border.dates import first_date
    from truce_sim.inference.record import in_words, read_entries  # imports pandas

    entries = read_entries(record, first_date(opening.config.scenario))
    return replace(
        opening, record=tuple({"day": entry.day, "words": in_words(entry)} for entry in entries)
    )


def at_day(opening: Opening, day: str) -> Opening:
    """Return what is opened, at the day given by the flag `--day`.

    Raises:
        InputError: it is not a day of the run, or no run is opened.
    """
    from truce_sim.border.dates import first_date
    from truce_sim.settings.dates import read_day

    if not day:
        return opening
    if opening.config is None:
        raise InputError(
            "is a day of one run", setting="--day", value=day, allowed="--run POINT:REPLICATE"
        )
    number = read_day(day, first_date(opening.config.scenario), "--day")
    last = opening.config.run.horizon_days - 1
    if number > last:
        raise InputError(
            "is after the end of the run", setting="--day", value=day, allowed=f"0 to {last}"
        )
    return replace(opening, day=number)


def movie(arguments: list[str]) -> int:
    """`truce-sim movie [overrides | DIR] --out FILE`: write a run as a GIF or MP4 file."""
    from truce_sim.viewer.state.picture import LAYERS

    parser = _parser("movie", "Write a run as a GIF or MP4 file.")
    parser.add_argument("--out", type=Path, default=Path("truce.gif"),
                        help="file to write, FILE.gif or FILE.mp4")  # fmt: skip
    parser.add_argument("--layer", choices=list(LAYERS), default="home_effort",
                        help="what the map shows")  # fmt: skip
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="days between frames; strikes and changes of the truce's state get extra ones",
    )
    parser.add_argument("--fps", type=int, default=10, help="frames per second")
    parser.add_argument("--days", default="", help="FIRST-LAST, days or dates; by default all")
    parser.add_argument("--dpi", type=int, default=100,
                        help="dots per inch; 100 gives 1200 pixels of width")  # fmt: skip
    known, rest = parser.parse_known_args(arguments)
    from truce_sim.viewer.pictures.movie import film

    opening = open_target(known, rest)
    if opening.setup is None:
        raise InputError(
            "a movie shows one run of a sweep", setting="--run", allowed="--run POINT:REPLICATE"
        )
    film(opening, known)
    return 0


def _parser(command: str, description: str) -> Parser:
    parser = Parser(
        prog=f"truce-sim {command}", description=description, allow_abbrev=False,
        epilog=f"Anything else is an override, as in truce-sim {command} truce=literal seed=7, or "
        "the folder of a run, a sweep or a search.",
    )  # fmt: skip
    parser.add_argument("--run", default="", metavar="POINT:REPLICATE", help="one run of the sweep")
    for name, meaning in PICKS.items():
        parser.add_argument(
            f"--{name}", type=int, nargs="?", const=0, metavar="POINT",
            help=f"{meaning} (of POINT, by default 0)",
        )  # fmt: skip
    return parser


def open_target(known: argparse.Namespace, rest: Sequence[str]) -> Opening:
    """Open the folder or the settings that the arguments name.

    Args:
        known: the parsed flags of `view` or `movie`.
        rest: all other words: overrides, or a folder.

    Raises:
        InputError: if the arguments contradict each other or name nothing that can be opened.
    """
    from truce_sim.viewer.state.opening import open_folder, open_settings

    picks = [name for name in PICKS if getattr(known, name.replace("-", "_")) is not None]
    folders = [word for word in _arguments(rest) if _is_folder(word)]
    if len(picks) + bool(known.run) > 1:
        raise InputError(
            "only one run can be opened at a time", setting="--run",
            allowed="one of --run, --worst, …",
        )  # fmt: skip
    if not folders:
        if picks or known.run:
            raise InputError(
                "needs the folder of a sweep", setting="--run", allowed="DIR --run POINT:REPLICATE"
            )
        return open_settings(list(rest))
    if len(rest) > 1:
        extra = next(word for word in rest if word != folders[0])
        raise InputError(
            "a folder takes no overrides", value=extra,
            allowed="the folder alone; change settings in the viewer",
        )  # fmt: skip
    pick = picks[0] if picks else ""
    point = getattr(known, pick.replace("-", "_")) if pick else 0
    return open_folder(Path(folders[0]).expanduser(), known.run, pick, point)


def _arguments(words: Sequence[str]) -> list[str]:
    """Return the words that are neither flags nor values of Hydra's flags."""
    from truce_sim.config.gate import VALUE_FLAGS

    before = ["", *words]
    return [
        word
        for flag, word in zip(before, words, strict=False)
        if not word.startswith("-") and flag not in VALUE_FLAGS
    ]


def _is_folder(word: str) -> bool:
    """Whether an argument is meant as a folder: it is one, or it is not an override."""
    override = "=" in word or word.startswith(("+", "~"))
    return not override or Path(word).expanduser().is_dir()
