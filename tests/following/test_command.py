"""`truce-sim nowcast`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest

from truce_sim.cli.commands import run_command

RECORD = """\
date,kind,side,value,probability,note
2025-10-22,clash,,,,
2025-10-31,strike,home,,0.5,denied
2025-11-20,clash,,,,later
"""
QUICK = [
    "mediation=none",
    "--posterior",
    "none",
    "--particles",
    "400",
    "--least",
    "100",
    "--ahead",
    "30",
]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("record.csv").write_text(RECORD, encoding="utf-8")
    return "record.csv"


def test_it_prints_what_comes_next_and_what_to_do(
    record: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lever = ["--what-if", "home.capacity=1.2,host.will=0.5", "--what-if", "home.threshold=9"]
    words = ["nowcast", *QUICK, "--record", record, "--as-of", "2025-11-03", *lever]
    assert run_command(words) == 0
    out = capsys.readouterr().out
    assert "As of the end of day 15, 3 November 2025: 2 rows of the record are used, 1 later" in out
    assert "That is fewer than 1,000" in out
    assert "Claimed for days 5 to 15: strike by home." in out
    assert "With home.capacity=1.2,host.will=0.5 from the next day on" in out
    assert "not a forecast" in out
    following = out.splitlines()[-1].partition(": ")[2]
    assert shlex.split(following)[:2] == ["truce-sim", "nowcast"]
    assert shlex.split(following)[-2:] == ["--particles", "2400"]


def test_everything_can_be_had_as_data(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["nowcast", *QUICK, "--record", record, "--as-of", "15", "--out", "found/now"]
    assert run_command([*words, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["date"] == "2025-11-03"
    assert [row["ahead"] for row in said["survival"]] == list(range(1, 31))
    kept = json.loads(Path("found/now/nowcast.json").read_text(encoding="utf-8"))
    assert kept["nowcast"] == said
    assert kept["provenance"]["seed"] == 1
    assert len(pd.read_parquet("found/now/futures.parquet")) == 400
    assert run_command(words) == 2
    assert "nothing is overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--record", "nowhere.csv"], "no such file"),
        (["--as-of", "2025-10-01"], "is before day 0"),
        (["--as-of", "soon"], "is not a date"),
        ([], "--as-of: is missing"),
        (["--as-of", "3", "--what-if", "home.capacity"], "is not a change"),
        (["--as-of", "3", "--what-if", "home.capacity=1,2"], "is not a change"),
        (["--as-of", "3", "--what-if", "frailty.attempts_cv=1"], "cannot change during a run"),
        (["--as-of", "3", "--particles", "1"], "is not a whole number from 2"),
        (["--as-of", "3", "home.treshold=3"], "home.threshold"),
        (["--as-of", "3", "prior=nowhere"], "prior"),
        (["--as-of", "3", "--recrod", "x.csv"], "--recrod"),
    ],
)
def test_bad_input_is_refused(
    record: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["nowcast", "mediation=none", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
