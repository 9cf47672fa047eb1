"""The worked example of CONTRIBUTING.md, made edit by edit in a copy of the repository, and run.

The page is the only place where the example stands: each ```diff block names a file, and hunks that
begin with `@@`. What a hunk takes away and leaves must stand in the file exactly once.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from baselines.frozen import SPECS, rows_now
from conftest import REPOSITORY

PAGE = REPOSITORY / "CONTRIBUTING.md"
COPIED = ("src", "conf", "tests/theory", "tests/baselines", "tests/engine")

_BLOCK = re.compile(r"^```diff\n--- (\S+)\n\+\+\+ b/(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


FROZEN = """
from pathlib import Path
from baselines.frozen import SPECS, rows_now
Path("neutral.csv").write_text(rows_now())
Path("winter.csv").write_text(rows_now(SPECS[:1], "militants.winter_lull=0.5"))
"""


class Edit(NamedTuple):
    """One hunk: in a file, `old` becomes `new`."""

    path: str
    old: str
    new: str


def edits(text: str) -> Iterator[Edit]:
    """Every hunk of every diff block of a page, in order."""
    for _, path, body in _BLOCK.findall(text):
        for hunk in body.removeprefix("@@\n").split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            yield Edit(path, old, "".join(line[1:] for line in lines if line[0] in " +"))


def make(edit: Edit, root: Path) -> None:
    """Make an edit; its place must be clear."""
    file = root / edit.path
    before = file.read_text(encoding="utf-8") if edit.old else ""
    assert not edit.old or before.count(edit.old) == 1, f"{edit.path} has no single\n{edit.old}"
    after = before.replace(edit.old, edit.new) if edit.old else edit.new
    file.write_text(after, encoding="utf-8")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository's parts that the example needs, with all its edits."""
    root = tmp_path_factory.mktemp("edited")
    for part in COPIED:
        kept = shutil.ignore_patterns("__pycache__", "test_*.py")
        shutil.copytree(REPOSITORY / part, root / part, ignore=kept)
    for file in ("CHANGELOG.md", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(REPOSITORY / file, root / file)
    for edit in edits(PAGE.read_text(encoding="utf-8")):
        make(edit, root)
    return root


def run(root: Path, *words: str) -> str:
    """What Python prints with the copy's sources before all others."""
    paths = (root / "src", root / "tests")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_its_own_test_passes(edited: Path) -> None:
    printed = run(edited, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/engine")
    assert "2 passed" in printed


@pytest.mark.slow
def test_a_run_takes_the_new_setting(edited: Path) -> None:
    program = "from truce_sim.cli import main; main()"
    told = run(edited, "-c", program, "run", "militants.winter_lull=0.5", "output.name=winter")
    assert "Traceback" not in told
    assert "winter_lull: 0.5" in (edited / "outputs/winter/config.yaml").read_text()


@pytest.mark.slow
def test_with_the_neutral_value_nothing_changes(edited: Path) -> None:
    """The frozen runs, by the example's rules and by these, bit for bit; a winter is noticed."""
    run(edited, "-c", FROZEN)
    assert (edited / "neutral.csv").read_text() == rows_now()
    assert (edited / "winter.csv").read_text() != rows_now(SPECS[:1])


def test_every_step_of_the_page_is_an_edit() -> None:
    """Settings, defaults, record, rule, test and changelog: one file each."""
    paths = [edit.path for edit in edits(PAGE.read_text(encoding="utf-8"))]
    assert list(dict.fromkeys(paths)) == [
        "src/truce_sim/settings/schema.py", "conf/militants/ttp.yaml", "src/truce_sim/engine/params.py",
        "src/truce_sim/engine/launch.py", "tests/engine/test_winter.py", "CHANGELOG.md",
    ]  # fmt: skip


def test_an_edit_without_a_clear_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nb\na\n")
    for old in ("a\n", "c\n"):
        with pytest.raises(AssertionError, match="no single"):
            make(Edit("file", old, "x\n"), tmp_path)
    make(Edit("file", "b\n", "c\n"), tmp_path)
    assert (tmp_path / "file").read_text() == "a\nc\na\n"
