"""Check the order of the program's rooms: no cycles, no imports that run upwards.

    python tools/architecture.py

lists every problem and exits with 1 if there is one. An arrow is an import, including lazy and
typing-only ones. `tests/docs/test_architecture.py` runs the same check; `reference.py` makes a
table of the rooms for docs/architecture.md, `house.py` a picture.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "truce_sim"


class Room(NamedTuple):
    """A folder or a file of the package, and what it contains.

    `sweeps.design` is `truce_sim/sweeps/design/`, or `design.py` there; a module belongs to the
    room with the longest matching name.
    """

    name: str
    words: str


#: From the ground up: a room may import only from rooms listed before it.
ROOMS = (
    Room("errors", "errors in user input"),
    Room("version", "the version number"),
    Room("compat", "where releases of a library differ"),
    Room("files", "where conf/ and data are"),
    Room("settings", "the declaration of every setting"),
    Room("engine", "the rules, day by day"),
    Room("intervals", "estimates with intervals"),
    Room("terminal", "progress bars"),
    Room("events", "event files, read by stated rules"),
    Room("border", "the border: its folder, sectors, course; making one"),
    Room("results", "columns, frames, files"),
    Room("config", "from user input to checked values"),
    Room("model", "the Mesa model: one step a day"),
    Room("simulation", "one run"),
    Room("sweeps.design", "the points of a sweep"),
    Room("sweeps.folder", "the folder on disk"),
    Room("sweeps.summaries", "tables and contrasts"),
    Room("sweeps.execution", "running it, here and on clusters"),
    Room("sweeps", "sweep() in Python"),
    Room("analysis.methods", "estimators"),
    Room("analysis", "from a folder to an answer"),
    Room("analysis.plots", "figures"),
    Room("analysis.report", "report.html"),
    Room("inference", "priors and posteriors"),
    Room("following", "what comes next in a truce, given its record"),
    Room("policy", "which policy: search, choice, proof"),
    Room("viewer.state", "the state of a visit"),
    Room("viewer.pictures", "figures, films"),
    Room("viewer.pages", "pages, components"),
    Room("viewer", "the server"),
    Room("hydra_plugins", "what Hydra calls"),
    Room("cli.printing", "what commands print"),
    Room("cli", "commands and arguments"),
    Room("moved", "names that modules had in 0.1"),
    Room("__init__", "the names that users import"),
)

#: Modules that may import others by a computed name.
DYNAMIC = ("truce_sim", "truce_sim.moved")

#: Rooms that may import only these, besides the standard library and themselves.
OUTSIDE = {"engine": ("numpy", "numba", "llvmlite")}


class Import(NamedTuple):
    """One import: which module, what (dotted), on which line; `level` dots if it is relative."""

    module: str
    target: str
    line: int
    level: int = 0


class House:
    """The modules below a source folder, their imports and their rooms."""

    def __init__(self, source: Path = SOURCE, rooms: Sequence[Room] = ROOMS) -> None:
        self.rooms = tuple(room.name for room in rooms)
        self.files = {_name_of(path.relative_to(source)): path for path in source.rglob("*.py")}
        self.trees = {
            name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.files.items()
        }
        self.packages = {name.partition(".")[0] for name in self.files}
        self.faces = {
            name for name, path in self.files.items()
            if path.name == "__init__.py" and _hands_on(self.trees[name])
        }  # fmt: skip

    def room_of(self, module: str) -> str | None:
        """The room of a module, or None."""
        name = "__init__" if module == PACKAGE else module.removeprefix(f"{PACKAGE}.")
        known = [room for room in self.rooms if f"{name}.".startswith(f"{room}.")]
        return max(known, key=len, default=None)

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of every module."""
        return [found for name in sorted(self.nodes) for found in _imports(name, self.nodes[name])]

    @cached_property
    def nodes(self) -> dict[str, list[ast.AST]]:
        """The statements and the calls of each module by which it may import others."""
        kinds = ast.Import | ast.ImportFrom | ast.Call
        return {
            name: [node for node in ast.walk(tree) if isinstance(node, kinds)]
            for name, tree in self.trees.items()
        }

    @cached_property
    def own(self) -> list[Import]:
        """The imports of our own modules, each with the module that it leads to."""
        found = []
        for one in self.imports:
            parts = one.target.split(".")
            names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
            target = next((name for name in names if name in self.files), None)
            if target and target != one.module and not one.level:
                found.append(one._replace(target=target))
        return found

    @cached_property
    def arrows(self) -> dict[tuple[str, str], list[Import]]:
        """The imports from room to room, except those by which a package re-exports names."""
        found = defaultdict(list)
        for one in self.own:
            pair = self.room_of(one.module), self.room_of(one.target)
            if one.module not in self.faces and None not in pair and pair[0] != pair[1]:
                found[pair].append(one)
        return dict(found)

    def lines(self) -> dict[str, int]:
        """Return the number of lines of each room."""
        found = dict.fromkeys(self.rooms, 0)
        for name, path in self.files.items():
            room = self.room_of(name)
            if room is not None:
                found[room] += len(path.read_text(encoding="utf-8").splitlines())
        return found

    def problems(self) -> list[str]:
        """List everything that breaks the order."""
        return [
            *self._strangers(), *self._wrong_ways(), *self._up(), *self._circles(),
            *self._hidden(), *self._outside(),
        ]  # fmt: skip

    def _strangers(self) -> Iterator[str]:
        for name in sorted(self.files):
            if self.room_of(name) is None and name not in self.faces:
                yield f"{name} belongs to no room"

    def _wrong_ways(self) -> Iterator[str]:
        """Relative imports, and imports through the package that a module is in."""
        for one in self.imports:
            if one.level:
                yield f"{_place(one)}: a relative import of {'.' * one.level}{one.target}"
        for one in self.own:
            if one.target in self.faces and one.module.startswith(f"{one.target}."):
                yield f"{_place(one)}: imports through its own package {one.target}"

    def _up(self) -> Iterator[str]:
        """Imports against the order; packages may not re-export from above either."""
        for one in self.own:
            source, target = self.room_of(one.module), self.room_of(one.target)
            if source and target and self.rooms.index(source) < self.rooms.index(target):
                yield f"{_place(one)}: {source} imports {one.target}, which is above it"

    def _circles(self) -> Iterator[str]:
        of_modules = [(o.module, o.target) for o in self.own if o.module not in self.faces]
        for what, pairs in (("modules", of_modules), ("rooms", self.arrows)):
            for circle in circles(pairs):
                yield f"a circle of {what}: {' → '.join((*circle, circle[0]))}"

    def _hidden(self) -> Iterator[str]:
        """Imports of our own modules without an import statement."""
        for name, nodes in sorted(self.nodes.items()):
            for call in filter(_imports_by_name, nodes):
                first = call.args[0] if call.args else None
                text = first.value if isinstance(first, ast.Constant) else None
                known = isinstance(text, str) and text.partition(".")[0] not in self.packages
                if name not in DYNAMIC and not known:
                    yield f"{name}, line {call.lineno}: imports by a computed name"

    def _outside(self) -> Iterator[str]:
        """Imports that are not allowed, in rooms with a list of what is."""
        for one in self.imports:
            room = self.room_of(one.module)
            allowed = OUTSIDE.get(room or "")
            if allowed is None or self.room_of(one.target) == room:
                continue
            known = any(f"{one.target}.".startswith(f"{name}.") for name in allowed)
            if not known and one.target.partition(".")[0] not in sys.stdlib_module_names:
                yield f"{_place(one)}: {room} imports {one.target}, not one of {', '.join(allowed)}"


