"""Generate the parts of the documentation that come from the program (`make reference`).

A page contains regions

    <!-- generated: NAME -->
    <!-- end of generated -->

and NAME is one of REGIONS: `commands` (every command with its arguments), `settings` (every
setting of the model with its symbol and the rules that read it), `sweep-settings` (the others),
`outcome-columns`, `series-columns` and `event-columns` (the columns of the results), `rooms` (the
rooms of the program and their imports).
"""

from __future__ import annotations

import argparse
import ast
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from omegaconf import OmegaConf

from architecture import ROOMS, House
from truce_sim import cli
from truce_sim.cli import border
from truce_sim.config.compose import compose
from truce_sim.engine.record import EVENT_COLUMNS, OUTCOME_COLUMNS, SERIES_COLUMNS, Column
from truce_sim.settings.fields import FieldInfo, fields, groups
from truce_sim.settings.needs import conditions
from truce_sim.settings.quantities import Quantity

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
ENGINE = REPOSITORY / "src/truce_sim/engine"

_REGION = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end of generated -->)", re.DOTALL)


def main() -> None:
    """Rewrite every page that is out of date."""
    for page in pages():
        before, after = page.read_text(encoding="utf-8"), regenerate(page)
        if before != after:
            page.write_text(after, encoding="utf-8", newline="\n")
            print(f"{page.relative_to(REPOSITORY)}: written")


def pages() -> list[Path]:
    """List every page with a generated region."""
    return [page for page in sorted(DOCS.glob("*.md")) if _REGION.search(page.read_text("utf-8"))]


def regenerate(page: Path) -> str:
    """Return the text of a page with its regions generated again."""

    def region(found: re.Match[str]) -> str:
        return f"{found[1]}\n{REGIONS[found[2]]().strip()}\n\n{found[3]}"

    return _REGION.sub(region, page.read_text(encoding="utf-8"))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def commands() -> str:
    """Return a section for each command, in the order of `truce-sim --help`."""
    return "\n\n".join(_command(name) for name in sorted(command_names(), key=_place_in_help))


def command_names() -> list[str]:
    """Return every command, those of borders with their actions: "border make"."""
    actions = [f"border {action}" for action in border.ACTIONS]
    return [*(name for name in cli.COMMANDS if name != "border"), *actions]


def _place_in_help(command: str) -> int:
    """Where the help first names a command; the end if it does not."""
    place = cli.HELP.find(f"truce-sim {command} ")
    return place if place >= 0 else len(cli.HELP)


def _command(name: str) -> str:
    parser = parser_of(name)
    about, arguments = (parser.description, _arguments(parser)) if parser else ("", "")
    parts = (f"### truce-sim {name}", about, _usage(name), arguments, _example(name))
    return "\n\n".join(filter(None, parts))


def _usage(name: str) -> str:
    """The lines of the help that name a command, verbatim."""
    usage = cli.HELP.partition("Examples")[0]
    lines = [line.strip() for line in usage.splitlines() if _is_of(name, line)]
    return "```\n" + "\n".join(lines) + "\n```"


def _is_of(name: str, line: str) -> bool:
    return line.strip().startswith(f"truce-sim {name} ")


class _Found(Exception):
    """Carry a parser out of its command."""


