"""Parse the arguments of commands that Hydra does not handle."""

from __future__ import annotations

import argparse
from typing import NoReturn

from truce_sim.errors import InputError


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


def whole(text: str, least: int = 0) -> int:
    """Parse a whole number of at least `least`, for argparse."""
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
    return int(text)


def count(text: str) -> int:
    """Parse a whole number of at least 1, for argparse."""
    return whole(text, least=1)
