"""Parse the arguments of commands that Hydra does not handle."""

from __future__ import annotations

import argparse
from typing import NoReturn

from truce_sim.errors import InputError
from truce_sim.events import WITHIN_KM


class Parser(argparse.ArgumentParser):
    """Parse the arguments of one command; errors become InputError."""

    def error(self, message: str) -> NoReturn:
        """Raise the parser's complaint as an InputError."""
        usage = " ".join(self.format_usage().removeprefix("usage:").split())
        raise InputError(message, allowed=usage)


def folder_parser(command: str, about: str, *, folder: str = "of a sweep") -> Parser:
    """Return a parser for a command whose first argument is a folder."""
    parser = Parser(f"truce-sim {command}", description=about)
    parser.add_argument("dir", metavar="DIR", help=f"folder {folder}")
    return parser


def add_event_filters(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose among the events of a file."""
    add = parser.add_argument
    add("--since", default="", metavar="DATE", help="first date of events, YYYY-MM-DD")
    add("--until", default="", metavar="DATE", help="last date of events, YYYY-MM-DD")
    add("--actor", default="", metavar="TEXT", help="only events with this text in a side's name")
    add("--country", default="", metavar="NAME", help="only events in this country")
    add("--within-km", type=float, default=WITHIN_KM, metavar="KM", help="only events this near "
        f"the line; default: {WITHIN_KM:g}")  # fmt: skip
    add("--coarse", choices=("first", "spread", "drop"), default="first", help="events of more "
        "than two days and summaries: on their first day, once on one of their days, or left out; "
        "default: first")  # fmt: skip


def whole(text: str, least: int = 0) -> int:
    """Parse a whole number of at least `least`, for argparse."""
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
    return int(text)


def count(text: str) -> int:
    """Parse a whole number of at least 1, for argparse."""
    return whole(text, least=1)
