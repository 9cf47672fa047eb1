"""Files from somebody else read nothing, reach nothing and run nothing. All inputs are harmless."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from folders import sweep_into
from truce_sim import InputError, load_config
from truce_sim.analysis.report.sections import typed_command
from truce_sim.cli.commands import run_command
from truce_sim.config.load import validate
from truce_sim.engine.compile import Unsafe, make_private
from truce_sim.results.spreadsheets import as_csv
from truce_sim.results.store import write_json
from truce_sim.terminal import CleanConsole, clean

GLOBAL = "# @package _global_\n"
SECRET = "a-value-of-the-environment"
#: Sets colours, moves the cursor, names the window, and turns text around.
ESCAPES = "\x1b[31m\x1b[2J\x1b]0;title\x07\x9b1m\x7f\b\u202e"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("SECRET", SECRET)


# ── nothing is read from outside ─────────────────────────────────────────────────────────────

OUTSIDE = [
    "${oc.env:SECRET}", "${ oc.env : SECRET }", "day ${oc.env:SECRET,none}", "${now:%Y}",
    "${hydra:runtime.cwd}", "${oc.decode:'${oc.env:SECRET}'}", "${${sweep.compare}:SECRET}",
    "\\\\${oc.env:SECRET}", "${oc.select:x,${oc.env:SECRET}}", "${oc.create:'${oc.env:SECRET}'}",
]  # fmt: skip


@pytest.mark.parametrize("text", OUTSIDE)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_file_cannot_read_the_environment(
    text: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path("own/experiment/mine.yaml")
    own.parent.mkdir(parents=True)
    own.write_text(GLOBAL + json.dumps({"sweep": {"question": text}}), encoding="utf-8")
    assert run_command([command, "--config-dir", "own", "+experiment=mine"]) == 2
    told = capsys.readouterr()
    assert "sweep.question" in told.err
    assert "own/experiment/mine.yaml" in told.err
    assert SECRET not in told.err + told.out
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    "content",
    [
        GLOBAL + 'defaults: [override /truce: "${oc.env:SECRET}"]\n',
        GLOBAL + 'hydra: {mode: MULTIRUN, sweeper: {params: {home.threshold: "${oc.env:SECRET}"}}}',
        GLOBAL + 'hydra: {sweeper: {where: "${oc.env:SECRET}"}}',
        GLOBAL + 'interventions: [{day: 1, set: {home.threshold: "${oc.env:SECRET}"}}]',
    ],
)
def test_nor_by_any_other_part_of_a_file(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    own = Path("own/experiment/mine.yaml")
    own.parent.mkdir(parents=True)
    own.write_text(content, encoding="utf-8")
    assert run_command(["sweep", "--config-dir", "own", "+experiment=mine"]) == 2
    told = capsys.readouterr()
    assert "outside the configuration" in told.err
    assert SECRET not in told.err + told.out


def test_nor_an_override_a_configuration_or_the_folder_of_a_sweep(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside the configuration"):
        load_config(["home.threshold=${oc.env:SECRET}"])
    with pytest.raises(InputError, match="outside the configuration"):
        load_config({"sweep.question": "${oc.env:SECRET}"})
    with pytest.raises(InputError, match="outside the configuration"):
        validate(OmegaConf.create({"sweep": {"question": "${oc.env:SECRET}"}}))
    assert run_command(["sweep", "home.threshold=2,${oc.env:SECRET}"]) == 2


def test_a_setting_may_still_follow_another() -> None:
    config = load_config(["home.threshold=${host.threshold}", "host.threshold=7"])
    assert config.home.threshold == 7.0
    assert load_config({"sweep.question": r"\${oc.env:SECRET}"}).sweep.question == (
        "${oc.env:SECRET}"
    )


# ── nothing is written outside ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["../out", "a/b", "/tmp/out", "..", ".", "a\\b", "x" * 300, "two\nlines", "\x1b[31m"]
)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_name_does_not_leave_its_folder(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quoted = "'" + name + "'"
    assert run_command([command, f"output.name={quoted}", "output.dir=out"]) == 2
    assert "output.name" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


# ── compiled code is loaded only from a folder of one's own ──────────────────────────────────


def test_a_private_folder_is_made_and_found_again(tmp_path: Path) -> None:
    folder = make_private(tmp_path / "cache")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)  # as earlier versions made it: others could read, not write
    assert stat.S_IMODE(make_private(folder).stat().st_mode) == 0o700


def test_a_folder_that_others_can_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(Unsafe, match="other users"):
        make_private(shared)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(Unsafe, match="is not a folder"):
        make_private(link)
    own = make_private(tmp_path / "own")
    monkeypatch.setattr(os, "getuid", lambda: own.stat().st_uid + 1)
    with pytest.raises(Unsafe, match="another user"):
        make_private(own)


def test_the_command_says_so_and_loads_nothing(tmp_path: Path) -> None:
    folder = tmp_path / f"truce_sim-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    (tmp_path / "file").touch()  # where the usual folder would be
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TRUCE_SIM_CACHE": str(tmp_path / "file")}
    done = subprocess.run(
        [Path(sys.executable).with_name("truce-sim"), "run"], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "TRUCE_SIM_CACHE" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


# ── nothing in a folder commands the terminal, the page or a spreadsheet ─────────────────────


def test_clean_keeps_every_script_and_no_command() -> None:
    assert clean(f"a{ESCAPES}b") == "a[31m[2J]0;title1mb"
    for text in ("افغانستان", "می‌شود", "Türkiye\n\t–", "پښتو", "100 %"):
        assert clean(text) == text


def test_a_console_reads_no_markup() -> None:
    out = io.StringIO()
    console = CleanConsole(file=out, width=80, force_terminal=True, color_system="truecolor")
    console.print(f"[red]a[/] :smile: [/] {ESCAPES}", style="bold")
    text = out.getvalue()
    assert "[red]a[/] :smile: [/]" in text
    assert "\x1b[31m" not in text
    assert "\x1b[1m" in text  # rich's own


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose level, question, command and error would command a terminal or a page."""
    base = tmp_path_factory.mktemp("foreign")
    own = base / "own" / "truce"
    own.mkdir(parents=True)
    for name in ("=1+1", "[red]x$a^$", "<b>x"):
        (own / f"{name}.yaml").write_text("defaults: [literal, _self_]\n", encoding="utf-8")
    words = ["truce='=1+1','[red]x$a^$','<b>x'", "--config-dir", str(base / "own")]
    few = ["sweep.replicates=3", "run.horizon_days=30", "sweep.compare=truce"]
    assert sweep_into(base / "s", *words, *few) == 0
    manifest = base / "s" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["command"] = f"truce-sim sweep 'a;b' {ESCAPES} $(x)"
    content["config"]["sweep"]["question"] = f"<b>{ESCAPES}</b> [bold]?"
    write_json(manifest, content)
    return base / "s"


