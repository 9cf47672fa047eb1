"""The worked examples of CONTRIBUTING.md, made edit by edit in a copy of the repository, and run.

The page is the only place where the examples stand: under a heading, each ```diff block names a
file, and hunks that begin with `@@`. What a hunk takes away and leaves must stand in the file
exactly once. An example is all the blocks under one heading. They are made one after the other in
one copy, and there the quick suite (`make quick`) passes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import REPOSITORY

PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = (
    "src", "conf", "docs", "tests", "tools", "experiments", "Makefile", "pyproject.toml",
    "mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff",
)  # fmt: skip

_HEADING = re.compile(r"^## +(.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```diff\n--- (\S+)\n\+\+\+ b/(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_QUICK = re.compile(r"^QUICK +:= (.*)$", re.MULTILINE)


class Edit(NamedTuple):
    """One hunk: in a file, `old` becomes `new`."""

    path: str
    old: str
    new: str


def edits(text: str) -> Iterator[Edit]:
    """Every hunk of every diff block of a text, in order."""
    for _, path, body in _BLOCK.findall(text):
        for hunk in body.removeprefix("@@\n").split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            yield Edit(path, old, "".join(line[1:] for line in lines if line[0] in " +"))


def examples(page: str) -> dict[str, list[Edit]]:
    """The edits under each heading that has some."""
    _, *parts = _HEADING.split(page)
    found = {title: list(edits(body)) for title, body in zip(parts[::2], parts[1::2], strict=True)}
    return {title: made for title, made in found.items() if made}


EXAMPLES = examples(PAGE)
MADE = [edit for made in EXAMPLES.values() for edit in made]


def make(edit: Edit, root: Path) -> None:
    """Make an edit; its place must be clear."""
    file = root / edit.path
    before = file.read_text(encoding="utf-8") if edit.old else ""
    assert not edit.old or before.count(edit.old) == 1, f"{edit.path} has no single\n{edit.old}"
    after = before.replace(edit.old, edit.new) if edit.old else edit.new
    file.write_text(after, encoding="utf-8")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with all examples' edits, and what `make reference` then writes."""
    root = tmp_path_factory.mktemp("edited")
    for name in COPIED:
        place = REPOSITORY / name
        if place.is_dir():
            kept = shutil.ignore_patterns("__pycache__", "outputs")
            shutil.copytree(place, root / name, ignore=kept)
        else:
            shutil.copy(place, root / name)
    known = REPOSITORY / ".mypy_cache"
    if known.is_dir():  # from `make lint`: only what the edits change is checked anew
        shutil.copytree(known, root / known.name)
    for edit in MADE:
        make(edit, root)
    run(root, "tools/reference.py")
    return root


def run(root: Path, *words: str) -> str:
    """What Python prints with the copy's sources before all others."""
    paths = (root / "src", root / "tests")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def quick() -> list[str]:
    """What `make quick` gives pytest."""
    (found,) = _QUICK.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8"))
    return shlex.split(found)


@pytest.mark.slow
def test_the_examples_pass_lint(edited: Path) -> None:
    for words in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)):
        run(edited, "-m", *words)


@pytest.mark.slow
def test_the_examples_pass_the_quick_suite(edited: Path) -> None:
    """With the tests that they bring along."""
    own = [edit.path for edit in MADE if edit.path.startswith("tests/")]
    assert len(own) >= len(EXAMPLES)
    printed = run(edited, "-m", "pytest", "-q", "-p", "no:cacheprovider", *quick(), *own)
    assert " passed" in printed
    assert " skipped" not in printed.splitlines()[-1]


@pytest.mark.slow
def test_a_run_takes_the_new_settings(edited: Path) -> None:
    """Those that the examples add to `conf/`, each by its name."""
    given = [f"{name}={value}" for name, value in new_settings(MADE)]
    program = "from truce_sim.cli import main; main()"
    printed = run(edited, "-c", program, "run", *given, "output.name=one")
    assert "Traceback" not in printed
    kept = (edited / "outputs/one/config.yaml").read_text(encoding="utf-8")
    assert all(f"{word.split('.')[-1].replace('=', ': ')}\n" in kept for word in given)


def new_settings(made: list[Edit]) -> Iterator[tuple[str, str]]:
    """(name, value) of the settings that edits of `conf/` add."""
    for edit in made:
        folder, _, rest = edit.path.partition("/")
        if folder == "conf":
            lines = set(edit.new.splitlines()) - set(edit.old.splitlines())
            for name, value in re.findall(r"^(\w+): (\S+)", "\n".join(sorted(lines)), re.MULTILINE):
                yield f"{rest.split('/')[0]}.{name}", value


def test_the_page_has_its_examples() -> None:
    """A mechanism among them, whose every step is an edit: settings, defaults, rule, test and
    changelog."""
    mechanism = {edit.path.split("/")[0] for edit in EXAMPLES["Adding a mechanism"]}
    assert mechanism == {"src", "conf", "tests", "CHANGELOG.md"}
    assert [name for name, _ in new_settings(EXAMPLES["Adding a mechanism"])] == [
        "militants.midwinter", "militants.winter_lull",
    ]  # fmt: skip
    assert sum(len(made) for made in EXAMPLES.values()) == PAGE.count("\n@@\n")


@pytest.mark.parametrize(
    ("title", "files"), [("Adding a mechanism", 5), ("Adding an outcome column", 3)]
)
def test_an_example_touches_few_files(title: str, files: int) -> None:
    assert len({edit.path for edit in EXAMPLES[title]}) <= files


def test_examples_are_separated_by_their_headings() -> None:
    block = "```diff\n--- a/{0}\n+++ b/{0}\n@@\n-a\n+b\n```\n"
    page = "# Page\n\n## One\n" + block.format("x") + "## None\n\n## Two\n" + block.format("y")
    assert examples(page) == {"One": [Edit("x", "a\n", "b\n")], "Two": [Edit("y", "a\n", "b\n")]}


def test_an_edit_without_a_clear_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nb\na\n")
    for old in ("a\n", "c\n"):
        with pytest.raises(AssertionError, match="no single"):
            make(Edit("file", old, "x\n"), tmp_path)
    make(Edit("file", "b\n", "c\n"), tmp_path)
    assert (tmp_path / "file").read_text() == "a\nc\na\n"
