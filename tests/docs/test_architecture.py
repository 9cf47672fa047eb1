"""The house is in order: imports run one way, and the page shows what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import house
from architecture import ROOMS, SOURCE, House, Room, circles, shortest
from conftest import REPOSITORY

SMALL = (Room("ground", ""), Room("engine", ""), Room("upper", ""), Room("upper.roof", ""))


def made(folder: Path, files: dict[str, str]) -> House:
    """A small house of three rooms, with these modules besides the packages themselves."""
    for name in ("ground/__init__", "engine/__init__", "upper/__init__", "upper/roof/__init__"):
        files.setdefault(f"{name}.py", "")
    for name, text in files.items():
        path = folder / "truce_sim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return House(folder, SMALL)


@pytest.fixture(scope="module")
def today() -> House:
    """The program's own."""
    return House()


def test_every_arrow_runs_down_and_there_is_no_circle(today: House) -> None:
    assert today.problems() == []


def test_what_is_allowed(tmp_path: Path) -> None:
    """Down the list by any kind of import, through a face, and inside a room; the engine's few."""
    found = made(tmp_path, {
        "ground/__init__.py": '"""A face."""\nfrom truce_sim.ground.a import x\n__all__ = ["x"]\n',
        "ground/a.py": "from importlib import import_module\nimport_module('json')\nx = 1\n",
        "ground/b.py": "from truce_sim.ground.a import x\n",
        "engine/rule.py": "import math\nimport numpy as np\nfrom numba.extending import intrinsic\n"
                          "from numba import njit\nfrom truce_sim.engine import other\n",
        "engine/other.py": "def f():\n    from numba import types\n",
        "upper/c.py": "from typing import TYPE_CHECKING\nfrom truce_sim.ground import x\n"
                      "if TYPE_CHECKING:\n    from truce_sim.engine.rule import rule\n",
        "upper/roof/d.py": "def f():\n    import truce_sim.upper.c\n",
    })  # fmt: skip
    assert found.problems() == []
    assert set(found.arrows) == {
        ("upper", "ground"), ("upper", "engine"), ("upper.roof", "upper"),
    }  # fmt: skip


FACE = '"""A face."""\nfrom {} import x\n__all__ = ["x"]\n'


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"ground/a.py": "from truce_sim.upper.b import x", "upper/b.py": ""},
         r"ground\.a, line 1: ground imports truce_sim\.upper\.b, which is above it"),
        ({"ground/a.py": "def f():\n    import truce_sim.upper.b", "upper/b.py": ""},
         r"ground\.a, line 2: ground imports truce_sim\.upper\.b"),
        ({"ground/a.py": "if TYPE_CHECKING:\n    from truce_sim.upper import b", "upper/b.py": ""},
         r"ground\.a, line 2: ground imports truce_sim\.upper\.b"),
        ({"upper/b.py": "from truce_sim.upper.roof.c import x", "upper/roof/c.py": ""},
         "upper imports truce_sim.upper.roof.c, which is above it"),
        ({"ground/a.py": "from truce_sim.upper import x", "upper/b.py": "",
          "upper/__init__.py": FACE.format("truce_sim.upper.b")},
         r"ground imports truce_sim\.upper, which is above it"),
        ({"ground/__init__.py": FACE.format("truce_sim.upper.b"), "upper/b.py": ""},
         r"truce_sim\.ground, line 2: ground imports truce_sim\.upper\.b"),
        ({"ground/a.py": "import truce_sim.ground.b", "ground/b.py": "import truce_sim.ground.a"},
         "a circle of modules: truce_sim.ground.a → truce_sim.ground.b → truce_sim.ground.a"),
        ({"ground/a.py": "import truce_sim.upper.a", "upper/a.py": "",
          "upper/b.py": "import truce_sim.ground.c", "ground/c.py": ""},
         "a circle of rooms: ground → upper → ground"),
        ({"ground/a.py": "from truce_sim.ground import x", "ground/b.py": "",
          "ground/__init__.py": FACE.format("truce_sim.ground.b")},
         r"ground\.a, line 1: imports through its own package truce_sim\.ground"),
        ({"cellar/a.py": ""}, r"truce_sim\.cellar\.a belongs to no room"),
        ({"loose.py": ""}, r"truce_sim\.loose belongs to no room"),
        ({"ground/a.py": "from . import b", "ground/b.py": ""},
         r"ground\.a, line 1: a relative import of \.b"),
        ({"ground/a.py": "from ..upper.b import x"}, r"a relative import of \.\.upper\.b\.x"),
        ({"ground/a.py": "from importlib import import_module\nimport_module('truce_sim.upper')"},
         r"ground\.a, line 2: imports by a computed name"),
        ({"ground/a.py": "import importlib\ndef f(name):\n    importlib.import_module(name)"},
         r"ground\.a, line 3: imports by a computed name"),
        ({"ground/a.py": "__import__('truce_sim.' + 'upper')"}, r"ground\.a, line 1: imports by"),
        ({"engine/rule.py": "import pandas as pd"}, "engine imports pandas, not one of numpy"),
        ({"engine/rule.py": "def f():\n    from scipy import stats"}, "engine imports scipy"),
        ({"engine/rule.py": "import scipy"}, "engine imports scipy, not one of"),
        ({"engine/rule.py": "from truce_sim.ground import a", "ground/a.py": ""},
         r"engine imports truce_sim\.ground\.a, not one of"),
    ],
)  # fmt: skip
def test_what_is_not(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    found = made(tmp_path, dict(files)).problems()
    assert [one for one in found if re.search(problem, one)], found


def test_imports_by_a_computed_name_are_for_those_who_are_named(tmp_path: Path) -> None:
    text = "from importlib import import_module\nimport_module(name)\n"
    found = made(tmp_path, {"moved.py": text, "ground/moved.py": text}).problems()
    assert [one for one in found if "computed" in one] == [
        "truce_sim.ground.moved, line 2: imports by a computed name"
    ]


def test_circles_and_short_cuts() -> None:
    assert circles([("a", "b"), ("b", "c"), ("a", "c")]) == []
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "e")]) == [
        ["a", "b", "c"], ["e"],
    ]  # fmt: skip
    assert shortest([("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")]) == [
        ("a", "b"), ("a", "d"), ("b", "c"),
    ]  # fmt: skip


def test_every_room_is_there(today: House) -> None:
    lines = today.lines()
    assert [name for name, count in lines.items() if not count] == []
    assert len({room.name for room in ROOMS}) == len(ROOMS)


def test_the_picture_shows_the_imports_of_today(today: House) -> None:
    assert house.arrows_drawn() == house.arrows_of(today), "make figures"


PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
TABLE = PAGE[PAGE.index("| to change |") :]
PATHS = sorted(set(re.findall(r"`([\w.-]+/[\w./-]*|\w+\.py)`", TABLE)))


@pytest.mark.parametrize("path", PATHS)
def test_the_paths_of_the_table_lead_somewhere(path: str) -> None:
    assert any((root / path).exists() for root in (REPOSITORY, SOURCE / "truce_sim"))


def test_the_names_of_the_table_stand_in_their_files() -> None:
    named = re.findall(r"`(\w+)` in `([\w./]+)`", TABLE)
    assert len(named) > 3
    for name, path in named:
        assert name in (SOURCE / "truce_sim" / path).read_text(encoding="utf-8"), f"{name}: {path}"