def parser_of(command: str) -> argparse.ArgumentParser | None:
    """Return the parser that a command makes, intercepted as it begins to parse.

    Returns:
        The parser; None for `run` and `sweep`, whose arguments Hydra parses, and `completion`.

    Raises:
        LookupError: The command parses no arguments.
    """

    def intercept(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise _Found(parser)

    if command in ("run", "sweep", "completion"):
        return None
    with patch.object(argparse.ArgumentParser, "parse_known_args", intercept):
        try:
            name, *action = command.split()
            cli.COMMANDS[name](action)
        except _Found as found:
            return found.args[0]
    raise LookupError(f"truce-sim {command} parses no arguments")


def _arguments(parser: argparse.ArgumentParser) -> str:
    """A table of a command's arguments and options, with their defaults."""
    rows = [
        (f"`{_spelling(action)}`", _meaning(action), _default(action))
        for action in parser._actions
        if action.dest != "help"
    ]
    return table(("argument", "meaning", "default"), rows)


def _spelling(action: argparse.Action) -> str:
    """How an argument is written: `[FACTOR]`, `--where FACTOR=LEVEL`, `--port PORT`."""
    name = action.option_strings[-1] if action.option_strings else ""
    if action.nargs == 0:
        return name
    value = action.metavar or action.dest.upper()
    return f"{name} {f'[{value}]' if action.nargs == '?' else value}".strip()


def _meaning(action: argparse.Action) -> str:
    """The help text with any choices, without the default, which has its own column."""
    text = re.sub(r"[;,]? ?\(?default: [^)]*\)?$", "", action.help or "")
    return ": ".join(filter(None, (text, ", ".join(map(str, action.choices or ())))))


def _default(action: argparse.Action) -> str:
    """The default, from the help text or, failing that, from the parser."""
    named = re.search(r"default: ([^)]*)", action.help or "")
    if named:
        return named[1]
    if action.required or action.default in (None, False, "", []):
        return ""
    return f"`{action.default}`"


# ── examples ─────────────────────────────────────────────────────────────────────────────────

_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _example(command: str) -> str:
    """The first use of a command in the documentation, with a link."""
    for page, line in _uses():
        if line.startswith(f"truce-sim {command} ") or line == f"truce-sim {command}":
            link = os.path.relpath(page, "docs")
            return f"For example (from [{page}]({link})):\n\n```\n{line}\n```"
    return ""


@cache
def _uses() -> tuple[tuple[str, str], ...]:
    """Every command line in the bash blocks of the documentation, by page."""
    found = []
    pages = ("README.md", "docs/*.md", "experiments/*/README.md")
    for path in (path for pattern in pages for path in sorted(REPOSITORY.glob(pattern))):
        for block in _BLOCK.findall(path.read_text(encoding="utf-8")):
            lines = re.sub(r"\\\n\s*", "", block).splitlines()
            found += [(path.relative_to(REPOSITORY).as_posix(), _bare(line)) for line in lines]
    return tuple(found)


def _bare(line: str) -> str:
    """A command line without what follows the command."""
    return re.split(r" +(?:#|\|\||&)", line)[0].strip()


# ── settings ─────────────────────────────────────────────────────────────────────────────────

_NOT_OF_THE_MODEL = ("output", "sweep", "seed", "replicate")


def settings() -> str:
    """Return the settings of the model, one table for each config group."""
    parts = []
    for group in groups():
        if group not in _NOT_OF_THE_MODEL:
            parts += [f"### `{group}`", _settings_of(group)]
    return "\n\n".join(parts)


def sweep_settings() -> str:
    """Return one table of the settings for execution and output."""
    rows = [
        (f"`{info.path}`", _text(default_of(info)), info.unit, _range(info), info.meaning,
         needs(info))
        for info in fields()
        if info.path.split(".")[0] in _NOT_OF_THE_MODEL
    ]  # fmt: skip
    return table(("setting", "default", "unit", "range", "meaning", EFFECT), rows)


def _settings_of(group: str) -> str:
    head = ("setting", "symbol", "default", "unit", "range", "meaning", EFFECT, "source", "read by")
    rows = [_row(info) for info in fields() if info.path.startswith(f"{group}.")]
    return table(head, rows)


def _row(info: FieldInfo) -> tuple[str, ...]:
    name = info.path.partition(".")[2]
    default = _text(default_of(info))
    files = ", ".join(f"`{file}`" for file in sorted(readers().get(info.path, ())))
    return (f"`{name}`", info.symbol, default, info.unit, _range(info), info.meaning,
            needs(info), info.source, files)  # fmt: skip


EFFECT = "has an effect while"


def needs(info: FieldInfo) -> str:
    """The conditions for an effect of a setting."""
    return "; ".join(" or ".join(f"`{one}`" for one in each) for each in conditions(info.path))


def _range(info: FieldInfo) -> str:
    """The range or the options of a setting."""
    if not isinstance(info.meta, Quantity):
        return ", ".join(info.options) or {"bool": "true, false"}.get(info.type, "text")
    low, high = _number(info.meta.low), _number(info.meta.high)
    return f"{'above ' if info.meta.above else ''}{low} to {high}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{int(value):,}" if value == int(value) else f"{value:f}".rstrip("0")


def _text(value: Any) -> str:
    """A default as written in a configuration file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def default_of(info: FieldInfo) -> Any:
    """Return the default in `conf/`; for a mediator's setting, that of the first mediator."""
    path = info.path
    if "<name>" in path:
        path = path.replace("<name>", str(next(iter(_conf().mediation.mediators))))
    return OmegaConf.select(_conf(), path)


@cache
def _conf() -> Any:
    return compose([])


# ── which rules read a setting ───────────────────────────────────────────────────────────────


@cache
def readers() -> Mapping[str, set[str]]:
    """Map the path of each setting to the files that read it: the engine's and `border.py`."""
    found = {info.path: {"border.py"} for info in fields() if _shapes_the_border(info.path)}
    for file in sorted(ENGINE.glob("*.py")):
        for path in reads(file.read_text(encoding="utf-8")):
            found.setdefault(path, set()).add(file.name)
    return found


def _shapes_the_border(path: str) -> bool:
    return path.startswith("scenario.") or path in ("border.sectors", "border.floor")


def reads(source: str) -> set[str]:
    """Return the settings that a file of rules reads: whatever follows `p.` or an alias of it."""
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return {path for function in functions for path in _reads_of(function)}


def _reads_of(function: ast.FunctionDef) -> Iterator[str]:
    known = {name: way for name, way in _aliases(function)}  # noqa: C416
    for node in ast.walk(function):
        way = _way(node, known)
        if way is not None:
            yield from _paths(way)


def _aliases(function: ast.FunctionDef) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names for `p` and for parts of it, as in `m = p.militants`."""
    known: dict[str, tuple[str, ...]] = {"p": ()}
    yield "p", ()
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target, value in _pairs(node.targets[0], node.value):
            way = _way(value, known)
            if isinstance(target, ast.Name) and way:
                known[target.id] = way
                yield target.id, way


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _way(node: ast.AST, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The names from the parameters to a value, as in `p.states[HOME].threshold` or
    `p["frailty"]["law"]`; None if the value is not in the parameters."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        way = _way(node.value, known)
        return None if way is None else (*way, node.attr)
    if isinstance(node, ast.Subscript):
        way = _way(node.value, known)
        return None if way is None else (*way, *_index(node.slice))
    return None


def _index(node: ast.expr) -> tuple[str, ...]:
    """The names that an index adds: a field, one of the two states, or none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    one_state = isinstance(node, ast.Name) and node.id in ("HOME", "HOST")
    return (node.id.lower(),) if one_state else ()


def _paths(way: tuple[str, ...]) -> Iterator[str]:
    """Paths of settings for names in the parameters, as laid out by `config.params`."""
    if way[:1] == ("states",) and way[1:2] in (("home",), ("host",)):
        yield ".".join(way[1:])
    elif way[:1] == ("states",):
        yield from (".".join((state, *way[1:])) for state in ("home", "host"))
    elif way[:1] == ("mediators",):
        yield ".".join(("mediation", "mediators", "<name>", *way[1:]))
        yield "mediation.mediators"
    else:
        yield ".".join(way)


# ── columns ──────────────────────────────────────────────────────────────────────────────────


def columns_of(declared: Mapping[str, Column]) -> str:
    """Return a table of the columns of one kind of result."""
    rows = [
        (f"`{name}`", _type(column), column.unit, column.meaning)
        for name, column in declared.items()
    ]
    return table(("column", "type", "unit", "meaning"), rows)


def _type(column: Column) -> str:
    """The type as stored in a file, with the words of a column of words."""
    words = f": {', '.join(column.words)}" if column.words else ""
    kind = "word" if column.stored == "word" else column.stored
    return f"{kind}{words}{', may be missing' if column.optional else ''}"


# ── rooms ────────────────────────────────────────────────────────────────────────────────────


def rooms() -> str:
    """Return one table of the rooms, from the top down, with the rooms each imports from."""
    arrows = House().arrows
    rows = [
        (f"`{room.name}`", room.words,
         ", ".join(f"`{low.name}`" for low in reversed(ROOMS) if (room.name, low.name) in arrows))
        for room in reversed(ROOMS)
    ]  # fmt: skip
    return table(("room", "contents", "imports from"), rows)


#: The content of each region, by its name.
REGIONS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "rooms": rooms,
    "settings": settings,
    "sweep-settings": sweep_settings,
    "outcome-columns": lambda: columns_of(OUTCOME_COLUMNS),
    "series-columns": lambda: columns_of(SERIES_COLUMNS),
    "event-columns": lambda: columns_of(EVENT_COLUMNS),
}

if __name__ == "__main__":
    main()
