"""`truce-sim view` and `truce-sim movie`: their flags; the rest goes to Hydra."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.picks import PICKS

if TYPE_CHECKING:
    from truce_sim.viewer.state.opening import Opening


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are the program's own."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message, allowed=f"see {self.prog} --help")


def view(arguments: list[str]) -> NoReturn:
    """`truce-sim view [overrides | DIR]`: the viewer, until it is stopped."""
    from truce_sim.viewer.serve import Address, check_assets, check_host, serve

    parser = _parser("view", "Watch a run, a row of a sweep, or a sweep, in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=8765, help="port; the next free one if taken")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument("--allow-remote", action="store_true", help="let other machines in")
    known, rest = parser.parse_known_args(arguments)
    if not 0 <= known.port < 65536:
        raise InputError("is no port", setting="--port", value=known.port, allowed="0 to 65535")
    address = Address(known.host, known.port, known.allow_remote, not known.no_open)
    check_host(address)
    check_assets()
    serve(open_target(known, rest), address)


def movie(arguments: list[str]) -> int:
    """`truce-sim movie [overrides | DIR] --out FILE`: a run as GIF or MP4, without a browser."""
    from truce_sim.viewer.state.picture import LAYERS

    parser = _parser("movie", "Write a run as a GIF or MP4 file.")
    parser.add_argument("--out", type=Path, default=Path("truce.gif"), help="FILE.gif or FILE.mp4")
    parser.add_argument("--layer", choices=list(LAYERS), default="home_effort")
    parser.add_argument("--every", type=int, default=1, help="days from frame to frame")
    parser.add_argument("--fps", type=int, default=10, help="frames a second")
    parser.add_argument("--days", default="", help="FIRST-LAST, all by default")
    parser.add_argument("--dpi", type=int, default=100, help="100: 1200 pixels wide")
    known, rest = parser.parse_known_args(arguments)
    from truce_sim.viewer.pictures.movie import film

    opening = open_target(known, rest)
    if opening.config is None:
        raise InputError(
            "which run of the sweep?", setting="--run", allowed="--run POINT:REPLICATE"
        )
    film(opening.config, known)
    return 0


def _parser(command: str, description: str) -> _Parser:
    parser = _Parser(
        prog=f"truce-sim {command}", description=description, allow_abbrev=False,
        epilog=f"Anything else is an override, as in truce-sim {command} truce=literal seed=7, or "
        "the folder of a run or a sweep.",
    )  # fmt: skip
    parser.add_argument("--run", default="", metavar="POINT:REPLICATE", help="a row of the sweep")
    for name, meaning in PICKS.items():
        parser.add_argument(
            f"--{name}", type=int, nargs="?", const=0, metavar="POINT",
            help=f"{meaning} (of point 0, or of POINT)",
        )  # fmt: skip
    return parser


def open_target(known: argparse.Namespace, rest: Sequence[str]) -> Opening:
    """What the arguments ask to open. Raises InputError."""
    from truce_sim.viewer.state.opening import open_folder, open_settings

    picks = [name for name in PICKS if getattr(known, name.replace("-", "_")) is not None]
    folders = [word for word in _arguments(rest) if _is_folder(word)]
    if len(picks) + bool(known.run) > 1:
        raise InputError("one run at a time", setting="--run", allowed="one of --run, --worst, …")
    if not folders:
        if picks or known.run:
            raise InputError("of which sweep?", setting="--run", allowed="the folder of a sweep")
        return open_settings(list(rest))
    if len(rest) > 1:
        extra = next(word for word in rest if word != folders[0])
        raise InputError(
            "a folder is open_target as it is", value=extra, allowed="change settings in the viewer"
        )
    pick = picks[0] if picks else ""
    point = getattr(known, pick.replace("-", "_")) if pick else 0
    return open_folder(Path(folders[0]).expanduser(), known.run, pick, point)


def _arguments(words: Sequence[str]) -> list[str]:
    """The words that are neither flags nor values of Hydra's flags."""
    from truce_sim.config.gate import VALUE_FLAGS

    before = ["", *words]
    return [
        word
        for flag, word in zip(before, words, strict=False)
        if not word.startswith("-") and flag not in VALUE_FLAGS
    ]


def _is_folder(word: str) -> bool:
    """Whether an argument is meant as a folder: it is one, or it is no override."""
    override = "=" in word or word.startswith(("+", "~"))
    return not override or Path(word).expanduser().is_dir()
