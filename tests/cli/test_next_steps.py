"""Every command that a command prints can be pasted back: the program's own parser takes it."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
from pathlib import Path

import pytest

from truce_sim.cli.commands import run_command
from truce_sim.config.gate import compose_arguments, flags_first
from truce_sim.errors import command
from undrawn import draw_nothing

SOURCES = sorted((Path(__file__).parents[2] / "src" / "truce_sim").rglob("*.py"))
PRINTED = re.compile(r"^(?:Next.*?|  To continue|  allowed): (truce-sim .*)$", re.MULTILINE)
SWEEP = ["truce=literal,practised", "sweep.replicates=4", "run.horizon_days=30"]
FAILING = [
    "attribution.domestic_per_day=0.5,50", "attribution.false_positive=1", "home.threshold=inf",
    "mediation.verification.enabled=true", "mediation.verification.coverage=1",
    "mediation.verification.lag_days=365", "run.horizon_days=400", "sweep.replicates=2",
]  # fmt: skip


class Parsed(BaseException):
    """Raised in place of carrying out a command whose arguments were parsed."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name has everything that a shell reads."""
    return tmp_path_factory.mktemp("its") / 'it\'s a $folder; [new] & "old"'


def parse_back(line: str) -> None:
    """Parse a printed command as a shell and then the program would."""
    program, name, *arguments = shlex.split(line)
    assert program == "truce-sim"
    assert "--multirun" not in arguments
    if name in ("run", "sweep"):
        with compose_arguments(name, flags_first(arguments)):
            return
    with pytest.MonkeyPatch.context() as patch:
        parse = argparse.ArgumentParser.parse_known_args

        def stop(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
            raise Parsed(*parse(self, args, namespace))

        patch.setattr(argparse.ArgumentParser, "parse_known_args", stop)
        with pytest.raises(Parsed) as parsed:
            run_command([name, *arguments])
    left = parsed.value.args[1]
    assert [Path(word).is_dir() for word in left] == [True] * (name == "view")


def asked(base: Path, name: str, *words: str) -> list[str]:
    return [*words, f"output.dir={command_value(base)}", f"output.name={name}", "sweep.workers=1"]


def command_value(base: Path) -> str:
    """A path as Hydra reads it, in quotes."""
    return "'" + str(base).replace("'", "\\'") + "'"


@pytest.fixture(scope="module")
def printed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command prints, by what was typed."""
    import contextlib
    import io
    import os

    here = os.getcwd()  # noqa: PTH109
    os.chdir(tmp_path_factory.mktemp("here"))
    said: dict[str, str] = {}
    patch = pytest.MonkeyPatch()
    draw_nothing(patch)

    def type_in(label: str, *words: str) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            run_command(list(words))
        said[label] = out.getvalue()

    done, failed, prepared = (str(base / name) for name in ("done", "failed", "prepared"))
    question = 'sweep.question=Who\'s first, "home" or [host]: a = b?'
    type_in("run", "run", "truce=literal", f"output.dir={command_value(base)}", "output.name=r")
    type_in("list of none", "list", ".")
    compare = "sweep.compare=truce"
    type_in("sweep", "sweep", *asked(base, "done", *SWEEP, compare, question))
    type_in("failing sweep", "sweep", *asked(base, "failed", *FAILING))
    type_in("prepare", "sweep", *asked(base, "prepared", *SWEEP), "--prepare")
    for name in ("status", "summary", "compare", "verify", "resume"):
        type_in(name, name, done)
    type_in("report", "report", done)
    type_in("list", "list", str(base))
    for name in ("status", "report", "resume"):
        type_in(f"{name} of a prepared sweep", name, prepared)
    type_in("status with failures", "status", failed)
    type_in("run of a sweep", "run", "+experiment=doha", question)
    patch.undo()
    os.chdir(here)
    return said


def test_every_command_printed_can_be_pasted_back(printed: dict[str, str]) -> None:
    silent = [label for label, said in printed.items() if not PRINTED.search(said)]
    assert silent == []
    for said in printed.values():
        for line in PRINTED.findall(said):
            parse_back(line)


def test_the_commands_of_a_report_can_be_pasted_back(printed: dict[str, str], base: Path) -> None:
    import html

    text = (base / "done" / "report.html").read_text(encoding="utf-8")
    commands = re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    assert len(commands) >= 4
    for line in commands:
        parse_back(html.unescape(line))


def test_no_source_writes_a_command_by_hand() -> None:
    """A command with a value in it is made by `errors.command`, which quotes the value."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts = [
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                ]
                if re.search(r"truce-sim \w+ \{\}", "".join(map(str, texts))):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []


def test_a_command_is_quoted_for_the_shell() -> None:
    line = command("status", Path("it's a folder"), 3)
    assert shlex.split(line) == ["truce-sim", "status", "it's a folder", "3"]
