"""Futures of the day shown, and ensembles: in words, as pictures, as commands that repeat them."""

from __future__ import annotations

import json
import shlex
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim import open_sweep
from truce_sim.cli.commands import run_command
from truce_sim.viewer.state import commands, ensemble, futures
from truce_sim.viewer.state.levers import fork_in_words
from truce_sim.viewer.state.opening import open_settings
from truce_sim.viewer.state.visit import Visit

FORK = 'fork={"day":20,"set":{"home.threshold":9.0}}'
RUN = "seed=2&replicate=3&run.horizon_days=90"


@pytest.fixture(scope="module")
def tracks():
    visit = Visit(open_settings([]), f"{RUN}&{FORK}")
    assert visit.session.value is not None, visit.problem.value
    return visit.session.value.tracks


def test_curves_are_shares_of_runs_day_by_day() -> None:
    """With Wilson's intervals; the shared days are certain."""
    told = ensemble.survival_curve("run", np.array([3, 5, 5, 10]), 10, since=1)
    assert told["share"] == [1, 1, 1, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25, 0.25]
    assert told["low"][:2] == [1, 1]
    assert told["low"][2] < 1 == told["high"][2]
    assert (told["level"], told["n"]) == ("run", 4)


def test_futures_in_words_and_numbers(tracks) -> None:
    """Of run and fork, with the same random draws; the chances of the causes add up."""
    shares: list[float] = []
    found = futures.follow(tracks, 30, 40, shares.append)
    assert [name for name, _ in found] == ["run", "fork"]
    assert shares[-1] == 1.0
    told = futures.chances(found)
    for i in range(2):
        assert sum(row["values"][i][0] for row in told["rows"]) == pytest.approx(1.0, abs=1e-3)
    assert [curve["share"][30] for curve in futures.curves(found)] == [1.0, 1.0]
    said = futures.describe(found)
    assert said[0].startswith("Without it, the truce outlasts its 90 days in ")
    assert said[1].startswith("With the change, ")
    assert said[-1].startswith("40 futures that share all that is shown up to the end of day 30")
    assert futures.going_on(tracks, 89) == []


def test_an_address_has_panel_ensemble_and_futures(tracks) -> None:
    """And gives them back; what cannot be is explained."""
    query = f"{RUN}&{FORK}&panel=what-if&ensemble=100&futures=30:1000&day=30"
    session = Visit(open_settings([]), query).session.value
    assert session is not None
    assert (session.pairs.value, session.futures.value) == (100, (30, 1000))
    again = Visit(open_settings([]), Visit(open_settings([]), query).query()).session.value
    assert again is not None
    assert (again.panel.value, again.pairs.value, again.futures.value) == (3, 100, (30, 1000))
    session.unfork()
    assert (session.pairs.value, session.futures.value) == (0, (0, 0))
    for words, problem in (
        ("ensemble=100", "needs a fork"), ("ensemble=7", "not a known ensemble"),
        ("futures=30:7", "does not name futures"),
        ("futures=x:100", "is not a day"), ("panel=x", "not a known panel"),
    ):  # fmt: skip
        assert problem in Visit(open_settings([]), f"{RUN}&{words}").problem.value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mediation.verification.enabled": True}, "from day 30: verification on"),
        ({"home.threshold": 2.0, "host.will": 0.5},
         "from day 30: Home state threshold 2, Host state will 0.5"),
    ],
)  # fmt: skip
def test_a_fork_is_called_by_its_change(change, words) -> None:
    assert fork_in_words({"day": 30, "set": change}) == words


def test_what_is_copied_gives_the_same_numbers(tracks, tmp_path, monkeypatch, capsys) -> None:
    """The futures and the ensemble, by the command and by the Python that are offered."""
    monkeypatch.chdir(tmp_path)
    found = futures.follow(tracks, 30, 40, lambda share: None)
    configs = [each.setup.config for _, each in found]
    (_, lines), (_, python) = commands.of_futures(configs, 30, 40)
    for line, (_, each) in zip(lines.splitlines(), found, strict=True):
        assert run_command([*shlex.split(line)[1:], "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["survival"] == each.as_dict()["survival"]
    names: dict[str, Any] = {}
    exec(python, names)
    assert names["run"].compare(names["fork"]).equals(found[0][1].compare(found[1][1]))

    plain, fork = (track.config for track in tracks)
    shown = ensemble.compare_fork(plain, fork, 20, 40)
    (_, line), (_, python) = commands.of_ensemble(plain, fork, 40)
    exec(python, names)
    row = names["found"].contrasts.iloc[0]
    assert list(row[["days", "days_low", "days_high"]]) == pytest.approx(list(shown.days))
    capsys.readouterr()
    assert run_command([*shlex.split(line)[1:], "output.name=again"]) == 0
    assert open_sweep("outputs/again").contrasts.equals(names["found"].contrasts)