@pytest.mark.parametrize(
    "words",
    [["status"], ["summary"], ["compare"], ["verify"], ["resume"], ["list"],
     ["summary", "--format", "csv"], ["summary", "--format", "json"]],
)  # fmt: skip
def test_no_command_prints_what_commands_a_terminal(
    words: list[str], foreign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = words
    assert run_command([command, str(foreign.parent if command == "list" else foreign), *rest]) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert clean(told.out + told.err) == told.out + told.err


def test_a_report_of_a_foreign_folder_is_only_text(foreign: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    assert run_command(["report", str(foreign), "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert clean(page) == page
    assert "<b>" not in page
    assert "&lt;b&gt;x" in page


def test_a_command_from_a_folder_is_one_command() -> None:
    assert typed_command({"command": "truce-sim sweep a=1; touch x"}) == (
        "truce-sim sweep 'a=1;' touch x"
    )
    assert typed_command({"command": "truce-sim sweep --multirun a=1,2"}) == "truce-sim sweep a=1,2"
    for other in ("rm -rf x", "truce-sim run a=1", "python x.py", "truce-sim sweep 'open", ""):
        assert typed_command({"command": other}) == ""


def test_a_spreadsheet_runs_nothing() -> None:
    frame = pd.DataFrame({
        "=name": ["=1+1", "+1+1", "-x", "@x", "\tx", "plain", "-1.5", "1e3"],
        "number": [-1.5, 2, 3, 4, 5, 6, 7, float("nan")],
    })  # fmt: skip
    back = pd.read_csv(io.StringIO(as_csv(frame)), dtype={"'=name": str})
    assert back["'=name"].tolist() == [
        "'=1+1", "'+1+1", "'-x", "'@x", "'\tx", "plain", "-1.5", "1e3",
    ]  # fmt: skip
    pd.testing.assert_series_equal(back["number"], frame["number"])


def test_the_tables_of_a_sweep_are_guarded(
    foreign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["summary", str(foreign), "--format", "csv"]) == 0
    levels = pd.read_csv(io.StringIO(capsys.readouterr().out))["truce"].tolist()
    assert levels == ["'=1+1", "[red]x$a^$", "<b>x"]
