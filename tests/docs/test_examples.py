"""What the documentation shows is run: every ```bash and ```python block of every page.

The blocks of a page run in order, as a reader would type them, in one empty folder; Python blocks
share their names. An ```output block after them shows what the block before it prints, line by
line; `…` stands for anything. A block that cannot run here says so in a comment just above it:
`<!-- not run: why -->`. Sweeps run with few replicates (FEWER), whatever the page says.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import REPOSITORY

PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "experiments/**/README.md")
    for path in REPOSITORY.glob(pattern)
)

#: What is appended to these commands: replicates enough for a table, too few for a finding.
FEWER = {
    "sweep": "sweep.replicates=4", "validate": "--replicates=40", "prior": "--draws=50",
    "nowcast": "--particles=400 --least=10",
}  # fmt: skip

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: .+ -->\s*$")
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


class Block(NamedTuple):
    """A fenced block: its language, its text, its line on the page."""

    language: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page that run, and what they are said to print."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before = text[: found.start()]
        if found[1] in ("bash", "python", "output") and not _NOT_RUN.search(before):
            yield Block(found[1], found[2], before.count("\n") + 1)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: Path) -> Path:
    """An empty folder to work in, and a PATH with `truce-sim`, which is forked."""
    tools, here = tmp_path / "bin", tmp_path / "here"
    tools.mkdir()
    here.mkdir()
    (tools / "python").symlink_to(sys.executable)
    cases = "\n".join(f'  {name}) set -- "$@" {words} ;;' for name, words in FEWER.items())
    script = f'#!/bin/sh\ncase "$1" in\n{cases}\nesac\nexec "{forked}" "$@"\n'
    (tools / "truce-sim").write_text(script, encoding="utf-8")
    (tools / "truce-sim").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(here)
    return here


def run_bash(block: Block) -> str:
    """What a block prints, standard error included; it must end well."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"line {block.line}: exit code {done.returncode}\n{done.stdout}"
    assert "Traceback" not in done.stdout, f"line {block.line}\n{done.stdout}"
    return done.stdout


def run_python(block: Block, page: str, names: dict[str, Any]) -> str:
    """What a block prints; its names stay for the blocks after it."""
    out = io.StringIO()
    code = compile("\n" * block.line + block.text, page, "exec")
    with contextlib.redirect_stdout(out):
        exec(code, names)
    return out.getvalue()


def check_output(block: Block, printed: str) -> None:
    """Each line shown is a line printed, in the same order."""
    lines = iter(line.strip() for line in printed.splitlines())
    for line in filter(None, map(str.strip, block.text.splitlines())):
        pattern = re.escape(line).replace("…", ".*")
        found = any(re.fullmatch(pattern, other) for other in lines)
        assert found, f"line {block.line}: {line!r} is not in\n{printed}"


#: Their commands are run by test_studies.py, with size=small and their scripts.
OF_STUDIES = {
    path.relative_to(REPOSITORY).with_name("README.md").as_posix()
    for path in REPOSITORY.glob("experiments/*/analysis.py")
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in OF_STUDIES and any(blocks(page))]
)
def test_the_examples_of_a_page_run(page: str, shell: Path) -> None:
    """Block by block, each with what the ones before it left behind."""
    printed, names = "", {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "output":
            check_output(block, printed)
        elif block.language == "bash":
            printed = run_bash(block)
        else:
            printed = run_python(block, page, names)


@pytest.mark.slow
def test_the_tour_runs(shell: Path, forked: Path) -> None:
    """Every analysis on one sweep, as a script; a figure for each, and the report."""
    tour = REPOSITORY / "experiments" / "tour.py"
    done = subprocess.run(
        [forked, tour, "20"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert len(list((shell / "outputs/tour").glob("*.png"))) >= 12
    assert (shell / "outputs/tour-20/report.html").is_file()


def test_pages_have_examples() -> None:
    """The two pages that a newcomer reads first are full of them."""
    for page, least in (("README.md", 2), ("docs/guide.md", 10)):
        assert sum(block.language != "output" for block in blocks(page)) >= least


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page is a file or folder of the repository."""
    path = REPOSITORY / page
    links = set(_LINK.findall(path.read_text(encoding="utf-8")))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    missing = [link for link in local if not (path.parent / link).exists()]
    assert missing == []


def test_what_is_shown_must_be_printed() -> None:
    """The check of outputs itself: order matters, `…` stands for anything."""
    printed = "one 1\ntwo 2\nthree\n"
    check_output(Block("output", "one …\nthree\n", 1), printed)
    for wrong in ("two\n", "three\none 1\n", "four\n"):
        with pytest.raises(AssertionError):
            check_output(Block("output", wrong, 1), printed)
