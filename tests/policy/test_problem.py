"""Files of problems: what they say, what is refused, worlds, and the command."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from policy.test_front import CONTENT
from truce_sim import search
from truce_sim.cli.commands import run_command
from truce_sim.config.load import load_setup
from truce_sim.errors import InputError
from truce_sim.policy.choose import choose
from truce_sim.policy.measures import best_of, regret, united
from truce_sim.policy.problem import load_problem
from truce_sim.policy.trials import TRIAL, Laboratory
from truce_sim.policy.worlds import make_worlds
from truce_sim.sweeps.many import simulate_many

SMALL = {
    "population": 8, "generations": 2, "rungs": [4, 8], "luck": 2, "reported": 4,
    "proof_worlds": 24, "proof_luck": 4,
}  # fmt: skip


def test_the_problem_that_ships() -> None:
    """Every lever is there, its costs rise from 0, and today's policy is today's settings."""
    problem = load_problem("doha")
    assert problem.policies > 10**9
    assert all(min(lever.costs) == 0 for lever in problem.levers)
    tokens = problem.tokens(problem.today)
    assert tokens == list(problem.shared)
    changed = {**problem.today, "mediators": "three", "call": 0.7, "threshold": 6.0}
    config = load_setup(problem.tokens(changed)).config
    assert config.home.threshold == 6.0
    assert [m.call for m in config.mediation.mediators.values()] == [0.7] * 3
    dear = problem.cost(changed) - problem.cost(problem.today)
    assert dear == pytest.approx(1 + (0.4 / 0.6 * 0.8) + 1.5)


@pytest.mark.parametrize(("change", "words"), [
    ({"levers": {}}, "has no levers"),
    ({"levers": {"a": 3}}, "is not a lever"),
    ({"levers": {"a": {"set": "home.thresold", "low": 0, "high": 1, "step": 1,
                       "cost": {0: 0, 1: 1}}}}, "no such setting"),
    ({"levers": {"a": {"set": "host.will", "low": 0, "high": 2, "step": 1,
                       "cost": {0: 0, 2: 1}}}}, "out of range"),
    ({"levers": {"a": {"set": "host.will", "low": 0, "high": 1, "step": 1,
                       "cost": {0: 0, 0.5: 1}}}}, "does not cover"),
    ({"levers": {"a": {"options": {"x": {"cost": 1}}, "today": "y"}}}, "not one of its options"),
    ({"lever": {}}, "levers"),
    ({"objectives": ["holds", "costs"]}, "cost"),
    ({"objectives": ["cost"]}, "holds first"),
    ({"worlds": {"prior": 3}}, "which worlds"),
    ({"worlds": {"priors": "default"}}, "{prior: default}"),
    ({"sizes": {"luck": 3}}, "odd"),
    ({"sizes": {"rungs": [8, 4]}}, "rising order"),
    ({"sizes": {"populations": 3}}, "population"),
    ({"sizes": [8]}, "is not a mapping"),
    ({"target": 2}, "is not a share"),
    ({"limits": {"cost": -1}}, "cannot be kept"),
    ({"limits": {"hold": 0.5}}, "did you mean: holds"),
    ({"levers": {name: {"set": "host.will", "low": 0, "high": 1, "step": 1, "cost": {0: 0, 1: 1}}
                 for name in "ab"}}, "lever a as well"),
    ({"levers": {"a": {"options": {"x": {"set": {"mediator": "none"}, "cost": 1}}, "today": "x"}}},
     "levers.a.options.x"),
    ({"worlds": {"scenarios": {"x": {"militants": "surges"}}}}, "worlds.scenarios.x"),
    ({"worlds": {"scenarios": {"x": {"home.capacity": 1}}}}, "policies choose it"),
    ({"seed": -1}, "is not a seed"),
])  # fmt: skip
def test_what_is_refused(change: dict[str, Any], words: str) -> None:
    """With the key, what is wrong and what is allowed, in few words."""
    with pytest.raises(InputError) as caught:
        load_problem({**deepcopy(CONTENT), **change})
    assert words in str(caught.value)
    assert len(str(caught.value)) <= 300


def test_a_scenario_that_breaks_a_rule_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """At an end of a lever, attacks would multiply without end."""
    with pytest.raises(InputError, match=r"worlds.scenarios.many = 'home.capacity=0'"):
        search(CONTENT, folder=tmp_path / "new",
               worlds={"scenarios": {"many": {"militants.excitation": 1.5}}})  # fmt: skip
    assert not (tmp_path / "new").exists()


def test_worlds_share_nothing_and_repeat() -> None:
    """The three sets differ; each is the same again; fewer are the first of more; levers are not
    drawn, and every draw goes with every policy."""
    problem = load_problem("doha")
    sets = {name: make_worlds(problem, name, 20) for name in ("search", "choice", "proof")}
    seeds = np.concatenate([worlds.seeds for worlds in sets.values()])
    assert len(set(seeds.tolist())) == 60
    draws = sets["search"].draws
    assert not draws.equals(sets["proof"].draws)
    pd.testing.assert_frame_equal(draws, make_worlds(problem, "search", 20).draws)
    assert not {"home.threshold", "mediation.announced"} & {*draws}
    assert "militants.attempts_per_day" in draws


def test_a_posterior_is_drawn_by_weight(tmp_path: Path) -> None:
    """Rows without weight never come; a file with another column is refused."""
    path = tmp_path / "posterior.parquet"
    rows = pd.DataFrame({"militants.attempts_per_day": [0.1, 0.2, 0.3], "weight": [3.0, 0.0, 1.0]})
    rows.to_parquet(path)
    problem = load_problem("doha", worlds={"posterior": str(path)})
    drawn = make_worlds(problem, "proof", 40).draws["militants.attempts_per_day"]
    assert drawn.value_counts().to_dict() == {0.1: 30, 0.3: 10}
    rows.rename(columns={"militants.attempts_per_day": "militants.tempo"}).to_parquet(path)
    with pytest.raises(InputError, match="no such setting"):
        make_worlds(problem, "proof", 40)
    rows.assign(weight=0.0).to_parquet(path)
    with pytest.raises(InputError, match="bad weights"):
        make_worlds(problem, "proof", 40)
    path.write_text("no table")
    with pytest.raises(InputError, match="cannot be read"):
        make_worlds(problem, "proof", 40)
    with pytest.raises(InputError, match="no such file"):
        make_worlds(load_problem("doha", worlds={"posterior": "no.parquet"}), "proof", 40)


def test_todays_policy_counts_among_those_that_can_be_tried() -> None:
    """A search of all seven values of a lever, with today's value between them: 8 of 8 policies."""
    lever = {"set": "host.capacity", "low": 0, "high": 1.2, "step": 0.2, "cost": {0: 0, 1.2: 1}}
    base = CONTENT["base"] | {"host.capacity": 0.5}
    content = deepcopy(CONTENT) | {"levers": {"host": lever}, "base": base}
    sizes = SMALL | {"population": 24, "proof_luck": 2}
    found = search(content, sizes={**sizes, "generations": 4})
    assert len(found.seen) == found.problem.policies == 8
    assert found.policy("today") == {"host": 0.5}
    with pytest.raises(InputError, match="no such pick"):
        found.policy("best")


