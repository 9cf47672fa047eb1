"""Arguments of the commands that Hydra does not parse."""

from __future__ import annotations

import argparse
from typing import NoReturn

from truce_sim.errors import InputError


class Parser(argparse.ArgumentParser):
    """Arguments of one command; what is wrong with them is an InputError."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong as an InputError."""
        usage = " ".join(self.format_usage().removeprefix("usage:").split())
        raise InputError(message, allowed=usage)


def folder_parser(command: str, about: str, *, folder: str = "of a sweep") -> Parser:
    """A parser of a command's arguments, the first of which is a folder."""
    parser = Parser(f"truce-sim {command}", description=about)
    parser.add_argument("dir", metavar="DIR", help=f"folder {folder}")
    return parser


def whole(text: str, least: int = 0) -> int:
    """A whole number from 0, for argparse."""
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least}")
    return int(text)


def count(text: str) -> int:
    """A whole number from 1, for argparse."""
    return whole(text, least=1)
