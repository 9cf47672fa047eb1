"""Tables that are never cut, and lines that say what to do next."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from truce_sim.terminal import clean

_GAP = 2
_NO_BREAK = "\N{NO-BREAK SPACE}"

#: A number with its unit and its interval, such as `41.2 % [38.0, 44.5]`, or a level, `f = none`.
_ESTIMATE = re.compile(r"\S+( %| days)? \[[-+–∞\d.,]+ [-+–∞\d.,]+\]|\S+ = \S+")


def print_table(
    out: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: int,
    colours: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print a table whole: if it is wider than the terminal, with shorter headings or as records.

    Args:
        out: where to print.
        columns: the headings, dotted names of settings among them.
        rows: the cells.
        left: how many columns name a row; they are aligned left, and head its record.
        colours: cell -> style.
    """
    cells = [[_line(cell) for cell in row] for row in rows]
    headings = [_line(name) for name in columns]
    for shown in (headings, short_names(headings)):
        if _width(shown, cells) <= out.width:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for i, name in enumerate(shown):
                table.add_column(name, justify="left" if i < left else "right", no_wrap=True)
            for row in cells:
                table.add_row(*(Text(cell, colours.get(cell, "")) for cell in row))
            out.print(table)
            return
    for row in cells:
        _print_record(out, headings, row, left)


def short_names(names: Sequence[str]) -> list[str]:
    """Shorten dotted names from the left (`…lag_days`), as far as they stay distinct."""
    return [next(short for short in _endings(name) if _is_only(short, names)) for name in names]


def _endings(name: str) -> list[str]:
    """The endings of a dotted name, shortest first: `…c`, `…b.c`, `a.b.c` for `a.b.c`."""
    parts = name.split(".")
    return [f"…{'.'.join(parts[i:])}" for i in range(len(parts) - 1, 0, -1)] + [name]


def _is_only(short: str, names: Sequence[str]) -> bool:
    """Whether only one of the names ends like this, and none is the same."""
    ending = short.removeprefix("…")
    alike = [name for name in names if name == ending or name.endswith(f".{ending}")]
    return len(alike) == 1 or not short.startswith("…")


def _line(cell: str) -> str:
    """Return the text of a cell as one clean line."""
    return " ".join(clean(cell).split())


def _width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    columns = zip(headings, *rows, strict=True)
    return sum(max(map(cell_len, column)) + _GAP for column in columns) - _GAP


def _print_record(out: Console, headings: Sequence[str], row: Sequence[str], left: int) -> None:
    """Print a row over several lines: what it is about, then one line for each value."""
    pairs = list(zip(headings, row, strict=True))
    out.print(", ".join(f"{name} = {cell}" for name, cell in pairs[:left]), style="bold")
    widest = max((cell_len(name) for name, _ in pairs[left:]), default=0)
    for name, cell in pairs[left:]:
        padding = " " * (widest - cell_len(name) + _GAP)
        out.print(f"  {name}{padding}{cell}", soft_wrap=True)


def print_sentence(out: Console, text: str, bullet: str = "", style: str = "") -> None:
    """Print a sentence, wrapped between words and never within a number and its interval.

    Args:
        out: where to print.
        text: the sentence.
        bullet: what its first line starts with; further lines are indented by as much.
        style: of the text.
    """
    kept = _ESTIMATE.sub(lambda found: found[0].replace(" ", _NO_BREAK), clean(text))
    lines = textwrap.wrap(
        kept, out.width, initial_indent=bullet, subsequent_indent=" " * len(bullet),
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    for line in lines:
        out.print(line.replace(_NO_BREAK, " "), style=style, soft_wrap=True)


def print_next(out: Console, *steps: tuple[str, str]) -> None:
    """Print what to do next, each command on its own line for copying.

    Args:
        out: where to print.
        steps: what the step is for, and the command.
    """
    for purpose, command in steps:
        introduction = f"Next, {purpose}" if purpose else "Next"
        out.print(f"{introduction}: {command}", style="dim", soft_wrap=True)