def test_a_trial_is_what_a_sweep_gives() -> None:
    """Policies with other mediators and settings, in drawn worlds: the runs of `simulate_many`."""
    problem = load_problem("doha")
    worlds = make_worlds(problem, "search", 3)
    one = {**problem.today, "mediators": "one", "threshold": 6.0, "secrecy": "secret"}
    found = Laboratory(problem, worlds, 4).tried([problem.today, one])
    tokens = [*problem.shared, *problem.fixed(one), "home.threshold=6.0"]
    rows = worlds.draws.drop(columns=[name for name in worlds.draws if ".turkiye." in name])
    there = [name for name in rows if "spoiler" not in name]  # without effect if talks are secret
    runs = simulate_many(rows[there].assign(seed=worlds.seeds), tokens, replicates=4)
    held = (runs["collapsed"] == 0).to_numpy().reshape(3, 4)
    assert found[1]["held"].sum(axis=-1).tolist() == held.sum(axis=1).tolist()
    assert (
        found[1]["days"].tolist() == runs["end_day"].to_numpy().reshape(3, 4).sum(axis=1).tolist()
    )
    assert (found[0] != found[1]).any()


def test_regret_is_not_flattered_by_luck() -> None:
    """Of 40 policies that are alike, none has regrets: 0 on average, not the luck of the best."""
    rng = np.random.default_rng(3)
    trials = np.zeros((40, 2000), TRIAL)
    trials["held"] = rng.binomial(4, 0.5, (40, 2000, 2))
    found = regret(trials, best_of(trials, 8), 8)
    assert abs(found.mean()) < 0.04  # six standard errors; the naive maximum would say about 0.6
    assert united(trials, ["a", "b"] * 1000).shape == (40, 2)


def test_the_first_pick_says_whether_it_is_sure_to_hold() -> None:
    """The cheapest that is sure to reach the target; if none is, the one that holds most often."""
    table = pd.DataFrame({
        "cost": [1.0, 2.0, 3.0], "holds": [0.4, 0.7, 0.9], "holds_low": [0.3, 0.6, 0.8],
        "regret": [0.5, 0.1, 0.2],
    })  # fmt: skip
    assert choose(table, 0.5) == {"cheapest that holds": 1, "knee": 1, "most robust": 1}
    assert choose(table, 0.85) == {"most successful": 2, "knee": 1, "most robust": 1}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """It prints three policies, the loss and commands to paste, leaves a page, and goes on."""
    import yaml  # type: ignore[import-untyped]

    pytest.importorskip("pymoo")
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(yaml.safe_dump({**CONTENT, "sizes": SMALL} | {"name": None}))
    text = Path("mine.yaml").read_text().replace("name: null\n", "")
    Path("mine.yaml").write_text(text)
    assert run_command(["search", "mine.yaml", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    for words in ("Cheapest that holds", "Knee", "Most robust", "Lost from search to proof",
                  "truce-sim sweep", "truce-sim view", "report.html"):  # fmt: skip
        assert words in out
    folder = Path("outputs/search-mine")
    assert {"pareto.parquet", "seen.parquet", "worlds.parquet", "report.html", "trade-off.png",
            "levers.png"} <= {path.name for path in folder.iterdir()}  # fmt: skip
    assert "http" not in (folder / "report.html").read_text().replace("www.w3.org", "")
    assert run_command(["search", "mine.yaml", "--seed", "3"]) == 0
    assert capsys.readouterr().out == out
    assert run_command(["search", "mine.yaml", "--seed", "4"]) == 2
    assert "another search" in capsys.readouterr().err


def test_only_a_search_loads_the_optimiser() -> None:
    """Neither the package nor reading a problem does."""
    code = (
        "import sys, truce_sim.policy.api as api; from truce_sim import search; "
        "api.load_problem('doha'); print('pymoo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "False"