def circles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return a shortest circle for each set of nodes that all lead to each other."""
    leads: dict[str, set[str]] = defaultdict(set)
    for start, end in arrows:
        leads[start].add(end)
    found: list[list[str]] = []
    for node in sorted(leads):
        way = _way_back(node, leads)
        if way and not any(set(way) & set(other) for other in found):
            found.append(way)
    return found


def _way_back(node: str, leads: Mapping[str, set[str]]) -> list[str] | None:
    """The shortest path from a node to itself, without its end, or None."""
    ways, seen = [[node]], {node}
    for way in ways:
        for step in sorted(leads.get(way[-1], ())):
            if step == node:
                return way
            if step not in seen:
                seen.add(step)
                ways.append([*way, step])
    return None


def shortest(arrows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the arrows not implied by a longer path; there must be no circle."""
    leads: dict[str, set[str]] = defaultdict(set)
    for start, end in arrows:
        leads[start].add(end)

    @cache
    def below(node: str) -> set[str]:
        return leads[node].union(*(below(step) for step in leads[node]))

    return [
        (start, end) for start in list(leads) for end in sorted(leads[start])
        if not any(end in below(other) for other in leads[start])
    ]  # fmt: skip


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def _name_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _place(one: Import) -> str:
    return f"{one.module}, line {one.line}"


def _imports(name: str, nodes: Iterable[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                target = ".".join(filter(None, (node.module, alias.name)))
                yield Import(name, target, node.lineno, node.level)


def _hands_on(tree: ast.Module) -> bool:
    """Whether a file only has a docstring, imports names and lists them."""
    return all(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        for node in tree.body
    )


def _imports_by_name(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", None))
    return name in ("import_module", "__import__")


if __name__ == "__main__":
    found = House().problems()
    print("\n".join(found) or "Every import runs downwards; there is no circle.")
    sys.exit(bool(found))
